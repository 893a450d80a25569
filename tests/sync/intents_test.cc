// SPDX-License-Identifier: Apache-2.0
// Open intents: "may have happened". A crash, a cut line and a lost reply are one case (rule 12).
#include <gtest/gtest.h>

#include "notation.h"
#include "sterna/base/nanoseconds.h"

namespace sterna::sync::test {
namespace {

constexpr std::string_view kMailboxes = "A B C Trash:trash";

Input uploading(std::string_view remote, std::string_view local, unsigned looks = 0) {
  Input input = read({kMailboxes, "", remote, local});
  add_intent(input, IntentKind::upload, "A", 0, "n1", "x", "").looks = looks;
  return input;
}

// A sync that died after it had renamed the file.
Input following(std::string_view remote, std::string_view local) {
  Input input = read({kMailboxes, "A 1 x S", remote, local});
  add_intent(input, IntentKind::move_in, "A", 1, "A1", "x", "B");
  return input;
}

TEST(FileThatFollowed, IsWhereItsMessageIs) {
  EXPECT_EQ(told(following("A gone 1\nB new 7 x S", "A gone 1\nB new A1 x S")),
            "pair B/7 A1 S forgets=A/1\n");
}
TEST(FileThatFollowed, GoesOnWithItsMessage) {
  const std::string_view there = "A gone 1\nB new A1 x S";
  EXPECT_EQ(told(following("A gone 1\nC new 7 x S", there)), "move_in A/1 -> C/7 B:A1 S\n");
  EXPECT_EQ(told(following("A gone 1\nTrash new 7 x S", there)), "move_in A/1 -> Trash/7 B:A1 S\n");
  EXPECT_EQ(told(following("A gone 1\nA new 8 x S", there)), "move_in A/1 -> A/8 B:A1 S\n");
}
TEST(FileThatFollowed, GoesWithItsMessage) {
  EXPECT_EQ(told(following("A gone 1", "A gone 1\nB new A1 x S")), "delete_in A/1 A1:2,S in B\n");
}
TEST(FileThatFollowed, StaysWhileItsMessageMayBeThere) {
  EXPECT_EQ(told(following("A gone 1\nB unknown", "A gone 1\nB new A1 x S")),
            "wait A/1\nwait B A1\n");
}
TEST(FileThatFollowed, IsKeptWhereThePolicyOfItsNewPlaceKeepsIt) {
  Input input = following("A gone 1", "A gone 1\nB new A1 x S");
  mailbox(input, "B").remote_delete = RemoteDelete::ignore;
  EXPECT_EQ(told(input), "forget A/1 tombstone\nconsumed B A1\n");
  input = following("A gone 1", "A gone 1\nB new A1 x S");
  mailbox(input, "A").remote_delete = RemoteDelete::ignore;
  EXPECT_EQ(told(input), "delete_in A/1 A1:2,S in B\n");
}
TEST(FileThatFollowed, WhoseRemovalWasBegunIsRemovedWhereItIs) {
  Input input = read({kMailboxes, "A 1 x S dropping", "A gone 1", "B new A1 x S"});
  add_intent(input, IntentKind::move_in, "A", 1, "A1", "x", "B");
  EXPECT_EQ(told(input), "delete_in A/1 A1:2,S in B\n");
}
TEST(FileThatFollowed, AndWasMovedOnIsTheUsers) {
  EXPECT_EQ(told(following("A gone 1", "A gone 1\nC new A1 x S")),
            "upload C A1 S forgets=A/1\nclose_intent 1\n");
}
// To another disk, and its original was not removed yet.
TEST(FileThatFollowed, AndWasCopiedIsOneMessage) {
  Input input = following("A gone 1\nB new 7 x S", "B new A1 x S");
  input.intents.front().target_uidvalidity = validity_of(input.intents.front().target);
  input.intents.front().target_uid_next = Uid{7};
  EXPECT_EQ(told(input), "pair B/7 A1 S\nclose_intent 1\ndelete_in A/1\n");
}
TEST(FileThatFollowed, AndWasCopiedIsNeverSent) {
  for (const char* remote : {"A gone 1", "A gone 1\nC new 9 x S", "A gone 1\nB new 8 y S"}) {
    const std::string plan = told(following(remote, "B new A1 x S"));
    EXPECT_EQ(plan.find("upload"), std::string::npos) << plan;
    EXPECT_NE(plan.find("held orphan B A1"), std::string::npos) << plan;
  }
  const std::string edited = told(following("A gone 1", "B new A1 y S"));
  EXPECT_NE(edited.find("upload B A1"), std::string::npos) << edited;
}
TEST(FileThatFollowed, AndWasCopiedIsOneMessageWhateverThePolicyKeeps) {
  Input input = following("A gone 1\nB new 7 x S", "B new A1 x S");
  input.intents.front().target_uid_next = Uid{7};
  mailbox(input, "A").remote_delete = RemoteDelete::ignore;
  EXPECT_EQ(told(input), "pair B/7 A1 S\nclose_intent 1\ndelete_in A/1\n");
}
TEST(FileThatFollowed, AndWasCopiedIsKnownForThatWhileNeitherSideOfTheServerIs) {
  EXPECT_EQ(told(following("A unknown\nB unknown", "B new A1 x S")), "wait B A1\n");
}
TEST(FileThatFollowed, IsInDoubtWhileItsPlaceIsNotSeen) {
  EXPECT_EQ(told(following("", "B unknown")), "");
  EXPECT_EQ(told(following("", "")), "close_intent 1\n");
}

TEST(UploadInDoubt, FoundOnTheServerIsPairedAndStaysOpenUntilThatIsRecorded) {
  EXPECT_EQ(told(uploading("A new 7 x S", "A new n1 x S")), "pair A/7 n1 S\n");
  Input input = read({kMailboxes, "A 7 x S name=n1", "", ""});
  add_intent(input, IntentKind::upload, "A", 0, "n1", "x", "");
  EXPECT_EQ(told(input), "close_intent 1\n");
}
TEST(UploadInDoubt, OfARowWhoseFileOnlyGotFlagsIsOver) {
  Input input = read({kMailboxes, "A 7 x S name=n1", "", "A flags 7 FS"});
  add_intent(input, IntentKind::upload, "A", 0, "n1", "x", "");
  EXPECT_EQ(told(input), "push_flags A/7 FS remote+F\nclose_intent 1\n");
}
TEST(UploadInDoubt, RecordedUnderAnotherUidvalidityIsOver) {
  Input input = read({kMailboxes, "A 1 x S name=n1", "", "A gone 1\nB new n1 x S"});
  add_intent(input, IntentKind::upload, "A", 0, "n1", "x", "").uidvalidity = UidValidity(77);
  EXPECT_EQ(told(input), "move_out A/1 -> B n1 S\nclose_intent 1\n");
}
TEST(UploadInDoubt, NotFoundIsLookedForThreeTimesAndThenSentAgain) {
  for (unsigned looks = 0; looks < 3; ++looks) {
    EXPECT_EQ(told(uploading("", "A new n1 x S", looks)), "wait A n1\n");
  }
  EXPECT_EQ(told(uploading("", "A new n1 x S", 3)), "upload A n1 S doubt\n");
}
TEST(UploadInDoubt, AMailboxThatWasNotSeenLeavesItInDoubt) {
  EXPECT_EQ(told(uploading("A unknown", "A new n1 x S", 9)), "wait A n1\n");
}
TEST(UploadInDoubt, AnotherFileOfOtherContentIsNotConcerned) {
  EXPECT_EQ(told(uploading("", "A new n2 y S")), "upload A n2 S\nclose_intent 1\n");
}
TEST(UploadInDoubt, AFileRenamedSinceIsKnownByItsContent) {
  EXPECT_EQ(told(uploading("", "A new other x S")), "wait A other\n");
}
TEST(UploadInDoubt, AFileMovedSinceMovesTheMessageThatWasSent) {
  EXPECT_EQ(told(uploading("A new 7 x S", "B new n1 x S")), "move_out A/7 -> B n1 S\n");
  EXPECT_EQ(told(uploading("A new 7 x S", "B new other x S")), "move_out A/7 -> B other S\n");
}
// It was sent from where it was moved to, since its message was gone.
TEST(UploadInDoubt, AFileMovedBackToItsRowsPlaceMovesTheMessageThatWasSent) {
  for (const std::string_view local : {"", "A gone 1\nA new other x S"}) {
    Input input = read({kMailboxes, "A 1 x S", "A gone 1\nB new 7 x S", local});
    add_intent(input, IntentKind::upload, "B", 0, "A1", "x", "");
    const std::string name = local.empty() ? "A1" : "other";
    EXPECT_EQ(told(input), "move_out B/7 -> A " + name + " S forgets=A/1\n");
  }
}
TEST(UploadInDoubt, StaysOpenWhileTheRowThatItsFileLeftIsNotSeen) {
  Input input = read({kMailboxes, "A 1 x S", "A gone 1\nB new 7 x S", "A unknown"});
  add_intent(input, IntentKind::upload, "B", 0, "A1", "x", "");
  EXPECT_EQ(told(input), "wait A/1\nwait B/7\n");
  input = read({kMailboxes, "A 1 x S", "A unknown\nB new 7 x S", ""});
  add_intent(input, IntentKind::upload, "B", 0, "A1", "x", "");
  EXPECT_EQ(told(input), "wait B/7\n");
}
TEST(UploadInDoubt, ARowWhoseMessageAnotherClientMovedIsNotConcerned) {
  Input input = read({kMailboxes, "A 1 x S", "A gone 1\nB new 7 x S", ""});
  add_intent(input, IntentKind::upload, "C", 0, "A1", "x", "");
  EXPECT_EQ(told(input), "move_in A/1 -> B/7 A:A1 S\nclose_intent 1\n");
  input = read({kMailboxes, "A 1 x S", "A gone 1\nB new 3 x S", ""});
  add_intent(input, IntentKind::upload, "B", 0, "A1", "x", "");
  EXPECT_EQ(told(input), "move_in A/1 -> B/3 A:A1 S\nclose_intent 1\n");
  input = read({kMailboxes, "A 1 x S", "A gone 1\nB new 7 x S\nB new 8 x S", ""});
  add_intent(input, IntentKind::upload, "B", 0, "A1", "x", "");
  EXPECT_EQ(told(input), "missed B/8 A1 -\nmove_in A/1 -> B/7 A:A1 S\nwait B/8\n");
}
TEST(UploadInDoubt, AMessageFromBeforeIsNotTheOneThatWasSent) {
  EXPECT_EQ(told(uploading("A new 3 x S", "B new n1 x S")), "download A/3\nwait B n1\n");
}
TEST(UploadInDoubt, AFileMovedSinceAndNeverSentIsSentWhereItIs) {
  EXPECT_EQ(told(uploading("", "B new n1 x S", 3)), "upload B n1 S doubt\n");
}
TEST(UploadInDoubt, AFileMovedSinceIsTheUsersMoveAlsoWhileAdopting) {
  Input input = uploading("A new 7 x S", "B new n1 x S");
  for (MailboxInput& in : input.mailboxes) in.adopting = true;
  EXPECT_EQ(told(input), "move_out A/7 -> B n1 S\n");
}
TEST(UploadInDoubt, AMessageMovedOnTheServerSinceTakesTheFileAlong) {
  EXPECT_EQ(told(uploading("B new 9 x S", "A new n1 x S")), "move_in A/0 -> B/9 A:n1 S\n");
}
// --- a server that rewrites what it stores ---

// The date of the file, which its APPEND gave, is what the notation says of all messages.
Input rewritten(std::string_view remote, std::string_view local, unsigned looks = 0) {
  Input input = uploading(remote, local, looks);
  for (LocalArrival& arrival : mailbox(input, "A").local.arrived) {
    arrival.file.file.mtime_ns = 2000 * kNsPerSecond + 7;
  }
  return input;
}

TEST(UploadRewritten, IsKnownByItsMessageIdAndItsDate) {
  EXPECT_EQ(told(rewritten("A new 7 x~2 S", "A new n1 x S")), "pair A/7 n1 S\n");
}
TEST(UploadRewritten, WithAnotherDateIsAnotherVersion) {
  Input input = rewritten("A new 7 x~2 S", "A new n1 x S");
  mailbox(input, "A").local.arrived[0].file.file.mtime_ns += kNsPerSecond;
  EXPECT_EQ(told(input), "download A/7\nwait A n1\n");
}
TEST(UploadRewritten, TheServersWordThatItIsThereIsNoDate) {
  Input input = uploading("A new 7 x~2 S", "A new n1 x S");
  input.intents.front().stored = true;
  EXPECT_EQ(told(input), "download A/7\nwait A n1\n");
}
TEST(UploadRewritten, WhatWasThereBeforeIsNotIt) {
  EXPECT_EQ(told(rewritten("A new 3 x~2 S", "A new n1 x S")), "download A/3\nwait A n1\n");
}
TEST(UploadRewritten, UnderAnotherUidvalidityNothingIsKnown) {
  Input input = rewritten("A new 7 x~2 S", "A new n1 x S");
  input.intents.front().uidvalidity = UidValidity(77);
  EXPECT_EQ(told(input), "download A/7\nwait A n1\n");
}
TEST(UploadRewritten, WithoutAMessageIdIsNotKnown) {
  Input input = rewritten("A new 7 x~2 S", "A new n1 x S");
  mailbox(input, "A").local.arrived[0].identity->message_id.clear();
  mailbox(input, "A").remote.details[0].identity->message_id.clear();
  EXPECT_EQ(told(input), "download A/7\nwait A n1\n");
}
TEST(UploadRewritten, WhatIsThereAsItWasSentComesFirst) {
  EXPECT_EQ(told(rewritten("A new 7 x~2 S\nA new 8 x S", "A new n1 x S")),
            "pair A/8 n1 S\ndownload A/7\n");
}
TEST(UploadRewritten, OfTwoVersionsThereNoneIsTaken) {
  EXPECT_EQ(told(rewritten("A new 7 x~2 S\nA new 8 x~3 S", "A new n1 x S")),
            "download A/7:8\nwait A n1\n");
}
TEST(UploadRewritten, OfTwoVersionsHereNoneIsTaken) {
  Input input = rewritten("A new 7 x~2 S", "A new n1 x S\nA new n2 x~4 S");
  add_intent(input, IntentKind::upload, "A", 0, "n2", "x~4", "");
  EXPECT_EQ(told(input), "download A/7\nwait A n1\nwait A n2\n");
}
TEST(UploadRewritten, ACopyOfTheSameIsPairedInTurn) {
  Input input = rewritten("A new 7 x~2 S\nA new 8 x~3 S", "A new n1 x S\nA new n2 x S");
  add_intent(input, IntentKind::upload, "A", 0, "n2", "x", "");
  EXPECT_EQ(told(input), "pair A/7 n1 S\npair A/8 n2 S\n");
}
TEST(UploadRewritten, WhatWasNotSentByUsIsAnotherVersion) {
  Input input = rewritten("A new 7 x~2 S", "A new n1 x S");
  input.intents.clear();
  EXPECT_EQ(told(input), "download A/7\nupload A n1 S\n");
}

TEST(UploadInDoubt, AFileDeletedSinceClosesItIfItNeverArrived) {
  EXPECT_EQ(told(uploading("", "")), "close_intent 1\n");
  EXPECT_EQ(told(uploading("A new 7 y S", "")), "download A/7\nclose_intent 1\n");
}
TEST(UploadInDoubt, AFileDeletedSinceIsMissedByWhatWasSent) {
  Input input = uploading("A new 7 x F", "");
  input.intents.front().flags = FlagSet{Flag::seen};
  EXPECT_EQ(told(input), "missed A/7 n1 S\nwait A/7\n");
  Input next = read({kMailboxes, "A 7 x S name=n1", "A flags 7 FS", "A gone 7"});
  add_intent(next, IntentKind::upload, "A", 0, "n1", "x", "");
  EXPECT_EQ(told(next), "close_intent 1\ndelete_out A/7 to_trash\n");
}
// Where both sides are paired anew nothing is deleted: a restored backup lacks what it is older
// than.
TEST(UploadInDoubt, AFileThatABackupLacksIsFetchedAgain) {
  Input input = uploading("A new 7 x S", "");
  for (MailboxInput& in : input.mailboxes) in.adopting = in.paired_anew = true;
  EXPECT_EQ(told(input), "download A/7\nclose_intent 1\n");
}
TEST(UploadInDoubt, AFileThatABackupLacksIsNotFetchedBesideOneThatCannotBeRead) {
  Input input = uploading("A new 7 x S", "B new n2 y - writing");
  for (MailboxInput& in : input.mailboxes) in.adopting = in.paired_anew = true;
  EXPECT_EQ(told(input), "wait A/7\nwait B n2\n");
}
// Its first look was cut; the base has nothing of it but what was sent.
TEST(UploadInDoubt, AFileDeletedAmidAFirstLookIsMissed) {
  Input input = uploading("A new 7 x S", "");
  mailbox(input, "A").adopting = true;
  EXPECT_EQ(told(input), "missed A/7 n1 -\nwait A/7\n");
}
TEST(UploadInDoubt, AFileDeletedAfterAllWasComparedIsMissedWhateverWaits) {
  Input input = uploading("A new 7 x S", "");
  for (MailboxInput& in : input.mailboxes) in.adopting = in.compared = true;
  EXPECT_EQ(told(input), "missed A/7 n1 -\nwait A/7\n");
}
TEST(UploadInDoubt, WhatMayStillBeTheFileIsNotMissed) {
  EXPECT_EQ(told(uploading("A new 3 x S", "")), "download A/3\nclose_intent 1\n");
  EXPECT_EQ(told(uploading("A new 7 x S", "B unknown")), "wait A/7\n");
  EXPECT_EQ(told(uploading("A new 7 x S", "B new n2 y - writing")), "wait A/7\nwait B n2\n");
}
TEST(UploadInDoubt, WhatWasSentIsWhatAnEditedFileWas) {
  EXPECT_EQ(told(uploading("A new 7 x -", "A new n1 y S")),
            "pair A/7 n1 S remote+S edited\nclose_intent 1\n");
  EXPECT_EQ(told(uploading("A new 3 x S", "A new n1 y -")),
            "download A/3\nupload A n1 -\nclose_intent 1\n");
  EXPECT_EQ(told(uploading("A new 7 x S\nA new 8 y S", "A new n1 y S")),
            "pair A/8 n1 S\ndownload A/7\nclose_intent 1\n");
  const Input input = uploading("A new 7 x S", "A new n1 y S");
  const Plan made = plan(input);
  EXPECT_EQ(std::get<Pair>(made.actions.front().what).identity->body, identity_of("x").body);
}
TEST(UploadInDoubt, WhatWasSentIsNotFetchedWhileItsFileCannotBeRead) {
  EXPECT_EQ(told(uploading("A new 7 x S", "A new n1 x S unreadable")), "wait A n1\nwait A/7\n");
  EXPECT_EQ(told(uploading("A new 7 x S", "A new n1 x S writing")), "wait A n1\nwait A/7\n");
  EXPECT_EQ(told(uploading("", "A new n1 x S writing", 3)), "wait A n1\n");
}
TEST(UploadInDoubt, WhatTheServerTookAndHasNoMoreIsHeldNotSentAgain) {
  Input input = uploading("", "A new n1 x S", 2);
  input.intents.front().stored = true;
  EXPECT_EQ(told(input), "wait A n1\n");
  input.intents.front().looks = 3;
  EXPECT_EQ(told(input), "held orphan A n1\n");
}
TEST(UploadInDoubt, TheFlagsThatWereSentAreTheBase) {
  Input input = uploading("A new 7 x S", "A new n1 x FS");
  input.intents.front().flags = FlagSet::parse("\\Flagged \\Seen");
  EXPECT_EQ(told(input), "pair A/7 n1 S local-F\n");
  input = uploading("A new 7 x FS", "B new n1 x S");
  input.intents.front().flags = FlagSet::parse("\\Flagged \\Seen");
  EXPECT_EQ(told(input), "move_out A/7 -> B n1 S remote-F\n");
}
TEST(UploadInDoubt, StaysOpenWhereNothingIsKnown) {
  EXPECT_EQ(told(uploading("A unknown", "")), "");
  EXPECT_EQ(told(uploading("A new 7 x S unseen", "")), "download A/7\n");
}
TEST(UploadInDoubt, ItsFileIsNoNewcomerThatARowCouldClaim) {
  Input input = read({kMailboxes, "B 1 x S name=n1", "A new 7 x S", "B gone 1\nA new n1 x S"});
  add_intent(input, IntentKind::upload, "A", 0, "n1", "x", "");
  EXPECT_EQ(told(input), "pair A/7 n1 S\ndelete_out B/1 to_trash\n");
}

// --- moves ---
// Another file of that content tells nothing of it.
TEST(UploadInDoubt, WhoseFileIsGoneIsMissedWhateverElseHasItsContent) {
  Input input = read({kMailboxes, "", "A new 7 x S\nB new 4 x S", "B new n9 x S"});
  add_intent(input, IntentKind::upload, "A", 0, "n1", "x", "").target_uid_next = Uid(5);
  EXPECT_EQ(told(input), "pair B/4 n9 S\nmissed A/7 n1 -\nwait A/7\n");
}

Input deleting(std::string_view base, std::string_view remote, std::string_view local) {
  Input input = read({kMailboxes, base, remote, local});
  add_intent(input, IntentKind::delete_out, "A", 1, "", "", "");
  return input;
}

TEST(RemovalInDoubt, DoneIsClosed) {
  EXPECT_EQ(told(deleting("A 1 x S deleting", "A gone 1", "")),
            "close_intent 1\nforget A/1 tombstone\n");
}
TEST(RemovalInDoubt, NotDoneIsResumedAndStaysOpen) {
  EXPECT_EQ(told(deleting("A 1 x S deleting", "", "")), "delete_out A/1 to_trash\n");
}
TEST(RemovalInDoubt, OfARowThatIsNotDeletingIsClosed) {
  EXPECT_EQ(told(deleting("A 1 x S", "", "")), "close_intent 1\n");
  EXPECT_EQ(told(deleting("", "", "")), "close_intent 1\n");
}
TEST(RemovalInDoubt, OfAMessageThatWasMovedOnTakesItsMarkBack) {
  EXPECT_EQ(told(deleting("A 1 x S deleting", "A gone 1\nB new 7 x ST", "")),
            "clear_deleted B/7\nwait A/1\n");
  // One that nobody marked, or one of several.
  EXPECT_EQ(told(deleting("A 1 x S deleting", "A gone 1\nB new 7 x S", "")),
            "download B/7\nclose_intent 1\nforget A/1 tombstone\n");
  EXPECT_EQ(told(deleting("A 1 x S deleting", "A gone 1\nB new 7 x ST\nC new 8 x S", "")),
            "download B/7\ndownload C/8\nclose_intent 1\nforget A/1 tombstone\n");
}
TEST(RemovalInDoubt, OfWhatThePolicyKeepsByNowLosesItsMark) {
  Input input = deleting("A 1 x S deleting", "", "");
  mailbox(input, "A").local_delete = LocalDelete::ignore;
  EXPECT_EQ(told(input), "clear_deleted A/1\nwait A/1\n");
}
TEST(RemovalInDoubt, ThatWasDecidedAgainstLosesItsMark) {
  EXPECT_EQ(told(deleting("A 1 x S wanted", "", "")), "clear_deleted A/1\nwait A/1\n");
  EXPECT_EQ(told(deleting("A 1 x S wanted", "A unknown", "")), "");
  EXPECT_EQ(told(deleting("A 1 x S wanted", "A gone 1", "")),
            "close_intent 1\nforget A/1 tombstone\n");
}

TEST(MailboxIntents, AreNoneOfThisPlan) {
  Input input = read({kMailboxes, "", "", ""});
  add_intent(input, IntentKind::mailbox_rename, "A", 0, "", "", "");
  EXPECT_EQ(told(input), "");
}

}  // namespace
}  // namespace sterna::sync::test
