// SPDX-License-Identifier: Apache-2.0
// An account whose life begins while its server cannot be reached, or in a pause.
#include <gtest/gtest.h>

#include "tests/account/living_account.h"

namespace sterna::account::test {
namespace {

class OfflineStart : public LivingAccount {
 protected:
  OfflineStart() {
    server_.unreachable = Error(ErrorCode::connect, "no route to host");
    make_mailbox("INBOX");
  }
  void tell(const std::string& mailbox, const std::set<std::string>& names) {
    watcher_.tell(settings_.maildir + "/" + mailbox + "/cur", names);
    pass(seconds(1));
  }
};

TEST_F(OfflineStart, WhatChangesHereIsCountedUntilItIsBroughtOver) {
  begin();
  ASSERT_EQ(life().state, LifeState::offline);
  EXPECT_EQ(life().pending, 0U);
  tell("INBOX", {"a:2,", "b:2,", "b:2,S"});
  EXPECT_EQ(life().pending, 2U);
  pass(minutes(20));
  EXPECT_EQ(life().pending, 2U);
  server_.unreachable.reset();
  pass(minutes(10));
  EXPECT_EQ(life().state, LifeState::watching);
  EXPECT_EQ(life().pending, 0U);
}

TEST_F(OfflineStart, WhatChangesHereInAPauseThatWasThereBeforeIsCounted) {
  server_.unreachable.reset();
  begin(seconds(0), [this] { account_->pause(std::nullopt); });
  pass(seconds(1));
  ASSERT_EQ(life().state, LifeState::paused);
  tell("INBOX", {"a:2,"});
  EXPECT_EQ(life().pending, 1U);
}

TEST_F(OfflineStart, AFolderThatIsMadeMeanwhileIsWatchedFromTheNextTryOn) {
  begin();
  make_mailbox("Lists");
  pass(minutes(10));
  tell("Lists", {"a:2,"});
  EXPECT_EQ(life().pending, 1U);
}

// Nobody tells that a disk was mounted over what is watched.
TEST_F(OfflineStart, ADiskThatIsMountedMeanwhileIsWatchedFromTheFirstGoodSyncOn) {
  begin();
  watcher_.forget();
  server_.unreachable.reset();
  pass(minutes(10));
  ASSERT_EQ(life().state, LifeState::watching);
  const std::uint64_t syncs = life().counters.syncs;
  make_mailbox("Lists");
  watcher_.tell(settings_.maildir, {"Lists"});
  pass(seconds(5));
  EXPECT_GT(life().counters.syncs, syncs);
}

}  // namespace
}  // namespace sterna::account::test
