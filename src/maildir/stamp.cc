// SPDX-License-Identifier: Apache-2.0
#include "sterna/maildir/stamp.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "sterna/base/bytes.h"
#include "sterna/base/nanoseconds.h"

namespace sterna::maildir {
namespace {

constexpr std::size_t kFieldCount = 8;

template <class Number>
bool parse_field(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool parse_stamp(const std::string_view* fields, DirectoryStamp& stamp) {
  return parse_field(fields[0], stamp.dev) && parse_field(fields[1], stamp.ino) &&
         parse_field(fields[2], stamp.mtime_ns) && parse_field(fields[3], stamp.ctime_ns);
}

Result<DirectoryStamp> stamp_child(io::Directory& mailbox, std::string_view name) {
  STERNA_TRY(io::FileStat stat, mailbox.stat_at(name));
  if (stat.type == io::FileType::symlink) {
    STERNA_TRY(const auto directory, mailbox.open_directory(name));
    STERNA_TRY(stat, directory->stat());
  }
  if (stat.type != io::FileType::directory) {
    return fail(ErrorCode::not_found, fmt::format("{} is no directory", name));
  }
  return DirectoryStamp::of(stat);
}

}  // namespace

DirectoryStamp DirectoryStamp::of(const io::FileStat& stat) {
  return {.dev = stat.dev,
          .ino = stat.ino,
          .mtime_ns = stat.mtime_ns,
          .ctime_ns = stat.ctime_ns,
          .btime_ns = stat.btime_ns};
}

bool DirectoryStamp::operator==(const DirectoryStamp& other) const {
  return dev == other.dev && ino == other.ino && mtime_ns == other.mtime_ns &&
         ctime_ns == other.ctime_ns;
}

bool MailboxStamp::trusted(std::int64_t now_ns) const {
  const std::int64_t latest =
      std::max({cur.mtime_ns, cur.ctime_ns, fresh.mtime_ns, fresh.ctime_ns});
  const std::int64_t age_ns = ticks_in_seconds() ? kCoarseStampAgeNs : kFineStampAgeNs;
  return latest < now_ns && now_ns - latest > age_ns;
}

bool MailboxStamp::ticks_in_seconds() const {
  return cur.mtime_ns % kNsPerSecond == 0 && cur.ctime_ns % kNsPerSecond == 0 &&
         fresh.mtime_ns % kNsPerSecond == 0 && fresh.ctime_ns % kNsPerSecond == 0;
}

std::string MailboxStamp::encode() const {
  return fmt::format("{}.{}.{}.{}.{}.{}.{}.{}", cur.dev, cur.ino, cur.mtime_ns, cur.ctime_ns,
                     fresh.dev, fresh.ino, fresh.mtime_ns, fresh.ctime_ns);
}

std::optional<MailboxStamp> MailboxStamp::decode(std::string_view text) {
  const std::vector<std::string_view> fields = split(text, '.');
  MailboxStamp stamp;
  if (fields.size() != kFieldCount || !parse_stamp(&fields[0], stamp.cur) ||
      !parse_stamp(&fields[kFieldCount / 2], stamp.fresh)) {
    return std::nullopt;
  }
  return stamp;
}

Result<MailboxStamp> stamp_mailbox(io::Directory& mailbox) {
  MailboxStamp stamp;
  STERNA_TRY(stamp.cur, stamp_child(mailbox, "cur"));
  STERNA_TRY(stamp.fresh, stamp_child(mailbox, "new"));
  return stamp;
}

Result<std::int64_t> file_system_now_ns(io::Directory& tmp) {
  STERNA_TRY(const auto file, tmp.create_file(".sterna-clock"));
  STERNA_TRY(const io::FileStat stat, file->stat());
  return stat.mtime_ns;
}

}  // namespace sterna::maildir
