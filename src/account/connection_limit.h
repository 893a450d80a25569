// SPDX-License-Identifier: Apache-2.0
// ConnectionLimit: how many connections a server turned out to bear. Others may have had theirs
// when it said so, so that it is not believed for ever. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sterna::account {

class ConnectionLimit {
 public:
  using Time = std::chrono::nanoseconds;  // Clock::monotonic

  void refused_beyond(std::size_t connections, Time now) {
    connections_ = std::min(connections, at(now));
    since_ = now;
    until_ = now + std::chrono::hours(6);
  }
  // The network is another one, perhaps; one that goes on changing is no reason to ask without end.
  void doubt() { until_ = std::min<Time>(until_, since_ + std::chrono::minutes(10)); }
  std::size_t at(Time now) const { return now < until_ ? connections_ : SIZE_MAX; }

 private:
  std::size_t connections_ = SIZE_MAX;
  Time since_{};
  Time until_{};
};

}  // namespace sterna::account
