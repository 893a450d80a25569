// SPDX-License-Identifier: Apache-2.0
#include "list_early.h"

#include <algorithm>
#include <map>
#include <utility>

#include "sterna/coro/scope.h"

namespace sterna::account {
namespace {

// Read at a time; the others wait for their turn.
constexpr std::size_t kReadersMax = 2;

class EarlyLister {
 public:
  EarlyLister(Engine& engine, std::vector<maildir::MailboxPath> paths)
      : engine_(engine), paths_(std::move(paths)) {}

  coro::Task<void> run() {
    coro::Scope scope = co_await coro::make_scope();
    for (std::size_t i = 0; i < std::min(kReadersMax, paths_.size()); ++i) scope.spawn(list_some());
    co_await scope.join();
  }

 private:
  coro::Task<void> list_some() {
    while (next_ < paths_.size()) {
      const maildir::MailboxPath& path = paths_[next_++];
      io::Directory& root = *engine_.root;
      auto job = [&root, &path]() -> std::optional<ListedMailbox> {
        Result<maildir::MailboxDirs> dirs = maildir::open_mailbox(root, path);
        if (!dirs) return std::nullopt;  // whoever looks for it later says why
        return list_now(*dirs->home, *dirs->tmp);
      };
      std::optional<ListedMailbox> listed = co_await on_worker(engine_.services, job);
      if (listed) engine_.listed_early.emplace(maildir::to_string(path), std::move(*listed));
    }
  }

  Engine& engine_;
  std::vector<maildir::MailboxPath> paths_;
  std::size_t next_ = 0;
};

bool is_trusted(const ListedMailbox& listed) {
  return listed.listing && listed.listing->complete() && listed.fs_now_ns &&
         listed.listing->stamp().trusted(*listed.fs_now_ns);
}

}  // namespace

ListedMailbox list_now(io::Directory& home, io::Directory& tmp) {
  ListedMailbox listed;
  // Before the listing: a stamp that grew old while a long one was read vouches for nothing.
  Result<std::int64_t> now = maildir::file_system_now_ns(tmp);
  if (now) listed.fs_now_ns = *now;
  Result<maildir::Listing> listing = maildir::list_mailbox(home);
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
  std::vector<maildir::MailboxPath> paths;
  for (const maildir::LocalMailbox& one : found.mailboxes) {
    const auto row = by_path.find(maildir::to_string(one.path));
    if (row == by_path.end()) continue;
    const auto stored = maildir::MailboxStamp::decode(row->second->stamp);
    if (!stored || *stored != one.stamp) paths.push_back(one.path);
  }
  EarlyLister lister(engine, std::move(paths));
  co_await lister.run();
}

std::optional<ListedMailbox> take_early(Engine& engine, const MailboxWork& work) {
  auto early = engine.listed_early.extract(work.row.path);
  if (early.empty() || work.network_fs || !work.dirs || !is_trusted(early.mapped())) return {};
  const Result<maildir::MailboxStamp> now = maildir::stamp_mailbox(*work.dirs->home);
  if (!now || *now != early.mapped().listing->stamp()) return {};
  return std::move(early.mapped());
}

}  // namespace sterna::account
