// SPDX-License-Identifier: Apache-2.0
// SimWorld: one account, simulated whole from a script. The engine is the real one, and so is its
// SQLite; the server, the line to it, the disk of the Maildir, time and chance are not.
//
// run() goes through the steps: users work, the account is synced under faults, and at each rest
// the ledger is asked whether both sides are as they should be. What went wrong comes back.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "local_user.h"
#include "remote_user.h"
#include "script.h"
#include "seeded_random.h"
#include "server_state.h"
#include "sim_network.h"
#include "state_disk.h"
#include "sterna/account/inspect.h"
#include "sterna/account/sync.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/temp_dir.h"
#include "tests/support/virtual_clock.h"
#include "witness.h"

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

// Of the one account.
account::Settings settings_of(const std::string& state_dir, const std::string& maildir = "/mail");

class SimWorld {
 public:
  explicit SimWorld(Script script);
  ~SimWorld();

  // Empty: all is well. Ends with the first rest, or the first step, at which it is not.
  std::vector<Wrong> run();
  const std::vector<std::string>& story() const { return diary_.story; }

 private:
  enum class Fault : std::uint8_t {
    none,
    cut,     // a connection ends after some octet
    cancel,  // the sync is asked to stop
    kill,    // the process ends: nothing it does from then on reaches disk, state or server
    power,   // the machine does, and with it whatever was not flushed
  };
  struct Run;

  void take(const Step& step);
  bool act(const Step& step);
  void wait(std::chrono::milliseconds time);
  void set_clock(std::chrono::milliseconds by);
  account::AccountReport sync(const Step& step);
  coro::Task<void> sync_beside_faults(Run& run);
  void plan_end(Run& run, const Step& step);
  void plan_deeds(Run& run);
  void end(Run& run);
  void keep_state();
  void put_back_state();
  void lose_power(std::uint64_t dice);
  void write_back();
  test::MemoryDisk& prepare_disks();
  void watch(test::MemoryDisk& disk);
  Status before_disk_operation();
  void rest(const Step& step);
  bool holds_a_mailbox() const;
  bool quiet_sync(const Step& step);
  void decide_held(const Step& step);
  account::HeldDecision decision_about(const std::vector<account::HeldLine>& held,
                                       const std::string& mailbox, Deed& chance);
  void note_restored(const std::vector<account::HeldLine>& held, const std::string& mailbox);
  void remove_leftovers(const std::vector<account::HeldLine>& held);
  bool set_back(const Step& step);
  void adopt();
  bool has_marker() const;
  void back_up();
  void restore(bool maildir, bool state, bool server);
  void mount(bool mounted);
  bool is_in_doubt(const std::string& token) const;
  bool is_recorded(const std::string& base_name) const;
  account::Settings settings() const;

  Script script_;
  SeededRandom engine_random_;
  SeededRandom line_random_;
  SeededRandom worker_random_;
  test::VirtualClock clock_;
  test::TempDir state_;
  StateDisk state_disk_{state_ / "state"};
  StateDisk::Files files_at_death_;
  ServerState server_;
  Diary diary_;
  Witness witness_{server_, diary_.ledger};
  test::MemoryFileSystem machine_;
  test::MemoryDisk& mail_disk_;
  std::chrono::nanoseconds written_back_{0};
  struct Backup {
    test::MemoryDisk::Backup mail;
    StateDisk::Files state;  // the files are in the directory "backup"
    std::map<std::string, ServerMailbox> server;
  };
  std::optional<Backup> backup_;
  bool mounted_ = true;
  bool is_set_back_ = false;     // since the last rest
  bool begun_ = false;           // a sync came to its end: state and marker know each other
  bool is_rolled_back_ = false;  // the server, and no sync has seen it yet
  LocalUser local_;
  RemoteUser remote_;
  SimNetwork network_;
  InlineWorker worker_;
  std::vector<Step> soon_;  // deeds of the next sync
  std::vector<Wrong> wrong_;
  Run* running_ = nullptr;
};

}  // namespace sterna::simulation
