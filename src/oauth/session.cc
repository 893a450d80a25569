// SPDX-License-Identifier: Apache-2.0
#include "sterna/oauth/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sterna::oauth {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Another process that refreshes needs seconds; one that stands still shall not stop this one for
// ever.
constexpr seconds kLockMax{90};
constexpr milliseconds kLockPoll{50};
// A login of `sterna auth`, and what another process renewed, is seen after so long at the latest.
constexpr seconds kLookEvery{300};
// Where a provider's tokens live for moments.
constexpr seconds kRenewalsApart{10};
constexpr seconds kRetryFirst{30};
// An endpoint that asks for more is asked whether it means it.
constexpr seconds kRetryAfterMax = std::chrono::hours(1);

Refusal unreached(Error error) {
  return {.kind = Refusal::Kind::later, .error = std::move(error), .retry_after = {}};
}

}  // namespace

Session::Session(World world, Client client, TokenStore store, std::string account,
                 std::string user)
    : world_(world),
      client_(std::move(client)),
      store_(std::move(store)),
      account_(std::move(account)),
      user_(std::move(user)) {}

std::string Session::endpoint_name() const {
  return "the token endpoint of " + client_.provider;
}

Error Session::no_login(std::string message) const {
  return Error(ErrorCode::login, std::move(message))
      .with_scope(ErrorScope::account)
      .with_disposition(Disposition::needs_user)
      .with_hint("log in: sterna auth " + account_);
}

Error Session::mended(const Refusal& refusal) const {
  switch (refusal.kind) {
    case Refusal::Kind::consent_gone:
      return no_login("the consent is gone: " + refusal.error.describe());
    case Refusal::Kind::setup:
      return Error(refusal.error)
          .with_scope(ErrorScope::account)
          .with_disposition(Disposition::needs_user)
          .with_hint(fmt::format("mend client_id, client_secret or scope in [account.{0}.oauth], "
                                 "then: sterna auth {0}",
                                 account_));
    default:
      return Error(refusal.error).with_scope(ErrorScope::account);
  }
}

coro::Task<Result<TokenStore::Lock>> Session::lock() {
  const auto began = world_.clock.monotonic();
  for (;;) {
    Result<std::optional<TokenStore::Lock>> taken{std::optional<TokenStore::Lock>()};
    co_await world_.worker.run([this, &taken] { taken = store_.try_lock(); });
    if (!taken) co_return fail(std::move(taken).error());
    if (*taken) co_return std::move(**taken);
    if (world_.clock.monotonic() - began > kLockMax) {
      co_return fail(
          Error(ErrorCode::locked, fmt::format("another process has held {}.lock for {} s",
                                               store_.path(), kLockMax.count()))
              .with_scope(ErrorScope::account)
              .with_hint("a sterna that stands still? sterna status says what runs"));
    }
    STERNA_CO_CHECK(co_await world_.clock.sleep(kLockPoll));
  }
}

coro::Task<Status> Session::write(Tokens tokens) {
  Status written;
  co_await world_.worker.run([this, &written, &tokens] { written = store_.write(tokens); });
  if (written) expires_ms_ = tokens.expires_ms;
  co_return written;
}

coro::Task<Result<std::optional<Tokens>>> Session::look() {
  Result<std::optional<Tokens>> found{std::optional<Tokens>()};
  co_await world_.worker.run([this, &found] { found = store_.read(); });
  if (found) expires_ms_ = *found ? (*found)->expires_ms : 0;
  co_return found;
}

// Those of this client, or why there are none.
coro::Task<Result<Tokens>> Session::stored() {
  STERNA_CO_TRY(std::optional<Tokens> tokens, co_await look());
  if (!tokens) co_return fail(no_login("nobody has logged in yet"));
  if (!belongs_to(*tokens, client_)) {
    co_return fail(no_login(
        "the login that is stored was made with another client_id, or at another provider"));
  }
  co_return std::move(*tokens);
}

coro::Task<std::expected<Grant, Refusal>> Session::ask_for_grant(Secret refresh) {
  Result<io::HttpAnswer> answer = co_await world_.http.send(refresh_request(client_, refresh));
  if (!answer) co_return std::unexpected(unreached(std::move(answer).error()));
  co_return read_grant(std::move(*answer), endpoint_name());
}

// What it says of when to come back is heeded, and whoever waited for this very try is answered
// with it.
Error Session::note_failure(const Refusal& refusal) {
  Error error = mended(refusal);
  const auto now = world_.clock.monotonic();
  failure_ = Failure{.at = now,
                     .quiet_until = now + std::min(refusal.retry_after, kRetryAfterMax),
                     .kind = refusal.kind,
                     .error = error};
  return error;
}

// Precondition: the lock is held, and the tokens are those of the store.
coro::Task<Result<Tokens>> Session::renew(Tokens before) {
  Secret used = before.refresh;
  if (used.empty()) {
    co_return fail(no_login(
        "the login has ended: the provider gave no refresh token with which it could go on"));
  }
  auto grant = co_await ask_for_grant(used);
  // The new one may have been lost on its way to the provider's own memory.
  const bool gone = !grant && grant.error().kind == Refusal::Kind::consent_gone;
  if (gone && !before.previous_refresh.empty()) {
    auto again = co_await ask_for_grant(before.previous_refresh);
    if (again) {
      used = before.previous_refresh;
      grant = std::move(again);
    }
  }
  if (!grant) co_return fail(note_failure(grant.error()));
  failure_.reset();
  Tokens tokens = renewed_by(*grant, before, used, now_ms());
  const Status written = co_await write(tokens);
  if (!written) {
    unsaved_ = std::move(tokens);
    co_return fail(written.error());
  }
  co_return tokens;
}

// The stored tokens, renewed if they are wanted newer.
coro::Task<Result<Tokens>> Session::up_to_date(Wanted wanted) {
  STERNA_CO_TRY(Tokens tokens, co_await stored());
  if (!wanted(tokens, now_ms()) && !unsaved_) co_return tokens;
  const auto began = world_.clock.monotonic();
  STERNA_CO_TRY(const coro::Semaphore::Permit permit, co_await turn_.hold());
  if (failure_ && (failure_->at > began || failure_->quiet_until > began))
    co_return fail(failure_->error);
  STERNA_CO_TRY(const TokenStore::Lock locked, co_await lock());
  STERNA_CO_TRY(tokens, co_await stored());
  if (auto unsaved = std::exchange(unsaved_, std::nullopt);
      unsaved && unsaved->previous_refresh == tokens.refresh) {
    Status written = co_await write(*unsaved);
    if (!written) {
      unsaved_ = std::move(unsaved);
      co_return fail(std::move(written).error());
    }
    tokens = std::move(*unsaved);
  }
  if (!wanted(tokens, now_ms())) co_return tokens;
  co_return co_await renew(std::move(tokens));
}

coro::Task<Result<Secret>> Session::token() {
  Result<Tokens> tokens = co_await up_to_date(is_due);
  if (tokens) co_return tokens->access;
  Error error = std::move(tokens).error();
  // A proxy that refuses its user says nothing of the consent.
  const bool is_unreached = failure_ && failure_->kind == Refusal::Kind::later;
  if (error.is_cancelled() || (error.is(ErrorCode::login) && !is_unreached))
    co_return fail(std::move(error));
  // Early is early: nobody is disturbed while the old one is good.
  const Result<Tokens> old = co_await stored();
  if (old && is_valid(*old, now_ms())) co_return old->access;
  co_return fail(std::move(error));
}

coro::Task<Result<Secret>> Session::renewed(Secret refused) {
  Wanted wanted = [refused](const Tokens& tokens, std::int64_t now) {
    return tokens.access == refused || !is_valid(tokens, now);
  };
  STERNA_CO_TRY(const Tokens tokens, co_await up_to_date(std::move(wanted)));
  co_return tokens.access;
}

coro::Task<Status> Session::adopt(Grant grant) {
  STERNA_CO_TRY(const coro::Semaphore::Permit permit, co_await turn_.hold());
  STERNA_CO_TRY(const TokenStore::Lock locked, co_await lock());
  unsaved_.reset();
  co_return co_await write(tokens_of(grant, client_, user_, now_ms()));
}

coro::Task<Result<std::optional<Tokens>>> Session::forget() {
  STERNA_CO_TRY(const coro::Semaphore::Permit permit, co_await turn_.hold());
  STERNA_CO_TRY(const TokenStore::Lock locked, co_await lock());
  unsaved_.reset();
  // What cannot be read can be forgotten all the same.
  const auto there = co_await look();
  Status forgotten;
  co_await world_.worker.run([this, &forgotten] { forgotten = store_.forget(); });
  if (!forgotten) co_return fail(std::move(forgotten).error());
  expires_ms_ = 0;
  if (!there) co_return std::optional<Tokens>();
  co_return *there;
}

// After `sterna auth` of a process without the key, which could not encrypt.
coro::Task<Status> Session::reseal() {
  if (!store_.encrypts()) co_return Status{};
  bool sealed = true;
  co_await world_.worker.run([this, &sealed] { sealed = store_.is_encrypted(); });
  if (sealed) co_return Status{};
  STERNA_CO_TRY(const coro::Semaphore::Permit permit, co_await turn_.hold());
  STERNA_CO_TRY(const TokenStore::Lock locked, co_await lock());
  STERNA_CO_TRY(const std::optional<Tokens> tokens, co_await look());
  if (!tokens) co_return Status{};
  co_return co_await write(*tokens);
}

// How long until the tokens are worth a look again.
coro::Task<Result<milliseconds>> Session::freshen() {
  STERNA_CO_TRY(std::optional<Tokens> tokens, co_await look());
  if (!tokens || !belongs_to(*tokens, client_) || tokens->refresh.empty())
    co_return milliseconds(kLookEvery);
  STERNA_CO_CHECK(co_await reseal());
  if (is_due(*tokens, now_ms())) {
    STERNA_CO_TRY(tokens, co_await up_to_date(is_due));
  }
  co_return std::clamp<milliseconds>(milliseconds(due_ms(*tokens) - now_ms()), kRenewalsApart,
                                     kLookEvery);
}

coro::Task<void> Session::keep_fresh(Log log) {
  std::string told;
  milliseconds retry = kRetryFirst;
  for (;;) {
    milliseconds wait = kLookEvery;
    const Result<milliseconds> next = co_await freshen();
    if (next) {
      wait = *next;
      retry = kRetryFirst;
      told.clear();
    } else {
      if (next.error().is_cancelled()) co_return;
      std::string said = next.error().describe();
      if (said != told) log.warn("no new access token: {} ({})", said, next.error().hint());
      told = std::move(said);
      wait = std::exchange(retry, std::min<milliseconds>(retry * 2, kLookEvery));
    }
    const Status slept = co_await world_.clock.sleep(wait);
    if (!slept) co_return;
  }
}

}  // namespace sterna::oauth
