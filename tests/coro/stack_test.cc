// SPDX-License-Identifier: Apache-2.0
// Awaits that are ready at once, two million in a loop: the stack must not grow, with the optimizer
// and without it, with sanitizers and without.
#include <gtest/gtest.h>

#include "sterna/coro/sync.h"
#include "sterna/coro/task.h"
#include "tests/support/virtual_clock.h"

namespace sterna::coro {
namespace {

constexpr int kAwaits = 2'000'000;

Task<int> one() {
  co_return 1;
}

Task<int> count_tasks() {
  int total = 0;
  for (int i = 0; i < kAwaits; ++i) total += co_await one();
  co_return total;
}

TEST(Stack, DoesNotGrowOverTasksThatAreReadyAtOnce) {
  sterna::test::VirtualClock world;
  EXPECT_EQ(world.run(count_tasks()), kAwaits);
}

Task<int> count_events(Event& event) {
  int total = 0;
  for (int i = 0; i < kAwaits; ++i) {
    Status status = co_await event.wait();
    if (status) ++total;
  }
  co_return total;
}

TEST(Stack, DoesNotGrowOverEventsThatAreSet) {
  sterna::test::VirtualClock world;
  Event event;
  event.set();
  EXPECT_EQ(world.run(count_events(event)), kAwaits);
}

Task<int> count_yields() {
  int total = 0;
  for (int i = 0; i < kAwaits; ++i, ++total) co_await yield();
  co_return total;
}

TEST(Stack, DoesNotGrowOverYields) {
  sterna::test::VirtualClock world;
  EXPECT_EQ(world.run(count_yields()), kAwaits);
}

}  // namespace
}  // namespace sterna::coro
