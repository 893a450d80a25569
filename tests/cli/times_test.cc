// SPDX-License-Identifier: Apache-2.0
#include "cli/times.h"

#include <gtest/gtest.h>

namespace sterna::cli {
namespace {

TEST(Times, Rfc3339IsUtc) {
  EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(rfc3339(1'767'258'012'345), "2026-01-01T09:00:12.345Z");
  EXPECT_EQ(rfc3339(951'782'400'007), "2000-02-29T00:00:00.007Z");
  EXPECT_EQ(rfc3339(-1), "1969-12-31T23:59:59.999Z");
}

TEST(Times, AMomentIsTypedInSeveralWays) {
  const std::int64_t now = 1'767'258'012'345;
  EXPECT_EQ(parse_moment("2h", now)->first_ms, now - 7'200'000);
  EXPECT_EQ(parse_moment("3d", now)->last_ms, now - 259'200'000);
  const auto day = parse_moment("2026-01-01Z", now);
  EXPECT_EQ(day->first_ms, 1'767'225'600'000);
  EXPECT_EQ(day->last_ms, 1'767'225'600'000 + 86'399'999);
  EXPECT_EQ(parse_moment("2026-01-01T09:00:12Z", now)->first_ms, 1'767'258'012'000);
  EXPECT_EQ(parse_moment("2026-01-01 09:00Z", now)->last_ms, 1'767'258'059'999);
  EXPECT_TRUE(parse_moment("2026-01-01", now));
  for (const char* wrong : {"", "h", "yesterday", "2026-13-01", "2026-01-01 9", "-2h", "2y"}) {
    EXPECT_FALSE(parse_moment(wrong, now)) << wrong;
  }
}

TEST(Times, AgoNamesTheLargestUnit) {
  const std::int64_t now = 1'767'258'012'345;
  EXPECT_EQ(ago(now - 3'000, now), "just now");
  EXPECT_EQ(ago(now - 59'000, now), "59 s ago");
  EXPECT_EQ(ago(now - 5 * 60'000, now), "5 min ago");
  EXPECT_EQ(ago(now - 3 * 3'600'000, now), "3 h ago");
  EXPECT_EQ(ago(now - 49 * 3'600'000, now), "2 days ago");
  EXPECT_EQ(ago(now + 30'000, now), "just now");
  EXPECT_EQ(ago(now + 3'600'000, now), "in the future");
}

TEST(Times, DurationsGetCoarser) {
  EXPECT_EQ(duration_text(0.04), "0.0 s");
  EXPECT_EQ(duration_text(0.84), "0.8 s");
  EXPECT_EQ(duration_text(9.96), "10 s");
  EXPECT_EQ(duration_text(59.4), "59 s");
  EXPECT_EQ(duration_text(185), "3 min 05 s");
  EXPECT_EQ(duration_text(7800), "2 h 10 min");
  EXPECT_EQ(duration_text(-1), "0.0 s");
}

TEST(Times, ADurationHasAUnit) {
  EXPECT_EQ(parse_duration("90s"), std::chrono::seconds(90));
  EXPECT_EQ(parse_duration("2h"), std::chrono::hours(2));
  EXPECT_EQ(parse_duration("1w"), std::chrono::days(7));
  for (const char* text : {"", "h", "2", "0h", "-1h", "1.5h", "1y"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

}  // namespace
}  // namespace sterna::cli
