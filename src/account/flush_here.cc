// SPDX-License-Identifier: Apache-2.0
#include "flush_here.h"

#include <algorithm>
#include <utility>

#include "late_flush.h"
#include "sterna/base/step.h"

namespace sterna::account {
namespace {

// The kernel has written what is older, by far.
constexpr std::int64_t kSurelyWrittenNs = std::chrono::nanoseconds(std::chrono::hours(1)).count();
// From so many on, one flush of the file system costs less.
constexpr std::size_t kFlushedSinglyMax = 8;

Status flush_each(io::Directory& directory, const std::vector<const LocalFile*>& files) {
  for (const LocalFile* file : files) {
    STERNA_TRY(const auto reader, directory.open_file(file->name));
    STERNA_CHECK(reader->sync());
  }
  return directory.sync();
}

}  // namespace

std::int64_t written_before_ns(const Engine& engine) {
  if (engine.clock_was_set_lately) return INT64_MIN;
  return engine.services.clock.wall_ns() - kSurelyWrittenNs;
}

FlushBegun begin_flush(Engine& engine, const MailboxWork& work, const maildir::MailboxDirs& dirs,
                       const std::vector<LocalFile*>& files, std::int64_t since_ns,
                       std::optional<std::int64_t> fs_now_ns) {
  FlushBegun begun;
  if (!engine.late_flush || engine.flushes_singly || !fs_now_ns) return begun;
  begun.at_ns = *fs_now_ns;
  for (const bool in_new : {true, false}) {
    const auto count = std::ranges::count(files, in_new, &LocalFile::in_new);
    const maildir::DirectoryStamp& stamp = in_new ? work.stamp_now->fresh : work.stamp_now->cur;
    if (std::cmp_less_equal(count, kFlushedSinglyMax) || stamp.mtime_ns < since_ns) continue;
    auto directory = dirs.home->open_directory(in_new ? "new" : "cur");
    if (!directory) continue;
    engine.late_flush->begin(std::move(*directory));
    (in_new ? begun.of_new : begun.of_cur) = true;
  }
  return begun;
}

bool flush_young(maildir::MailboxDirs& dirs, const std::vector<LocalFile*>& files,
                 std::vector<Looked>& looked, std::int64_t since_ns, const FlushBegun& begun,
                 bool singly) {
  bool all = true;
  for (const bool in_new : {true, false}) {
    const auto is_young = [&](std::size_t i) {
      return files[i]->in_new == in_new && looked[i].identity && looked[i].changed_ns >= since_ns &&
             !begun.covers(in_new, looked[i].changed_ns);
    };
    std::vector<const LocalFile*> young;
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (is_young(i)) young.push_back(files[i]);
    }
    if (young.empty()) continue;
    io::Directory& directory = dirs.message_dir(in_new);
    const bool together = young.size() > kFlushedSinglyMax && !singly;
    const Status flushed = together ? directory.sync_file_system() : flush_each(directory, young);
    if (flushed) continue;
    all = false;
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (is_young(i)) looked[i].identity.reset();
    }
  }
  return all;
}

coro::Task<void> flush_renames(Engine& engine, MailboxWork& work, maildir::MailboxDirs& dirs,
                               ListingMatch& found) {
  if (!engine.settings.fsync || engine.dry_run()) co_return;
  const std::int64_t since_ns = written_before_ns(engine);
  for (const bool in_new : {true, false}) {
    const auto is_renamed = [in_new](const LocalChange& change) {
      return !change.content_changed && change.file.in_new == in_new;
    };
    const maildir::DirectoryStamp& stamp = in_new ? work.stamp_now->fresh : work.stamp_now->cur;
    const bool young = std::max(stamp.mtime_ns, stamp.ctime_ns) >= since_ns;
    if (!young || std::ranges::none_of(found.changed, is_renamed)) continue;
    auto job = [&dirs, in_new] { return dirs.message_dir(in_new).sync(); };
    Status flushed = co_await on_worker(engine.services, job);
    if (flushed) {
      at_step("flags_out.flushed");
      continue;
    }
    // Not known yet.
    std::erase_if(found.changed, is_renamed);
    work.look_again();
    engine.note(std::move(flushed).error().with_context("names that changed"), &work);
  }
}

}  // namespace sterna::account
