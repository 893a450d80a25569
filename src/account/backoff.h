// SPDX-License-Identifier: Apache-2.0
// Backoff: what a failed sync means for an account that lives, and when it is tried again. Pure.
#pragma once

#include <chrono>
#include <optional>

#include "sterna/account/account.h"
#include "sterna/io/random.h"

namespace sterna::account {

// How long a line that may be dead has to prove that it is not: one that died is replaced within
// five seconds, of which the new one takes some.
inline constexpr std::chrono::seconds kProbeLimit{4};
// So long after so many in a row that seemed dead: that may be a server that is slow.
std::chrono::seconds answer_limit(unsigned dead_lines);
// A line that was listened to for so long is doubted as the first one is: one that seemed dead
// before it says nothing any more of how slow its server is.
inline constexpr std::chrono::minutes kProvedByTime{30};
// A server that ends an IDLE by itself, and sooner than that, has no use for it.
inline constexpr std::chrono::seconds kIdleMin{30};

// How failures of one class are met: the first wait, doubled at each further one up to the longest.
struct Patience {
  LifeState state = LifeState::backoff;
  std::chrono::milliseconds first{};
  std::chrono::milliseconds longest{};
  bool told = false;  // by the server: `first` is the least
};
// A password that was refused is not tried in a loop; a line that was cut is tried again at once.
Patience patience_for(const Error& error);

// Whether another network, or an hour's sleep, may have mended it: a captive portal shows
// certificates of its own. A person, the disk, or the server's word, is as far away as before.
bool may_pass_with_network(const Error& error);

// When that is tried again because of another network. What was offline, at once; the rest at once,
// too, but only so often as after a first failure: on a host of containers the network changes all
// the time, and it dials for nothing.
class EarlyTries {
 public:
  using Time = std::chrono::nanoseconds;  // Clock::monotonic

  // None: the network has nothing to do with it.
  std::optional<Time> at(const Error& error, Time now);

 private:
  std::optional<Time> last_;
};

// A connection was refused, or ended, for there are others.
bool tells_of_too_many(const Error& error);

// The wait before the next try behind `failures` (1 or more) in a row, up to a quarter longer or,
// where nobody told how long, shorter, so that many accounts do not come back in one moment.
std::chrono::milliseconds wait_after(const Patience& patience, unsigned failures,
                                     io::Random& random);

}  // namespace sterna::account
