// SPDX-License-Identifier: Apache-2.0
#include "restart.h"

#include <fmt/format.h>

#include <algorithm>

#include "sterna/base/bytes.h"

namespace sterna::account {
namespace {

constexpr std::string_view kBootKey = "boot_id";
constexpr std::string_view kBeforeRestartKey = "before_restart";
constexpr std::string_view kWaitsKey = "waits_since_restart";

// Ids, each after a space.
Result<std::set<MailboxId>> read_ids(Engine& engine, std::string_view key) {
  std::set<MailboxId> ids;
  STERNA_TRY(const auto kept, engine.store->get(key));
  std::string_view left = kept ? std::string_view(*kept) : std::string_view();
  while (!left.empty()) {
    left.remove_prefix(1);
    const std::size_t length = std::min(left.find(' '), left.size());
    const auto id = parse_number(left.substr(0, length), INT64_MAX);
    if (id) ids.insert(MailboxId{static_cast<std::int64_t>(*id)});
    left.remove_prefix(length);
  }
  return ids;
}

Status keep_ids(Engine& engine, std::string_view key, const std::string& ids) {
  return ids.empty() ? engine.store->unset(key) : engine.store->set(key, ids);
}

}  // namespace

Status read_restart(Engine& engine, bool begins) {
  STERNA_TRY(const auto boot, engine.store->get(kBootKey));
  engine.clean_boot = boot ? *boot == engine.boot_id : begins || engine.union_mode;
  // Of a first sync that dies, the machine may be restarted before another one ends.
  if (!boot && !engine.dry_run()) {
    STERNA_CHECK(engine.write([&] { return engine.store->set(kBootKey, engine.boot_id); }));
  }
  STERNA_TRY(engine.before_restart, read_ids(engine, kBeforeRestartKey));
  STERNA_TRY(engine.waits_since_restart, read_ids(engine, kWaitsKey));
  return {};
}

Status note_boot(Engine& engine) {
  STERNA_CHECK(engine.store->set(kBootKey, engine.boot_id));
  if (engine.clean_boot && engine.before_restart.empty() && engine.waits_since_restart.empty()) {
    return {};
  }
  STERNA_TRY(const std::vector<MailboxRow> rows, engine.store->mailboxes());
  std::string unseen;
  std::string waits;
  for (const MailboxRow& row : rows) {
    if (!row.has_local) continue;
    const bool doubted = !engine.clean_boot || engine.before_restart.contains(row.id);
    const MailboxWork* work = engine.find(row.id);
    const bool seen = work && is_seen_here(*work);
    const bool waited = engine.waits_since_restart.contains(row.id);
    const bool damaged = !engine.outcomes.unrepaired_in(row.id).empty();
    const bool left = !seen || damaged;
    if (doubted && (left || engine.doubtful.contains(row.id))) {
      unseen += fmt::format(" {}", row.id.value);
    }
    if (engine.unsettled_after_stop.contains(row.id) || (waited && left)) {
      waits += fmt::format(" {}", row.id.value);
    }
  }
  STERNA_CHECK(keep_ids(engine, kBeforeRestartKey, unseen));
  return keep_ids(engine, kWaitsKey, waits);
}

bool was_restarted(const Engine& engine, const MailboxWork& work) {
  return !engine.clean_boot || engine.before_restart.contains(work.row.id);
}

bool may_have_been_brought_back(const Engine& engine, const MailboxWork& work) {
  return was_restarted(engine, work) || engine.waits_since_restart.contains(work.row.id);
}

std::string boot_of_tombstone(const Engine& engine, MailboxId mailbox) {
  return engine.unsettled_after_stop.contains(mailbox) ? std::string() : engine.boot_id;
}

bool is_seen_here(const MailboxWork& work) {
  const LocalDelta& local = work.input.local;
  if (local.suspect) return false;
  return !work.row.has_local || local.coverage == Coverage::complete;
}

}  // namespace sterna::account
