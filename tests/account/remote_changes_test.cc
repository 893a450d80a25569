// SPDX-License-Identifier: Apache-2.0
#include "src/account/remote_changes.h"

#include <gtest/gtest.h>

namespace sterna::account::test {
namespace {

TEST(KeepHidden, WhatIsOlderThanAllThatIsShownIsNotGone) {
  UidSet gone = UidSet::range(Uid{1}, Uid{50});
  gone.add(Uid{400});
  UidSet shown = UidSet::range(Uid{51}, Uid{51 + kViewMin});
  shown.remove(Uid{400});
  keep_hidden(shown, gone);
  EXPECT_EQ(gone.to_string(), "400");
}

TEST(KeepHidden, AShortViewIsTheWholeMailbox) {
  UidSet gone = UidSet::range(Uid{1}, Uid{50});
  keep_hidden(UidSet::range(Uid{51}, Uid{49 + kViewMin}), gone);
  EXPECT_EQ(gone.count(), 50U);
}

TEST(KeepHidden, AnEmptyViewIsAnEmptyMailbox) {
  UidSet gone = UidSet::range(Uid{1}, Uid{50});
  keep_hidden(UidSet(), gone);
  EXPECT_EQ(gone.count(), 50U);
}

TEST(KeepHidden, AViewFromTheFirstUidHidesNothing) {
  UidSet gone = UidSet::single(Uid{7});
  UidSet shown = UidSet::range(Uid{1}, Uid{1 + kViewMin});
  shown.remove(Uid{7});
  keep_hidden(shown, gone);
  EXPECT_EQ(gone.to_string(), "7");
}

}  // namespace
}  // namespace sterna::account::test
