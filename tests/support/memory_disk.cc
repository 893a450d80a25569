// SPDX-License-Identifier: Apache-2.0
#include "tests/support/memory_disk.h"

#include <algorithm>
#include <random>
#include <utility>

#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"

namespace sterna::test {
namespace {

constexpr std::uint64_t kRootIno = 2;

void collect_files(const MemoryDisk::Node& directory, const std::string& above,
                   std::vector<std::string>& into) {
  for (const auto& [name, child] : directory.children) {
    if (child->type == io::FileType::directory) {
      collect_files(*child, above + name + "/", into);
    } else {
      into.push_back(above + name);
    }
  }
}

}  // namespace

bool MemoryDisk::Change::touches(std::uint64_t directory) const {
  return (removed && removed->directory == directory) || (added && added->directory == directory);
}

bool MemoryDisk::Change::shares_with(const Change& other) const {
  const auto names = [](const Change& change, const std::optional<Name>& name) {
    return name && (change.removed == name || change.added == name);
  };
  // A name in a directory that is not on the disk yet needs that directory first.
  const bool is_within = touches(other.ino) || other.touches(ino);
  return ino == other.ino || is_within || names(*this, other.removed) || names(*this, other.added);
}

MemoryDisk::MemoryDisk(std::uint64_t dev) : dev_(dev) {
  root_ = std::make_shared<Node>();
  root_->ino = kRootIno;
  root_->type = io::FileType::directory;
  root_->links = 1;
  root_->mtime_ns = root_->ctime_ns = root_->btime_ns = now_ns_;
  next_ino_ = kRootIno + 1;
  live_[kRootIno] = root_;
  stored_[kRootIno].type = io::FileType::directory;
}

MemoryDisk::~MemoryDisk() = default;

// --- nodes and names ---

std::int64_t MemoryDisk::stamp() {
  ++now_ns_;
  return now_ns_ - now_ns_ % granularity_ns;
}

std::uint64_t MemoryDisk::allocate_ino() {
  if (!reuses_inodes || free_inos_.empty()) return next_ino_++;
  const std::uint64_t ino = free_inos_.back();
  free_inos_.pop_back();
  // A journal writes the freeing of a number before its next use.
  store_changes(
      [ino](const Change& change) { return change.ino == ino || change.replaced == ino; });
  stored_.erase(ino);
  return ino;
}

MemoryDisk::NodePtr MemoryDisk::make_node(io::FileType type) {
  auto node = std::make_shared<Node>();
  node->ino = allocate_ino();
  node->type = type;
  node->mtime_ns = node->ctime_ns = node->btime_ns = stamp();
  return node;
}

Status MemoryDisk::resize_data(Node& node, std::string data) {
  const std::uint64_t used = used_octets_ - node.data.size() + data.size();
  if (data.size() > node.data.size() && used > capacity_octets) {
    return fail(ErrorCode::no_space, "no space left on the memory disk");
  }
  used_octets_ = used;
  node.data = std::move(data);
  node.mtime_ns = node.ctime_ns = stamp();
  return {};
}

void MemoryDisk::touch(Node& node) {
  node.ctime_ns = stamp();
}

void MemoryDisk::add_name(const NodePtr& directory, std::string_view name, const NodePtr& node) {
  STERNA_ASSERT(directory->children.emplace(name, node).second);
  ++node->links;
  live_[node->ino] = node;
  if (changed) changed(directory->ino, name, false);
  directory->mtime_ns = directory->ctime_ns = node->ctime_ns = stamp();
  unsynced_.push_back(
      {.removed = std::nullopt,
       .added = Change::Name{.directory = directory->ino, .name = std::string(name)},
       .ino = node->ino,
       .type = node->type,
       .at_ns = node->ctime_ns});
}

void MemoryDisk::remove_name(const NodePtr& directory, std::string_view name) {
  const auto found = directory->children.find(name);
  STERNA_ASSERT(found != directory->children.end());
  const NodePtr node = found->second;
  directory->children.erase(found);
  if (changed) changed(directory->ino, name, false);
  if (gone && node->type == io::FileType::directory) gone(node->ino);
  directory->mtime_ns = directory->ctime_ns = node->ctime_ns = stamp();
  unsynced_.push_back(
      {.removed = Change::Name{.directory = directory->ino, .name = std::string(name)},
       .added = std::nullopt,
       .ino = node->ino,
       .type = node->type,
       .by_others = by_others_,
       .at_ns = node->ctime_ns});
  if (removed && !by_others_ && node->type == io::FileType::file) removed(false, node->data);
  drop_link(node);
}

// A number is free when its last name is gone. Who still has the file open reads on; a number that
// is free although a descriptor is open is harsher than a kernel is, and that is the idea.
void MemoryDisk::drop_link(const NodePtr& node) {
  STERNA_ASSERT(node->links > 0);
  if (--node->links > 0) return;
  used_octets_ -= node->data.size();
  live_.erase(node->ino);
  free_inos_.push_back(node->ino);
}

void MemoryDisk::discard(const Node& node) {
  used_octets_ -= node.data.size();
  free_inos_.push_back(node.ino);
}

void MemoryDisk::move_name(const NodePtr& from, std::string_view name, const NodePtr& to,
                           std::string_view new_name) {
  const auto found = from->children.find(name);
  STERNA_ASSERT(found != from->children.end());
  const NodePtr node = found->second;
  // What had the name before loses it by the same change: the old file or the new one is there.
  std::uint64_t replaced_ino = 0;
  if (const auto old = to->children.find(new_name); old != to->children.end()) {
    const NodePtr replaced = old->second;
    replaced_ino = replaced->ino;
    to->children.erase(old);
    drop_link(replaced);
  }
  from->children.erase(found);
  to->children.emplace(new_name, node);
  if (changed) changed(from->ino, name, false);
  if (changed) changed(to->ino, new_name, false);
  if (gone && node->type == io::FileType::directory) gone(node->ino);
  const std::int64_t now = stamp();
  from->mtime_ns = from->ctime_ns = to->mtime_ns = to->ctime_ns = node->ctime_ns = now;
  unsynced_.push_back({.removed = Change::Name{.directory = from->ino, .name = std::string(name)},
                       .added = Change::Name{.directory = to->ino, .name = std::string(new_name)},
                       .ino = node->ino,
                       .replaced = replaced_ino,
                       .type = node->type,
                       .by_others = by_others_,
                       .at_ns = now});
}

io::FileStat MemoryDisk::stat_of(const Node& node) const {
  return {.type = node.type,
          .dev = dev_,
          .ino = node.ino,
          .size = node.type == io::FileType::directory ? 4096 : node.data.size(),
          .mtime_ns = node.mtime_ns,
          .ctime_ns = node.ctime_ns,
          .btime_ns = has_btime ? node.btime_ns : 0};
}

std::uint64_t MemoryDisk::free_octets() const {
  return capacity_octets > used_octets_ ? capacity_octets - used_octets_ : 0;
}

// --- durability ---

// The changes that are wanted, and before them those that they build upon, go to the disk in order.
template <class Wanted>
void MemoryDisk::store_changes(Wanted wanted) {
  std::vector<bool> chosen(unsynced_.size(), false);
  for (std::size_t i = unsynced_.size(); i-- > 0;) {
    chosen[i] = chosen[i] || wanted(unsynced_[i]);
    if (!chosen[i]) continue;
    for (std::size_t j = 0; j < i; ++j) {
      if (unsynced_[i].shares_with(unsynced_[j])) chosen[j] = true;
    }
  }
  std::deque<Change> rest;
  for (std::size_t i = 0; i < unsynced_.size(); ++i) {
    if (chosen[i]) {
      store(unsynced_[i]);
    } else {
      rest.push_back(std::move(unsynced_[i]));
    }
  }
  unsynced_ = std::move(rest);
}

void MemoryDisk::store(const Change& change) {
  for (const std::optional<Change::Name>& name : {change.removed, change.added}) {
    if (!name) continue;
    Stored& directory = stored_[name->directory];
    directory.mtime_ns = directory.ctime_ns = std::max(directory.ctime_ns, change.at_ns);
  }
  if (change.removed) stored_[change.removed->directory].children.erase(change.removed->name);
  if (!change.added) {
    const auto node = stored_.find(change.ino);
    const bool is_file = node != stored_.end() && change.type == io::FileType::file;
    if (removed && !change.by_others && is_file) removed(true, node->second.data);
    return;
  }
  stored_[change.added->directory].children[change.added->name] = change.ino;
  Stored& node = stored_.try_emplace(change.ino).first->second;
  node.type = change.type;
  const auto live = live_.find(change.ino);
  const NodePtr now = live == live_.end() ? nullptr : live->second.lock();
  if (node.btime_ns == 0) {
    node.mtime_ns = node.ctime_ns = change.at_ns;
    node.btime_ns = now ? now->btime_ns : change.at_ns;
  }
  if (change.type == io::FileType::symlink && now) node.data = now->data;
}

void MemoryDisk::sync_content(const Node& node) {
  Stored& stored = stored_[node.ino];
  stored.type = node.type;
  stored.data = node.data;
  stored.mtime_ns = node.mtime_ns;
  stored.ctime_ns = node.ctime_ns;
  stored.btime_ns = node.btime_ns;
}

void MemoryDisk::sync_names(const Node& directory) {
  const std::uint64_t ino = directory.ino;
  store_changes([ino](const Change& change) { return change.touches(ino); });
  Stored& stored = stored_[ino];
  stored.mtime_ns = directory.mtime_ns;
  stored.ctime_ns = directory.ctime_ns;
  stored.btime_ns = directory.btime_ns;
}

void MemoryDisk::sync_all() {
  for (const Change& change : unsynced_) store(change);
  unsynced_.clear();
  for (const auto& [ino, live] : live_) {
    const NodePtr node = live.lock();
    if (node && node->type != io::FileType::directory) sync_content(*node);
    if (node && node->type == io::FileType::directory) sync_names(*node);
  }
}

void MemoryDisk::lose_power(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  // Each change happened or did not; what builds upon one that did not, did not.
  std::vector<Change> lost;
  for (Change& change : std::exchange(unsynced_, {})) {
    const bool is_impossible = std::ranges::any_of(
        lost, [&](const Change& earlier) { return change.shares_with(earlier); });
    if (is_impossible || random() % 2 == 0) {
      lost.push_back(std::move(change));
    } else {
      store(change);
    }
  }
  for (const auto& [ino, live] : live_) {
    const NodePtr node = live.lock();
    const auto stored = stored_.find(ino);
    if (!node || stored == stored_.end() || node->type != io::FileType::file) continue;
    if (node->data == stored->second.data) continue;
    // The disk's version (of a new file: nothing), all of the new one, or a part.
    const std::uint64_t fate = random() % 3;
    if (fate == 1) sync_content(*node);
    if (fate == 2) {
      stored->second.data = node->data.substr(0, random() % (node->data.size() + 1));
    }
  }
  ++incarnation_;
  collect_unreachable();
}

// The cache becomes what the disk holds; numbers without a name are free.
void MemoryDisk::collect_unreachable() {
  std::map<std::uint64_t, NodePtr> loaded;
  root_ = load(kRootIno, loaded);
  root_->links = 1;
  live_.clear();
  for (const auto& [ino, node] : loaded) live_[ino] = node;
  std::erase_if(stored_, [&](const auto& entry) { return !loaded.contains(entry.first); });
  free_inos_.clear();
  used_octets_ = 0;
  for (const auto& [ino, node] : loaded) used_octets_ += node->data.size();
}

MemoryDisk::NodePtr MemoryDisk::load(std::uint64_t ino,
                                     std::map<std::uint64_t, NodePtr>& loaded) const {
  if (const auto known = loaded.find(ino); known != loaded.end()) return known->second;
  const auto node = std::make_shared<Node>();
  loaded[ino] = node;
  const Stored& stored = stored_.at(ino);
  node->ino = ino;
  node->type = stored.type;
  node->data = stored.data;
  node->mtime_ns = stored.mtime_ns;
  node->ctime_ns = stored.ctime_ns;
  node->btime_ns = stored.btime_ns;
  for (const auto& [name, child_ino] : stored.children) {
    const NodePtr child = load(child_ino, loaded);
    ++child->links;
    node->children.emplace(name, child);
  }
  return node;
}

// --- other programs ---

MemoryDisk::NodePtr MemoryDisk::find(const std::string& path) const {
  NodePtr here = root_;
  if (path.empty()) return here;
  for (const std::string_view component : split(path, '/')) {
    const auto found = here->children.find(component);
    if (found == here->children.end()) return nullptr;
    here = found->second;
  }
  return here;
}

MemoryDisk::NodePtr MemoryDisk::require(const std::string& path) const {
  NodePtr node = find(path);
  STERNA_ASSERT(node != nullptr);
  return node;
}

std::pair<MemoryDisk::NodePtr, std::string> MemoryDisk::parent_of(const std::string& path) const {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {root_, path};
  return {require(path.substr(0, slash)), path.substr(slash + 1)};
}

void MemoryDisk::make_directories(const std::string& path) {
  NodePtr here = root_;
  for (const std::string_view component : split(path, '/')) {
    const auto found = here->children.find(component);
    NodePtr next = found == here->children.end() ? nullptr : found->second;
    if (!next) {
      next = make_node(io::FileType::directory);
      add_name(here, component, next);
    }
    here = next;
  }
}

void MemoryDisk::make_maildir(const std::string& path) {
  const std::string prefix = path.empty() ? path : path + "/";
  for (const char* name : {"cur", "new", "tmp"}) make_directories(prefix + name);
}

void MemoryDisk::write(const std::string& path, std::string_view content) {
  const auto [parent, name] = parent_of(path);
  NodePtr node = find(path);
  if (!node) {
    node = make_node(io::FileType::file);
    add_name(parent, name, node);
  }
  STERNA_ASSERT(resize_data(*node, std::string(content)).has_value());
  if (changed) changed(parent->ino, name, true);
}

void MemoryDisk::open_to_write(const std::string& path) {
  ++require(path)->writers;
}

void MemoryDisk::close_written(const std::string& path) {
  --require(path)->writers;
}

std::string MemoryDisk::read(const std::string& path) const {
  return require(path)->data;
}

bool MemoryDisk::exists(const std::string& path) const {
  return find(path) != nullptr;
}

void MemoryDisk::rename(const std::string& from, const std::string& to) {
  if (from == to) return;
  const auto [old_parent, old_name] = parent_of(from);
  const auto [new_parent, new_name] = parent_of(to);
  by_others_ = true;
  move_name(old_parent, old_name, new_parent, new_name);
  by_others_ = false;
}

void MemoryDisk::link(const std::string& from, const std::string& to) {
  const auto [parent, name] = parent_of(to);
  add_name(parent, name, require(from));
}

void MemoryDisk::symlink(const std::string& path, const std::string& absolute_target) {
  const auto [parent, name] = parent_of(path);
  const NodePtr node = make_node(io::FileType::symlink);
  node->data = absolute_target;
  used_octets_ += node->data.size();
  add_name(parent, name, node);
}

void MemoryDisk::unlink(const std::string& path) {
  const auto [parent, name] = parent_of(path);
  by_others_ = true;
  remove_name(parent, name);
  by_others_ = false;
}

void MemoryDisk::flush(const std::string& path) {
  sync_content(*require(path));
  sync_names(*parent_of(path).first);
}

void MemoryDisk::remove_tree(const std::string& path) {
  const NodePtr node = require(path);
  std::vector<std::string> children;
  for (const auto& [name, child] : node->children) children.push_back(name);
  for (const std::string& name : children) remove_tree(path.empty() ? name : path + "/" + name);
  if (!path.empty()) unlink(path);
}

void MemoryDisk::set_mtime_ns(const std::string& path, std::int64_t mtime_ns) {
  const NodePtr node = require(path);
  node->mtime_ns = mtime_ns;
  touch(*node);
}

io::FileStat MemoryDisk::stat(const std::string& path) const {
  return stat_of(*require(path));
}

std::vector<std::string> MemoryDisk::names(const std::string& directory) const {
  std::vector<std::string> names;
  for (const auto& [name, child] : require(directory)->children) names.push_back(name);
  return names;
}

std::vector<std::string> MemoryDisk::files() const {
  std::vector<std::string> files;
  collect_files(*root_, "", files);
  return files;
}

std::vector<std::string_view> MemoryDisk::contents(bool durably) const {
  std::vector<std::string_view> found;
  const std::function<void(const Node&)> seen = [&](const Node& node) {
    if (node.type == io::FileType::file) found.emplace_back(node.data);
    for (const auto& [name, child] : node.children) seen(*child);
  };
  const std::function<void(std::uint64_t)> kept = [&](std::uint64_t ino) {
    const auto node = stored_.find(ino);
    if (node == stored_.end()) return;
    if (node->second.type == io::FileType::file) found.emplace_back(node->second.data);
    for (const auto& [name, child] : node->second.children) kept(child);
  };
  if (durably) {
    kept(kRootIno);
  } else {
    seen(*root_);
  }
  return found;
}

namespace {

MemoryDisk::NodePtr copy_of(const MemoryDisk::Node& node) {
  auto copy = std::make_shared<MemoryDisk::Node>(node);
  for (auto& [name, child] : copy->children) child = copy_of(*child);
  return copy;
}

}  // namespace

MemoryDisk::Backup MemoryDisk::back_up() const {
  return {.root = copy_of(*root_)};
}

void MemoryDisk::restore(const Backup& backup) {
  remove_tree("");
  const std::function<void(const Node&, const NodePtr&)> copy_into = [&](const Node& from,
                                                                         const NodePtr& to) {
    for (const auto& [name, child] : from.children) {
      const NodePtr node = make_node(child->type);
      add_name(to, name, node);
      STERNA_ASSERT(resize_data(*node, child->data).has_value());
      copy_into(*child, node);
      node->mtime_ns = child->mtime_ns;
    }
  };
  copy_into(*backup.root, root_);
  root_->mtime_ns = backup.root->mtime_ns;
  sync_all();
}

}  // namespace sterna::test
