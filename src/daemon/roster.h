// SPDX-License-Identifier: Apache-2.0
// Roster: the accounts that live in this daemon. A Member is one of them, with its scope; a Use is
// somebody's hold on it, so that nobody is left with an account that a reload took away.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sterna/account/account.h"
#include "sterna/coro/cancel.h"
#include "sterna/coro/link.h"
#include "sterna/coro/scope.h"
#include "sterna/daemon/daemon.h"
#include "sterna/daemon/protocol.h"

namespace sterna::daemon {

class Member;

// What is done with an account for somebody else is awaited under `cancel`, which is requested when
// the account is to end. Uses that share one end together.
class Use : public coro::Link<Use> {
 public:
  Use(Member& member, coro::CancelState& cancel);
  ~Use();
  account::Account& account() { return account_; }
  void end() { cancel_.request(); }

 private:
  Member& member_;
  account::Account& account_;
  coro::CancelState& cancel_;
};

class Member {
 public:
  Member(coro::Context daemon, config::AccountConfig said, const AccountSetup& setup,
         account::Services services, io::Watcher& watcher, account::Observer& observer, Log log);

  const config::AccountConfig& said() const { return said_; }
  account::Account& account() { return account_; }
  AccountLife life() const { return {account_.name(), account_.life()}; }
  // The same with what its settings are compared by.
  AccountLife life_and_settings() const { return {account_.name(), account_.life(), settings_}; }
  // Whether its state lies in that `state_dir` of a configuration; an empty one asks for none.
  bool keeps_state_in(const std::string& state_dir) const;

  void start();
  // Other accounts came, went or changed: from its next sync on it knows them so.
  void meet(account::Neighbours neighbours);
  // It and all that is done with it has ended.
  coro::Task<void> end();

 private:
  friend class Use;
  coro::Task<void> live();

  config::AccountConfig said_;
  std::string settings_;
  account::Account account_;
  coro::Scope scope_;
  Log log_;
  std::function<coro::Task<void>(Log log)> companion_;
  coro::List<Use> uses_;
  coro::Event unused_;
};

class Roster {
 public:
  Roster(net::Loop& loop, coro::Context daemon, Ways& ways, account::Observer& observer, Log log);

  // Makes the accounts those of this configuration, and starts them.
  coro::Task<void> take(config::Config config);
  // All accounts have ended.
  coro::Task<void> close();

  Member* find(const std::string& name);
  // In the order of their names.
  std::vector<Member*> all();
  std::vector<AccountLife> lives();

 private:
  bool is_unchanged(Member& member, const config::Config& config) const;
  void start(const config::AccountConfig& said, const AccountSetup& setup);
  void keep_paused(Member& member);
  coro::Task<void> end_all(std::vector<std::string> names);

  net::Loop& loop_;
  coro::Context daemon_;
  Ways& ways_;
  account::Observer& observer_;
  Log log_;
  std::string state_dir_;
  std::map<std::string, std::unique_ptr<Member>> members_;
};

// Whether the two are the same to another account.
bool same_neighbour(const config::AccountConfig& one, const config::AccountConfig& other);

}  // namespace sterna::daemon
