// SPDX-License-Identifier: Apache-2.0
// StateDisk: the disk below the SQLite of a simulated account. Real SQLite writes real files, which
// it reads from memory; what it wrote and did not flush is known, and when the power goes any part
// of it is lost: single writes, in any order, and the end of one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "seeded_random.h"

namespace sterna::simulation {

class StateDisk {
 public:
  // What the platter has of each file, and what is on its way there.
  struct File {
    struct Write {
      std::uint64_t offset = 0;
      std::string octets;
      bool cuts = false;  // the file ends at `offset`
    };
    std::string stored;
    std::vector<Write> unsynced;
  };
  using Files = std::map<std::string, File>;  // by name in the directory

  // Of the databases in this directory that are opened from now on.
  explicit StateDisk(std::string directory);
  StateDisk(const StateDisk&) = delete;
  StateDisk& operator=(const StateDisk&) = delete;
  ~StateDisk();

  // As if the process died: to be put back when it is really gone.
  const Files& files() const { return files_; }
  void put_back(Files files) { files_ = std::move(files); }
  void sync_all();
  // As the end of a run does it whose log is large: each run reads what is in it.
  void empty_log();
  // The files as a power loss leaves them, into a directory with copies of them.
  static void lose_power(const Files& files, const std::string& directory, SeededRandom chance);
  // All of it durable.
  static Files stored_in(const std::string& directory);

 private:
  friend struct StateVfs;
  static void store(std::string& content, const File::Write& write, std::size_t octets);

  std::string directory_;
  Files files_;
};

}  // namespace sterna::simulation
