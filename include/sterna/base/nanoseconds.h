// SPDX-License-Identifier: Apache-2.0
// Seconds since 1970 as nanoseconds. 64 bits of these end in April 2262, and a message may be dated
// in the year 9999: what is beyond is clamped.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace sterna {

inline constexpr std::int64_t kNsPerSecond = 1'000'000'000;

// The first and the last second of which every nanosecond can be told.
inline constexpr std::int64_t kSecondsMax =
    std::numeric_limits<std::int64_t>::max() / kNsPerSecond - 1;
inline constexpr std::int64_t kSecondsMin = std::numeric_limits<std::int64_t>::min() / kNsPerSecond;

constexpr std::int64_t clamp_seconds(std::int64_t seconds) {
  return std::clamp(seconds, kSecondsMin, kSecondsMax);
}

constexpr std::int64_t to_ns(std::int64_t seconds, std::int64_t rest_ns = 0) {
  return clamp_seconds(seconds) * kNsPerSecond + rest_ns;
}

}  // namespace sterna
