// SPDX-License-Identifier: Apache-2.0
// FileSystem and Directory: every effect and observation of the disk that the engine makes.
//
// All calls block and may be made from any thread; a Directory is used by one thread at a time.
// Long work is handed to a Worker as whole batches. Everything below a Maildir is reached through
// Directory objects that were opened from one root, so that a mount or a rename meanwhile cannot
// swap the tree. Names are single components; a name with '/' or NUL, and "." and "..", are refused
// with ErrorCode::internal before they reach the kernel. Symbolic links are never followed inside a
// Maildir except where open_directory says so.
//
// An error of the real disk says what was tried, on which path (by which the root was opened, so
// that a rename since does not show), and as a hint what mends it: nobody above need say it again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sterna/base/result.h"

namespace sterna::io {

enum class FileType : std::uint8_t { unknown, file, directory, symlink, other };

struct FileStat {
  FileType type = FileType::unknown;
  std::uint64_t dev = 0;
  std::uint64_t ino = 0;
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::int64_t btime_ns = 0;  // 0 where the file system does not tell
  bool operator==(const FileStat&) const = default;
};

struct DirectoryEntry {
  std::string_view name;  // lives as long as the listing
  std::uint64_t ino = 0;
  FileType type = FileType::unknown;
};

// What stands beside a file until it takes its place.
inline std::string name_beside(std::string_view name) {
  return "." + std::string(name) + ".new";
}

// The entries of a directory, which may be many: the names lie in one piece.
class DirectoryListing {
 public:
  class Iterator {
   public:
    using value_type = DirectoryEntry;
    using difference_type = std::ptrdiff_t;

    Iterator() = default;
    Iterator(const DirectoryListing& listing, std::size_t at) : listing_(&listing), at_(at) {}
    DirectoryEntry operator*() const { return listing_->at(at_); }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) { return std::exchange(*this, Iterator(*listing_, at_ + 1)); }
    bool operator==(const Iterator&) const = default;

   private:
    const DirectoryListing* listing_ = nullptr;
    std::size_t at_ = 0;
  };

  void reserve(std::size_t count, std::size_t octets) {
    items_.reserve(count);
    names_.reserve(octets);
  }
  void add(const DirectoryEntry& entry) {
    items_.push_back({entry.ino, static_cast<std::uint32_t>(names_.size()),
                      static_cast<std::uint16_t>(entry.name.size()), entry.type});
    names_ += entry.name;
  }
  std::size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  std::size_t name_octets() const { return names_.size(); }
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size()}; }

 private:
  struct Item {
    std::uint64_t ino;
    std::uint32_t offset;  // 4 GiB of names are some 50 million files
    std::uint16_t length;  // NAME_MAX is 255
    FileType type;
  };

  DirectoryEntry at(std::size_t index) const {
    const Item& item = items_[index];
    return {std::string_view(names_).substr(item.offset, item.length), item.ino, item.type};
  }

  std::string names_;
  std::vector<Item> items_;
};

// A good piece to read at a time.
inline constexpr std::size_t kReadOctets = 128 * 1024;

class FileReader {
 public:
  virtual ~FileReader() = default;
  virtual Result<FileStat> stat() = 0;
  // Appends up to `octets_max` from the current place to `into`; 0 at the end.
  virtual Result<std::size_t> read(std::string& into, std::size_t octets_max) = 0;
  // Whether a program has it open for writing just now. False also where that cannot be told: on
  // network file systems, and of files that belong to somebody else.
  virtual bool has_writer() { return false; }
  // What any program wrote to it so far becomes durable. A reader of octets at hand has nothing to
  // do.
  virtual Status sync() { return {}; }
};

// A new file that has no name, or a name in tmp/ that nobody else uses, until it is placed.
class FileWriter {
 public:
  virtual ~FileWriter() = default;  // not placed: the file is gone
  virtual Status write(std::string_view bytes) = 0;
  virtual Status set_mtime(std::int64_t mtime_ns) = 0;
  virtual Status sync() = 0;
  virtual Result<FileStat> stat() = 0;
};

class Directory {
 public:
  virtual ~Directory() = default;

  virtual Result<FileStat> stat() = 0;
  virtual Result<FileStat> stat_at(std::string_view name) = 0;  // of a link itself, not its target
  // Every entry but "." and "..", with one getdents64 call whose buffer held the whole directory.
  virtual Result<DirectoryListing> list() = 0;
  // Whether names may be made and removed here, told without trying: ErrorCode::permission if not.
  virtual Status may_change() { return {}; }

  // A child directory; a symbolic link to one is followed (users put mailboxes on other disks).
  virtual Result<std::unique_ptr<Directory>> open_directory(std::string_view name) = 0;
  virtual Status make_directory(std::string_view name) = 0;  // mode 0700; exists: ErrorCode::exists
  virtual Status remove_directory(std::string_view name) = 0;  // empty only
  // Never replaces: ErrorCode::exists if `new_name` is taken, ErrorCode::not_found if `name` is
  // gone.
  virtual Status rename_at(std::string_view name, Directory& to, std::string_view new_name) = 0;
  virtual Status unlink_at(std::string_view name) = 0;

  virtual Result<std::unique_ptr<FileReader>> open_file(std::string_view name) = 0;
  // `temporary` names the file while it has no better name, where the file system cannot do
  // without.
  virtual Result<std::unique_ptr<FileWriter>> create_file(std::string_view temporary) = 0;
  // Gives the file its name here, also when it was created in another directory of the file system;
  // never replaces (ErrorCode::exists). Afterwards only sync() and stat() of the writer may be
  // called.
  virtual Status place(FileWriter& file, std::string_view name) = 0;
  // Replaces a small file of our own (marker, dovecot-keywords) by writing beside it, syncing,
  // renaming; the new name is durable after sync().
  Status replace_file(std::string_view name, std::string_view content) {
    STERNA_CHECK(write_beside(name, content));
    Status put = put_beside(name);
    if (!put) static_cast<void>(drop_beside(name));
    return put;
  }
  // Its two halves. What was written and not put in place, be it for an error, is called
  // name_beside() until the next writing replaces it.
  virtual Status write_beside(std::string_view name, std::string_view content) = 0;
  virtual Status put_beside(std::string_view name) = 0;
  virtual Status drop_beside(std::string_view name) = 0;

  // Until this handle goes, nobody else can lock the same directory, in this process or another.
  // False: somebody has. True, too, where the file system has no locks, as some over a network.
  virtual Result<bool> lock() = 0;
  virtual Status sync() = 0;              // fsync of the directory itself
  virtual Status sync_file_system() = 0;  // syncfs
  virtual Result<std::uint64_t> free_bytes() = 0;
  virtual Result<std::uint64_t> size_bytes() = 0;     // of the whole file system
  virtual Result<bool> is_network_file_system() = 0;  // NFS, CIFS, FUSE, 9p: stamps are not trusted
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  // An absolute path; symbolic links in it are followed. `create`: make what is missing, mode 0700.
  // ErrorCode::not_found where nothing is, ErrorCode::exists where something is that is no
  // directory.
  virtual Result<std::unique_ptr<Directory>> open_root(const std::string& path, bool create) = 0;
  // Identifies this boot; changes when the machine was restarted. "" if unknown.
  virtual std::string boot_id() = 0;
  // Identifies the machine (/etc/machine-id, hashed); "" if unknown.
  virtual std::string machine_id() = 0;
};

}  // namespace sterna::io
