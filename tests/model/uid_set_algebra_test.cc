// SPDX-License-Identifier: Apache-2.0
// UidSet beside std::set: every deletion stands on what is in a set, and on what is not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>

#include "sterna/model/uid_set.h"

namespace sterna {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

UidSet uids(std::string_view text) {
  return text.empty() ? UidSet() : UidSet::parse(text).value();
}

TEST(UidSetMinus, CutsHoles) {
  EXPECT_EQ(uids("1:10").minus(uids("4:6")).to_string(), "1:3,7:10");
  EXPECT_EQ(uids("1:10").minus(uids("1,10")).to_string(), "2:9");
  EXPECT_EQ(uids("1:3,5:7,9:11").minus(uids("3:9")).to_string(), "1:2,10:11");
  EXPECT_EQ(uids("5").minus(uids("1:4,6:9")).to_string(), "5");
  EXPECT_EQ(uids("2:4").minus(uids("1:10")).to_string(), "");
  EXPECT_EQ(uids("1:5").minus(UidSet()), uids("1:5"));
  EXPECT_EQ(UidSet().minus(uids("1:5")), UidSet());
  // One hole over two ranges, and two in one.
  EXPECT_EQ(uids("1:4,6:9").minus(uids("3:7")).to_string(), "1:2,8:9");
  EXPECT_EQ(uids("1:9").minus(uids("2,4:5,8")).to_string(), "1,3,6:7,9");
}

TEST(UidSetMinus, ReachesTheLastUid) {
  EXPECT_EQ(uids("1:4294967295").minus(uids("4294967295")).to_string(), "1:4294967294");
  EXPECT_EQ(uids("4294967290:4294967295").minus(uids("1:4294967295")), UidSet());
  EXPECT_EQ(uids("1:4294967295").minus(uids("2:4294967294")).to_string(), "1,4294967295");
}

TEST(UidSetIntersect, IsWhatIsInBoth) {
  EXPECT_EQ(uids("1:5,8,10:12").intersect(uids("4:10")).to_string(), "4:5,8,10");
  EXPECT_EQ(uids("1:5").intersect(uids("6:9")), UidSet());
  EXPECT_EQ(uids("1:5").intersect(UidSet()), UidSet());
  EXPECT_EQ(uids("1:4294967295").intersect(uids("4294967295")).to_string(), "4294967295");
}

TEST(UidSetContains, AtEachEnd) {
  const UidSet set = uids("3:5,9,4294967295");
  for (const std::uint32_t in : {3U, 4U, 5U, 9U, UINT32_MAX}) EXPECT_TRUE(set.contains(Uid{in}));
  for (const std::uint32_t out : {0U, 1U, 2U, 6U, 8U, 10U, UINT32_MAX - 1}) {
    EXPECT_FALSE(set.contains(Uid{out})) << out;
  }
  EXPECT_FALSE(UidSet().contains(Uid{1}));
}

TEST(UidSet, ClosesGaps) {
  UidSet set = uids("1,3,5");
  set.add(Uid{4});
  EXPECT_EQ(set.to_string(), "1,3:5");
  set.add(Uid{2});
  EXPECT_EQ(set.to_string(), "1:5");
  set.remove(Uid{3});
  EXPECT_EQ(set.to_string(), "1:2,4:5");
  set.remove(Uid{9});
  EXPECT_EQ(set.to_string(), "1:2,4:5");
  EXPECT_EQ(set.first(), Uid{1});
  EXPECT_EQ(set.last(), Uid{5});
  EXPECT_THAT(set.expand(4), ElementsAre(Uid{1}, Uid{2}, Uid{4}, Uid{5}));
}

TEST(UidSet, OfAllUidsIsCountedAndNotExpanded) {
  const UidSet all = UidSet::range(kUidMax, Uid{1});
  EXPECT_EQ(all.count(), 4'294'967'295U);
  EXPECT_EQ(all.ranges().size(), 1U);
}

TEST(UidSetChunks, AreShortAndTogetherTheWhole) {
  EXPECT_THAT(UidSet().chunks(10), IsEmpty());
  const std::vector<UidSet> chunks = uids("1,3,5,7:9,100").chunks(6);
  ASSERT_EQ(chunks.size(), 3U);
  EXPECT_EQ(chunks[0].to_string(), "1,3,5");
  EXPECT_EQ(chunks[1].to_string(), "7:9");
  EXPECT_EQ(chunks[2].to_string(), "100");
  // One range each at least, however long it is.
  EXPECT_EQ(uids("1000000:2000000,3000000").chunks(1).size(), 2U);
}

// --- against std::set

using Plain = std::set<std::uint32_t>;

// UIDs close together, at the lower end or at the upper one, where one more is 0.
class Draw {
 public:
  explicit Draw(unsigned seed) : random_(seed) {}

  std::uint32_t uid(bool high) {
    const auto offset = static_cast<std::uint32_t>(random_() % kSpan);
    return high ? UINT32_MAX - offset : 1 + offset;
  }
  bool coin() { return random_() % 2 == 0; }
  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

  // The same members, made in one of the ways in which sets are made.
  std::pair<UidSet, Plain> sets(bool high) {
    UidSet set;
    Plain plain;
    for (unsigned count = below(12); count > 0; --count) {
      const std::uint32_t a = uid(high);
      const std::uint32_t b = coin() ? a : uid(high);
      const std::uint32_t first = std::min(a, b);
      const std::uint32_t last = std::max(a, b);
      const unsigned way = below(4);
      if (way == 0) set.add_range(Uid{first}, Uid{last});
      if (way == 1) set.add_all(UidSet::range(Uid{a}, Uid{b}));
      if (way == 2) {
        for (std::uint64_t uid = first; uid <= last; ++uid) {
          set.add(Uid{static_cast<std::uint32_t>(uid)});
        }
      }
      if (way == 3) {
        set.remove(Uid{first});
        plain.erase(first);
        continue;
      }
      for (std::uint64_t uid = first; uid <= last; ++uid) {
        plain.insert(static_cast<std::uint32_t>(uid));
      }
    }
    return {set, plain};
  }

  static constexpr unsigned kSpan = 40;

 private:
  std::mt19937 random_;
};

Plain plain_of(const UidSet& set) {
  Plain plain;
  for (const Uid uid : set.expand(Draw::kSpan)) plain.insert(uid.value);
  return plain;
}

// Ascending, with a gap between any two.
bool is_normal(const UidSet& set) {
  for (std::size_t i = 0; i < set.ranges().size(); ++i) {
    const UidRange& range = set.ranges()[i];
    if (!range.first || range.last < range.first) return false;
    if (i > 0 && std::uint64_t{set.ranges()[i - 1].last.value} + 1 >= range.first.value) {
      return false;
    }
  }
  return true;
}

TEST(UidSetAlgebra, IsThatOfOtherSets) {
  Draw draw(41);
  for (int round = 0; round < 20'000; ++round) {
    const bool high = draw.coin();
    const auto [a, x] = draw.sets(high);
    const auto [b, y] = draw.sets(high);
    SCOPED_TRACE(a.to_string() + " | " + b.to_string());
    ASSERT_EQ(plain_of(a), x);
    Plain minus;
    Plain both;
    for (const std::uint32_t uid : x) (y.contains(uid) ? both : minus).insert(uid);
    Plain either = x;
    either.insert(y.begin(), y.end());
    UidSet added = a;
    added.add_all(b);
    for (const UidSet& set : {a, added, a.minus(b), a.intersect(b)}) ASSERT_TRUE(is_normal(set));
    ASSERT_EQ(plain_of(a.minus(b)), minus);
    ASSERT_EQ(plain_of(a.intersect(b)), both);
    ASSERT_EQ(plain_of(added), either);
    ASSERT_EQ(a.intersect(b), b.intersect(a));
    ASSERT_EQ(a.count(), x.size());
    ASSERT_EQ(a == b, x == y);
    for (unsigned i = 0; i < 10; ++i) {
      const std::uint32_t uid = draw.uid(high);
      ASSERT_EQ(a.contains(Uid{uid}), x.contains(uid)) << uid;
    }
    if (!a.empty()) ASSERT_EQ(UidSet::parse(a.to_string()), a);
    // What a set is and what it is not are the whole.
    UidSet parts = a.minus(b);
    parts.add_all(a.intersect(b));
    ASSERT_EQ(parts, a);
  }
}

TEST(UidSetAlgebra, ChunksAreTheWholeInOrder) {
  Draw draw(42);
  for (int round = 0; round < 5000; ++round) {
    const UidSet set = draw.sets(draw.coin()).first;
    const std::size_t octets = 1 + draw.below(60);
    SCOPED_TRACE(set.to_string() + " in " + std::to_string(octets));
    std::string joined;
    for (const UidSet& chunk : set.chunks(octets)) {
      ASSERT_FALSE(chunk.empty());
      const std::string text = chunk.to_string();
      ASSERT_TRUE(text.size() <= octets || chunk.ranges().size() == 1) << text;
      joined += joined.empty() ? text : "," + text;
    }
    ASSERT_EQ(joined, set.to_string());
  }
}

}  // namespace
}  // namespace sterna
