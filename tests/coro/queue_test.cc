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

Task<void> push_all(Queue<int>& queue, int count, int& pushed, ErrorCode& ended) {
  for (int i = 0; i < count; ++i) {
    Status status = co_await queue.push(i);
    if (!status) {
      ended = status.error().code();
      co_return;
    }
    ++pushed;
  }
  queue.close();
}

Task<void> pop_all(Queue<int>& queue, std::vector<int>& popped, bool& closed) {
  while (true) {
    Result<std::optional<int>> value = co_await queue.pop();
    if (!value) co_return;
    if (!*value) break;
    popped.push_back(**value);
  }
  closed = true;
}

TEST(Queue, PassesValuesInOrderAndEndsAtTheClose) {
  ReadyQueue ready;
  Queue<int> queue(2);
  Scope scope(ready);
  int pushed = 0;
  ErrorCode ended{};
  std::vector<int> popped;
  bool closed = false;
  scope.spawn(push_all(queue, 5, pushed, ended));
  scope.spawn(pop_all(queue, popped, closed));
  ready.drain();
  EXPECT_EQ(popped, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_TRUE(closed);
}

TEST(Queue, HoldsNoMoreThanItsCapacity) {
  ReadyQueue ready;
  Queue<int> queue(2);
  Scope scope(ready);
  int pushed = 0;
  ErrorCode ended{};
  scope.spawn(push_all(queue, 5, pushed, ended));
  ready.drain();
  EXPECT_EQ(pushed, 2);
  EXPECT_EQ(queue.size(), 2u);
  scope.cancel();
  ready.drain();
  EXPECT_EQ(ended, ErrorCode::cancelled);
  EXPECT_EQ(queue.size(), 2u) << "a cancelled push leaves nothing behind";
}

TEST(Queue, ServesAPopThatWaited) {
  ReadyQueue ready;
  Queue<int> queue(2);
  Scope scope(ready);
  std::vector<int> popped;
  bool closed = false;
  int pushed = 0;
  ErrorCode ended{};
  scope.spawn(pop_all(queue, popped, closed));
  ready.drain();
  scope.spawn(push_all(queue, 1, pushed, ended));
  ready.drain();
  EXPECT_EQ(popped, (std::vector<int>{0}));
  EXPECT_TRUE(closed);
}

TEST(Queue, CancelsAPopThatWaits) {
  ReadyQueue ready;
  Queue<int> queue(1);
  Scope scope(ready);
  std::vector<int> popped;
  bool closed = false;
  scope.spawn(pop_all(queue, popped, closed));
  ready.drain();
  scope.cancel();
  ready.drain();
  EXPECT_TRUE(scope.empty());
  EXPECT_FALSE(closed);
}

TEST(Queue, AClosedQueueRefusesAndStillGivesWhatItHas) {
  ReadyQueue ready;
  Queue<int> queue(2);
  Scope scope(ready);
  int pushed = 0;
  ErrorCode ended{};
  scope.spawn(push_all(queue, 5, pushed, ended));
  ready.drain();
  queue.close();
  std::vector<int> popped;
  bool closed = false;
  scope.spawn(pop_all(queue, popped, closed));
  ready.drain();
  EXPECT_EQ(ended, ErrorCode::disconnected);
  EXPECT_EQ(popped, (std::vector<int>{0, 1}));
  EXPECT_TRUE(closed);
}

Task<Result<std::unique_ptr<int>>> pass(Queue<std::unique_ptr<int>>& queue) {
  auto value = std::make_unique<int>(3);
  STERNA_CO_CHECK(co_await queue.push(std::move(value)));
  STERNA_CO_TRY(auto popped, co_await queue.pop());
  co_return std::move(*popped);
}

TEST(Queue, CarriesValuesThatCanOnlyBeMoved) {
  VirtualClock world;
  Queue<std::unique_ptr<int>> queue(1);
  Result<std::unique_ptr<int>> value = world.run(pass(queue));
  ASSERT_TRUE(value);
  EXPECT_EQ(**value, 3);
}

}  // namespace
}  // namespace sterna::coro
