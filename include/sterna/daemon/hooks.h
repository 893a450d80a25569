// SPDX-License-Identifier: Apache-2.0
// Hooks: the commands of [hooks], which are run when something happened.
//
// An event waits until nothing further of its kind came for the debounce, at most kDebounceRounds
// times as long; then each account that it came from has one run, with all that gathered. One hook
// runs at a time, whatever its event; what comes meanwhile gathers for the next run. A hook that
// fails is named in the log, and nothing else follows from it.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/account/account.h"
#include "sterna/account/sync.h"
#include "sterna/base/log.h"
#include "sterna/config/config.h"
#include "sterna/coro/sync.h"
#include "sterna/coro/task.h"
#include "sterna/io/clock.h"
#include "sterna/net/program.h"

namespace sterna::daemon {

enum class HookEvent : std::uint8_t {
  before_sync,
  after_change,
  new_mail,
  held,
  needs_auth,
  error,
};
inline constexpr std::size_t kHookEvents = 6;
std::string_view to_string(HookEvent event);  // as [hooks] has it

// What a hook is told.
struct HookFacts {
  // Counts of all changes; `changes` has the first kHookChangesMax of them.
  std::uint64_t added = 0;
  std::uint64_t removed = 0;
  std::uint64_t changed = 0;
  std::vector<account::FileChange> changes = {};
  std::set<std::string> mailboxes = {};
  std::string message = {};  // held, needs_auth, error: what it is, for a person

  void add(const account::FileChange& change);
  void add(const HookFacts& more);
};
inline constexpr std::size_t kHookChangesMax = 100'000;

inline constexpr int kDebounceRounds = 10;

// Whether some hook needs AccountReport::changes (LifeSettings::tells_changes).
bool needs_changes(const config::HooksConfig& config);

class Hooks {
 public:
  // Runs a program to its end, as net::run_program() does. The clock outlives this.
  using Runner = std::function<coro::Task<Status>(net::Program program)>;
  Hooks(io::Clock& clock, Runner runner, config::HooksConfig config, Log log);

  // From the next run on.
  void configure(config::HooksConfig config);

  // Runs what is fired, until it is cancelled: then what runs is ended, and what waits is dropped.
  // Once.
  coro::Task<void> run();

  // What an account::Observer hears; fires what follows from it. A trouble is fired when it begins,
  // and not again before the account was well in between.
  void on_life(const std::string& account, const account::Life& life);
  void on_synced(const account::AccountReport& report);
  // Waits for the hook, at most its time limit in all, whatever other hook runs.
  coro::Task<void> before_sync(std::string account);
  // The account is no longer there: nothing of it is run, and its troubles are forgotten.
  void forget(const std::string& account);

  void fire(HookEvent event, const std::string& account, const HookFacts& facts);

 private:
  // What waits of one event.
  struct Gathered {
    std::map<std::string, HookFacts> by_account;
    std::chrono::nanoseconds first{};
    std::chrono::nanoseconds last{};
  };
  struct Troubles {
    bool held = false;
    bool needs_auth = false;
    bool error = false;
  };

  const config::Command& command(HookEvent event) const;
  // When what gathered of it is to be run; nullopt: nothing did.
  std::optional<std::chrono::nanoseconds> due(HookEvent event) const;
  std::optional<HookEvent> next() const;
  coro::Task<void> run_gathered(HookEvent event);
  coro::Task<void> run_hook(HookEvent event, std::string account, HookFacts facts,
                            std::chrono::milliseconds deadline);

  io::Clock& clock_;
  Runner runner_;
  config::HooksConfig config_;
  Log log_;
  std::array<Gathered, kHookEvents> gathered_;
  std::map<std::string, Troubles> troubles_;
  coro::Event news_;
  coro::Semaphore one_at_a_time_{1};
};

}  // namespace sterna::daemon
