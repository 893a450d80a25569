// SPDX-License-Identifier: Apache-2.0
// An account that lives: what makes it sync, and that it comes to rest.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "living.h"

namespace sterna::simulation {
namespace {

TEST_F(Living, AMessageThatArrivesIsFetchedWithoutAPoll) {
  begin();
  EXPECT_EQ(account_->life().state, LifeState::watching);
  arrives("INBOX", "t1");
  told();
  pass(seconds(2));
  EXPECT_EQ(files(), Lines{"INBOX t1"});
  EXPECT_EQ(account_->life().counters.pushes, 1U);
  pass(seconds(10));  // it might have been moved there
  expect_rest();
  EXPECT_TRUE(errors_.empty());
}

TEST_F(Living, WhatNotifyTellsOfAnotherMailboxIsFetchedWithoutAPoll) {
  abilities.notify = true;
  begin();
  arrives("m1", "t1");
  told();
  pass(seconds(2));
  EXPECT_EQ(files(), Lines{"m1 t1"});
  expect_rest();
  server.find("m1")->set_flags(1, FlagSet{Flag::seen});
  told();
  pass(seconds(2));
  EXPECT_EQ(files(), Lines{"m1 t1:S"});
  expect_rest();
  server.create("m2");
  server.find("m2")->append("Subject: t2\r\nX-Token: t2\r\n\r\n", {}, 1'600'000'000);
  told();
  pass(seconds(5));
  EXPECT_EQ(disk.names("mail/m2/new").size(), 1U);
  expect_rest();
}

TEST_F(Living, WhatIsDoneHereGoesOutAndComesToRest) {
  for (const bool notify : {false, true}) {
    abilities.notify = notify;
    begin();
    delivered("m1", "t1");
    pass(seconds(3));
    EXPECT_EQ(messages(), Lines{"m1 t1"});
    expect_rest();
    disk.rename(file_of("t1"), "mail/m1/cur/t1:2,S");
    pass(seconds(3));
    EXPECT_EQ(messages(), Lines{"m1 t1 \\Seen"});
    expect_rest();
    disk.rename(file_of("t1"), "mail/INBOX/cur/t1:2,S");
    pass(seconds(15));
    EXPECT_EQ(messages(), Lines{"INBOX t1 \\Seen"});
    expect_rest();
    disk.unlink(file_of("t1"));
    pass(seconds(5));
    EXPECT_EQ(messages(), Lines{"INBOX t1 \\Seen"}) << "its quiet time is not over";
    EXPECT_LE(asked_within(seconds(3)), 2U);
    pass(seconds(10));
    EXPECT_EQ(messages(), Lines{});
    expect_rest();
    EXPECT_TRUE(errors_.empty());
    end();
  }
}

// What the server has in a mailbox is asked for once where a file came or went, and for a flag it
// is not: that is one round trip.
TEST_F(Living, AMailboxIsAskedAboutOnceForWhatComesAndNotForFlags) {
  arrives("INBOX", "t1");
  begin();
  const auto looks = [this] {
    const auto count = std::ranges::count_if(
        commands_, [](const std::string& line) { return line.contains("(QRESYNC ("); });
    commands_.clear();
    return count;
  };
  pass(minutes(1));
  looks();
  disk.rename(file_of("t1"), "mail/INBOX/cur/t1:2,S");
  while (std::ranges::none_of(commands_, [](const auto& line) { return line.contains("STORE"); }))
    pass(milliseconds(10));
  EXPECT_EQ(looks(), 1) << "in which the flag is set";
  pass(minutes(1));
  looks();
  delivered("INBOX", "t2");
  while (std::ranges::none_of(commands_, [](const auto& line) { return line.contains("APPEND"); }))
    pass(milliseconds(10));
  EXPECT_EQ(looks(), 1);
  pass(minutes(1));
  EXPECT_EQ(messages(), (Lines{"INBOX t1 \\Seen", "INBOX t2"}));
}

// RFC 2177 lets a server end it when it likes.
TEST_F(Living, AnIdleThatTheServerEndsIsBegunAnew) {
  how_.pushes = [](const MailboxName& name) { return name.text() == "m1"; };
  begin();
  pass(minutes(2));
  line_->tire_of_idle();
  pass(seconds(2));
  for (const std::string mailbox : {"INBOX", "m1"}) {
    arrives(mailbox, "t1");
    told();
    pass(seconds(2));
    EXPECT_EQ(files().size(), mailbox == "INBOX" ? 1U : 2U) << mailbox;
  }
  EXPECT_TRUE(errors_.empty());
}

TEST_F(Living, AServerThatEndsEachIdleAtOnceIsPolled) {
  abilities.idles_not = true;
  how_.poll_interval = minutes(5);
  how_.pushes = [](const MailboxName& name) { return name.text() == "m1"; };
  begin();
  EXPECT_EQ(account_->life().state, LifeState::polling);
  arrives("INBOX", "t1");
  EXPECT_LE(asked_within(minutes(6)), 45U) << "asked for IDLE again twice";
  EXPECT_EQ(files(), Lines{"INBOX t1"});
}

TEST_F(Living, AFlagAndADeletionOnTheServerComeWithoutAPoll) {
  arrives("INBOX", "t1");
  begin();
  server.find("INBOX")->set_flags(1, FlagSet{Flag::seen});
  told();
  pass(seconds(2));
  EXPECT_EQ(files(), Lines{"INBOX t1:S"});
  expect_rest();
  server.find("INBOX")->expunge(1);
  told();
  pass(seconds(5));
  EXPECT_EQ(files(), Lines{});
  expect_rest();
}

TEST_F(Living, ALineThatIsCutIsReplacedAtOnceAndThenWithPatience) {
  begin();
  line_->go_down();
  pass(seconds(60));
  EXPECT_EQ(account_->life().state, LifeState::offline);
  EXPECT_LE(line_->dialled(), 8U);
  arrives("INBOX", "t1");
  line_->go_up();
  account_->probe("network");
  pass(seconds(2));
  EXPECT_EQ(files(), Lines{"INBOX t1"});
  pass(seconds(40));
  const std::uint64_t before = line_->dialled();
  line_->go_down();
  line_->go_up();
  arrives("INBOX", "t2");
  pass(seconds(2));
  EXPECT_EQ(files(), (Lines{"INBOX t1", "INBOX t2"}));
  EXPECT_LE(line_->dialled(), before + 3);
}

TEST_F(Living, WhatFailedInBetweenIsNoLatencyOfAPush) {
  begin();
  arrives("INBOX", "t1");
  falls_silent_at_ = "BODY.PEEK[]";
  told();
  pass(seconds(2));
  line_->go_down();
  pass(minutes(10));
  ASSERT_EQ(account_->life().state, LifeState::offline);
  ASSERT_EQ(account_->life().pending, 1U);
  line_->go_up();
  pass(minutes(6));
  EXPECT_EQ(files(), Lines{"INBOX t1"});
  EXPECT_EQ(account_->life().counters.pushes, 0U);
}

TEST_F(Living, APasswordThatIsRefusedIsNotTriedInALoop) {
  settings_.password = []() -> coro::Task<Result<Secret>> { co_return Secret("wrong"); };
  begin();
  EXPECT_EQ(account_->life().state, LifeState::needs_auth);
  pass(hours(2));
  EXPECT_LE(line_->dialled(), 6U);
  EXPECT_EQ(account_->life().state, LifeState::needs_auth);
}

TEST_F(Living, ADeadLineIsReplacedSoonAfterASleep) {
  begin();
  line_->fall_silent();
  arrives("INBOX", "t1");
  pass(seconds(30));
  EXPECT_EQ(files(), Lines{});
  account_->probe("slept");
  pass(seconds(8));
  EXPECT_EQ(files(), Lines{"INBOX t1"});
  EXPECT_EQ(account_->life().counters.reconnects.at("slept"), 1U);
  expect_rest();
}

TEST_F(Living, ALiveLineStaysWhenItIsProved) {
  begin();
  const std::uint64_t before = line_->dialled();
  account_->probe("slept");
  pass(seconds(8));
  EXPECT_EQ(line_->dialled(), before);
  arrives("INBOX", "t1");
  told();
  pass(seconds(2));
  EXPECT_EQ(files(), Lines{"INBOX t1"});
}

TEST_F(Living, APauseAsksNothingAndEverythingIsLookedAtAfterIt) {
  begin();
  account_->pause(std::nullopt);
  pass(seconds(2));
  EXPECT_EQ(account_->life().state, LifeState::paused);
  arrives("m1", "t1");
  delivered("INBOX", "t2");
  EXPECT_EQ(asked_within(hours(3)), 0U);
  account_->resume();
  pass(seconds(5));
  EXPECT_EQ(files(), (Lines{"INBOX t2", "m1 t1"}));
  EXPECT_EQ(messages(), (Lines{"INBOX t2", "m1 t1"}));
  account_->pause(clock_.wall_ns() / 1'000'000 + 60'000);
  pass(seconds(55));
  EXPECT_EQ(account_->life().state, LifeState::paused);
  pass(seconds(20));
  EXPECT_EQ(account_->life().state, LifeState::watching);
}

// Not after the minutes that an answer may take.
TEST_F(Living, ALineThatDiedAmidASyncIsReplacedWithinSecondsOfAProbe) {
  for (const std::string command : {"BODY.PEEK[]", "SELECT \"INBOX\" (", "LIST"}) {
    begin();
    arrives("INBOX", "t1");
    falls_silent_at_ = command;
    bool done = false;
    account::AccountReport report;
    scope_->spawn(ask(done, report));
    told();
    pass(seconds(2));
    EXPECT_EQ(files(), Lines{}) << command;
    account_->probe("slept");
    pass(seconds(7));
    EXPECT_EQ(files(), Lines{"INBOX t1"}) << command;
    EXPECT_TRUE(done) << command;
    EXPECT_TRUE(report.errors.empty()) << command;
    auto reconnects = account_->life().counters.reconnects;
    EXPECT_EQ(reconnects["slept"], 1U) << command;
    EXPECT_FALSE(account_->life().error) << command;
    server.find("INBOX")->expunge(server.find("INBOX")->messages.begin()->first);
    pass(seconds(20));
    EXPECT_EQ(account_->life().state, LifeState::watching);
    end();
  }
}

// The lines that listen to other mailboxes are as dead.
TEST_F(Living, ALineBesideIsProbedWhereTheFirstDiedAmidASync) {
  how_.pushes = [](const MailboxName& name) { return name.text() == "m1"; };
  begin();
  pass(seconds(20));
  arrives("INBOX", "t1");
  falls_silent_at_ = "BODY.PEEK[]";
  told();
  pass(seconds(2));
  account_->probe("slept");
  pass(seconds(30));
  EXPECT_EQ(files(), Lines{"INBOX t1"});
  arrives("m1", "t2");
  told();
  pass(seconds(3));
  EXPECT_EQ(files(), (Lines{"INBOX t1", "m1 t2"}));
}

TEST_F(Living, ALineThatDiedBeforeItCouldIdleIsReplacedWithinSecondsOfAProbe) {
  begin();
  falls_silent_at_ = "SELECT \"INBOX\"";
  bool done = false;
  account::AccountReport report;
  scope_->spawn(ask(done, report));
  pass(seconds(2));
  EXPECT_TRUE(done);
  arrives("INBOX", "t1");
  told();
  pass(seconds(2));
  EXPECT_EQ(files(), Lines{});
  account_->probe("slept");
  pass(seconds(7));
  EXPECT_EQ(files(), Lines{"INBOX t1"});
}

// A probe is no reason to give up a line that is busy.
TEST_F(Living, AProbeLeavesALineAloneThatAnswers) {
  begin();
  for (int i = 0; i < 200; ++i) arrives("INBOX", "t" + std::to_string(i));
  told();
  pass(milliseconds(50));
  account_->probe("slept");
  pass(minutes(1));
  EXPECT_EQ(files().size(), 200U);
  EXPECT_TRUE(account_->life().counters.reconnects.empty());
}

TEST_F(Living, APauseEndsASyncThatGoesOn) {
  begin();
  arrives("INBOX", "t1");
  falls_silent_at_ = "BODY.PEEK[]";
  bool done = false;
  account::AccountReport report;
  scope_->spawn(ask(done, report));
  pass(seconds(2));
  EXPECT_EQ(account_->life().state, LifeState::syncing);
  account_->pause(std::nullopt);
  pass(milliseconds(100));
  EXPECT_EQ(account_->life().state, LifeState::paused);
  EXPECT_TRUE(done) << "who waits is answered";
  EXPECT_TRUE(report.errors.empty());
  account_->resume();
  pass(seconds(5));
  EXPECT_EQ(files(), Lines{"INBOX t1"});
  EXPECT_EQ(account_->life().state, LifeState::watching);
}

TEST_F(Living, ALoanKeepsSyncsAwayAndEverythingIsLookedAtAfterIt) {
  begin();
  account::Account::Loan loan;
  ASSERT_NO_FATAL_FAILURE(borrow(loan));
  EXPECT_EQ(account_->life().state, LifeState::syncing) << "somebody works on it";
  const std::uint64_t before = syncs_;
  arrives("INBOX", "t1");
  arrives("m1", "t2");
  told();
  pass(minutes(20));
  EXPECT_EQ(syncs_, before);
  EXPECT_EQ(files(), Lines{});
  loan = {};
  pass(seconds(5));
  EXPECT_EQ(files(), (Lines{"INBOX t1", "m1 t2"}));
  expect_rest();
}

TEST_F(Living, APauseDuringALoanHoldsBackWhatWaitedForItsEnd) {
  begin();
  account::Account::Loan loan;
  ASSERT_NO_FATAL_FAILURE(borrow(loan));
  arrives("INBOX", "t1");
  told();
  bool done = false;
  account::AccountReport report;
  scope_->spawn(ask(done, report));
  pass(seconds(5));
  EXPECT_FALSE(done);
  account_->pause(std::nullopt);
  pass(seconds(1));
  EXPECT_TRUE(done);
  EXPECT_EQ(account_->life().state, LifeState::paused);
  loan = {};
  pass(seconds(5));
  EXPECT_EQ(account_->life().state, LifeState::paused);
  EXPECT_EQ(files(), Lines{});
  account_->resume();
  pass(seconds(5));
  EXPECT_EQ(files(), Lines{"INBOX t1"});
}

TEST_F(Living, ALifeThatEndsDuringALoanAnswersWhoWaits) {
  begin();
  account::Account::Loan loan;
  ASSERT_NO_FATAL_FAILURE(borrow(loan));
  bool done = false;
  account::AccountReport report;
  coro::Scope asking(clock_.queue());
  asking.spawn(ask(done, report));
  pass(seconds(5));
  scope_->cancel();
  pass(seconds(5));
  EXPECT_TRUE(done);
  asking.cancel();
  pass(seconds(1));
  loan = {};
}

TEST_F(Living, ASyncThatIsAskedForDuringAPassGetsAPassOfItsOwn) {
  begin();
  bool done = false;
  account::AccountReport report;
  // Behind the look at m1 of the pass that runs.
  at_command("BODY.PEEK[]", [&] {
    arrives("m1", "t2");
    scope_->spawn(ask(done, report));
  });
  arrives("INBOX", "t1");
  told();
  pass(seconds(10));
  EXPECT_TRUE(done);
  EXPECT_EQ(report.counts.downloaded, 1U);
  EXPECT_EQ(files(), (Lines{"INBOX t1", "m1 t2"}));
}

TEST_F(Living, AServerWithoutIdleIsPolled) {
  abilities.idle = false;
  how_.poll_interval = minutes(5);
  begin();
  EXPECT_EQ(account_->life().state, LifeState::polling);
  arrives("m1", "t1");
  pass(minutes(6));
  EXPECT_EQ(files(), Lines{"m1 t1"});
  delivered("INBOX", "t2");
  pass(seconds(5));
  EXPECT_EQ(messages(), (Lines{"INBOX t2", "m1 t1"}));
}

TEST_F(Living, AnOverflowLeadsToALook) {
  begin();
  watcher_->begin_overflow();
  delivered("INBOX", "t1");
  pass(seconds(3));
  EXPECT_EQ(messages(), Lines{"INBOX t1"});
  watcher_->end_overflow();
  expect_rest();
}

TEST_F(Living, ADecisionThatIsWaitedForIsNotAskedForInALoop) {
  arrives("INBOX", "t1");
  begin();
  disk.unlink(file_of("t1"));
  server.find("INBOX")->set_flags(1, FlagSet{Flag::flagged});
  pass(minutes(1));
  EXPECT_EQ(account_->life().held, 1U);
  EXPECT_EQ(messages().size(), 1U);
  expect_rest();
}

TEST_F(Living, AMailboxThatCannotBeStoredInIsNotTriedInALoop) {
  begin();
  server.before_command = [this, before = server.before_command](const std::string& line) {
    before(line);
    if (!line.contains("APPEND")) return;
    network_->go_down();
    network_->go_up();
  };
  delivered("INBOX", "t1");
  pass(minutes(2));
  EXPECT_LE(line_->dialled(), 12U);
  EXPECT_LE(asked_within(hours(1)), 400U);
}

// As scp does it where the link is slow: inotify is silent, and each look finds a younger file.
TEST_F(Living, AFileThatIsWrittenForLongIsNoReasonToLookAllTheTime) {
  begin();
  write("mail/m1/new/", "t1");
  disk.open_to_write("mail/m1/new/t1");
  const std::uint64_t before = syncs_;
  for (int i = 0; i < 600; ++i) {
    const auto told = std::exchange(disk.changed, nullptr);
    write("mail/m1/new/", "t1");
    disk.changed = told;
    pass(milliseconds(100));
  }
  EXPECT_LE(syncs_ - before, 25U);
  EXPECT_EQ(messages(), Lines{});
  disk.close_written("mail/m1/new/t1");
  pass(seconds(6));
  EXPECT_EQ(messages(), Lines{"m1 t1"});
  expect_rest();
}

// What a pass that looks at news alone takes for granted is not so.
TEST_F(Living, WhatTheServerDidNotTellLosesAndDoublesNothing) {
  abilities.idles_mutely = true;
  how_.poll_interval = minutes(5);
  arrives("INBOX", "t1");
  arrives("INBOX", "t2");
  arrives("INBOX", "t3");
  begin();
  ASSERT_EQ(files().size(), 3U);
  // Moved there, and here to the same place.
  moves("INBOX", 1, "m1");
  disk.rename(file_of("t1"), "mail/m1/cur/t1:2,");
  pass(seconds(15));
  EXPECT_EQ(messages(), (Lines{"INBOX t2", "INBOX t3", "m1 t1"}));
  // Moved there, deleted here.
  moves("INBOX", 2, "m1");
  disk.unlink(file_of("t2"));
  pass(minutes(12));
  EXPECT_EQ(std::ranges::count(messages(), "m1 t2"), std::ranges::count(files(), "m1 t2"));
  // Flagged there, and deleted here: that waits for a decision.
  server.find("INBOX")->set_flags(3, FlagSet{Flag::flagged});
  disk.unlink(file_of("t3"));
  pass(minutes(12));
  EXPECT_EQ(std::ranges::count(messages(), "INBOX t3 \\Flagged"), 1);
  EXPECT_EQ(account_->life().held + files().size(), messages().size());
  // Came to both sides, as from another program that delivers.
  arrives("m1", "t4");
  delivered("m1", "t4");
  pass(minutes(12));
  Lines here = files();
  EXPECT_EQ(std::ranges::count(here, "m1 t4"), std::ranges::count(messages(), "m1 t4"));
  EXPECT_EQ(std::ranges::count(here, "m1 t1"), 1);
}

}  // namespace
}  // namespace sterna::simulation
