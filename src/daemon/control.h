// SPDX-License-Identifier: Apache-2.0
// Control: the daemon's end of the control socket (docs/control.md). A Session is one connection;
// what it asked for runs in its scope and ends with it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "roster.h"
#include "sterna/base/log.h"
#include "sterna/coro/scope.h"
#include "sterna/coro/sync.h"
#include "sterna/net/local_socket.h"

namespace sterna::daemon {

class Session;

class Control {
 public:
  // `reload`: as Daemon::reload(), and how it went.
  Control(net::Loop& loop, Roster& roster, std::string version,
          std::function<coro::Task<Status>()> reload, Log log);
  ~Control();

  // Answers whoever connects, until it is cancelled.
  coro::Task<void> serve(net::LocalListener& listener);

  // For subscribers.
  void tell_life(const std::string& account);
  void tell_synced(const account::AccountReport& report);

 private:
  friend class Session;
  coro::Task<void> talk(std::unique_ptr<net::LocalConnection> connection);

  net::Loop& loop_;
  Roster& roster_;
  std::string version_;
  std::function<coro::Task<Status>()> reload_;
  Log log_;
  std::set<Session*> sessions_;
};

}  // namespace sterna::daemon
