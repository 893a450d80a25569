// SPDX-License-Identifier: Apache-2.0
#include "sterna/coro/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "sterna/base/result.h"
#include "tests/coro/tracker.h"
#include "tests/support/virtual_clock.h"

namespace sterna::coro {
namespace {

using sterna::test::VirtualClock;
using test::Tracker;

Task<int> number(int value) {
  co_return value;
}

Task<int> sum(int a, int b) {
  int left = co_await number(a);
  int right = co_await number(b);
  co_return left + right;
}

Task<std::unique_ptr<std::string>> owned(std::string text) {
  co_return std::make_unique<std::string>(std::move(text));
}

Task<Result<int>> checked(bool good) {
  if (!good) co_return fail(ErrorCode::not_found, "no such thing");
  co_return 7;
}

Task<Status> all_checked(bool good) {
  STERNA_CO_TRY(int value, co_await checked(good));
  if (value != 7) co_return fail(ErrorCode::internal, "another value");
  co_return {};
}

TEST(Task, YieldsTheValueOfItsCoroutine) {
  VirtualClock world;
  EXPECT_EQ(world.run(sum(2, 3)), 5);
}

TEST(Task, YieldsValuesThatCanOnlyBeMoved) {
  VirtualClock world;
  EXPECT_EQ(*world.run(owned("tern")), "tern");
}

TEST(Task, CarriesResultsThroughTheMacros) {
  VirtualClock world;
  EXPECT_TRUE(world.run(all_checked(true)));
  Status failed = world.run(all_checked(false));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::not_found);
}

Task<void> note(std::vector<std::string>& log, std::string word) {
  log.push_back(word);
  co_return;
}

TEST(Task, DoesNotStartBeforeItIsAwaited) {
  VirtualClock world;
  std::vector<std::string> log;
  auto body = [&log](Task<void> task) -> Task<void> {
    log.push_back("made");
    co_await std::move(task);
    log.push_back("awaited");
  };
  world.run(body(note(log, "ran")));
  EXPECT_EQ(log, (std::vector<std::string>{"made", "ran", "awaited"}));
}

Task<int> holding(Tracker, int& alive) {
  Tracker local(alive);
  co_await yield();
  co_return alive;
}

TEST(Task, DestroysParametersAndLocalsExactlyOnce) {
  VirtualClock world;
  int alive = 0;
  EXPECT_GE(world.run(holding(Tracker(alive), alive)), 2);
  EXPECT_EQ(alive, 0);
}

TEST(Task, DestroysItsParametersWhenItIsNeverStarted) {
  int alive = 0;
  {
    Task<int> unused = holding(Tracker(alive), alive);
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
}

Task<void> two_in_a_row(int& alive) {
  co_await holding(Tracker(alive), alive);
  // The frame of an awaited task is gone by the next statement.
  EXPECT_EQ(alive, 0);
  co_await holding(Tracker(alive), alive);
  EXPECT_EQ(alive, 0);
}

TEST(Task, FreesTheFrameOfAChildAtTheEndOfTheStatement) {
  VirtualClock world;
  int alive = 0;
  world.run(two_in_a_row(alive));
}

Task<Tracker> give(int& alive) {
  co_return Tracker(alive);
}

Task<void> take(int& alive) {
  Tracker taken = co_await give(alive);
  EXPECT_EQ(alive, 1);
}

TEST(Task, MovesItsResultOutWithoutALeak) {
  VirtualClock world;
  int alive = 0;
  world.run(take(alive));
  EXPECT_EQ(alive, 0);
}

Task<int> depth(int levels) {
  if (levels == 0) co_return 0;
  int below = co_await depth(levels - 1);
  co_return below + 1;
}

TEST(Task, NestsDeeply) {
  VirtualClock world;
  EXPECT_EQ(world.run(depth(100'000)), 100'000);
}

Task<void> wait_for_ever(Event& never) {
  static_cast<void>(co_await never.wait_regardless());
}

TEST(TaskDeathTest, RefusesToDieWhileItsCoroutineIsSuspended) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        ReadyQueue queue;
        Event never;
        auto run = [&] {
          Scope scope(queue);
          scope.spawn(wait_for_ever(never));
          queue.drain();
        };
        run();
      },
      "children_ == 0");
}

Task<Context> context_of_child() {
  co_return co_await current();
}

Task<bool> child_has_the_context_of_its_parent() {
  Context mine = co_await current();
  Context childs = co_await context_of_child();
  co_return mine.queue == childs.queue&& mine.cancel == childs.cancel;
}

TEST(Task, InheritsQueueAndCancelStateFromWhoAwaitsIt) {
  VirtualClock world;
  EXPECT_TRUE(world.run(child_has_the_context_of_its_parent()));
}

Task<bool> child_runs_under(CancelState& given) {
  Context childs = co_await context_of_child().under(given);
  co_return childs.cancel == &given;
}

TEST(Task, RunsUnderAnotherCancelStateWhenGivenOne) {
  VirtualClock world;
  CancelState given;
  EXPECT_TRUE(world.run(child_runs_under(given)));
}

}  // namespace
}  // namespace sterna::coro
