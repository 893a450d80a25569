// SPDX-License-Identifier: Apache-2.0
// ReadyQueue: the coroutines that may go on, first in, first out.
//
// There is one for each thread of logic. Whoever wakes a coroutine (a callback of the loop, a
// destructor, another coroutine) pushes it here and returns; it is resumed from run_one(), which
// the loop calls at one point of its turn. So no code is ever re-entered by what it woke, and the
// order is the same under simulation. Not for use by several threads.
#pragma once

#include <coroutine>
#include <cstddef>
#include <deque>
#include <functional>

namespace sterna::coro {

class ReadyQueue {
 public:
  ReadyQueue() = default;
  ReadyQueue(const ReadyQueue&) = delete;
  ReadyQueue& operator=(const ReadyQueue&) = delete;
  ~ReadyQueue();  // must be empty

  void push(std::coroutine_handle<> handle) { handles_.push_back(handle); }
  bool empty() const { return handles_.empty(); }
  std::size_t size() const { return handles_.size(); }

  // Resumes the next one; false if there was none. Never called from within a coroutine.
  bool run_one();
  // Resumes until nothing is ready.
  void drain();

  // A test's scheduler: choose(n) is the place, below n, of the next one to resume, where n is how
  // many are ready. A seeded choice makes an order that no clock would have made, and makes it
  // again.
  void choose_with(std::function<std::size_t(std::size_t)> choose) { choose_ = std::move(choose); }

 private:
  std::coroutine_handle<> take();

  std::deque<std::coroutine_handle<>> handles_;
  std::function<std::size_t(std::size_t)> choose_;
  bool running_ = false;
};

}  // namespace sterna::coro
