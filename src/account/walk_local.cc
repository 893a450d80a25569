// SPDX-License-Identifier: Apache-2.0
#include "walk_local.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>

#include "inspect_parts.h"
#include "list_remote.h"
#include "row_changes.h"
#include "sterna/base/bytes.h"
#include "sterna/maildir/file_name.h"
#include "sterna/maildir/layout.h"

namespace sterna::account {
namespace {

class Walker {
 public:
  Walker(Engine& engine, const std::vector<MailboxRow>& rows,
         const std::set<std::string>& on_server)
      : engine_(engine), on_server_(on_server) {
    for (const MailboxRow& row : rows) {
      if (row.has_local || !row.path.empty()) by_path_[row.path] = &row;
      if (row.has_local && row.cur_ino != 0) by_cur_[{row.cur_dev, row.cur_ino}] = &row;
    }
  }

  Result<LocalWalk> run(const maildir::Discovery& found) {
    walk_.complete = found.unreadable.empty();
    for (const maildir::MailboxPath& path : found.unreadable) note_unreadable(path);
    for (const maildir::LocalMailbox& one : found.mailboxes) {
      found_.insert(maildir::to_string(one.path));
      places_.emplace(std::pair(one.stamp.cur.dev, one.stamp.cur.ino),
                      maildir::to_string(one.path));
    }
    for (const maildir::UnusableFolder& folder : found.unusable) tell_unusable(folder);
    for (const maildir::LocalMailbox& one : found.mailboxes) STERNA_CHECK(take(one));
    for (const maildir::MailboxPath& path : found.bare) take_bare(path);
    return std::move(walk_);
  }

 private:
  Status take(const maildir::LocalMailbox& one) {
    sync::LocalMailbox local;
    local.path = maildir::to_string(one.path);
    const MailboxRow* known = at(local.path);
    if (known) {
      local.name = known->name;
    } else {
      if (one.shortened) return {};
      Result<MailboxName> name = engine_.settings.to_remote(one.name);
      if (!name) {
        engine_.note(std::move(name).error());
        return {};
      }
      local.name = std::move(*name);
    }
    local.cur_dev = one.stamp.cur.dev;
    local.cur_ino = one.stamp.cur.ino;
    local.cur_btime_ns = one.stamp.cur.btime_ns;
    local.whole = one.complete;
    local.suspect = !one.complete;
    STERNA_CHECK(identify(one.path, known, local));
    if (!known || !on_server_.contains(local.name.text())) {
      if (const maildir::Listing* listing = list(one.path)) {
        local.messages = listing->entries().size();
      }
    }
    local.policy = policy_of(engine_, local.name, Role::none);
    walk_.stamps[local.path] = one.stamp;
    walk_.mailboxes.push_back(std::move(local));
    return {};
  }

  // Another directory under a known name: a mount, a restored tree; or that of another row, which
  // was renamed. Believed only if it holds what the base knows there: strangers in any number prove
  // nothing (rule 15).
  Status identify(const maildir::MailboxPath& path, const MailboxRow* known,
                  sync::LocalMailbox& local) {
    if (known && has_number_of(*known, local) && !is_born_apart(*known, local)) return {};
    if (const auto found = by_cur_.find({local.cur_dev, local.cur_ino}); found != by_cur_.end()) {
      STERNA_TRY(const bool of_owner, is_directory_of(*found->second, path, local));
      if (of_owner) return {};
      local.inode_reused = true;
    }
    if (!known || !known->has_local || known->cur_ino == 0) return {};
    if (known->pair_anew) return {};  // nothing of the base is believed, whatever it holds
    STERNA_TRY(const std::optional<Holding> holding, holding_of(*known, path));
    if (!holding || !holding->is_most()) {
      local.suspect = true;
      return {};
    }
    STERNA_TRY(const bool copied, is_copy(*known, path, *holding));
    if (copied) walk_.restored.insert(known->id);
    return {};
  }

  static bool has_number_of(const MailboxRow& row, const sync::LocalMailbox& local) {
    return row.has_local && row.cur_ino != 0 && row.cur_ino == local.cur_ino &&
           row.cur_dev == local.cur_dev;
  }
  static bool is_born_apart(const MailboxRow& row, const sync::LocalMailbox& local) {
    return born_apart(row.cur_btime_ns, local.cur_btime_ns);
  }

  // A number is used again: the birth tells, where it is known, else the mail. Without any, nothing
  // is proven of a mailbox that has a directory in its place, nor of a place that is another's: not
  // by an equal birth either (clocks are coarse), unless that one has moved on.
  Result<bool> is_directory_of(const MailboxRow& row, const maildir::MailboxPath& path,
                               const sync::LocalMailbox& local) {
    if (is_born_apart(row, local)) return false;
    STERNA_TRY(const std::optional<Holding> holding, holding_of(row, path));
    if (!holding) return true;
    if (holding->known > 0) return holding->is_most();
    const bool same_birth = row.cur_btime_ns != 0 && row.cur_btime_ns == local.cur_btime_ns;
    if (!at(local.path)) return same_birth || !found_.contains(row.path);
    return same_birth && has_moved_on(row, local.path);
  }

  // Whether the directories known under this path and under those that they are at now have all
  // left for a path that is free, or for that of `row`.
  bool has_moved_on(const MailboxRow& row, const std::string& path) const {
    std::set<const MailboxRow*> seen;
    const MailboxRow* owner = at(path);
    while (owner && owner != &row && seen.insert(owner).second) {
      const auto place = places_.find({owner->cur_dev, owner->cur_ino});
      if (place == places_.end()) return false;
      owner = at(place->second);
    }
    return true;
  }

  // What a directory has of a row's files.
  struct Holding {
    std::uint64_t known = 0;
    std::uint64_t found = 0;
    bool same_names = true;  // those that were found have their info parts, too
    std::unordered_set<const maildir::Entry*> of_row;
    std::vector<std::pair<Uid, const maildir::Entry*>> of_inode;

    bool is_most() const { return found * 2 >= known; }
  };

  // nullopt: the directory cannot be listed.
  Result<std::optional<Holding>> holding_of(const MailboxRow& row,
                                            const maildir::MailboxPath& path) {
    const maildir::Listing* listing = list(path);
    if (!listing) return std::optional<Holding>();
    Holding holding;
    STERNA_CHECK(engine_.store->for_each_local(row.id, [&](const store::LocalRow& message) {
      ++holding.known;
      const maildir::Entry* entry = listing->find(message.base_name);
      if (!entry) return;
      ++holding.found;
      holding.of_row.insert(entry);
      if (info_part(listing->name(*entry)) != message.info) holding.same_names = false;
      if (entry->ino == message.ino) holding.of_inode.emplace_back(message.uid, entry);
    }));
    return std::optional(std::move(holding));
  }

  // What it lacks was not deleted, and what it has besides was not brought back by hand: it is as
  // old as the backup that it was copied from. A copy of all that the base knows is none of that.
  Result<bool> is_copy(const MailboxRow& row, const maildir::MailboxPath& path,
                       const Holding& holding) {
    if (holding.found == holding.known && holding.same_names) {
      STERNA_TRY(const bool more, has_what_went(row, path, holding));
      if (!more) return false;
    }
    STERNA_TRY(const bool moved, holds_its_files(path, row, holding));
    return !moved;
  }

  // Names that were this mailbox's, and are in no row any more.
  Result<bool> has_what_went(const MailboxRow& row, const maildir::MailboxPath& path,
                             const Holding& holding) {
    const maildir::Listing& listing = *list(path);
    for (const maildir::Entry& entry : listing.entries()) {
      if (holding.of_row.contains(&entry)) continue;
      const std::string base(listing.base(entry));
      const auto origin = maildir::parse_origin(base);
      if (origin && origin->tree == engine_.tree && origin->mailbox == row.id) return true;
      STERNA_TRY(const auto tombstone, engine_.store->tombstone_of(row.id, base));
      if (tombstone) return true;
    }
    return false;
  }

  // The files themselves, moved into another directory.
  Result<bool> holds_its_files(const maildir::MailboxPath& path, const MailboxRow& row,
                               const Holding& holding) {
    const Result<maildir::MailboxDirs> dirs = maildir::open_mailbox(*engine_.root, path);
    if (!dirs) return false;
    std::uint64_t same = 0;
    for (const auto& [uid, entry] : holding.of_inode) {
      STERNA_TRY(const auto message, engine_.store->message({row.id, uid}));
      const std::string name(list(path)->name(*entry));
      const Result<io::FileStat> now = dirs->message_dir(entry->in_new).stat_at(name);
      if (!message || !now) continue;
      FileStamp stamp = to_stamp(*now);
      stamp.dev = message->file.dev;  // not every file system has the same after a restart
      if (stamp == message->file) ++same;
    }
    return holding.known > 0 && same * 2 >= holding.known;
  }

  void take_bare(const maildir::MailboxPath& path) {
    const MailboxRow* known = at(maildir::to_string(path));
    if (!known || !known->has_local) return;
    sync::LocalMailbox local;
    local.name = known->name;
    local.path = known->path;
    local.whole = false;
    local.suspect = true;
    walk_.mailboxes.push_back(std::move(local));
  }

  // Walked several times in one sync, it is named once.
  void tell_unusable(const maildir::UnusableFolder& folder) {
    if (!engine_.told_unusable.insert(folder.path).second) return;
    const Error error = unusable_folder(engine_.settings, folder);
    engine_.log.warn("not synced: {}: {}", error.message(), error.hint());
  }

  // The same here.
  void note_unreadable(const maildir::MailboxPath& path) {
    const MailboxRow* known = at(maildir::to_string(path));
    Error error = unreadable_folder(engine_.settings, path);
    error.add_context(fmt::format("mailbox {}", known ? known->name.text() : folder_name(path)));
    const auto is_same = [text = error.describe()](const Error& other) {
      return other.describe() == text;
    };
    if (std::ranges::none_of(engine_.report.errors, is_same)) engine_.note(std::move(error));
  }

  std::string folder_name(const maildir::MailboxPath& path) const {
    const maildir::Layout layout(engine_.settings.layout, engine_.settings.inbox);
    const auto local = layout.name_of(path);
    if (!local) return printable(maildir::to_string(path));
    const Result<MailboxName> remote = engine_.settings.to_remote(*local);
    return remote ? remote->text() : local->text();
  }

  const MailboxRow* at(const std::string& path) const {
    const auto found = by_path_.find(path);
    return found == by_path_.end() ? nullptr : found->second;
  }

  const maildir::Listing* list(const maildir::MailboxPath& path) {
    const auto known = listings_.find(path);
    if (known != listings_.end()) return &known->second;
    Result<maildir::MailboxDirs> dirs = maildir::open_mailbox(*engine_.root, path);
    if (!dirs) return nullptr;
    Result<maildir::Listing> listing = maildir::list_mailbox(*dirs->home);
    return listing ? &listings_.emplace(path, std::move(*listing)).first->second : nullptr;
  }

  Engine& engine_;
  const std::set<std::string>& on_server_;
  std::set<std::string> found_;                                            // by path
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> places_;  // by their cur
  std::map<std::string, const MailboxRow*> by_path_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, const MailboxRow*> by_cur_;
  std::map<maildir::MailboxPath, maildir::Listing> listings_;
  LocalWalk walk_;
};

}  // namespace

coro::Task<Result<maildir::Discovery>> walk_directories(Engine& engine) {
  const maildir::Layout layout(engine.settings.layout, engine.settings.inbox);
  io::Directory& root = *engine.root;
  auto job = [&] { return maildir::discover(root, layout); };
  co_return co_await on_worker(engine.services, job);
}

std::set<std::string> paths_of(const maildir::Discovery& found) {
  std::set<std::string> paths;
  for (const maildir::LocalMailbox& one : found.mailboxes) {
    paths.insert(maildir::to_string(one.path));
  }
  for (const maildir::UnusableFolder& folder : found.unusable) {
    if (folder.has_cur) paths.insert(maildir::to_string(folder.path));
  }
  for (const maildir::MailboxPath& path : found.unreadable) paths.insert(maildir::to_string(path));
  return paths;
}

std::set<std::string> directories_to_watch(const maildir::Discovery& found) {
  std::set<std::string> directories = {""};
  const auto add = [&directories](maildir::MailboxPath path) {
    for (; !path.empty(); path.pop_back()) directories.insert(maildir::to_string(path));
  };
  for (const maildir::LocalMailbox& one : found.mailboxes) add(one.path);
  for (const maildir::MailboxPath& bare : found.bare) add(bare);
  return directories;
}

Result<std::set<std::string>> directories_to_watch(io::FileSystem& files,
                                                   const Settings& settings) {
  STERNA_TRY(const auto root, files.open_root(settings.maildir, false));
  const maildir::Layout layout(settings.layout, settings.inbox);
  STERNA_TRY(const maildir::Discovery found, maildir::discover(*root, layout));
  return directories_to_watch(found);
}

Result<LocalWalk> describe_walk(Engine& engine, const maildir::Discovery& found,
                                const std::vector<MailboxRow>& rows,
                                const std::set<std::string>& on_server) {
  return Walker(engine, rows, on_server).run(found);
}

}  // namespace sterna::account
