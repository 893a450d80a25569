// SPDX-License-Identifier: Apache-2.0
// Session: an account's login as long as it lasts: gives access tokens away, and has them renewed
// before they end.
//
// What is on the disk is the truth: it is read for each answer, and changed under the store's lock,
// so any number of sessions and processes share one login. A rotated refresh token is durable
// before anybody gets the access token that came with it. Used from the loop's thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sterna/base/log.h"
#include "sterna/base/result.h"
#include "sterna/base/secret.h"
#include "sterna/coro/sync.h"
#include "sterna/coro/task.h"
#include "sterna/io/clock.h"
#include "sterna/io/http.h"
#include "sterna/io/worker.h"
#include "sterna/oauth/client.h"
#include "sterna/oauth/grant.h"
#include "sterna/oauth/store.h"
#include "sterna/oauth/tokens.h"

namespace sterna::oauth {

struct World {
  io::Clock& clock;
  io::Worker& worker;
  io::Http& http;
};

class Session {
 public:
  Session(World world, Client client, TokenStore store, std::string account, std::string user);

  const Client& client() const { return client_; }
  const TokenStore& store() const { return store_; }

  // An access token with which a login may begin now. One that is due is renewed first; if the
  // endpoint cannot be reached, what is still good is used. Errors: login (no login, or the consent
  // is gone; the hint has the command; or a proxy refuses its user), secret (as of the store),
  // connect, timeout and other words of the network (nothing is lost), protocol, locked.
  coro::Task<Result<Secret>> token();
  // Another one than this, which a server refused although it should be good.
  coro::Task<Result<Secret>> renewed(Secret refused);
  // Renews what is due, for as long as it runs, and logs what goes wrong with it once.
  coro::Task<void> keep_fresh(Log log);

  // The tokens as they are, for people.
  coro::Task<Result<std::optional<Tokens>>> look();
  // A new login takes the place of what was there.
  coro::Task<Status> adopt(Grant grant);
  // Ends the login here. Gives back what there was.
  coro::Task<Result<std::optional<Tokens>>> forget();

  // When the access token ends that was last seen in the store, or put there; 0: none was.
  std::int64_t expires_ms() const { return expires_ms_; }

  // "the token endpoint of google"
  std::string endpoint_name() const;
  // The error of a token endpoint's refusal, with what mends it.
  Error mended(const Refusal& refusal) const;

 private:
  using Wanted = std::function<bool(const Tokens&, std::int64_t now_ms)>;  // whether to renew

  std::int64_t now_ms() const { return world_.clock.wall_ns() / 1'000'000; }
  coro::Task<Result<TokenStore::Lock>> lock();
  coro::Task<Status> write(Tokens tokens);
  coro::Task<Result<Tokens>> stored();
  coro::Task<Result<Tokens>> up_to_date(Wanted wanted);
  coro::Task<Result<Tokens>> renew(Tokens before);
  coro::Task<Status> reseal();
  coro::Task<Result<std::chrono::milliseconds>> freshen();
  Error note_failure(const Refusal& refusal);
  coro::Task<std::expected<Grant, Refusal>> ask_for_grant(Secret refresh);
  Error no_login(std::string message) const;

  // The last try, where it failed; on the monotonic clock.
  struct Failure {
    std::chrono::nanoseconds at{};
    std::chrono::nanoseconds quiet_until{};
    Refusal::Kind kind{};
    Error error;
  };

  World world_;
  Client client_;
  TokenStore store_;
  std::string account_;
  std::string user_;
  coro::Semaphore turn_{1};  // one refresh at a time: who waited finds what it brought
  std::optional<Failure> failure_;
  std::int64_t expires_ms_ = 0;
  std::optional<Tokens> unsaved_;  // renewed, and the disk did not take it
};

}  // namespace sterna::oauth
