// SPDX-License-Identifier: Apache-2.0
#include "state_disk.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sterna/base/assert.h"

namespace sterna::simulation {

namespace fs = std::filesystem;

namespace {

std::string content_of(const std::string& path) {
  std::string content(fs::file_size(path), '\0');
  std::ifstream(path, std::ios::binary).read(content.data(), std::ssize(content));
  return content;
}

}  // namespace

// The VFS of the system, with a look at what is written below a StateDisk. What is read there comes
// from memory, and so do the locks and the index of the log, which processes would share.
struct StateVfs {
  struct Shared {
    std::string content;  // of the file, as whoever reads it finds it
    std::vector<std::unique_ptr<char[]>> log_index{};
  };
  struct Open {
    StateDisk* disk = nullptr;
    std::string name;
    const sqlite3_io_methods* real = nullptr;
    sqlite3_io_methods watched{};
    std::shared_ptr<Shared> shared{};  // among those who have it open
    int locked = SQLITE_LOCK_NONE;
    unsigned log_shared = 0;  // locks of the log's index, a bit each
    unsigned log_alone = 0;
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
  static Open& of(sqlite3_file* file) { return instance().open_files.at(file); }
  static StateDisk::File& file_of(const Open& open) { return open.disk->files_[open.name]; }

  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    StateVfs& self = instance();
    const int code = self.real->xOpen(self.real, name, file, flags, out_flags);
    constexpr int kKept = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL;
    if (code != SQLITE_OK || name == nullptr || (flags & kKept) == 0) return code;
    StateDisk* disk = self.disk_of(name);
    if (disk == nullptr) return code;
    const std::string known = fs::path(name).filename().string();
    std::shared_ptr<Shared> shared;
    for (const auto& [other, one] : self.open_files) {
      if (one.disk == disk && one.name == known) shared = one.shared;
    }
    if (!shared) shared = std::make_shared<Shared>(content_of(name));
    Open& kept = self.open_files[file];
    kept = {disk, known, file->pMethods, *file->pMethods, std::move(shared)};
    kept.watched.iVersion = 2;  // without memory maps
    kept.watched.xRead = read;
    kept.watched.xWrite = write;
    kept.watched.xTruncate = truncate;
    kept.watched.xSync = sync;
    kept.watched.xFileSize = size_of;
    kept.watched.xLock = lock;
    kept.watched.xUnlock = unlock;
    kept.watched.xCheckReservedLock = is_reserved;
    kept.watched.xShmMap = map_log_index;
    kept.watched.xShmLock = lock_log_index;
    kept.watched.xShmBarrier = [](sqlite3_file*) {};
    kept.watched.xShmUnmap = unmap_log_index;
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
  static int read(sqlite3_file* file, void* octets, int size, sqlite3_int64 offset) {
    const std::string& content = of(file).shared->content;
    const std::size_t begin = std::min(content.size(), static_cast<std::size_t>(offset));
    const std::size_t wanted = static_cast<std::size_t>(size);
    const std::size_t there = content.copy(static_cast<char*>(octets), wanted, begin);
    std::memset(static_cast<char*>(octets) + there, 0, wanted - there);
    return there == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }
  static int write(sqlite3_file* file, const void* octets, int size, sqlite3_int64 offset) {
    const std::string text(static_cast<const char*>(octets), static_cast<std::size_t>(size));
    const int code = of(file).real->xWrite(file, octets, size, offset);
    if (code == SQLITE_OK) change(of(file), {static_cast<std::uint64_t>(offset), text, false});
    return code;
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    const int code = of(file).real->xTruncate(file, size);
    if (code == SQLITE_OK) change(of(file), {static_cast<std::uint64_t>(size), {}, true});
    return code;
  }
  static void change(Open& open, StateDisk::File::Write write) {
    StateDisk::store(open.shared->content, write, write.octets.size());
    file_of(open).unsynced.push_back(std::move(write));
  }
  // Into memory: nothing here outlives the process, so nothing waits for a real disk.
  static int sync(sqlite3_file* file, int) {
    StateDisk::File& kept = file_of(of(file));
    for (const auto& one : std::exchange(kept.unsynced, {})) {
      StateDisk::store(kept.stored, one, one.octets.size());
    }
    return SQLITE_OK;
  }
  static int size_of(sqlite3_file* file, sqlite3_int64* size) {
    *size = static_cast<sqlite3_int64>(of(file).shared->content.size());
    return SQLITE_OK;
  }
  // Of those who have that file open, too.
  template <class Hinders>
  static bool none_of_others(const Open& open, Hinders hinders) {
    return std::ranges::none_of(instance().open_files, [&](const auto& entry) {
      const Open& other = entry.second;
      return &other != &open && other.shared == open.shared && hinders(other);
    });
  }
  static int lock(sqlite3_file* file, int level) {
    Open& open = of(file);
    const int lowest = level == SQLITE_LOCK_EXCLUSIVE ? SQLITE_LOCK_SHARED
                       : level == SQLITE_LOCK_SHARED  ? SQLITE_LOCK_PENDING
                                                      : SQLITE_LOCK_RESERVED;
    if (!none_of_others(open, [&](const Open& other) { return other.locked >= lowest; }))
      return SQLITE_BUSY;
    open.locked = std::max(open.locked, level);
    return SQLITE_OK;
  }
  static int unlock(sqlite3_file* file, int level) {
    of(file).locked = level;
    return SQLITE_OK;
  }
  static int is_reserved(sqlite3_file* file, int* reserved) {
    const auto has = [](const Open& other) { return other.locked >= SQLITE_LOCK_RESERVED; };
    *reserved = of(file).locked >= SQLITE_LOCK_RESERVED || !none_of_others(of(file), has) ? 1 : 0;
    return SQLITE_OK;
  }
  static int map_log_index(sqlite3_file* file, int region, int size, int may_grow,
                           void volatile** out) {
    auto& regions = of(file).shared->log_index;
    const auto wanted = static_cast<std::size_t>(region);
    while (may_grow != 0 && regions.size() <= wanted) {
      regions.push_back(std::make_unique<char[]>(static_cast<std::size_t>(size)));
    }
    *out = wanted < regions.size() ? regions[wanted].get() : nullptr;
    return SQLITE_OK;
  }
  static int lock_log_index(sqlite3_file* file, int first, int count, int flags) {
    Open& open = of(file);
    const unsigned these = ((1U << count) - 1U) << first;
    const bool alone = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    unsigned& mine = alone ? open.log_alone : open.log_shared;
    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
      mine &= ~these;
      return SQLITE_OK;
    }
    const auto hinders = [&](const Open& other) {
      return ((other.log_alone | (alone ? other.log_shared : 0U)) & these) != 0;
    };
    if (!none_of_others(open, hinders)) return SQLITE_BUSY;
    mine |= these;
    return SQLITE_OK;
  }
  // It dies with the last who has the file open.
  static int unmap_log_index(sqlite3_file* file, int) {
    of(file).log_shared = of(file).log_alone = 0;
    return SQLITE_OK;
  }
  static int close(sqlite3_file* file) {
    const sqlite3_io_methods* real = of(file).real;
    file->pMethods = real;
    instance().open_files.erase(file);
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

void StateDisk::store(std::string& content, const File::Write& write, std::size_t octets) {
  if (write.cuts) return content.resize(std::min(content.size(), write.offset));
  if (content.size() < write.offset + octets) content.resize(write.offset + octets);
  content.replace(write.offset, octets, write.octets, 0, octets);
}

void StateDisk::sync_all() {
  for (auto& [name, file] : files_) {
    for (const File::Write& one : std::exchange(file.unsynced, {})) {
      store(file.stored, one, one.octets.size());
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
  for (auto [name, file] : files) {
    for (const File::Write& one : file.unsynced) {
      const std::uint64_t fate = chance.below(5);
      if (fate < 2) store(file.stored, one, one.octets.size());
      if (fate == 2 && !one.cuts) store(file.stored, one, chance.below(one.octets.size() + 1));
    }
    std::ofstream(directory + "/" + name, std::ios::binary | std::ios::trunc) << file.stored;
  }
}

StateDisk::Files StateDisk::stored_in(const std::string& directory) {
  Files files;
  for (const std::string name : {"state.db", "state.db-wal"}) {
    const std::string path = directory + "/" + name;
    if (fs::exists(path)) files[name].stored = content_of(path);
  }
  return files;
}

}  // namespace sterna::simulation
