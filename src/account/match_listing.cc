// SPDX-License-Identifier: Apache-2.0
#include "match_listing.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "decisions.h"
#include "look_closer.h"
#include "row_changes.h"
#include "sterna/maildir/change.h"
#include "sterna/maildir/file_name.h"

namespace sterna::account {
namespace {

// Opening a connection to the base takes as long as comparing a few hundred.
constexpr std::size_t kEntriesForAWorker = 1000;

LocalFile file_of(const maildir::Listing& listing, const maildir::Entry& entry,
                  const maildir::KeywordTable& keywords) {
  LocalFile file;
  file.name = std::string(listing.name(entry));
  file.base = std::string(listing.base(entry));
  file.in_new = entry.in_new;
  file.tells_flags = entry.tells_flags;
  file.has_info = entry.has_info;
  file.flags = keywords.flags_of(entry.mask, entry.keywords);
  file.file.ino = entry.ino;
  return file;
}

// Nothing is read of the base unless there is one.
Status find_links(store::Store& base, const MailboxWork& work, const Matching& matching,
                  ListingMatch& found) {
  const maildir::Listing& listing = *work.listing;
  std::unordered_set<std::uint64_t> arrived;
  for (const LocalFile& file : found.arrived) arrived.insert(file.file.ino);
  const auto is_linked = [&](const maildir::Entry& entry) {
    return matching.is_taken(entry) && arrived.contains(entry.ino);
  };
  if (arrived.empty() || std::ranges::none_of(listing.entries(), is_linked)) return {};
  return base.for_each_local(work.row.id, [&](const store::LocalRow& row) {
    const maildir::Entry* entry = listing.find(row.base_name);
    if (entry && is_linked(*entry)) found.linked.push_back(row.uid);
  });
}

Result<ListingMatch> compare(store::Store& base, const MailboxWork& work) {
  const maildir::Listing& listing = *work.listing;
  ListingMatch found;
  Matching matching(listing);
  STERNA_CHECK(base.for_each_local(work.row.id, [&](const store::LocalRow& row) {
    const maildir::Entry* entry = matching.take(row);
    if (!entry || entry->kind == maildir::EntryKind::strange) {
      if (!entry) found.missing.push_back({row.uid, row.state, std::string(row.base_name)});
      return;
    }
    if (auto other = matching.robbed()) {
      const Uid uid = other->uid;
      std::erase_if(found.changed, [uid](const LocalChange& one) { return one.uid == uid; });
      found.missing.push_back(std::move(*other));
    }
    const bool same = entry->ino == row.ino && entry->in_new == row.in_new &&
                      info_part(listing.name(*entry)) == row.info;
    if (same) return;
    LocalChange change;
    change.uid = row.uid;
    change.file = file_of(listing, *entry, work.keywords);
    change.content_changed = entry->ino != row.ino;
    found.changed.push_back(std::move(change));
  }));
  for (const maildir::Entry& entry : listing.entries()) {
    const bool message =
        entry.kind == maildir::EntryKind::message || entry.kind == maildir::EntryKind::duplicate;
    if (!message || matching.is_taken(entry)) continue;
    auto& arrived = matching.is_namesake(entry) ? found.namesakes : found.arrived;
    arrived.push_back(file_of(listing, entry, work.keywords));
  }
  STERNA_CHECK(find_links(base, work, matching, found));
  return found;
}

// A long one on a worker, by a connection of its own: several go on at once, and the loop is free
// for the server. Of what the worker reads nothing is changed meanwhile.
coro::Task<Result<ListingMatch>> compare_anywhere(Engine& engine, const MailboxWork& work) {
  if (work.listing->entries().size() < kEntriesForAWorker) {
    co_return compare(*engine.store, work);
  }
  auto job = [&]() -> Result<ListingMatch> {
    STERNA_TRY(const auto base, store::Store::open(engine.state_directory(), true));
    return compare(*base, work);
  };
  co_return co_await on_worker(engine.services, job);
}

// A file that got another base within its mailbox (an infix taken away, a message saved again) is a
// row's file under a new name: not a departure and an arrival.
void join_renamed(ListingMatch& found, const std::unordered_map<std::uint64_t, Uid>& row_of_ino) {
  std::unordered_map<std::string, std::size_t> by_stripped;
  std::unordered_map<std::uint32_t, std::size_t> by_uid;
  for (std::size_t i = 0; i < found.missing.size(); ++i) {
    by_stripped.emplace(maildir::strip_fields(found.missing[i].base), i);
    by_uid.emplace(found.missing[i].uid.value, i);
  }
  std::unordered_set<std::uint32_t> joined;
  std::erase_if(found.arrived, [&](LocalFile& file) {
    std::size_t index = found.missing.size();
    if (const auto it = by_stripped.find(maildir::strip_fields(file.base));
        it != by_stripped.end()) {
      index = it->second;
    } else if (const auto ino = row_of_ino.find(file.file.ino); ino != row_of_ino.end()) {
      index = by_uid.at(ino->second.value);
    }
    if (index == found.missing.size() || !joined.insert(found.missing[index].uid.value).second) {
      return false;
    }
    LocalChange change;
    change.uid = found.missing[index].uid;
    change.file = std::move(file);
    change.content_changed = true;  // looked at by identity: a name proves nothing
    found.changed.push_back(std::move(change));
    return true;
  });
  std::erase_if(found.missing,
                [&](const MissingFile& missing) { return joined.contains(missing.uid.value); });
  std::ranges::sort(found.changed, {}, [](const LocalChange& c) { return c.uid; });
}

// Files that share a base cannot be told apart by name, which is how all but the planner speak of
// them: all but one get names of their own. What cannot be renamed is left alone.
coro::Task<Status> separate(Engine& engine, MailboxWork& work, maildir::MailboxDirs& dirs,
                            ListingMatch& found) {
  if (found.namesakes.empty() || engine.dry_run()) co_return Status{};
  for (LocalFile& file : found.namesakes) {
    const std::string base = engine.new_base_name();
    STERNA_CO_CHECK(engine.write([&] { return engine.store->set(namesake_key(base), kDecided); }));
    auto job = [&]() -> Result<maildir::SeenFile> {
      maildir::TouchedDirectories touched;
      STERNA_TRY(auto renamed, maildir::rename_base(dirs, to_seen(file), base, touched));
      if (engine.settings.fsync) STERNA_CHECK(touched.sync());
      return renamed;
    };
    Result<maildir::SeenFile> renamed = co_await on_worker(engine.services, job);
    work.changed_by_us = true;
    if (!renamed) {
      work.look_again();
      if (renamed.error().is(ErrorCode::changed)) continue;
      engine.note(std::move(renamed).error().with_context("give a name of its own to a file that "
                                                          "has the name of another"),
                  &work);
      continue;
    }
    engine.log.info("mailbox {}: {} had the name of another message; now it is {}", work.name(),
                    file.name, renamed->name);
    file.name = renamed->name;
    file.base = base;
    found.arrived.push_back(std::move(file));
  }
  co_return Status{};
}

// By inode.
Result<std::unordered_map<std::uint64_t, MessageRow>> rows_of(Engine& engine,
                                                              const MailboxWork& work,
                                                              const std::vector<MissingFile>& all) {
  std::unordered_map<std::uint64_t, MessageRow> rows;
  STERNA_TRY(const auto reading, engine.store->read());
  for (const MissingFile& missing : all) {
    STERNA_TRY(auto row, engine.store->message({work.row.id, missing.uid}));
    if (row && row->file.ino != 0) rows.emplace(row->file.ino, std::move(*row));
  }
  return rows;
}

// The rows whose file, by its inode, is one of `arrived` now. A file system gives the number of a
// deleted file to the next new one, so what a rename leaves alone must be as it was: a stranger
// that took over a row would never be sent.
std::unordered_map<std::uint64_t, Uid> rows_by_ino(
    maildir::MailboxDirs& dirs, const std::vector<LocalFile>& arrived,
    const std::unordered_map<std::uint64_t, MessageRow>& lost) {
  std::unordered_map<std::uint64_t, Uid> found;
  for (const LocalFile& file : arrived) {
    const auto it = lost.find(file.file.ino);
    if (it == lost.end()) continue;
    const Result<io::FileStat> now = dirs.message_dir(file.in_new).stat_at(file.name);
    if (now && to_stamp(*now) == it->second.file) found.emplace(it->first, it->second.key.uid);
  }
  return found;
}

// Beside what names and inodes tell.
coro::Task<Status> add_changed_in_place(Engine& engine, MailboxWork& work, ListingMatch& found) {
  STERNA_CO_TRY(const std::vector<ChangedInPlace> rows, co_await look_closer(engine, work));
  if (rows.empty()) co_return Status{};
  std::set<Uid> missing;
  for (const MissingFile& one : found.missing) missing.insert(one.uid);
  for (const ChangedInPlace& one : rows) {
    auto change = std::ranges::find(found.changed, one.uid, &LocalChange::uid);
    if (change == found.changed.end()) {
      if (missing.contains(one.uid)) continue;  // its name is that of another row's file
      STERNA_CO_TRY(const auto row, engine.store->message({work.row.id, one.uid}));
      const maildir::Entry* entry = row ? work.listing->find(row->base_name) : nullptr;
      if (!entry) continue;
      LocalChange added;
      added.uid = one.uid;
      added.file = file_of(*work.listing, *entry, work.keywords);
      change = found.changed.insert(found.changed.end(), std::move(added));
    }
    change->in_place = !change->content_changed;
    change->content_changed = true;
    change->torn = one.torn;
    if (one.damaged) found.damaged.emplace(one.uid, *one.damaged);
    work.missed_unflushed = work.missed_unflushed || one.torn;
  }
  std::ranges::sort(found.changed, {}, &LocalChange::uid);
  co_return Status{};
}

}  // namespace

Matching::Matching(const maildir::Listing& listing)
    : listing_(listing), holders_(listing.entries().size()) {
  for (const maildir::Entry& entry : listing.entries()) {
    if (entry.kind == maildir::EntryKind::duplicate) {
      others_[listing.base(entry)].push_back(&entry);
    }
  }
}

const maildir::Entry* Matching::take(const store::LocalRow& row) {
  const maildir::Entry* entry = listing_.find(row.base_name);
  if (!entry || entry->kind == maildir::EntryKind::strange) return entry;
  if (const auto others = others_.find(row.base_name); others != others_.end()) {
    for (const maildir::Entry* other : others->second) {
      const bool better = entry->ino != row.ino && (is_taken(*entry) || other->ino == row.ino);
      if (better && !is_taken(*other)) entry = other;
    }
  }
  Holder& holder = holders_[index_of(*entry)];
  if (holder.uid.value && entry->ino != row.ino) return nullptr;
  if (holder.uid.value) robbed_ = {holder.uid, holder.state, std::string(row.base_name)};
  holder = {row.uid, row.state};
  return entry;
}

bool Matching::is_namesake(const maildir::Entry& entry) const {
  if (entry.kind == maildir::EntryKind::duplicate) return true;
  const auto others = others_.find(listing_.base(entry));
  return others != others_.end() &&
         std::ranges::any_of(others->second, [&](const auto* other) { return is_taken(*other); });
}

std::size_t Matching::index_of(const maildir::Entry& entry) const {
  return static_cast<std::size_t>(&entry - listing_.entries().data());
}

coro::Task<Result<ListingMatch>> match_listing(Engine& engine, MailboxWork& work,
                                               maildir::MailboxDirs& dirs) {
  STERNA_CO_TRY(ListingMatch found, co_await compare_anywhere(engine, work));
  using Lost = std::unordered_map<std::uint64_t, MessageRow>;
  STERNA_CO_TRY(const Lost lost, rows_of(engine, work, found.missing));
  auto match = [&] { return rows_by_ino(dirs, found.arrived, lost); };
  const std::unordered_map<std::uint64_t, Uid> row_of_ino =
      co_await on_worker(engine.services, match);
  join_renamed(found, row_of_ino);
  STERNA_CO_CHECK(co_await add_changed_in_place(engine, work, found));
  STERNA_CO_CHECK(co_await separate(engine, work, dirs, found));
  co_return found;
}

}  // namespace sterna::account
