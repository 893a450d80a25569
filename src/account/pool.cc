// SPDX-License-Identifier: Apache-2.0
#include "pool.h"

#include <algorithm>

#include "backoff.h"
#include "counted.h"
#include "login.h"

namespace sterna::account {
namespace {

// COMPRESS pays where the link is the limit, not the server (docs/decisions): by hand, or where the
// round trip says that the server is far away.
constexpr std::chrono::milliseconds kFarAway{20};

// How long the link takes for a command that is no work: a login would measure the server's hash of
// the password with it.
coro::Task<Result<std::chrono::nanoseconds>> round_trip(io::Clock& clock, Connection& connection) {
  const auto before = clock.monotonic();
  STERNA_CO_TRY(imap::Done done, co_await connection.run(imap::noop()));
  co_return clock.monotonic() - before;
}

// Only the extra connections move bodies in bulk from the start; the first is compressed when it is
// by choice.
coro::Task<Status> maybe_compress(io::Clock& clock, const Settings& settings,
                                  Connection& connection, std::size_t index) {
  const bool automatic = settings.compress == Compress::automatic && index > 0;
  if (!automatic && settings.compress != Compress::yes) co_return Status{};
  if (!connection.has(imap::Capability::compress_deflate)) co_return Status{};
  STERNA_CO_CHECK(co_await connection.settle());
  if (automatic) {
    STERNA_CO_TRY(const auto took, co_await round_trip(clock, connection));
    if (took < kFarAway) co_return Status{};
  }
  co_return co_await connection.start_compress();
}

}  // namespace

coro::Task<Result<Connection*>> Pool::open(std::size_t index) {
  if (connections_.size() <= index) connections_.resize(index + 1);
  std::unique_ptr<Connection>& slot = connections_[index];
  if (slot && slot->usable()) co_return slot.get();
  part_with(slot);
  const Counted opening(opening_);
  STERNA_CO_TRY(std::unique_ptr<Connection> connection,
                co_await open_connection(services_, settings_, secret_, log_));
  STERNA_CO_CHECK(co_await maybe_compress(services_.clock, settings_, *connection, index));
  ++logins_;
  const std::optional<io::TlsInfo> tls = connection->transport().tls_info();
  certificate_expires_ms_ = tls ? tls->expires * 1000 : 0;
  connections_[index] = std::move(connection);
  co_return connections_[index].get();
}

coro::Task<Result<Connection*>> Pool::primary() {
  co_return co_await open(0);
}

coro::Task<Result<Connection*>> Pool::extra(std::size_t index) {
  Result<Connection*> connection = co_await open(index);
  if (!connection && tells_of_too_many(connection.error()))
    refused_.refused_beyond(index, services_.clock.monotonic());
  if (!connection) co_return connection;
  STERNA_CO_CHECK(co_await (*connection)->settle());
  co_return connection;
}

std::size_t Pool::size_max() const {
  const std::size_t wanted = settings_.connections;
  if (connections_.empty() || !connections_[0]) return 1;
  const std::size_t borne = std::min<std::size_t>(connections_[0]->quirks.connections_max,
                                                  refused_.at(services_.clock.monotonic()));
  return std::max<std::size_t>(1, std::min(wanted, borne));
}

coro::Task<void> Pool::logout() {
  for (const auto& connection : connections_) {
    if (connection) co_await connection->logout();
  }
}

void Pool::part_with(std::unique_ptr<Connection>& slot) {
  if (!slot) return;
  traffic_before_.in += slot->traffic().in;
  traffic_before_.out += slot->traffic().out;
  octets_in_before_ += slot->transport().octets_in();
  octets_out_before_ += slot->transport().octets_out();
  slot.reset();
}

coro::Task<void> Pool::rest() {
  secret_.forget();
  for (std::size_t i = 1; i < connections_.size(); ++i) {
    if (connections_[i]) co_await connections_[i]->logout();
    part_with(connections_[i]);
  }
}

Connection* Pool::open_primary() {
  return !connections_.empty() && connections_[0] && connections_[0]->usable()
             ? connections_[0].get()
             : nullptr;
}

void Pool::drop() {
  for (std::unique_ptr<Connection>& slot : connections_) part_with(slot);
}

std::size_t Pool::size() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(connections_, [](const auto& one) { return one && one->usable(); }));
}

bool Pool::is_waiting() const {
  return (opening_ > 0 && !secret_.is_asked_for()) ||
         std::ranges::any_of(connections_, [](const auto& one) {
           return one && one->usable() && one->awaits_answer();
         });
}

Traffic Pool::traffic() const {
  Traffic sum = traffic_before_;
  for (const auto& connection : connections_) {
    if (!connection) continue;
    sum.in += connection->traffic().in;
    sum.out += connection->traffic().out;
  }
  return sum;
}

std::uint64_t Pool::octets_in() const {
  std::uint64_t octets = octets_in_before_;
  for (const auto& connection : connections_) {
    if (connection) octets += connection->transport().octets_in();
  }
  return octets;
}

std::uint64_t Pool::octets_out() const {
  std::uint64_t octets = octets_out_before_;
  for (const auto& connection : connections_) {
    if (connection) octets += connection->transport().octets_out();
  }
  return octets;
}

}  // namespace sterna::account
