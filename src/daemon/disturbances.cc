// SPDX-License-Identifier: Apache-2.0
#include "disturbances.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "sterna/io/deadline.h"

namespace sterna::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// When lines are proved, of a network that changes; times of Clock::monotonic.
class NetworkRounds {
 public:
  void change(nanoseconds now) { changed_ = now; }
  void begin(nanoseconds now) {
    if (last_ && now < *last_ + kNetworkRoundsApart) last_early_ = now;
    last_ = now;
    changed_.reset();
  }
  // None: nothing changed since the last one.
  std::optional<nanoseconds> due() const {
    if (!changed_ || !last_) return changed_;
    const nanoseconds apart = std::max(*changed_, *last_ + kNetworkRoundsApart);
    const bool often = last_early_ && *changed_ < *last_early_ + kEarlyRoundsApart;
    return often ? apart : std::min(apart, *changed_ + kNetworkSettles);
  }

 private:
  std::optional<nanoseconds> changed_;     // since the last round
  std::optional<nanoseconds> last_;        // round
  std::optional<nanoseconds> last_early_;  // round that followed another one sooner
};

}  // namespace

coro::Task<Status> heed_disturbances(io::Surroundings& surroundings, io::Clock& clock,
                                     std::function<void(std::string_view reason)> prove) {
  NetworkRounds rounds;
  for (;;) {
    Result<io::Disturbance> met = io::Disturbance();
    if (const auto due = rounds.due()) {
      const auto left = std::chrono::ceil<milliseconds>(*due - clock.monotonic());
      met = co_await io::with_deadline(clock, left, surroundings.next());
    } else {
      met = co_await surroundings.next();
    }
    if (!met && !met.error().is(ErrorCode::timeout)) co_return fail(std::move(met).error());
    if (met && met->slept.count() != 0) {
      prove("slept");
      continue;
    }
    const nanoseconds now = clock.monotonic();
    if (met && met->network_changed) rounds.change(now);
    const auto due = rounds.due();
    if (!due || now < *due) continue;
    rounds.begin(now);
    prove("network_changed");
  }
}

}  // namespace sterna::daemon
