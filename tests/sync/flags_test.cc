// SPDX-License-Identifier: Apache-2.0
// The axis of flags: merged three ways, each by itself.
#include <gtest/gtest.h>

#include "notation.h"

namespace sterna::sync::test {
namespace {

std::string planned(std::string_view base, std::string_view remote, std::string_view local) {
  return told({"A Trash:trash", base, remote, local});
}

TEST(Flags, OfTheServerArePulled) {
  EXPECT_EQ(planned("A 1 x -", "A flags 1 S", ""), "pull_flags A/1 A1:2, S\n");
}
TEST(Flags, OfTheUserArePushed) {
  EXPECT_EQ(planned("A 1 x -", "", "A flags 1 FS"), "push_flags A/1 FS remote+FS\n");
}
TEST(Flags, RemovedByTheUserAreRemovedOnTheServer) {
  EXPECT_EQ(planned("A 1 x FS", "", "A flags 1 S"), "push_flags A/1 S remote-F\n");
}
TEST(Flags, OfBothSidesAreMerged) {
  EXPECT_EQ(planned("A 1 x F", "A flags 1 FS", "A flags 1 FR"),
            "pull_flags A/1 A1:2,FR FRS remote+R\n");
}
TEST(Flags, RemovedOnOneSideAndAddedOnTheOtherAreMergedEachByItself) {
  EXPECT_EQ(planned("A 1 x FS", "A flags 1 S", "A flags 1 FRS"),
            "pull_flags A/1 A1:2,FRS RS remote+R\n");
}
TEST(Flags, ChangedAlikeOnBothSidesAreOnlyNoted) {
  EXPECT_EQ(planned("A 1 x -", "A flags 1 S", "A flags 1 S"), "record A/1 S A1:2,S\n");
}
TEST(Flags, KeywordsAreFlags) {
  EXPECT_EQ(planned("A 1 x S,work", "A flags 1 S,work,home", "A flags 1 S"),
            "pull_flags A/1 A1:2,S S,home remote-,work\n");
}
TEST(Flags, DeletedIsAFlagLikeOthers) {
  EXPECT_EQ(planned("A 1 x S", "", "A flags 1 ST"), "push_flags A/1 ST remote+T\n");
}
TEST(Flags, ToldAgainWithoutChangeAreNoAction) {
  EXPECT_EQ(planned("A 1 x S", "A flags 1 S", ""), "");
}
TEST(Flags, ANewerModSeqIsNoted) {
  EXPECT_EQ(planned("A 1 x S modseq=5", "A flags 1 S modseq=7", ""), "record A/1 S\n");
}
TEST(Flags, OlderNewsIsIgnored) {
  EXPECT_EQ(planned("A 1 x S modseq=7", "A flags 1 - modseq=5", ""), "");
}

// --- which names tell flags ---

TEST(Flags, ANameThatCannotTellIsNoChange) {
  EXPECT_EQ(planned("A 1 x FS", "", "A flags 1 - mute"), "record A/1 FS A1:2,\n");
}
TEST(Flags, ANameThatCannotTellIsNotRenamedForTheServersFlags) {
  EXPECT_EQ(planned("A 1 x S", "A flags 1 FS", "A flags 1 S mute"), "record A/1 FS A1:2,S\n");
}
TEST(Flags, LeavingNewWithoutSeenIsNoChange) {
  EXPECT_EQ(planned("A 1 x - new noinfo", "", "A flags 1 -"), "record A/1 - A1:2,\n");
}
TEST(Flags, AFileStillInNewSaysNothingAboutSeen) {
  EXPECT_EQ(planned("A 1 x S new", "", "A flags 1 - new"), "record A/1 S A1:2,\n");
}
TEST(Flags, AFilePutBackIntoNewIsUnread) {
  EXPECT_EQ(planned("A 1 x S", "", "A flags 1 - new"), "push_flags A/1 - remote-S\n");
}
TEST(Flags, ANameThatNeverHadAnInfoPartIsNoRemoval) {
  EXPECT_EQ(planned("A 1 x S noinfo", "", "A flags 1 - noinfo"), "record A/1 S A1\n");
}
TEST(Flags, ASingleLostInfoPartIsBelieved) {
  EXPECT_EQ(planned("A 1 x FS", "", "A flags 1 - noinfo"), "push_flags A/1 - remote-FS\n");
}

// --- what the server can hold (40) ---

TEST(StorableFlags, AKeywordThatTheServerCannotHoldStaysHere) {
  EXPECT_EQ(planned("A 1 x S", "A keywords=home", "A flags 1 S,work"),
            "record A/1 S,work A1:2,S\n");
}
TEST(StorableFlags, ItsAbsenceThereIsNoRemoval) {
  EXPECT_EQ(planned("A 1 x S,work", "A keywords=home\nA flags 1 FS", ""),
            "pull_flags A/1 A1:2,S FS,work\n");
}
TEST(StorableFlags, ForwardedIsAKeywordOnTheServer) {
  EXPECT_EQ(planned("A 1 x S", "A keywords=home", "A flags 1 PS"), "record A/1 PS A1:2,PS\n");
}
TEST(StorableFlags, ASystemFlagThatIsNotPermanentStaysHere) {
  EXPECT_EQ(planned("A 1 x -", "A permanent=FST", "A flags 1 RS"), "push_flags A/1 RS remote+S\n");
}
TEST(StorableFlags, TheAbsenceOfASystemFlagThatIsNotPermanentIsNoRemoval) {
  EXPECT_EQ(planned("A 1 x RS", "A permanent=FST\nA flags 1 FS", ""),
            "pull_flags A/1 A1:2,RS FRS\n");
}
TEST(StorableFlags, ASystemFlagThatIsNotPermanentIsRemovedHere) {
  EXPECT_EQ(planned("A 1 x RS", "A permanent=FST", "A flags 1 S"), "push_flags A/1 S remote-R\n");
}
TEST(StorableFlags, ASystemFlagThatTheServerHoldsSinceStartsAsUnion) {
  Input input = read({"A", "A 1 x RS", "A permanent=DFRST\nA flags 1 S", ""});
  mailbox(input, "A").base_storable = {true, FlagSet::parse("\\Seen \\Flagged")};
  EXPECT_EQ(told(input), "push_flags A/1 RS remote+R\n");
}
TEST(StorableFlags, WhatAServerHoldsSince) {
  const StorableFlags unsaid;
  const StorableFlags few{true, FlagSet::parse("\\Seen")};
  const StorableFlags more{true, FlagSet::parse("\\Seen \\Answered")};
  const StorableFlags one{false, FlagSet::parse("\\Seen \\Answered work")};
  EXPECT_TRUE(more.has_more_than(few));
  EXPECT_FALSE(few.has_more_than(more));
  EXPECT_FALSE(more.has_more_than(more));
  EXPECT_TRUE(more.has_more_than(one));
  EXPECT_TRUE(unsaid.has_more_than(few));
  EXPECT_FALSE(few.has_more_than(unsaid));
  EXPECT_TRUE(one.has_more_than(few));
}
TEST(StorableFlags, SystemFlagsThatAreListedAreStored) {
  EXPECT_EQ(planned("A 1 x -", "A keywords=home", "A flags 1 FS"), "push_flags A/1 FS remote+FS\n");
}
TEST(StorableFlags, OneThatTheServerHoldsSinceStartsAsUnion) {
  Input input = read({"A", "A 1 x S,work", "A keywords=work\nA flags 1 S", ""});
  mailbox(input, "A").base_storable = {false, {}};
  EXPECT_EQ(told(input), "push_flags A/1 S,work remote+,work\n");
}
TEST(StorableFlags, OneThatTheServerHeldBeforeIsRemoved) {
  EXPECT_EQ(planned("A 1 x S,work", "A keywords=work\nA flags 1 S", ""),
            "pull_flags A/1 A1:2,S S\n");
}

TEST(StorableFlags, AKeywordThatIsNoAtomStaysHere) {
  EXPECT_EQ(planned("A 1 x -", "", "A flags 1 S,we(ird,gr\u00f6\u00dfe"),
            "push_flags A/1 S,gr\u00f6\u00dfe,we(ird remote+S\n");
}
TEST(StorableFlags, TheAbsenceOfOneThatIsNoAtomIsNoRemoval) {
  EXPECT_EQ(planned("A 1 x S,we(ird", "A flags 1 FS", ""), "pull_flags A/1 A1:2,S FS,we(ird\n");
}
TEST(StorableFlags, OneThatIsNoAtomIsRemovedHere) {
  EXPECT_EQ(planned("A 1 x S,we(ird", "", "A flags 1 S"), "record A/1 S A1:2,S\n");
}
TEST(StorableFlags, TheServerIsNotToldToRemoveOneThatIsNoAtom) {
  EXPECT_EQ(planned("A 1 x S,we]ird", "A flags 1 S,we]ird", "A flags 1 -"),
            "push_flags A/1 - remote-S\n");
}
TEST(StorableFlags, AnUploadLeavesOutAKeywordThatIsNoAtom) {
  EXPECT_EQ(told({"A", "", "", "A new n1 x S,we(ird,work"}), "upload A n1 S,work\n");
}

// --- what a name can show ---

TEST(HiddenKeywords, ANameThatCannotShowThemRemovesNone) {
  Input input = read({"A", "A 1 x S,work,home", "", "A flags 1 F"});
  mailbox(input, "A").hidden_keywords = FlagSet::parse("work");
  EXPECT_EQ(told(input), "push_flags A/1 F,work remote+F-S,home\n");
}
TEST(HiddenKeywords, AreStillRemovedByTheServer) {
  Input input = read({"A", "A 1 x S,work", "A flags 1 S", "A flags 1 FS"});
  mailbox(input, "A").hidden_keywords = FlagSet::parse("work");
  EXPECT_EQ(told(input), "pull_flags A/1 A1:2,FS FS remote+F\n");
}
TEST(HiddenKeywords, MoveAlong) {
  Input input = read({"A B", "A 1 x S,work", "", "A gone 1\nB new A1 x S"});
  mailbox(input, "A").hidden_keywords = FlagSet::parse("work");
  EXPECT_EQ(told(input), "move_out A/1 -> B A1 S,work\n");
}

// --- policy: what is not sent is consumed (rule 19) ---

TEST(FlagPolicy, PullConsumesTheUsersChanges) {
  Input input = read({"A", "A 1 x -", "", "A flags 1 S"});
  mailbox(input, "A").direction = Direction::pull;
  EXPECT_EQ(told(input), "record A/1 S A1:2,S\n");
}
TEST(FlagPolicy, PushConsumesTheServersChanges) {
  Input input = read({"A", "A 1 x -", "A flags 1 S", ""});
  mailbox(input, "A").direction = Direction::push;
  EXPECT_EQ(told(input), "record A/1 S\n");
}
TEST(FlagPolicy, AReadOnlyMailboxConsumesThem) {
  EXPECT_EQ(planned("A 1 x -", "A readonly", "A flags 1 S"), "record A/1 S A1:2,S\n");
}

// --- bulk loss of info parts (21) ---

struct Bulk {
  static Input of(int count, std::string_view change) {
    std::string base;
    std::string local;
    for (int i = 1; i <= count; ++i) {
      base += "A " + std::to_string(i) + " x" + std::to_string(i) + " S\n";
      local += "A flags " + std::to_string(i) + " " + std::string(change) + "\n";
    }
    Input input = read({"A", base, "", local});
    mailbox(input, "A").window.messages_at_start = 100;
    return input;
  }
  static std::size_t held(const Plan& plan) {
    std::size_t count = 0;
    for (const Held& held : plan.held) count += held.kind == HeldKind::flags_lost;
    return count;
  }
};

TEST(LostFlags, InBulkAreHeld) {
  const Plan plan = sync::plan(Bulk::of(50, "- noinfo"));
  EXPECT_EQ(Bulk::held(plan), 50U);
  EXPECT_TRUE(plan.actions.empty());
}
TEST(LostFlags, BelowTheThresholdArePushed) {
  const Plan plan = sync::plan(Bulk::of(49, "- noinfo"));
  EXPECT_EQ(plan.actions.size(), 49U);
  EXPECT_TRUE(plan.held.empty());
}
TEST(LostFlags, WhatWentThroughBeforeCounts) {
  Input input = Bulk::of(10, "- noinfo");
  mailbox(input, "A").window.flags_lost = 40;
  EXPECT_EQ(Bulk::held(sync::plan(input)), 10U);
}
TEST(LostFlags, WhatWentThroughInOtherMailboxesCounts) {
  Input input = Bulk::of(10, "- noinfo");
  input.account_window.flags_lost = 40;
  input.account_window.messages_at_start = 150;
  EXPECT_EQ(Bulk::held(sync::plan(input)), 10U);
}
TEST(LostFlags, WhatWasApprovedDoesNotMakeOthersTooMany) {
  Input input = Bulk::of(60, "- noinfo");
  for (std::size_t i = 0; i < 50; ++i) {
    const MessageKey key = input.rows[i].key;
    input.approvals.push_back({key, validity_of(key.mailbox)});
  }
  EXPECT_EQ(sync::plan(input).actions.size(), 60U);
}
TEST(LostFlags, AReaderThatMarksManyUnreadIsBelieved) {
  EXPECT_EQ(sync::plan(Bulk::of(60, "-")).actions.size(), 60U);
}
TEST(LostFlags, AWholeFolderThatLandsInNewIsHeld) {
  EXPECT_EQ(Bulk::held(sync::plan(Bulk::of(50, "- noinfo new"))), 50U);
}
TEST(LostFlags, AreLetThroughWhereTheUserSaysSo) {
  Input input = Bulk::of(50, "- noinfo");
  for (const MessageRow& row : input.rows) {
    input.approvals.push_back({row.key, validity_of(row.key.mailbox)});
  }
  EXPECT_EQ(sync::plan(input).actions.size(), 50U);
}

// --- moved on the server between the looks at its two mailboxes: two rows ---

std::string heirs(std::string_view base, std::string_view remote, std::string_view local) {
  return told({"A B C Trash:trash", base, remote, local});
}

TEST(Heirs, WhatWasSaidToTheOldPlaceIsSaidToTheNewOne) {
  EXPECT_EQ(heirs("A 1 x S\nB 7 x S since=3", "A gone 1", "A flags 1 FS"),
            "pull_flags B/7 B7:2,S FS remote+F\ndelete_in A/1 A1:2,FS\n");
}
TEST(Heirs, ItIsMergedWithWhatTheNewPlaceSays) {
  EXPECT_EQ(heirs("A 1 x S\nB 7 x S since=3", "A gone 1\nB flags 7 RS", "A flags 1 F"),
            "pull_flags B/7 B7:2,S FR remote+F-S\ndelete_in A/1 A1:2,F\n");
}
TEST(Heirs, WhatStoodThereBeforeIsAMessageOfItsOwn) {
  EXPECT_EQ(heirs("A 1 x S since=3\nB 7 x S since=3", "A gone 1", "A flags 1 FS"),
            "delete_in A/1 A1:2,FS\n");
}
TEST(Heirs, OtherContentInheritsNothing) {
  EXPECT_EQ(heirs("A 1 x S\nB 7 y S since=3", "A gone 1", "A flags 1 FS"),
            "delete_in A/1 A1:2,FS\n");
}
TEST(Heirs, TheYoungestOfThemInherits) {
  EXPECT_EQ(heirs("A 1 x S\nB 7 x S since=3\nC 2 x S since=4", "A gone 1", "A flags 1 FS"),
            "pull_flags C/2 C2:2,S FS remote+F\ndelete_in A/1 A1:2,FS\n");
}
TEST(Heirs, OneThatWasFetchedAndNotWrittenDownInheritsAsWell) {
  EXPECT_EQ(heirs("A 1 x S", "A gone 1\nB new 7 x S", "A flags 1 FS\nB new B7 x S from=B/7"),
            "pair B/7 B7 FS remote+F local+F\ndelete_in A/1 A1:2,FS\n");
}
TEST(Heirs, OneThatIsGoneAsWellInheritsNothing) {
  EXPECT_EQ(heirs("A 1 x S\nB 7 x S since=3", "A gone 1\nB gone 7", "A flags 1 FS"),
            "delete_in A/1 A1:2,FS\ndelete_in B/7\n");
}
TEST(Heirs, OneThatWasMovedOnSinceInheritsInItsNewPlace) {
  EXPECT_EQ(heirs("A 1 x S\nB 7 x S since=3", "A gone 1\nB gone 7\nA new 9 x S", "A flags 1 FS"),
            "move_in B/7 -> A/9 B:B7 FS remote+F\ndelete_in A/1 A1:2,FS\n");
}
TEST(Heirs, OneThatIsNotSeenIsToldLater) {
  EXPECT_EQ(heirs("A 1 x S\nB 7 x S since=3", "A gone 1", "A flags 1 FS\nB unknown"), "wait A/1\n");
}
TEST(Heirs, AFileThatWasMovedWaitsUntilOneIsWhereItsMessageIs) {
  EXPECT_EQ(heirs("A 1 x S\nB 7 x S since=4", "A gone 1\nB gone 7\nA new 9 x S",
                  "A gone 1\nC new A1 x S"),
            "move_in B/7 -> A/9 B:B7 S\nwait A/1\nwait C A1\n");
}
// --- another pass may follow at once ---

TEST(LookAgain, WhatMayHaveMovedAmidALookIsLookedForOnceMore) {
  for (const auto& [remote, local, then] :
       {std::tuple{"A gone 1", "A flags 1 FS", "delete_in A/1 A1:2,FS\n"},
        std::tuple{"A gone 1", "A gone 1\nB new A1 x S", "upload B A1 S forgets=A/1\n"}}) {
    Input input = read({"A B C Trash:trash", "A 1 x S", remote, local});
    EXPECT_EQ(told(input), then);
    EXPECT_FALSE(sync::plan(input).look_again);
    input.may_look_again = true;
    const Plan plan = sync::plan(input);
    EXPECT_TRUE(plan.actions.empty()) << local;
    EXPECT_TRUE(plan.look_again) << local;
  }
  Input renamed = read({"A B C Trash:trash", "A 1 x S", "A flags 1 FS", "B new n1 x S ino=A/1"});
  EXPECT_EQ(told(renamed), "pull_flags A/1 A1:2,S FS\nupload B n1 S\n");
  renamed.may_look_again = true;
  EXPECT_EQ(told(renamed), "pull_flags A/1 A1:2,S FS\nwait B n1\n");
  EXPECT_TRUE(sync::plan(renamed).look_again);
  Input unchanged = read({"A B C Trash:trash", "A 1 x S", "A gone 1", ""});
  unchanged.may_look_again = true;
  EXPECT_EQ(told(unchanged), "delete_in A/1\n");
}

TEST(Heirs, UnderAnotherUidOfItsMailboxOneThatCameJustNowInherits) {
  EXPECT_EQ(heirs("A 1 x S\nA 7 x S since=4", "A gone 1", "A flags 1 FS"),
            "pull_flags A/7 A7:2,S FS remote+F\ndelete_in A/1 A1:2,FS\n");
  EXPECT_EQ(heirs("A 1 x S\nA 7 x S since=3", "A gone 1", "A flags 1 FS"),
            "delete_in A/1 A1:2,FS\n");
}
TEST(Heirs, AFileThatWasMovedToTheSamePlaceIsNotSentBesideOne) {
  EXPECT_EQ(heirs("A 1 x S\nB 7 x S since=3", "A gone 1", "A gone 1\nB new A1 x S"),
            "delete_in A/1 A1:2,S in B\n");
  EXPECT_EQ(
      heirs("A 1 x S", "A gone 1\nB new 7 x S", "A gone 1\nB new A1 x S\nB new B7 x S from=B/7"),
      "pair B/7 B7 S\ndelete_in A/1 A1:2,S in B\n");
}
TEST(Heirs, WhatWasSaidToAFileThatWasMovedIsSaidToOne) {
  EXPECT_EQ(heirs("A 1 x S\nB 7 x S since=3", "A gone 1", "A gone 1\nB new A1 x FS"),
            "pull_flags B/7 B7:2,S FS remote+F\ndelete_in A/1 A1:2,FS in B\n");
}
TEST(Heirs, OneElsewhereCountsForAFileThatWasMovedIfItCameInThePassBefore) {
  EXPECT_EQ(heirs("A 1 x S\nC 7 x S since=4", "A gone 1", "A gone 1\nB new A1 x S"),
            "delete_in A/1 A1:2,S in B\n");
  EXPECT_EQ(heirs("A 1 x S\nC 7 x S since=3", "A gone 1", "A gone 1\nB new A1 x S"),
            "upload B A1 S forgets=A/1\n");
}
TEST(Heirs, SoDoesOneUnderAnotherUidOfTheMailboxThatTheFileLeft) {
  EXPECT_EQ(heirs("A 1 x S\nA 7 x S since=4", "A gone 1", "A gone 1\nB new A1 x S"),
            "delete_in A/1 A1:2,S in B\n");
  EXPECT_EQ(heirs("A 1 x S\nA 7 x S since=3", "A gone 1", "A gone 1\nB new A1 x S"),
            "upload B A1 S forgets=A/1\n");
  EXPECT_EQ(
      heirs("A 1 x S", "A gone 1\nA new 7 x S", "A gone 1\nA new A7 x S from=A/7\nB new A1 x S"),
      "pair A/7 A7 S\ndelete_in A/1 A1:2,S in B\n");
}
TEST(Heirs, OneInTheTrashLosesAgainstAFileThatWasMoved) {
  EXPECT_EQ(heirs("A 1 x S\nTrash 7 x S since=4", "A gone 1", "A gone 1\nB new A1 x S"),
            "upload B A1 S forgets=A/1\n");
}
TEST(Heirs, WhereTheServerStoresNoneTwiceOneElsewhereIsAnotherLabel) {
  Input input =
      read({"A B C Trash:trash", "A 1 x S\nC 7 x S since=4", "A gone 1", "A gone 1\nB new A1 x S"});
  input.append_deduplicates = true;
  EXPECT_EQ(told(input), "upload B A1 S forgets=A/1\n");
}
TEST(Heirs, EachOfThemIsThatOfOneFile) {
  EXPECT_EQ(heirs("A 1 x S\nA 2 x S\nB 7 x S since=3", "A gone 1\nA gone 2",
                  "A gone 1\nA gone 2\nB new A1 x S\nB new A2 x S"),
            "upload B A2 S forgets=A/2\ndelete_in A/1 A1:2,S in B\n");
}
TEST(Heirs, WhoseFileWasLeftByACutRemovalIsStillNotSent) {
  EXPECT_EQ(heirs("A 1 x S dropping\nB 7 x S since=3", "A gone 1", "B new A1 x S"),
            "delete_in A/1 A1:2,S in B\n");
  EXPECT_EQ(heirs("A 1 x S dropping\nB 7 x S since=3", "A gone 1", "B new other x S ino=A/1"),
            "delete_in A/1 other:2,S in B\n");
  EXPECT_EQ(heirs("A 1 x S dropping", "A gone 1", "B new A1 x S"),
            "forget A/1 tombstone\nheld orphan B A1\n");
}
TEST(Heirs, OneWhoseFileMayBeGoneLeavesTheOtherAlone) {
  EXPECT_EQ(heirs("A 1 x S\nB 7 x S since=5", "A gone 1", "A gone 1\nB new A1 x S\nB gone 7"),
            "wait A/1\nwait B A1\nwait B/7\n");
  EXPECT_EQ(heirs("A 1 x S\nB 7 x S since=3", "A gone 1", "A gone 1\nB new A1 x S\nB gone 7"),
            "upload B A1 S forgets=A/1\nwait B/7\n");
}
TEST(Heirs, OneWithoutItsFileIsNone) {
  EXPECT_EQ(heirs("A 1 x S\nB 7 x S since=3 wanted", "A gone 1", "A gone 1\nB new A1 x S"),
            "pair B/7 A1 S forgets=A/1\n");
}

}  // namespace
}  // namespace sterna::sync::test
