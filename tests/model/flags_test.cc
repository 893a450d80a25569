// SPDX-License-Identifier: Apache-2.0
// FlagSet: six flags and any keywords, without regard to case (RFC 3501 section 2.3.2).
#include "sterna/model/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

#include "sterna/base/bytes.h"

namespace sterna {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(FlagSet, OfWordsLeavesOutWhatNobodyCanStore) {
  const FlagSet flags =
      FlagSet::from_imap({"\\SEEN", "\\Recent", "\\Unknown", "work", "$forwarded", "", "Todo"});
  EXPECT_THAT(flags.to_imap(), ElementsAre("$Forwarded", "\\Seen", "Todo", "work"));
  EXPECT_THAT(flags.keywords(), ElementsAre("Todo", "work"));
  EXPECT_TRUE(flags.has(Flag::forwarded));
}

TEST(FlagSet, KeepsTheSpellingThatItSawFirst) {
  FlagSet flags = FlagSet::parse("Work");
  flags.add_keyword("WORK");
  EXPECT_THAT(flags.keywords(), ElementsAre("Work"));
  EXPECT_EQ(flags, FlagSet::parse("wOrK"));
  EXPECT_EQ(FlagSet::parse("Work").united(FlagSet::parse("work")).to_string(), "Work");
  flags.remove_keyword("work");
  EXPECT_TRUE(flags.empty());
}

TEST(FlagSet, KnowsAFlagByTheNameOfAKeyword) {
  FlagSet flags;
  flags.add_keyword("$FORWARDED");
  EXPECT_EQ(flags, FlagSet{Flag::forwarded});
  flags.remove_keyword("$forwarded");
  EXPECT_TRUE(flags.empty());
  flags.add_keyword("");
  EXPECT_TRUE(flags.empty());
}

TEST(FlagSet, OfAMaskHasItsSixFlagsAlone) {
  const FlagSet all = FlagSet::from_mask(0xff);
  EXPECT_EQ(all.mask(), 0x3f);
  EXPECT_EQ(all, (FlagSet{Flag::draft, Flag::flagged, Flag::forwarded, Flag::replied, Flag::seen,
                          Flag::deleted}));
  EXPECT_EQ(FlagSet::from_mask(FlagSet{Flag::seen}.mask()), FlagSet{Flag::seen});
}

TEST(FlagSet, OfAnotherSizeIsAnother) {
  EXPECT_NE(FlagSet::parse("a"), FlagSet::parse("a b"));
  EXPECT_NE(FlagSet::parse("a"), FlagSet::parse("ab"));
  EXPECT_NE(FlagSet::parse("\\Seen"), FlagSet());
}

// --- against sets of words

using Words = std::set<std::string>;

Words words_of(const FlagSet& flags) {
  Words words;
  for (const std::string& word : flags.to_imap()) words.insert(ascii_lower(word));
  return words;
}

class RandomFlags {
 public:
  explicit RandomFlags(unsigned seed) : random_(seed) {}

  FlagSet next() {
    static const std::vector<std::string> kWords = {
        "\\Draft", "\\Flagged", "$Forwarded", "\\Seen", "\\Answered", "\\Deleted",
        "a",       "A",         "ab",         "Work",   "wORK",       "$Junk"};
    std::vector<std::string> words;
    for (unsigned count = random_() % 7; count > 0; --count) {
      words.push_back(kWords[random_() % kWords.size()]);
    }
    if (random_() % 2 == 0) return FlagSet::from_imap(std::move(words));
    FlagSet one_by_one;
    for (const std::string& word : words) one_by_one.add_keyword(word);
    return one_by_one;
  }

 private:
  std::mt19937 random_;
};

TEST(FlagSetAlgebra, IsThatOfSetsOfWords) {
  RandomFlags random(31);
  for (int round = 0; round < 20'000; ++round) {
    const FlagSet a = random.next();
    const FlagSet b = random.next();
    SCOPED_TRACE(a.to_string() + " | " + b.to_string());
    const Words x = words_of(a);
    const Words y = words_of(b);
    Words united = x;
    united.insert(y.begin(), y.end());
    Words minus;
    Words intersected;
    for (const std::string& word : x) (y.contains(word) ? intersected : minus).insert(word);
    ASSERT_EQ(words_of(a.united(b)), united);
    ASSERT_EQ(words_of(a.minus(b)), minus);
    ASSERT_EQ(words_of(a.intersected(b)), intersected);
    ASSERT_EQ(a.contains(b), intersected.size() == y.size());
    ASSERT_EQ(a == b, x == y);
    ASSERT_EQ(a.empty(), x.empty());
    ASSERT_EQ(FlagSet::parse(a.to_string()), a);
    for (const std::string& word : y)
      ASSERT_EQ(a.contains(FlagSet::parse(word)), x.contains(word)) << word;
  }
}

TEST(FlagDelta, LeadsFromOneToTheOther) {
  RandomFlags random(32);
  for (int round = 0; round < 20'000; ++round) {
    const FlagSet from = random.next();
    const FlagSet to = random.next();
    const FlagDelta delta = flag_delta(from, to);
    ASSERT_EQ(apply(from, delta), to) << from.to_string() << " | " << to.to_string();
    ASSERT_TRUE(delta.add.intersected(delta.remove).empty());
    ASSERT_EQ(delta.empty(), from == to);
    // Told again, it changes nothing more.
    ASSERT_EQ(apply(to, delta), to);
  }
}

TEST(FlagDelta, OfBothSidesAddsUp) {
  const FlagSet base = FlagSet::parse("\\Seen work");
  const FlagDelta ours = flag_delta(base, FlagSet::parse("\\Seen \\Flagged work"));
  const FlagDelta theirs = flag_delta(base, FlagSet::parse("todo"));
  EXPECT_EQ(apply(apply(base, ours), theirs), FlagSet::parse("\\Flagged todo"));
  EXPECT_EQ(apply(apply(base, theirs), ours), FlagSet::parse("\\Flagged todo"));
}

TEST(IsAtom, IsWhatAServerCanBeTold) {
  for (const std::string_view word : {"work", "$Junk", "a.b-c_d", "}", "[", "+", "~", "'"}) {
    EXPECT_TRUE(is_atom(word)) << word;
  }
  for (const std::string_view word : {"", "a b", "(", ")", "{", "%", "*", "\"", "\\", "\\Seen", "]",
                                      "a\tb", "\x7f", "\xc3\xa4"}) {
    EXPECT_FALSE(is_atom(word)) << word;
  }
}

TEST(WithoutWireForm, AreTheKeywordsThatAreNoAtoms) {
  FlagSet flags = FlagSet::parse("\\Seen work $Forwarded");
  flags.add_keyword("zu tun");
  flags.add_keyword("gr\u00fcn");
  EXPECT_THAT(without_wire_form(flags).to_imap(), ElementsAre("gr\u00fcn", "zu tun"));
}

// --- what a mailbox can hold

StorableFlags only(std::string_view words) {
  return {false, FlagSet::parse(words)};
}

TEST(StorableFlags, RefuseNothingWhereAnyAreKept) {
  EXPECT_THAT(StorableFlags().refused_of(FlagSet::parse("a $Forwarded")).to_imap(), IsEmpty());
}

TEST(StorableFlags, RefuseWhatIsNotListed) {
  const StorableFlags some = only("\\Seen Work");
  EXPECT_EQ(some.refused_of(FlagSet::parse("\\Seen \\Flagged \\Deleted work")),
            FlagSet::parse("\\Flagged \\Deleted"));
  EXPECT_EQ(some.refused_of(FlagSet::parse("\\Seen work todo $Forwarded")),
            FlagSet::parse("todo $Forwarded"));
  EXPECT_EQ(only("$forwarded").refused_of(FlagSet::parse("$Forwarded")), FlagSet());
}

TEST(StorableFlags, AreMoreWhereOneMoreIsKept) {
  EXPECT_TRUE(only("a b").has_more_than(only("a")));
  EXPECT_TRUE(only("$Forwarded").has_more_than(only("")));
  EXPECT_TRUE(StorableFlags().has_more_than(only("a")));
  EXPECT_FALSE(only("a").has_more_than(only("a b")));
  EXPECT_FALSE(only("A").has_more_than(only("a")));
  EXPECT_TRUE(only("\\Seen").has_more_than(only("")));
  EXPECT_FALSE(only("a").has_more_than(StorableFlags()));
  EXPECT_FALSE(StorableFlags().has_more_than(StorableFlags()));
}

}  // namespace
}  // namespace sterna
