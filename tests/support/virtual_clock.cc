// SPDX-License-Identifier: Apache-2.0
#include "tests/support/virtual_clock.h"

#include <algorithm>

namespace sterna::test {

coro::Task<Status> VirtualClock::sleep(std::chrono::milliseconds duration) {
  return sleepers_.sleep_until(now_ + std::max(duration, std::chrono::milliseconds(0)));
}

void VirtualClock::schedule(std::chrono::nanoseconds delay, std::function<void()> event) {
  events_.emplace(now_ + delay, std::move(event));
}

bool VirtualClock::step() {
  if (queue_.run_one()) return true;
  std::optional<std::chrono::nanoseconds> next = sleepers_.next();
  if (!events_.empty() && (!next || events_.begin()->first <= *next)) {
    auto event = events_.extract(events_.begin());
    now_ = std::max(now_, event.key());
    event.mapped()();
    return true;
  }
  if (!next) return false;
  now_ = std::max(now_, *next);
  sleepers_.fire(now_);
  return true;
}

void VirtualClock::settle() {
  while (step()) {
  }
}

void VirtualClock::run(coro::Task<void> task) {
  coro::Scope root(queue_);
  root.spawn(std::move(task));
  const bool finished = drive(root);
  STERNA_ASSERT(finished && "deadlock: the task waits and nothing is scheduled");
}

bool VirtualClock::drive(coro::Scope& root) {
  bool finished = true;
  while (!root.empty()) {
    if (step()) continue;
    // A second time means that something waits which cancellation does not reach.
    STERNA_ASSERT(finished && "deadlock that cancellation does not resolve");
    finished = false;
    root.cancel();
  }
  return finished;
}

}  // namespace sterna::test
