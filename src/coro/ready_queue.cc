// SPDX-License-Identifier: Apache-2.0
#include "sterna/coro/ready_queue.h"

#include "sterna/base/assert.h"

namespace sterna::coro {

ReadyQueue::~ReadyQueue() {
  STERNA_ASSERT(handles_.empty());
}

std::coroutine_handle<> ReadyQueue::take() {
  if (!choose_) {
    std::coroutine_handle<> first = handles_.front();
    handles_.pop_front();
    return first;
  }
  const std::size_t place = choose_(handles_.size());
  STERNA_ASSERT(place < handles_.size());
  auto chosen = handles_.begin() + static_cast<std::ptrdiff_t>(place);
  std::coroutine_handle<> handle = *chosen;
  handles_.erase(chosen);
  return handle;
}

bool ReadyQueue::run_one() {
  STERNA_ASSERT(!running_);
  if (handles_.empty()) return false;
  running_ = true;
  take().resume();
  running_ = false;
  return true;
}

void ReadyQueue::drain() {
  while (run_one()) {
  }
}

}  // namespace sterna::coro
