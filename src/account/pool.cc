// SPDX-License-Identifier: Apache-2.0
#include "pool.h"

#include <algorithm>

#include "login.h"

namespace sterna::account {
namespace {

// COMPRESS pays where the link is the limit, not the server (docs/decisions): by hand, or where the
// round trip says that the server is far away.
constexpr std::chrono::milliseconds kFarAway{20};

bool wants_compress(const Settings& settings, const Connection& connection) {
  if (!connection.has(imap::Capability::compress_deflate)) return false;
  if (settings.compress == Compress::automatic) return connection.round_trip >= kFarAway;
  return settings.compress == Compress::yes;
}

}  // namespace

coro::Task<Result<Connection*>> Pool::open(std::size_t index) {
  if (connections_.size() <= index) connections_.resize(index + 1);
  std::unique_ptr<Connection>& slot = connections_[index];
  if (slot && slot->usable()) co_return slot.get();
  if (slot) {
    octets_in_before_ += slot->transport().octets_in();
    octets_out_before_ += slot->transport().octets_out();
    slot.reset();
  }
  if (!password_) {
    STERNA_CO_TRY(password_, co_await settings_.password());
  }
  const Secret password = *password_;
  STERNA_CO_TRY(std::unique_ptr<Connection> connection,
                co_await open_connection(services_, settings_, password, log_));
  // Only the extra ones move bodies in bulk from the start; the first is compressed when it is by
  // choice.
  const bool bulk = index > 0 || settings_.compress == Compress::yes;
  if (bulk && wants_compress(settings_, *connection)) {
    STERNA_CO_CHECK(co_await connection->settle());
    STERNA_CO_CHECK(co_await connection->start_compress());
  }
  connections_[index] = std::move(connection);
  co_return connections_[index].get();
}

coro::Task<Result<Connection*>> Pool::primary() {
  co_return co_await open(0);
}

coro::Task<Result<Connection*>> Pool::extra(std::size_t index) {
  STERNA_CO_TRY(Connection * connection, co_await open(index));
  STERNA_CO_CHECK(co_await connection->settle());
  co_return connection;
}

std::size_t Pool::size_max() const {
  const std::size_t wanted = settings_.connections;
  if (connections_.empty() || !connections_[0]) return 1;
  return std::max<std::size_t>(
      1, std::min<std::size_t>(wanted, connections_[0]->quirks.connections_max));
}

coro::Task<void> Pool::logout() {
  for (const auto& connection : connections_) {
    if (connection) co_await connection->logout();
  }
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
