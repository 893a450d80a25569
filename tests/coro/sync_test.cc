// SPDX-License-Identifier: Apache-2.0
#include "sterna/coro/sync.h"

#include <gtest/gtest.h>

#include <vector>

#include "sterna/coro/scope.h"
#include "tests/support/virtual_clock.h"

namespace sterna::coro {
namespace {

using namespace std::chrono_literals;
using sterna::test::VirtualClock;

Task<void> wait_and_note(Event& event, std::vector<int>& log, int id) {
  Status status = co_await event.wait();
  log.push_back(status ? id : -id);
}

TEST(Event, WakesAllWhoWaitInOrderOfArrival) {
  ReadyQueue queue;
  Event event;
  Scope scope(queue);
  std::vector<int> log;
  for (int id : {1, 2, 3}) scope.spawn(wait_and_note(event, log, id));
  queue.drain();
  EXPECT_TRUE(log.empty());
  event.set();
  EXPECT_TRUE(log.empty()) << "resumed inside set()";
  queue.drain();
  EXPECT_EQ(log, (std::vector<int>{1, 2, 3}));
}

TEST(Event, StaysSetUntilReset) {
  ReadyQueue queue;
  Event event;
  Scope scope(queue);
  std::vector<int> log;
  event.set();
  scope.spawn(wait_and_note(event, log, 1));
  queue.drain();
  event.reset();
  scope.spawn(wait_and_note(event, log, 2));
  queue.drain();
  EXPECT_EQ(log, (std::vector<int>{1}));
  event.set();
  queue.drain();
  EXPECT_EQ(log, (std::vector<int>{1, 2}));
}

TEST(Event, WakesWhoWaitedAlthoughItIsResetAtOnce) {
  ReadyQueue queue;
  Event event;
  Scope scope(queue);
  std::vector<int> log;
  scope.spawn(wait_and_note(event, log, 1));
  queue.drain();
  event.set();
  event.reset();
  queue.drain();
  EXPECT_EQ(log, (std::vector<int>{1}));
}

Task<void> work(io::Clock& clock, Semaphore& semaphore, int& inside, int& most) {
  Result<Semaphore::Permit> permit = co_await semaphore.hold();
  if (!permit) co_return;
  most = std::max(most, ++inside);
  static_cast<void>(co_await clock.sleep(10ms));
  --inside;
}

Task<void> many(io::Clock& clock, Semaphore& semaphore, int& most) {
  Scope scope = co_await make_scope();
  int inside = 0;
  for (int i = 0; i < 10; ++i) scope.spawn(work(clock, semaphore, inside, most));
  co_await scope.join();
}

TEST(Semaphore, LetsInAsManyAsItHasUnits) {
  VirtualClock world;
  Semaphore semaphore(3);
  int most = 0;
  world.run(many(world, semaphore, most));
  EXPECT_EQ(most, 3);
  EXPECT_EQ(semaphore.available(), 3u);
  EXPECT_EQ(world.monotonic(), 40ms);
}

Task<void> acquire_and_note(Semaphore& semaphore, std::vector<int>& log, int id) {
  Status status = co_await semaphore.acquire();
  log.push_back(status ? id : -id);
}

TEST(Semaphore, HandsAUnitToTheFirstWhoWaits) {
  ReadyQueue queue;
  Semaphore semaphore(0);
  Scope scope(queue);
  std::vector<int> log;
  scope.spawn(acquire_and_note(semaphore, log, 1));
  scope.spawn(acquire_and_note(semaphore, log, 2));
  queue.drain();
  semaphore.release();
  // Given to the first already: nobody who comes later may take it.
  EXPECT_FALSE(semaphore.try_acquire());
  queue.drain();
  EXPECT_EQ(log, (std::vector<int>{1}));
  semaphore.release();
  queue.drain();
  EXPECT_EQ(log, (std::vector<int>{1, 2}));
}

TEST(Semaphore, LosesNoUnitToAWaiterThatIsCancelled) {
  ReadyQueue queue;
  Semaphore semaphore(0);
  Scope first(queue);
  Scope second(queue);
  std::vector<int> log;
  first.spawn(acquire_and_note(semaphore, log, 1));
  second.spawn(acquire_and_note(semaphore, log, 2));
  queue.drain();
  first.cancel();
  semaphore.release();
  queue.drain();
  EXPECT_EQ(log, (std::vector<int>{-1, 2}));
  EXPECT_EQ(semaphore.available(), 0u);
}

TEST(Semaphore, AWaiterThatWasServedBeforeTheRequestKeepsItsUnit) {
  ReadyQueue queue;
  Semaphore semaphore(0);
  Scope scope(queue);
  std::vector<int> log;
  scope.spawn(acquire_and_note(semaphore, log, 1));
  queue.drain();
  semaphore.release();
  scope.cancel();
  queue.drain();
  EXPECT_EQ(log, (std::vector<int>{1}));
}

}  // namespace
}  // namespace sterna::coro
