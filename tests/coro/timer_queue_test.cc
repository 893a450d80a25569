// SPDX-License-Identifier: Apache-2.0
#include "sterna/coro/timer_queue.h"

#include <gtest/gtest.h>

#include <vector>

#include "sterna/coro/scope.h"

namespace sterna::coro {
namespace {

using namespace std::chrono_literals;

Task<void> sleep_and_note(TimerQueue& timers, std::chrono::nanoseconds until, std::vector<int>& log,
                          int id) {
  Status status = co_await timers.sleep_until(until);
  log.push_back(status ? id : -id);
}

TEST(TimerQueue, WakesByDeadlineAndThenByArrival) {
  ReadyQueue queue;
  TimerQueue timers;
  Scope scope(queue);
  std::vector<int> log;
  scope.spawn(sleep_and_note(timers, 20ms, log, 1));
  scope.spawn(sleep_and_note(timers, 10ms, log, 2));
  scope.spawn(sleep_and_note(timers, 10ms, log, 3));
  queue.drain();
  EXPECT_EQ(timers.next(), 10ms);
  timers.fire(9ms);
  queue.drain();
  EXPECT_TRUE(log.empty());
  timers.fire(25ms);
  queue.drain();
  EXPECT_EQ(log, (std::vector<int>{2, 3, 1}));
  EXPECT_FALSE(timers.next());
}

TEST(TimerQueue, ForgetsASleeperThatWasCancelled) {
  ReadyQueue queue;
  TimerQueue timers;
  Scope scope(queue);
  std::vector<int> log;
  scope.spawn(sleep_and_note(timers, 10ms, log, 1));
  queue.drain();
  scope.cancel();
  queue.drain();
  EXPECT_EQ(log, (std::vector<int>{-1}));
  EXPECT_FALSE(timers.next());
}

TEST(TimerQueue, FiringAndCancellingAtOnceWakesOnce) {
  ReadyQueue queue;
  TimerQueue timers;
  Scope scope(queue);
  std::vector<int> log;
  scope.spawn(sleep_and_note(timers, 10ms, log, 1));
  queue.drain();
  scope.cancel();
  timers.fire(10ms);
  queue.drain();
  EXPECT_EQ(log, (std::vector<int>{-1}));
  EXPECT_FALSE(timers.next());
}

}  // namespace
}  // namespace sterna::coro
