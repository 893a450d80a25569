// SPDX-License-Identifier: Apache-2.0
// Whether an account is paused: recorded in its state directory, for daemons and single syncs
// alike, so that it survives both.
#pragma once

#include <cstdint>
#include <optional>

#include "sterna/account/settings.h"
#include "sterna/base/result.h"

namespace sterna::account {

struct Pause {
  std::int64_t until_ms = 0;  // wall clock; 0: until resumed
  bool operator==(const Pause&) const = default;
};

// None where it is not paused, or where its time is over by `now_ms`.
Result<std::optional<Pause>> read_pause(const Settings& settings, std::int64_t now_ms);
// Durable on return. None ends it.
Status write_pause(const Settings& settings, const std::optional<Pause>& pause);

}  // namespace sterna::account
