// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "sterna/coro/scope.h"
#include "sterna/coro/sync.h"
#include "tests/support/virtual_clock.h"

namespace sterna::coro {
namespace {

using sterna::test::VirtualClock;

class QueueTest : public testing::Test {
 protected:
  void push(int count) { scope_.spawn(push_all(*this, count)); }
  void pop() { scope_.spawn(pop_all(*this)); }

  ReadyQueue ready_;
  Queue<int> queue_{2};
  int pushed_ = 0;
  ErrorCode ended_{};  // of a push that failed
  std::vector<int> popped_;
  bool closed_ = false;  // a pop came to the end
  Scope scope_{ready_};

 private:
  static Task<void> push_all(QueueTest& test, int count) {
    for (int i = 0; i < count; ++i) {
      Status status = co_await test.queue_.push(i);
      if (!status) {
        test.ended_ = status.error().code();
        co_return;
      }
      ++test.pushed_;
    }
    test.queue_.close();
  }
  static Task<void> pop_all(QueueTest& test) {
    while (true) {
      Result<std::optional<int>> value = co_await test.queue_.pop();
      if (!value) co_return;
      if (!*value) break;
      test.popped_.push_back(**value);
    }
    test.closed_ = true;
  }
};

TEST_F(QueueTest, PassesValuesInOrderAndEndsAtTheClose) {
  push(5);
  pop();
  ready_.drain();
  EXPECT_EQ(popped_, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_TRUE(closed_);
}

TEST_F(QueueTest, HoldsNoMoreThanItsCapacity) {
  push(5);
  ready_.drain();
  EXPECT_EQ(pushed_, 2);
  EXPECT_EQ(queue_.size(), 2u);
  scope_.cancel();
  ready_.drain();
  EXPECT_EQ(ended_, ErrorCode::cancelled);
  EXPECT_EQ(queue_.size(), 2u) << "a cancelled push leaves nothing behind";
}

TEST_F(QueueTest, ServesAPopThatWaited) {
  pop();
  ready_.drain();
  push(1);
  ready_.drain();
  EXPECT_EQ(popped_, (std::vector<int>{0}));
  EXPECT_TRUE(closed_);
}

TEST_F(QueueTest, CancelsAPopThatWaits) {
  pop();
  ready_.drain();
  scope_.cancel();
  ready_.drain();
  EXPECT_TRUE(scope_.empty());
  EXPECT_FALSE(closed_);
}

TEST_F(QueueTest, AClosedQueueRefusesAndStillGivesWhatItHas) {
  push(5);
  ready_.drain();
  queue_.close();
  pop();
  ready_.drain();
  EXPECT_EQ(ended_, ErrorCode::disconnected);
  EXPECT_EQ(popped_, (std::vector<int>{0, 1}));
  EXPECT_TRUE(closed_);
}

Task<Result<std::unique_ptr<int>>> pass(Queue<std::unique_ptr<int>>& queue) {
  auto value = std::make_unique<int>(3);
  STERNA_CO_CHECK(co_await queue.push(std::move(value)));
  STERNA_CO_TRY(auto popped, co_await queue.pop());
  co_return std::move(*popped);
}

TEST_F(QueueTest, CarriesValuesThatCanOnlyBeMoved) {
  VirtualClock world;
  Queue<std::unique_ptr<int>> queue(1);
  Result<std::unique_ptr<int>> value = world.run(pass(queue));
  ASSERT_TRUE(value);
  EXPECT_EQ(**value, 3);
}

}  // namespace
}  // namespace sterna::coro
