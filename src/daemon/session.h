// SPDX-License-Identifier: Apache-2.0
// Session: one client of the control socket: its requests, answers and subscription.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control.h"
#include "sterna/daemon/protocol.h"

namespace sterna::daemon {

class Session {
 public:
  // `scope` is that of the connection.
  Session(Control& control, net::LocalConnection& connection, coro::Scope& scope);

  // Reads and answers until the other end has no more to say.
  coro::Task<void> run();

  void tell_life(const std::string& account);
  void tell_synced(const account::AccountReport& report);

 private:
  coro::Task<void> handle(std::string line);
  coro::Task<void> carry_out(Request request, coro::Semaphore::Permit permit);
  coro::Task<void> sync(Request request);
  coro::Task<void> sync_one(std::string account, std::vector<MailboxName> mailboxes,
                            std::int64_t id, Result<account::AccountReport>& report);
  coro::Task<void> lend(Request request);
  coro::Task<void> reload(Request request);
  coro::Task<void> tell_lives();
  void pause(const Request& request);
  void subscribe(const Request& request);
  bool subscribed_to(const std::string& account) const;
  // The accounts that are named, or all, of the asker's state; answers where one is unknown.
  std::optional<std::vector<std::string>> names_of(const Request& request);
  std::vector<AccountLife> lives_of(const std::vector<std::string>& names);
  void refuse(std::optional<std::int64_t> id, const Error& error);

  Control& control_;
  net::LocalConnection& connection_;
  coro::Scope& scope_;
  coro::Semaphore requests_;  // that are being carried out
  bool lends_ = false;
  coro::Event returned_;
  std::optional<std::int64_t> return_id_;  // of who returns it
  bool subscribed_ = false;
  std::set<std::string> accounts_;  // of the subscription; empty: all
  std::string state_dir_;           // of the subscription
  std::set<std::string> changed_;   // accounts whose life it was not told yet
  coro::Event news_;
};

}  // namespace sterna::daemon
