// SPDX-License-Identifier: Apache-2.0
#include "disturbances.h"

#include <optional>
#include <utility>

#include "sterna/io/deadline.h"

namespace sterna::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

}  // namespace

coro::Task<Status> heed_disturbances(io::Surroundings& surroundings, io::Clock& clock,
                                     std::function<void(std::string_view reason)> prove) {
  std::optional<nanoseconds> last;  // round for the network
  bool changed = false;             // since then
  for (;;) {
    Result<io::Disturbance> met = io::Disturbance();
    if (changed) {
      const auto left =
          std::chrono::ceil<milliseconds>(*last + kNetworkRoundsApart - clock.monotonic());
      met = co_await io::with_deadline(clock, left, surroundings.next());
    } else {
      met = co_await surroundings.next();
    }
    if (!met && !met.error().is(ErrorCode::timeout)) co_return fail(std::move(met).error());
    if (met && met->slept.count() != 0) {
      prove("slept");
      continue;
    }
    changed = changed || (met && met->network_changed);
    const nanoseconds now = clock.monotonic();
    if (!changed || (last && now < *last + kNetworkRoundsApart)) continue;
    changed = false;
    last = now;
    prove("network_changed");
  }
}

}  // namespace sterna::daemon
