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

// Every file that may have gone with the power was looked for, and none is missed any more.
bool is_resolved(const Engine& engine) {
  if (!engine.unflushed_since) return true;
  return std::ranges::all_of(engine.mailboxes, [](const auto& work) {
    return is_seen_here(*work) && !work->missed_unflushed;
  });
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
  STERNA_TRY(const std::optional<std::string> text, engine.store->get(kUnflushedKey));
  if (!text) return {};
  const std::size_t space = text->find(' ');
  const auto since = parse_number(std::string_view(*text).substr(0, space), INT64_MAX);
  engine.unflushed = true;
  if (space == std::string::npos || text->substr(space + 1) == engine.boot_id) return {};
  engine.unflushed_since = Generation{static_cast<std::int64_t>(since.value_or(0))};
  engine.log.info("the machine was restarted before all files were flushed: they are looked for");
  return {};
}

Status note_unflushed(Engine& engine) {
  if (engine.settings.fsync || engine.unflushed) return {};
  engine.unflushed = true;
  return engine.store->set(kUnflushedKey,
                           fmt::format("{} {}", engine.generation.value, engine.boot_id));
}

coro::Task<Status> end_unflushed(Engine& engine) {
  if (!engine.unflushed || engine.dry_run()) co_return Status{};
  if (!engine.all_seen_here || !is_resolved(engine)) co_return Status{};
  STERNA_CO_TRY(const std::vector<io::Directory*> directories, one_of_each(engine));
  auto job = [&directories]() -> Status {
    for (io::Directory* one : directories) STERNA_CHECK(one->sync_file_system());
    return {};
  };
  STERNA_CO_CHECK(co_await on_worker(engine.services, job));
  // Lost with the power, it leaves a doubt that finds nothing.
  STERNA_CO_TRY(auto transaction, engine.store->begin(store::Durability::normal));
  STERNA_CO_CHECK(engine.store->unset(kUnflushedKey));
  STERNA_CO_CHECK(transaction.commit());
  engine.unflushed = false;
  co_return Status{};
}

}  // namespace sterna::account
