// SPDX-License-Identifier: Apache-2.0
// SimWorld: one account, simulated whole from a seed. The engine is the real one, and so is its
// SQLite; the server, the line to it, the disk of the Maildir, time and chance are not.
//
// run() lets both users work, syncs under faults, and at each rest asks the ledger whether both
// sides are as they should be. What went wrong comes back in words.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "seeded_random.h"
#include "server_state.h"
#include "sim_network.h"
#include "sterna/account/inspect.h"
#include "sterna/account/sync.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/temp_dir.h"
#include "tests/support/virtual_clock.h"
#include "users.h"

namespace sterna::simulation {

// Jobs run on the loop's thread, after a while.
class InlineWorker : public io::Worker {
 public:
  InlineWorker(io::Clock& clock, SeededRandom& random) : clock_(clock), random_(random) {}
  coro::Task<void> run(std::function<void()> job) override;

 private:
  io::Clock& clock_;
  SeededRandom& random_;
};

// Of the one account, whose Maildir is /mail.
account::Settings settings_of(const std::string& state_dir);

class SimWorld {
 public:
  explicit SimWorld(std::uint64_t seed);
  ~SimWorld();

  // Empty: all is well.
  std::vector<std::string> run();
  const std::vector<std::string>& story() const { return diary_.story; }

 private:
  enum class Fault : std::uint8_t {
    none,
    cut,     // a connection ends after some octet
    cancel,  // the sync is asked to stop
    kill,    // the process ends: nothing it does from then on reaches disk, state or server
  };
  struct Run;

  void work(unsigned deeds);
  void work_during_sync(Run& run);
  void pass_time(std::chrono::seconds at_most);
  account::AccountReport sync(Fault fault);
  coro::Task<void> sync_beside_faults(Run& run);
  void plan_end(Run& run, Fault fault);
  void end(Run& run);
  Status before_disk_operation(test::DiskOp operation);
  void rest(std::vector<std::string>& wrong);
  bool quiet_sync(std::vector<std::string>& wrong);
  void decide_held();
  account::HeldDecision decision_about(const std::vector<account::HeldLine>& held,
                                       const std::string& mailbox);
  bool is_in_doubt(const std::string& token) const;
  bool is_recorded(const std::string& base_name) const;
  account::Settings settings() const { return settings_of(state_ / "state"); }

  SeededRandom random_;
  test::VirtualClock clock_;
  test::TempDir state_;
  test::MemoryFileSystem machine_;
  ServerState server_;
  Diary diary_;
  LocalUser local_;
  RemoteUser remote_;
  SimNetwork network_;
  InlineWorker worker_;
  Run* running_ = nullptr;
};

}  // namespace sterna::simulation
