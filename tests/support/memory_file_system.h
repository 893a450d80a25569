// SPDX-License-Identifier: Apache-2.0
// MemoryFileSystem: io::FileSystem over MemoryDisks, mounted at absolute paths.
//
//   MemoryFileSystem machine;                  one disk, at "/"
//   machine.disk().make_maildir("mail/INBOX");
//   auto root = machine.open_root("/mail", false);
//   auto& other = machine.mount("/state");     a second file system, empty
//   machine.lose_power(seed);                  all disks; what was open before fails from now on
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "sterna/io/file_system.h"
#include "tests/support/memory_disk.h"

namespace sterna::test {

class MemoryFileSystem : public io::FileSystem {
 public:
  MemoryFileSystem();
  ~MemoryFileSystem() override;

  Result<std::unique_ptr<io::Directory>> open_root(const std::string& path, bool create) override;
  std::string boot_id() override;
  std::string machine_id() override { return machine; }

  MemoryDisk& disk() { return *mounts_.at(""); }  // of "/"
  // The directory must exist, and is hidden until unmount(). A disk that was there before comes
  // back.
  MemoryDisk& mount(const std::string& path);
  void unmount(const std::string& path);
  void lose_power(std::uint64_t seed);

  std::string machine = "memory";

 private:
  friend class MemoryDirectory;
  struct Place {
    std::shared_ptr<MemoryDisk> disk;
    MemoryDisk::NodePtr node;
  };
  Place through_mount(Place place) const;
  // Below `from`, links followed; a place without a node if there is nothing.
  Result<Place> child(const Place& from, std::string_view name, int links_left) const;
  Result<Place> walk(std::string_view absolute, bool create, int links_left) const;

  std::map<std::string, std::shared_ptr<MemoryDisk>> mounts_;  // by path without the first '/'
  std::map<std::string, std::shared_ptr<MemoryDisk>> unmounted_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::shared_ptr<MemoryDisk>> covered_;
  std::uint64_t boots_ = 1;
  std::uint64_t next_dev_ = 1;
};

}  // namespace sterna::test
