// SPDX-License-Identifier: Apache-2.0
#include "sterna/net/loop.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <latch>
#include <set>
#include <thread>
#include <vector>

#include "sterna/coro/scope.h"
#include "sterna/coro/sync.h"
#include "sterna/io/deadline.h"

namespace sterna::net {
namespace {

using namespace std::chrono_literals;

coro::Task<int> answer() {
  co_return 42;
}

TEST(Loop, GivesTheValueOfItsRootTask) {
  Loop loop;
  EXPECT_EQ(loop.run(answer()), 42);
  EXPECT_EQ(loop.run(answer()), 42) << "and can be used again";
}

coro::Task<void> sleep_and_note(io::Clock& clock, std::chrono::milliseconds duration,
                                std::vector<int>& log, int id) {
  Status slept = co_await clock.sleep(duration);
  log.push_back(slept ? id : -id);
}

coro::Task<void> sleep_together(io::Clock& clock, std::vector<int>& log) {
  coro::Scope scope = co_await coro::make_scope();
  scope.spawn(sleep_and_note(clock, 30ms, log, 3));
  scope.spawn(sleep_and_note(clock, 10ms, log, 1));
  scope.spawn(sleep_and_note(clock, 20ms, log, 2));
  co_await scope.join();
}

TEST(Loop, SleepsAsLongAsAskedAndNotLonger) {
  Loop loop;
  std::vector<int> log;
  const auto before = loop.clock().monotonic();
  loop.run(sleep_together(loop.clock(), log));
  EXPECT_EQ(log, (std::vector<int>{1, 2, 3}));
  EXPECT_GE(loop.clock().monotonic() - before, 30ms);
  EXPECT_LT(loop.clock().monotonic() - before, 5s);
}

// The kernel has something to wait for, a job, which ends only after the sleeper has.
coro::Task<void> sleep_beside_someone_busy(Loop& loop, std::vector<int>& log) {
  coro::Scope scope = co_await coro::make_scope();
  std::latch slept(1);
  auto sleeper = [&]() -> coro::Task<void> {
    co_await sleep_and_note(loop.clock(), 5ms, log, 1);
    slept.count_down();
  };
  auto busy = [&]() -> coro::Task<void> {
    const auto until = loop.clock().monotonic() + 20ms;
    while (loop.clock().monotonic() < until) {
    }
    co_return;
  };
  scope.spawn(loop.worker().run([&] { slept.wait(); }));
  scope.spawn(sleeper());
  scope.spawn(busy());
  co_await scope.join();
}

TEST(Loop, WakesASleeperWhoseTimeCameBeforeTheKernelWasAsked) {
  Loop loop;
  std::vector<int> log;
  loop.run(sleep_beside_someone_busy(loop, log));
  EXPECT_EQ(log, (std::vector<int>{1}));
}

coro::Task<void> cancel_sleeper(io::Clock& clock, std::vector<int>& log) {
  coro::Scope scope = co_await coro::make_scope();
  scope.spawn(sleep_and_note(clock, 1h, log, 1));
  static_cast<void>(co_await clock.sleep(1ms));
  co_await scope.close();
}

TEST(Loop, CancelsASleep) {
  Loop loop;
  std::vector<int> log;
  loop.run(cancel_sleeper(loop.clock(), log));
  EXPECT_EQ(log, (std::vector<int>{-1}));
}

coro::Task<Status> sleep_for_ever(io::Clock& clock) {
  co_return co_await clock.sleep(std::chrono::milliseconds::max());
}

TEST(Loop, PassesASignalToItsHandler) {
  ::signal(SIGHUP, SIG_DFL);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
    Loop loop;
    int received = 0;
    loop.on_signal([&](int got) {
      received = got;
      loop.cancel();
    });
    ::raise(number);
    Status status = loop.run(sleep_for_ever(loop.clock()));
    EXPECT_EQ(received, number);
    ASSERT_FALSE(status);
    EXPECT_TRUE(status.error().is_cancelled());
  }
}

coro::Task<std::thread::id> where_jobs_run(io::Worker& worker) {
  std::thread::id id;
  co_await worker.run([&id] { id = std::this_thread::get_id(); });
  co_return id;
}

TEST(Worker, RunsAJobOnAnotherThread) {
  Loop loop;
  std::thread::id id = loop.run(where_jobs_run(loop.worker()));
  EXPECT_NE(id, std::thread::id());
  EXPECT_NE(id, std::this_thread::get_id());
}

coro::Task<void> work_and_note(io::Worker& worker, coro::Event& started, bool& done) {
  started.set();
  co_await worker.run([&done] { done = true; });
  EXPECT_TRUE(done);
}

coro::Task<void> cancel_job(io::Worker& worker, bool& done) {
  coro::Scope scope = co_await coro::make_scope();
  coro::Event started;
  scope.spawn(work_and_note(worker, started, done));
  static_cast<void>(co_await started.wait());
  co_await scope.close();
  EXPECT_TRUE(done);
}

TEST(Worker, FinishesAJobAlthoughItsTaskIsCancelled) {
  Loop loop;
  bool done = false;
  loop.run(cancel_job(loop.worker(), done));
  EXPECT_TRUE(done);
}

coro::Task<void> many_jobs(io::Worker& worker, std::vector<int>& results) {
  coro::Scope scope = co_await coro::make_scope();
  auto one = [&worker, &results](std::size_t place) -> coro::Task<void> {
    co_await worker.run([&results, place] { results[place] = static_cast<int>(place); });
  };
  for (std::size_t i = 0; i < results.size(); ++i) scope.spawn(one(i));
  co_await scope.join();
}

TEST(Worker, RunsManyJobsSideBySide) {
  Loop loop;
  std::vector<int> results(200, -1);
  loop.run(many_jobs(loop.worker(), results));
  for (std::size_t i = 0; i < results.size(); ++i) EXPECT_EQ(results[i], static_cast<int>(i));
}

TEST(Random, DoesNotRepeatItself) {
  Loop loop;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(loop.random().next());
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_EQ(loop.random().hex(16).size(), 32u);
}

coro::Task<Status> wait_on(coro::Event& event) {
  co_return co_await event.wait();
}

TEST(LoopDeathTest, NoticesThatNothingCanWakeTheRoot) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        Loop loop;
        coro::Event never;
        static_cast<void>(loop.run(wait_on(never)));
      },
      "uv_loop_alive");
}

coro::Task<Result<int>> late(io::Clock& clock) {
  STERNA_CO_CHECK(co_await clock.sleep(1h));
  co_return 1;
}

TEST(Loop, RacesAnOperationAgainstADeadline) {
  Loop loop;
  Result<int> value = loop.run(io::with_deadline(loop.clock(), 5ms, late(loop.clock())));
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code(), ErrorCode::timeout);
}

}  // namespace
}  // namespace sterna::net
