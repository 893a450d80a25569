// SPDX-License-Identifier: Apache-2.0
// identities_wanted(): what must be looked at more closely, and no more than that.
#include <gtest/gtest.h>

#include "notation.h"

namespace sterna::sync::test {
namespace {

constexpr std::string_view kMailboxes = "A B C Trash:trash";

std::string wanted(std::string_view base, std::string_view remote, std::string_view local) {
  return show_wanted(read({kMailboxes, base, remote, local}));
}

TEST(Wanted, NothingForTheFirstPullIntoAnEmptyMaildir) {
  EXPECT_EQ(wanted("", "A new 1 x S unseen\nB new 1 y S unseen", ""), "");
}
TEST(Wanted, NothingWhereNothingIsNewOnTheServer) {
  EXPECT_EQ(wanted("", "", "A new n1 x S"), "");
}
TEST(Wanted, AllThatIsNewBesideANewFile) {
  EXPECT_EQ(
      wanted("", "A new 1 x S unseen\nA new 2 y S unseen\nB new 1 z S unseen", "A new n1 x S"),
      "A/1:2\n");
}
TEST(Wanted, NothingThatHasDetails) {
  EXPECT_EQ(wanted("", "A new 1 y S\nA new 2 z S unseen", "A new n1 x S"), "A/2\n");
  EXPECT_EQ(wanted("", "A new 1 y S nocontent", "A new n1 x S"), "");
}
TEST(Wanted, NothingMoreForAFileThatIsPaired) {
  EXPECT_EQ(wanted("", "A new 1 x S\nA new 2 y S unseen", "A new n1 x S"), "");
}
TEST(Wanted, NothingForAMoveWhoseMessageIsInItsPlace) {
  EXPECT_EQ(wanted("A 1 x S", "B new 7 y S unseen", "A gone 1\nB new A1 x S"), "");
}
TEST(Wanted, EverywhereElseWhereAMessageLeft) {
  EXPECT_EQ(wanted("A 1 x S", "A gone 1\nA new 9 z S unseen\nB new 7 y S unseen", ""), "B/7\n");
}
TEST(Wanted, InItsMailboxWhereAbsenceDoesNotCountYet) {
  Input input =
      read({kMailboxes, "A 1 x S", "A gone 1\nA new 7 x S unseen\nB new 9 z S unseen", ""});
  mailbox(input, "A").adopting = true;
  EXPECT_EQ(show_wanted(input), "A/7\n");
}
TEST(Wanted, InItsMailboxWhereAMessageLeftAndIsNowhereElse) {
  EXPECT_EQ(wanted("A 1 x S", "A gone 1\nA new 9 z S unseen", ""), "A/9\n");
  EXPECT_EQ(wanted("A 1 x S", "A gone 1\nA new 9 z S unseen\nB new 7 y S", ""), "A/9\n");
  EXPECT_EQ(wanted("A 1 x S", "A gone 1\nA new 9 z S unseen\nB new 7 x S", ""), "");
}
TEST(Wanted, AlsoWhereItsFileLeftToo) {
  const char* local = "A gone 1\nB new A1 x S";
  EXPECT_EQ(wanted("A 1 x S", "A gone 1\nA new 9 z S unseen\nC new 7 y S unseen", local), "C/7\n");
  EXPECT_EQ(wanted("A 1 x S", "A gone 1\nA new 9 z S unseen\nC new 7 y S", local), "A/9\n");
}
TEST(Wanted, EverywhereWhereMessagesLeftSeveralMailboxes) {
  EXPECT_EQ(
      wanted("A 1 x S\nB 1 y S", "A gone 1\nB gone 1\nA new 9 z S unseen\nB new 9 z S unseen", ""),
      "A/9\nB/9\n");
}
TEST(Wanted, NothingForWhatIsGoneOnBothSides) {
  EXPECT_EQ(wanted("A 1 x S", "A gone 1\nB new 7 y S unseen", "A gone 1"), "");
}
TEST(Wanted, NothingOfAMailboxWithTooMuchNews) {
  Input input = read({kMailboxes, "A 1 x S", "A gone 1", ""});
  mailbox(input, "B").remote.arrived.add_range(Uid(1), Uid(5001));
  mailbox(input, "C").remote.arrived.add_range(Uid(1), Uid(5000));
  EXPECT_EQ(show_wanted(input), "C/1:5000\n");
}
TEST(Wanted, NothingOfItsOwnMailboxWithTooMuchNews) {
  Input input = read({kMailboxes, "A 1 x S", "A gone 1", ""});
  mailbox(input, "A").remote.arrived.add_range(Uid(2), Uid(5002));
  EXPECT_EQ(show_wanted(input), "");
}
TEST(Wanted, TheTargetOfAnOpenMove) {
  Input input = read(
      {kMailboxes, "C 1 x S", "A new 7 x S unseen\nB new 7 y S unseen\nC new 7 z S unseen", ""});
  add_intent(input, IntentKind::move_out, "C", 1, "", "", "B");
  EXPECT_EQ(show_wanted(input), "B/7\n");
}
TEST(Wanted, EverythingNewForAnOpenUploadThatMissesItsFile) {
  Input input = read({kMailboxes, "", "A new 7 x S unseen\nB new 7 y S unseen", ""});
  add_intent(input, IntentKind::upload, "A", 0, "n1", "x", "");
  EXPECT_EQ(show_wanted(input), "A/7\nB/7\n");
}
TEST(Wanted, WhatAMoveWithoutARowMayHaveLeftBehind) {
  Input input = read({kMailboxes, "", "A new 4 x S unseen\nA new 5 y S unseen", ""});
  add_intent(input, IntentKind::move_out, "A", 4, "n1", "x", "B");
  EXPECT_EQ(show_wanted(input), "A/4\n");
}
TEST(Wanted, WhatAnEditMayHaveBecome) {
  EXPECT_EQ(wanted("A 1 x S", "A new 7 y S unseen", "A edited 1 y"), "A/7\n");
}
TEST(Wanted, InItsMailboxForAMessageWhoseFileWasChanged) {
  EXPECT_EQ(wanted("A 1 x S", "A gone 1\nA new 7 x S unseen", "A flags 1 FS"), "A/7\n");
}
TEST(Wanted, TheMessageThatAFileNamesAsItsOrigin) {
  EXPECT_EQ(wanted("", "A new 7 x S unseen\nA new 8 y S unseen", "B new n1 x S from=A/7"),
            "A/7:8\n");
}
TEST(Wanted, RowsOfUnknownContentThatHaveTheNameOfANewFile) {
  EXPECT_EQ(wanted("A 1 x S anonymous", "", "B new A1 x S"), "A/1\n");
}
TEST(Wanted, RowsOfUnknownContentThatMissAFileOfThatSize) {
  EXPECT_EQ(wanted("A 1 x S anonymous", "", "A gone 1\nB new other x S"), "A/1\n");
  EXPECT_EQ(wanted("A 1 x S anonymous", "", "A gone 1\nB new other y S"), "");
}
TEST(Wanted, WantedRowsBesideANewFile) {
  EXPECT_EQ(wanted("A 1 x - wanted anonymous", "", "A new n1 x S"), "A/1\n");
}
TEST(Wanted, AnAnswerAboutARowIsUsed) {
  EXPECT_EQ(told({kMailboxes, "A 1 x S anonymous", "A detail 1 x", "A gone 1\nB new other x S"}),
            "move_out A/1 -> B other S\n");
  EXPECT_EQ(told({kMailboxes, "A 1 x S anonymous", "A detail 1 x", "B new A1 x S"}),
            "upload B A1 S copy=A/1\n");
}
TEST(Wanted, WhatIsNewInAMailboxThatIsPairedAnewForAFileElsewhere) {
  Input input = read({kMailboxes, "", "B new 7 y S unseen\nC new 7 z S unseen", "A new n1 x S"});
  mailbox(input, "A").adopting = true;
  mailbox(input, "B").adopting = mailbox(input, "B").paired_anew = true;
  EXPECT_EQ(show_wanted(input), "B/7\n");
}
TEST(Wanted, NothingOfAMailboxThatWasNotSeen) {
  EXPECT_EQ(wanted("", "A new 1 x S unseen\nA unknown", "A new n1 x S"), "");
}

// --- adopting ---

TEST(WantedByAdoption, AllThatIsNewWhereFilesAre) {
  Input input = read({kMailboxes, "", "A new 1 x S unseen\nB new 1 y S unseen", "A new n1 x S"});
  for (MailboxInput& in : input.mailboxes) in.adopting = true;
  EXPECT_EQ(show_wanted(input), "A/1\n");
}
TEST(WantedByAdoption, EverywhereForAMarkThatIsNotInItsMailbox) {
  Input input =
      read({kMailboxes, "", "A new 1 x S unseen\nB new 1 y S unseen", "A new n1 x S mark=7"});
  for (MailboxInput& in : input.mailboxes) in.adopting = true;
  EXPECT_EQ(show_wanted(input), "A/1\nB/1\n");
}
TEST(WantedByAdoption, EverywhereOnlyWhenItsMailboxSaidNo) {
  Input input =
      read({kMailboxes, "", "A new 7 y S unseen\nB new 1 x S unseen", "A new n1 x S mark=7"});
  for (MailboxInput& in : input.mailboxes) in.adopting = true;
  EXPECT_EQ(show_wanted(input), "A/7\n");
  input = read({kMailboxes, "", "A new 7 y S\nB new 1 x S unseen", "A new n1 x S mark=7"});
  for (MailboxInput& in : input.mailboxes) in.adopting = true;
  EXPECT_EQ(show_wanted(input), "B/1\n");
}

}  // namespace
}  // namespace sterna::sync::test
