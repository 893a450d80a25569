// SPDX-License-Identifier: Apache-2.0
#include "backoff.h"

#include <algorithm>
#include <utility>

#include "doubled.h"
#include "sterna/account/sync.h"
#include "sterna/base/bytes.h"
#include "sterna/imap/told_to_wait.h"

namespace sterna::account {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr seconds kAnswerLimitMax{60};

}  // namespace

Patience patience_for(const Error& error) {
  if (const auto told = imap::told_to_wait(error)) {
    return {LifeState::backoff, *told, std::max<milliseconds>(*told, minutes(30)), true};
  }
  switch (error.code()) {
    using enum ErrorCode;
    case resolve:
    case connect:
    case disconnected:
    case timeout:
      return {LifeState::offline, seconds(2), minutes(5)};
    case login:
      return {LifeState::needs_auth, minutes(15), hours(24)};
    case secret:
      return {LifeState::needs_secret, minutes(1), hours(1)};
    case marker:
      return {LifeState::held, minutes(1), minutes(5)};
    case locked:
      return {LifeState::backoff, seconds(1), seconds(10)};
    case certificate:
    case usage:
    case config:
    case unsupported:
    case internal:
      return {LifeState::error, minutes(5), hours(6)};
    case tls:
    case protocol:
    case server_no:
    case server_bad:
    case over_quota:
    case day_limit:
    case too_big:
      return {LifeState::backoff, seconds(15), minutes(30)};
    case io:
    case no_space:
    case permission:
    case not_found:
    case exists:
    case changed:
    case corrupt:
    case cancelled:
      return {LifeState::backoff, seconds(30), minutes(15)};
  }
  std::unreachable();
}

std::chrono::seconds answer_limit(unsigned dead_lines) {
  return doubled(kProbeLimit, dead_lines, kAnswerLimitMax);
}

bool may_pass_with_network(const Error& error) {
  const Patience patience = patience_for(error);
  if (patience.told) return false;
  return patience.state == LifeState::offline || error.is(ErrorCode::certificate) ||
         error.is(ErrorCode::tls) || error.is(ErrorCode::protocol);
}

std::optional<EarlyTries::Time> EarlyTries::at(const Error& error, Time now) {
  if (!may_pass_with_network(error)) return std::nullopt;
  const Patience patience = patience_for(error);
  if (patience.state == LifeState::offline) return now;
  if (!last_ || now >= *last_) last_ = last_ ? std::max<Time>(now, *last_ + patience.first) : now;
  return last_;
}

bool is_told_to_wait(const Error& error) {
  return imap::told_to_wait(error).has_value();
}

// What else a server wants to be left alone for passes, as Exchange's "authenticated but not
// connected"; and any BYE speaks of the connection that it ends.
bool tells_of_too_many(const Error& error) {
  return is_told_to_wait(error) && ascii_lower(error.message()).contains("connections");
}

milliseconds wait_after(const Patience& patience, unsigned failures, io::Random& random) {
  const milliseconds wait = doubled(patience.first, failures - 1, patience.longest);
  const auto quarter = static_cast<std::uint64_t>(wait.count() / 4);
  if (patience.told) return wait + milliseconds(random.next() % (quarter + 1));
  const auto jitter = static_cast<std::int64_t>(random.next() % (2 * quarter + 1));
  return wait - milliseconds(quarter) + milliseconds(jitter);
}

}  // namespace sterna::account
