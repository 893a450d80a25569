// SPDX-License-Identifier: Apache-2.0
// The table of mailboxes, cell by cell.
#include <gtest/gtest.h>

#include <algorithm>

#include "mailbox_story.h"

namespace sterna::sync::test {
namespace {

class MailboxTable : public testing::Test {
 protected:
  MailboxTable() { world.known("A"); }
  Mailboxes world;
};

// --- present on the server ---

TEST_F(MailboxTable, OnBothSidesIsLeftAlone) {
  EXPECT_EQ(world.told(), "");
}
TEST_F(MailboxTable, GoneHereAndEmptyThereIsRemovedThere) {
  world.gone_here("A");
  world.on_server("A").messages = 0;
  EXPECT_EQ(world.told(), "remove_remote A\n");
}
TEST_F(MailboxTable, GoneHereAndFullThereIsHeld) {
  world.gone_here("A");
  EXPECT_EQ(world.told(), "hold A\n");
}
TEST_F(MailboxTable, GoneHereAndNotCountedThereIsHeld) {
  world.gone_here("A");
  world.on_server("A").messages.reset();
  EXPECT_EQ(world.told(), "hold A\n");
}
TEST_F(MailboxTable, RenamedHereIsRenamedThere) {
  world.renamed_here("A", "B");
  EXPECT_EQ(world.told(), "rename_remote A A -> B\n");
}
TEST_F(MailboxTable, SuspectHereIsFrozen) {
  world.here("A").suspect = true;
  EXPECT_EQ(world.told(), "freeze A\n");
}
TEST_F(MailboxTable, GoneHereInAWalkThatFailedWaits) {
  world.gone_here("A");
  world.input.local_complete = false;
  EXPECT_EQ(world.told(), "wait A\n");
}

// --- absent on the server ---

TEST_F(MailboxTable, MissingInOneListWaits) {
  world.gone_from_server("A", 1);
  EXPECT_EQ(world.told(), "wait A\n");
}
TEST_F(MailboxTable, MissingInAnIncompleteListWaits) {
  world.gone_from_server("A", 5);
  world.input.remote_complete = false;
  EXPECT_EQ(world.told(), "wait A\n");
}
TEST_F(MailboxTable, GoneThereAndEmptyHereIsRemovedHere) {
  world.gone_from_server("A");
  world.here("A").messages = 0;
  EXPECT_EQ(world.told(), "remove_local A\n");
}
TEST_F(MailboxTable, GoneThereAndFullHereIsHeld) {
  world.gone_from_server("A");
  EXPECT_EQ(world.told(), "hold A\n");
}
TEST_F(MailboxTable, GoneThereAndNotCountedHereIsHeld) {
  world.gone_from_server("A");
  world.here("A").messages.reset();
  EXPECT_EQ(world.told(), "hold A\n");
}
TEST_F(MailboxTable, GoneOnBothSidesIsForgotten) {
  world.gone_from_server("A");
  world.gone_here("A");
  EXPECT_EQ(world.told(), "forget A\n");
}
TEST_F(MailboxTable, GoneThereAndRenamedHereIsCreatedThere) {
  world.gone_from_server("A");
  world.renamed_here("A", "B");
  EXPECT_EQ(world.told(), "create_remote A B\n");
}
TEST_F(MailboxTable, GoneThereAndSuspectHereIsFrozen) {
  world.gone_from_server("A");
  world.here("A").suspect = true;
  EXPECT_EQ(world.told(), "freeze A\n");
}
TEST_F(MailboxTable, APlaceThatCannotBeSelectedIsNoMailbox) {
  world.on_server("A").selectable = false;
  world.in_base("A").row.remote_absences = 2;
  world.here("A").messages = 0;
  EXPECT_EQ(world.told(), "remove_local A\n");
}

// --- renamed on the server ---

TEST_F(MailboxTable, RenamedThereIsRenamedHere) {
  world.renamed_on_server("A", "B");
  EXPECT_EQ(world.told(), "rename_local A A -> B\n");
}
TEST_F(MailboxTable, RenamedThereAndGoneHereIsHeld) {
  world.renamed_on_server("A", "B");
  world.gone_here("A");
  EXPECT_EQ(world.told(), "hold A\n");
}
TEST_F(MailboxTable, RenamedOnBothSidesTakesTheServersName) {
  world.renamed_on_server("A", "B");
  world.renamed_here("A", "C");
  EXPECT_EQ(world.told(), "rename_local A C -> B\n");
}
TEST_F(MailboxTable, RenamedAlikeOnBothSidesIsOnlyNoted) {
  world.renamed_on_server("A", "B");
  world.renamed_here("A", "B");
  EXPECT_EQ(world.told(), "rename_row A -> B\n");
}
TEST_F(MailboxTable, RenamedThereAndSuspectHereIsFrozen) {
  world.renamed_on_server("A", "B");
  world.here("A").suspect = true;
  EXPECT_EQ(world.told(), "freeze A\n");
}
TEST_F(MailboxTable, RenamedThereToAnExcludedNameIsForgotten) {
  world.renamed_on_server("A", "B");
  world.on_server("B").policy.included = false;
  EXPECT_EQ(world.told(), "forget A\n");
}

// --- what proves a rename ---

TEST_F(MailboxTable, WithoutMailboxIdsEqualCountsProveIt) {
  world.renamed_on_server("A", "B");
  world.in_base("A").row.mailbox_id = world.on_server("B").mailbox_id = "";
  EXPECT_EQ(world.told(), "rename_local A A -> B\n");
}
TEST_F(MailboxTable, OtherCountsProveNothing) {
  const auto differ = [&](auto change) {
    Mailboxes other;
    other.known("A");
    other.renamed_on_server("A", "B");
    other.in_base("A").row.mailbox_id = other.on_server("B").mailbox_id = "";
    change(other.on_server("B"));
    return other.told();
  };
  const std::string no_rename = "create_local new B\nwait A\n";
  EXPECT_EQ(differ([](RemoteMailbox& b) { b.messages = 6; }), no_rename);
  EXPECT_EQ(differ([](RemoteMailbox& b) { b.uid_next = Uid(9); }), no_rename);
  EXPECT_EQ(differ([](RemoteMailbox& b) { b.uidvalidity = UidValidity(3); }), no_rename);
  EXPECT_EQ(differ([](RemoteMailbox& b) { b.uid_next.reset(); }), no_rename);
  EXPECT_EQ(differ([](RemoteMailbox& b) { b.messages.reset(); }), no_rename);
}
TEST_F(MailboxTable, TwoCandidatesProveNothing) {
  world.renamed_on_server("A", "B");
  world.remote("C", "A").mailbox_id = "";
  world.in_base("A").row.mailbox_id = world.on_server("B").mailbox_id = "";
  EXPECT_EQ(world.told(), "create_local new B\ncreate_local new C\nwait A\n");
}
TEST_F(MailboxTable, OfAnEmptyMailboxEqualCountsProveNothing) {
  world.renamed_on_server("A", "B");
  world.in_base("A").row.mailbox_id = world.on_server("B").mailbox_id = "";
  world.in_base("A").row.cursor.messages = 0;
  world.on_server("B").messages = 0;
  EXPECT_EQ(world.told(), "create_local new B\nwait A\n");
}
TEST_F(MailboxTable, DifferentMailboxIdsDisproveIt) {
  world.renamed_on_server("A", "B");
  world.on_server("B").mailbox_id = "another";
  EXPECT_EQ(world.told(), "create_local new B\nwait A\n");
}
TEST_F(MailboxTable, AnIncompleteListProvesItOnlyByMailboxId) {
  world.renamed_on_server("A", "B");
  world.input.remote_complete = false;
  EXPECT_EQ(world.told(), "rename_local A A -> B\n");
  world.in_base("A").row.mailbox_id = world.on_server("B").mailbox_id = "";
  EXPECT_EQ(world.told(), "create_local new B\nwait A\n");
}
TEST_F(MailboxTable, OurOwnRenameThatWasCutIsRecognised) {
  world.renamed_on_server("A", "B");
  world.renamed_here("A", "B");
  world.in_base("A").row.mailbox_id = world.on_server("B").mailbox_id = "";
  world.on_server("B").messages = 77;
  Intent intent;
  intent.kind = IntentKind::mailbox_rename;
  intent.mailbox = world.in_base("A").row.id;
  intent.target_name = "B";
  world.input.intents.push_back(intent);
  EXPECT_EQ(world.told(), "rename_row A -> B\n");
}
TEST_F(MailboxTable, ANewMailboxUnderTheOldNameIsNoObstacle) {
  world.renamed_on_server("A", "B");
  world.remote("A").mailbox_id = "fresh";
  world.in_base("A").row.remote_absences = 0;
  EXPECT_EQ(world.told(), "rename_local A A -> B\nwait A\n");
}

// --- order, children, collisions ---

TEST_F(MailboxTable, ChildrenAreRenamedAfterTheirParentAndWithIt) {
  world.known("A/x");
  world.renamed_on_server("A", "B");
  world.renamed_on_server("A/x", "B/x");
  EXPECT_EQ(world.told(), "rename_local A A -> B\nrename_local A/x A/x -> B/x with parent\n");
}
TEST_F(MailboxTable, ChildrenRenamedHereFollowOnTheServer) {
  world.known("A/x");
  world.renamed_here("A", "B");
  world.renamed_here("A/x", "B/x");
  EXPECT_EQ(world.told(), "rename_remote A A -> B\nrename_remote A/x A/x -> B/x with parent\n");
}
TEST_F(MailboxTable, AChainOfRenamesBeginsWithTheFreeName) {
  world.known("B");
  world.gone_from_server("B", 1);
  world.gone_from_server("A", 1);
  world.remote("B", "A");
  world.remote("C", "B");
  EXPECT_EQ(world.told(), "rename_local B B -> C\nrename_local A A -> B\n");
}
TEST_F(MailboxTable, TradedNamesAreHeld) {
  world.known("B");
  world.on_server("A").mailbox_id = "id-B";
  world.on_server("B").mailbox_id = "id-A";
  EXPECT_EQ(world.told(), "hold A\nhold B\n");
}
TEST_F(MailboxTable, ARenameHereToANameOfTheServerIsHeld) {
  world.renamed_here("A", "B");
  world.remote("B");
  EXPECT_EQ(world.told(), "wait B\nhold A\n");
}
TEST_F(MailboxTable, RemovalsComeLastAndChildrenFirst) {
  world.known("A/x");
  world.gone_from_server("A");
  world.gone_from_server("A/x");
  world.here("A").messages = world.here("A/x").messages = 0;
  world.remote("Z");
  EXPECT_EQ(world.told(), "create_local new Z\nremove_local A/x\nremove_local A\n");
}

// --- policy ---

TEST_F(MailboxTable, ExcludedIsForgottenAndNothingElse) {
  world.in_base("A").policy.included = false;
  world.on_server("A").policy.included = false;
  world.here("A").policy.included = false;
  EXPECT_EQ(world.told(), "forget A\n");
}
TEST_F(MailboxTable, DirectionPullSendsNoRemovalAndNoRename) {
  world.in_base("A").policy.direction = Direction::pull;
  world.on_server("A").messages = 0;
  world.gone_here("A");
  EXPECT_EQ(world.told(), "hold A\n");
  world.local("B", "A");
  EXPECT_EQ(world.told(), "hold A\n");
}
TEST_F(MailboxTable, DirectionPushTakesNoRemovalAndNoRename) {
  world.in_base("A").policy.direction = Direction::push;
  world.here("A").messages = 0;
  world.gone_from_server("A");
  EXPECT_EQ(world.told(), "hold A\n");
  world.remote("B", "A");
  EXPECT_EQ(world.told(), "hold A\n");
}
TEST_F(MailboxTable, IgnoredDeletionsRemoveNoMailbox) {
  world.in_base("A").policy.local_delete = LocalDelete::ignore;
  world.on_server("A").messages = 0;
  world.gone_here("A");
  EXPECT_EQ(world.told(), "hold A\n");
}

// --- not in the base ---

class NewMailboxes : public testing::Test {
 protected:
  Mailboxes world;
};

TEST_F(NewMailboxes, OnBothSidesIsAdopted) {
  world.remote("A");
  world.local("A");
  EXPECT_EQ(world.told(), "adopt new A\n");
}
TEST_F(NewMailboxes, OnTheServerIsCreatedHere) {
  world.remote("A/x");
  world.remote("A");
  EXPECT_EQ(world.told(), "create_local new A\ncreate_local new A/x\n");
}
TEST_F(NewMailboxes, HereIsCreatedOnTheServer) {
  world.local("A");
  EXPECT_EQ(world.told(), "create_remote new A\n");
}
TEST_F(NewMailboxes, AreCreatedWhereThePolicySaysSo) {
  const auto told = [](Create create, Direction direction) {
    Mailboxes both;
    both.remote("R").policy.create = create;
    both.local("L").policy.create = create;
    both.on_server("R").policy.direction = both.here("L").policy.direction = direction;
    return both.told();
  };
  EXPECT_EQ(told(Create::both, Direction::both), "create_local new R\ncreate_remote new L\n");
  EXPECT_EQ(told(Create::local, Direction::both), "create_local new R\n");
  EXPECT_EQ(told(Create::remote, Direction::both), "create_remote new L\n");
  EXPECT_EQ(told(Create::none, Direction::both), "");
  EXPECT_EQ(told(Create::both, Direction::pull), "create_local new R\n");
}
TEST_F(NewMailboxes, ExcludedAreLeftAlone) {
  world.remote("R").policy.included = false;
  world.local("L").policy.included = false;
  EXPECT_EQ(world.told(), "");
}
TEST_F(NewMailboxes, WaitForACompleteLookAtTheOtherSide) {
  world.remote("R");
  world.local("L");
  world.input.remote_complete = world.input.local_complete = false;
  EXPECT_EQ(world.told(), "wait L\nwait R\n");
}
TEST_F(NewMailboxes, ASuspectDirectoryIsNoMailbox) {
  world.local("L").suspect = true;
  EXPECT_EQ(world.told(), "");
  world.remote("L");
  EXPECT_EQ(world.told(), "");
}
TEST_F(NewMailboxes, APlaceInTheTreeIsNotCreatedHere) {
  world.remote("R").selectable = false;
  EXPECT_EQ(world.told(), "");
}
TEST_F(NewMailboxes, APlaceInTheTreeBecomesAMailboxForALocalOne) {
  world.remote("R").selectable = false;
  world.local("R");
  EXPECT_EQ(world.told(), "create_remote new R\n");
}

// --- a row that lacks a side ---

TEST_F(MailboxTable, ARowWhoseDirectoryWasNotMadeYetGetsOne) {
  world.in_base("A").row.has_local = false;
  world.gone_here("A");
  EXPECT_EQ(world.told(), "create_local A A\n");
}
TEST_F(MailboxTable, ARowWhoseMailboxWasNotMadeYetGetsOne) {
  world.in_base("A").row.has_remote = false;
  world.gone_from_server("A", 0);
  EXPECT_EQ(world.told(), "create_remote A A\n");
}
TEST_F(MailboxTable, ARowThatFoundItsOtherSideIsAdopted) {
  world.in_base("A").row.has_remote = false;
  EXPECT_EQ(world.told(), "adopt A A\n");
}
TEST_F(MailboxTable, ARowThatNeverHadADirectoryIsForgottenWithItsMailbox) {
  world.in_base("A").row.has_local = false;
  world.gone_here("A");
  world.gone_from_server("A");
  EXPECT_EQ(world.told(), "forget A\n");
}

// --- INBOX ---

TEST(Inbox, IsNeverRemovedNorRenamed) {
  Mailboxes world;
  world.known("INBOX");
  world.on_server("INBOX").messages = 0;
  world.gone_here("INBOX");
  EXPECT_EQ(world.told(), "hold INBOX\n");
  world.local("B", "INBOX");
  EXPECT_EQ(world.told(), "create_remote new B\nhold INBOX\n");
}
TEST(Inbox, ThatTheServerDoesNotListWaits) {
  Mailboxes world;
  world.known("INBOX");
  world.gone_from_server("INBOX");
  EXPECT_EQ(world.told(), "wait INBOX\n");
}
TEST(Inbox, GetsItsDirectoryWhateverThePolicySays) {
  Mailboxes world;
  world.remote("INBOX").policy.create = Create::none;
  EXPECT_EQ(world.told(), "create_local new INBOX\n");
}
TEST(Inbox, IsNeverCreatedOnTheServer) {
  Mailboxes world;
  world.local("INBOX");
  EXPECT_EQ(world.told(), "wait INBOX\n");
}

// --- properties ---

TEST_F(MailboxTable, TheOrderOfWhatWasSeenDoesNotMatter) {
  world.known("B");
  world.known("C");
  world.renamed_on_server("A", "D");
  world.renamed_here("B", "E");
  world.remote("F");
  world.local("G");
  const std::string expected = world.told();
  std::ranges::reverse(world.input.remote);
  std::ranges::reverse(world.input.local);
  std::ranges::reverse(world.input.base);
  EXPECT_EQ(world.told(), expected);
}

}  // namespace
}  // namespace sterna::sync::test
