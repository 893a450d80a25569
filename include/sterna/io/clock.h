// SPDX-License-Identifier: Apache-2.0
// Time and chance, as the engine sees them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "sterna/base/result.h"
#include "sterna/coro/task.h"

namespace sterna::io {

class Clock {
 public:
  virtual ~Clock() = default;
  // Monotonic; for deadlines and durations.
  virtual std::chrono::nanoseconds monotonic() const = 0;
  // Nanoseconds since the epoch, UTC; may jump.
  virtual std::int64_t wall_ns() const = 0;
  // Ends early with ErrorCode::cancelled.
  virtual coro::Task<Status> sleep(std::chrono::milliseconds duration) = 0;
};

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
  // 2*octets lower-case hexadecimal digits.
  std::string hex(std::size_t octets);
};

}  // namespace sterna::io
