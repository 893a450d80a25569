// SPDX-License-Identifier: Apache-2.0
// Whether an account is paused, or its server is to be left alone: recorded in its state directory,
// for daemons and single syncs alike, so that it survives both.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

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
// Also of what a server asked for: nothing keeps the next sync from beginning. Durable on return.
Status end_pause_and_wait(const Settings& settings);

// What a server said when it asked for time, and how much.
struct ToldWait {
  std::int64_t until_ms = 0;  // wall clock
  std::string said;           // one line, printable
  bool operator==(const ToldWait&) const = default;

  // Neither over nor further ahead than any can be, as it is where the clock was set back.
  bool stands(std::int64_t now_ms) const;
};

// None where there is none, or where it does not stand at `now_ms`.
Result<std::optional<ToldWait>> read_standing_wait(const Settings& settings, std::int64_t now_ms);

}  // namespace sterna::account
