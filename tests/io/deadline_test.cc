// SPDX-License-Identifier: Apache-2.0
#include "sterna/io/deadline.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/virtual_clock.h"

namespace sterna::io {
namespace {

using namespace std::chrono_literals;
using sterna::test::VirtualClock;

coro::Task<Result<int>> answer_after(Clock& clock, std::chrono::milliseconds delay) {
  STERNA_CO_CHECK(co_await clock.sleep(delay));
  co_return 42;
}

TEST(WithDeadline, GivesTheValueOfAnOperationThatIsInTime) {
  VirtualClock world;
  Result<int> value = world.run(with_deadline(world, 10ms, answer_after(world, 5ms)));
  ASSERT_TRUE(value);
  EXPECT_EQ(*value, 42);
  EXPECT_EQ(world.monotonic(), 5ms) << "the timer must not be waited for";
}

TEST(WithDeadline, GivesTheValueOfAnOperationThatIsReadyAtOnce) {
  VirtualClock world;
  auto at_once = []() -> coro::Task<Result<int>> { co_return 1; };
  EXPECT_EQ(world.run(with_deadline(world, 10ms, at_once())).value(), 1);
  EXPECT_EQ(world.monotonic(), 0ms);
}

TEST(WithDeadline, StopsAnOperationThatIsLate) {
  VirtualClock world;
  Result<int> value =
      world.run(with_deadline(world, 10ms, answer_after(world, 1h), "no answer to login"));
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code(), ErrorCode::timeout);
  EXPECT_EQ(value.error().message(), "no answer to login within 10 ms");
  EXPECT_EQ(world.monotonic(), 10ms);
}

coro::Task<Result<int>> stubborn(Clock& clock) {
  static_cast<void>(co_await clock.sleep(1h));
  co_return 7;
}

TEST(WithDeadline, KeepsTheOutcomeOfAnOperationThatEndsWellAllTheSame) {
  VirtualClock world;
  EXPECT_EQ(world.run(with_deadline(world, 10ms, stubborn(world))).value(), 7);
}

coro::Task<Result<int>> failing() {
  co_return fail(ErrorCode::protocol, "nonsense");
}

TEST(WithDeadline, PassesOtherErrorsThrough) {
  VirtualClock world;
  Result<int> value = world.run(with_deadline(world, 10ms, failing()));
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code(), ErrorCode::protocol);
}

coro::Task<void> keep_code(coro::Task<Result<int>> task, ErrorCode& code) {
  Result<int> value = co_await std::move(task);
  if (!value) code = value.error().code();
}

TEST(WithDeadline, IsCancelledFromAboveAsCancelledNotAsLate) {
  VirtualClock world;
  coro::Scope scope(world.queue());
  ErrorCode code{};
  scope.spawn(keep_code(with_deadline(world, 10s, answer_after(world, 1h)), code));
  world.schedule(1s, [&] { scope.cancel(); });
  world.settle();
  EXPECT_TRUE(scope.empty());
  EXPECT_EQ(code, ErrorCode::cancelled);
}

TEST(WithDeadline, NestsSoThatTheShorterOneDecides) {
  VirtualClock world;
  auto inner = with_deadline(world, 5ms, answer_after(world, 1h), "inner");
  Result<int> value = world.run(with_deadline(world, 10ms, std::move(inner), "outer"));
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().message(), "inner within 5 ms");
  auto late = with_deadline(world, 10s, answer_after(world, 1h), "inner");
  value = world.run(with_deadline(world, 2s, std::move(late), "outer"));
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().message(), "outer within 2 s");
}

TEST(WaitFor, EndsWithTheEventOrTheDeadline) {
  VirtualClock world;
  coro::Event event;
  Status late = world.run(wait_for(world, 10ms, event));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), ErrorCode::timeout);
  world.schedule(5ms, [&] { event.set(); });
  EXPECT_TRUE(world.run(wait_for(world, 10ms, event)));
}

}  // namespace
}  // namespace sterna::io
