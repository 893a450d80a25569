// SPDX-License-Identifier: Apache-2.0
// MemoryDisk: one file system in memory, with a page cache and a disk below it that are not the
// same.
//
// What is written is seen at once and durable only when it was synced: the content of a file by a
// sync of the file, names by a sync of their directory. lose_power() keeps any legal rest of what
// was not: each change of a name happened or did not (later ones on the same name or file only if
// the earlier did), and unsynced content is there, gone, or cut. A change of a name goes to the
// disk together with the times of its directory, as a journal writes them. Inode numbers are used
// again at once. Paths are relative to the disk's root, components separated by '/', "" is the
// root.
//
// The functions here that take paths are what programs other than Sterna do: they abort on mistakes
// of the test. Sterna itself uses a MemoryFileSystem. Not for several threads.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/io/file_system.h"

namespace sterna::test {

enum class DiskOp {
  stat,
  list,
  open,
  create,
  write,
  read,
  set_mtime,
  place,
  replace,
  rename,
  unlink,
  make_directory,
  remove_directory,
  sync_file,
  sync_directory,
  sync_all,
};

class MemoryDisk {
 public:
  struct Node {
    std::uint64_t ino = 0;
    io::FileType type = io::FileType::file;
    std::string data;  // of a file; the target of a link
    std::map<std::string, std::shared_ptr<Node>, std::less<>> children;  // of a directory
    std::int64_t mtime_ns = 0;
    std::int64_t ctime_ns = 0;
    std::int64_t btime_ns = 0;
    std::uint32_t links = 0;
    std::weak_ptr<void> lock;   // as long as who has it lives
    std::uint32_t writers = 0;  // programs that have it open for writing
  };
  using NodePtr = std::shared_ptr<Node>;

  explicit MemoryDisk(std::uint64_t dev);
  ~MemoryDisk();

  // --- knobs ---
  // Called before each operation of Sterna with the name it is about ("" if none); an error is its
  // outcome. It may do anything to the disk, but not exchange itself.
  std::function<Status(DiskOp, std::string_view name)> before;
  // Called halfway through each listing: what it renames may be missed or seen twice.
  std::function<void()> during_list;
  // Called when Sterna took a file's name away, and when that reaches the disk (durably), with the
  // content that was behind it.
  std::function<void(bool durably, std::string_view content)> removed;
  // Called when names in this directory changed, or a file in it was written, and when a directory
  // lost its own name.
  std::function<void(std::uint64_t directory, std::string_view name, bool written)> changed;
  std::function<void(std::uint64_t directory)> gone;
  std::int64_t granularity_ns = 1;  // of all stamps
  std::uint64_t capacity_octets = UINT64_MAX;
  bool has_nameless_files = true;  // O_TMPFILE
  bool has_btime = true;
  bool is_network = false;
  bool hides_types = false;  // listings do not say what is a directory
  bool reuses_inodes = true;

  // The disk's clock moves only when told to, and by a nanosecond with each change.
  void set_now_ns(std::int64_t now_ns) { now_ns_ = now_ns; }
  void advance_ns(std::int64_t by) { now_ns_ += by; }
  std::int64_t now_ns() const { return now_ns_; }

  // --- other programs ---
  void make_directories(const std::string& path);
  void make_maildir(const std::string& path);  // with cur, new and tmp
  // A new file, or new content in the same inode.
  void write(const std::string& path, std::string_view content);
  void open_to_write(const std::string& path);  // and keeps it open
  void close_written(const std::string& path);
  std::string read(const std::string& path) const;
  bool exists(const std::string& path) const;
  void rename(const std::string& from, const std::string& to);  // replaces
  void link(const std::string& from, const std::string& to);
  void symlink(const std::string& path, const std::string& absolute_target);
  void unlink(const std::string& path);
  void flush(const std::string& path);  // the file and its name
  void remove_tree(const std::string& path);
  void set_mtime_ns(const std::string& path, std::int64_t mtime_ns);
  io::FileStat stat(const std::string& path) const;
  std::vector<std::string> names(const std::string& directory) const;  // ascending
  std::vector<std::string> files() const;  // every file's path, ascending
  // Of every file, as the programs see it or as it would be if the power went now and took all
  // that was not flushed.
  std::vector<std::string_view> contents(bool durably) const;

  // --- what may happen to a disk ---
  void lose_power(std::uint64_t seed);
  void sync_all();
  // The tree as it is now, to be brought back later as from a backup: same names, content and
  // mtimes, other inodes. Durable.
  struct Backup {
    NodePtr root;
  };
  Backup back_up() const;
  void restore(const Backup& backup);

  // --- for MemoryFileSystem ---
  std::uint64_t dev() const { return dev_; }
  const NodePtr& root() const { return root_; }
  std::uint64_t incarnation() const { return incarnation_; }  // how often power was lost
  io::FileStat stat_of(const Node& node) const;
  NodePtr make_node(io::FileType type);
  Status resize_data(Node& node, std::string data);  // ErrorCode::no_space
  void discard(const Node& node);                    // one that never had a name
  void touch(Node& node);                            // its ctime
  void add_name(const NodePtr& directory, std::string_view name, const NodePtr& node);
  void remove_name(const NodePtr& directory, std::string_view name);
  void move_name(const NodePtr& from, std::string_view name, const NodePtr& to,
                 std::string_view new_name);
  void sync_content(const Node& node);
  void sync_names(const Node& directory);
  std::uint64_t free_octets() const;

 private:
  // One change of names that is in the cache and not yet on the disk.
  struct Change {
    struct Name {
      std::uint64_t directory = 0;
      std::string name;
      auto operator<=>(const Name&) const = default;
    };
    std::optional<Name> removed;
    std::optional<Name> added;
    std::uint64_t ino = 0;
    std::uint64_t replaced = 0;  // what had the added name before
    io::FileType type = io::FileType::file;
    bool by_others = false;
    std::int64_t at_ns = 0;

    bool touches(std::uint64_t directory) const;
    bool shares_with(const Change& other) const;
  };
  // What the platter holds, by inode number.
  struct Stored {
    io::FileType type = io::FileType::file;
    std::string data;
    std::map<std::string, std::uint64_t, std::less<>> children;
    std::int64_t mtime_ns = 0;
    std::int64_t ctime_ns = 0;
    std::int64_t btime_ns = 0;
  };

  NodePtr find(const std::string& path) const;
  NodePtr require(const std::string& path) const;
  std::pair<NodePtr, std::string> parent_of(const std::string& path) const;
  std::int64_t stamp();
  void drop_link(const NodePtr& node);
  std::uint64_t allocate_ino();
  void store(const Change& change);
  template <class Wanted>
  void store_changes(Wanted wanted);
  NodePtr load(std::uint64_t ino, std::map<std::uint64_t, NodePtr>& loaded) const;
  void collect_unreachable();

  std::uint64_t dev_;
  std::int64_t now_ns_ = 1'700'000'000'000'000'000;
  std::uint64_t next_ino_ = 2;
  std::vector<std::uint64_t> free_inos_;
  std::uint64_t incarnation_ = 0;
  std::uint64_t used_octets_ = 0;
  bool by_others_ = false;  // another program works now
  NodePtr root_;
  std::map<std::uint64_t, std::weak_ptr<Node>> live_;  // every node that has, or had, a name
  std::map<std::uint64_t, Stored> stored_;
  std::deque<Change> unsynced_;
};

}  // namespace sterna::test
