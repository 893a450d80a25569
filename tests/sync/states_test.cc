// SPDX-License-Identifier: Apache-2.0
// Rows in other states than present: their files are not missed (rule 2).
#include <gtest/gtest.h>

#include "notation.h"

namespace sterna::sync::test {
namespace {

std::string planned(std::string_view base, std::string_view remote, std::string_view local) {
  return told({"A B Trash:trash", base, remote, local});
}

TEST(States, OnlyPresentAndStubCanBeLocallyGone) {
  for (const RowState state : {RowState::wanted, RowState::dropped, RowState::quarantined,
                               RowState::dropping, RowState::tombstone, RowState::detached}) {
    const std::string base = "A 1 x S " + std::string(to_string(state));
    for (const Action& action : plan(read({"A", base, "", "A gone 1"})).actions) {
      EXPECT_FALSE(std::holds_alternative<DeleteOut>(action.what)) << base;
    }
  }
}

TEST(Wanted, GoneFromTheServerIsForgotten) {
  EXPECT_EQ(planned("A 1 x - wanted", "A gone 1", ""), "forget A/1 tombstone\n");
}
TEST(Wanted, WaitsWithoutWordsWhileTheServerIsNotSeen) {
  EXPECT_EQ(planned("A 1 x - wanted", "A unknown", ""), "");
}

TEST(Wanted, AWreckWhoseRemovalWasBegunIsTakenAway) {
  EXPECT_EQ(planned("A 1 x S wanted", "", "A new A1 y S ino=A/1"), "download A/1\nrepair A/1 A1\n");
}
TEST(Wanted, AFileOfThatNameThatIsWholeIsTheMessage) {
  EXPECT_EQ(planned("A 1 x S wanted", "", "A new A1 x S"), "pair A/1 A1 S\n");
}

TEST(Quarantined, IsLeftToItsSchedule) {
  EXPECT_EQ(planned("A 1 x - quarantined", "", ""), "");
}
TEST(Quarantined, FollowsGone) {
  EXPECT_EQ(planned("A 1 x - quarantined", "A gone 1", ""), "forget A/1 tombstone\n");
}

TEST(Dropped, GoneFromTheServerIsATombstone) {
  EXPECT_EQ(planned("A 1 x S dropped", "A gone 1", ""), "forget A/1 tombstone\n");
}
TEST(Dropped, FlagsOfTheServerAreNoted) {
  EXPECT_EQ(planned("A 1 x S dropped", "A flags 1 FS", ""), "record A/1 FS\n");
}
TEST(Dropped, IsNotFetchedAgain) {
  EXPECT_EQ(planned("A 1 x S dropped", "", ""), "");
}
TEST(Dropped, AFileThatReturnsMakesItPresent) {
  EXPECT_EQ(planned("A 1 x S dropped", "", "A new A1 x FS"), "pair A/1 A1 FS remote+F\n");
}
TEST(Dropped, AFileOfThatNameWithOtherContentIsNew) {
  EXPECT_EQ(planned("A 1 x S dropped", "", "A new A1 y S"), "upload A A1 S\n");
}

TEST(Detached, IsNeverPushedNorUploaded) {
  EXPECT_EQ(planned("A 1 x S detached", "", "A flags 1 FS"), "record A/1 FS A1:2,FS\n");
  EXPECT_EQ(planned("A 1 x S detached", "", "B new A1 x S"), "consumed B A1\n");
}
TEST(Detached, GoneIsForgotten) {
  EXPECT_EQ(planned("A 1 x S detached", "", "A gone 1"), "forget A/1 tombstone\n");
}

// --- a message that comes back to where its file was kept ---

TEST(Detached, IsItsMessagesAgainWhenThatComesBack) {
  EXPECT_EQ(planned("A 1 x S detached", "A new 7 x S", ""), "pair A/7 A1 S forgets=A/1\n");
}
TEST(Detached, IsNotThatOfAnotherMessage) {
  EXPECT_EQ(planned("A 1 x S detached", "A new 7 y S", ""), "download A/7\n");
  EXPECT_EQ(planned("A 1 x S detached", "B new 7 x S", ""), "download B/7\n");
  EXPECT_EQ(planned("A 1 x S detached", "A new 7 x S", "A edited 1 y"),
            "record A/1 S A1:2,S\ndownload A/7\n");
}
TEST(Detached, WhoseFileWentIsFetched) {
  EXPECT_EQ(planned("A 1 x S detached", "A new 7 x S", "A gone 1"),
            "download A/7\nforget A/1 tombstone\n");
}
TEST(Detached, WhatIsNewBesideItIsLookedAt) {
  Input input = read({"A B", "", "A new 7 x S unseen\nB new 8 x S unseen", ""});
  EXPECT_EQ(show_wanted(input), "");
  mailbox(input, "A").has_detached = true;
  EXPECT_EQ(show_wanted(input), "A/7\n");
  mailbox(input, "A").direction = Direction::push;
  EXPECT_EQ(show_wanted(input), "");
}

// --- our own removals, cut between intent and effect ---

TEST(Dropping, WithItsFileIsFinished) {
  EXPECT_EQ(planned("A 1 x S dropping", "", "A new A1 x S"), "delete_in A/1 A1:2,S into dropped\n");
}
TEST(Dropping, WithoutItsFileIsRecorded) {
  EXPECT_EQ(planned("A 1 x S dropping", "", ""), "forget A/1 dropped\n");
}
TEST(Dropping, IsNotForgottenWhereAListingMayHaveLeftItsFileOut) {
  EXPECT_EQ(planned("A 1 x S dropping", "A gone 1", "A changes"), "wait A/1\n");
  EXPECT_EQ(planned("A 1 x S dropping", "A gone 1", "A busy"), "wait A/1\n");
}
TEST(Dropping, GoneFromTheServerMeanwhileIsATombstone) {
  EXPECT_EQ(planned("A 1 x S dropping", "A gone 1", ""), "forget A/1 tombstone\n");
  EXPECT_EQ(planned("A 1 x S dropping", "A gone 1", "A new A1 x S"), "delete_in A/1 A1:2,S\n");
}
TEST(Dropping, WaitsWhereASideIsUnknown) {
  EXPECT_EQ(planned("A 1 x S dropping", "A unknown", "A new A1 x S"), "wait A A1\nwait A/1\n");
  EXPECT_EQ(planned("A 1 x S dropping", "", "A unknown"), "");
}

TEST(Deleting, IsResumed) {
  EXPECT_EQ(planned("A 1 x S deleting", "", ""), "delete_out A/1 to_trash\n");
}
TEST(Deleting, IsLetBeWhereThePolicyWasChangedSince) {
  Input input = read({"A Trash:trash", "A 1 x S deleting", "", ""});
  mailbox(input, "A").direction = Direction::pull;
  EXPECT_EQ(told(input), "forget A/1 dropped\n");
  mailbox(input, "A").direction = Direction::both;
  mailbox(input, "A").local_delete = LocalDelete::ignore;
  EXPECT_EQ(told(input), "forget A/1 dropped\n");
}
TEST(Deleting, IsResumedAsItWasBegun) {
  Input input = read({"A Trash:trash", "A 1 x S deleting", "", ""});
  mailbox(input, "A").local_delete = LocalDelete::expunge;
  EXPECT_EQ(told(input), "delete_out A/1 expunge\n");
  add_intent(input, IntentKind::delete_out, "A", 1, "", "", "").to_trash = true;
  EXPECT_EQ(told(input), "delete_out A/1 to_trash\n");
}
// What is new in the Trash is told by the server only.
std::string resumed(std::string_view base, std::string_view remote) {
  Input input = read({"A Trash:trash", base, remote, ""});
  Intent& intent = add_intent(input, IntentKind::delete_out, "A", 1, "", "x", "Trash");
  intent.to_trash = true;
  return told(input);
}

TEST(Deleting, IsOnlyExpungedWhereItsCopyIsInTheTrash) {
  EXPECT_EQ(resumed("A 1 x S deleting", "Trash new 5 x S"),
            "download Trash/5\ndelete_out A/1 expunge\n");
  EXPECT_EQ(resumed("A 1 x S deleting\nTrash 5 x S", ""), "delete_out A/1 expunge\n");
}
TEST(Deleting, IsCopiedWhereTheTrashHasOnlyWhatWasThereBeforeOrIsAnother) {
  EXPECT_EQ(resumed("A 1 x S deleting\nTrash 4 x S", ""), "delete_out A/1 to_trash\n");
  EXPECT_EQ(resumed("A 1 x S deleting\nTrash 5 y S", ""), "delete_out A/1 to_trash\n");
}
TEST(Deleting, WaitsWhereTheTrashIsNotKnown) {
  EXPECT_EQ(resumed("A 1 x S deleting", "Trash unknown"), "wait A/1\n");
}
TEST(Deleting, IsNotHeldByTheBrakeThatLetItThrough) {
  Input input = read({"A Trash:trash", "A 1 x S deleting", "", ""});
  mailbox(input, "A").brake = {0.0, 1};
  EXPECT_EQ(told(input), "delete_out A/1 to_trash\n");
}
TEST(Deleting, DoneIsATombstone) {
  EXPECT_EQ(planned("A 1 x S deleting", "A gone 1", ""), "forget A/1 tombstone\n");
}
TEST(Deleting, WaitsWhereASideIsUnknown) {
  EXPECT_EQ(planned("A 1 x S deleting", "A unknown", ""), "wait A/1\n");
  EXPECT_EQ(planned("A 1 x S deleting", "", "A unknown"), "wait A/1\n");
}
// The mark on the server is ours. It is gone before the row says that the file is there: else it
// would be the user's, if the line died between.
TEST(Deleting, AFileThatIsBackCallsItOff) {
  Input input = read({"A Trash:trash", "A 1 x S deleting", "A flags 1 ST", "A new A1 x S"});
  add_intent(input, IntentKind::delete_out, "A", 1, "", "", "");
  EXPECT_EQ(told(input), "clear_deleted A/1\nwait A A1\nwait A/1\n");
  EXPECT_EQ(planned("A 1 x S deleting", "A flags 1 S", "A new A1 x S"), "pair A/1 A1 S\n");
}
TEST(Deleting, OurOwnDeletedFlagIsNeverPulled) {
  EXPECT_EQ(planned("A 1 x S deleting", "A flags 1 FST", "A new A1 x S"),
            "pair A/1 A1 FS local+F\n");
}
TEST(Deleting, AFileThatAppearsElsewhereWasMoved) {
  EXPECT_EQ(planned("A 1 x S deleting", "A flags 1 ST", "B new A1 x S"),
            "move_out A/1 -> B A1 S marked\n");
}
TEST(Deleting, EqualContentAloneIsNotItsFile) {
  EXPECT_EQ(planned("A 1 x S deleting", "", "B new other x S"), "upload B other S\nwait A/1\n");
}
TEST(Deleting, IsNotForgottenWhereAListingMayHaveLeftItsFileOut) {
  EXPECT_EQ(planned("A 1 x S deleting", "A gone 1", "A changes"), "wait A/1\n");
  EXPECT_EQ(planned("A 1 x S deleting", "A gone 1", "A busy"), "wait A/1\n");
}
TEST(Deleting, AFileThatADiskBroughtBackIsHeld) {
  EXPECT_EQ(planned("A 1 x S deleting", "A gone 1", "A new A1 x S resurrected"),
            "forget A/1 tombstone\nheld resurrected A A1\n");
  EXPECT_EQ(planned("A 1 x S deleting", "A gone 1", "A new A1 x S held"),
            "forget A/1 tombstone\nheld orphan A A1\n");
}
TEST(Deleting, AFileThatIsBackTooLateIsRestored) {
  EXPECT_EQ(planned("A 1 x S deleting", "A gone 1", "A new A1 x S"), "upload A A1 S forgets=A/1\n");
}
TEST(Deleting, AFileThatIsBackTooLateIsTakenOutOfTheTrash) {
  EXPECT_EQ(planned("A 1 x S deleting", "A gone 1\nTrash new 7 x S", "B new A1 x S"),
            "move_out Trash/7 -> B A1 S marked forgets=A/1\n");
}

}  // namespace
}  // namespace sterna::sync::test
