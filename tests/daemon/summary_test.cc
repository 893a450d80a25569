// SPDX-License-Identifier: Apache-2.0
// What is said of all accounts, who is stuck, and how many start at once.
#include "daemon/summary.h"

#include <gtest/gtest.h>

#include <optional>

#include "daemon/roster.h"
#include "daemon/token_bucket.h"

namespace sterna::daemon {
namespace {

using namespace std::chrono_literals;
using account::LifeState;

AccountLife life_of(const std::string& name, LifeState state,
                    std::optional<std::chrono::nanoseconds> retry_at = {}) {
  AccountLife life{name, {}};
  life.life.state = state;
  life.life.retry_at = retry_at;
  return life;
}

TEST(SummaryTest, CountsAccountsByState) {
  std::vector<AccountLife> lives = {life_of("a", LifeState::offline),
                                    life_of("b", LifeState::watching),
                                    life_of("c", LifeState::watching)};
  EXPECT_EQ(summary_of(lives), "3 accounts: 2 watching, 1 offline");
  lives[0].life.held = 4;
  EXPECT_EQ(summary_of(lives), "3 accounts: 2 watching, 1 offline; 4 held");
  EXPECT_EQ(summary_of({life_of("a", LifeState::needs_auth)}), "1 account: 1 needs-auth");
  EXPECT_EQ(summary_of({}), "0 accounts");
}

TEST(OverdueTest, AnAccountThatFailsAgainAndAgainIsNotStuck) {
  Overdue overdue;
  for (int minute = 0; minute < 600; ++minute) {
    overdue.look(life_of("a", LifeState::offline, (minute + 1) * 1min), minute * 1min);
    EXPECT_EQ(overdue.stuck(minute * 1min), "");
  }
}

TEST(OverdueTest, AnAccountThatDoesNotTryAgainWhenItSaidIsStuck) {
  Overdue overdue;
  overdue.look(life_of("a", LifeState::backoff, 0min), 0min);
  EXPECT_EQ(overdue.stuck(5min), "");
  EXPECT_EQ(overdue.stuck(6min), "a");
  overdue.look(life_of("a", LifeState::syncing), 6min);
  EXPECT_EQ(overdue.stuck(6min), "");
}

// As after a sleep, or where NTP set the clock: the account waits by the monotonic one.
TEST(OverdueTest, ANextTryThatTheWallClockHasPassedIsNotOverdue) {
  Overdue overdue;
  AccountLife life = life_of("a", LifeState::offline, 30min);
  life.life.next_try_ms = 1;
  overdue.look(life, 1min);
  EXPECT_EQ(overdue.stuck(35min), "");
  EXPECT_EQ(overdue.stuck(36min), "a");
}

// Nor is it one that the account waits for the state, which is lent.
TEST(OverdueTest, APauseWithoutEndIsNoDeadline) {
  Overdue overdue;
  overdue.look(life_of("a", LifeState::paused), 0min);
  EXPECT_EQ(overdue.stuck(60min), "");
}

AccountLife at_work(LifeState state, std::uint64_t progress,
                    std::chrono::nanoseconds patience = 15min) {
  AccountLife life = life_of("a", state);
  life.life.progress = progress;
  life.life.patience = patience;
  return life;
}

TEST(OverdueTest, ASyncMayTakeHoursAsLongAsItGetsOn) {
  Overdue overdue;
  for (int minute = 0; minute < 600; ++minute) {
    overdue.look(at_work(LifeState::syncing, static_cast<std::uint64_t>(minute / 10)),
                 minute * 1min);
    EXPECT_EQ(overdue.stuck(minute * 1min), "");
  }
}

TEST(OverdueTest, AnAccountThatWorksAndDoesNotGetOnIsStuck) {
  for (const LifeState state : {LifeState::starting, LifeState::syncing, LifeState::watching}) {
    Overdue overdue;
    for (int minute = 0; minute <= 21; ++minute) overdue.look(at_work(state, 7), minute * 1min);
    EXPECT_EQ(overdue.stuck(20min), "") << to_string(state);
    EXPECT_EQ(overdue.stuck(21min), "a") << to_string(state);
    overdue.look(at_work(state, 8), 21min);
    EXPECT_EQ(overdue.stuck(21min), "") << to_string(state);
  }
}

TEST(OverdueTest, WhoWaitsForAHookOrALoanIsNotStuck) {
  Overdue overdue;
  overdue.look(at_work(LifeState::syncing, 7, 0min), 0min);
  EXPECT_EQ(overdue.stuck(10h), "");
}

TEST(TokenBucketTest, GivesSoManyAtOnceAndThenOneAfterTheOther) {
  TokenBucket bucket(3, 50);
  const auto now = 1h;
  EXPECT_EQ(bucket.take(now), 0ns);
  EXPECT_EQ(bucket.take(now), 0ns);
  EXPECT_EQ(bucket.take(now), 0ns);
  EXPECT_EQ(bucket.take(now), 20ms);
  EXPECT_EQ(bucket.take(now), 40ms);
  EXPECT_EQ(bucket.take(now + 10ms), 50ms) << "its wait counts from the same moment";
}

TEST(TokenBucketTest, IsFullAgainAfterAWhile) {
  TokenBucket bucket(2, 10);
  for (int i = 0; i < 5; ++i) bucket.take(1h);
  EXPECT_EQ(bucket.take(2h), 0ns);
  EXPECT_EQ(bucket.take(2h), 0ns);
  EXPECT_EQ(bucket.take(2h), 100ms) << "and no fuller than full";
}

TEST(SameNeighbourTest, APasswordOfAnotherAccountIsNothingToThisOne) {
  config::AccountConfig one;
  one.name = "a";
  config::AccountConfig other = one;
  other.host = "elsewhere.example.org";
  other.secret = config::PasswordFile{"/p"};
  EXPECT_TRUE(same_neighbour(one, other));
  other.maildir = "/elsewhere";
  EXPECT_FALSE(same_neighbour(one, other));
}

}  // namespace
}  // namespace sterna::daemon
