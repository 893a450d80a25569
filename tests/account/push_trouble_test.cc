// SPDX-License-Identifier: Apache-2.0
// Servers that offer to tell of news, and do it badly: they are not asked without end, nor given up
// for ever.
#include "tests/account/living_account.h"

namespace sterna::account::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// INBOX, and one mailbox beside it.
class PushTrouble : public LivingAccount {
 protected:
  PushTrouble() {
    server_.mailboxes = {"INBOX", "Lists"};
    server_.answers_after = milliseconds(20);
    how_.pushes = [](const MailboxName&) { return true; };
  }
  std::size_t dialled_within(nanoseconds time) {
    const std::size_t before = server_.dialled.size();
    pass(time);
    return server_.dialled.size() - before;
  }
  std::size_t selected_within(nanoseconds time) {
    const std::size_t before = server_.count("SELECT");
    pass(time);
    return server_.count("SELECT") - before;
  }
  bool is_pushed() const { return life().push_by == "IDLE" && life().pushed.size() == 2; }
  bool is_looked_at_within(nanoseconds time) {
    server_.say(server_.lines.size() - 1, "* 1 EXISTS\r\n");
    return selected_within(time) > 0;
  }
};

TEST_F(PushTrouble, LinesThatAreCutInIdleAreNotDialledAllTheTime) {
  server_.hangs_up_at = "IDLE";
  begin();
  EXPECT_LE(dialled_within(hours(1)), 80U);
  server_.hangs_up_at.clear();
  pass(minutes(7));
  EXPECT_TRUE(is_pushed()) << "it is tried still";
  EXPECT_EQ(dialled_within(hours(1)), 0U);
}

TEST_F(PushTrouble, TheOnlyLineThatIsCutInIdleIsNotDialledAllTheTime) {
  server_.mailboxes = {"INBOX"};
  server_.hangs_up_at = "IDLE";
  begin();
  EXPECT_LE(dialled_within(hours(1)), 20U);
}

TEST_F(PushTrouble, ALineThatIsCutWhenItIsToBeginASyncIsNotDialledAllTheTime) {
  server_.mailboxes = {"INBOX"};
  server_.says_in_idle = "* 1 EXISTS\r\n";
  server_.hangs_up_at = "DONE";
  begin();
  EXPECT_LE(dialled_within(hours(1)), 30U);
}

TEST_F(PushTrouble, ALineThatListenedForLongIsReplacedAtOnceWhateverWasBefore) {
  server_.hangs_up_at = "IDLE";
  begin(minutes(10));
  server_.hangs_up_at.clear();
  pass(minutes(7));
  ASSERT_TRUE(is_pushed());
  for (std::size_t line = 0; line < server_.lines.size(); ++line) server_.cut(line);
  pass(seconds(4));
  EXPECT_TRUE(is_pushed());
}

TEST_F(PushTrouble, WhatIsUnavailableForAMomentIsPushedMinutesLater) {
  for (const std::string command : {"IDLE", "SELECT \"INBOX\""}) {
    begin();
    ASSERT_TRUE(is_pushed()) << command;
    server_.refuses = command;
    ASSERT_TRUE(is_looked_at_within(seconds(5)));
    EXPECT_EQ(life().state, LifeState::polling) << command;
    server_.refuses.clear();
    pass(minutes(2));
    EXPECT_TRUE(is_pushed()) << command;
    end();
  }
}

TEST_F(PushTrouble, WhatIsUnavailableForDaysIsAskedForMoreAndMoreSeldom) {
  server_.refuses = "IDLE";
  begin();
  pass(hours(24));
  EXPECT_LE(server_.count("IDLE"), 30U) << "on two lines";
  server_.refuses.clear();
  pass(hours(7));
  EXPECT_TRUE(is_pushed());
}

TEST_F(PushTrouble, WhatIsRefusedWithoutAReasonIsAskedForAgainAfterHoursAndInAnotherNetwork) {
  for (const bool elsewhere : {false, true}) {
    server_.refuses = "IDLE";
    server_.refuses_with = "NO internal error";
    begin();
    const std::size_t asked = server_.count("IDLE");
    pass(hours(5));
    EXPECT_EQ(server_.count("IDLE"), asked);
    server_.refuses.clear();
    if (elsewhere) account_->probe("network_changed");
    pass(elsewhere ? seconds(5) : minutes(70));
    EXPECT_TRUE(is_pushed());
    end();
  }
}

TEST_F(PushTrouble, ANetworkThatGoesOnChangingDoesNotAskAllTheTime) {
  server_.refuses = "IDLE";
  server_.refuses_with = "NO internal error";
  begin();
  probe_each_five_seconds(hours(1));
  EXPECT_LE(server_.count("IDLE"), 16U) << "on two lines";
}

TEST_F(PushTrouble, AServerThatOverflowsIsAskedAnewAndThenLinesBesideTakeOver) {
  server_.capabilities += " NOTIFY";
  begin();
  ASSERT_EQ(life().push_by, "NOTIFY");
  server_.say(0, "* OK [NOTIFICATIONOVERFLOW] too much\r\n");
  pass(seconds(5));
  EXPECT_EQ(life().push_by, "NOTIFY");
  EXPECT_EQ(server_.count("NOTIFY"), 2U);
  server_.say(0, "* OK [NOTIFICATIONOVERFLOW] too much\r\n");
  pass(seconds(5));
  EXPECT_TRUE(is_pushed());
  EXPECT_EQ(server_.count("NOTIFY"), 2U);
}

TEST_F(PushTrouble, AServerThatOverflowsNowAndThenIsAskedAnewEachTime) {
  server_.capabilities += " NOTIFY";
  begin();
  for (int i = 0; i < 3; ++i) {
    server_.say(0, "* OK [NOTIFICATIONOVERFLOW] too much\r\n");
    pass(hours(2));
    EXPECT_EQ(life().push_by, "NOTIFY");
  }
  EXPECT_EQ(server_.dialled.size(), 1U);
}

TEST_F(PushTrouble, WhatSelectHasJustSaidIsNoNewsInIdle) {
  server_.says_in_idle = "* 0 EXISTS\r\n* 0 RECENT\r\n";
  begin();
  EXPECT_EQ(selected_within(minutes(10)), 0U);
  server_.say(0, "* 1 EXISTS\r\n");
  EXPECT_GT(selected_within(seconds(1)), 0U);
}

TEST_F(PushTrouble, AServerThatSaysSomethingInEachIdleIsNotAskedAllTheTime) {
  server_.mailboxes = {"INBOX"};
  how_.poll_interval = minutes(5);
  server_.says_in_idle = "* 1 EXISTS\r\n";
  begin(minutes(10));
  EXPECT_LE(selected_within(hours(1)), 60U);
  server_.says_in_idle.clear();
  pass(minutes(12));
  EXPECT_TRUE(is_looked_at_within(seconds(1))) << "it is believed again";
}

TEST_F(PushTrouble, NewsInVainFromOneMailboxDelayThoseFromNoOther) {
  begin();
  for (int i = 1; i <= 90; ++i) {
    server_.say(1, "* " + std::to_string(i) + " EXISTS\r\n");
    pass(seconds(20));
  }
  EXPECT_EQ(selected_within(minutes(1)), 0U) << "it is not believed now";
  server_.say(0, "* 1 EXISTS\r\n");
  EXPECT_GT(selected_within(seconds(1)), 0U);
}

TEST_F(PushTrouble, AnIdleThatEndsEarlyOnceIsBegunAgainMinutesLater) {
  begin(seconds(10));
  ASSERT_TRUE(is_pushed());
  server_.say(0, server_.lines[0]->idle + " OK enough\r\n");
  pass(seconds(5));
  ASSERT_EQ(life().state, LifeState::polling);
  pass(minutes(2));
  EXPECT_TRUE(is_pushed());
}

TEST_F(PushTrouble, WhereNotifyIsRefusedLinesBesideTakeItsPlaceAtOnce) {
  server_.capabilities += " NOTIFY";
  begin();
  ASSERT_EQ(life().push_by, "NOTIFY");
  server_.refuses = "NOTIFY";
  server_.cut(0);
  pass(seconds(5));
  EXPECT_TRUE(is_pushed());
}

// They open one after the other, and each has its mailbox looked at.
class ManyBeside : public PushTrouble {
 protected:
  coro::Task<void> before_dial(const Account&) override {
    static_cast<void>(co_await clock_.sleep(milliseconds(1500) * ++asked_));
  }
  int asked_ = 0;
};

TEST_F(ManyBeside, LinesThatOpenAreNoNewsInVain) {
  server_.mailboxes = {"INBOX", "a", "b", "c", "d", "e", "f", "g"};
  settings_.connections = 10;
  begin(seconds(0));
  while (life().pushed.size() < 8) pass(milliseconds(100));
  server_.say(0, "* 1 EXISTS\r\n");
  EXPECT_GT(selected_within(milliseconds(500)), 0U);
}

}  // namespace
}  // namespace sterna::account::test
