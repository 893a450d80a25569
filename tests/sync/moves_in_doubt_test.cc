// SPDX-License-Identifier: Apache-2.0
// Open moves of ours: done, done by half, or never done (rule 12).
#include <gtest/gtest.h>

#include "notation.h"

namespace sterna::sync::test {
namespace {

constexpr std::string_view kMailboxes = "A B C Trash:trash";

Input moving(std::string_view remote, std::string_view local, unsigned looks = 0) {
  Input input = read({kMailboxes, "A 1 x S", remote, local});
  add_intent(input, IntentKind::move_out, "A", 1, "n1", "x", "B").looks = looks;
  return input;
}

TEST(MoveInDoubt, DoneIsPaired) {
  EXPECT_EQ(told(moving("A gone 1\nB new 7 x S", "A gone 1\nB new A1 x S")),
            "pair B/7 A1 S forgets=A/1\n");
}
TEST(MoveInDoubt, NotDoneIsPlannedAnew) {
  EXPECT_EQ(told(moving("", "A gone 1\nB new A1 x S")), "move_out A/1 -> B A1 S\n");
}
TEST(MoveInDoubt, DoneByHalfIsFinished) {
  EXPECT_EQ(told(moving("B new 7 x S", "A gone 1\nB new A1 x S")),
            "pair B/7 A1 S\ndelete_out A/1 expunge\n");
}
// No deletion of the user's, who may flag it meanwhile.
TEST(MoveInDoubt, DoneByHalfIsFinishedAlsoWhenOnlyItsNewPlaceWasRecorded) {
  Input input = read({kMailboxes, "A 1 x S\nB 7 x S name=n1", "A flags 1 FS", "A gone 1"});
  add_intent(input, IntentKind::move_out, "A", 1, "n1", "x", "B");
  EXPECT_EQ(told(input), "delete_out A/1 expunge\n");
  input.intents.clear();
  EXPECT_EQ(told(input), "delete_out A/1 to_trash\n");
}
TEST(MoveInDoubt, DoneByHalfIsFinishedAlsoWhenTheRemovalOfTheRestWasCut) {
  Input input = read({kMailboxes, "A 1 x S deleting\nB 7 x S name=n1", "A flags 1 FS", ""});
  add_intent(input, IntentKind::move_out, "A", 1, "n1", "x", "B");
  add_intent(input, IntentKind::delete_out, "A", 1, "", "", "");
  EXPECT_EQ(told(input), "delete_out A/1 expunge\n");
  mailbox(input, "B").remote.coverage = Coverage::unknown;
  EXPECT_EQ(told(input), "wait A/1\n");
}
TEST(MoveInDoubt, DoneByHalfForAFileWithoutARowIsFinished) {
  Input input = read({kMailboxes, "", "A new 1 x S\nB new 7 x S", "B new n1 x S"});
  add_intent(input, IntentKind::move_out, "A", 1, "n1", "x", "B");
  EXPECT_EQ(told(input), "pair B/7 n1 S\ndelete_out A/1 expunge\n");
}
TEST(MoveInDoubt, DoneByHalfFromUnderANewUidIsFinished) {
  Input input =
      read({kMailboxes, "A 1 x S", "A gone 1\nA new 9 x S\nB new 7 x S", "A gone 1\nB new A1 x S"});
  add_intent(input, IntentKind::move_out, "A", 9, "A1", "x", "B");
  EXPECT_EQ(told(input), "pair B/7 A1 S forgets=A/1\ndelete_out A/9 expunge\n");
}
TEST(MoveInDoubt, DoneForAFileWithoutARowHasTheFlagsOfTheIntentAsBase) {
  Input input = read({kMailboxes, "", "B new 7 x F", "B new n1 x S"});
  EXPECT_EQ(told(input), "pair B/7 n1 FS remote+S local+F\n");
  add_intent(input, IntentKind::move_out, "A", 4, "n1", "x", "B").flags = FlagSet{Flag::seen};
  EXPECT_EQ(told(input), "pair B/7 n1 F local+F-S\n");
}
TEST(MoveInDoubt, DoneByHalfLosesTheCopyIfTheFileWentElsewhereSince) {
  EXPECT_EQ(told(moving("B new 7 x S", "A gone 1\nC new A1 x S")),
            "move_out A/1 -> C A1 S\ndelete_out B/7 expunge\n");
  EXPECT_EQ(told(moving("B new 7 x S", "")), "delete_out B/7 expunge\n");
}
TEST(MoveInDoubt, DoneIsNoMoveOfAnotherClientThatWinsOverALaterOne) {
  EXPECT_EQ(told(moving("A gone 1\nB new 7 x S", "A gone 1\nC new A1 x S")),
            "move_out B/7 -> C A1 S forgets=A/1\n");
}
TEST(MoveInDoubt, DoneIsUndoneForAFileThatIsBackInItsPlace) {
  EXPECT_EQ(told(moving("A gone 1\nB new 7 x S", "")), "move_out B/7 -> A A1 S forgets=A/1\n");
  EXPECT_EQ(told(moving("A gone 1\nB new 7 x S", "A flags 1 FS")),
            "move_out B/7 -> A A1 FS remote+F forgets=A/1\n");
}
TEST(MoveInDoubt, WithoutAnIntentTheSameIsACopyOfSomebodyElse) {
  EXPECT_EQ(told({kMailboxes, "A 1 x S", "B new 7 x S", "A gone 1\nB new A1 x S"}),
            "download B/7\nmove_out A/1 -> B A1 S\n");
}
TEST(MoveInDoubt, GoneThereAndNotYetSeenHereIsLookedForThreeTimes) {
  EXPECT_EQ(told(moving("A gone 1", "A gone 1\nB new A1 x S", 2)), "wait A/1\nwait B A1\n");
  EXPECT_EQ(told(moving("A gone 1", "A gone 1\nB new A1 x S", 3)), "upload B A1 S forgets=A/1\n");
}
TEST(MoveInDoubt, UnderAnotherUidValidityItIsNeverSentAgain) {
  Input input = moving("A gone 1", "A gone 1\nB new A1 x S", 9);
  input.intents.front().target_uidvalidity = UidValidity(5);
  EXPECT_EQ(told(input), "held orphan B A1\nwait A/1\nwait B A1\n");
  mailbox(input, "B").local.arrived.front().restored = true;
  EXPECT_EQ(told(input), "upload B A1 S forgets=A/1\n");
}
// What counts is the mailbox that the message was moved to, not the one that its file is in.
TEST(MoveInDoubt, GoneFromWhereItWasMovedAndMovedOnHereItIsSentAgain) {
  Input input = moving("A gone 1", "A gone 1\nC new A1 x S", 3);
  mailbox(input, "B").remote.uidvalidity = UidValidity(5);
  EXPECT_EQ(told(input), "held orphan C A1\nwait A/1\nwait C A1\n");
  input.intents.front().target_uidvalidity = UidValidity(5);
  EXPECT_EQ(told(input), "upload C A1 S forgets=A/1\n");
}
TEST(MoveInDoubt, AFileDeletedSinceIsMissedByWhatWasMoved) {
  Input input = moving("A gone 1\nB new 7 x S", "A gone 1");
  EXPECT_EQ(told(input), "missed B/7 n1 - forgets=A/1\nwait B/7\n");
}
TEST(MoveInDoubt, AFileThatABackupLacksIsFetchedAgain) {
  Input input = moving("A gone 1\nB new 7 x S", "A gone 1");
  mailbox(input, "B").adopting = mailbox(input, "B").paired_anew = true;
  EXPECT_EQ(told(input), "download B/7\nclose_intent 1\nforget A/1 tombstone\n");
  input = moving("B new 7 x S", "A gone 1");
  mailbox(input, "B").adopting = mailbox(input, "B").paired_anew = true;
  EXPECT_EQ(told(input), "download B/7\nclose_intent 1\ndelete_out A/1 to_trash\n");
}
TEST(MoveInDoubt, WhatWasMovedIsNotFetchedWhileItsFileCannotBeRead) {
  EXPECT_EQ(told(moving("A gone 1\nB new 7 x S", "A gone 1\nB new A1 x S writing")),
            "wait A/1\nwait B A1\nwait B/7\n");
}
TEST(MoveInDoubt, WhatIsRecordedAlreadyExplainsNoSecondMessage) {
  Input input = read({kMailboxes, "B 7 x S name=n1", "B new 8 x S", ""});
  add_intent(input, IntentKind::move_out, "A", 1, "n1", "x", "B");
  EXPECT_EQ(told(input), "download B/8\nclose_intent 1\n");
}
TEST(MoveInDoubt, AFileEditedSinceIsSentInItsPlace) {
  EXPECT_EQ(told(moving("A gone 1\nB new 7 x S", "A gone 1\nB new n1 y S")),
            "pair B/7 n1 S edited\nclose_intent 1\nforget A/1 tombstone\n");
}
TEST(MoveInDoubt, AFileDeletedSinceIsMissedByTheHalfThatWasCopied) {
  EXPECT_EQ(told(moving("B new 7 x S", "A gone 1")),
            "missed B/7 n1 -\ndelete_out A/1 expunge\nwait B/7\n");
}
TEST(MoveInDoubt, UndoneByTheUserIsClosed) {
  EXPECT_EQ(told(moving("", "")), "close_intent 1\n");
}
TEST(MoveInDoubt, StaysOpenWhereASideIsUnknown) {
  EXPECT_EQ(told(moving("A unknown", "")), "");
  EXPECT_EQ(told(moving("B unknown\nA gone 1", "A gone 1")), "forget A/1 tombstone\n");
}

// Moved before the row that it had been sent for was written.
Input moving_without_row(std::string_view remote, std::string_view local) {
  Input input = read({kMailboxes, "", remote, local});
  add_intent(input, IntentKind::move_out, "A", 4, "n1", "x", "B");
  return input;
}

TEST(MoveInDoubt, WithoutARowAFileDeletedSinceIsMissedByWhatWasMoved) {
  EXPECT_EQ(told(moving_without_row("B new 7 x S", "")), "missed B/7 n1 -\nwait B/7\n");
  EXPECT_EQ(told(moving_without_row("B new 7 x S", "C unknown")), "wait B/7\n");
  EXPECT_EQ(told(moving_without_row("A new 4 x S", "")), "missed A/4 n1 -\nwait A/4\n");
  EXPECT_EQ(told(moving_without_row("B new 3 x S", "")), "download B/3\nclose_intent 1\n");
}
TEST(MoveInDoubt, WithoutARowAFileMovedOnMovesTheMessage) {
  EXPECT_EQ(told(moving_without_row("B new 7 x S", "C new n1 x S")), "move_out B/7 -> C n1 S\n");
  EXPECT_EQ(told(moving_without_row("B new 7 x S", "C new other x S")),
            "move_out B/7 -> C other S\n");
  EXPECT_EQ(told(moving_without_row("B new 7 x S", "A new n1 x S")), "move_out B/7 -> A n1 S\n");
}
// Not found where it was to be is not gone from there.
TEST(MoveInDoubt, WithoutARowAFileMovedOnFromAMoveThatWasNeverDoneIsSentThere) {
  EXPECT_EQ(told(moving_without_row("A new 4 x S", "C new n1 x S")),
            "missed A/4 n1 -\nupload C n1 S\nwait A/4\n");
}
// What a backup has in the old place, the user moved.
TEST(MoveInDoubt, WithoutARowAFileOfARestoredBackupTakesTheServersPlace) {
  Input input = moving_without_row("B new 7 x S", "A new n1 x S");
  add_intent(input, IntentKind::upload, "A", 0, "n1", "x", "");
  for (MailboxInput& in : input.mailboxes) in.adopting = in.paired_anew = true;
  EXPECT_EQ(told(input), "move_in A/0 -> B/7 A:n1 S\n");
}
// The second move was written down, and not done.
TEST(MoveInDoubt, WithoutARowAFileMovedOnStillMovesTheMessage) {
  Input input = moving_without_row("B new 7 x S", "C new n1 x S");
  add_intent(input, IntentKind::upload, "A", 0, "n1", "x", "");
  add_intent(input, IntentKind::move_out, "B", 7, "n1", "x", "C");
  EXPECT_EQ(told(input), "move_out B/7 -> C n1 S\n");
}
TEST(MoveInDoubt, OfTwoAlikeTheOneThatIsLeftIsMissed) {
  Input input = moving_without_row("B new 7 x S\nB new 8 x S", "B new n2 x S");
  add_intent(input, IntentKind::move_out, "A", 5, "n2", "x", "B");
  EXPECT_EQ(told(input), "pair B/7 n2 S\nmissed B/8 n1 -\nwait B/8\n");
}
// Not about files of which all is decided.
TEST(MoveInDoubt, WithoutARowAFileThatIsLeftAloneIsNotMoved) {
  EXPECT_EQ(told(moving_without_row("", "C new k x S held")), "close_intent 1\nheld orphan C k\n");
}
// The upload that came before it is open, too.
TEST(MoveInDoubt, WithoutARowDoneByHalfIsNoDeletionOfWhatWasSent) {
  Input input = moving_without_row("A new 4 x S\nB new 7 x S", "B new n1 x S");
  add_intent(input, IntentKind::upload, "A", 0, "n1", "x", "").target_uid_next = Uid(4);
  EXPECT_EQ(told(input), "pair B/7 n1 S\nclose_intent 2\ndelete_out A/4 expunge\n");
  for (MailboxInput& in : input.mailboxes) in.adopting = true;
  EXPECT_EQ(told(input), "pair B/7 n1 S\nclose_intent 2\nwait A/4\n");
}
TEST(MoveInDoubt, TheMarkOfOneThatBrokeOffIsTakenBack) {
  EXPECT_EQ(told(moving("A flags 1 ST", "")), "push_flags A/1 S remote-T\n");
  EXPECT_EQ(told(moving("A flags 1 ST", "A gone 1\nB new n1 x S")),
            "move_out A/1 -> B n1 S marked\n");
  EXPECT_EQ(told(moving_without_row("A new 4 x ST", "A new n1 x S")),
            "pair A/4 n1 S remote-T\nclose_intent 1\n");
  EXPECT_EQ(told(moving_without_row("A new 4 x ST", "B new n1 x S")),
            "move_out A/4 -> B n1 S marked\n");
}
// The server has it already.
TEST(MoveInDoubt, TheMarkOfOneThatBrokeOffIsTheUsersWhoHasSetItToo) {
  EXPECT_EQ(told(moving("A flags 1 ST", "A flags 1 ST")),
            "push_flags A/1 ST remote+T\nclose_intent 1\n");
  EXPECT_EQ(told(moving("A flags 1 ST", "A gone 1\nB new n1 x ST")),
            "move_out A/1 -> B n1 ST remote+T\n");
  EXPECT_EQ(told(moving_without_row("A new 4 x ST", "A new n1 x ST")),
            "pair A/4 n1 ST\nclose_intent 1\n");
  EXPECT_EQ(told(moving_without_row("A new 4 x ST", "B new n1 x ST")), "move_out A/4 -> B n1 ST\n");
}
// The file is back; whether the copy is ours is not known until all there is paired.
TEST(MoveInDoubt, DoneByHalfWaitsInAMailboxThatIsYetToBePaired) {
  Input input = read({kMailboxes, "A 1 x S", "B new 7 x S", ""});
  add_intent(input, IntentKind::move_out, "A", 1, "A1", "x", "B");
  EXPECT_EQ(told(input), "delete_out B/7 expunge\n");
  for (MailboxInput& in : input.mailboxes) in.adopting = true;
  EXPECT_EQ(told(input), "wait B/7\n");
  input.intents.front().looks = 3;
  EXPECT_EQ(told(input), "download B/7\nclose_intent 1\n");
}
// Moved on before the first move was recorded; the second one is done by half.
TEST(MoveInDoubt, MovedOnByHalfIsFinished) {
  Input input =
      read({kMailboxes, "A 1 x S", "A gone 1\nB new 7 x S\nC new 8 x S", "A gone 1\nC new A1 x S"});
  add_intent(input, IntentKind::move_out, "A", 1, "A1", "x", "B");
  add_intent(input, IntentKind::move_out, "B", 7, "A1", "x", "C");
  EXPECT_EQ(told(input), "pair C/8 A1 S forgets=A/1\ndelete_out B/7 expunge\n");
}
// Twice from one place, as the file went on: the first move was cut after its copy, the second
// done.
TEST(MoveInDoubt, MovedTwiceLosesTheCopyThatTheFirstMoveMade) {
  Input input =
      read({kMailboxes, "A 1 x S", "A gone 1\nB new 7 x S\nC new 8 x S", "A gone 1\nC new A1 x S"});
  add_intent(input, IntentKind::move_out, "A", 1, "A1", "x", "B");
  add_intent(input, IntentKind::move_out, "A", 1, "A1", "x", "C");
  EXPECT_EQ(told(input), "pair C/8 A1 S forgets=A/1\ndelete_out B/7 expunge\n");
}
// Its file is back where its row knows it from; another client copied it to C meanwhile.
TEST(MoveInDoubt, MovedBackByHalfIsFinished) {
  for (const char* local : {"", "A flags 1 S", "A touched 1 x"}) {
    Input input =
        read({kMailboxes, "A 1 x S", "A gone 1\nA new 2 x S\nB new 7 x S\nC new 3 x S", local});
    add_intent(input, IntentKind::move_out, "A", 1, "A1", "x", "B");
    add_intent(input, IntentKind::move_out, "B", 7, "A1", "x", "A").target_uid_next = Uid(2);
    EXPECT_EQ(told(input),
              "pair A/2 A1 S forgets=A/1\ndownload C/3\nclose_intent 1\ndelete_out B/7 expunge\n")
        << local;
  }
}
TEST(MoveInDoubt, MovedBackIsWhereItsFileIs) {
  Input input = read({kMailboxes, "A 1 x S", "A gone 1\nA new 2 x S\nC new 3 x S", ""});
  add_intent(input, IntentKind::move_out, "A", 1, "A1", "x", "B");
  add_intent(input, IntentKind::move_out, "B", 7, "A1", "x", "A").target_uid_next = Uid(2);
  EXPECT_EQ(told(input),
            "pair A/2 A1 S forgets=A/1\ndownload C/3\nclose_intent 1\nclose_intent 2\n");
}
TEST(MoveInDoubt, WhatWasToBeMovedBackAndWasNotIsWhereItWasMovedBefore) {
  Input input = read({kMailboxes, "A 1 x S", "A gone 1\nB new 3 x S\nC new 7 x S", ""});
  add_intent(input, IntentKind::move_out, "A", 1, "A1", "x", "C");
  add_intent(input, IntentKind::move_out, "C", 7, "A1", "x", "A").target_uid_next = Uid(2);
  EXPECT_EQ(told(input), "download B/3\nmove_out C/7 -> A A1 S forgets=A/1\nclose_intent 2\n");
}
// To B by half, to C not at all, and back to B: what the first one copied there is it.
TEST(MoveInDoubt, MovedToWhereACopyWasLeftIsFinished) {
  Input input = read({kMailboxes, "A 1 x S", "B new 7 x S", "A gone 1\nB new A1 x S"});
  add_intent(input, IntentKind::move_out, "A", 1, "A1", "x", "B");
  add_intent(input, IntentKind::move_out, "A", 1, "A1", "x", "C");
  EXPECT_EQ(told(input), "pair B/7 A1 S\ndelete_out A/1 expunge\n");
}
TEST(MoveInDoubt, WithoutARowDoneByHalfIsFinishedWhenItsNewPlaceIsRecorded) {
  Input input = read({kMailboxes, "B 7 x S name=n1", "A new 4 x S", ""});
  add_intent(input, IntentKind::move_out, "A", 4, "n1", "x", "B");
  EXPECT_EQ(told(input), "delete_out A/4 expunge\n");
  mailbox(input, "B").adopting = true;
  EXPECT_EQ(told(input), "wait A/4\n");
  input = read({kMailboxes, "B 7 x S name=n1", "A new 4 x S\nB gone 7", ""});
  add_intent(input, IntentKind::move_out, "A", 4, "n1", "x", "B");
  EXPECT_EQ(told(input), "move_in B/7 -> A/4 B:n1 S\nclose_intent 1\n");
}
TEST(MoveInDoubt, WithoutARowStaysOpenWhileItsTargetIsNotSeen) {
  EXPECT_EQ(told(moving_without_row("B unknown", "")), "");
  EXPECT_EQ(told(moving_without_row("", "B unknown")), "");
  EXPECT_EQ(told(moving_without_row("", "")), "close_intent 1\n");
}
TEST(MoveInDoubt, OfARowThatIsWrittenIsClosed) {
  Input input = read({kMailboxes, "B 7 x S", "", ""});
  add_intent(input, IntentKind::move_out, "A", 1, "", "", "B");
  EXPECT_EQ(told(input), "close_intent 1\n");
}

// --- removals ---

// Under another UID, or where another client took it.
TEST(MoveInDoubt, TheMarkOfOneThatBrokeOffIsTakenBackWhereverTheMessageIs) {
  EXPECT_EQ(told(moving("A gone 1\nA new 9 x ST", "")),
            "pair A/9 A1 S remote-T forgets=A/1\nclose_intent 1\n");
  EXPECT_EQ(told(moving("A gone 1\nC new 9 x ST", "")),
            "move_in A/1 -> C/9 A:A1 S remote-T\nclose_intent 1\n");
  EXPECT_EQ(told(moving("A gone 1\nC new 9 x ST", "A flags 1 ST")),
            "move_in A/1 -> C/9 A:A1 ST\nclose_intent 1\n");
}
// The second of two moves left the mark, and the file was moved on: until the mark is away, the
// intent tells whose it is.
TEST(MoveInDoubt, TheMarkOfAMoveOnDoesNotGoAlong) {
  Input input = moving("A gone 1\nB new 7 x ST", "A gone 1\nC new A1 x S");
  add_intent(input, IntentKind::move_out, "B", 7, "A1", "x", "Trash");
  EXPECT_EQ(told(input), "move_out B/7 -> C A1 S marked forgets=A/1\n");
}
// The copy that the second of two moves made, while the file was moved on.
TEST(MoveInDoubt, MovedOnAgainLosesTheCopyOfTheMoveBefore) {
  Input input = read({"A B C D Trash:trash", "A 1 x S", "A gone 1\nB new 7 x S\nC new 8 x S",
                      "A gone 1\nD new A1 x S"});
  add_intent(input, IntentKind::move_out, "A", 1, "A1", "x", "B");
  add_intent(input, IntentKind::move_out, "B", 7, "A1", "x", "C");
  EXPECT_EQ(told(input), "move_out B/7 -> D A1 S forgets=A/1\ndelete_out C/8 expunge\n");
}
// Of a mailbox that cannot be seen nothing speaks against it. The Trash loses.
TEST(MoveInDoubt, WithoutARowWhatBothMovedOnIsWhereTheServerHasIt) {
  EXPECT_EQ(told(moving_without_row("A new 9 x S", "C new n1 x S")), "move_in C/0 -> A/9 C:n1 S\n");
  EXPECT_EQ(told(moving_without_row("A unknown\nC new 9 x S", "B new n1 x S")),
            "move_in B/0 -> C/9 B:n1 S\n");
  EXPECT_EQ(told(moving_without_row("A unknown\nTrash new 9 x S", "C new n1 x S")),
            "move_out Trash/9 -> C n1 S\n");
  EXPECT_EQ(told(moving_without_row("Trash new 9 x S", "B new n1 x S")),
            "move_in B/0 -> Trash/9 B:n1 S\n");
}

}  // namespace
}  // namespace sterna::sync::test
