// SPDX-License-Identifier: Apache-2.0
// ForgetfulDisk: while it lives, every file that SQLite flushes is copied aside as it is at that
// moment. The copies are what a power loss leaves when the disk kept nothing that was not flushed,
// which is the strictest of the outcomes that a file system may choose.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "sterna/base/assert.h"

namespace sterna::store {

class ForgetfulDisk {
 public:
  // Keeps the copies in `directory`, under the names of the files.
  explicit ForgetfulDisk(std::string directory) : directory_(std::move(directory)) {
    STERNA_ASSERT(current_ == nullptr);
    std::filesystem::create_directories(directory_);
    real_ = sqlite3_vfs_find(nullptr);
    vfs_ = *real_;
    vfs_.zName = "forgetful";
    vfs_.xOpen = open;
    current_ = this;
    STERNA_ASSERT(sqlite3_vfs_register(&vfs_, 1) == SQLITE_OK);
  }
  ForgetfulDisk(const ForgetfulDisk&) = delete;
  ForgetfulDisk& operator=(const ForgetfulDisk&) = delete;
  // Precondition: every file that was opened meanwhile is closed.
  ~ForgetfulDisk() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real_, 1);
    current_ = nullptr;
  }

  // Called after each flush.
  void on_flush(std::function<void()> call) { on_flush_ = std::move(call); }

  // What the disk has now, as a directory of its own.
  void copy_to(const std::string& directory) const {
    std::filesystem::copy(directory_, directory, std::filesystem::copy_options::recursive);
  }

 private:
  struct File {
    std::filesystem::path path;
    const sqlite3_io_methods* real = nullptr;
    sqlite3_io_methods forgetful{};
  };

  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    ForgetfulDisk& disk = *current_;
    const int code = disk.real_->xOpen(disk.real_, name, file, flags, out_flags);
    constexpr int kKept = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL;
    if (code != SQLITE_OK || name == nullptr || (flags & kKept) == 0) return code;
    // The kinds of files have methods of their own, so each keeps its set.
    File& kept = disk.files_[file];
    kept = {.path = name, .real = file->pMethods, .forgetful = *file->pMethods};
    kept.forgetful.xSync = flush;
    file->pMethods = &kept.forgetful;
    return code;
  }

  static int flush(sqlite3_file* file, int flags) {
    ForgetfulDisk& disk = *current_;
    const File& kept = disk.files_.at(file);
    const int code = kept.real->xSync(file, flags);
    if (code != SQLITE_OK) return code;
    std::filesystem::copy_file(kept.path, disk.directory_ / kept.path.filename(),
                               std::filesystem::copy_options::overwrite_existing);
    if (disk.on_flush_) disk.on_flush_();
    return code;
  }

  static inline ForgetfulDisk* current_ = nullptr;

  std::filesystem::path directory_;
  sqlite3_vfs* real_ = nullptr;
  sqlite3_vfs vfs_{};
  std::map<sqlite3_file*, File> files_;
  std::function<void()> on_flush_;
};

}  // namespace sterna::store
