// SPDX-License-Identifier: Apache-2.0
// Files of the real file system: readers, and writers without a name.
#pragma once

#include <string>

#include "sterna/base/unique_fd.h"
#include "sterna/io/file_system.h"

namespace sterna::net {

// A directory that is open, and the path that it was opened by, which is said in errors and is good
// for nothing else.
struct OpenDirectory {
  int fd;
  std::string_view path;

  std::string path_of(std::string_view name) const;
};

// What follows gives 0, or the errno: those who call it know the paths.

// statx of `name` in `directory`, of the link itself; "" means the descriptor.
int stat_file(int directory, const std::string& name, io::FileStat& stat);

// Writes all of it, whatever the signals.
int write_all(int fd, std::string_view bytes);

// Gives an existing name another one; never replaces (EEXIST).
int rename_without_replacing(int from, const std::string& name, int to,
                             const std::string& new_name);
// How it does that where the file system has no RENAME_NOREPLACE (NFS). A crash in the middle
// leaves a file with both names.
int rename_by_link(int from, const std::string& name, int to, const std::string& new_name);

class PosixReader : public io::FileReader {
 public:
  PosixReader(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Result<io::FileStat> stat() override;
  Result<std::size_t> read(std::string& into, std::size_t octets_max) override;
  bool has_writer() override;
  Status sync() override;

 private:
  UniqueFd fd_;
  std::string path_;
};

class PosixWriter : public io::FileWriter {
 public:
  // In `directory`: without a name where the file system can (O_TMPFILE), else as `temporary`.
  static Result<std::unique_ptr<PosixWriter>> create(const OpenDirectory& directory,
                                                     const std::string& temporary);
  static Result<std::unique_ptr<PosixWriter>> create_named(const OpenDirectory& directory,
                                                           const std::string& temporary);
  ~PosixWriter() override;

  Status write(std::string_view bytes) override;
  Status set_mtime(std::int64_t mtime_ns) override;
  Status sync() override;
  Result<io::FileStat> stat() override;

  Status place(const OpenDirectory& directory, const std::string& name);

 private:
  PosixWriter(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  UniqueFd fd_;
  std::string path_;  // that it has, or would have
  // Where it has a name until it is placed: a duplicate, since it may outlive the Directory.
  UniqueFd home_;
  std::string temporary_;
};

}  // namespace sterna::net
