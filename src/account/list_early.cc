// SPDX-License-Identifier: Apache-2.0
#include "list_early.h"

#include <map>
#include <utility>

#include "sterna/coro/scope.h"
#include "sterna/coro/sync.h"

namespace sterna::account {
namespace {

// Open at a time; the others wait for their turn.
constexpr std::size_t kReadersMax = 2;

// The root is used by one thread at a time: only the mailbox's own directories go to the worker.
coro::Task<void> list_one(Engine& engine, const maildir::MailboxPath& path,
                          coro::Semaphore& readers) {
  const Result<coro::Semaphore::Permit> turn = co_await readers.hold();
  if (!turn) co_return;
  Result<maildir::MailboxDirs> dirs = maildir::open_mailbox(*engine.root, path);
  if (!dirs) co_return;  // whoever looks for it later says why
  auto job = [&dirs] { return list_now(*dirs); };
  engine.listed_early.emplace(maildir::to_string(path), co_await on_worker(engine.services, job));
}

bool is_trusted(const ListedMailbox& listed) {
  return listed.listing && listed.listing->complete() && listed.fs_now_ns &&
         listed.listing->stamp().trusted(*listed.fs_now_ns);
}

}  // namespace

ListedMailbox list_now(maildir::MailboxDirs& dirs) {
  ListedMailbox listed;
  // Before the listing: a stamp that grew old while a long one was read vouches for nothing.
  Result<std::int64_t> now = maildir::file_system_now_ns(*dirs.tmp);
  if (now) listed.fs_now_ns = *now;
  Result<maildir::Listing> listing = maildir::list_mailbox(*dirs.home);
  if (!listing) {
    listed.error = listing.error();
    return listed;
  }
  listed.listing.emplace(std::move(*listing));
  return listed;
}

coro::Task<void> list_early(Engine& engine, const maildir::Discovery& found) {
  engine.listed_early.clear();
  const Result<std::vector<MailboxRow>> rows = engine.store->mailboxes();
  if (!rows) co_return;  // said by whoever needs them
  std::map<std::string_view, const MailboxRow*> by_path;
  for (const MailboxRow& row : *rows) {
    const bool synced = row.has_local && row.has_remote;
    if (synced && engine.settings.includes(row.name, row.role)) by_path[row.path] = &row;
  }
  coro::Semaphore readers(kReadersMax);
  coro::Scope scope = co_await coro::make_scope();
  for (const maildir::LocalMailbox& one : found.mailboxes) {
    const auto row = by_path.find(maildir::to_string(one.path));
    if (row == by_path.end()) continue;
    const auto stored = maildir::MailboxStamp::decode(row->second->stamp);
    // A young one would vouch for nothing: what is read now would be read again.
    const bool vouches = one.stamp.trusted(engine.services.clock.wall_ns());
    if (vouches && (!stored || *stored != one.stamp))
      scope.spawn(list_one(engine, one.path, readers));
  }
  co_await scope.join();
}

std::optional<ListedMailbox> take_early(Engine& engine, const MailboxWork& work) {
  auto early = engine.listed_early.extract(work.row.path);
  if (early.empty() || work.network_fs || !work.dirs || !is_trusted(early.mapped())) return {};
  const Result<maildir::MailboxStamp> now = maildir::stamp_mailbox(*work.dirs->home);
  if (!now || *now != early.mapped().listing->stamp()) return {};
  return std::move(early.mapped());
}

}  // namespace sterna::account
