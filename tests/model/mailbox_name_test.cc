// SPDX-License-Identifier: Apache-2.0
#include "sterna/model/mailbox_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

namespace sterna {
namespace {

using ::testing::ElementsAre;

MailboxName name(std::string_view text) {
  return MailboxName(std::string(text));
}

TEST(MailboxName, KnowsInboxInAnyCase) {
  EXPECT_EQ(name("inbox").text(), "INBOX");
  EXPECT_TRUE(name("InBox").is_inbox());
  EXPECT_EQ(name("inbox/Sub").text(), "INBOX/Sub");
  EXPECT_FALSE(name("INBOX/Sub").is_inbox());
  EXPECT_EQ(name("Inboxes").text(), "Inboxes");
  EXPECT_EQ(name("Work/inbox").text(), "Work/inbox");
  EXPECT_EQ(name("inbox\x1fx").text(), "inbox\x1fx");  // one component
  EXPECT_TRUE(name("").empty());
}

TEST(MailboxName, HasComponentsAndAParent) {
  EXPECT_THAT(name("A/b c/D").components(), ElementsAre("A", "b c", "D"));
  EXPECT_THAT(name("A\x1f"
                   "B/C")
                  .components(),
              ElementsAre("A\x1f"
                          "B",
                          "C"));
  EXPECT_EQ(name("A/B/C").parent(), name("A/B"));
  EXPECT_TRUE(name("A").parent().empty());
  EXPECT_TRUE(name("inbox/x").parent().is_inbox());
}

TEST(MailboxName, IsBelowItsAncestorsAlone) {
  EXPECT_TRUE(name("Work/Old").is_below(name("Work")));
  EXPECT_TRUE(name("Work/Old/2023").is_below(name("Work")));
  EXPECT_TRUE(name("INBOX/x").is_below(name("inbox")));
  EXPECT_FALSE(name("Work").is_below(name("Work")));
  EXPECT_FALSE(name("Work").is_below(name("Work/Old")));
  EXPECT_FALSE(name("Workshop").is_below(name("Work")));
  EXPECT_FALSE(name("Workshop/x").is_below(name("Work")));
  EXPECT_FALSE(name("work/x").is_below(name("Work")));  // another mailbox
  EXPECT_FALSE(name("Work").is_below(name("")));
}

TEST(MailboxName, MovesWithWhatItIsOrLiesBelow) {
  EXPECT_EQ(name("Work").moved(name("Work"), name("Job")), name("Job"));
  EXPECT_EQ(name("Work/Work/x").moved(name("Work"), name("Job")), name("Job/Work/x"));
  EXPECT_EQ(name("A/B/C/D").moved(name("A/B"), name("X")), name("X/C/D"));
  EXPECT_EQ(name("A/x").moved(name("A"), name("A/B")), name("A/B/x"));
  EXPECT_EQ(name("A/x").moved(name("A"), name("inbox/A")).text(), "INBOX/A/x");
  EXPECT_EQ(name("A/x").moved(name("A"), name("inbox")).text(), "INBOX/x");
}

TEST(MailboxNameDeathTest, DoesNotMoveWithAnother) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(static_cast<void>(name("Workshop").moved(name("Work"), name("Job"))),
               "assertion failed");
}

TEST(MailboxName, MovesBackToWhereItWas) {
  const MailboxName here = name("A/B");
  const MailboxName there = name("C/D/E");
  for (const std::string_view text : {"A/B", "A/B/c", "A/B/A/B"}) {
    EXPECT_EQ(name(text).moved(here, there).moved(there, here), name(text));
  }
}

// --- patterns

bool matches(std::string_view pattern, std::string_view text) {
  return matches_pattern(pattern, name(text));
}

TEST(MatchesPattern, HasTwoWildcards) {
  EXPECT_TRUE(matches("*", "A/B"));
  EXPECT_TRUE(matches("%", "A"));
  EXPECT_FALSE(matches("%", "A/B"));
  EXPECT_TRUE(matches("A/%", "A/B"));
  EXPECT_FALSE(matches("A/%", "A/B/C"));
  EXPECT_FALSE(matches("A/%", "A"));
  EXPECT_TRUE(matches("A/*", "A/B/C"));
  EXPECT_TRUE(matches("*/Old", "A/B/Old"));
  EXPECT_FALSE(matches("%/Old", "A/B/Old"));
  EXPECT_TRUE(matches("%/%", "A/B"));
  EXPECT_TRUE(matches("*%", "A/B"));
  EXPECT_TRUE(matches("%*", "A/B"));
  EXPECT_TRUE(matches("%x%/y", "axb/y"));
  EXPECT_TRUE(matches("Work", "Work"));
  EXPECT_FALSE(matches("Work", "work"));
  EXPECT_FALSE(matches("Work", "Workshop"));
  EXPECT_FALSE(matches("", "A"));
  EXPECT_TRUE(matches("a.b", "a.b"));
  EXPECT_FALSE(matches("a.b", "axb"));
}

TEST(MatchesPattern, KnowsInboxInAnyCase) {
  EXPECT_TRUE(matches("inbox", "INBOX"));
  EXPECT_TRUE(matches("Inbox/%", "INBOX/x"));
  EXPECT_FALSE(matches("inbox", "INBOX/x"));
}

TEST(MatchesPattern, TakesASlashThatBelongsToAComponentForALetter) {
  EXPECT_TRUE(matches("%",
                      "A\x1f"
                      "B"));
  EXPECT_FALSE(matches("A/B",
                       "A\x1f"
                       "B"));
}

// By the definition, however long it takes.
bool matches_slowly(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  const char first = pattern[0];
  if (first != '*' && first != '%') {
    return !text.empty() && text[0] == first && matches_slowly(pattern.substr(1), text.substr(1));
  }
  for (std::size_t taken = 0;; ++taken) {
    if (matches_slowly(pattern.substr(1), text.substr(taken))) return true;
    if (taken == text.size() || (first == '%' && text[taken] == '/')) return false;
  }
}

TEST(MatchesPattern, IsWhatItsDefinitionSays) {
  std::mt19937 random(33);
  const auto any = [&random](std::string_view letters, unsigned length_max) {
    std::string text(random() % (length_max + 1), '\0');
    for (char& c : text) c = letters[random() % letters.size()];
    return text;
  };
  int matched = 0;
  for (int round = 0; round < 200'000; ++round) {
    const std::string pattern = any("ab/*%*%", 7);
    const std::string text = any("ab/", 8);
    ASSERT_EQ(matches(pattern, text), matches_slowly(pattern, text)) << pattern << ' ' << text;
    matched += matches(pattern, text) ? 1 : 0;
  }
  EXPECT_GT(matched, 10'000);
}

TEST(MatchesPattern, OfManyWildcardsTakesNoTime) {
  std::string stars;
  std::string percents;
  for (int i = 0; i < 200; ++i) {
    stars += "*a";
    percents += "%a";
  }
  const std::string text(5000, 'a');
  EXPECT_FALSE(matches(stars + "b", text));
  EXPECT_FALSE(matches(percents + "b", text));
  EXPECT_TRUE(matches(stars, text));
}

}  // namespace
}  // namespace sterna
