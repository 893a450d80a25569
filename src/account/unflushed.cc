// SPDX-License-Identifier: Apache-2.0
#include "unflushed.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "restart.h"
#include "sterna/base/bytes.h"

namespace sterna::account {
namespace {

constexpr std::string_view kUnflushedKey = "unflushed";  // generation and boot
// The same of one mailbox that was not there when all others were looked at.
constexpr std::string_view kApart = "unflushed:";
std::string apart_key(MailboxId mailbox) {
  return std::string(kApart) + std::to_string(mailbox.value);
}

// Since which pass; nullopt if no power can have been lost since.
std::optional<Generation> since_earlier_boot(const Engine& engine, std::string_view text) {
  const std::size_t space = text.find(' ');
  const auto since = parse_number(text.substr(0, space), INT64_MAX);
  if (space == std::string_view::npos || text.substr(space + 1) == engine.boot_id) return {};
  return Generation{static_cast<std::int64_t>(since.value_or(0))};
}

// Every file that may have gone with the power was looked for, and none is missed any more.
bool is_resolved(const MailboxWork& work) {
  if (!work.unflushed_since) return true;
  return is_seen_here(work) && !work.missed_unflushed;
}

bool are_resolved(const Engine& engine) {
  if (!engine.unflushed_since) return true;
  return std::ranges::all_of(engine.mailboxes, [](const auto& work) { return is_resolved(*work); });
}

Status set_apart(Engine& engine) {
  STERNA_TRY(const std::optional<std::string> text, engine.store->get(kUnflushedKey));
  STERNA_TRY(const std::vector<MailboxRow> rows, engine.store->mailboxes());
  for (const MailboxRow& row : rows) {
    const bool seen = !row.has_local || !row.has_remote || engine.find(row.id) != nullptr;
    if (seen || !text || engine.unflushed_apart.contains(row.id)) continue;
    STERNA_CHECK(engine.store->set(apart_key(row.id), *text));
  }
  return engine.store->unset(kUnflushedKey);
}

// Mailboxes that are back, and were looked at.
std::vector<MailboxId> resolved_apart(Engine& engine) {
  std::vector<MailboxId> back;
  for (const auto& [id, text] : engine.unflushed_apart) {
    const MailboxWork* work = engine.find(id);
    if (work && !work->input.local.suspect && is_resolved(*work)) back.push_back(id);
  }
  return back;
}

// A directory on each file system that holds mailboxes.
Result<std::vector<io::Directory*>> one_of_each(Engine& engine) {
  std::vector<io::Directory*> directories{engine.root.get()};
  STERNA_TRY(const io::FileStat root, engine.root->stat());
  std::set<std::uint64_t> seen{root.dev};
  for (const auto& work : engine.mailboxes) {
    if (!work->row.has_local) continue;
    if (work->stamp_now && seen.contains(work->stamp_now->cur.dev)) continue;
    STERNA_TRY(maildir::MailboxDirs * dirs, engine.open_dirs(*work));
    STERNA_TRY(const io::FileStat cur, dirs->cur->stat());
    if (seen.insert(cur.dev).second) directories.push_back(dirs->cur.get());
  }
  return directories;
}

}  // namespace

Status read_unflushed(Engine& engine) {
  STERNA_TRY(const std::vector<std::string> apart, engine.store->keys_with_prefix(kApart));
  for (const std::string& key : apart) {
    const auto id = parse_number(std::string_view(key).substr(kApart.size()), INT64_MAX);
    STERNA_TRY(std::optional<std::string> text, engine.store->get(key));
    const MailboxId mailbox{static_cast<std::int64_t>(id.value_or(0))};
    if (text) engine.unflushed_apart.emplace(mailbox, std::move(*text));
  }
  STERNA_TRY(const std::optional<std::string> text, engine.store->get(kUnflushedKey));
  if (!text) return {};
  engine.unflushed = true;
  engine.unflushed_since = since_earlier_boot(engine, *text);
  if (!engine.unflushed_since) return {};
  engine.log.info("the machine was restarted before all files were flushed: they are looked for");
  return {};
}

std::optional<Generation> unflushed_since(const Engine& engine, MailboxId mailbox) {
  const auto apart = engine.unflushed_apart.find(mailbox);
  if (apart == engine.unflushed_apart.end()) return engine.unflushed_since;
  const std::optional<Generation> since = since_earlier_boot(engine, apart->second);
  return since ? since : engine.unflushed_since;  // what was set apart is older
}

Status forget_unflushed(Engine& engine, MailboxId mailbox) {
  return engine.store->unset(apart_key(mailbox));
}

Status note_unflushed(Engine& engine) {
  if (engine.settings.fsync || engine.unflushed) return {};
  engine.unflushed = true;
  return engine.store->set(kUnflushedKey,
                           fmt::format("{} {}", engine.generation.value, engine.boot_id));
}

coro::Task<Status> end_unflushed(Engine& engine) {
  if (engine.dry_run() || (!engine.unflushed && engine.unflushed_apart.empty())) {
    co_return Status{};
  }
  if (!engine.all_seen_here) co_return Status{};
  const bool all = engine.unflushed && are_resolved(engine);
  const std::vector<MailboxId> back = resolved_apart(engine);
  if (!all && back.empty()) co_return Status{};
  STERNA_CO_TRY(const std::vector<io::Directory*> directories, one_of_each(engine));
  auto job = [&directories]() -> Status {
    for (io::Directory* one : directories) STERNA_CHECK(one->sync_file_system());
    return {};
  };
  STERNA_CO_CHECK(co_await on_worker(engine.services, job));
  // Lost with the power, it leaves a doubt that finds nothing.
  STERNA_CO_TRY(auto transaction, engine.store->begin(store::Durability::normal));
  for (const MailboxId id : back) STERNA_CO_CHECK(forget_unflushed(engine, id));
  if (all) STERNA_CO_CHECK(set_apart(engine));
  STERNA_CO_CHECK(transaction.commit());
  if (all) engine.unflushed = false;
  co_return Status{};
}

}  // namespace sterna::account
