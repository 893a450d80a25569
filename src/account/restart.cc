// SPDX-License-Identifier: Apache-2.0
#include "restart.h"

#include <fmt/format.h>

#include <algorithm>

#include "sterna/base/bytes.h"

namespace sterna::account {
namespace {

constexpr std::string_view kBootKey = "boot_id";
constexpr std::string_view kBeforeRestartKey = "before_restart";  // ids, each after a space

}  // namespace

Status read_restart(Engine& engine, bool begins) {
  STERNA_TRY(const auto boot, engine.store->get(kBootKey));
  engine.clean_boot = boot ? *boot == engine.boot_id : begins || engine.union_mode;
  // Of a first sync that dies, the machine may be restarted before another one ends.
  if (!boot && !engine.dry_run()) {
    STERNA_CHECK(engine.write([&] { return engine.store->set(kBootKey, engine.boot_id); }));
  }
  STERNA_TRY(const auto unseen, engine.store->get(kBeforeRestartKey));
  std::string_view left = unseen ? std::string_view(*unseen) : std::string_view();
  while (!left.empty()) {
    left.remove_prefix(1);
    const std::size_t length = std::min(left.find(' '), left.size());
    const auto id = parse_number(left.substr(0, length), INT64_MAX);
    if (id) engine.before_restart.insert(MailboxId{static_cast<std::int64_t>(*id)});
    left.remove_prefix(length);
  }
  return {};
}

Status note_boot(Engine& engine) {
  STERNA_CHECK(engine.store->set(kBootKey, engine.boot_id));
  if (engine.clean_boot && engine.before_restart.empty()) return {};
  STERNA_TRY(const std::vector<MailboxRow> rows, engine.store->mailboxes());
  std::string unseen;
  for (const MailboxRow& row : rows) {
    const bool doubted = !engine.clean_boot || engine.before_restart.contains(row.id);
    const MailboxWork* work = engine.find(row.id);
    const bool settled =
        work && is_seen_here(*work) && !engine.unsettled_after_stop.contains(row.id);
    if (!row.has_local || !doubted || settled) continue;
    unseen += fmt::format(" {}", row.id.value);
  }
  return unseen.empty() ? engine.store->unset(kBeforeRestartKey)
                        : engine.store->set(kBeforeRestartKey, unseen);
}

bool was_restarted(const Engine& engine, const MailboxWork& work) {
  return !engine.clean_boot || engine.before_restart.contains(work.row.id);
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
