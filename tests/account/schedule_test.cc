// SPDX-License-Identifier: Apache-2.0
#include "src/account/schedule.h"

#include <gtest/gtest.h>

#include <random>

namespace sterna::account {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Told kNothing{};
constexpr Told kSome{.some = true, .everything = false};
constexpr Told kEverything{.some = false, .everything = true};

// One that has just looked at everything, at 1000 s.
class Schedules : public testing::Test {
 protected:
  Schedules() {
    schedule_.began(now_, true);
    schedule_.went_well(now_, {.everything = true});
  }
  Schedule::Due due_in(milliseconds later, const Told& there = kNothing) const {
    return schedule_.due(now_ + later, there, std::nullopt);
  }
  bool looks_at_everything_in(seconds later) const {
    return !due_in(later - seconds(1)).everything && due_in(later).everything;
  }

  const Schedule::Time now_ = seconds(1000);
  Schedule schedule_{minutes(5)};
};

TEST(Schedule, BeginsWithEverything) {
  EXPECT_TRUE(Schedule(minutes(5)).due(seconds(1000), kNothing, std::nullopt).everything);
}
TEST_F(Schedules, LookAtEverythingEachPollInterval) {
  EXPECT_TRUE(looks_at_everything_in(minutes(5)));
}
TEST_F(Schedules, LookSoonerWhereThereWasSomething) {
  schedule_.went_well(now_, {.everything = true, .did_anything = true});
  EXPECT_TRUE(looks_at_everything_in(seconds(60)));
  schedule_.went_well(now_, {.everything = true});
  EXPECT_TRUE(looks_at_everything_in(seconds(120)));
}
TEST_F(Schedules, LookSeldomWhereTheServerTellsOfAll) {
  schedule_.went_well(now_, {.everything = true, .tells_all = true});
  schedule_.went_well(now_, {.everything = true, .tells_all = true});
  EXPECT_TRUE(looks_at_everything_in(minutes(20)));
}
TEST_F(Schedules, LookAtWhatWasToldAtOnce) {
  EXPECT_TRUE(due_in(seconds(0), kSome).news);
  EXPECT_FALSE(due_in(seconds(0), kSome).everything);
}
TEST_F(Schedules, LookASecondLaterAtWhatWasToldInVain) {
  schedule_.told_in_vain(now_);
  EXPECT_FALSE(due_in(seconds(0), kSome).news);
  EXPECT_EQ(schedule_.next(now_, kSome, std::nullopt), now_ + seconds(1));
  EXPECT_TRUE(due_in(seconds(1), kSome).news);
}
TEST_F(Schedules, LookMoreAndMoreSeldomAtWhatIsToldInVain) {
  Schedule::Time now = now_;
  for (const int expected : {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300}) {
    schedule_.told_in_vain(now);
    EXPECT_FALSE(schedule_.due(now + seconds(expected) - milliseconds(1), kSome, {}).news);
    EXPECT_TRUE(schedule_.due(now + seconds(expected), kSome, {}).news);
    now += seconds(expected);
    schedule_.went_well(now, {.everything = true});
  }
  schedule_.told_in_vain(now);
  EXPECT_FALSE(schedule_.due(now + seconds(200), kEverything, std::nullopt).everything);
  schedule_.went_well(now, {.did_anything = true});
  EXPECT_TRUE(schedule_.due(now + seconds(1), kSome, std::nullopt).news);
  schedule_.told_in_vain(now);
  EXPECT_EQ(schedule_.next(now, kSome, std::nullopt), now + seconds(1));
}
TEST_F(Schedules, BelieveAgainWhoWasSilentForLong) {
  for (int i = 0; i < 5; ++i) schedule_.told_in_vain(now_);
  const Schedule::Time later = now_ + seconds(80);
  EXPECT_TRUE(schedule_.due(later, kSome, std::nullopt).news);
  schedule_.told_in_vain(later);
  EXPECT_EQ(schedule_.next(later, kSome, std::nullopt), later + seconds(1));
}
TEST_F(Schedules, LookAtOnceWhereOneMailboxIsBelievedThoughOthersToldInVain) {
  for (int i = 0; i < 9; ++i) schedule_.told_in_vain(now_);
  EXPECT_FALSE(due_in(seconds(2), kSome).news);
  const Told told{.some = true, .some_at = now_ + seconds(2)};
  EXPECT_FALSE(due_in(seconds(1), told).news);
  EXPECT_EQ(schedule_.next(now_, told, std::nullopt), now_ + seconds(2));
  EXPECT_TRUE(due_in(seconds(2), told).news);
}
TEST_F(Schedules, LookAtEverythingAtMostOnceASecondBecauseItWasTold) {
  EXPECT_FALSE(due_in(seconds(0), kEverything).everything);
  EXPECT_EQ(schedule_.next(now_, kEverything, std::nullopt), now_ + seconds(1));
  EXPECT_TRUE(due_in(seconds(1), kEverything).everything);
}
// A message may have been moved there from a mailbox that nobody told of.
TEST_F(Schedules, LookAtEverythingSoonAfterMailThatWasToldOfByHalf) {
  schedule_.went_well(now_, {.fetched = true});
  EXPECT_TRUE(looks_at_everything_in(seconds(10)));
}
TEST_F(Schedules, DoNotWhereTheServerTellsOfAll) {
  schedule_.went_well(now_, {.fetched = true, .tells_all = true});
  EXPECT_TRUE(looks_at_everything_in(minutes(5)));
}
TEST_F(Schedules, WaitOutAFailureAndThenLookAtEverything) {
  schedule_.wait_until(now_ + seconds(30));
  EXPECT_FALSE(due_in(seconds(29), kSome).news);
  EXPECT_EQ(schedule_.next(now_, kSome, now_), now_ + seconds(30));
  EXPECT_TRUE(due_in(seconds(30)).everything);
}
TEST_F(Schedules, ComeBackSoonToALineThatWasLostAndLaterEachTime) {
  schedule_.went_well(now_, {.everything = true, .line_is_open = false});
  EXPECT_TRUE(looks_at_everything_in(seconds(5)));
  schedule_.went_well(now_, {.everything = true, .line_is_open = false});
  EXPECT_TRUE(looks_at_everything_in(seconds(10)));
  for (int i = 0; i < 20; ++i) {
    schedule_.went_well(now_, {.everything = true, .line_is_open = false});
  }
  EXPECT_TRUE(looks_at_everything_in(minutes(5)));
}
TEST_F(Schedules, ComeBackLaterEachTimeToALineThatIsLostSoon) {
  for (const int expected : {0, 5, 10, 20, 40, 80, 160}) {
    schedule_.went_well(now_, {.everything = true});
    schedule_.line_lost(now_, true);
    EXPECT_EQ(schedule_.next(now_, kNothing, std::nullopt), now_ + seconds(expected));
  }
  schedule_.line_lost(now_, false);
  EXPECT_TRUE(due_in(seconds(0)).everything);
  schedule_.went_well(now_, {.everything = true});
  schedule_.line_lost(now_, true);
  EXPECT_TRUE(due_in(seconds(0)).everything);
}
TEST_F(Schedules, LookAtWhatIsRipe) {
  schedule_.went_well(now_, {.ripe_at = now_ + seconds(10)});
  EXPECT_FALSE(due_in(seconds(10)).news);
  EXPECT_TRUE(due_in(seconds(10) + milliseconds(15)).news);
}
TEST_F(Schedules, LookAtWhatWasRipeBeforeTheyEnded) {
  schedule_.went_well(now_, {.ripe_at = now_ - seconds(10)});
  EXPECT_FALSE(due_in(seconds(0)).news);
  EXPECT_TRUE(due_in(milliseconds(15)).news);
}
// As over a slow line.
TEST_F(Schedules, LookMoreAndMoreSeldomAtAFileThatIsWrittenOn) {
  Schedule::Time now = now_;
  for (int looks = 0; looks < 20; ++looks) {
    now = schedule_.next(now, kNothing, std::nullopt);
    schedule_.went_well(now, {.everything = true, .settled_at = now + milliseconds(150)});
    if (looks == 0)
      EXPECT_TRUE(schedule_.due(now + milliseconds(165), kNothing, std::nullopt).news);
  }
  EXPECT_EQ(schedule_.next(now, kNothing, std::nullopt), now + milliseconds(5150));
  schedule_.went_well(now, {.did_anything = true, .settled_at = now + milliseconds(150)});
  EXPECT_EQ(schedule_.next(now, kNothing, std::nullopt), now + milliseconds(165));
}
TEST_F(Schedules, KeepToAQuietTimeWhileAFileIsWritten) {
  for (int looks = 0; looks < 20; ++looks) {
    schedule_.went_well(now_, {.ripe_at = now_ + seconds(2), .settled_at = now_});
  }
  EXPECT_EQ(schedule_.next(now_, kNothing, std::nullopt), now_ + milliseconds(2015));
}
TEST_F(Schedules, LookAtWhatWaitsMoreAndMoreSeldom) {
  schedule_.went_well(now_, {.waits = true});
  EXPECT_EQ(schedule_.next(now_, kNothing, std::nullopt), now_ + seconds(20));
  schedule_.went_well(now_, {.waits = true});
  EXPECT_EQ(schedule_.next(now_, kNothing, std::nullopt), now_ + seconds(40));
}
TEST_F(Schedules, ScanWhatCannotBeWatched) {
  schedule_.went_well(now_, {.watches_maildir = false});
  EXPECT_EQ(schedule_.next(now_, kNothing, std::nullopt), now_ + seconds(60));
}

// Or the account would go round and round.
TEST(Schedule, NeverHasNothingToDoAndNothingToWaitFor) {
  std::mt19937 dice(7);
  const auto chance = [&dice] { return dice() % 2 == 0; };
  Schedule schedule{seconds(60)};
  Schedule::Time now = seconds(1000);
  for (int i = 0; i < 200'000; ++i) {
    const Told there{
        .some = chance(), .everything = chance(), .some_at = now + seconds(dice() % 3)};
    const auto here = chance() ? std::optional(now + seconds(dice() % 3) - seconds(1))
                               : std::optional<Schedule::Time>();
    const Schedule::Due due = schedule.due(now, there, here);
    if (!due.everything && !due.news) {
      const Schedule::Time next = schedule.next(now, there, here);
      ASSERT_GT(next, now);
      if (chance()) now = next;
    }
    switch (dice() % 9) {
      case 0:
        schedule.wait_until(now + seconds(dice() % 100));
        break;
      case 1:
        schedule.stop_waiting();
        break;
      case 2:
        schedule.look_at_everything(now);
        break;
      case 3:
        schedule.told_in_vain(now);
        break;
      case 4:
        schedule.began(now, chance());
        break;
      case 5:
        schedule.went_well(now, {.everything = chance(),
                                 .did_anything = chance(),
                                 .fetched = chance(),
                                 .tells_all = chance(),
                                 .line_is_open = chance(),
                                 .watches_maildir = chance(),
                                 .waits = chance(),
                                 .settled_at = chance() ? std::optional(now) : std::nullopt});
        break;
      case 6:
        schedule.line_lost(now, chance());
        break;
      default:
        now += std::chrono::milliseconds(dice() % 900);
    }
  }
}

}  // namespace
}  // namespace sterna::account
