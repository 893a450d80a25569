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

}  // namespace
}  // namespace sterna
