// SPDX-License-Identifier: Apache-2.0
// The brake's arithmetic (rule 6).
#pragma once

#include <algorithm>
#include <cstdint>

#include "sterna/sync/plan.h"

namespace sterna::sync {

// `count` includes what was let through within the window.
inline bool is_too_many(const Brake& brake, std::uint64_t count, std::uint64_t messages_at_start) {
  const auto there = static_cast<double>(std::max<std::uint64_t>(messages_at_start, 1));
  return count >= brake.at_least && static_cast<double>(count) >= brake.share * there;
}

}  // namespace sterna::sync
