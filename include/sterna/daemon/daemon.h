// SPDX-License-Identifier: Apache-2.0
// Daemon: keeps the accounts of a configuration alive, answers on the control socket, and tells the
// service manager how it is. Each account has a scope of its own; what one of them meets no other
// notices. Used from the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "sterna/account/account.h"
#include "sterna/base/log.h"
#include "sterna/base/result.h"
#include "sterna/config/config.h"
#include "sterna/coro/task.h"
#include "sterna/net/loop.h"
#include "sterna/net/service_manager.h"

namespace sterna::daemon {

// An account as the engine wants it.
struct AccountSetup {
  account::Settings settings;
  account::LifeSettings life;
  // What runs beside the account, for as long as it lives; may be empty.
  std::function<coro::Task<void>(Log log)> companion = {};
};

// What whoever starts a daemon knows and it does not.
struct Ways {
  // The configuration as it is now, for a reload.
  std::function<Result<config::Config>()> load;
  std::function<AccountSetup(const config::Config&, const config::AccountConfig&)> setup;
  // Which of the accounts that are enabled it keeps; the others are neighbours. Empty: all of them.
  std::function<bool(const std::string& account)> keeps = {};
  // What each of its accounts knows of all of them.
  std::function<account::Neighbours(const config::Config&)> neighbours;
  // Ends the process: what was asked to stop did not in time. Safe at any moment.
  std::function<void()> give_up;
  std::string version;
};

class Daemon {
 public:
  Daemon(net::Loop& loop, net::ServiceManager& manager, Ways ways, Log log);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Until stop(), or until it is cancelled; then all work has ended. ErrorCode::locked where
  // another daemon has the socket; other failures of making it, too. Once.
  coro::Task<Status> run(config::Config config);

  // At any time, from a signal's handler, too. All accounts are asked to stop, and what has not
  // done so after some seconds is given up.
  void stop();
  // Accounts that are new, changed or gone are started, replaced and ended; the others are left
  // alone. A configuration with mistakes changes nothing.
  void reload();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sterna::daemon
