// SPDX-License-Identifier: Apache-2.0
// The directory of an account's state: made where it is missing, refused where SQLite's shared
// memory and locks mean nothing, and locked by one writer a time
// (docs/decisions/0003-state-lock.md).
#pragma once

#include <string>
#include <utility>

#include "sterna/base/result.h"
#include "sterna/base/unique_fd.h"

namespace sterna::store {

// A lock that ends with the object or with the process, however that ends.
class DirectoryLock {
 public:
  DirectoryLock() = default;

  // Without waiting; `locked` if another process, or another Store of this one, has it.
  static Result<DirectoryLock> take(const std::string& directory);

 private:
  explicit DirectoryLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

// Makes `directory` and what is missing above it, mode 0700; each is durable on return.
Status make_directory(const std::string& directory);

// `unsupported` if it lies on a network or FUSE file system.
Status check_file_system(const std::string& directory);

// Makes an empty `path`, mode 0600, unless it is there; its name is durable on return.
Status make_file(const std::string& path);

Result<bool> file_exists(const std::string& path);

}  // namespace sterna::store
