// SPDX-License-Identifier: Apache-2.0
// Clock: time, as the engine sees it.
#pragma once

#include <chrono>
#include <cstdint>

#include "sterna/base/result.h"
#include "sterna/coro/task.h"

namespace sterna::io {

class Clock {
 public:
  virtual ~Clock() = default;
  // Monotonic; for deadlines and durations.
  virtual std::chrono::nanoseconds monotonic() const = 0;
  // Since the machine was started, with the time that it slept. Nobody sets it.
  virtual std::chrono::nanoseconds since_boot() const = 0;
  // Nanoseconds since the epoch, UTC; may jump.
  virtual std::int64_t wall_ns() const = 0;
  // Ends early with ErrorCode::cancelled.
  virtual coro::Task<Status> sleep(std::chrono::milliseconds duration) = 0;
};

}  // namespace sterna::io
