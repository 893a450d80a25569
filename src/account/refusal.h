// SPDX-License-Identifier: Apache-2.0
// Refusal: a server does not do what it offers. That may be one bad moment, so that it is asked
// again; where it said that it was one, soon, and later each time. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace sterna::account {

class Refusal {
 public:
  using Time = std::chrono::nanoseconds;  // Clock::monotonic

  void refused(Time now, bool may_pass_soon) {
    // The first word after it was asked again.
    const bool again = since_ && now < until_ + wait_;
    wait_ = !may_pass_soon ? kLongest : again ? std::min<Time>(wait_ * 2, kLongest) : kSoon;
    since_ = now;
    until_ = now + wait_;
  }
  // The network is another one, perhaps; one that goes on changing is no reason to ask without end.
  void doubt() {
    if (since_) until_ = std::min<Time>(until_, *since_ + std::chrono::minutes(10));
  }
  // When it may be asked again; none: now.
  std::optional<Time> until(Time now) const {
    return since_ && now < until_ ? std::optional(until_) : std::nullopt;
  }

 private:
  static constexpr Time kSoon = std::chrono::minutes(1);
  static constexpr Time kLongest = std::chrono::hours(6);

  std::optional<Time> since_;  // none: never
  Time until_{};
  Time wait_{};
};

}  // namespace sterna::account
