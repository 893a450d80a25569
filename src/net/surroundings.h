// SPDX-License-Identifier: Apache-2.0
// The parts of open_surroundings() that a test replaces.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "sterna/net/surroundings.h"

namespace sterna::net {

// By how much CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC: the time that was slept since boot.
std::chrono::nanoseconds time_slept();

// `slept` is asked whenever the kernel has news of its clock, and while `told` can be read.
Result<std::unique_ptr<io::Surroundings>> open_surroundings(
    Loop& loop, std::function<std::chrono::nanoseconds()> slept, int told = -1);

}  // namespace sterna::net
