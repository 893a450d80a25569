// SPDX-License-Identifier: Apache-2.0
// Pace: at the start, after a server's restart, or a sleep, all accounts would dial in one moment:
// so many may at once, and the others one after the other.
#pragma once

#include "sterna/coro/sync.h"
#include "sterna/coro/task.h"
#include "sterna/io/clock.h"
#include "token_bucket.h"

namespace sterna::daemon {

// A login costs a TLS handshake on either side, and a hundred of them at once a server's patience.
inline constexpr unsigned kDialsAtOnce = 20;
inline constexpr unsigned kDialsASecond = 50;

class Pace {
 public:
  Pace(io::Clock& clock, unsigned at_once, unsigned a_second)
      : clock_(clock), bucket_(at_once, a_second) {}

  // In the order of asking. Who is cancelled has taken nothing from the others but the moment in
  // which he was the next.
  coro::Task<void> wait();

 private:
  io::Clock& clock_;
  TokenBucket bucket_;
  coro::Semaphore next_{1};
};

}  // namespace sterna::daemon
