// SPDX-License-Identifier: Apache-2.0
// TimerQueue: the coroutines that sleep, by when they are to wake. It knows no clock: the loop says
// what time it is, a real one by asking the kernel, a simulated one by deciding.
#pragma once

#include <chrono>
#include <map>
#include <optional>

#include "sterna/base/result.h"
#include "sterna/coro/sync.h"
#include "sterna/coro/task.h"

namespace sterna::coro {

class TimerQueue {
 public:
  // Ends when fire() is told a time that is not before `deadline`; early with ErrorCode::cancelled.
  Task<Status> sleep_until(std::chrono::nanoseconds deadline);

  // The earliest deadline.
  std::optional<std::chrono::nanoseconds> next() const;
  // Wakes, in order of deadline and then of arrival, all whose deadline has come.
  void fire(std::chrono::nanoseconds now);

 private:
  std::multimap<std::chrono::nanoseconds, Event*> sleepers_;
};

}  // namespace sterna::coro
