// SPDX-License-Identifier: Apache-2.0
#include "tests/support/virtual_clock.h"

#include <gtest/gtest.h>

#include <vector>

#include "sterna/coro/sync.h"

namespace sterna::test {
namespace {

using namespace std::chrono_literals;

coro::Task<int> sleep_a_day(io::Clock& clock) {
  static_cast<void>(co_await clock.sleep(24h));
  co_return 1;
}

TEST(VirtualClock, PassesADayAtOnce) {
  VirtualClock world;
  const std::int64_t before = world.wall_ns();
  EXPECT_EQ(world.run(sleep_a_day(world)), 1);
  EXPECT_EQ(world.monotonic(), 24h);
  EXPECT_EQ(world.wall_ns() - before, std::chrono::nanoseconds(24h).count());
}

coro::Task<Status> wait_on(coro::Event& event) {
  co_return co_await event.wait();
}

TEST(VirtualClock, NoticesADeadlock) {
  VirtualClock world;
  coro::Event never;
  EXPECT_FALSE(world.try_run(wait_on(never)));
}

TEST(VirtualClock, CallsScheduledEventsBetweenSleepers) {
  VirtualClock world;
  coro::Event event;
  std::vector<std::chrono::nanoseconds> seen;
  world.schedule(5ms, [&] { seen.push_back(world.monotonic()); });
  world.schedule(3ms, [&] {
    seen.push_back(world.monotonic());
    event.set();
  });
  EXPECT_TRUE(world.run(wait_on(event)));
  EXPECT_EQ(world.monotonic(), 3ms);
  world.settle();
  EXPECT_EQ(seen, (std::vector<std::chrono::nanoseconds>{3ms, 5ms}));
}

}  // namespace
}  // namespace sterna::test
