// SPDX-License-Identifier: Apache-2.0
// Lengths of time in the milliseconds that the state keeps.
#pragma once

#include <chrono>
#include <cstdint>

namespace sterna::account {

inline constexpr std::int64_t kHourMs = std::chrono::milliseconds(std::chrono::hours(1)).count();
inline constexpr std::int64_t kDayMs = std::chrono::milliseconds(std::chrono::days(1)).count();

}  // namespace sterna::account
