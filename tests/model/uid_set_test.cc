// SPDX-License-Identifier: Apache-2.0
#include "sterna/model/uid_set.h"

#include <gtest/gtest.h>

namespace sterna {
namespace {

TEST(UidSet, OfUidsInAnyOrderIsTheirRanges) {
  EXPECT_EQ(UidSet::of({Uid{7}, Uid{3}, Uid{2}, Uid{7}, Uid{1}}).to_string(), "1:3,7");
  EXPECT_EQ(UidSet::of({kUidMax, Uid{1}}).count(), 2U);
  EXPECT_TRUE(UidSet::of({}).empty());
}

TEST(UidSet, OfTextHasNoMoreRangesThanItMay) {
  EXPECT_EQ(UidSet::parse("3,1:2", 2)->to_string(), "1:3");
  EXPECT_FALSE(UidSet::parse("1,3,5", 2));
  for (const char* text : {"", ",", "1,", ",1", "1,,2", "0", "1:*", "4294967296", "-1"}) {
    EXPECT_FALSE(UidSet::parse(text)) << text;
  }
}

TEST(UidPile, SortsOutWhatCameInAnyOrder) {
  UidPile pile;
  UidSet expected;
  for (std::uint32_t uid = 6000; uid > 0; uid -= 3) {
    pile.add(UidSet::single(Uid{uid}));
    expected.add(Uid{uid});
  }
  pile.add(UidSet::range(Uid{2000}, Uid{4000}));
  expected.add_all(UidSet::range(Uid{2000}, Uid{4000}));
  EXPECT_GE(pile.ranges(), expected.ranges().size());
  pile.sort_out();
  EXPECT_EQ(pile.set(), expected);
}

// Each of these would move all that came before it.
TEST(UidPile, OfManyPiecesTakesNoTime) {
  UidPile pile;
  for (std::uint32_t i = 0; i < 1'000'000; ++i) {
    pile.add(UidSet::single(Uid{4'000'000'000U - 2 * i}));
  }
  pile.sort_out();
  EXPECT_EQ(pile.set().count(), 1'000'000U);
}

}  // namespace
}  // namespace sterna
