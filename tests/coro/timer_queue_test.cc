// SPDX-License-Identifier: Apache-2.0
#include "sterna/coro/timer_queue.h"

#include <gtest/gtest.h>

#include <vector>

#include "sterna/coro/scope.h"

namespace sterna::coro {
namespace {

using namespace std::chrono_literals;

class TimerQueueTest : public testing::Test {
 protected:
  // Notes `id` when it wakes, -id when it was cancelled.
  void sleep(std::chrono::nanoseconds until, int id) {
    scope_.spawn(sleep_and_note(timers_, until, log_, id));
  }

  ReadyQueue queue_;
  TimerQueue timers_;
  std::vector<int> log_;
  Scope scope_{queue_};

 private:
  static Task<void> sleep_and_note(TimerQueue& timers, std::chrono::nanoseconds until,
                                   std::vector<int>& log, int id) {
    Status status = co_await timers.sleep_until(until);
    log.push_back(status ? id : -id);
  }
};

TEST_F(TimerQueueTest, WakesByDeadlineAndThenByArrival) {
  sleep(20ms, 1);
  sleep(10ms, 2);
  sleep(10ms, 3);
  queue_.drain();
  EXPECT_EQ(timers_.next(), 10ms);
  timers_.fire(9ms);
  queue_.drain();
  EXPECT_TRUE(log_.empty());
  timers_.fire(25ms);
  queue_.drain();
  EXPECT_EQ(log_, (std::vector<int>{2, 3, 1}));
  EXPECT_FALSE(timers_.next());
}

TEST_F(TimerQueueTest, ForgetsASleeperThatWasCancelled) {
  sleep(10ms, 1);
  queue_.drain();
  scope_.cancel();
  queue_.drain();
  EXPECT_EQ(log_, (std::vector<int>{-1}));
  EXPECT_FALSE(timers_.next());
}

TEST_F(TimerQueueTest, FiringAndCancellingAtOnceWakesOnce) {
  sleep(10ms, 1);
  queue_.drain();
  scope_.cancel();
  timers_.fire(10ms);
  queue_.drain();
  EXPECT_EQ(log_, (std::vector<int>{-1}));
  EXPECT_FALSE(timers_.next());
}

}  // namespace
}  // namespace sterna::coro
