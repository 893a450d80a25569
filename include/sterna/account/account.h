// SPDX-License-Identifier: Apache-2.0
// Account: one account's life in a daemon. It watches the server and the Maildir, syncs what they
// tell of, waits out what fails, and ends in order when it is told to stop.
//
// A sync is the same as that of sync_account(), over connections that are kept: it opens the state,
// does its passes and closes it again, so between two of them any other process may have the state.
// Used from the loop's thread alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/account/settings.h"
#include "sterna/account/sync.h"
#include "sterna/coro/sync.h"
#include "sterna/coro/task.h"
#include "sterna/io/watcher.h"

namespace sterna::account {

// What `status` shows of an account that lives: a stable API, by these names.
enum class LifeState : std::uint8_t {
  starting,
  syncing,
  watching,  // the server tells of changes
  polling,   // it is asked now and then
  offline,   // the network, or the server, cannot be reached
  backoff,   // something else failed and is tried again later
  paused,
  held,  // the marker is missing or foreign: sterna adopt
  needs_auth,
  needs_secret,
  error,  // nothing but a person can mend it
};
std::string_view to_string(LifeState state);  // "needs-auth"
// Whether somebody has to mend it, or to decide. It is tried again all the same, for what was wrong
// may have been the server.
bool needs_person(LifeState state);

struct LifeSettings {
  // `watch`: mailboxes (remote names) that an IDLE is spent on where the server has no NOTIFY.
  std::function<bool(const MailboxName&)> pushes;
  std::chrono::seconds poll_interval{300};
  // AccountReport::changes is filled: some hook wants it.
  bool tells_changes = false;
};

// Since the account began to live.
struct LifeCounters {
  std::uint64_t syncs = 0;
  std::uint64_t syncs_failed = 0;
  std::uint64_t logins = 0;
  std::uint64_t logins_refused = 0;
  std::map<std::string, std::uint64_t> reconnects;  // by reason: to_string(ErrorCode), "slept" ...
  Counts moved;                                     // sums over all syncs
  // From the server's notice of a new message to the end of the sync that fetched it, where none
  // failed in between.
  std::uint64_t pushes = 0;
  std::chrono::nanoseconds push_latency_sum{};
  std::chrono::nanoseconds push_latency_max{};
};

// A moment of it.
struct Life {
  LifeState state = LifeState::starting;
  std::int64_t since_ms = 0;     // in that state
  std::optional<Error> error;    // why, where something is wrong
  std::int64_t next_try_ms = 0;  // offline, backoff: when it is tried again; paused: until when
                                 // (0: until resumed)
  // By Clock::monotonic, by which it waits, for whoever supervises it: when it tries, or looks
  // whether its pause is over.
  std::optional<std::chrono::nanoseconds> retry_at;
  std::uint64_t pending = 0;      // changes that are known of and not carried out yet
  std::uint64_t waiting = 0;      // of them: left by the last sync for another look
  std::int64_t last_sync_ms = 0;  // that went well, in this life or before; 0: none yet
  std::chrono::nanoseconds last_duration{};
  std::uint64_t held = 0;
  std::uint64_t quarantined = 0;
  std::vector<std::string> pushed;  // mailboxes whose changes the server tells at once
  std::string push_by;              // "NOTIFY", "IDLE", or "" where it is polled
  std::uint64_t connections = 0;    // open now
  std::uint64_t watches = 0;        // directories of the Maildir that are watched
  std::string watch_obstacle;  // what of its changes is not told, and what is done; "": nothing
  bool disk_silent = false;    // a disk has owed it an answer for a minute or longer
  std::int64_t certificate_expires_ms = 0;  // the server's, at the last login; 0: not known
  std::int64_t token_expires_ms = 0;        // the access token of OAuth; 0: none, or not known
  LifeCounters counters;
  // Grows with whatever it does. While it starts, syncs, watches or polls and this stands still for
  // longer than `patience`, it is stuck; zero: it waits for somebody else, as long as he likes, or
  // for the disk.
  std::uint64_t progress = 0;
  std::chrono::nanoseconds patience{};
};

class Account;

// Whoever supervises accounts.
class Observer {
 public:
  virtual ~Observer() = default;
  // Something of life() is different.
  virtual void on_life(const Account& /*account*/) {}
  // A sync that was not asked for by hand waits for it.
  virtual coro::Task<void> before_sync(const Account& /*account*/) { co_return; }
  // A line is dialled for a sync that was not asked for by hand, or to listen: that waits for
  // it, so that many accounts do not dial in one moment.
  virtual coro::Task<void> before_dial(const Account& /*account*/) { co_return; }
  virtual void on_synced(const Account& /*account*/, const AccountReport& /*report*/) {}
};

class Account {
 public:
  Account(Services services, io::Watcher& watcher, Settings settings, LifeSettings life,
          Observer& observer, Log log);
  ~Account();
  Account(const Account&) = delete;
  Account& operator=(const Account&) = delete;

  // Its life, until it is cancelled. Once.
  coro::Task<void> run();

  const std::string& name() const;
  const Settings& settings() const;
  const Life& life() const;

  // One sync of these mailboxes (remote names; empty: all) that begins after this call, at once and
  // whatever is waited for; but not while the account is paused: then a report without anything.
  coro::Task<AccountReport> sync(std::vector<MailboxName> mailboxes, Progress& progress);

  // The state is left to somebody else as long as the loan lives: no sync runs, and one that runs
  // is waited for. When it ends, everything is looked at.
  class Loan {
   public:
    Loan() = default;
    Loan(Loan&& other) noexcept;
    Loan& operator=(Loan&& other) noexcept;
    ~Loan();

   private:
    friend class Account;
    explicit Loan(Account& account, coro::Semaphore::Permit permit);
    Account* account_ = nullptr;
    coro::Semaphore::Permit permit_;
  };
  coro::Task<Result<Loan>> lend();

  // The other accounts of the configuration are these now. Waits for a sync that runs; the next one
  // knows them.
  coro::Task<Status> meet(Neighbours neighbours);

  // LifeSettings::tells_changes is this, from the next sync on.
  void tell_changes(bool tells);

  // Until that time (milliseconds of the wall clock), or until resume(). Whoever calls it has
  // recorded it (pause.h). A sync that runs is broken off, between two steps; what it did is done.
  void pause(std::optional<std::int64_t> until_ms);
  // Where it is paused, everything is looked at now, as far as its server does not want to be left
  // alone.
  void resume();
  // The same, and ends such a wait, too.
  void resume_despite_wait();
  // The machine slept, or its network changed: connections are proved at once, and replaced where
  // they do not answer; what waits for its next try is tried now.
  void probe(std::string_view reason);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sterna::account
