// SPDX-License-Identifier: Apache-2.0
// Pool: an account's connections. The first is the one that lists and plans; others are opened for
// downloads where they pay, and live as long as the sync. A daemon keeps the first from sync to
// sync.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "connection_limit.h"
#include "engine.h"
#include "login_secret.h"

namespace sterna::account {

class Pool {
 public:
  Pool(Services services, const Settings& settings, Log log)
      : services_(services), settings_(settings), log_(std::move(log)), secret_(settings) {}

  // The first connection, opened when it is first asked for or was lost.
  coro::Task<Result<Connection*>> primary();
  // Connection number `index`, or an error; the caller goes on with fewer.
  coro::Task<Result<Connection*>> extra(std::size_t index);
  // How many may be used at once, by the settings and by what the server bears, as its habits or a
  // refusal say.
  std::size_t size_max() const;
  // The network is another one, perhaps: what a refusal said may be otherwise now.
  void doubt_refusals() { refused_.doubt(); }
  coro::Task<void> logout();
  // Between two syncs of one life: what was opened beside the first goes, and the password with it.
  coro::Task<void> rest();
  // The first connection, if it is open.
  Connection* open_primary();
  // All of them, at once, without a word.
  void drop();
  std::size_t size() const;
  // Whether the server owes an answer, or a connection is being made.
  bool is_waiting() const;
  // How many logins succeeded.
  std::uint64_t logins() const { return logins_; }
  // The server's, at the last of them; 0: none, or without TLS.
  std::int64_t certificate_expires_ms() const { return certificate_expires_ms_; }

  Traffic traffic() const;
  // On the wire.
  std::uint64_t octets_in() const;
  std::uint64_t octets_out() const;

 private:
  coro::Task<Result<Connection*>> open(std::size_t index);
  void part_with(std::unique_ptr<Connection>& slot);

  Services services_;
  const Settings& settings_;
  Log log_;
  LoginSecret secret_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::uint64_t logins_ = 0;
  std::int64_t certificate_expires_ms_ = 0;
  ConnectionLimit refused_;
  std::size_t opening_ = 0;
  Traffic traffic_before_;
  std::uint64_t octets_in_before_ = 0;
  std::uint64_t octets_out_before_ = 0;
};

}  // namespace sterna::account
