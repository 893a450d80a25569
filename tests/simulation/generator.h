// SPDX-License-Identifier: Apache-2.0
// generate(): the script of a seed. The same on every machine, and another one whenever this file
// changes: a seed is good for the code it was found with, a printed script for longer.
#pragma once

#include <cstdint>

#include "script.h"

namespace sterna::simulation {

// Months of two users, in four rounds that each end at rest.
Script generate(std::uint64_t seed);
// A message or two, and what befalls them in a few syncs that break: short, so that the more of
// what can happen to one message is seen.
Script generate_close(std::uint64_t seed);

}  // namespace sterna::simulation
