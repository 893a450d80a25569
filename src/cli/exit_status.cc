// SPDX-License-Identifier: Apache-2.0
#include "exit_status.h"

#include <algorithm>

#include "sterna/account/sync.h"

namespace sterna::cli {
namespace {

// In the order in which they win where nothing succeeded; what is not here is an ordinary failure.
constexpr Exit kFailures[] = {Exit::usage, Exit::login, Exit::network};
// Before everything else, in this order.
constexpr Exit kFirst[] = {Exit::interrupted, Exit::config, Exit::locked};

}  // namespace

Exit exit_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage:
      return Exit::usage;
    case ErrorCode::config:
      return Exit::config;
    case ErrorCode::locked:
      return Exit::locked;
    case ErrorCode::marker:
      return Exit::held;
    case ErrorCode::certificate:
    case ErrorCode::login:
    case ErrorCode::secret:
      return Exit::login;
    case ErrorCode::resolve:
    case ErrorCode::connect:
    case ErrorCode::disconnected:
    case ErrorCode::timeout:
    case ErrorCode::tls:
    case ErrorCode::day_limit:
      return Exit::network;
    case ErrorCode::cancelled:
      return Exit::interrupted;
    default:
      return Exit::failed;
  }
}

Exit exit_of(const Error& error) {
  return account::is_told_to_wait(error) ? Exit::network : exit_of(error.code());
}

Exit combine(const std::vector<Outcome>& outcomes) {
  bool succeeded = false;
  bool held = false;
  std::vector<Exit> failures;
  for (const Outcome& outcome : outcomes) {
    succeeded = succeeded || outcome.succeeded;
    held = held || outcome.held;
    for (const Exit status : outcome.failures) {
      // A marker that is missing holds the account; it is no failure of the sync.
      if (status == Exit::held) {
        held = true;
      } else {
        failures.push_back(status);
      }
    }
  }
  const auto failed = [&failures](Exit status) {
    return std::ranges::find(failures, status) != failures.end();
  };
  for (Exit status : kFirst) {
    if (failed(status)) return status;
  }
  if (failures.empty()) return held ? Exit::held : Exit::done;
  if (succeeded) return Exit::partly;
  for (Exit status : kFailures) {
    if (failed(status)) return status;
  }
  return Exit::failed;
}

Exit exit_of_comparison(const std::vector<Outcome>& outcomes, Answered answered) {
  const Exit failed = combine(outcomes);
  if (failed == Exit::failed) return Exit::partly;
  if (failed != Exit::done) return failed;
  return answered == Answered::differences ? Exit::failed : Exit::done;
}

}  // namespace sterna::cli
