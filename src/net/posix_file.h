// SPDX-License-Identifier: Apache-2.0
// Files of the real file system: readers, and writers without a name.
#pragma once

#include <string>

#include "sterna/base/unique_fd.h"
#include "sterna/io/file_system.h"

namespace sterna::net {

// statx of `name` in `directory`, of the link itself; "" means the descriptor.
Result<io::FileStat> stat_file(int directory, const std::string& name);

// Writes all of it, whatever the signals.
Status write_all(int fd, std::string_view bytes);

// Gives an existing name another one; never replaces (ErrorCode::exists).
Status rename_without_replacing(int from, const std::string& name, int to,
                                const std::string& new_name);
// How it does that where the file system has no RENAME_NOREPLACE (NFS). A crash in the middle
// leaves a file with both names.
Status rename_by_link(int from, const std::string& name, int to, const std::string& new_name);

class PosixReader : public io::FileReader {
 public:
  explicit PosixReader(UniqueFd fd) : fd_(std::move(fd)) {}
  Result<io::FileStat> stat() override { return stat_file(fd_.get(), ""); }
  Result<std::size_t> read(std::string& into, std::size_t octets_max) override;
  bool has_writer() override;
  Status sync() override;

 private:
  UniqueFd fd_;
};

class PosixWriter : public io::FileWriter {
 public:
  // In `directory`: without a name where the file system can (O_TMPFILE), else as `temporary`.
  static Result<std::unique_ptr<PosixWriter>> create(int directory, const std::string& temporary);
  static Result<std::unique_ptr<PosixWriter>> create_named(int directory,
                                                           const std::string& temporary);
  ~PosixWriter() override;

  Status write(std::string_view bytes) override { return write_all(fd_.get(), bytes); }
  Status set_mtime(std::int64_t mtime_ns) override;
  Status sync() override;
  Result<io::FileStat> stat() override { return stat_file(fd_.get(), ""); }

  Status place(int directory, const std::string& name);

 private:
  explicit PosixWriter(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
  // Where it has a name until it is placed: a duplicate, since it may outlive the Directory.
  UniqueFd home_;
  std::string temporary_;
};

}  // namespace sterna::net
