// SPDX-License-Identifier: Apache-2.0
// How many dial at once, and how often all lines are proved: on virtual time.
#include "daemon/pace.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "daemon/disturbances.h"
#include "sterna/coro/scope.h"
#include "tests/support/virtual_clock.h"

namespace sterna::daemon {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

class PaceTest : public testing::Test {
 protected:
  coro::Task<void> dial(Pace& pace, char name = 'x') {
    co_await pace.wait();
    const bool gave_up = co_await coro::cancelled();
    if (gave_up) co_return;
    dialled_.push_back(clock_.monotonic());
    order_ += name;
  }
  coro::Task<void> dial_all(Pace& pace, int accounts) {
    coro::Scope scope = co_await coro::make_scope();
    for (int i = 0; i < accounts; ++i) scope.spawn(dial(pace));
    co_await scope.join();
  }
  // The first is cancelled while it is next, the second while it queues behind it.
  coro::Task<void> dial_four_and_give_two_up(Pace& pace) {
    coro::Scope gone = co_await coro::make_scope();
    gone.spawn(dial(pace, 'a'));
    gone.spawn(dial(pace, 'b'));
    coro::Scope scope = co_await coro::make_scope();
    scope.spawn(dial(pace, 'c'));
    scope.spawn(dial(pace, 'd'));
    static_cast<void>(co_await clock_.sleep(1ms));
    co_await gone.close();
    co_await scope.join();
  }

  test::VirtualClock clock_;
  std::vector<nanoseconds> dialled_;
  std::string order_;
};

TEST_F(PaceTest, OneAccountDialsAtOnce) {
  Pace pace(clock_, 20, 50);
  clock_.run(dial_all(pace, 1));
  EXPECT_EQ(dialled_.at(0), 0ns);
}

TEST_F(PaceTest, AThousandDoNotDialInOneMoment) {
  Pace pace(clock_, 20, 50);
  clock_.run(dial_all(pace, 1000));
  ASSERT_EQ(dialled_.size(), 1000U);
  for (std::size_t i = 0; i + 70 < dialled_.size(); ++i)
    EXPECT_GE(dialled_[i + 70] - dialled_[i], 1s) << "no more than 70 in any second";
  EXPECT_LE(dialled_.back(), 21s);
}

TEST_F(PaceTest, WhoGivesUpIsWaitedForByNobody) {
  Pace pace(clock_, 1, 1);
  clock_.run(dial_all(pace, 1));
  clock_.run(dial_four_and_give_two_up(pace));
  EXPECT_EQ(order_, "xcd");
  EXPECT_EQ(dialled_, (std::vector<nanoseconds>{0s, 2s, 3s}))
      << "only the moment of the one who was next is lost";
}

// Tells each at its time, and then nothing more.
class Told : public io::Surroundings {
 public:
  Told(io::Clock& clock, std::deque<std::pair<nanoseconds, io::Disturbance>> told)
      : clock_(clock), told_(std::move(told)) {}
  coro::Task<Result<io::Disturbance>> next() override {
    if (told_.empty()) co_return fail(Error::cancelled());
    const auto left = told_.front().first - clock_.monotonic();
    if (left.count() > 0)
      STERNA_CO_CHECK(co_await clock_.sleep(std::chrono::ceil<std::chrono::milliseconds>(left)));
    const io::Disturbance met = told_.front().second;
    told_.pop_front();
    co_return met;
  }

 private:
  io::Clock& clock_;
  std::deque<std::pair<nanoseconds, io::Disturbance>> told_;
};

class DisturbancesTest : public testing::Test {
 protected:
  // "0 network_changed", in seconds.
  std::vector<std::string> rounds(std::deque<std::pair<nanoseconds, io::Disturbance>> told) {
    Told surroundings(clock_, std::move(told));
    std::vector<std::string> rounds;
    const auto prove = [&](std::string_view reason) {
      const auto at = std::chrono::duration_cast<std::chrono::seconds>(clock_.monotonic());
      rounds.push_back(std::to_string(at.count()) + ' ' + std::string(reason));
    };
    const Status ended = clock_.run(heed_disturbances(surroundings, clock_, prove));
    EXPECT_TRUE(!ended && ended.error().is_cancelled()) << "whoever waits for it is told why";
    return rounds;
  }
  static io::Disturbance network() { return {.slept = 0ns, .network_changed = true}; }

  test::VirtualClock clock_;
};

TEST_F(DisturbancesTest, TheFirstChangeIsHeededAtOnceAndThoseBehindItTogether) {
  EXPECT_EQ(rounds({{10s, network()},
                    {10500ms, network()},
                    {11400ms, network()},
                    {13s, network()},
                    {14s, network()},
                    {60s, network()},
                    {99s, {}}}),
            (std::vector<std::string>{"10 network_changed", "12 network_changed",
                                      "17 network_changed", "60 network_changed"}))
      << "a second after the last of a few steps, and then as where it goes on changing";
}

TEST_F(DisturbancesTest, ANetworkThatFlapsIsNoMoreRoundsThanOneThatNeverRests) {
  std::deque<std::pair<nanoseconds, io::Disturbance>> told;
  for (int i = 0; i < 30; ++i) told.emplace_back(i * 2s, network());
  EXPECT_LE(rounds(std::move(told)).size(), 14U);
}

TEST_F(DisturbancesTest, AHostOfContainersIsARoundNowAndThen) {
  std::deque<std::pair<nanoseconds, io::Disturbance>> told;
  for (int i = 0; i < 600; ++i) told.emplace_back(i * 100ms, network());
  EXPECT_LE(rounds(std::move(told)).size(), 13U);
}

TEST_F(DisturbancesTest, ASleepIsHeededAtOnceWhateverTheNetworkDoes) {
  EXPECT_EQ(rounds({{10s, network()},
                    {11s, network()},
                    {11500ms, {.slept = 1h, .network_changed = false}},
                    {99s, {}}}),
            (std::vector<std::string>{"10 network_changed", "11 slept", "12 network_changed"}));
}

}  // namespace
}  // namespace sterna::daemon
