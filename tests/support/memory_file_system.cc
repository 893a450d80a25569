// SPDX-License-Identifier: Apache-2.0
#include "tests/support/memory_file_system.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"
#include "sterna/base/digest.h"

namespace sterna::test {
namespace {

constexpr int kLinksMax = 8;
constexpr std::size_t kNameOctetsMax = 255;

using NodePtr = MemoryDisk::NodePtr;
using DiskPtr = std::shared_ptr<MemoryDisk>;

Status check_name(std::string_view name) {
  const bool is_bad =
      name.empty() || name == "." || name == ".." || name.contains('/') || name.contains('\0');
  if (is_bad) return fail(ErrorCode::internal, "no file name");
  if (name.size() > kNameOctetsMax) return fail(ErrorCode::io, "the name is too long");
  return {};
}

std::unexpected<Error> not_found(std::string_view name) {
  return fail(ErrorCode::not_found, printable(name) + ": no such file or directory");
}
std::unexpected<Error> exists(std::string_view name) {
  return fail(ErrorCode::exists, printable(name) + ": is there already");
}

// A handle outlives neither the machine's power nor, for names, its directory.
class Handle {
 public:
  Handle(DiskPtr disk, NodePtr node)
      : disk_(std::move(disk)), node_(std::move(node)), incarnation_(disk_->incarnation()) {}

  Status enter(DiskOp op, std::string_view name) const {
    const auto lost = [] { return fail(ErrorCode::io, "the machine lost its power"); };
    if (!is_current()) return lost();
    if (disk_->before) STERNA_CHECK(disk_->before(op, name));
    return is_current() ? Status() : lost();
  }
  MemoryDisk& disk() const { return *disk_; }
  const DiskPtr& disk_ptr() const { return disk_; }
  const NodePtr& node() const { return node_; }
  bool is_current() const { return incarnation_ == disk_->incarnation(); }

 private:
  DiskPtr disk_;
  NodePtr node_;
  std::uint64_t incarnation_;
};

class MemoryReader : public io::FileReader {
 public:
  explicit MemoryReader(Handle file) : file_(std::move(file)) {}

  Result<io::FileStat> stat() override {
    STERNA_CHECK(file_.enter(DiskOp::stat, ""));
    return file_.disk().stat_of(*file_.node());
  }
  Result<std::size_t> read(std::string& into, std::size_t octets_max) override {
    STERNA_CHECK(file_.enter(DiskOp::read, ""));
    const std::string_view data = file_.node()->data;
    const std::string_view piece = data.substr(std::min(at_, data.size()), octets_max);
    into += piece;
    at_ += piece.size();
    return piece.size();
  }
  bool has_writer() override { return file_.node()->writers > 0; }
  Status sync() override {
    STERNA_CHECK(file_.enter(DiskOp::sync_file, ""));
    file_.disk().sync_content(*file_.node());
    return {};
  }

 private:
  Handle file_;
  std::size_t at_ = 0;
};

class MemoryWriter : public io::FileWriter {
 public:
  // With a name in `home` until it is placed, or without where `temporary` is empty.
  MemoryWriter(Handle file, NodePtr home, std::string temporary)
      : file_(std::move(file)), home_(std::move(home)), temporary_(std::move(temporary)) {}
  ~MemoryWriter() override {
    if (is_placed_ || !file_.is_current()) return;
    const auto found = home_->children.find(temporary_);
    if (temporary_.empty()) {
      file_.disk().discard(*file_.node());
    } else if (found != home_->children.end() && found->second == file_.node()) {
      file_.disk().remove_name(home_, temporary_);
    }
  }

  Status write(std::string_view bytes) override {
    STERNA_ASSERT(!is_placed_);
    STERNA_CHECK(file_.enter(DiskOp::write, temporary_));
    return file_.disk().resize_data(*file_.node(), file_.node()->data + std::string(bytes));
  }
  Status set_mtime(std::int64_t mtime_ns) override {
    STERNA_ASSERT(!is_placed_);
    STERNA_CHECK(file_.enter(DiskOp::set_mtime, temporary_));
    file_.disk().touch(*file_.node());
    file_.node()->mtime_ns = mtime_ns;
    return {};
  }
  Status sync() override {
    STERNA_CHECK(file_.enter(DiskOp::sync_file, temporary_));
    file_.disk().sync_content(*file_.node());
    return {};
  }
  Result<io::FileStat> stat() override {
    STERNA_CHECK(file_.enter(DiskOp::stat, temporary_));
    return file_.disk().stat_of(*file_.node());
  }

  Status place(const Handle& directory, std::string_view name) {
    STERNA_ASSERT(!is_placed_);
    if (&directory.disk() != &file_.disk()) {
      return fail(ErrorCode::unsupported, "another file system");
    }
    if (directory.node()->children.contains(name)) return exists(name);
    if (temporary_.empty()) {
      directory.disk().add_name(directory.node(), name, file_.node());
    } else {
      directory.disk().move_name(home_, temporary_, directory.node(), name);
    }
    is_placed_ = true;
    return {};
  }

 private:
  Handle file_;
  NodePtr home_;
  std::string temporary_;
  bool is_placed_ = false;
};

}  // namespace

class MemoryDirectory : public io::Directory {
 public:
  MemoryDirectory(MemoryFileSystem& machine, MemoryFileSystem::Place place)
      : machine_(machine), here_(std::move(place.disk), std::move(place.node)) {}

  Result<io::FileStat> stat() override {
    STERNA_CHECK(here_.enter(DiskOp::stat, ""));
    return disk().stat_of(*node());
  }

  Result<bool> lock() override {
    if (lock_) return true;
    if (node()->lock.lock()) return false;
    lock_ = std::make_shared<int>();
    node()->lock = lock_;
    return true;
  }

  Result<io::FileStat> stat_at(std::string_view name) override {
    STERNA_CHECK(enter(DiskOp::stat, name));
    const auto found = node()->children.find(name);
    if (found == node()->children.end()) return not_found(name);
    const auto place = machine_.through_mount({here_.disk_ptr(), found->second});
    return place.disk->stat_of(*place.node);
  }

  // In the order of a hash, as on file systems that keep their directories so.
  Result<io::DirectoryListing> list() override {
    STERNA_CHECK(here_.enter(DiskOp::list, ""));
    io::DirectoryListing entries;
    list_half(false, entries);
    if (disk().during_list) {
      // Not while it lists what was done meanwhile.
      const auto meanwhile = std::exchange(disk().during_list, nullptr);
      meanwhile();
      if (!disk().during_list) disk().during_list = meanwhile;
    }
    list_half(true, entries);
    return entries;
  }

  Result<std::unique_ptr<io::Directory>> open_directory(std::string_view name) override {
    STERNA_CHECK(enter(DiskOp::open, name));
    STERNA_TRY(auto place, machine_.child({here_.disk_ptr(), node()}, name, kLinksMax));
    if (!place.node || place.node->type != io::FileType::directory) return not_found(name);
    return std::make_unique<MemoryDirectory>(machine_, std::move(place));
  }

  Status make_directory(std::string_view name) override {
    STERNA_CHECK(enter(DiskOp::make_directory, name));
    if (node()->children.contains(name)) return exists(name);
    disk().add_name(node(), name, disk().make_node(io::FileType::directory));
    return {};
  }

  Status remove_directory(std::string_view name) override {
    STERNA_CHECK(enter(DiskOp::remove_directory, name));
    const auto found = node()->children.find(name);
    if (found == node()->children.end()) return not_found(name);
    if (found->second->type != io::FileType::directory) return not_found(name);
    if (!found->second->children.empty()) return exists(name);
    disk().remove_name(node(), name);
    return {};
  }

  Status rename_at(std::string_view name, io::Directory& to, std::string_view new_name) override {
    STERNA_CHECK(enter(DiskOp::rename, name));
    STERNA_CHECK(check_name(new_name));
    const Handle& target = static_cast<MemoryDirectory&>(to).here_;
    if (!node()->children.contains(name)) return not_found(name);
    if (&target.disk() != &disk()) return fail(ErrorCode::unsupported, "another file system");
    if (target.node()->children.contains(new_name)) return exists(new_name);
    disk().move_name(node(), name, target.node(), new_name);
    return {};
  }

  Status unlink_at(std::string_view name) override {
    STERNA_CHECK(enter(DiskOp::unlink, name));
    const auto found = node()->children.find(name);
    if (found == node()->children.end()) return not_found(name);
    if (found->second->type == io::FileType::directory) return fail(ErrorCode::io, "a directory");
    disk().remove_name(node(), name);
    return {};
  }

  Result<std::unique_ptr<io::FileReader>> open_file(std::string_view name) override {
    STERNA_CHECK(enter(DiskOp::open, name));
    const auto found = node()->children.find(name);
    if (found == node()->children.end()) return not_found(name);
    if (found->second->type != io::FileType::file) return fail(ErrorCode::io, "not a regular file");
    return std::make_unique<MemoryReader>(Handle(here_.disk_ptr(), found->second));
  }

  Result<std::unique_ptr<io::FileWriter>> create_file(std::string_view temporary) override {
    STERNA_CHECK(enter(DiskOp::create, temporary));
    const bool is_nameless = disk().has_nameless_files;
    if (!is_nameless && node()->children.contains(temporary)) return exists(temporary);
    Handle file(here_.disk_ptr(), disk().make_node(io::FileType::file));
    if (!is_nameless) disk().add_name(node(), temporary, file.node());
    return std::make_unique<MemoryWriter>(std::move(file), node(),
                                          is_nameless ? "" : std::string(temporary));
  }

  Status place(io::FileWriter& file, std::string_view name) override {
    STERNA_CHECK(enter(DiskOp::place, name));
    return static_cast<MemoryWriter&>(file).place(here_, name);
  }

  Status write_beside(std::string_view name, std::string_view content) override {
    STERNA_CHECK(enter(DiskOp::replace, name));
    const auto old = node()->children.find(name);
    if (old != node()->children.end() && old->second->type == io::FileType::directory) {
      return fail(ErrorCode::io, "is a directory");
    }
    const NodePtr file = disk().make_node(io::FileType::file);
    if (auto done = disk().resize_data(*file, std::string(content)); !done) {
      disk().discard(*file);
      return done;
    }
    disk().sync_content(*file);
    const std::string beside = io::name_beside(name);
    if (node()->children.contains(beside)) disk().remove_name(node(), beside);
    disk().add_name(node(), beside, file);
    return {};
  }
  Status put_beside(std::string_view name) override {
    STERNA_CHECK(enter(DiskOp::replace, name));
    const std::string beside = io::name_beside(name);
    if (!node()->children.contains(beside)) return fail(ErrorCode::not_found, beside);
    disk().move_name(node(), beside, node(), name);
    return {};
  }
  Status drop_beside(std::string_view name) override { return unlink_at(io::name_beside(name)); }

  Status sync() override {
    STERNA_CHECK(here_.enter(DiskOp::sync_directory, ""));
    disk().sync_names(*node());
    return {};
  }
  Status sync_file_system() override {
    STERNA_CHECK(here_.enter(DiskOp::sync_all, ""));
    disk().sync_all();
    return {};
  }
  Result<std::uint64_t> free_bytes() override { return disk().free_octets(); }
  Result<std::uint64_t> size_bytes() override { return disk().capacity_octets; }
  Result<bool> is_network_file_system() override { return disk().is_network; }

 private:
  std::shared_ptr<void> lock_;

  MemoryDisk& disk() const { return here_.disk(); }
  const NodePtr& node() const { return here_.node(); }

  Status enter(DiskOp op, std::string_view name) const {
    STERNA_CHECK(check_name(name));
    STERNA_CHECK(here_.enter(op, name));
    // Names can be made and found only in a directory that has one itself.
    return node()->links == 0 ? not_found(name) : Status();
  }

  void list_half(bool upper, io::DirectoryListing& into) const {
    std::vector<std::pair<std::uint64_t, io::DirectoryEntry>> half;
    for (const auto& [name, child] : node()->children) {
      const std::uint64_t place = hash64(name);
      if ((place >> 63 != 0) != upper) continue;
      const io::FileType type = disk().hides_types ? io::FileType::unknown : child->type;
      half.push_back({place, {.name = name, .ino = child->ino, .type = type}});
    }
    std::ranges::sort(half, {}, [](const auto& entry) { return entry.first; });
    for (auto& [place, entry] : half) into.add(entry);
  }

  MemoryFileSystem& machine_;
  Handle here_;
};

MemoryFileSystem::MemoryFileSystem() {
  mounts_[""] = std::make_shared<MemoryDisk>(next_dev_++);
}

MemoryFileSystem::~MemoryFileSystem() = default;

Result<std::unique_ptr<io::Directory>> MemoryFileSystem::open_root(const std::string& path,
                                                                   bool create) {
  STERNA_TRY(auto place, walk(path, create, kLinksMax));
  if (!place.node) return not_found(path);
  if (place.node->type != io::FileType::directory) return exists(path);
  return std::make_unique<MemoryDirectory>(*this, std::move(place));
}

std::string MemoryFileSystem::boot_id() {
  return fmt::format("boot-{}", boots_);
}

MemoryDisk& MemoryFileSystem::mount(const std::string& path) {
  const auto point = walk(path, false, kLinksMax);
  STERNA_ASSERT(point && point->node);
  auto& disk = mounts_[path];
  STERNA_ASSERT(!disk);
  disk =
      unmounted_.contains(path) ? unmounted_.at(path) : std::make_shared<MemoryDisk>(next_dev_++);
  unmounted_.erase(path);
  covered_[{point->disk->dev(), point->node->ino}] = disk;
  return *disk;
}

void MemoryFileSystem::unmount(const std::string& path) {
  const auto found = mounts_.find(path);
  STERNA_ASSERT(found != mounts_.end() && !path.empty());
  std::erase_if(covered_, [&](const auto& entry) { return entry.second == found->second; });
  unmounted_[path] = found->second;
  mounts_.erase(found);
}

void MemoryFileSystem::lose_power(std::uint64_t seed) {
  ++boots_;
  for (const auto& [path, disk] : mounts_) disk->lose_power(seed++);
}

MemoryFileSystem::Place MemoryFileSystem::through_mount(Place place) const {
  const auto found = covered_.find({place.disk->dev(), place.node->ino});
  if (found == covered_.end()) return place;
  return {.disk = found->second, .node = found->second->root()};
}

Result<MemoryFileSystem::Place> MemoryFileSystem::child(const Place& from, std::string_view name,
                                                        int links_left) const {
  const auto found = from.node->children.find(name);
  if (found == from.node->children.end()) return Place{.disk = from.disk, .node = nullptr};
  const NodePtr& node = found->second;
  if (node->type != io::FileType::symlink) return through_mount({from.disk, node});
  if (links_left == 0) return fail(ErrorCode::io, "too many levels of symbolic links");
  return walk(node->data, false, links_left - 1);
}

Result<MemoryFileSystem::Place> MemoryFileSystem::walk(std::string_view absolute, bool create,
                                                       int links_left) const {
  STERNA_ASSERT(absolute.starts_with('/'));
  Place here{.disk = mounts_.at(""), .node = mounts_.at("")->root()};
  for (const std::string_view component : split(absolute, '/')) {
    if (component.empty()) continue;
    STERNA_TRY(Place next, child(here, component, links_left));
    if (!next.node && create) {
      next = {.disk = here.disk, .node = here.disk->make_node(io::FileType::directory)};
      here.disk->add_name(here.node, component, next.node);
    }
    if (!next.node) return Place{.disk = here.disk, .node = nullptr};
    here = next;
  }
  return here;
}

}  // namespace sterna::test
