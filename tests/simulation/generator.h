// SPDX-License-Identifier: Apache-2.0
// generate(): the script of a seed. The same on every machine, and another one whenever this file
// changes: a seed is good for the code it was found with, a printed script for longer.
#pragma once

#include <cstdint>

#include "script.h"

namespace sterna::simulation {

Script generate(std::uint64_t seed);

}  // namespace sterna::simulation
