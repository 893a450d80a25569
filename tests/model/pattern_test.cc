// SPDX-License-Identifier: Apache-2.0
// What patterns cost. A pattern and a name may both be as long as a line.
#include <gtest/gtest.h>

#include <string>

#include "sterna/model/mailbox_name.h"

namespace sterna {
namespace {

std::string times(std::size_t count, std::string_view piece) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += piece;
  return text;
}

// Read again from each letter of the name, each of these would take minutes.
TEST(MatchesPattern, CostsNoMoreThanTheProductOfTheLengths) {
  const std::string letters(1'000'000, 'a');
  for (const char* pattern : {"*%b", "*a%b", "%a%b", "*a%a%b", "*%%%b", "%*%*b"}) {
    EXPECT_FALSE(matches_pattern(pattern, MailboxName(letters))) << pattern;
    EXPECT_TRUE(matches_pattern(pattern, MailboxName(letters + "b"))) << pattern;
  }
  const std::string components = times(100'000, "ab/");
  EXPECT_FALSE(matches_pattern("*a%/c", MailboxName(components)));
  EXPECT_FALSE(matches_pattern(times(20, "*a%b"), MailboxName(components + "c")));
  EXPECT_TRUE(matches_pattern(times(20, "*a%b"), MailboxName(components + "aab")));
}

TEST(MatchesPattern, HoldsAPercentWithinItsComponent) {
  const auto matches = [](std::string_view pattern, const char* name) {
    return matches_pattern(pattern, MailboxName(name));
  };
  EXPECT_TRUE(matches("%", "A"));
  EXPECT_FALSE(matches("%", "A/B"));
  EXPECT_TRUE(matches("%/%", "A/B"));
  EXPECT_FALSE(matches("%/%", "A/B/C"));
  EXPECT_TRUE(matches("*%", "A/B"));
  EXPECT_TRUE(matches("%*", "A/B"));
  EXPECT_TRUE(matches("*%x%/y", "b/axb/y"));
  EXPECT_FALSE(matches("%x%/y", "b/axb/y"));
  EXPECT_TRUE(matches("A%*/c", "Ab/b/c"));
  EXPECT_FALSE(matches("A*b%", "Ab/c"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_TRUE(matches("*%*", ""));
  EXPECT_FALSE(matches("a", ""));
  EXPECT_FALSE(matches("", "a"));
}

}  // namespace
}  // namespace sterna
