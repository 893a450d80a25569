// SPDX-License-Identifier: Apache-2.0
#include "sterna/coro/scope.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "sterna/coro/both.h"
#include "tests/coro/tracker.h"
#include "tests/support/virtual_clock.h"

namespace sterna::coro {
namespace {

using namespace std::chrono_literals;
using sterna::test::VirtualClock;

Task<void> append(std::vector<int>& log, int value) {
  log.push_back(value);
  co_return;
}

Task<void> append_later(io::Clock& clock, std::vector<int>& log, int value) {
  Status slept = co_await clock.sleep(std::chrono::milliseconds(value));
  log.push_back(slept ? value : -value);
}

Task<void> spawn_three(std::vector<int>& log) {
  Scope scope = co_await make_scope();
  scope.spawn(append(log, 1));
  scope.spawn(append(log, 2));
  log.push_back(0);
  co_await scope.join();
  log.push_back(3);
}

TEST(Scope, StartsChildrenFromTheQueueInOrder) {
  VirtualClock world;
  std::vector<int> log;
  world.run(spawn_three(log));
  EXPECT_EQ(log, (std::vector<int>{0, 1, 2, 3}));
}

Task<void> join_sleepers(io::Clock& clock, std::vector<int>& log) {
  Scope scope = co_await make_scope();
  scope.spawn(append_later(clock, log, 30));
  scope.spawn(append_later(clock, log, 10));
  scope.spawn(append_later(clock, log, 20));
  co_await scope.join();
  EXPECT_TRUE(scope.empty());
}

TEST(Scope, JoinsWhenTheLastChildHasEnded) {
  VirtualClock world;
  std::vector<int> log;
  world.run(join_sleepers(world, log));
  EXPECT_EQ(log, (std::vector<int>{10, 20, 30}));
  EXPECT_EQ(world.monotonic(), 30ms);
}

Task<void> close_sleepers(io::Clock& clock, std::vector<int>& log) {
  Scope scope = co_await make_scope();
  scope.spawn(append_later(clock, log, 30));
  scope.spawn(append_later(clock, log, 10));
  co_await yield();
  co_await scope.close();
  // A child of a cancelled scope still runs, and hears of the request at its first wait.
  scope.spawn(append_later(clock, log, 5));
  co_await scope.join();
}

TEST(Scope, ClosingAsksTheChildrenToStopAndWaitsForThem) {
  VirtualClock world;
  std::vector<int> log;
  world.run(close_sleepers(world, log));
  EXPECT_EQ(log, (std::vector<int>{-30, -10, -5}));
  EXPECT_EQ(world.monotonic(), 0ms);
}

Task<void> nested(io::Clock& clock, std::vector<int>& log, int level) {
  Scope scope = co_await make_scope();
  if (level > 0) scope.spawn(nested(clock, log, level - 1));
  scope.spawn(append_later(clock, log, level + 1));
  co_await scope.join();
}

TEST(Scope, PassesARequestDownThroughScopesWithinScopes) {
  ReadyQueue queue;
  VirtualClock clock;
  std::vector<int> log;
  Scope root(clock.queue());
  root.spawn(nested(clock, log, 2));
  clock.queue().drain();
  root.cancel();
  clock.queue().drain();
  EXPECT_TRUE(root.empty());
  EXPECT_EQ(log.size(), 3u);
  for (int value : log) EXPECT_LT(value, 0);
}

Task<void> hold(test::Tracker, Event& release) {
  static_cast<void>(co_await release.wait());
}

TEST(Scope, FreesTheFrameOfAChildBeforeItCountsAsEnded) {
  ReadyQueue queue;
  Event release;
  Scope scope(queue);
  int alive = 0;
  scope.spawn(hold(test::Tracker(alive), release));
  queue.drain();
  EXPECT_EQ(alive, 1);
  release.set();
  while (queue.run_one()) {
    if (scope.empty()) EXPECT_EQ(alive, 0);
  }
  EXPECT_TRUE(scope.empty());
}

TEST(Scope, CanSpawnAgainAfterItWasEmpty) {
  ReadyQueue queue;
  Scope scope(queue);
  std::vector<int> log;
  for (int round = 0; round < 3; ++round) {
    scope.spawn(append(log, round));
    queue.drain();
    EXPECT_TRUE(scope.empty());
  }
  EXPECT_EQ(log, (std::vector<int>{0, 1, 2}));
}

Task<void> spawn_sibling(Scope& scope, std::vector<int>& log) {
  log.push_back(1);
  scope.spawn(append(log, 2));
  co_return;
}

Task<void> join_growing(std::vector<int>& log) {
  Scope scope = co_await make_scope();
  scope.spawn(spawn_sibling(scope, log));
  co_await scope.join();
  log.push_back(3);
}

TEST(Scope, JoinsChildrenThatChildrenSpawned) {
  VirtualClock world;
  std::vector<int> log;
  world.run(join_growing(log));
  EXPECT_EQ(log, (std::vector<int>{1, 2, 3}));
}

TEST(ReadyQueue, LetsATestChooseTheOrder) {
  ReadyQueue queue;
  Scope scope(queue);
  std::vector<int> log;
  queue.choose_with([](std::size_t ready) { return ready - 1; });
  for (int value : {1, 2, 3}) scope.spawn(append(log, value));
  queue.drain();
  EXPECT_EQ(log, (std::vector<int>{3, 2, 1}));
}

Task<void> reenter(ReadyQueue& queue) {
  queue.drain();
  co_return;
}

TEST(ReadyQueueDeathTest, RefusesToResumeFromWithinACoroutine) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        ReadyQueue queue;
        Scope scope(queue);
        scope.spawn(reenter(queue));
        queue.drain();
      },
      "running_");
}

Task<Status> wait_and_say(io::Clock& clock, std::vector<int>& log, int value, Status said) {
  STERNA_CO_CHECK(co_await clock.sleep(std::chrono::milliseconds(value)));
  log.push_back(value);
  co_return said;
}

Task<void> run_both(io::Clock& clock, std::vector<int>& log, int first, Status outcome,
                    std::vector<bool>& good) {
  auto [a, b] = co_await both(wait_and_say(clock, log, first, outcome),
                              wait_and_say(clock, log, 20, Status{}));
  good = {a.has_value(), b.has_value()};
}

TEST(Both, RunsTwoAtOnceAndWaitsForTheLater) {
  for (const int first : {10, 30}) {
    VirtualClock world;
    std::vector<int> log;
    std::vector<bool> good;
    world.run(run_both(world, log, first, Status{}, good));
    EXPECT_EQ(log, (std::vector<int>{std::min(first, 20), std::max(first, 20)}));
    EXPECT_EQ(good, (std::vector<bool>{true, true}));
    EXPECT_EQ(world.monotonic(), std::chrono::milliseconds(std::max(first, 20)));
  }
}

TEST(Both, AsksTheSecondToStopIfTheFirstFails) {
  VirtualClock world;
  std::vector<int> log;
  std::vector<bool> good;
  world.run(run_both(world, log, 10, fail(ErrorCode::io, "broken"), good));
  EXPECT_EQ(log, (std::vector<int>{10}));
  EXPECT_EQ(good, (std::vector<bool>{false, false}));
  EXPECT_EQ(world.monotonic(), 10ms);
}

}  // namespace
}  // namespace sterna::coro
