// SPDX-License-Identifier: Apache-2.0
// Removals: when they are believed, how they are carried out, and why they wait.
#include <gtest/gtest.h>

#include "notation.h"

namespace sterna::sync::test {
namespace {

constexpr std::string_view kMailboxes = "A B Trash:trash Spam:junk";

std::string planned(std::string_view base, std::string_view remote, std::string_view local) {
  return told({kMailboxes, base, remote, local});
}

template <class Change>
std::string planned_with(Change change, std::string_view remote, std::string_view local) {
  Input input = read({kMailboxes, "A 1 x S", remote, local});
  change(input);
  return told(input);
}

// --- rule 1: absence counts only against rows older than the observation ---

TEST(Absence, OfAFileThatCameDuringTheListingProvesNothing) {
  EXPECT_EQ(planned("A 1 x S since=5", "", "A gone 1"), "wait A/1\n");
  EXPECT_EQ(planned("A 1 x S since=4", "", "A gone 1"), "delete_out A/1 to_trash\n");
}
TEST(Absence, OfAMessageThatCameDuringTheListingProvesNothing) {
  EXPECT_EQ(planned("A 1 x S since=5", "A gone 1", ""), "wait A/1\n");
}
TEST(Absence, InAnOldListingProvesNothing) {
  EXPECT_EQ(planned("A 1 x S since=3", "A began=3", "A gone 1\nA began=3"), "wait A/1\n");
  EXPECT_EQ(planned("A 1 x S since=3", "A gone 1\nA began=3", ""), "wait A/1\n");
}
TEST(Absence, InAPartialListingProvesNothing) {
  EXPECT_EQ(planned("A 1 x S", "A gone 1\nA changes", ""), "wait A/1\n");
  EXPECT_EQ(planned("A 1 x S", "", "A gone 1\nA changes"), "wait A/1\n");
}
TEST(Absence, ThatContradictsAnotherObservationProvesNothing) {
  EXPECT_EQ(planned("A 1 x S", "A gone 1\nA flags 1 F", ""), "wait A/1\n");
  EXPECT_EQ(planned("A 1 x S", "", "A gone 1\nA flags 1 F"), "wait A/1\n");
}
// A move to a mailbox that nobody could look at looks the same, and there its flags would be lost.
TEST(Absence, OfAMessageWithNewFlagsHereWaitsForEveryMailboxThere) {
  EXPECT_EQ(planned("A 1 x S", "A gone 1\nB unknown", "A flags 1 FS"), "wait A/1\n");
  EXPECT_EQ(planned("A 1 x S", "A gone 1\nB unknown", "A flags 1 FS\nB aside"),
            "delete_in A/1 A1:2,FS\n");
  EXPECT_EQ(planned("A 1 x S", "A gone 1\nB unknown", ""), "delete_in A/1\n");
  EXPECT_EQ(planned("A 1 x S", "A gone 1", "A flags 1 FS"), "delete_in A/1 A1:2,FS\n");
}
TEST(Absence, InASuspectDirectoryProvesNothing) {
  EXPECT_EQ(planned("A 1 x S", "", "A gone 1\nA suspect"), "");
}

// --- `fsync = false`: files that went with the power ---

TEST(Unflushed, WhatIsMissingIsFetchedAgain) {
  EXPECT_EQ(planned("A 1 x S since=3\nA 2 y S since=2", "", "A gone 1\nA gone 2\nA unflushed=3"),
            "forget A/1 wanted\ndelete_out A/2 to_trash\n");
}
TEST(Unflushed, WhatIsGoneThereTooIsForgotten) {
  EXPECT_EQ(planned("A 1 x S since=3", "A gone 1", "A gone 1\nA unflushed=3"),
            "forget A/1 tombstone\n");
}
TEST(Unflushed, WhatWasMovedIsNotMissed) {
  EXPECT_EQ(planned("A 1 x S since=3", "", "A gone 1\nA unflushed=3\nB new A1 x S ino=A/1"),
            "move_out A/1 -> B A1 S\n");
}
TEST(Unflushed, WhereNothingIsFetchedTheMessageIsLeftThere) {
  EXPECT_EQ(planned_with([](Input& in) { mailbox(in, "A").direction = Direction::push; }, "",
                         "A gone 1\nA unflushed=0"),
            "forget A/1 dropped\n");
}

// --- what a local removal does on the server ---

TEST(DeleteOut, MovesToTheTrash) {
  EXPECT_EQ(planned("A 1 x S", "", "A gone 1"), "delete_out A/1 to_trash\n");
}
TEST(DeleteOut, ExpungesInTrashAndJunk) {
  EXPECT_EQ(planned("Trash 1 x S\nSpam 1 x S", "", "Trash gone 1\nSpam gone 1"),
            "delete_out Trash/1 expunge\ndelete_out Spam/1 expunge\n");
}
TEST(DeleteOut, WithoutATrashTheMessageIsFetchedFirst) {
  EXPECT_EQ(told({"A", "A 1 x S", "", "A gone 1"}), "delete_out A/1 fetch_expunge\n");
}
TEST(DeleteOut, MovesToATrashThatIsNotSynced) {
  Input input = read({"A Spam:junk", "A 1 x S\nSpam 1 x S", "", "A gone 1\nSpam gone 1"});
  input.trash_unsynced = true;
  EXPECT_EQ(told(input), "delete_out A/1 to_trash\ndelete_out Spam/1 expunge\n");
}
TEST(DeleteOut, ExpungesWhereTheUserAskedForIt) {
  EXPECT_EQ(planned_with([](Input& in) { mailbox(in, "A").local_delete = LocalDelete::expunge; },
                         "", "A gone 1"),
            "delete_out A/1 expunge\n");
}
TEST(DeleteOut, IgnoredIsConsumed) {
  EXPECT_EQ(planned_with([](Input& in) { mailbox(in, "A").local_delete = LocalDelete::ignore; }, "",
                         "A gone 1"),
            "forget A/1 dropped\n");
}
TEST(DeleteOut, WhatAnEditReplacedGoesToTheTrashWhateverThePolicySays) {
  for (const LocalDelete policy : {LocalDelete::trash, LocalDelete::expunge, LocalDelete::ignore}) {
    const auto replace = [policy](Input& in) {
      mailbox(in, "A").local_delete = policy;
      give_file_away(row(in, "A", 1));
    };
    EXPECT_EQ(planned_with(replace, "", "A gone 1"), "delete_out A/1 to_trash\n");
  }
}
TEST(DeleteOut, WhatAnEditReplacedIsFetchedFirstWhereThereIsNoTrash) {
  Input input = read({"A", "A 1 x S", "", "A gone 1"});
  mailbox(input, "A").local_delete = LocalDelete::expunge;
  give_file_away(row(input, "A", 1));
  EXPECT_EQ(told(input), "delete_out A/1 fetch_expunge\n");
  row(input, "A", 1).state = RowState::deleting;
  mailbox(input, "A").local.gone.clear();
  EXPECT_EQ(told(input), "delete_out A/1 fetch_expunge\n");
}
TEST(DeleteOut, ByDirectionPullIsConsumed) {
  EXPECT_EQ(
      planned_with([](Input& in) { mailbox(in, "A").direction = Direction::pull; }, "", "A gone 1"),
      "forget A/1 dropped\n");
}
TEST(DeleteOut, InAReadOnlyMailboxIsConsumed) {
  EXPECT_EQ(planned("A 1 x S", "A readonly", "A gone 1"), "forget A/1 dropped\n");
}
TEST(DeleteOut, WaitsForTheQuietTime) {
  EXPECT_EQ(planned("A 1 x S", "", "A gone 1\nA busy"), "wait A/1\n");
}
TEST(DeleteOut, WaitsUntilEveryMailboxHereWasListed) {
  EXPECT_EQ(planned("A 1 x S", "", "A gone 1\nB unknown"), "wait A/1\n");
  EXPECT_EQ(planned("A 1 x S", "", "A gone 1\nB suspect"), "wait A/1\n");
  EXPECT_EQ(planned("A 1 x S", "", "A gone 1\nB changes"), "wait A/1\n");
}
TEST(DeleteOut, OfAMailboxWhoseMessagesAreKeptDoesNotConsumeBeforeEverythingWasListed) {
  EXPECT_EQ(planned_with([](Input& in) { mailbox(in, "A").local_delete = LocalDelete::ignore; }, "",
                         "A gone 1\nB unknown"),
            "wait A/1\n");
}
TEST(DeleteOut, NamesItsProofAndWhatMustStillBeThere) {
  const Plan plan = sync::plan(read({kMailboxes, "A 1 x S", "", "A gone 1"}));
  ASSERT_EQ(plan.actions.size(), 1U);
  const auto& out = std::get<DeleteOut>(plan.actions.front().what);
  EXPECT_FALSE(out.proof.empty());
  EXPECT_TRUE(out.identity.same_as(identity_of("x")));
  EXPECT_EQ(out.where.uidvalidity, validity_of(out.where.mailbox));
}

// --- somebody marked it on the server meanwhile (section 2, d) ---

TEST(MarkedMeanwhile, AnExpungeBecomesAMoveToTheTrash) {
  EXPECT_EQ(planned_with([](Input& in) { mailbox(in, "A").local_delete = LocalDelete::expunge; },
                         "A flags 1 FS", "A gone 1"),
            "delete_out A/1 to_trash\n");
  EXPECT_EQ(planned_with([](Input& in) { mailbox(in, "A").local_delete = LocalDelete::expunge; },
                         "A flags 1 S,work", "A gone 1"),
            "delete_out A/1 to_trash\n");
}
// And waits: what the server told is told again, or the next pass would know nothing of it.
TEST(MarkedMeanwhile, WithoutATrashItIsHeld) {
  EXPECT_EQ(told({"A", "A 1 x S", "A flags 1 FS", "A gone 1"}),
            "held delete_remote A/1\nwait A/1\n");
}
TEST(MarkedMeanwhile, InTheTrashItIsHeld) {
  EXPECT_EQ(planned("Trash 1 x S", "Trash flags 1 FS", "Trash gone 1"),
            "held delete_remote Trash/1\nwait Trash/1\n");
}
TEST(MarkedMeanwhile, TheUserMaySayYes) {
  Input input = read({kMailboxes, "Trash 1 x S", "Trash flags 1 FS", "Trash gone 1"});
  input.approvals.push_back({row(input, "Trash", 1).key, mailbox(input, "Trash").base_uidvalidity});
  EXPECT_EQ(told(input), "delete_out Trash/1 expunge\n");
}
TEST(MarkedMeanwhile, SeenIsNoMark) {
  EXPECT_EQ(planned("Trash 1 x -", "Trash flags 1 S", "Trash gone 1"),
            "delete_out Trash/1 expunge\n");
}

// --- labels (30) ---

TEST(Labels, AMessageThatStandsElsewhereOnlyLosesTheLabel) {
  Input input = read({"A B Trash:trash", "A 1 x S email=e\nB 1 x S email=e", "", "A gone 1"});
  input.append_deduplicates = true;
  EXPECT_EQ(told(input), "delete_out A/1 expunge\n");
}
TEST(Labels, TheLastLabelGoesToTheTrash) {
  Input input =
      read({"A B Trash:trash", "A 1 x S email=e\nB 1 x S email=e", "B gone 1", "A gone 1"});
  input.append_deduplicates = true;
  EXPECT_EQ(told(input), "delete_in B/1\ndelete_out A/1 to_trash\n");
}
TEST(Labels, BothLabelsGoneAtOnceGoToTheTrash) {
  Input input =
      read({"A B Trash:trash", "A 1 x S email=e\nB 1 x S email=e", "", "A gone 1\nB gone 1"});
  input.append_deduplicates = true;
  EXPECT_EQ(told(input), "delete_out A/1 to_trash\ndelete_out B/1 to_trash\n");
}

// --- nothing goes before what may be the same has arrived (rule 17; 18, 19) ---

TEST(Births, AnUploadOfTheSameContentGoesFirst) {
  EXPECT_EQ(planned("A 1 x S", "", "A gone 1\nB new n1 x S mtime=2\nB new n2 x S mtime=3"),
            "move_out A/1 -> B n1 S\nupload B n2 S\n");
}
TEST(Births, AFileThatIsStillWrittenHoldsEveryRemovalBack) {
  EXPECT_EQ(planned("A 1 x S", "", "A gone 1\nB new n1 y S writing"), "wait A/1\nwait B n1\n");
}
TEST(Births, AFileThatCannotBeReadHoldsEveryRemovalBack) {
  EXPECT_EQ(planned("A 1 x S", "", "A gone 1\nB new n1 y S unreadable"), "wait A/1\nwait B n1\n");
}
TEST(Births, OneThatMayNotBeReadHoldsBackWhatHasItsSize) {
  EXPECT_EQ(planned("A 1 x S", "", "A gone 1\nB new n1 x S denied"), "wait A/1\nwait B n1\n");
  EXPECT_EQ(planned("A 1 x S", "", "A gone 1\nB new n1 y S denied"),
            "delete_out A/1 to_trash\nwait B n1\n");
}
TEST(Births, AFileOfTheSameNameHoldsTheRemovalBack) {
  EXPECT_EQ(planned("A 1 x S", "", "A gone 1\nB new A1 y S"), "upload B A1 S\nwait A/1\n");
}
TEST(Births, OtherUploadsDoNot) {
  EXPECT_EQ(planned("A 1 x S", "", "A gone 1\nB new n1 y S"),
            "upload B n1 S\ndelete_out A/1 to_trash\n");
}
TEST(Births, WithoutAKnownIdentityTheSizeTells) {
  EXPECT_EQ(planned("A 1 x S anonymous", "", "A gone 1\nB new n1 x S"),
            "upload B n1 S\nwait A/1\n");
  EXPECT_EQ(planned("A 1 x S anonymous", "", "A gone 1\nB new n1 y S"),
            "upload B n1 S\ndelete_out A/1 to_trash\n");
}
TEST(Births, DoNotHoldBackWhatTheServerRemoved) {
  EXPECT_EQ(planned("A 1 x S", "A gone 1", "B new n1 y S writing"), "delete_in A/1\nwait B n1\n");
}

// --- in other accounts (18) ---

BirthElsewhere elsewhere(std::string_view content, std::string base_name = "n1") {
  BirthElsewhere birth;
  birth.what = "account b has " + base_name;
  birth.base_name = std::move(base_name);
  birth.identity = identity_of(content);
  birth.size = birth.identity->size - 2;
  return birth;
}
BirthElsewhere stuck(std::string_view content) {
  BirthElsewhere birth = elsewhere(content);
  birth.obstacle = "it is pull only";
  return birth;
}

Input with_elsewhere(BirthElsewhere birth, std::string_view base = "A 1 x S\nA 2 y S",
                     std::string_view local = "A gone 1\nA gone 2") {
  Input input = read({kMailboxes, base, "", local});
  input.births_elsewhere.push_back(std::move(birth));
  return input;
}
void approve(Input& input, bool whatever_others_have) {
  input.approvals.push_back(
      {row(input, "A", 1).key, mailbox(input, "A").base_uidvalidity, whatever_others_have});
}

constexpr const char* kOneWaits = "delete_out A/2 to_trash\nwait A/1\n";
constexpr const char* kNoneWaits = "delete_out A/1 to_trash\ndelete_out A/2 to_trash\n";
constexpr const char* kOneIsHeld = "delete_out A/2 to_trash\nheld moved_away A/1\n";

TEST(BirthsElsewhere, OfTheSameContentLetTheMessageStay) {
  EXPECT_EQ(told(with_elsewhere(elsewhere("x"))), kOneWaits);
  EXPECT_EQ(told(with_elsewhere(elsewhere("z"))), kNoneWaits);
}
TEST(BirthsElsewhere, ThatAMailProgramSavedAreOfTheSameContent) {
  BirthElsewhere saved = elsewhere("x~saved");
  EXPECT_EQ(told(with_elsewhere(saved)), kNoneWaits);
  saved.plain = identity_of("x");
  EXPECT_EQ(told(with_elsewhere(saved)), kOneWaits);
}
TEST(BirthsElsewhere, OfTheSameNameLetItStayWhateverIsInThem) {
  EXPECT_EQ(told(with_elsewhere(elsewhere("z", "A1"))), kOneWaits);
  EXPECT_EQ(told(with_elsewhere(elsewhere("z", "A1,S=12"))), kOneWaits);
}
TEST(BirthsElsewhere, ThatMayNotBeReadGoBySize) {
  BirthElsewhere denied = elsewhere("x");
  denied.identity.reset();
  EXPECT_EQ(told(with_elsewhere(denied)), kOneWaits);
  ++denied.size;
  EXPECT_EQ(told(with_elsewhere(denied)), kNoneWaits);
}
TEST(BirthsElsewhere, OfAMessageWithoutAKnownContentGoBySize) {
  constexpr const char* kAnonymous = "A 1 x S anonymous\nA 2 y S";
  EXPECT_EQ(told(with_elsewhere(elsewhere("x"), kAnonymous)), kOneWaits);
  EXPECT_EQ(told(with_elsewhere(elsewhere("z"), kAnonymous)), kNoneWaits);
  BirthElsewhere with_crlf = elsewhere("x");
  with_crlf.size += 2;
  EXPECT_EQ(told(with_elsewhere(with_crlf, kAnonymous)), kOneWaits);
}
TEST(BirthsElsewhere, ThatAreNotClearLetEveryMessageStay) {
  BirthElsewhere unclear;
  unclear.unclear = true;
  EXPECT_EQ(told(with_elsewhere(unclear)), "wait A/1\nwait A/2\n");
}
TEST(BirthsElsewhere, ThatNobodySendsAreAMatterForTheUser) {
  const Input input = with_elsewhere(stuck("x"));
  EXPECT_EQ(told(input), kOneIsHeld);
  const Plan plan = sync::plan(input);
  ASSERT_EQ(plan.held.size(), 1U);
  EXPECT_EQ(plan.held.front().reason, "deleted here; account b has n1: it is pull only");
}
TEST(BirthsElsewhere, ThatAreSentSoonComeBeforeThoseThatNobodySends) {
  Input input = with_elsewhere(stuck("x"));
  input.births_elsewhere.push_back(elsewhere("z", "A1"));
  EXPECT_EQ(told(input), kOneWaits);
}
TEST(BirthsElsewhere, AreNotOverruledByAYesToSomethingElse) {
  Input input = with_elsewhere(stuck("x"));
  approve(input, false);
  EXPECT_EQ(told(input), kOneIsHeld);
}
TEST(BirthsElsewhere, AreOverruledByTheUser) {
  Input input = with_elsewhere(stuck("x"));
  approve(input, true);
  EXPECT_EQ(told(input), kNoneWaits);
}
TEST(BirthsElsewhere, HereTheYesDoesNotReach) {
  Input input =
      with_elsewhere(stuck("x"), "A 1 x S\nA 2 y S", "A gone 1\nA gone 2\nB new n1 x S denied");
  approve(input, true);
  EXPECT_EQ(told(input), "delete_out A/2 to_trash\nwait A/1\nwait B n1\n");
}
TEST(BirthsElsewhere, DoNotKeepAMessageWhoseFileIsHere) {
  Input input = with_elsewhere(elsewhere("x"), "A 1 x S", "A flags 1 ST");
  mailbox(input, "A").expunge_flagged = true;
  EXPECT_EQ(told(input), "push_flags A/1 ST remote+T\ndelete_out A/1 expunge file_remains\n");
}
// A mailbox that is not synced now, and whose folder was looked into all the same.
TEST(BirthsElsewhere, OfAMailboxThatIsLookedIntoAsideLetEverythingElseGo) {
  constexpr const char* kLocal = "A gone 1\nA gone 2\nB aside";
  EXPECT_EQ(told(with_elsewhere(stuck("x"), "A 1 x S\nA 2 y S", kLocal)), kOneIsHeld);
  EXPECT_EQ(planned("A 1 x S\nA 2 y S", "", kLocal), kNoneWaits);
}
TEST(BirthsElsewhere, WhatIsMissedInAMailboxThatIsLookedIntoAsideIsNotGone) {
  EXPECT_EQ(planned("B 1 x S", "", "B gone 1\nB aside"), "");
}
TEST(BirthsElsewhere, WhatStaysForThemDoesNotCountForTheBrake) {
  Input input = with_elsewhere(elsewhere("x"));
  mailbox(input, "A").brake = {0.0, 2};
  EXPECT_EQ(told(input), kOneWaits);
}

// --- what a removal on the server does here ---

TEST(DeleteIn, NamesItsProof) {
  Input input = read({kMailboxes, "A 1 x S", "A gone 1", ""});
  mailbox(input, "A").remote.gone_proof = "VANISHED, count exact";
  const Plan plan = sync::plan(input);
  ASSERT_EQ(plan.actions.size(), 1U);
  EXPECT_EQ(std::get<DeleteIn>(plan.actions.front().what).proof, "VANISHED, count exact");
}
TEST(DeleteIn, IgnoredIsConsumed) {
  EXPECT_EQ(planned_with([](Input& in) { mailbox(in, "A").remote_delete = RemoteDelete::ignore; },
                         "A gone 1", ""),
            "forget A/1 detached\n");
}
TEST(DeleteIn, ByDirectionPushIsConsumed) {
  EXPECT_EQ(
      planned_with([](Input& in) { mailbox(in, "A").direction = Direction::push; }, "A gone 1", ""),
      "forget A/1 detached\n");
}
TEST(DeleteIn, IgnoredOfAFileInTheTrashIsConsumedThere) {
  EXPECT_EQ(planned_with([](Input& in) { mailbox(in, "A").remote_delete = RemoteDelete::ignore; },
                         "A gone 1", "A gone 1\nTrash new A1 x S"),
            "forget A/1 tombstone\nconsumed Trash A1\n");
}

// --- expunge_flagged ---

template <class Change>
std::string flagged(Change change, std::string_view base, std::string_view remote,
                    std::string_view local) {
  Input input = read({kMailboxes, base, remote, local});
  mailbox(input, "A").expunge_flagged = true;
  change(input);
  return told(input);
}
constexpr auto kAsIs = [](Input&) {};

TEST(ExpungeFlagged, ExpungesWhatTheUserFlagged) {
  EXPECT_EQ(flagged(kAsIs, "A 1 x S", "", "A flags 1 ST"),
            "push_flags A/1 ST remote+T\ndelete_out A/1 expunge file_remains\n");
}
TEST(ExpungeFlagged, TheFileFollowsWhenTheMessageIsGone) {
  EXPECT_EQ(flagged(kAsIs, "A 1 x ST", "A gone 1", ""), "delete_in A/1\n");
}
TEST(ExpungeFlagged, OnlyWhereThePolicySaysSo) {
  EXPECT_EQ(planned("A 1 x S", "", "A flags 1 ST"), "push_flags A/1 ST remote+T\n");
}
TEST(ExpungeFlagged, WaitsForTheQuietTimeAndAWritableMailbox) {
  EXPECT_EQ(flagged(kAsIs, "A 1 x ST", "A flags 1 ST", "A busy"), "wait A/1\n");
  EXPECT_EQ(flagged(kAsIs, "A 1 x ST", "A flags 1 ST\nA readonly", ""), "wait A/1\n");
}
TEST(ExpungeFlagged, NotByDirectionPull) {
  EXPECT_EQ(flagged([](Input& in) { mailbox(in, "A").direction = Direction::pull; }, "A 1 x S", "",
                    "A flags 1 ST"),
            "record A/1 ST A1:2,ST\n");
}
TEST(ExpungeFlagged, WhatSomebodyMarkedMeanwhileGoesToTheTrash) {
  EXPECT_EQ(flagged(kAsIs, "A 1 x S", "A flags 1 FS", "A flags 1 ST"),
            "pull_flags A/1 A1:2,ST FST remote+T\ndelete_out A/1 to_trash file_remains\n");
}
TEST(ExpungeFlagged, PassesTheBrake) {
  EXPECT_EQ(
      flagged([](Input& in) { mailbox(in, "A").brake = {0.0, 1}; }, "A 1 x S", "", "A flags 1 ST"),
      "push_flags A/1 ST remote+T\nheld delete_remote A/1\n");
}

// --- \Deleted where the server acts on it at once ---

template <class Change>
std::string at_once(Change change, std::string_view base, std::string_view remote,
                    std::string_view local) {
  Input input = read({kMailboxes, base, remote, local});
  mailbox(input, "A").deletes_at_once = true;
  change(input);
  return told(input);
}

TEST(DeletedAtOnce, IsADeletionByThePolicy) {
  EXPECT_EQ(at_once(kAsIs, "A 1 x S", "", "A flags 1 ST"),
            "delete_out A/1 to_trash file_remains\n");
  EXPECT_EQ(at_once([](Input& in) { mailbox(in, "A").local_delete = LocalDelete::expunge; },
                    "A 1 x S", "", "A flags 1 ST"),
            "delete_out A/1 expunge file_remains\n");
}
TEST(DeletedAtOnce, WhatElseWasSaidGoesFirst) {
  EXPECT_EQ(at_once(kAsIs, "A 1 x -", "", "A flags 1 ST"),
            "push_flags A/1 S remote+S\ndelete_out A/1 to_trash file_remains\n");
}
TEST(DeletedAtOnce, WhereThePolicyKeepsItTheFlagStaysHere) {
  const auto ignore = [](Input& in) { mailbox(in, "A").local_delete = LocalDelete::ignore; };
  EXPECT_EQ(at_once(ignore, "A 1 x S", "", "A flags 1 ST"), "record A/1 ST A1:2,ST\n");
  EXPECT_EQ(at_once(ignore, "A 1 x ST", "A flags 1 S", ""), "");
}
TEST(DeletedAtOnce, AsTheServerToldItIsAFlag) {
  EXPECT_EQ(at_once(kAsIs, "A 1 x S", "A flags 1 ST", ""), "pull_flags A/1 A1:2,S ST\n");
  EXPECT_EQ(at_once(kAsIs, "A 1 x ST", "", "A flags 1 S"), "push_flags A/1 S remote-T\n");
}
TEST(DeletedAtOnce, IsNeverSent) {
  EXPECT_EQ(at_once(kAsIs, "", "", "A new n1 x ST"), "upload A n1 S\n");
}
// What was begun is told from what another client removed, and from a copy of ours in the Trash.
TEST(DeletedAtOnce, IsBegunUntilItsMessageWasLookedFor) {
  const auto begun = [](Input& in) { add_intent(in, IntentKind::delete_out, "A", 1, "", "x", ""); };
  EXPECT_EQ(at_once(begun, "A 1 x S", "A unknown", "A flags 1 ST"), "wait A/1\n");
  EXPECT_EQ(at_once(begun, "A 1 x S", "", "A busy\nA flags 1 ST"), "wait A/1\n");
}
TEST(DeletedAtOnce, WaitsForTheQuietTimeAndPassesTheBrake) {
  EXPECT_EQ(at_once(kAsIs, "A 1 x S", "", "A busy\nA flags 1 ST"), "wait A/1\n");
  EXPECT_EQ(
      at_once([](Input& in) { mailbox(in, "A").brake = {0.0, 1}; }, "A 1 x S", "", "A flags 1 ST"),
      "held delete_remote A/1\n");
}

}  // namespace
}  // namespace sterna::sync::test
