// SPDX-License-Identifier: Apache-2.0
#include "src/account/local_watch.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "tests/account/living_account.h"
#include "tests/support/end_scope.h"

namespace sterna::account::test {
namespace {

using ::testing::ElementsAre;

class LocalWatchTest : public LivingAccount {
 protected:
  LocalWatchTest() {
    make_mailbox("INBOX");
    make_mailbox("Lists");
    watch_.cover({"", "INBOX", "Lists"});
    listening_.spawn(watch_.run());
    pass(seconds(1));
    static_cast<void>(watch_.take());
    watch_.looked(LocalWatch::Look::everything);
  }
  ~LocalWatchTest() override { sterna::test::end_scope(listening_, clock_); }
  std::string cur(const std::string& mailbox) const {
    return settings_.maildir + "/" + mailbox + "/cur";
  }

  coro::Event wake_;
  Services services_{clock_, worker_, server_, loop_.random(), loop_.file_system()};
  LocalWatch watch_{services_, watcher_, settings_, wake_, Log()};
  coro::Scope listening_{clock_.queue()};
};

TEST_F(LocalWatchTest, CountsMessagesAndNotTheNamesThatTheyHad) {
  EXPECT_EQ(watch_.count(), 0U);
  watcher_.tell(cur("INBOX"), {"a:2,", "a:2,S", "b:2,"});
  watcher_.tell(cur("Lists"), {"b:2,S", "c"});
  pass(seconds(1));
  EXPECT_EQ(watch_.count(), 3U) << "one of them was moved";
}

TEST_F(LocalWatchTest, WhatALookThatFailedWasForCountsAsBefore) {
  watcher_.tell(cur("INBOX"), {"a:2,", "b:2,"});
  pass(seconds(1));
  static_cast<void>(watch_.take());
  EXPECT_EQ(watch_.count(), 0U);
  watcher_.tell(cur("INBOX"), {"own:2,"});
  pass(seconds(1));
  watch_.looked(LocalWatch::Look::failed);
  EXPECT_EQ(watch_.count(), 2U);
  static_cast<void>(watch_.take());
  watch_.looked(LocalWatch::Look::some);
  EXPECT_EQ(watch_.count(), 0U);
}

TEST_F(LocalWatchTest, AfterAnOverflowEachMailboxMayHaveFilesThatWereWrittenTo) {
  watcher_.overflow();
  pass(seconds(1));
  EXPECT_TRUE(watch_.ripe_at());
  EXPECT_THAT(watch_.take(), ElementsAre("INBOX", "Lists"));
  watch_.looked(LocalWatch::Look::some);
  EXPECT_NE(watch_.shortcoming(), "");
  static_cast<void>(watch_.take());
  watch_.looked(LocalWatch::Look::everything);
  EXPECT_EQ(watch_.shortcoming(), "");
}

TEST_F(LocalWatchTest, AfterAnOverflowAllDirectoriesAreWatchedAnew) {
  const std::size_t before = watch_.size();
  watcher_.overflow();
  pass(seconds(1));
  watcher_.forget();
  watch_.cover({"", "INBOX", "Lists"});
  EXPECT_EQ(watch_.size(), before);
}

}  // namespace
}  // namespace sterna::account::test
