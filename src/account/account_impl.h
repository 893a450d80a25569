// SPDX-License-Identifier: Apache-2.0
// Account::Impl: an account's life, one coroutine that either syncs or waits for a reason to.
// Everything that may be a reason leaves a mark and wakes it; what is due is decided from the marks
// alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "backoff.h"
#include "counted_worker.h"
#include "heard_dialer.h"
#include "kept.h"
#include "life.h"
#include "local_watch.h"
#include "remote_watch.h"
#include "requested_sync.h"
#include "schedule.h"
#include "side_watch.h"
#include "silence.h"
#include "sterna/account/account.h"
#include "work.h"

namespace sterna::account {

// Nothing that an account does by itself takes so long without an octet or a job that ends: a
// server may be silent for three minutes, and a password's helper for one.
inline constexpr std::chrono::minutes kStandsStillMax{15};

struct Account::Impl final : SideWatch::Owner {
  // What the next sync looks at, and for whom.
  struct Due : Schedule::Due {
    std::shared_ptr<RequestedSync> request = {};

    bool nothing() const { return !everything && !news && !request; }
  };

  Impl(Account& account, Services world, io::Watcher& watcher, Settings given, LifeSettings how,
       Observer& supervisor, Log logger)
      : self(account),
        worker(world.worker, world.clock, [this](bool silent) { on_disk(silent); }),
        lines(world.dialer),
        services{world.clock, worker, lines, world.random, world.files},
        settings(std::move(given)),
        life_settings(std::move(how)),
        observer(supervisor),
        log(logger.with("account", settings.name)),
        kept(services, settings, log),
        silence(log),
        remote(services, silence, log),
        beside({world.clock, worker, world.dialer, world.random, world.files}, settings, silence,
               *this, log),
        local(services, watcher, settings, wake, log),
        work(
            services.clock, lines, [this] { return kept.pool.octets_out(); },
            [this] { return kept.pool.is_waiting(); }),
        schedule(life_settings.poll_interval) {
    life.since_ms = services.clock.wall_ns() / 1'000'000;
  }

  void on_news(const std::string& wire, bool arrived) override;
  void on_opened(const std::string& wire) override;
  void on_told_to_wait(const Error& error) override;
  void on_line_lost(const std::string& reason) override;
  void on_login_refused() override;
  coro::Task<void> before_dial() override;

  std::chrono::nanoseconds now() const { return services.clock.monotonic(); }
  std::int64_t wall_ms() const { return services.clock.wall_ns() / 1'000'000; }

  coro::Task<void> live();
  coro::Task<void> wait_while_paused();
  coro::Task<void> wait_out_pause();
  void go_on();
  Due what_is_due();
  bool waits_as_told() const {
    return schedule.is_waiting() && life.error && is_told_to_wait(*life.error);
  }
  // Something comes before a sync that nobody asked for.
  bool has_other_plans() const { return pause_until || told_beside || !requests.empty(); }
  Told told() const {
    const bool everything = remote.everything();
    return {remote.has_news() && !everything, everything, remote.believed_at()};
  }
  coro::Task<void> wait_for_reason();
  coro::Task<void> open_early();
  coro::Task<void> listen();
  coro::Task<void> prove_line();
  void try_early();
  coro::Task<Result<coro::Semaphore::Permit>> take_turn();
  // For how long the line may owe an answer.
  std::chrono::seconds line_limit();
  void replace_dead_line(const std::string& reason);
  coro::Task<void> sync(Due due);
  bool needs_hook(const Due& due) const;
  coro::Task<void> run_hook();
  coro::Task<void> ask_to_dial(bool& may_dial);
  coro::Task<void> queue_to_dial();
  coro::Task<void> prove_when_doubted();
  void look_ended(const News& news, bool in_vain);
  coro::Task<void> watch_maildir();
  void break_off(Due& due, AccountReport report);
  void tell_report(const AccountReport& report, bool is_failure);
  bool take_outcome(const Due& due, const AccountReport& report, std::chrono::nanoseconds began,
                    std::optional<std::chrono::nanoseconds> told_at, bool over_old_line);
  coro::Task<void> recall_state();
  void recall_figures(AccountReport& report) const;
  bool failed(const Error& error, bool over_old_line);
  void wait_as_told(const Error& error);
  void heed_side_lines();
  void went_well(const Due& due, const AccountReport& report);
  LifeState state_at_rest();
  void enter(LifeState state);
  void drop_line();
  void lose_line();
  void answer_all();
  void on_disk(bool silent);
  void count();
  void note_next_try();
  void note_pending();
  void note_pushed();
  const KnownMailbox* listened_to() const;
  void watch_beside();

  Account& self;
  CountedWorker worker;
  HeardDialer lines;  // of the pool
  Services services;
  Settings settings;
  LifeSettings life_settings;
  Observer& observer;
  Log log;
  coro::Event wake;
  Kept kept;
  Silence silence;
  RemoteWatch remote;
  SideWatch beside;
  LocalWatch local;
  Work work;
  coro::Semaphore turn{1};  // whoever has it may use the state
  std::uint64_t turns = 0;  // of its life's loop
  std::deque<std::shared_ptr<RequestedSync>> requests;
  Schedule schedule;
  Life life;
  Complaints complaints;

  std::optional<std::int64_t> pause_until;   // paused; 0: until resumed
  unsigned failures = 0;                     // in a row
  unsigned dead_lines = 0;                   // in a row, and none was proved or listened long
  std::chrono::nanoseconds retry_by_boot{};  // the next try, by Clock::since_boot
  EarlyTries early;
  std::chrono::nanoseconds standstill_max = kStandsStillMax;  // Life::patience, but for the disk
  std::string probe_reason;                                   // "" if the line need not be proved
  coro::Event doubted;  // while a hook runs: prove the line, or it is over
  bool hook_is_over = true;
  std::optional<Error> told_beside;  // a line beside was: the account is to wait
  bool over = false;
};

}  // namespace sterna::account
