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
  // `state_dir`: of the configuration that the accounts are of; one of the daemon's that has its
  // state elsewhere is another account, and not known. Empty: the names say it alone.
  static coro::Task<Result<std::unique_ptr<Client>>> connect(net::Loop& loop, std::string socket,
                                                             std::string state_dir = {});
  ~Client();

  const std::string& version() const { return version_; }
  // kRevision of the daemon. One with an earlier one knows accounts by their names alone.
  int revision() const { return revision_; }

  // The answer, or why it was refused.
  coro::Task<Result<Message>> ask(Op op, std::vector<std::string> accounts = {},
                                  std::optional<std::int64_t> until_ms = {});
  // These accounts go on, but those that a server asked to wait. From revision 1 on.
  coro::Task<Result<Message>> resume_keeping_waits(std::vector<std::string> accounts);
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
  Request new_request(Op op, std::vector<std::string> accounts);
  coro::Task<Result<Message>> carry(Request request);
  coro::Task<Result<Message>> read();
  coro::Task<Result<bool>> borrow_known(std::vector<std::string> accounts);

  net::Loop& loop_;
  std::unique_ptr<net::LocalConnection> connection_;
  std::string version_;
  int revision_ = 0;
  std::string state_dir_;
  std::int64_t last_id_ = 0;
};

}  // namespace sterna::daemon
