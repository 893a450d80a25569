// SPDX-License-Identifier: Apache-2.0
// Client: another process's side of the control socket.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sterna/account/sync.h"
#include "sterna/base/result.h"
#include "sterna/coro/task.h"
#include "sterna/daemon/protocol.h"
#include "sterna/net/local_socket.h"
#include "sterna/net/loop.h"

namespace sterna::daemon {

// One sync that is wished for.
struct SyncWish {
  std::string account;
  std::vector<MailboxName> mailboxes;  // empty: all
  account::Progress* progress = nullptr;
};

// One thing at a time. Any failure but a refusal leaves it without use.
class Client {
 public:
  // ErrorCode::not_found where there is no daemon; ErrorCode::timeout where it does not answer;
  // ErrorCode::unsupported where it speaks another version of the protocol.
  static coro::Task<Result<std::unique_ptr<Client>>> connect(net::Loop& loop, std::string socket);
  ~Client();

  const std::string& version() const { return version_; }

  // The answer, or why it was refused.
  coro::Task<Result<Message>> ask(Op op, std::vector<std::string> accounts = {},
                                  std::optional<std::int64_t> until_ms = {});
  // Until this object dies, those of the accounts that the daemon knows are left alone by it; false
  // if it knows none. ErrorCode::locked where its sync of one of them does not end for long.
  coro::Task<Result<bool>> borrow(std::vector<std::string> accounts);
  // After ask(Op::subscribe): the next event.
  coro::Task<Result<Message>> next();

  // `told` is called once for each, by its place among the wishes, as it ends; fails where the
  // connection ends before all are told of.
  coro::Task<Status> sync(std::vector<SyncWish> wishes,
                          std::function<void(std::size_t, Result<account::AccountReport>)> told);

 private:
  Client(net::Loop& loop, std::unique_ptr<net::LocalConnection> connection);
  coro::Task<Result<Message>> read();
  coro::Task<Result<bool>> borrow_known(std::vector<std::string> accounts);

  net::Loop& loop_;
  std::unique_ptr<net::LocalConnection> connection_;
  std::string version_;
  std::int64_t last_id_ = 0;
};

}  // namespace sterna::daemon
