// SPDX-License-Identifier: Apache-2.0
// VirtualClock: a loop without a kernel. Coroutines run until none is ready, then time jumps to the
// next timer. A task that waits while nothing is scheduled is a deadlock, and is reported as one.
//
//   VirtualClock world;
//   Status status = world.run(session.sync());       // aborts on a deadlock
//   std::optional<Status> perhaps = world.try_run(...);  // nullopt on a deadlock
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "sterna/base/assert.h"
#include "sterna/coro/ready_queue.h"
#include "sterna/coro/scope.h"
#include "sterna/coro/task.h"
#include "sterna/coro/timer_queue.h"
#include "sterna/io/clock.h"

namespace sterna::test {

class VirtualClock : public io::Clock {
 public:
  std::chrono::nanoseconds monotonic() const override { return now_; }
  std::chrono::nanoseconds since_boot() const override { return now_ - booted_; }
  std::int64_t wall_ns() const override { return wall_offset_ns_ + now_.count(); }
  coro::Task<Status> sleep(std::chrono::milliseconds duration) override;

  coro::ReadyQueue& queue() { return queue_; }
  // The wall clock jumps, as when a person or NTP sets it.
  void shift_wall(std::chrono::nanoseconds by) { wall_offset_ns_ += by.count(); }
  // The machine sleeps for so long: no timer notices.
  void suspend(std::chrono::nanoseconds length) {
    booted_ -= length;
    shift_wall(length);
  }
  // The machine was started just now.
  void restart() { booted_ = now_; }
  // Calls `event` at now + delay, outside any coroutine; those of one instant in order of
  // scheduling.
  void schedule(std::chrono::nanoseconds delay, std::function<void()> event);

  // One step: resume what is ready, else let time jump. False if there was neither.
  bool step();
  // Steps until nothing is ready and nothing is scheduled.
  void settle();

  // The task as the root of all others. nullopt: it waits, nothing is ready and nothing scheduled;
  // it was then cancelled and brought to its end.
  template <class T>
  std::optional<T> try_run(coro::Task<T> task) {
    std::optional<T> result;
    coro::Scope root(queue_);
    root.spawn(keep(std::move(task), result));
    return drive(root) ? std::move(result) : std::nullopt;
  }
  template <class T>
  T run(coro::Task<T> task) {
    std::optional<T> result = try_run(std::move(task));
    STERNA_ASSERT(result && "deadlock: the task waits and nothing is scheduled");
    return std::move(*result);
  }
  void run(coro::Task<void> task);

 private:
  template <class T>
  static coro::Task<void> keep(coro::Task<T> task, std::optional<T>& result) {
    result.emplace(co_await std::move(task));
  }
  // False on a deadlock, after which the scope was cancelled and emptied.
  bool drive(coro::Scope& root);

  coro::ReadyQueue queue_;
  coro::TimerQueue sleepers_;
  std::multimap<std::chrono::nanoseconds, std::function<void()>> events_;
  std::chrono::nanoseconds now_{0};
  std::chrono::nanoseconds booted_{0};
  std::int64_t wall_offset_ns_ = 1'700'000'000'000'000'000;
};

}  // namespace sterna::test
