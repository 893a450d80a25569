// SPDX-License-Identifier: Apache-2.0
// No row: what is new on one side, or on both.
#include <gtest/gtest.h>

#include "notation.h"

namespace sterna::sync::test {
namespace {

std::string planned(std::string_view base, std::string_view remote, std::string_view local) {
  return told({"A B Trash:trash", base, remote, local});
}

TEST(NewOnTheServer, IsFetched) {
  EXPECT_EQ(planned("", "A new 7 x S unseen\nA new 8 y - unseen", ""), "download A/7:8\n");
}
TEST(NewOnTheServer, AWantedRowIsFetchedAgain) {
  EXPECT_EQ(planned("A 1 x - wanted", "A new 7 y - unseen", ""), "download A/1,7\n");
}
TEST(NewOnTheServer, IsNotedAndLeftThereByDirectionPush) {
  Input input = read({"A", "", "A new 7 x S\nA new 8 y S unseen", ""});
  mailbox(input, "A").direction = Direction::push;
  EXPECT_EQ(told(input), "forget A/7 dropped\nforget A/8 dropped\n");
}
TEST(NewOnTheServer, WaitsWhereTheLocalSideIsUnknown) {
  EXPECT_EQ(planned("", "A new 7 x S", "A unknown"), "wait A\n");
}
TEST(NewOnTheServer, WaitsWhileAFileThatMayBeItWasLostSightOf) {
  EXPECT_EQ(planned("", "A new 7 x S\nB new 1 y S", "A new n1 x S vanished"),
            "download B/1\nwait A\nwait A n1\n");
  EXPECT_EQ(planned("", "A new 7 x S", "A new n1 x S unreadable"), "download A/7\nwait A n1\n");
}

TEST(NewHere, IsUploaded) {
  EXPECT_EQ(planned("", "", "A new n1 x FS,work"), "upload A n1 FS,work\n");
}
TEST(NewHere, IsUploadedWithWhatTheServerCanStore) {
  EXPECT_EQ(planned("", "A keywords=home", "A new n1 x S,work"), "upload A n1 S\n");
}
TEST(NewHere, WaitsWhileItIsWritten) {
  EXPECT_EQ(planned("", "", "A new n1 x S writing"), "wait A n1\n");
}
TEST(NewHere, WaitsWhileItCannotBeRead) {
  EXPECT_EQ(planned("", "", "A new n1 x S unreadable"), "wait A n1\n");
}
TEST(NewHere, ASecondFileUnderTheNameOfAMessageIsHeld) {
  EXPECT_EQ(planned("A 1 x S", "", "A new n1 x FS namesake"), "held orphan A n1\n");
  EXPECT_EQ(planned("A 1 x S", "", "A new n1 y FS namesake"), "upload A n1 FS\n");
  EXPECT_EQ(planned("A 1 x S", "", "A gone 1\nA new n1 x FS namesake mtime=2"),
            planned("A 1 x S", "", "A gone 1\nA new n1 x FS mtime=2"));
}
TEST(NewHere, WaitsInAReadOnlyMailbox) {
  EXPECT_EQ(planned("", "A readonly", "A new n1 x S"), "wait A n1\n");
}
TEST(NewHere, IsConsumedByDirectionPull) {
  Input input = read({"A", "", "", "A new n1 x S"});
  mailbox(input, "A").direction = Direction::pull;
  EXPECT_EQ(told(input), "consumed A n1\n");
}
TEST(NewHere, ConsumedOnceIsNeverSent) {
  EXPECT_EQ(planned("", "", "A new n1 x S consumed"), "");
}
TEST(NewHere, TheSameTwiceIsTwoMessages) {
  EXPECT_EQ(planned("", "", "A new n1 x S\nA new n2 x S"), "upload A n1 S\nupload A n2 S\n");
}

// --- the barrier (rule 8) ---

TEST(Barrier, NoUploadWhereTheServersSideWasNotSeen) {
  EXPECT_EQ(planned("", "A unknown", "A new n1 x S"), "wait A n1\n");
}
TEST(Barrier, NoUploadBeforeWhatIsNewThereIsToldApart) {
  EXPECT_EQ(planned("", "A new 7 x S unseen", "A new n1 x S"), "download A/7\nwait A n1\n");
}
TEST(Barrier, NoUploadWhileTheContentOfSomethingNewIsNotKnown) {
  EXPECT_EQ(planned("", "A new 7 x S nocontent", "A new n1 x S"), "download A/7\nwait A n1\n");
}
TEST(Barrier, NoUploadWhileTheServerCountsMoreThanItLists) {
  EXPECT_EQ(planned("", "A changes\nA hides", "A new n1 x S"), "wait A n1\n");
  EXPECT_EQ(planned("", "A changes", "A new n1 x S"), "upload A n1 S\n");
}
TEST(Barrier, OtherMailboxesDoNotMatter) {
  EXPECT_EQ(planned("", "B new 7 y S unseen", "A new n1 x S"), "download B/7\nupload A n1 S\n");
}
TEST(Barrier, OpensOnceAllThatIsNewIsToldApart) {
  EXPECT_EQ(planned("", "A new 7 y S", "A new n1 x S"), "download A/7\nupload A n1 S\n");
}
TEST(Barrier, AUidValidityThatNobodyAgreedToClosesIt) {
  Input input = read({"A", "A 1 x S", "", "A new n1 y S\nA gone 1"});
  mailbox(input, "A").remote.uidvalidity = UidValidity(7);
  EXPECT_EQ(told(input), "wait A n1\nwait A/1\n");
}

// --- new on both sides ---

TEST(NewOnBoth, ProvenEqualIsPaired) {
  EXPECT_EQ(planned("", "A new 7 x S", "A new n1 x S"), "pair A/7 n1 S\n");
}
TEST(NewOnBoth, FlagsAreUnited) {
  EXPECT_EQ(planned("", "A new 7 x F,work", "A new n1 x S"),
            "pair A/7 n1 FS,work remote+S local+F,work\n");
}
TEST(NewOnBoth, OfOneMessageIdWithOtherBytesAreBothKept) {
  EXPECT_EQ(planned("", "A new 7 x S", "A new n1 x~2 S"), "download A/7\nupload A n1 S\n");
}
TEST(NewOnBoth, EqualOnesPairOneToOneInOrderOfUidAndMtime) {
  EXPECT_EQ(
      planned("", "A new 8 x S\nA new 7 x S", "A new late x S mtime=9\nA new early x S mtime=3"),
      "pair A/7 early S\npair A/8 late S\n");
}
TEST(NewOnBoth, OneTooManyHereIsUploaded) {
  EXPECT_EQ(planned("", "A new 7 x S", "A new n1 x S\nA new n2 x S"),
            "pair A/7 n1 S\nupload A n2 S\n");
}
TEST(NewOnBoth, OneTooManyThereIsFetched) {
  EXPECT_EQ(planned("", "A new 7 x S\nA new 8 x S", "A new n1 x S"),
            "pair A/7 n1 S\ndownload A/8\n");
}
TEST(NewOnBoth, OurOwnNameSaysWhichOfEqualOnes) {
  EXPECT_EQ(planned("", "A new 7 x S\nA new 8 x S", "A new n1 x S from=A/8"),
            "pair A/8 n1 S\ndownload A/7\n");
}
TEST(NewOnBoth, ANameProvesNothing) {
  EXPECT_EQ(planned("", "A new 7 x S", "A new n1 y S from=A/7"),
            "download A/7\nheld orphan A n1\n");
}
TEST(NewOnBoth, InDifferentMailboxesAreTwoMessages) {
  EXPECT_EQ(planned("", "B new 7 x S", "A new n1 x S"), "download B/7\nupload A n1 S\n");
}
TEST(NewOnBoth, WhereSizesAreNotTrueTheHeaderDecides) {
  EXPECT_EQ(planned("", "A new 7 x S unsized", "A new n1 x S"), "pair A/7 n1 S\n");
}
TEST(NewOnBoth, WhereNoSizeOfThisServerIsTrueTheHeaderDecides) {
  Input input = read({"A", "", "A new 7 x S", "A new n1 x S"});
  mailbox(input, "A").remote.details.front().identity->size += 1;
  EXPECT_EQ(told(input), "download A/7\nupload A n1 S\n");
  input.server_sizes_reliable = false;
  EXPECT_EQ(told(input), "pair A/7 n1 S\n");
}
TEST(NewOnBoth, AWantedRowMeetsItsOwnFile) {
  EXPECT_EQ(planned("A 7 x - wanted", "", "A new n1 x S from=A/7"), "pair A/7 n1 S remote+S\n");
}
TEST(NewOnBoth, DirectionPullPairsAndSendsNoFlags) {
  Input input = read({"A", "", "A new 7 x F", "A new n1 x S"});
  mailbox(input, "A").direction = Direction::pull;
  EXPECT_EQ(told(input), "pair A/7 n1 FS local+F\n");
}

// --- the Sent mailbox (41) ---

TEST(Sent, TheServersCopyAndOurOwnArePairedByMessageId) {
  EXPECT_EQ(told({"S:sent", "", "S new 7 x S", "S new n1 x~2 S"}), "pair S/7 n1 S\n");
}
TEST(Sent, NotWhereSeveralHaveThatMessageId) {
  EXPECT_EQ(told({"S:sent", "", "S new 7 x S", "S new n1 x~2 S\nS new n2 x~3 S"}),
            "download S/7\nupload S n1 S\nupload S n2 S\n");
}
TEST(Sent, OursIsNotSentBeforeTheServerCanHaveStoredItsOwn) {
  EXPECT_EQ(told({"S:sent", "", "", "S new n1 x S settling"}), "wait S n1\n");
  EXPECT_EQ(told({"S:sent", "", "S new 7 x S", "S new n1 x~2 S settling"}), "pair S/7 n1 S\n");
  EXPECT_EQ(told({"S:sent A", "A 1 x S", "", "A gone 1\nS new n1 x S settling"}),
            "move_out A/1 -> S n1 S\n");
}
TEST(Sent, TheServersCopyWaitsWhileOursIsWritten) {
  EXPECT_EQ(told({"S:sent", "", "S new 7 x S\nS new 8 y S", "S new n1 x~2 S writing"}),
            "download S/8\nwait S n1\nwait S/7\n");
}

// --- fetched or sent, and moved by the user before it was written down ---

TEST(UnrecordedMove, AFileThatSaysWhereItCameFromMovesItsMessage) {
  EXPECT_EQ(planned("", "A new 7 x S", "B new n1 x S from=A/7"), "move_out A/7 -> B n1 S\n");
}
TEST(UnrecordedMove, NotWithoutProof) {
  EXPECT_EQ(planned("", "A new 7 y S", "B new n1 x S from=A/7"),
            "download A/7\nheld orphan B n1\n");
}
TEST(UnrecordedMove, MovedOnTheServerTheServersPlaceWins) {
  EXPECT_EQ(planned("", "B new 9 x S", "A new n1 x S from=A/7"), "move_in A/0 -> B/9 A:n1 S\n");
}
TEST(UnrecordedMove, WaitsWhereItCannotBeSent) {
  EXPECT_EQ(planned("", "A new 7 x S\nB readonly", "B new n1 x S from=A/7"),
            "wait A/7\nwait B n1\n");
}

// --- copies ---

TEST(Copies, InTheSameMailboxAreCopiedThere) {
  EXPECT_EQ(planned("A 1 x S", "", "A new A1,again x S"), "upload A A1,again S copy=A/1\n");
}
TEST(Copies, OfARowWithoutAFileAreCopied) {
  EXPECT_EQ(planned("A 1 x S dropped", "", "B new A1 x S"), "upload B A1 S copy=A/1\n");
}
TEST(Copies, OfAnEditedMessageAreAppended) {
  EXPECT_EQ(planned("A 1 x S", "", "A edited 1 y\nB new A1 x S"),
            "upload A A1 S replaces=1\nupload B A1 S\n");
}
TEST(Copies, WhereTheOriginalMovesTooAreAppended) {
  EXPECT_EQ(planned("A 1 x S", "", "A gone 1\nTrash new A1 x S mtime=1\nB new A1 x S mtime=2"),
            "move_out A/1 -> B A1 S\nupload Trash A1 S\n");
}
TEST(Copies, AHardLinkInTheMailboxIsOnlyAnotherName) {
  EXPECT_EQ(planned("A 1 x S", "", "A new A1,again x S ino=A/1"), "consumed A A1,again\n");
}
TEST(Copies, AHardLinkOfAnyNameIsOnlyAnotherName) {
  EXPECT_EQ(planned("A 1 x S", "", "A new n1 x S ino=A/1"), "consumed A n1\n");
  EXPECT_EQ(planned("A 1 x S", "", "B new n1 x S ino=A/1"), "upload B n1 S\n");
  EXPECT_EQ(planned("A 1 x S", "", "A new n1 y S ino=A/1"), "upload A n1 S\n");
}
TEST(Copies, WhereTheServerKeepsOneOfEachACopyIsOnlyAnotherName) {
  Input input = read({"A B", "A 1 x S", "", "A new A1,again x S"});
  input.append_deduplicates = true;
  EXPECT_EQ(told(input), "consumed A A1,again\n");
}
TEST(Copies, WaitForAnOriginalOfAMailboxThatIsNotPartOfThePass) {
  Input input = read({"A B", "A 1 x S", "", "B new A1 x S"});
  std::erase_if(input.mailboxes, [](const MailboxInput& in) { return in.name.text() == "A"; });
  EXPECT_EQ(told(input), "wait B A1\n");
}

// --- stubs (rule 18) ---

TEST(Stubs, AMovedStubMovesItsMessage) {
  EXPECT_EQ(planned("A 1 x S stub", "", "A gone 1\nB new A1 stub-text S stub from=A/1"),
            "move_out A/1 -> B A1 S\n");
}
TEST(Stubs, ACopiedStubIsHeldAndNeverSent) {
  EXPECT_EQ(planned("A 1 x S stub", "", "B new A1 stub-text S stub from=A/1"),
            "held orphan B A1\n");
}
TEST(Stubs, AStubOfAnUnknownMessageIsHeld) {
  EXPECT_EQ(planned("", "", "B new n1 stub-text S stub from=A/1"), "held orphan B n1\n");
  EXPECT_EQ(planned("", "", "B new n1 stub-text S stub"), "held orphan B n1\n");
}
TEST(Stubs, APlaceholderIsHeldWhateverItsName) {
  EXPECT_EQ(planned("", "", "B new n1 text S placeholder"), "held orphan B n1\n");
  EXPECT_EQ(planned("", "", "B new n1 text S placeholder mark=7"), "held orphan B n1\n");
  EXPECT_EQ(planned("", "", "B new n1 text S placeholder held"), "held orphan B n1\n");
}
TEST(Stubs, APlaceholderThatTheServerHasIsItsMessage) {
  EXPECT_EQ(planned("", "A new 1 text -", "A new n1 text - placeholder"), "pair A/1 n1 -\n");
  EXPECT_EQ(planned("A 1 text S", "", "A gone 1\nB new n1 text S placeholder"),
            "move_out A/1 -> B n1 S\n");
}
TEST(Stubs, AGoneStubIsDeletedOnTheServer) {
  EXPECT_EQ(planned("A 1 x S stub", "", "A gone 1"), "delete_out A/1 to_trash\n");
}
TEST(Stubs, FlagsOfAStubArePushed) {
  EXPECT_EQ(planned("A 1 x S stub", "", "A flags 1 FS"), "push_flags A/1 FS remote+F\n");
}

}  // namespace
}  // namespace sterna::sync::test
