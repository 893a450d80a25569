// SPDX-License-Identifier: Apache-2.0
// Disturbances: when lines are to be proved, of all that the machine meets.
#pragma once

#include <chrono>
#include <functional>
#include <string_view>

#include "sterna/base/result.h"
#include "sterna/coro/task.h"
#include "sterna/io/clock.h"
#include "sterna/io/surroundings.h"

namespace sterna::daemon {

// A network that goes on changing, as that of a host of containers, is a reason once in that time.
inline constexpr std::chrono::seconds kNetworkRoundsApart{5};
// One that comes up in steps (a link, an address, a route) is proved once more when it has not
// changed for so long, however short ago that was; but now and then only.
inline constexpr std::chrono::seconds kNetworkSettles{1};
inline constexpr std::chrono::minutes kEarlyRoundsApart{1};

// Calls `prove` with "slept" or "network_changed", until it fails or is cancelled: at once after a
// sleep and after the first change of the network, and once more behind those that follow it.
coro::Task<Status> heed_disturbances(io::Surroundings& surroundings, io::Clock& clock,
                                     std::function<void(std::string_view reason)> prove);

}  // namespace sterna::daemon
