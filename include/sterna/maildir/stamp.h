// SPDX-License-Identifier: Apache-2.0
// Stamps: whether a directory changed since it was last listed (safety.md, rule 23).
//
// Stamps are compared for equality only. One is worth storing if it was taken before the listing
// that it vouches for and was older than a tick by the file system's own clock at that moment: a
// change in the same tick would be invisible otherwise. A file system whose times are whole seconds
// may tick in two of them; one that has fractions ticks with the kernel, at least every 10 ms. On
// network file systems a stamp is worth nothing; that is the caller's check
// (io::Directory::is_network_file_system()).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sterna/base/result.h"
#include "sterna/io/file_system.h"

namespace sterna::maildir {

inline constexpr std::int64_t kCoarseStampAgeNs = 2'000'000'000;
inline constexpr std::int64_t kFineStampAgeNs = 100'000'000;

struct DirectoryStamp {
  std::uint64_t dev = 0;
  std::uint64_t ino = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::int64_t btime_ns = 0;  // 0: not known. Of who it is, not of whether it changed: not compared
  bool operator==(const DirectoryStamp& other) const;

  static DirectoryStamp of(const io::FileStat& stat);
};

struct MailboxStamp {
  DirectoryStamp cur;
  DirectoryStamp fresh;  // new/
  bool operator==(const MailboxStamp&) const = default;

  // Old enough to be believed at `now_ns`, by the clock of the file system. A stamp from the future
  // is not.
  bool trusted(std::int64_t now_ns) const;
  // None of its times has a fraction: the clock may be a coarse one.
  bool ticks_in_seconds() const;

  // For the database: printable, under 180 octets. decode() is strict; "" and garbage are nullopt.
  std::string encode() const;
  static std::optional<MailboxStamp> decode(std::string_view text);
};

// Of cur and new, as found now below `mailbox`. Two stats; ErrorCode::not_found if either is
// missing.
Result<MailboxStamp> stamp_mailbox(io::Directory& mailbox);

// The clock of the file system that `tmp` (a mailbox's tmp/) lies on: the birth of a nameless file.
Result<std::int64_t> file_system_now_ns(io::Directory& tmp);

}  // namespace sterna::maildir
