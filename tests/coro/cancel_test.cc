// SPDX-License-Identifier: Apache-2.0
#include "sterna/coro/cancel.h"

#include <gtest/gtest.h>

#include "sterna/coro/scope.h"
#include "sterna/coro/sync.h"
#include "tests/support/virtual_clock.h"

namespace sterna::coro {
namespace {

struct Counter : CancelHook {
  void on_cancel() override { ++calls; }
  int calls = 0;
};

TEST(CancelState, CallsEachHookOnce) {
  CancelState state;
  Counter first;
  Counter second;
  state.add(first);
  state.add(second);
  state.request();
  state.request();
  EXPECT_EQ(first.calls, 1);
  EXPECT_EQ(second.calls, 1);
}

TEST(CancelState, ForgetsAHookThatDied) {
  CancelState state;
  {
    Counter gone;
    state.add(gone);
  }
  state.request();
  EXPECT_TRUE(state.requested());
}

TEST(CancelState, ReachesDescendantsButNotAncestors) {
  CancelState top;
  CancelState middle(top);
  CancelState bottom(middle);
  Counter below;
  bottom.add(below);
  middle.request();
  EXPECT_FALSE(top.requested());
  EXPECT_TRUE(bottom.requested());
  EXPECT_EQ(below.calls, 1);
}

TEST(CancelState, IsBornRequestedUnderARequestedParent) {
  CancelState top;
  top.request();
  CancelState child(top);
  EXPECT_TRUE(child.requested());
}

TEST(CancelState, ForgetsAChildThatDied) {
  CancelState top;
  {
    CancelState child(top);
  }
  top.request();
  EXPECT_TRUE(top.requested());
}

Task<void> note_wait(Event& event, int& resumed, Status& outcome) {
  outcome = co_await event.wait();
  ++resumed;
}

TEST(Cancellation, ResumesALeafOnceThroughTheQueue) {
  ReadyQueue queue;
  Event event;
  Scope scope(queue);
  int resumed = 0;
  Status outcome;
  scope.spawn(note_wait(event, resumed, outcome));
  queue.drain();
  scope.cancel();
  EXPECT_EQ(resumed, 0) << "resumed inside the request";
  event.set();
  queue.drain();
  EXPECT_EQ(resumed, 1);
  ASSERT_FALSE(outcome);
  EXPECT_TRUE(outcome.error().is_cancelled());
}

TEST(Cancellation, DoesNotTakeBackWhatWasGivenBefore) {
  ReadyQueue queue;
  Event event;
  Scope scope(queue);
  int resumed = 0;
  Status outcome = fail(Error::cancelled());
  scope.spawn(note_wait(event, resumed, outcome));
  queue.drain();
  event.set();
  scope.cancel();
  queue.drain();
  EXPECT_EQ(resumed, 1);
  EXPECT_TRUE(outcome);
}

TEST(Cancellation, EndsALeafThatBeginsAfterTheRequest) {
  ReadyQueue queue;
  Event event;
  Scope scope(queue);
  scope.cancel();
  int resumed = 0;
  Status outcome;
  event.set();
  scope.spawn(note_wait(event, resumed, outcome));
  queue.drain();
  ASSERT_FALSE(outcome);
  EXPECT_TRUE(outcome.error().is_cancelled());
}

Task<void> look(Event& go, bool& before, bool& after) {
  before = co_await cancelled();
  static_cast<void>(co_await go.wait_regardless());
  after = co_await cancelled();
}

TEST(Cancellation, CanBeAskedForWithoutWaiting) {
  ReadyQueue queue;
  Event go;
  Scope scope(queue);
  bool before = true;
  bool after = false;
  scope.spawn(look(go, before, after));
  queue.drain();
  scope.cancel();
  go.set();
  queue.drain();
  EXPECT_FALSE(before);
  EXPECT_TRUE(after);
}

}  // namespace
}  // namespace sterna::coro
