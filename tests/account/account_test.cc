// SPDX-License-Identifier: Apache-2.0
// An account that lives: what it says of itself while its server is away, and what ends its waits.
#include "sterna/account/account.h"

#include "tests/account/living_account.h"

namespace sterna::account::test {
namespace {

const Error kAway(ErrorCode::connect, "no route to host");

TEST_F(LivingAccount, WhatChangesHereWhileTheServerIsAwayIsCountedAndStaysSo) {
  begin();
  ASSERT_EQ(life().state, LifeState::watching);
  EXPECT_EQ(life().pending, 0U);
  server_.unreachable = kAway;
  server_.cut(0);
  pass(seconds(10));
  ASSERT_EQ(life().state, LifeState::offline);
  const std::string cur = settings_.maildir + "/INBOX/cur";
  watcher_.tell(cur, {"a:2,", "a:2,S", "b:2,", "c:2,"});
  pass(seconds(1));
  EXPECT_EQ(life().pending, 3U);
  const std::uint64_t failed = life().counters.syncs_failed;
  pass(minutes(20));
  EXPECT_GT(life().counters.syncs_failed, failed + 2);
  EXPECT_EQ(life().pending, 3U);
  server_.unreachable.reset();
  pass(minutes(10));
  EXPECT_EQ(life().state, LifeState::watching);
  EXPECT_EQ(life().pending, 0U);
}

TEST_F(LivingAccount, WhatTheLastSyncLeftWaitingIsKnownFromTheStartAndAfterAFailure) {
  write([](store::Store& base) { ASSERT_TRUE(base.set("waiting", "4")); });
  server_.unreachable = kAway;
  begin();
  ASSERT_EQ(life().state, LifeState::offline);
  EXPECT_EQ(life().pending, 4U);
}

TEST_F(LivingAccount, TheLastGoodSyncIsThatBeforeThisLifeUntilThereIsAnother) {
  write([](store::Store& base) { ASSERT_TRUE(base.set("last_sync_ms", "1600000000000")); });
  server_.unreachable = kAway;
  begin();
  ASSERT_EQ(life().state, LifeState::offline);
  EXPECT_EQ(life().last_sync_ms, 1'600'000'000'000);
  server_.unreachable.reset();
  pass(minutes(10));
  ASSERT_EQ(life().state, LifeState::watching);
  EXPECT_GT(life().last_sync_ms, 1'600'000'000'000);
}

TEST_F(LivingAccount, TheWaitBehindACaptivePortalEndsWithAnotherNetwork) {
  for (const ErrorCode code : {ErrorCode::certificate, ErrorCode::tls}) {
    server_.unreachable = Error(code, "signed by the hotel");
    begin(minutes(10));
    ASSERT_NE(life().state, LifeState::watching);
    server_.unreachable.reset();
    account_->probe("network_changed");
    pass(seconds(1));
    EXPECT_EQ(life().state, LifeState::watching) << to_string(code);
    end();
  }
}

TEST_F(LivingAccount, ARefusedLoginIsNotTriedAgainForAnotherNetwork) {
  server_.lines_max = 0;
  server_.refusal = "NO [AUTHENTICATIONFAILED] who are you";
  begin();
  ASSERT_EQ(life().state, LifeState::needs_auth);
  const std::size_t dialled = server_.dialled.size();
  account_->probe("network_changed");
  pass(minutes(1));
  EXPECT_EQ(server_.dialled.size(), dialled);
}

TEST_F(LivingAccount, WhenTheTokenEndsIsToldAsItIsNow) {
  std::int64_t expires_ms = 0;
  settings_.token_expires_ms = [&] { return expires_ms; };
  begin();
  EXPECT_EQ(life().token_expires_ms, 0);
  expires_ms = 5;  // renewed beside the account
  EXPECT_EQ(life().token_expires_ms, 5);
}

}  // namespace
}  // namespace sterna::account::test
