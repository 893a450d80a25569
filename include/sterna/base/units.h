// SPDX-License-Identifier: Apache-2.0
// Units that several rooms count in.
#pragma once

#include <cstdint>

namespace sterna {

inline constexpr std::int64_t kNsPerSecond = 1'000'000'000;

}  // namespace sterna
