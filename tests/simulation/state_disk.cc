// SPDX-License-Identifier: Apache-2.0
#include "state_disk.h"

#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "sterna/base/assert.h"

namespace sterna::simulation {

namespace fs = std::filesystem;

// The VFS of the system, with a look at what is written below a StateDisk.
struct StateVfs {
  struct Open {
    StateDisk* disk = nullptr;
    std::string name;
    const sqlite3_io_methods* real = nullptr;
    sqlite3_io_methods watched{};
  };

  static StateVfs& instance() {
    static StateVfs vfs;
    return vfs;
  }

  StateVfs() {
    real = sqlite3_vfs_find(nullptr);
    watching = *real;
    watching.zName = "watching";
    watching.xOpen = open;
    watching.xDelete = remove;
    STERNA_ASSERT(sqlite3_vfs_register(&watching, 1) == SQLITE_OK);
  }

  StateDisk* disk_of(const fs::path& path) {
    const auto found = disks.find(path.parent_path().string());
    return found == disks.end() ? nullptr : found->second;
  }
  static StateDisk::File& file_of(const Open& open) { return open.disk->files_[open.name]; }

  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    StateVfs& self = instance();
    const int code = self.real->xOpen(self.real, name, file, flags, out_flags);
    constexpr int kKept = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL;
    if (code != SQLITE_OK || name == nullptr || (flags & kKept) == 0) return code;
    StateDisk* disk = self.disk_of(name);
    if (disk == nullptr) return code;
    Open& kept = self.open_files[file];
    kept = {disk, fs::path(name).filename().string(), file->pMethods, *file->pMethods};
    kept.watched.xWrite = write;
    kept.watched.xTruncate = truncate;
    kept.watched.xSync = sync;
    kept.watched.xClose = close;
    file->pMethods = &kept.watched;
    file_of(kept);
    return code;
  }
  static int remove(sqlite3_vfs*, const char* name, int flushes) {
    StateVfs& self = instance();
    const int code = self.real->xDelete(self.real, name, flushes);
    if (StateDisk* disk = self.disk_of(name))
      disk->files_.erase(fs::path(name).filename().string());
    return code;
  }
  static int write(sqlite3_file* file, const void* octets, int size, sqlite3_int64 offset) {
    const Open& open = instance().open_files.at(file);
    const std::string text(static_cast<const char*>(octets), static_cast<std::size_t>(size));
    file_of(open).unsynced.push_back({static_cast<std::uint64_t>(offset), text, false});
    return open.real->xWrite(file, octets, size, offset);
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    const Open& open = instance().open_files.at(file);
    file_of(open).unsynced.push_back({static_cast<std::uint64_t>(size), {}, true});
    return open.real->xTruncate(file, size);
  }
  // Into memory: nothing here outlives the process, so nothing waits for a real disk.
  static int sync(sqlite3_file* file, int) {
    StateDisk::File& kept = file_of(instance().open_files.at(file));
    for (const auto& one : std::exchange(kept.unsynced, {})) {
      StateDisk::store(kept, one, one.octets.size());
    }
    return SQLITE_OK;
  }
  static int close(sqlite3_file* file) {
    auto& files = instance().open_files;
    const sqlite3_io_methods* real = files.at(file).real;
    file->pMethods = real;
    files.erase(file);
    return real->xClose(file);
  }

  sqlite3_vfs* real = nullptr;
  sqlite3_vfs watching{};
  std::map<std::string, StateDisk*> disks;  // by directory
  std::unordered_map<sqlite3_file*, Open> open_files;
};

StateDisk::StateDisk(std::string directory) : directory_(std::move(directory)) {
  STERNA_ASSERT(StateVfs::instance().disks.emplace(directory_, this).second);
}

StateDisk::~StateDisk() {
  StateVfs::instance().disks.erase(directory_);
}

void StateDisk::store(File& file, const File::Write& write, std::size_t octets) {
  if (write.cuts) return file.stored.resize(std::min(file.stored.size(), write.offset));
  if (file.stored.size() < write.offset + octets) file.stored.resize(write.offset + octets);
  file.stored.replace(write.offset, octets, write.octets, 0, octets);
}

void StateDisk::sync_all() {
  for (auto& [name, file] : files_) {
    for (const File::Write& one : std::exchange(file.unsynced, {})) {
      store(file, one, one.octets.size());
    }
  }
}

// The last one to close a database copies its log, and removes it.
void StateDisk::empty_log() {
  sqlite3* handle = nullptr;
  sqlite3_open((directory_ + "/state.db").c_str(), &handle);
  sqlite3_exec(handle, "PRAGMA schema_version", nullptr, nullptr, nullptr);
  sqlite3_close(handle);
}

void StateDisk::lose_power(const Files& files, const std::string& directory, SeededRandom chance) {
  fs::remove(directory + "/state.db-shm");
  for (auto [name, file] : files) {
    for (const File::Write& one : file.unsynced) {
      const std::uint64_t fate = chance.below(5);
      if (fate < 2) store(file, one, one.octets.size());
      if (fate == 2 && !one.cuts) store(file, one, chance.below(one.octets.size() + 1));
    }
    std::ofstream(directory + "/" + name, std::ios::binary | std::ios::trunc) << file.stored;
  }
}

StateDisk::Files StateDisk::stored_in(const std::string& directory) {
  Files files;
  for (const std::string name : {"state.db", "state.db-wal"}) {
    std::ifstream file(directory + "/" + name, std::ios::binary);
    if (!file) continue;
    std::ostringstream text;
    text << file.rdbuf();
    files[name].stored = text.str();
  }
  return files;
}

}  // namespace sterna::simulation
