// SPDX-License-Identifier: Apache-2.0
#include "cli/report_text.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace sterna::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

account::AccountReport report_of(const std::string& name) {
  account::AccountReport report;
  report.account = name;
  report.anything_done = true;
  report.seconds = 0.8;
  return report;
}

TEST(Summary, SaysWhatWasDone) {
  account::AccountReport report = report_of("work");
  report.counts.downloaded = 12;
  report.counts.uploaded = 3;
  report.counts.flags_in = 4;
  report.counts.flags_out = 1;
  report.counts.deleted_out = 1;
  EXPECT_EQ(summary_text(report), "work: 12 new, 3 sent, 5 flags, 1 deleted in 0.8 s\n");
}

TEST(Summary, CountsBothDirections) {
  account::AccountReport report = report_of("work");
  report.counts.flags_in = 1;
  report.counts.moved_in = 2;
  report.counts.moved_out = 3;
  report.counts.mailboxes_in = 1;
  EXPECT_EQ(summary_text(report), "work: 1 flag, 5 moved, 1 mailbox in 0.8 s\n");
}

TEST(Summary, SaysThatNothingWasToDo) {
  EXPECT_EQ(summary_text(report_of("home")), "home: nothing to do\n");
}

TEST(Summary, TellsWhatWaitsAndWhy) {
  account::AccountReport report = report_of("home");
  report.waiting = {{"INBOX", 1, "deleted here; it may be in account work"}, {"Sent", 2, "young"}};
  EXPECT_EQ(summary_text(report),
            "home: nothing done\n"
            "  INBOX: 1 waits: deleted here; it may be in account work\n"
            "  Sent: 2 wait: young\n");
}

TEST(Summary, NamesWhatIsHeld) {
  account::AccountReport report = report_of("home");
  report.held = 80;
  EXPECT_EQ(summary_text(report), "home: nothing to do; 80 held\n");
}

TEST(Summary, LeavesFailuresToTheErrors) {
  account::AccountReport report = report_of("work");
  report.errors.emplace_back(ErrorCode::connect, "refused");
  EXPECT_EQ(summary_text(report), "");
  report.counts.downloaded = 1;
  EXPECT_EQ(summary_text(report), "work: 1 new in 0.8 s\n");
}

TEST(Plan, IsARowAMailboxAndAction) {
  account::AccountReport report = report_of("work");
  report.plan = {{"INBOX", "download", 2, "new on the server"},
                 {"Lists/開発", "push_flags", 12, "changed here"}};
  EXPECT_EQ(plan_text(report),
            "work\n"
            "  MAILBOX     ACTION      COUNT  REASON\n"
            "  INBOX       download        2  new on the server\n"
            "  Lists/開発  push flags     12  changed here\n");
  EXPECT_EQ(plan_text(report_of("home")), "home: nothing to do\n");
}

TEST(Outcomes, FollowTheReport) {
  account::AccountReport report = report_of("work");
  EXPECT_EQ(combine({outcome_of(report)}), Exit::done);
  report.held = 1;
  EXPECT_EQ(combine({outcome_of(report)}), Exit::held);
  report.errors.emplace_back(ErrorCode::disconnected, "cut");
  EXPECT_EQ(combine({outcome_of(report)}), Exit::partly);
  report.anything_done = false;
  EXPECT_EQ(combine({outcome_of(report)}), Exit::network);
}

TEST(Outcomes, AnAccountStoppedByItsMarkerDidNotSucceed) {
  account::AccountReport report = report_of("work");
  report.anything_done = false;
  report.marker_held = true;
  EXPECT_FALSE(outcome_of(report).succeeded);
  EXPECT_EQ(combine({outcome_of(report)}), Exit::held);
}

TEST(Outcomes, ADryRunThatWouldHoldIsHeld) {
  account::AccountReport report = report_of("work");
  for (const char* action : {"held_delete_remote", "held_orphan", "hold"}) {
    report.plan = {{"INBOX", action, 80, "80 of 100 messages are gone"}};
    EXPECT_EQ(combine({outcome_of(report)}), Exit::held) << action;
  }
  report.plan = {{"INBOX", "download", 80, "new"}};
  EXPECT_EQ(combine({outcome_of(report)}), Exit::done);
}

TEST(Complaints, NameTheAccountOnce) {
  account::AccountReport report = report_of("work");
  report.errors.push_back(Error(ErrorCode::io, "broken").with_context("mailbox INBOX"));
  report.errors.push_back(Error(ErrorCode::io, "broken").with_context("account work"));
  const auto list = complaints(report);
  ASSERT_THAT(list, SizeIs(2));
  EXPECT_EQ(list[0].describe(), "account work: mailbox INBOX: broken");
  EXPECT_EQ(list[1].describe(), "account work: broken");
}

TEST(Complaints, ThatAreMendedAlikeSaySoOnce) {
  account::AccountReport report = report_of("work");
  for (const char* hint : {"chmod", "chmod", "free some space", "", "", "chmod"}) {
    report.errors.push_back(Error(ErrorCode::io, "broken").with_hint(hint));
  }
  std::vector<std::string> hints;
  for (const Error& error : complaints(report)) hints.push_back(error.hint());
  EXPECT_THAT(hints, ElementsAre("chmod", "", "free some space", "", "", "chmod"));
}

TEST(Complaints, OfHeldDeletionsSayHowToSeeThem) {
  account::AccountReport report = report_of("work");
  report.held = 80;
  const auto list = complaints(report);
  ASSERT_THAT(list, SizeIs(1));
  EXPECT_EQ(list[0].describe(), "account work: 80 changes are held");
  EXPECT_THAT(list[0].hint(), HasSubstr("sterna held list work"));
  report.plan = {{"INBOX", "held_delete_remote", 80, ""}};
  EXPECT_EQ(complaints(report)[0].describe(), "account work: 80 changes would be held");
}

TEST(Complaints, OfTheMarkerNameTheCommandThatMendsIt) {
  account::AccountReport report = report_of("work");
  report.marker_held = true;
  ASSERT_THAT(complaints(report), SizeIs(1));
  EXPECT_THAT(complaints(report)[0].hint(), HasSubstr("sterna adopt work"));
  report.errors.push_back(Error(ErrorCode::marker, "missing").with_hint("sterna adopt work"));
  EXPECT_THAT(complaints(report), SizeIs(1));
}

Error of_message(const std::string& mailbox) {
  return Error(ErrorCode::too_big, "too big").with_context("mailbox " + mailbox);
}

TEST(Complaints, OfMessagesAreNotEndless) {
  account::AccountReport report = report_of("work");
  for (int i = 0; i < 1000; ++i) report.errors.push_back(of_message("INBOX"));
  const auto list = complaints(report);
  ASSERT_THAT(list, SizeIs(21));
  EXPECT_EQ(list.back().describe(), "account work: 980 more errors of messages");
  EXPECT_EQ(list.back().hint(), "see them: sterna --json status");
}

TEST(Complaints, NameEachMailboxAndWhatTheAccountLacks) {
  account::AccountReport report = report_of("work");
  for (int i = 0; i < 30; ++i) report.errors.push_back(of_message("INBOX"));
  for (int i = 0; i < 30; ++i) {
    report.errors.push_back(
        Error(ErrorCode::io, "broken").with_context(fmt::format("mailbox {}", i)));
  }
  report.errors.push_back(of_message("Lists"));
  report.errors.emplace_back(ErrorCode::disconnected, "cut");
  const auto list = complaints(report);
  ASSERT_THAT(list, SizeIs(20 + 30 + 1 + 1 + 1));
  EXPECT_EQ(list[49].describe(), "account work: mailbox 29: broken");
  EXPECT_EQ(list[50].describe(), "account work: mailbox Lists: too big");
  EXPECT_EQ(list[51].describe(), "account work: cut");
  EXPECT_EQ(list[52].describe(), "account work: 10 more errors of messages");
}

TEST(Complaints, OfAnInterruptionAreLeftToTheInterruption) {
  account::AccountReport report = report_of("work");
  report.errors.push_back(Error::cancelled());
  EXPECT_THAT(complaints(report), IsEmpty());
}

}  // namespace
}  // namespace sterna::cli
