// SPDX-License-Identifier: Apache-2.0
#include "sterna/coro/timer_queue.h"

namespace sterna::coro {

Task<Status> TimerQueue::sleep_until(std::chrono::nanoseconds deadline) {
  Event due;
  auto place = sleepers_.emplace(deadline, &due);
  Status status = co_await due.wait();
  // A sleeper that was fired has left the queue already.
  if (!due.is_set()) sleepers_.erase(place);
  co_return status;
}

std::optional<std::chrono::nanoseconds> TimerQueue::next() const {
  if (sleepers_.empty()) return std::nullopt;
  return sleepers_.begin()->first;
}

void TimerQueue::fire(std::chrono::nanoseconds now) {
  while (!sleepers_.empty() && sleepers_.begin()->first <= now) {
    Event* due = sleepers_.begin()->second;
    sleepers_.erase(sleepers_.begin());
    due->set();
  }
}

}  // namespace sterna::coro
