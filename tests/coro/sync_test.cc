// SPDX-License-Identifier: Apache-2.0
#include "sterna/coro/sync.h"

#include <gtest/gtest.h>

#include <array>
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

// Notes that it got a unit, and keeps it until the event.
Task<void> hold_and_note(Semaphore& semaphore, Event& end, std::vector<int>& log, int id) {
  Result<Semaphore::Permit> permit = co_await semaphore.hold();
  log.push_back(permit ? id : -id);
  if (permit) static_cast<void>(co_await end.wait());
}

class HeldSemaphore : public testing::Test {
 protected:
  // The one unit is with number 1.
  HeldSemaphore() {
    spawn(mine_, 1);
    queue_.drain();
  }
  ~HeldSemaphore() override {
    for (Event& event : end_) event.set();
    queue_.drain();
  }
  void spawn(Scope& scope, int id) {
    scope.spawn(hold_and_note(semaphore_, end_[static_cast<std::size_t>(id)], log_, id));
  }

  ReadyQueue queue_;
  Semaphore semaphore_{1};
  std::array<Event, 4> end_;
  std::vector<int> log_;
  Scope mine_{queue_};
  Scope theirs_{queue_};
};

TEST_F(HeldSemaphore, HandsTheUnitToTheFirstWhoWaits) {
  spawn(theirs_, 2);
  queue_.drain();
  EXPECT_EQ(log_, (std::vector<int>{1}));
  // Number 3 comes when the unit was given to number 2 already, which has not run yet.
  end_[1].set();
  spawn(theirs_, 3);
  queue_.drain();
  EXPECT_EQ(log_, (std::vector<int>{1, 2}));
  end_[2].set();
  queue_.drain();
  EXPECT_EQ(log_, (std::vector<int>{1, 2, 3}));
}

TEST_F(HeldSemaphore, LosesNoUnitToAWaiterThatIsCancelled) {
  spawn(theirs_, 2);
  spawn(mine_, 3);
  queue_.drain();
  theirs_.cancel();
  end_[1].set();
  queue_.drain();
  EXPECT_EQ(log_, (std::vector<int>{1, -2, 3}));
  EXPECT_EQ(semaphore_.available(), 0u);
  end_[3].set();
  queue_.drain();
  EXPECT_EQ(semaphore_.available(), 1u);
}

TEST_F(HeldSemaphore, AWaiterThatWasServedBeforeTheRequestKeepsItsUnit) {
  spawn(theirs_, 2);
  queue_.drain();
  end_[1].set();
  queue_.run_one();  // number 1 gives it back
  theirs_.cancel();
  queue_.drain();
  EXPECT_EQ(log_, (std::vector<int>{1, 2}));
}

}  // namespace
}  // namespace sterna::coro
