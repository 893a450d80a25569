// SPDX-License-Identifier: Apache-2.0
#include "src/account/remote_changes.h"

#include <gtest/gtest.h>

#include <string>

#include "src/account/uids_of.h"

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

imap::Response flags_of(std::uint32_t uid, const FlagSet& flags) {
  imap::Fetch fetch;
  fetch.uid = Uid{uid};
  fetch.flags = flags;
  return fetch;
}

TEST(ChangeSink, TheLastWordOnAMessageCounts) {
  ChangeSink sink;
  sink.expect(3);
  for (int round = 0; round < 2000; ++round) {
    for (std::uint32_t uid = 3; uid > 0; --uid) sink.on_response(flags_of(uid, {Flag::seen}));
  }
  for (std::uint32_t uid = 1; uid <= 3; ++uid) sink.on_response(flags_of(uid, {Flag::flagged}));
  EXPECT_FALSE(sink.full());
  EXPECT_LT(sink.flags.size(), 2500U);
  EXPECT_EQ(uids_of(sink.flags, &RemoteFlags::uid).to_string(), "1:3");
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(sink.flags[sink.flags.size() - 1 - i].flags, FlagSet{Flag::flagged});
  }
}

TEST(ChangeSink, MoreThanThereAreIsFull) {
  ChangeSink sink;
  sink.expect(3);
  for (std::uint32_t uid = 1; uid < 5000; ++uid) sink.on_response(flags_of(uid, {}));
  EXPECT_TRUE(sink.full());
}

TEST(ChangeSink, KeywordsBeyondMeasureAreFull) {
  FlagSet flags;
  for (int i = 0; i < 1000; ++i) flags.add_keyword("keyword" + std::to_string(i));
  ChangeSink sink;
  sink.expect(UINT32_MAX);
  for (std::uint32_t uid = 1; uid < 8000 && !sink.full(); ++uid) {
    sink.on_response(flags_of(uid, flags));
  }
  EXPECT_TRUE(sink.full());
}

TEST(ChangeSink, WhatVanishedInPiecesIsOneSetWhenItIsAnswered) {
  ChangeSink sink;
  for (const std::uint32_t uid : {9U, 5U, 7U, 1U, 3U}) {
    sink.on_response(imap::Vanished{.earlier = true, .uids = UidSet::single(Uid{uid})});
  }
  sink.on_done({});
  EXPECT_EQ(sink.gone.to_string(), "1,3,5,7,9");
  EXPECT_FALSE(sink.incomplete);
}

}  // namespace
}  // namespace sterna::account::test
