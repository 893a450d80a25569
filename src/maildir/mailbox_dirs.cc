// SPDX-License-Identifier: Apache-2.0
#include "sterna/maildir/mailbox_dirs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "sterna/base/assert.h"
#include "sterna/base/nanoseconds.h"
#include "sterna/base/step.h"

namespace sterna::maildir {
namespace {

// A file in tmp/ that nobody has touched for so long is litter; younger ones may be a slow
// delivery.
constexpr std::int64_t kLitterAgeNs = std::int64_t{36} * 3600 * kNsPerSecond;

// From so many on, one syncfs costs less than an fsync of each: it waits for what all programs
// wrote.
constexpr std::size_t kManyDirectories = 64;

constexpr std::string_view kMaildirFolder = "maildirfolder";

bool is_control_file(const io::DirectoryEntry& entry) {
  if (entry.type == io::FileType::directory) return false;
  return entry.name == kMaildirFolder || entry.name.starts_with("dovecot") ||
         entry.name.starts_with("courierimap");
}

Result<std::unique_ptr<io::Directory>> open_or_make(io::Directory& parent, std::string_view name,
                                                    bool& made) {
  auto opened = parent.open_directory(name);
  if (opened || !opened.error().is(ErrorCode::not_found)) return opened;
  if (auto done = parent.make_directory(name); !done && !done.error().is(ErrorCode::exists)) {
    return std::unexpected(std::move(done).error());
  }
  made = true;
  return parent.open_directory(name);
}

// Opens a path below the root and makes what is missing of it. Each directory on the way is
// flushed, even if it was there: it may have been made by a sync that died before it got so far.
Result<HomeDirectory> make_path(io::Directory& root, std::span<const std::string> path) {
  HomeDirectory here(root);
  for (const std::string& component : path) {
    bool made = false;
    STERNA_TRY(auto child, open_or_make(*here, component, made));
    STERNA_CHECK(here->sync());
    here = HomeDirectory(std::move(child));
  }
  return here;
}

Result<HomeDirectory> open_components(io::Directory& root, std::span<const std::string> path) {
  HomeDirectory here(root);
  for (const std::string& component : path) {
    STERNA_TRY(auto child, here->open_directory(component));
    here = HomeDirectory(std::move(child));
  }
  return here;
}

Status make_maildirfolder(io::Directory& home) {
  const auto found = home.stat_at(kMaildirFolder);
  if (found) return {};
  if (!found.error().is(ErrorCode::not_found)) return fail(found.error());
  return home.replace_file(kMaildirFolder, "");
}

Error not_empty() {
  return Error(ErrorCode::changed, "the mailbox is not empty");
}

Status check_no_message(io::Directory& home, std::string_view name) {
  const auto directory = home.open_directory(name);
  if (!directory) {
    return directory.error().is(ErrorCode::not_found) ? Status() : fail(directory.error());
  }
  STERNA_TRY(const auto entries, (*directory)->list());
  return entries.empty() ? Status() : fail(not_empty());
}

// Sweeps old litter out of tmp/; ErrorCode::changed if something in it may be a delivery under way.
Status clear_tmp(io::Directory& home) {
  const auto tmp = home.open_directory("tmp");
  if (!tmp) return tmp.error().is(ErrorCode::not_found) ? Status() : fail(tmp.error());
  STERNA_TRY(const auto entries, (*tmp)->list());
  if (entries.empty()) return {};
  STERNA_TRY(const std::int64_t now_ns, file_system_now_ns(**tmp));
  for (const io::DirectoryEntry entry : entries) {
    STERNA_TRY(const io::FileStat stat, (*tmp)->stat_at(entry.name));
    const bool is_litter = stat.type == io::FileType::file && now_ns - stat.ctime_ns > kLitterAgeNs;
    if (!is_litter) return fail(not_empty());
    STERNA_CHECK((*tmp)->unlink_at(entry.name));
  }
  return {};
}

// Removes cur, new and tmp. A message that comes in between keeps its directory from being removed;
// the others are made again then.
Status remove_message_dirs(io::Directory& home) {
  for (const std::string_view name : {"cur", "new", "tmp"}) {
    auto done = home.remove_directory(name);
    if (done || done.error().is(ErrorCode::not_found)) continue;
    if (!done.error().is(ErrorCode::exists)) return done;
    for (const std::string_view again : {"tmp", "new", "cur"}) {
      bool made = false;
      STERNA_TRY(const auto opened, open_or_make(home, again, made));
    }
    return fail(not_empty());
  }
  return {};
}

// Removes the mailbox's directory itself, where only control files are left in it.
Status remove_home(io::Directory& root, const MailboxPath& path, io::Directory& home) {
  STERNA_TRY(const auto entries, home.list());
  if (!std::ranges::all_of(entries, is_control_file)) return {};
  for (const io::DirectoryEntry entry : entries) STERNA_CHECK(home.unlink_at(entry.name));
  STERNA_TRY(const HomeDirectory parent,
             open_components(root, std::span(path).first(path.size() - 1)));
  if (auto done = parent->remove_directory(path.back());
      !done && !done.error().is(ErrorCode::exists) && !done.error().is(ErrorCode::not_found)) {
    return done;
  }
  return parent->sync();
}

}  // namespace

void TouchedDirectories::add(io::Directory& directory) {
  const auto found = std::find(directories_.rbegin(), directories_.rend(), &directory);
  if (found == directories_.rend()) directories_.push_back(&directory);
}

void TouchedDirectories::add(const TouchedDirectories& others) {
  for (io::Directory* directory : others.directories_) add(*directory);
}

Status TouchedDirectories::sync() {
  if (directories_.size() >= kManyDirectories) return sync_file_systems();
  for (io::Directory* directory : directories_) STERNA_CHECK(directory->sync());
  directories_.clear();
  return {};
}

std::vector<TouchedDirectories> TouchedDirectories::split(std::size_t parts_max) {
  const std::size_t count = directories_.size();
  const std::size_t parts = count >= kManyDirectories ? 1 : std::min(count, parts_max);
  std::vector<TouchedDirectories> split(parts);
  for (std::size_t i = 0; i < count; ++i) split[i % parts].add(*directories_[i]);
  directories_.clear();
  return split;
}

Status TouchedDirectories::sync_file_systems() {
  std::vector<std::uint64_t> synced;
  for (io::Directory* directory : directories_) {
    STERNA_TRY(const io::FileStat stat, directory->stat());
    if (std::ranges::find(synced, stat.dev) != synced.end()) continue;
    STERNA_CHECK(directory->sync_file_system());
    synced.push_back(stat.dev);
  }
  directories_.clear();
  return {};
}

Result<HomeDirectory> open_path(io::Directory& root, const MailboxPath& path) {
  return open_components(root, path);
}

Status flush_path(io::Directory& root, const MailboxPath& path) {
  HomeDirectory here(root);
  STERNA_CHECK(here->sync());
  for (const std::string& component : path) {
    STERNA_TRY(auto child, here->open_directory(component));
    STERNA_CHECK(child->sync());
    here = HomeDirectory(std::move(child));
  }
  return {};
}

Status flush_rest_of(io::Directory& root, const MailboxPath& path) {
  Status flushed = flush_path(root, path);
  const bool ends_early = !flushed && flushed.error().is(ErrorCode::not_found);
  return ends_early ? Status() : flushed;
}

Result<MailboxDirs> open_mailbox(io::Directory& root, const MailboxPath& path) {
  MailboxDirs dirs;
  STERNA_TRY(dirs.home, open_path(root, path));
  STERNA_TRY(dirs.cur, dirs.home->open_directory("cur"));
  STERNA_TRY(dirs.fresh, dirs.home->open_directory("new"));
  STERNA_TRY(dirs.tmp, dirs.home->open_directory("tmp"));
  return dirs;
}

Result<MailboxDirs> create_mailbox(io::Directory& root, LayoutKind kind, const MailboxPath& path) {
  MailboxDirs dirs;
  STERNA_TRY(dirs.home, make_path(root, path));
  if (kind == LayoutKind::maildir_plus_plus && !path.empty()) {
    STERNA_CHECK(make_maildirfolder(*dirs.home));
  }
  bool made = false;
  STERNA_TRY(dirs.tmp, open_or_make(*dirs.home, "tmp", made));
  STERNA_TRY(dirs.fresh, open_or_make(*dirs.home, "new", made));
  if (made) at_step("mailbox.half_made");
  STERNA_TRY(dirs.cur, open_or_make(*dirs.home, "cur", made));
  STERNA_CHECK(dirs.home->sync());
  return dirs;
}

Status remove_empty_mailbox(io::Directory& root, const MailboxPath& path) {
  const auto home = open_path(root, path);
  if (!home) return home.error().is(ErrorCode::not_found) ? Status() : fail(home.error());
  STERNA_CHECK(check_no_message(**home, "cur"));
  STERNA_CHECK(check_no_message(**home, "new"));
  STERNA_CHECK(clear_tmp(**home));
  STERNA_CHECK(remove_message_dirs(**home));
  at_step("unmailbox.half_gone");
  STERNA_CHECK((*home)->sync());
  return path.empty() ? Status() : remove_home(root, path, **home);
}

Status rename_mailbox(io::Directory& root, const MailboxPath& from, const MailboxPath& to) {
  STERNA_ASSERT(!from.empty() && !to.empty());
  STERNA_TRY(const HomeDirectory old_parent,
             open_components(root, std::span(from).first(from.size() - 1)));
  STERNA_TRY(const HomeDirectory new_parent, make_path(root, std::span(to).first(to.size() - 1)));
  STERNA_CHECK(old_parent->rename_at(from.back(), *new_parent, to.back()));
  STERNA_CHECK(new_parent->sync());
  return old_parent->sync();
}

}  // namespace sterna::maildir
