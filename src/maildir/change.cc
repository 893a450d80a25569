// SPDX-License-Identifier: Apache-2.0
#include "sterna/maildir/change.h"

#include <fmt/format.h>

#include <utility>

#include "read_all.h"
#include "seen.h"
#include "sterna/base/assert.h"
#include "sterna/base/step.h"

namespace sterna::maildir {
namespace {

// One name in one directory, and the file that must be behind it.
struct Place {
  io::Directory& directory;
  std::string name;
  std::uint64_t ino;
};

Place place_of(MailboxDirs& mailbox, const SeenFile& seen) {
  return {.directory = mailbox.message_dir(seen.in_new), .name = seen.name, .ino = seen.ino};
}

Result<bool> is_there(io::Directory& directory, std::string_view name, std::uint64_t ino) {
  const auto stat = directory.stat_at(name);
  if (stat) return stat->type == io::FileType::file && stat->ino == ino;
  if (stat.error().is(ErrorCode::not_found)) return false;
  return fail(stat.error());
}

Result<io::FileStat> verify(const Place& from) {
  return stat_if_seen(from.directory, from.name, from.ino);
}

// A rename within a file system, between the look before and the look after.
Status rename_seen(const Place& from, io::Directory& to, std::string_view name) {
  if (auto done = from.directory.rename_at(from.name, to, name); !done) {
    if (!done.error().is(ErrorCode::not_found)) return done;
    // Network file systems may report a rename as failed that was done.
    STERNA_TRY(const bool is_done, is_there(to, name, from.ino));
    return is_done ? Status() : fail(no_longer_seen(from.name));
  }
  STERNA_TRY(const bool is_ours, is_there(to, name, from.ino));
  if (is_ours) return {};
  // Somebody exchanged the file between the two looks: it is put back where that is still possible.
  if (auto back = to.rename_at(name, from.directory, from.name); !back) {
    return fail_in(std::move(back), "putting it back");
  }
  return fail(no_longer_seen(from.name));
}

// Whoever wrote to it since it was copied, or is about to, would lose that.
Status verify_copied(const Place& from, io::FileReader& source, const io::FileStat& copied) {
  STERNA_TRY(const io::FileStat now, source.stat());
  const bool same = now.size == copied.size && now.mtime_ns == copied.mtime_ns;
  if (!same || source.has_writer()) return fail(no_longer_seen(from.name));
  STERNA_CHECK(verify(from));
  return {};
}

// Copies to another file system, durably, with the mtime; then removes the original, which must be
// unchanged since it was opened. `to_tmp` is where a nameless file for `to` is made; where it needs
// a name, that is not the one which it gets.
Status copy_and_remove(const Place& from, io::Directory& to_tmp, io::Directory& to,
                       std::string_view name) {
  STERNA_TRY(const auto source, from.directory.open_file(from.name));
  STERNA_TRY(const io::FileStat before, source->stat());
  if (before.ino != from.ino) return fail(no_longer_seen(from.name));
  STERNA_TRY(const auto copy, to_tmp.create_file(fmt::format("{}.part", name)));
  Status written;
  STERNA_CHECK(read_all(*source, [&](std::string_view piece) {
    if (written) written = copy->write(piece);
  }));
  STERNA_CHECK(std::move(written));
  STERNA_TRY(const io::FileStat after, source->stat());
  if (after.size != before.size || after.mtime_ns != before.mtime_ns) {
    return fail(no_longer_seen(from.name));
  }
  STERNA_CHECK(copy->set_mtime(before.mtime_ns));
  STERNA_CHECK(copy->sync());
  STERNA_CHECK(to.place(*copy, name));
  Status ready = to.sync();
  if (ready) {
    at_step("undo.copied");
    ready = verify_copied(from, *source, before);
  }
  // Beside an original that stays, the copy would be a second message.
  if (!ready) {
    static_cast<void>(to.unlink_at(name));
    return ready;
  }
  Status removed = from.directory.unlink_at(from.name);
  if (!removed && verify(from)) static_cast<void>(to.unlink_at(name));
  return removed;
}

// The inode that the file has at its new place.
Result<std::uint64_t> relocate(const Place& from, io::Directory& to_tmp, io::Directory& to,
                               std::string_view name, TouchedDirectories& touched) {
  STERNA_TRY(const io::FileStat seen, verify(from));
  STERNA_TRY(const io::FileStat target, to.stat());
  touched.add(to);
  touched.add(from.directory);
  Status done;
  bool is_copied = seen.dev != target.dev;
  if (!is_copied) {
    done = rename_seen(from, to, name);
    // The same device number, and yet no rename: two mounts of one file system.
    is_copied = !done && done.error().is(ErrorCode::unsupported);
  }
  if (is_copied) done = copy_and_remove(from, to_tmp, to, name);
  if (!done) return std::unexpected(std::move(done).error());
  if (!is_copied) return from.ino;
  STERNA_TRY(const io::FileStat placed, to.stat_at(name));
  return placed.ino;
}

// The same mailbox, another full name or directory.
Result<SeenFile> rename_within(MailboxDirs& mailbox, const SeenFile& seen, SeenFile wanted,
                               TouchedDirectories& touched) {
  const Place from = place_of(mailbox, seen);
  STERNA_CHECK(verify(from));
  if (wanted == seen) return seen;
  io::Directory& to = mailbox.message_dir(wanted.in_new);
  touched.add(to);
  touched.add(from.directory);
  STERNA_CHECK(rename_seen(from, to, wanted.name));
  at_step("flags_in.renamed");
  return wanted;
}

}  // namespace

Result<SeenFile> rename_flags(MailboxDirs& mailbox, const SeenFile& seen, std::uint8_t mask,
                              std::uint32_t keywords, TouchedDirectories& touched) {
  const FileName name = parse_file_name(seen.name);
  if (!name.tells_flags()) {
    return fail(Error(ErrorCode::unsupported, fmt::format("{} cannot hold flags", seen.name))
                    .with_scope(ErrorScope::message));
  }
  SeenFile wanted = seen;
  if (name.mask != mask || name.keywords != keywords) {
    wanted.name = print_file_name(with_flags(name, mask, keywords));
    wanted.in_new = seen.in_new && mask == 0 && keywords == 0;
  }
  return rename_within(mailbox, seen, std::move(wanted), touched);
}

Result<SeenFile> rename_base(MailboxDirs& mailbox, const SeenFile& seen, std::string_view base,
                             TouchedDirectories& touched) {
  FileName name = parse_file_name(seen.name);
  name.base = base;
  SeenFile wanted = seen;
  wanted.name = print_file_name(name);
  return rename_within(mailbox, seen, std::move(wanted), touched);
}

Result<SeenFile> move_file(MailboxDirs& from, const SeenFile& seen, MailboxDirs& to, bool in_new,
                           const FileName& name, TouchedDirectories& touched) {
  SeenFile moved{.in_new = in_new, .name = print_file_name(name), .ino = 0};
  STERNA_TRY(moved.ino,
             relocate(place_of(from, seen), *to.tmp, to.message_dir(in_new), moved.name, touched));
  at_step("move_in.renamed");
  return moved;
}

Status remove_to(MailboxDirs& mailbox, const SeenFile& seen, io::Directory& undo,
                 std::string_view undo_name, TouchedDirectories& touched) {
  STERNA_CHECK(relocate(place_of(mailbox, seen), undo, undo, undo_name, touched));
  at_step("undo.moved");
  return {};
}

Result<SeenFile> restore_from(io::Directory& undo, std::string_view undo_name,
                              std::uint64_t undo_ino, MailboxDirs& to, bool in_new,
                              const FileName& name, TouchedDirectories& touched) {
  SeenFile restored{.in_new = in_new, .name = print_file_name(name), .ino = 0};
  const Place from{.directory = undo, .name = std::string(undo_name), .ino = undo_ino};
  STERNA_TRY(restored.ino, relocate(from, *to.tmp, to.message_dir(in_new), restored.name, touched));
  return restored;
}

Status remove_file(MailboxDirs& mailbox, const SeenFile& seen, TouchedDirectories& touched) {
  const Place from = place_of(mailbox, seen);
  STERNA_CHECK(verify(from));
  touched.add(from.directory);
  auto done = from.directory.unlink_at(from.name);
  if (!done && done.error().is(ErrorCode::not_found)) return fail(no_longer_seen(from.name));
  return done;
}

}  // namespace sterna::maildir
