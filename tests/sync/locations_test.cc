// SPDX-License-Identifier: Apache-2.0
// The table of locations, cell by cell: rows "what the server did", columns "what the user did
// here".
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notation.h"

namespace sterna::sync::test {
namespace {

constexpr std::string_view kMailboxes = "A B C Trash:trash";
constexpr std::string_view kBase = "A 1 x S";

std::string planned(std::string_view remote, std::string_view local) {
  return told({kMailboxes, kBase, remote, local});
}

// --- the server's side is unknown ---

TEST(RemoteUnknown, NothingIsDoneForARowThatIsTheSame) {
  EXPECT_EQ(planned("A unknown", ""), "");
}
TEST(RemoteUnknown, ALocallyGoneRowWaits) {
  EXPECT_EQ(planned("A unknown", "A gone 1"), "wait A/1\n");
}
TEST(RemoteUnknown, AMovedFileWaitsAndIsNotUploaded) {
  EXPECT_EQ(planned("A unknown", "A gone 1\nB new A1 x S"), "wait A/1\nwait B A1\n");
}
TEST(RemoteUnknown, ACopyWaits) {
  EXPECT_EQ(planned("A unknown", "B new A1 x S"), "wait B A1\n");
}
TEST(RemoteUnknown, AnEditWaits) {
  EXPECT_EQ(planned("A unknown", "A edited 1 y"), "wait A/1\n");
}
TEST(RemoteUnknown, ChangedFlagsWait) {
  EXPECT_EQ(planned("A unknown", "A flags 1 FS"), "wait A/1\n");
}

// --- the server has it where it was ---

TEST(RemoteSame, NothingToDo) {
  EXPECT_EQ(planned("", ""), "");
}
TEST(RemoteSame, ALocallyGoneRowIsMovedToTheTrash) {
  EXPECT_EQ(planned("", "A gone 1"), "delete_out A/1 to_trash\n");
}
TEST(RemoteSame, AMovedFileMovesTheMessage) {
  EXPECT_EQ(planned("", "A gone 1\nB new A1 x S"), "move_out A/1 -> B A1 S\n");
}
TEST(RemoteSame, AFileMovedToTheTrashMovesTheMessageThere) {
  EXPECT_EQ(planned("", "A gone 1\nTrash new A1 x S"), "move_out A/1 -> Trash A1 S\n");
}
TEST(RemoteSame, AMovedFileUnderAnotherNameIsAMove) {
  EXPECT_EQ(planned("", "A gone 1\nB new mutt.7 x S"), "move_out A/1 -> B mutt.7 S\n");
}
TEST(RemoteSame, AFileThatLostTheFieldsOfItsNameIsAMove) {
  EXPECT_EQ(told({kMailboxes, "A 1 x S name=17.host,U=9", "", "A gone 1\nB new 17.host x S"}),
            "move_out A/1 -> B 17.host S\n");
}
TEST(RemoteSame, ARenamedFileInItsMailboxIsOnlyNoted) {
  EXPECT_EQ(planned("", "A gone 1\nA new other x S"), "record A/1 S other:2,S\n");
}
TEST(RemoteSame, ARenamedFileWithOtherFlagsPushesThem) {
  EXPECT_EQ(planned("", "A gone 1\nA new other x FS"), "push_flags A/1 FS remote+F\n");
}
TEST(RemoteSame, AnExtraCopyIsCopiedOnTheServer) {
  EXPECT_EQ(planned("", "B new A1 x S"), "upload B A1 S copy=A/1\n");
}
TEST(RemoteSame, AnExtraCopyOfUnknownOriginalIsAppended) {
  EXPECT_EQ(told({kMailboxes, "A 1 x S anonymous", "", "B new A1 x S"}), "upload B A1 S\n");
}
TEST(RemoteSame, AFileOfTheSameNameWithOtherContentIsNew) {
  EXPECT_EQ(planned("", "B new A1 y S"), "upload B A1 S\n");
}
TEST(RemoteSame, AnEditIsAppendedAndReplacesTheMessage) {
  EXPECT_EQ(planned("", "A edited 1 y"), "upload A A1 S replaces=1\n");
}

// --- the message is gone from the server ---

// Forgotten at once, it would be sent as new when it is no longer written to.
TEST(RemoteGone, WhatIsMissedHereWaitsForAFileThatMayBeIts) {
  EXPECT_EQ(planned("A gone 1", "A gone 1\nB new A1 x S writing"), "wait A/1\nwait B A1\n");
  EXPECT_EQ(planned("A gone 1", "A gone 1\nB new n1 x S writing"), "wait A/1\nwait B n1\n");
  EXPECT_EQ(planned("A gone 1", "A gone 1\nB new n1 x S"), "upload B n1 S forgets=A/1\n");
}
TEST(RemoteGone, WaitsWhereTheLocalSideIsUnknown) {
  EXPECT_EQ(planned("A gone 1", "A unknown"), "wait A/1\n");
}
TEST(RemoteGone, TheFileGoes) {
  EXPECT_EQ(planned("A gone 1", ""), "delete_in A/1\n");
}
TEST(RemoteGone, TheFileWaitsWhileSomethingNewIsNotToldApart) {
  EXPECT_EQ(planned("A gone 1\nB new 7 y - unseen", ""), "download B/7\nwait A/1\n");
  EXPECT_EQ(planned("A gone 1\nB new 7 y -", ""), "download B/7\ndelete_in A/1\n");
}
TEST(RemoteGone, DeletionBeatsChangedFlags) {
  EXPECT_EQ(planned("A gone 1", "A flags 1 F"), "delete_in A/1 A1:2,F\n");
}
TEST(RemoteGone, ARenamedFileGoesUnderItsNewName) {
  EXPECT_EQ(planned("A gone 1", "A gone 1\nA new other x S"), "delete_in A/1 other:2,S\n");
}
TEST(RemoteGone, GoneOnBothSidesIsATombstone) {
  EXPECT_EQ(planned("A gone 1", "A gone 1"), "forget A/1 tombstone\n");
}
TEST(RemoteGone, AMovedFileIsPairedWithWhatIsNewThere) {
  EXPECT_EQ(planned("A gone 1\nB new 7 x -", "A gone 1\nB new A1 x S"),
            "pair B/7 A1 - local-S forgets=A/1\n");
}
TEST(RemoteGone, AMovedFileWithNothingNewThereIsKeptAsNew) {
  EXPECT_EQ(planned("A gone 1", "A gone 1\nB new A1 x S"), "upload B A1 S forgets=A/1\n");
}
TEST(RemoteGone, AMovedFileWaitsWhereNewsIsNotToldApart) {
  EXPECT_EQ(planned("A gone 1\nB new 7 x - unseen", "A gone 1\nB new A1 x S"),
            "download B/7\nwait A/1\nwait B A1\n");
}
TEST(RemoteGone, AMovedFileWaitsWhileSomethingNewElsewhereIsNotToldApart) {
  EXPECT_EQ(planned("A gone 1\nC new 7 x - unseen", "A gone 1\nB new A1 x S"),
            "download C/7\nwait A/1\nwait B A1\n");
}
TEST(RemoteGone, AFileMovedToTheTrashGoes) {
  EXPECT_EQ(planned("A gone 1", "A gone 1\nTrash new A1 x S"), "delete_in A/1 A1:2,S in Trash\n");
}
TEST(RemoteGone, ACopyIsNewAndTheOriginalGoes) {
  EXPECT_EQ(planned("A gone 1", "B new A1 x S"), "upload B A1 S\ndelete_in A/1\n");
}
TEST(RemoteGone, AnEditIsKeptAsNew) {
  EXPECT_EQ(planned("A gone 1", "A edited 1 y"), "upload A A1 S forgets=A/1\n");
}
TEST(RemoteGone, AnEditWaitsWhileSomethingNewElsewhereIsNotToldApart) {
  EXPECT_EQ(planned("A gone 1\nC new 7 x - unseen", "A edited 1 y"), "download C/7\nwait A/1\n");
}

// --- the message moved on the server, to B ---

constexpr std::string_view kMoved = "A gone 1\nB new 7 x S";

TEST(RemoteMoved, WaitsWhereTheLocalSideIsUnknown) {
  EXPECT_EQ(planned(kMoved, "A unknown"), "wait A/1\nwait B/7\n");
}
TEST(RemoteMoved, WaitsWhereTheTargetIsUnknownHere) {
  EXPECT_EQ(planned(kMoved, "B suspect"), "wait A/1\nwait B/7\n");
}
TEST(RemoteMoved, TheFileFollows) {
  EXPECT_EQ(planned(kMoved, ""), "move_in A/1 -> B/7 A:A1 S\n");
}
TEST(RemoteMoved, TheFileFollowsToTheTrash) {
  EXPECT_EQ(planned("A gone 1\nTrash new 7 x S", ""), "move_in A/1 -> Trash/7 A:A1 S\n");
}
// Its own mailbox may have been looked at before the user moved it.
TEST(RemoteMoved, ItsOwnFileElsewhereWaits) {
  EXPECT_EQ(told({"A B C", "A 1 x S", "A gone 1\nB new 7 x S", "C new n1 x S ino=A/1"}),
            "move_in A/1 -> B/7 A:A1 S\nwait C n1\n");
  EXPECT_EQ(told({"A B C", "A 1 x S", "A gone 1\nB new 7 x S", "C new A1 x S ino=A/1"}),
            "move_in A/1 -> B/7 A:A1 S\nwait C A1\n");
}
TEST(RemoteMoved, FlagsOfBothSidesAreMerged) {
  EXPECT_EQ(planned("A gone 1\nB new 7 x RS", "A flags 1 FS"),
            "move_in A/1 -> B/7 A:A1 FRS remote+F\n");
}
TEST(RemoteMoved, AGoneFileComesAgain) {
  EXPECT_EQ(planned(kMoved, "A gone 1"), "download B/7\nforget A/1 tombstone\n");
}
TEST(RemoteMoved, AFileMovedToTheSamePlaceIsPaired) {
  EXPECT_EQ(planned(kMoved, "A gone 1\nB new A1 x S"), "pair B/7 A1 S forgets=A/1\n");
}
TEST(RemoteMoved, TheServersPlaceWins) {
  EXPECT_EQ(planned(kMoved, "A gone 1\nC new A1 x S"), "move_in A/1 -> B/7 C:A1 S\n");
}
TEST(RemoteMoved, TrashOfTheServerLosesAgainstAnyOtherPlace) {
  EXPECT_EQ(planned("A gone 1\nTrash new 7 x S", "A gone 1\nC new A1 x S"),
            "move_out Trash/7 -> C A1 S forgets=A/1\n");
}
TEST(RemoteMoved, TrashOfTheUserLosesAgainstAnyOtherPlace) {
  EXPECT_EQ(planned(kMoved, "A gone 1\nTrash new A1 x S"), "move_in A/1 -> B/7 Trash:A1 S\n");
}
TEST(RemoteMoved, TrashOnBothSidesIsThePlace) {
  EXPECT_EQ(planned("A gone 1\nTrash new 7 x S", "A gone 1\nTrash new A1 x S"),
            "pair Trash/7 A1 S forgets=A/1\n");
}
TEST(RemoteMoved, ACopyIsCopiedFromTheNewPlace) {
  EXPECT_EQ(planned(kMoved, "C new A1 x S"), "move_in A/1 -> B/7 A:A1 S\nupload C A1 S copy=B/7\n");
}
TEST(RemoteMoved, AnEditMovesAndIsReplacedInTheNextPass) {
  EXPECT_EQ(planned(kMoved, "A edited 1 y"), "move_in A/1 -> B/7 A:A1 S differs\n");
}

// --- moved to where the account does not follow ---

TEST(RemoteMovedAway, TheFileGoesAsIfDeleted) {
  Input input = read({kMailboxes, kBase, kMoved, ""});
  mailbox(input, "B").direction = Direction::push;
  EXPECT_EQ(told(input), "forget B/7 dropped\ndelete_in A/1\n");
}
TEST(RemoteMovedAway, AFileMovedHereIsKept) {
  EXPECT_EQ(planned("A gone 1", "A gone 1\nC new A1 x S"), "upload C A1 S forgets=A/1\n");
}

// --- a move that cannot be sent is parked ---

TEST(ParkedMove, ToAReadOnlyMailbox) {
  EXPECT_EQ(planned("B readonly", "A gone 1\nB new A1 x S"), "wait A/1\nwait B A1\n");
}
TEST(ParkedMove, ToAMailboxThatIsPullOnly) {
  Input input = read({kMailboxes, kBase, "", "A gone 1\nB new A1 x S"});
  mailbox(input, "B").direction = Direction::pull;
  EXPECT_EQ(told(input), "wait A/1\nwait B A1\n");
}
TEST(ParkedMove, ToAMailboxThatWasNotSeen) {
  EXPECT_EQ(planned("B unknown", "A gone 1\nB new A1 x S"), "wait A/1\nwait B A1\n");
}
TEST(ParkedMove, OutOfAPullOnlyMailboxIsACopy) {
  Input input = read({kMailboxes, kBase, "", "A gone 1\nB new A1 x S"});
  mailbox(input, "A").direction = Direction::pull;
  EXPECT_EQ(told(input), "upload B A1 S copy=A/1\nforget A/1 dropped\n");
}

// --- the local side of one row is unknown ---

TEST(LocalUnknown, ChangedFlagsOfTheServerWait) {
  EXPECT_EQ(planned("A flags 1 F", "A suspect"), "wait A/1\n");
}
TEST(LocalUnknown, NewMessagesAreNotPutIntoASuspectDirectory) {
  EXPECT_EQ(planned("A new 7 y -", "A suspect"), "wait A\n");
}
TEST(LocalUnknown, AFileFromASuspectMailboxIsNeitherMovedNorCopied) {
  EXPECT_EQ(planned("", "A suspect\nB new A1 x S"), "wait B A1\n");
}

}  // namespace
}  // namespace sterna::sync::test
