// SPDX-License-Identifier: Apache-2.0
// SimWatcher: io::Watcher over one disk in memory. It reports as inotify does: late, together, now
// and then twice, and an overflow where it is told to.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "seeded_random.h"
#include "sterna/coro/sync.h"
#include "sterna/io/watcher.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/virtual_clock.h"

namespace sterna::simulation {

class SimWatcher : public io::Watcher {
 public:
  SimWatcher(test::VirtualClock& clock, SeededRandom& random, test::MemoryFileSystem& machine);
  ~SimWatcher() override;

  Result<std::unique_ptr<io::Watch>> open() override;

  // What happens to the disk is lost, and an overflow told instead, until it ends.
  void begin_overflow() { overflows_ = true; }
  void end_overflow() { overflows_ = false; }
  // The kernel watches no more than so many directories.
  std::size_t watches_max = SIZE_MAX;

  struct Pending {
    std::map<std::uint64_t, io::WatchTag> tags;  // by inode
    io::WatchReport report;
    coro::Event told;
  };

 private:
  struct Event {
    std::string name;  // "": the directory itself is gone
    bool written = false;
  };

  static void add(io::WatchReport& report, io::WatchTag tag, const Event& event);
  void tell(std::uint64_t directory, const Event& event);

  test::VirtualClock& clock_;
  SeededRandom& random_;
  test::MemoryFileSystem& machine_;
  bool overflows_ = false;
  std::vector<std::weak_ptr<Pending>> watches_;
};

}  // namespace sterna::simulation
