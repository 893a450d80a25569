// SPDX-License-Identifier: Apache-2.0
#include "sterna/daemon/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "sterna/base/bytes.h"
#include "sterna/coro/scope.h"
#include "sterna/io/deadline.h"
#include "wire.h"

namespace sterna::daemon {
namespace {

// A daemon that is alive says hello at once.
constexpr std::chrono::seconds kHelloMax{5};
// A sync may take hours; whoever wants the state meanwhile is told so.
constexpr std::chrono::seconds kBorrowingMax{60};

Error gone() {
  return Error(ErrorCode::disconnected, "the daemon has ended the connection")
      .with_scope(ErrorScope::process)
      .with_hint("sterna status says whether it still runs");
}

// The sums of a note as the steps that Progress takes.
class Steps {
 public:
  explicit Steps(account::Progress* progress) : progress_(progress) {}

  void take(const ProgressNote& note) {
    if (!progress_) return;
    progress_->expect(grown(note.expected_messages, last_.expected_messages),
                      grown(note.expected_octets, last_.expected_octets));
    progress_->transferred(grown(note.done_messages, last_.done_messages),
                           grown(note.done_octets, last_.done_octets));
    if (note.phase != last_.phase) progress_->phase(note.account, note.phase);
    last_ = note;
  }

 private:
  static std::uint64_t grown(std::uint64_t now, std::uint64_t before) {
    return now > before ? now - before : 0;
  }

  account::Progress* progress_;
  ProgressNote last_;
};

}  // namespace

Client::Client(net::Loop& loop, std::unique_ptr<net::LocalConnection> connection)
    : loop_(loop), connection_(std::move(connection)) {}

Client::~Client() = default;

coro::Task<Result<std::unique_ptr<Client>>> Client::connect(net::Loop& loop, std::string socket,
                                                            std::string state_dir) {
  STERNA_CO_TRY(auto connection, net::connect_local(loop, socket));
  std::unique_ptr<Client> client(new Client(loop, std::move(connection)));
  auto hello = co_await io::with_deadline(loop.clock(), kHelloMax, client->read(),
                                          fmt::format("the daemon at {} does not answer", socket));
  if (!hello) co_return fail(std::move(hello).error());
  if (hello->kind == Message::Kind::failed) co_return fail(*hello->error);
  if (hello->kind != Message::Kind::hello || hello->protocol != kProtocol) {
    co_return fail(
        Error(ErrorCode::unsupported, fmt::format("the daemon, sterna {}, speaks another protocol",
                                                  printable(hello->version, 40)))
            .with_hint("restart it, so that it is of this version"));
  }
  client->version_ = hello->version;
  client->revision_ = hello->revision;
  // An older daemon refuses fields that it does not know.
  if (hello->revision >= 1) client->state_dir_ = std::move(state_dir);
  co_return std::move(client);
}

coro::Task<Result<Message>> Client::read() {
  auto line = co_await connection_->read_line();
  if (!line && line.error().is(ErrorCode::disconnected)) co_return fail(gone());
  if (!line) co_return fail(std::move(line).error());
  if (!*line) co_return fail(gone());
  co_return read_message(**line);
}

Request Client::new_request(Op op, std::vector<std::string> accounts) {
  return {.id = ++last_id_,
          .op = op,
          .accounts = std::move(accounts),
          .mailboxes = {},
          .until_ms = {},
          .state_dir = state_dir_};
}

coro::Task<Result<Message>> Client::ask(Op op, std::vector<std::string> accounts,
                                        std::optional<std::int64_t> until_ms) {
  Request wish = new_request(op, std::move(accounts));
  wish.until_ms = until_ms;
  co_return co_await carry(std::move(wish));
}

coro::Task<Result<Message>> Client::resume_keeping_waits(std::vector<std::string> accounts) {
  Request wish = new_request(Op::resume, std::move(accounts));
  wish.keep_waits = true;
  co_return co_await carry(std::move(wish));
}

coro::Task<Result<Message>> Client::carry(Request request) {
  const Status sent = co_await connection_->send(request_line(request));
  if (!sent) co_return fail(gone());
  for (;;) {
    STERNA_CO_TRY(Message message, co_await read());
    if (message.id != request.id) continue;  // an event
    if (message.kind == Message::Kind::failed) co_return fail(*message.error);
    if (message.kind == Message::Kind::done) co_return std::move(message);
  }
}

coro::Task<Result<bool>> Client::borrow_known(std::vector<std::string> accounts) {
  STERNA_CO_TRY(const Message status, co_await ask(Op::status));
  std::erase_if(accounts, [&status](const std::string& account) {
    return std::ranges::find(status.lives, account, &AccountLife::name) == status.lives.end();
  });
  if (accounts.empty()) co_return false;
  STERNA_CO_TRY(const Message lent, co_await ask(Op::lend, std::move(accounts)));
  co_return true;
}

coro::Task<Result<bool>> Client::borrow(std::vector<std::string> accounts) {
  auto lent = co_await io::with_deadline(loop_.clock(), kBorrowingMax,
                                         borrow_known(std::move(accounts)), "loan");
  if (lent || !lent.error().is(ErrorCode::timeout)) co_return std::move(lent);
  co_return fail(
      Error(ErrorCode::locked,
            fmt::format("the daemon syncs, and has kept the state for {} s", kBorrowingMax.count()))
          .with_hint("try again when sterna status says that it is done"));
}

coro::Task<Result<Message>> Client::next() {
  for (;;) {
    STERNA_CO_TRY(Message message, co_await read());
    const bool is_event = message.kind == Message::Kind::life ||
                          message.kind == Message::Kind::synced ||
                          message.kind == Message::Kind::ended;
    if (is_event) co_return std::move(message);
  }
}

coro::Task<Status> Client::sync(
    std::vector<SyncWish> wishes,
    std::function<void(std::size_t, Result<account::AccountReport>)> told) {
  std::map<std::int64_t, std::pair<std::size_t, Steps>> open;
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    Request wish = new_request(Op::sync, {wishes[i].account});
    wish.mailboxes = wishes[i].mailboxes;
    open.emplace(wish.id, std::pair(i, Steps(wishes[i].progress)));
    connection_->post(request_line(wish));
  }
  coro::Scope sending = co_await coro::make_scope();
  sending.spawn(connection_->pump());
  Status outcome;
  while (!open.empty()) {
    auto message = co_await read();
    if (!message) {
      outcome = fail(std::move(message).error());
      break;
    }
    const auto it = message->id ? open.find(*message->id) : open.end();
    if (it == open.end()) continue;
    auto& [place, steps] = it->second;
    if (message->kind == Message::Kind::progress) {
      steps.take(message->progress);
      continue;
    }
    const std::size_t wish = place;
    open.erase(it);
    if (message->kind == Message::Kind::failed) {
      told(wish, fail(*message->error));
    } else if (message->reports.size() == 1) {
      told(wish, std::move(message->reports.front()));
    } else {
      told(wish, fail(ErrorCode::protocol, "the daemon answered without a report"));
    }
  }
  co_await sending.close();
  co_return outcome;
}

}  // namespace sterna::daemon
