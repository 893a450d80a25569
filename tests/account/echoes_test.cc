// SPDX-License-Identifier: Apache-2.0
// What a server tells of the account's own changes: it is looked at, and is nobody's news.
#include "src/account/echoes.h"

#include <gtest/gtest.h>

#include "tests/account/living_account.h"

namespace sterna::account::test {
namespace {

using namespace std::chrono_literals;

class EchoesTest : public testing::Test {
 protected:
  void told(const std::string& wire, Echoes::Time at, bool arrived = false) {
    echoes_.told(wire, arrived, at);
  }
  Echoes echoes_;
};

TEST_F(EchoesTest, OwnChangesExplainWhatIsToldDuringTheirSyncAndSoonAfterIt) {
  told("a", 11s);
  EXPECT_FALSE(echoes_.explain({"a"})) << "nothing was changed";
  echoes_.wrote(10s, false);
  EXPECT_TRUE(echoes_.explain({"a"}));
  echoes_.compared(13s);
  told("b", 15s);
  EXPECT_TRUE(echoes_.explain({"a", "b"}));
  told("c", 16s);
  EXPECT_FALSE(echoes_.explain({"a", "c"})) << "it is too late";
}

TEST_F(EchoesTest, WhatWasToldBeforeItsSyncBeganIsOfOthers) {
  told("a", 9s);
  echoes_.wrote(10s, false);
  told("a", 11s);
  EXPECT_FALSE(echoes_.explain({"a"}));
}

TEST_F(EchoesTest, EachMailboxIsExplainedOnce) {
  echoes_.wrote(10s, false);
  told("a", 11s);
  echoes_.taken();
  told("a", 12s);
  told("b", 12s);
  EXPECT_FALSE(echoes_.explain({"a"}));
  EXPECT_TRUE(echoes_.explain({"b"}));
  echoes_.taken();
  echoes_.wrote(13s, false);
  told("a", 14s);
  EXPECT_TRUE(echoes_.explain({"a"})) << "after the next change";
}

TEST_F(EchoesTest, MessagesThatArrivedAreOfOthersWhereNoneWereBrought) {
  echoes_.wrote(10s, false);
  told("a", 11s, true);
  told("a", 11s);
  EXPECT_FALSE(echoes_.explain({"a"}));
  echoes_.wrote(10s, true);
  EXPECT_TRUE(echoes_.explain({"a"}));
}

TEST_F(EchoesTest, WhatOthersMayHaveDoneIsNotExplainedWhateverElseIsTold) {
  echoes_.wrote(10s, false);
  told("a", 11s);
  echoes_.told_of_others("a");
  told("a", 11s);
  EXPECT_FALSE(echoes_.explain({"a"}));
  EXPECT_FALSE(echoes_.explain({"never told"}));
}

// INBOX, and a mailbox beside it; what it changes on the server are mailboxes that it makes.
class OwnChange : public LivingAccount {
 protected:
  OwnChange() {
    server_.mailboxes = {"INBOX", "Lists"};
    how_.pushes = [](const MailboxName& name) { return name.text() == "Lists"; };
  }
  coro::Task<void> before_sync(const Account&) override {
    ++hooks_;
    co_return;
  }
  void make(const std::string& name) {
    make_mailbox(name);
    watcher_.tell(settings_.maildir, {name});
    pass(1s);
    ASSERT_EQ(life().counters.moved.mailboxes_out, ++made_);
  }
  std::uint64_t syncs() const { return life().counters.syncs; }
  // How many syncs and hooks that leads to within 100 ms.
  std::pair<std::uint64_t, std::size_t> after(std::size_t line, const char* text) {
    const std::uint64_t syncs_before = syncs();
    const std::size_t hooks_before = hooks_;
    server_.say(line, text);
    pass(100ms);
    return {syncs() - syncs_before, hooks_ - hooks_before};
  }
  using SyncsAndHooks = std::pair<std::uint64_t, std::size_t>;

  std::size_t hooks_ = 0;
  std::uint64_t made_ = 0;
};

TEST_F(OwnChange, ThatIsToldByALineBesideIsLookedAtWithoutAHookAndTheNextNewsAreBelieved) {
  begin();
  make("News");
  EXPECT_EQ(after(1, "* 1 FETCH (FLAGS (\\Seen))\r\n"), SyncsAndHooks(1, 0));
  EXPECT_EQ(after(0, "* 1 EXISTS\r\n"), SyncsAndHooks(1, 1));
}

TEST_F(OwnChange, IsNoReasonForWhatIsToldOfTheSameMailboxAgain) {
  begin();
  make("News");
  EXPECT_EQ(after(1, "* 1 FETCH (FLAGS (\\Seen))\r\n"), SyncsAndHooks(1, 0));
  EXPECT_EQ(after(1, "* 1 FETCH (FLAGS ())\r\n"), SyncsAndHooks(1, 1));
  EXPECT_EQ(after(1, "* 1 FETCH (FLAGS (\\Seen))\r\n"), SyncsAndHooks(0, 0)) << "it was in vain";
}

TEST_F(OwnChange, IsNoReasonForMessagesThatArrive) {
  begin();
  make("News");
  EXPECT_EQ(after(1, "* 1 EXISTS\r\n"), SyncsAndHooks(1, 1));
}

TEST_F(OwnChange, IsNoReasonForWhatIsToldLongAfterIt) {
  begin();
  make("News");
  pass(seconds(10));
  EXPECT_EQ(after(1, "* 1 FETCH (FLAGS ())\r\n"), SyncsAndHooks(1, 1));
}

}  // namespace
}  // namespace sterna::account::test
