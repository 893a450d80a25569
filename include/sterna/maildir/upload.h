// SPDX-License-Identifier: Apache-2.0
// UploadReader: a file as the octets of an APPEND literal, whose number must be known before the
// first.
//
// Each LF without a CR before it gets one; nothing else is altered. The file is read once to count,
// and a second time to be sent, unless it is small enough to be kept. It is the same
// file both times (device, inode, size, mtime), or the upload fails with ErrorCode::changed: inside
// a literal that means that the connection must be closed (safety.md, 29).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sterna/base/result.h"
#include "sterna/io/file_system.h"
#include "sterna/maildir/identity.h"
#include "sterna/maildir/listing.h"

namespace sterna::maildir {

inline constexpr std::size_t kUploadKeptOctetsMax = 256 * 1024;

class UploadReader {
 public:
  // `directory` is the one that holds the file. ErrorCode::changed if the file is not the one that
  // was seen, changes while it is counted, or is open for writing.
  static Result<UploadReader> open(io::Directory& directory, const SeenFile& seen);

  std::uint64_t size() const { return identity_.size; }  // octets that read() gives in all
  const ContentIdentity& identity() const { return identity_; }
  const io::FileStat& stat() const { return stat_; }  // mtime is the INTERNALDATE

  // Appends at most `octets_max` octets; 0 when all size() were given and the file is still the
  // same.
  Result<std::size_t> read(std::string& into, std::size_t octets_max);

 private:
  UploadReader() = default;
  Status refill();

  ContentIdentity identity_;
  io::FileStat stat_;
  std::unique_ptr<io::FileReader> file_;  // null where `ready_` holds all of it
  std::string ready_;
  std::size_t ready_at_ = 0;
  std::uint64_t produced_ = 0;
  bool last_was_cr_ = false;
};

}  // namespace sterna::maildir
