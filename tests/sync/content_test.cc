// SPDX-License-Identifier: Apache-2.0
// The axis of content (rule 13).
#include <gtest/gtest.h>

#include "notation.h"

namespace sterna::sync::test {
namespace {

std::string planned(std::string_view remote, std::string_view local) {
  return told({"A B Trash:trash", "A 1 x S", remote, local});
}

TEST(Content, AnEditReplacesTheMessage) {
  EXPECT_EQ(planned("", "A edited 1 y"), "upload A A1 S replaces=1\n");
}
TEST(Content, AnEditKeepsTheFlagsOfBothSides) {
  EXPECT_EQ(planned("A flags 1 FS", "A edited 1 y"), "upload A A1 FS replaces=1\n");
}
TEST(Content, ANewInodeWithTheSameContentIsOnlyNoted) {
  EXPECT_EQ(planned("", "A touched 1 x"), "record A/1 S A1:2,S\n");
}
TEST(Content, AFileUnderAnotherNameOfItsMailboxIsNoEdit) {
  Input input = read({"A Trash:trash", "A 1 x S", "", "A edited 1 x"});
  LocalFile& file = mailbox(input, "A").local.changed.front().file;
  file.base = "other";
  file.name = "other:2,S";
  file.file = row(input, "A", 1).file;
  EXPECT_EQ(told(input), "record A/1 S other:2,S\n");
}
TEST(Content, AWreckIsFetchedAgain) {
  EXPECT_EQ(planned("", "A wreck 1 y"), "repair A/1 A1\n");
}
TEST(Content, AnUnreadableFileWaits) {
  EXPECT_EQ(planned("", "A unreadable 1 y"), "wait A/1\n");
}
TEST(Content, AWreckWhoseMessageIsGoneGoes) {
  EXPECT_EQ(planned("A gone 1", "A wreck 1 y"), "delete_in A/1 A1:2,S\n");
}
TEST(Content, AWreckWhoseMessageMovedFollowsItAndIsRepairedThere) {
  EXPECT_EQ(planned("A gone 1\nB new 7 x S", "A wreck 1 y"), "move_in A/1 -> B/7 A:A1 S differs\n");
}
TEST(Content, WithoutAKnownIdentityTheSizeTells) {
  EXPECT_EQ(told({"A", "A 1 x S anonymous", "", "A touched 1 x"}), "record A/1 S A1:2,S\n");
  EXPECT_EQ(told({"A", "A 1 x S anonymous", "", "A wreck 1 y"}), "repair A/1 A1\n");
}
TEST(Content, AStubIsNeverJudgedByItsContent) {
  EXPECT_EQ(told({"A", "A 1 x S stub", "", "A edited 1 y"}), "record A/1 S A1:2,S\n");
}

TEST(Content, ACopyThatKeptItsTimeIsNoEdit) {
  EXPECT_EQ(planned("", "A edited 1 x old_time"), "record A/1 S A1:2,S\n");
  EXPECT_EQ(planned("", "A edited 1 y old_time"), "upload A A1 S replaces=1\n");
}
TEST(Content, InPlaceOnlyAnotherContentIsAnEdit) {
  Input input = read({"A Trash:trash", "A 1 x S", "", "A edited 1 x"});
  LocalChange& change = mailbox(input, "A").local.changed.front();
  change.in_place = true;
  change.file.file.ino = row(input, "A", 1).file.ino;
  change.file.file.mtime_ns += 1;
  EXPECT_EQ(told(input), "record A/1 S A1:2,S\n");
  change.identity->size += 5;
  EXPECT_EQ(told(input), "upload A A1 S replaces=1\n");
}

// --- the same header and the same size, and another body ---

TEST(Body, TellsAnEditFromACopy) {
  EXPECT_EQ(planned("", "A edited 1 x"), "record A/1 S A1:2,S\n");
  EXPECT_EQ(planned("", "A edited 1 x^2"), "upload A A1 S replaces=1\n");
  EXPECT_EQ(planned("", "A edited 1 x^2 old_time"), "upload A A1 S replaces=1\n");
  EXPECT_EQ(planned("", "A restarted 1 x^2"), "upload A A1 S forgets=A/1\n");
  EXPECT_EQ(planned("", "A wreck 1 x^2"), "repair A/1 A1\n");
}
TEST(Body, OtherOctetsThatNobodyWroteAreDamage) {
  Input input = read({"A B Trash:trash", "A 1 x S", "", "A wreck 1 x^2"});
  LocalChange& change = mailbox(input, "A").local.changed.front();
  change.file.file = row(input, "A", 1).file;
  change.in_place = true;
  EXPECT_EQ(told(input), "record A/1 S A1:2,S\n");
  change.torn = true;
  EXPECT_EQ(told(input), "repair A/1 A1\n");
}
TEST(Body, WhereItIsNotKnownANewFileOfAnotherTimeIsAnEdit) {
  Input input = read({"A Trash:trash", "A 1 x S", "", "A edited 1 x"});
  row(input, "A", 1).identity->body = 0;
  EXPECT_EQ(told(input), "upload A A1 S replaces=1\n");
  input = read({"A Trash:trash", "A 1 x S", "", "A edited 1 x^2 old_time"});
  row(input, "A", 1).identity->body = 0;
  EXPECT_EQ(told(input), "record A/1 S A1:2,S\n");
}
TEST(Body, TellsADraftThatWasSavedAgainFromOneThatWasRenamed) {
  EXPECT_EQ(planned("", "A gone 1\nA new n1 x S"), "record A/1 S n1:2,S\n");
  EXPECT_EQ(planned("", "A gone 1\nA new n1 x^2 S"), "upload A n1 S\ndelete_out A/1 to_trash\n");
  EXPECT_EQ(planned("", "A gone 1\nA new n1 x^2 S saved"),
            "upload A n1 S\ndelete_out A/1 to_trash\n");
}
TEST(Body, TellsAMessageThatWasMovedFromOneThatWasChangedOnTheWay) {
  EXPECT_EQ(planned("", "A gone 1\nB new n1 x^2 S"), "upload B n1 S\ndelete_out A/1 to_trash\n");
  EXPECT_EQ(planned("", "A gone 1\nB new n1 x^2 S saved"),
            "upload B n1 S\ndelete_out A/1 to_trash\n");
}
TEST(Body, AnEarlierVersionThatWasSentIsNotTakenForThisOneAndIsReplaced) {
  Input input = read({"A Trash:trash", "A 1 x S", "A new 7 x S", "A edited 1 x^3"});
  add_intent(input, IntentKind::upload, "A", 0, "A1", "x^2", "").looks = 3;
  EXPECT_EQ(told(input), "pair A/7 A1 S edited replaces=1\ndelete_out A/1 to_trash\n");
}
TEST(Body, AWantedMessageIsNotTakenForAnotherVersionOfIt) {
  EXPECT_EQ(told({"A", "A 1 x S wanted", "", "A new n1 x S"}), "pair A/1 n1 S\n");
  EXPECT_EQ(told({"A", "A 1 x S wanted", "", "A new n1 x^2 S"}), "download A/1\nupload A n1 S\n");
}

// --- first seen after a restart of the machine: an edit, or what an outage left ---

TEST(Restarted, WhatMayBeAnEditIsKeptBesideTheMessage) {
  EXPECT_EQ(planned("", "A restarted 1 y"), "upload A A1 S forgets=A/1\n");
}
TEST(Restarted, WhatIsTheSameIsOnlyNoted) {
  EXPECT_EQ(planned("", "A restarted 1 x"), "record A/1 S A1:2,S\n");
}
TEST(Restarted, WhatWasCutIsFetchedAgain) {
  Input input = read({"A B Trash:trash", "A 1 x S", "", "A restarted 1 x"});
  mailbox(input, "A").local.changed.front().identity->size -= 1;
  EXPECT_EQ(told(input), "repair A/1 A1\n");
}
// The audit found it: its times are as they were.
TEST(Restarted, WhatNobodyWroteToIsKeptBesideTheMessageIfItsHeaderDiffers) {
  Input input = read({"A B Trash:trash", "A 1 x S", "", "A restarted 1 y"});
  LocalChange& change = mailbox(input, "A").local.changed.front();
  change.torn = true;
  change.file.file = input.rows.front().file;
  EXPECT_EQ(told(input), "upload A A1 S forgets=A/1\n");
  change.file.file.size += 1;  // a file that was never flushed, cut amid its header
  EXPECT_EQ(told(input), "repair A/1 A1\n");
  change.file.file.size -= 1;
  change.identity->header = input.rows.front().identity->header;
  EXPECT_EQ(told(input), "repair A/1 A1\n");
}
// It went away on the server, and came back.
TEST(Content, AnEditOfAMessageUnderAnotherUidReplacesIt) {
  EXPECT_EQ(planned("A gone 1\nA new 7 x S", "A edited 1 y"), "pair A/7 A1 S edited forgets=A/1\n");
}
TEST(Restarted, WhatWasSentBeforeIsPairedAndTheMessageComesAnew) {
  EXPECT_EQ(planned("A new 7 y S", "A restarted 1 y"), "pair A/7 A1 S forgets=A/1\n");
}
TEST(Restarted, WhatMayBeAnEditOfAMessageThatIsGoneIsKept) {
  EXPECT_EQ(planned("A gone 1", "A restarted 1 y"), "upload A A1 S forgets=A/1\n");
}

// --- the edit was sent before, and the answer was lost ---

TEST(SentEdit, IsPairedAndTheOldOneGoesToTheTrash) {
  EXPECT_EQ(planned("A new 7 y S", "A edited 1 y"),
            "pair A/7 A1 S replaces=1\ndelete_out A/1 to_trash\n");
}
TEST(SentEdit, WithoutATrashTheOldOneIsKeptInTheUndoArea) {
  EXPECT_EQ(told({"A", "A 1 x S", "A new 7 y S", "A edited 1 y"}),
            "pair A/7 A1 S replaces=1\ndelete_out A/1 fetch_expunge\n");
}
TEST(SentEdit, IsPairedWhereTheOldOneIsGone) {
  EXPECT_EQ(planned("A gone 1\nA new 7 y S", "A edited 1 y"), "pair A/7 A1 S forgets=A/1\n");
}
TEST(SentEdit, MovedByAnotherClientTakesTheFileAlong) {
  Input input = read({"A B Trash:trash", "A 1 x S", "B new 7 y S", "A edited 1 y"});
  EXPECT_EQ(told(input), "download B/7\nupload A A1 S replaces=1\n");
  add_intent(input, IntentKind::upload, "A", 0, "A1", "y", "").flags = FlagSet{Flag::seen};
  EXPECT_EQ(told(input), "move_in A/0 -> B/7 A:A1 S\ndelete_out A/1 to_trash\n");
  mailbox(input, "A").remote.gone.add(Uid{1});
  EXPECT_EQ(told(input), "move_in A/1 -> B/7 A:A1 S\n");
}
TEST(SentEdit, InDoubtIsLookedForThreeTimes) {
  Input input = read({"A Trash:trash", "A 1 x S", "", "A edited 1 y"});
  Intent& intent = add_intent(input, IntentKind::upload, "A", 0, "A1", "y", "");
  intent.looks = 2;
  EXPECT_EQ(told(input), "wait A/1\n");
  input.intents.front().looks = 3;
  EXPECT_EQ(told(input), "upload A A1 S replaces=1 doubt\n");
}
TEST(SentEdit, ThatWasStoredAndIsGoneLikeTheOldOneIsNotSentAgain) {
  Input input = read({"A Trash:trash", "A 1 x S", "A gone 1", "A edited 1 y"});
  Intent& intent = add_intent(input, IntentKind::upload, "A", 0, "A1", "y", "");
  intent.stored = true;
  intent.looks = 3;
  EXPECT_EQ(told(input), "forget A/1 tombstone\nwait A/1\n");
  Input next = read({"A Trash:trash", "", "", "A new A1 y S"});
  next.intents = input.intents;
  EXPECT_EQ(told(next), "held orphan A A1\n");
  input.intents.front().looks = 2;
  EXPECT_EQ(told(input), "wait A/1\n");
}
TEST(SentEdit, EditedOnceMoreIsReplacedLikeWhatItReplaced) {
  Input input = read({"A Trash:trash", "A 1 x S", "A new 7 y S", "A edited 1 z"});
  Intent& intent = add_intent(input, IntentKind::upload, "A", 0, "A1", "y", "");
  EXPECT_EQ(told(input), "pair A/7 A1 S edited replaces=1\ndelete_out A/1 to_trash\n");
  intent.target_uid_next = Uid{8};
  EXPECT_EQ(told(input), "download A/7\nwait A/1\n");
}

TEST(SentEdit, TheFlagsThatWereSentAreTheBase) {
  Input input = read({"A Trash:trash", "A 1 x S", "A new 7 y -", "A edited 1 y"});
  add_intent(input, IntentKind::upload, "A", 0, "A1", "y", "").flags = FlagSet{Flag::seen};
  EXPECT_EQ(told(input), "pair A/7 A1 - local-S replaces=1\ndelete_out A/1 to_trash\n");
}

// --- policy ---

TEST(ContentPolicy, PullConsumesAnEdit) {
  Input input = read({"A", "A 1 x S", "", "A edited 1 y"});
  mailbox(input, "A").direction = Direction::pull;
  EXPECT_EQ(told(input), "record A/1 S A1:2,S\n");
}
TEST(ContentPolicy, PullKeepsAnEditWhoseMessageIsGone) {
  Input input = read({"A", "A 1 x S", "A gone 1", "A edited 1 y"});
  mailbox(input, "A").direction = Direction::pull;
  EXPECT_EQ(told(input), "forget A/1 detached\n");
}
TEST(ContentPolicy, AnEditWaitsInAReadOnlyMailbox) {
  EXPECT_EQ(planned("A readonly", "A edited 1 y"), "wait A/1\n");
}
TEST(ContentPolicy, AnEditWaitsBehindTheBarrier) {
  EXPECT_EQ(planned("A new 7 y - unseen", "A edited 1 y"), "download A/7\nwait A/1\n");
}

}  // namespace
}  // namespace sterna::sync::test
