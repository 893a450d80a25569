// SPDX-License-Identifier: Apache-2.0
// Lines that listen for long: how they are kept, and how one that is lost is found.
#include <algorithm>

#include "tests/account/living_account.h"

namespace sterna::account::test {
namespace {

// INBOX, and one mailbox beside it.
class Watching : public LivingAccount {
 protected:
  Watching() {
    server_.mailboxes = {"INBOX", "Lists"};
    how_.pushes = [](const MailboxName&) { return true; };
  }
  std::size_t renewals_within(nanoseconds time) {
    const std::size_t before = server_.count("DONE");
    pass(time);
    return server_.count("DONE") - before;
  }
};

TEST_F(Watching, AnIdleIsRenewedAfterNineMinutes) {
  begin();
  EXPECT_EQ(renewals_within(minutes(8)), 0U);
  EXPECT_EQ(renewals_within(minutes(2)), 2U);
  EXPECT_EQ(renewals_within(minutes(18)), 4U);
  EXPECT_EQ(server_.lines.size(), 2U);
}

TEST_F(Watching, WithoutAnInboxTheFirstLineListensToAnotherMailbox) {
  server_.mailboxes = {"Lists", "Lists/a"};
  settings_.includes = [](const MailboxName& name, Role) { return !name.is_inbox(); };
  begin();
  EXPECT_EQ(life().state, LifeState::watching);
  EXPECT_EQ(life().pushed, (std::vector<std::string>{"Lists", "Lists/a"}));
  EXPECT_EQ(server_.lines.size(), 2U);
}

TEST_F(Watching, WhatOneLineLearnsOfTheWayAllOfThemKeepTo) {
  server_.bears = minutes(5);
  begin();
  pass(minutes(12));  // both are lost when they are to be renewed
  ASSERT_EQ(life().pushed.size(), 2U);
  const std::size_t lines = server_.lines.size();
  EXPECT_GE(lines, 4U);
  EXPECT_GE(renewals_within(std::chrono::hours(1)), 24U);
  EXPECT_EQ(server_.lines.size(), lines) << "none is lost any more";
}

TEST_F(Watching, AServerThatSpeaksByItselfNeedsNoEarlierRenewal) {
  server_.bears = minutes(5);
  begin();
  pass(minutes(12));
  const std::size_t last = server_.lines.size();
  std::size_t renewals = 0;
  for (int i = 0; i < 5; ++i) {
    renewals += renewals_within(minutes(1));
    for (std::size_t line = 0; line < last; ++line) server_.say(line, "* OK still here\r\n");
  }
  EXPECT_EQ(renewals, 0U);
}

TEST_F(Watching, AServerThatTakesOctetsAndSaysNothingIsNotListenedToForEver) {
  begin();
  ASSERT_EQ(server_.lines.size(), 2U);
  for (const auto& line : server_.lines) line->silent = true;
  pass(minutes(9) + seconds(90));
  EXPECT_TRUE(server_.lines[0]->ended);
  EXPECT_TRUE(server_.lines[1]->ended);
  EXPECT_EQ(server_.lines.size(), 4U);
  EXPECT_EQ(life().pushed.size(), 2U);
}

TEST_F(Watching, InAnotherNetworkWhatWasLearnedIsForgotten) {
  server_.bears = minutes(5);
  begin();
  pass(minutes(12));
  server_.bears = std::chrono::hours(10);
  account_->probe("network_changed");
  pass(seconds(1));
  EXPECT_EQ(renewals_within(minutes(8)), 0U);
  EXPECT_EQ(renewals_within(minutes(2)), 2U);
}

TEST_F(Watching, WhatWasLearnedIsNotKeptToForEver) {
  server_.bears = minutes(5);
  begin();
  pass(minutes(12));  // four and a half minutes from now on
  server_.bears = std::chrono::hours(10);
  EXPECT_EQ(renewals_within(minutes(9)), 4U);
  pass(std::chrono::hours(7));
  EXPECT_EQ(renewals_within(minutes(18)), 4U);
}

TEST_F(Watching, LinesBesideAreCountedAsTheFirstOneIs) {
  begin();
  EXPECT_EQ(life().connections, 2U);
  EXPECT_EQ(life().counters.logins, 2U);
  server_.cut(1);
  pass(std::chrono::milliseconds(100));
  EXPECT_EQ(life().connections, 1U);
  EXPECT_EQ(life().counters.reconnects.at("disconnected"), 1U);
  pass(seconds(10));
  EXPECT_EQ(life().connections, 2U);
  EXPECT_EQ(life().counters.logins, 3U);
  server_.lines[2]->silent = true;
  account_->probe("slept");
  pass(seconds(6));
  EXPECT_EQ(life().counters.reconnects.at("slept"), 1U);
}

TEST_F(Watching, ALoginThatIsRefusedToALineBesideIsCounted) {
  server_.lines_max = 1;
  server_.refusal = "NO [AUTHENTICATIONFAILED] not twice";
  begin();
  EXPECT_EQ(life().state, LifeState::watching);
  EXPECT_EQ(life().counters.logins_refused, 1U);
}

// A side line that failed for long.
class LongOffline : public Watching {
 protected:
  void begin_and_fail() {
    begin();
    server_.unreachable = Error(ErrorCode::connect, "no route to host");
    server_.cut(1);
    pass(std::chrono::hours(1));
    ASSERT_GT(server_.dialled.size(), 10U);
    ASSERT_EQ(life().pushed.size(), 1U);
  }
};

TEST_F(LongOffline, WhenTheNetworkIsThereTheLineIsWithinSecondsAlsoWhereNamesAreNotYet) {
  begin_and_fail();
  account_->probe("network_changed");
  pass(seconds(1));
  server_.unreachable.reset();
  pass(seconds(4));
  EXPECT_EQ(life().pushed.size(), 2U);
}

TEST_F(LongOffline, ALineThatIsBeingOpenedWhenTheNetworkChangesIsOpenedAnew) {
  begin_and_fail();
  server_.unreachable.reset();
  server_.hangs = true;
  pass(minutes(7));
  server_.hangs = false;
  account_->probe("network_changed");
  pass(seconds(5));
  EXPECT_EQ(life().pushed.size(), 2U);
}

TEST_F(Watching, AnOpeningThatGetsOnIsNotGivenUp) {
  begin();
  server_.answers_after = seconds(3);
  server_.cut(1);
  pass(seconds(4));
  ASSERT_EQ(server_.dialled.size(), 3U);
  account_->probe("network_changed");
  pass(minutes(1));
  EXPECT_EQ(server_.dialled.size(), 3U);
  EXPECT_EQ(life().pushed.size(), 2U);
}

TEST_F(Watching, AnOpeningThatEndsInSilenceAfterTheLoginIsGivenUp) {
  begin();
  server_.mute_at = "SELECT \"Lists\"";
  server_.cut(1);
  pass(seconds(4));
  ASSERT_EQ(server_.logged_in(), 2U);
  ASSERT_EQ(life().pushed.size(), 1U);
  server_.mute_at.clear();
  account_->probe("network_changed");
  pass(seconds(5));
  EXPECT_EQ(life().pushed.size(), 2U);
}

TEST_F(Watching, TheFirstLineIsNotGivenUpEitherWhileItsOpeningGetsOn) {
  begin();
  server_.answers_after = seconds(3);
  server_.cut(0);
  pass(seconds(1));
  ASSERT_EQ(server_.dialled.size(), 3U);
  account_->probe("network_changed");
  pass(minutes(2));
  EXPECT_EQ(server_.dialled.size(), 3U);
}

TEST_F(Watching, EachLineIsReplacedWithinFiveSecondsAtEachResume) {
  begin();
  for (std::size_t resumes = 0; resumes < 3; ++resumes) {
    pass(std::chrono::hours(1));
    ASSERT_EQ(server_.lines.size(), 2 * resumes + 2);
    server_.lines[2 * resumes]->silent = server_.lines[2 * resumes + 1]->silent = true;
    account_->probe("slept");
    pass(seconds(5));
    EXPECT_EQ(server_.dialled.size(), 2 * resumes + 4);
    EXPECT_EQ(life().pushed.size(), 2U);
  }
}

// The line beside: the first one fares as in OnlyLine.
class SlowBeside : public Watching {
 protected:
  // How often it is dialled while the network changes each five seconds, within that time.
  std::size_t dialled_within(nanoseconds time) {
    const std::size_t before = server_.dialled.size();
    probe_each_five_seconds(time);
    return server_.dialled.size() - before;
  }
};

TEST_F(SlowBeside, IsDialledLaterEachTimeWhereItSeemsDeadAgainAndAgain) {
  begin();
  server_.mute_at = "SELECT \"Lists\"";
  server_.cut(1);
  EXPECT_LE(dialled_within(minutes(10)), 12U);
  server_.mute_at.clear();
  pass(minutes(10));
  EXPECT_EQ(life().pushed.size(), 2U);
}

TEST_F(SlowBeside, IsBelievedAfterAnotherAsTheFirstOneIs) {
  begin();
  server_.answers_after = seconds(6);
  server_.cut(0);
  server_.cut(1);
  EXPECT_LE(dialled_within(minutes(30)), 6U);
  EXPECT_EQ(life().pushed.size(), 2U);
}

TEST_F(Watching, ALineThatIsBeingOpenedEndsWithAPauseAndIsOpenedAfterIt) {
  begin();
  server_.mute_at = "AUTHENTICATE";
  server_.cut(1);
  pass(seconds(10));
  ASSERT_EQ(server_.lines.size(), 3U);
  ASSERT_FALSE(server_.lines[2]->ended);
  account_->pause(std::nullopt);
  pass(seconds(1));
  EXPECT_EQ(server_.open_lines(), 0U);
  server_.mute_at.clear();
  account_->resume();
  pass(seconds(5));
  EXPECT_EQ(life().pushed.size(), 2U);
}

TEST_F(Watching, ALineThatIsBeingOpenedEndsWhereTheServerAsksForTime) {
  begin();
  server_.mute_at = "AUTHENTICATE";
  server_.cut(1);
  pass(seconds(10));
  ASSERT_EQ(server_.lines.size(), 3U);
  server_.say(0, "* BYE [UNAVAILABLE] maintenance, try again in 2 minutes\r\n");
  pass(seconds(1));
  EXPECT_TRUE(server_.lines[2]->ended);
  server_.mute_at.clear();
  pass(minutes(5));
  EXPECT_EQ(life().pushed.size(), 2U);
}

class Paced : public Watching {
 protected:
  coro::Task<void> before_dial(const Account&) override {
    ++asked_;
    static_cast<void>(co_await clock_.sleep(wait_));
  }
  std::size_t asked_ = 0;
  seconds wait_{0};
};

TEST_F(Paced, ALineThatWasLostIsDialledWhenItMayBe) {
  begin();
  ASSERT_EQ(server_.dialled.size(), 2U);
  EXPECT_EQ(asked_, 2U);
  wait_ = seconds(30);
  server_.cut(0);
  server_.cut(1);
  pass(seconds(20));
  EXPECT_EQ(server_.dialled.size(), 2U);
  pass(seconds(20));
  EXPECT_EQ(server_.dialled.size(), 4U);
  EXPECT_EQ(asked_, 4U);
}

TEST_F(Paced, WhoAsksForASyncDoesNotQueue) {
  begin();
  wait_ = minutes(10);
  server_.cut(0);
  pass(seconds(20));
  ASSERT_EQ(server_.dialled.size(), 2U);
  bool done = false;
  const auto ask = [](Account& account, bool& answered) -> coro::Task<void> {
    Progress progress;
    const AccountReport report = co_await account.sync({}, progress);
    answered = report.errors.empty();
  };
  scope_->spawn(ask(*account_, done));
  pass(seconds(1));
  EXPECT_TRUE(done);
}

TEST_F(Paced, APauseDoesNotQueue) {
  begin();
  wait_ = minutes(10);
  server_.cut(0);
  pass(seconds(20));
  account_->pause(std::nullopt);
  pass(seconds(1));
  EXPECT_EQ(life().state, LifeState::paused);
}

class PacedAndHooked : public Paced {
 protected:
  coro::Task<void> before_sync(const Account&) override {
    static_cast<void>(co_await clock_.sleep(hook_takes_));
  }
  seconds hook_takes_{0};
};

TEST_F(PacedAndHooked, ALineThatDiedDuringAHookIsDialledWhenItMayBe) {
  begin();
  hook_takes_ = seconds(30);
  server_.say(0, "* 1 EXISTS\r\n");
  pass(seconds(2));
  server_.lines[0]->silent = true;
  account_->probe("network_changed");
  wait_ = minutes(10);
  pass(minutes(1));
  ASSERT_TRUE(server_.lines[0]->ended);
  EXPECT_EQ(server_.dialled.size(), 2U);
  EXPECT_EQ(asked_, 3U);
}

TEST_F(Paced, TheOnlyOneThatWasLostIsReplacedWithinASecond) {
  begin();
  server_.cut(0);
  pass(std::chrono::milliseconds(500));
  EXPECT_EQ(server_.dialled.size(), 3U);
  EXPECT_EQ(life().state, LifeState::watching);
}

}  // namespace
}  // namespace sterna::account::test
