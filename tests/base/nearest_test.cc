// SPDX-License-Identifier: Apache-2.0
#include "sterna/base/nearest.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace sterna {
namespace {

const std::vector<std::string> kKeys = {"host", "port", "user", "maildir", "mailboxes", "password"};

TEST(EditDistance, CountsWhatWasMistyped) {
  EXPECT_EQ(edit_distance("maildir", "maildir"), 0U);
  EXPECT_EQ(edit_distance("", "host"), 4U);
  EXPECT_EQ(edit_distance("host", ""), 4U);
  EXPECT_EQ(edit_distance("hst", "host"), 1U);         // left out
  EXPECT_EQ(edit_distance("hosst", "host"), 1U);       // doubled
  EXPECT_EQ(edit_distance("hist", "host"), 1U);        // another letter
  EXPECT_EQ(edit_distance("maidlir", "maildir"), 1U);  // two swapped
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("Host", "host"), 1U);
}

TEST(EditDistance, IsTheSameBothWaysAndNoLongerThanAWayRound) {
  std::mt19937 random(24);
  const auto word = [&random] {
    std::string text(random() % 8, '\0');
    for (char& c : text) c = static_cast<char>('a' + random() % 3);
    return text;
  };
  for (int round = 0; round < 5000; ++round) {
    const std::string a = word();
    const std::string b = word();
    const std::size_t distance = edit_distance(a, b);
    ASSERT_EQ(distance, edit_distance(b, a)) << a << ' ' << b;
    ASSERT_EQ(distance == 0, a == b);
    ASSERT_LE(distance, std::max(a.size(), b.size()));
    ASSERT_GE(distance, std::max(a.size(), b.size()) - std::min(a.size(), b.size()));
  }
}

TEST(EditDistance, OfLongWordsTakesNoTime) {
  const std::string long_one(2'000'000, 'x');
  EXPECT_LE(edit_distance(long_one, long_one + "y"), 64U);
  EXPECT_EQ(edit_distance(long_one, "host"), 64U);
}

TEST(NearestName, IsWhatOneMayHaveMeant) {
  EXPECT_EQ(nearest_name("maildri", kKeys), "maildir");
  EXPECT_EQ(nearest_name("MAILDIR", kKeys), "maildir");
  EXPECT_EQ(nearest_name("mailbox", kKeys), "mailboxes");
  EXPECT_EQ(nearest_name("pasword", kKeys), "password");
  EXPECT_EQ(nearest_name("usr", kKeys), "user");
}

TEST(ClosestName, IsOneHoweverFarAndTheFirstOfSeveral) {
  const std::vector<std::string_view> names{"level", "host", "port"};
  EXPECT_EQ(closest_name("colour", names), "host");
  EXPECT_EQ(closest_name("ost", names), "host");
  EXPECT_EQ(closest_name("HOST", names), "host");
  EXPECT_EQ(closest_name("xyz_", names), "host");
  EXPECT_EQ(closest_name("host", {}), "");
}

TEST(NearestName, IsNoneWhereNoneIsNear) {
  EXPECT_EQ(nearest_name("colour", kKeys), "");
  EXPECT_EQ(nearest_name("qq", {"ab", "cd"}), "");  // near to every pair of letters
  EXPECT_EQ(nearest_name("", kKeys), "");
  EXPECT_EQ(nearest_name("host", {}), "");
  EXPECT_FALSE(is_near("abcd", "wxyz"));
  EXPECT_TRUE(is_near("abcd", "abyz"));
}

}  // namespace
}  // namespace sterna
