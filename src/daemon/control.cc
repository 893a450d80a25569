// SPDX-License-Identifier: Apache-2.0
#include "control.h"

#include "session.h"
#include "sterna/io/deadline.h"
#include "wire.h"

namespace sterna::daemon {
namespace {

constexpr std::size_t kSessionsMax = 64;
// A last word to whoever is turned away.
constexpr std::chrono::seconds kLastWordMax{1};
constexpr std::chrono::seconds kAcceptAgainAfter{1};

}  // namespace

Control::Control(net::Loop& loop, Roster& roster, std::string version,
                 std::function<coro::Task<Status>()> reload, Log log)
    : loop_(loop),
      roster_(roster),
      version_(std::move(version)),
      reload_(std::move(reload)),
      log_(std::move(log)) {}

Control::~Control() = default;

coro::Task<void> Control::serve(net::LocalListener& listener) {
  coro::Scope sessions = co_await coro::make_scope();
  for (;;) {
    auto connection = co_await listener.accept();
    if (connection) {
      sessions.spawn(talk(std::move(*connection)));
      continue;
    }
    if (connection.error().is_cancelled()) break;
    log_.warn("control socket: {}", connection.error().describe());
    const Status slept = co_await loop_.clock().sleep(kAcceptAgainAfter);
    if (!slept) break;
  }
  co_await sessions.close();
}

coro::Task<void> Control::talk(std::unique_ptr<net::LocalConnection> connection) {
  if (sessions_.size() >= kSessionsMax) {
    const Error many(ErrorCode::locked, "too many connections to the control socket");
    static_cast<void>(co_await io::with_deadline(
        loop_.clock(), kLastWordMax, connection->send(failed_line(std::nullopt, many))));
    co_return;
  }
  coro::Scope scope = co_await coro::make_scope();
  Session session(*this, *connection, scope);
  sessions_.insert(&session);
  scope.spawn(connection->pump());
  connection->post(hello_line(version_));
  co_await session.run();
  sessions_.erase(&session);
  co_await scope.close();
}

void Control::tell_life(const std::string& account) {
  for (Session* session : sessions_) session->tell_life(account);
}

void Control::tell_synced(const account::AccountReport& report) {
  for (Session* session : sessions_) session->tell_synced(report);
}

}  // namespace sterna::daemon
