// SPDX-License-Identifier: Apache-2.0
#include "src/account/day_octets.h"

#include <gtest/gtest.h>

namespace sterna::account {
namespace {

constexpr std::int64_t kNow = 490'000;  // in 2025

TEST(DayOctets, CountsThisHourAndADayBeforeIt) {
  DayOctets day;
  day.add(kNow, 5);
  day.add(kNow, 7);
  EXPECT_EQ(day.around(kNow + 2), 12U);
  day.add(kNow + 3, 10);
  EXPECT_EQ(day.around(kNow + 3), 22U);
  EXPECT_EQ(day.around(kNow + 24), 22U) << "the last of that hour is not a day old";
  EXPECT_EQ(day.around(kNow + 25), 10U);
  EXPECT_EQ(day.around(kNow + 28), 0U);
}
TEST(DayOctets, TellsWhenLittleEnoughIsLeft) {
  DayOctets day;
  day.add(kNow, 100);
  day.add(kNow + 2, 50);
  EXPECT_EQ(day.first_with(150, kNow + 2), kNow + 2);
  EXPECT_EQ(day.first_with(149, kNow + 2), kNow + 25);
  EXPECT_EQ(day.first_with(0, kNow + 2), kNow + 27);
}
TEST(DayOctets, ForgetsWhatIsOlder) {
  DayOctets day;
  day.add(kNow, 1);
  day.add(kNow + 24, 2);
  EXPECT_EQ(day.to_string(), "490000:1 490024:2");
  day.add(kNow + 25, 4);
  EXPECT_EQ(day.to_string(), "490024:2 490025:4");
}
TEST(DayOctets, CountsWhatLiesAheadOfAClockThatIsBehind) {
  DayOctets day;
  day.add(kNow + 3, 10);
  day.add(kNow, 1);
  EXPECT_EQ(day.around(kNow), 11U);
  EXPECT_EQ(day.first_with(5, kNow), kNow + 28);
  EXPECT_EQ(day.to_string(), "490000:1 490003:10");
}
TEST(DayOctets, BelievesNothingOfAnotherTime) {
  DayOctets day;
  day.add(kNow + 9000, 1000);
  EXPECT_EQ(day.around(kNow), 0U);
  EXPECT_EQ(day.first_with(0, kNow), kNow);
  day.add(kNow, 1);
  EXPECT_EQ(day.to_string(), "490000:1");
}
TEST(DayOctets, ForgetsNothingByAClockThatWasSet) {
  DayOctets day;
  day.add(kNow, 7);
  day.add(3, 1, false);
  EXPECT_EQ(day.around(3), 1U);
  EXPECT_EQ(day.around(kNow), 7U);
  EXPECT_EQ(day.to_string(), "3:1 490000:7");
}
TEST(DayOctets, IsReadAsItIsWritten) {
  const DayOctets day = DayOctets::parse("490000:17 490003:9000000000");
  EXPECT_EQ(day.around(kNow + 3), 9'000'000'017U);
  EXPECT_EQ(day.to_string(), "490000:17 490003:9000000000");
  EXPECT_EQ(DayOctets::parse("").to_string(), "");
}
TEST(DayOctets, LeavesOutWhatCannotBeRead) {
  EXPECT_EQ(DayOctets::parse("x 1 490000:x :7 490001:3 -5:2 490002:").to_string(), "490001:3");
}

}  // namespace
}  // namespace sterna::account
