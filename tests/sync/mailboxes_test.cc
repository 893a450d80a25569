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
// --- what lies below one that goes ---

class AboveOthers : public MailboxTable {
 protected:
  AboveOthers() {
    world.gone_here("A");
    world.on_server("A").messages = 0;
    world.on_server("A").has_children = true;
    world.known("A/x");
  }
};

TEST_F(AboveOthers, IsRemovedThereWhereAllBelowItIsHereToo) {
  EXPECT_EQ(world.told(), "remove_remote A\n");
  world.on_server("A/x").selectable = false;
  world.gone_here("A/x");
  world.input.base.pop_back();
  EXPECT_EQ(world.told(), "remove_remote A\n");
}
TEST_F(AboveOthers, IsRemovedThereAfterWhatGoesBelowIt) {
  world.gone_here("A/x");
  world.on_server("A/x").messages = 0;
  EXPECT_EQ(world.told(), "remove_remote A/x\nremove_remote A\n");
}
TEST_F(AboveOthers, WaitsForWhatIsHeldBelowIt) {
  world.gone_here("A/x");
  EXPECT_EQ(world.told(), "wait A\nhold A/x\n");
  world.in_base("A/x").answer = HeldAnswer::apply;
  world.in_base("A").answer = HeldAnswer::apply;
  EXPECT_EQ(world.told(), "wait A\nempty_remote A/x\n");
}
TEST_F(AboveOthers, WaitsForNewMailBelowIt) {
  world.on_server("A/x").messages = 6;
  EXPECT_EQ(world.told(), "wait A\n");
  world.on_server("A/x").messages = 5;
  world.in_base("A/x").files = 4;
  EXPECT_EQ(world.told(), "wait A\n");
  world.on_server("A/x").messages.reset();
  EXPECT_EQ(world.told(), "wait A\n");
}
TEST_F(AboveOthers, WaitsForWhatIsNewBelowIt) {
  world.remote("A/y");
  EXPECT_EQ(world.told(), "create_local new A/y\nwait A\n");
}
TEST_F(AboveOthers, IsHeldAboveWhatIsNotSynced) {
  world.remote("A/y").policy.included = false;
  EXPECT_EQ(world.told(), "hold A\n");
  world.on_server("A/y").policy = {};
  world.on_server("A/y").subscribed = false;
  EXPECT_EQ(world.told(), "hold A\n");
  world.on_server("A/y").subscribed = true;
  world.on_server("A/y").policy.create = Create::remote;
  EXPECT_EQ(world.told(), "hold A\n");
  world.on_server("A/y").policy.create = Create::both;
  world.on_server("A/y").policy.direction = Direction::push;
  EXPECT_EQ(world.told(), "create_local new A/y\nhold A\n");
  world.on_server("A/y").messages = 0;
  EXPECT_EQ(world.told(), "create_local new A/y\nremove_remote A\n");
}
TEST_F(AboveOthers, IsHeldWhereTheServerTellsOfMoreThanItLists) {
  world.gone_from_server("A/x", 0);
  world.gone_here("A/x");
  world.input.base.pop_back();
  EXPECT_EQ(world.told(), "hold A\n");
  world.on_server("A").has_children = false;
  EXPECT_EQ(world.told(), "remove_remote A\n");
}
TEST_F(AboveOthers, ANeighbourWithALongerNameIsNotBelowIt) {
  world.gone_from_server("A/x", 0);
  world.gone_here("A/x");
  world.input.base.pop_back();
  world.on_server("A").has_children = false;
  world.remote("Ax").policy.included = false;
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
TEST_F(MailboxTable, NotWholeHereSinceABackupWasRestoredIsMadeAnew) {
  world.here("A").suspect = true;
  world.here("A").whole = false;
  EXPECT_EQ(world.told(), "freeze A\n");
  world.in_base("A").row.pair_anew = true;
  EXPECT_EQ(world.told(), "create_local A A\n");
  world.on_server("A").selectable = false;
  EXPECT_EQ(world.told(), "freeze A\n");
}
TEST_F(MailboxTable, NotWholeHereAndWithoutRowsIsMadeAnew) {
  world.here("A").suspect = true;
  world.here("A").whole = false;
  world.in_base("A").row.cursor = {};
  EXPECT_EQ(world.told(), "freeze A\n");
  world.in_base("A").files = world.in_base("A").on_server = 0;
  EXPECT_EQ(world.told(), "create_local A A\n");
  world.in_base("A").row.cursor.uidvalidity = UidValidity{7};
  EXPECT_EQ(world.told(), "create_local A A\n");
}
TEST_F(MailboxTable, GoneHereInAWalkThatFailedWaits) {
  world.gone_here("A");
  world.input.local_complete = false;
  EXPECT_EQ(world.told(), "wait A\n");
}

TEST_F(MailboxTable, GoneHereAndAllThereIsNewIsMadeAnewHere) {
  world.gone_here("A");
  world.in_base("A").on_server = 0;
  EXPECT_EQ(world.told(), "create_local A A\n");
  world.in_base("A").policy.create = Create::remote;
  EXPECT_EQ(world.told(), "hold A\n");
}
// Nothing that a backup lacks was deleted. What holds mail may still be on its way from there.
TEST_F(MailboxTable, GoneHereSinceABackupWasRestoredAndEmptyIsMadeAnewHere) {
  world.gone_here("A");
  world.in_base("A").row.pair_anew = true;
  EXPECT_EQ(world.told(), "hold A\n");
  world.on_server("A").messages = 0;
  EXPECT_EQ(world.told(), "create_local A A\n");
  world.in_base("A").answer = HeldAnswer::apply;
  EXPECT_EQ(world.told(), "remove_remote A\n");
}
TEST_F(MailboxTable, GoneHereAndAppliedIsEmptiedThere) {
  world.gone_here("A");
  world.in_base("A").answer = HeldAnswer::apply;
  EXPECT_EQ(world.told(), "empty_remote A\n");
  world.on_server("A").messages = 0;
  EXPECT_EQ(world.told(), "remove_remote A\n");
}
TEST_F(MailboxTable, GoneHereAndRestoredIsMadeAnewHere) {
  world.gone_here("A");
  world.in_base("A").answer = HeldAnswer::restore;
  world.in_base("A").policy.direction = Direction::pull;
  world.in_base("A").policy.create = Create::none;
  EXPECT_EQ(world.told(), "create_local A A\n");
}
TEST_F(MailboxTable, WhatThePolicyKeepsIsNotEmptied) {
  world.gone_here("A");
  world.in_base("A").answer = HeldAnswer::apply;
  world.in_base("A").policy.local_delete = LocalDelete::ignore;
  EXPECT_EQ(world.told(), "hold A\n");
  world.in_base("A").policy = {};
  world.in_base("A").policy.direction = Direction::pull;
  EXPECT_EQ(world.told(), "hold A\n");
}
TEST_F(MailboxTable, AnAnswerMeansNothingOnceBothSidesHaveIt) {
  for (const HeldAnswer answer : {HeldAnswer::apply, HeldAnswer::restore}) {
    world.in_base("A").answer = answer;
    EXPECT_EQ(world.told(), "");
  }
}

// --- absent on the server ---

TEST_F(MailboxTable, GoneThereAndAllHereIsNewIsMadeAnewThere) {
  world.gone_from_server("A", 1);
  world.in_base("A").files = 0;
  EXPECT_EQ(world.told(), "wait A\n");
  world.gone_from_server("A");
  EXPECT_EQ(world.told(), "create_remote A A\n");
  world.in_base("A").policy.create = Create::local;
  EXPECT_EQ(world.told(), "hold A\n");
}
TEST_F(MailboxTable, GoneThereAndAppliedIsEmptiedHere) {
  world.gone_from_server("A");
  world.in_base("A").answer = HeldAnswer::apply;
  EXPECT_EQ(world.told(), "empty_local A\n");
  world.here("A").messages = 0;
  EXPECT_EQ(world.told(), "remove_local A\n");
}
TEST_F(MailboxTable, GoneThereAndRestoredIsMadeAnewThere) {
  world.gone_from_server("A");
  world.in_base("A").answer = HeldAnswer::restore;
  world.in_base("A").policy.create = Create::none;
  EXPECT_EQ(world.told(), "create_remote A A\n");
}
TEST_F(MailboxTable, AnAnswerWaitsForTheSecondList) {
  world.gone_from_server("A", 1);
  world.in_base("A").answer = HeldAnswer::apply;
  EXPECT_EQ(world.told(), "wait A\n");
}
TEST_F(MailboxTable, ARestoreThatWasCutGoesOn) {
  world.in_base("A").answer = HeldAnswer::restore;
  world.in_base("A").policy.create = Create::none;
  world.in_base("A").row.has_remote = false;
  world.gone_from_server("A", 0);
  EXPECT_EQ(world.told(), "create_remote A A\n");
}
TEST_F(MailboxTable, GoneThereAndRenamedHereToANewNameOfTheServersIsOne) {
  world.gone_from_server("A");
  world.renamed_here("A", "B");
  world.remote("B");
  EXPECT_EQ(world.told(), "rename_row A -> B\nwait B\n");
}

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
TEST_F(MailboxTable, NamesTradedThereAreTradedHere) {
  world.known("B");
  world.on_server("A").mailbox_id = "id-B";
  world.on_server("B").mailbox_id = "id-A";
  EXPECT_EQ(world.told(),
            "step_aside A A -> sterna-rename-1 here\n"
            "rename_local B B -> A\n"
            "rename_local A sterna-rename-1 -> B\n");
}
TEST_F(MailboxTable, NamesTradedHereAreTradedThere) {
  world.known("B");
  world.trade_here("A", "B");
  EXPECT_EQ(world.told(),
            "step_aside A A -> sterna-rename-1 there\n"
            "rename_remote B B -> A\n"
            "rename_remote A sterna-rename-1 -> B\n");
}
TEST_F(MailboxTable, ACircleOfThreeNeedsOneStepAside) {
  world.known("B");
  world.known("C");
  world.gone_here("A");
  world.gone_here("B");
  world.gone_here("C");
  world.local("B", "A");
  world.local("C", "B");
  world.local("A", "C");
  EXPECT_EQ(world.told(),
            "step_aside A A -> sterna-rename-1 there\n"
            "rename_remote C C -> A\n"
            "rename_remote B B -> C\n"
            "rename_remote A sterna-rename-1 -> B\n");
}
TEST_F(MailboxTable, ATradeTakesTheChildrenAlong) {
  for (const std::string child : {"A/x", "B/x"}) world.known(child);
  world.known("B");
  world.trade_here("A", "B");
  world.trade_here("A/x", "B/x");
  EXPECT_EQ(world.told(),
            "step_aside A A -> sterna-rename-1 there\n"
            "rename_remote B B -> A\n"
            "rename_remote A sterna-rename-1 -> B\n"
            "rename_remote A/x A/x -> B/x with parent\n"
            "rename_remote B/x B/x -> A/x with parent\n");
}
TEST_F(MailboxTable, DirectoriesSideBySideTakeNoChildrenAlong) {
  world.known("A/x");
  world.input.local_nested = false;
  world.renamed_on_server("A", "B");
  world.renamed_on_server("A/x", "B/x");
  EXPECT_EQ(world.told(), "rename_local A A -> B\nrename_local A/x A/x -> B/x\n");
}
TEST_F(MailboxTable, AChildThatLeftItsParentIsRenamedFromWhereThatTookIt) {
  world.known("A/x");
  world.renamed_here("A", "B");
  world.renamed_here("A/x", "C");
  EXPECT_EQ(world.told(), "rename_remote A A -> B\nrename_remote A/x B/x -> C\n");
}
TEST_F(MailboxTable, ANameToStepAsideIsFreeOnBothSides) {
  world.known("B");
  world.trade_here("A", "B");
  world.remote("sterna-rename-1");
  world.local("sterna-rename-1");
  EXPECT_EQ(world.told(),
            "adopt new sterna-rename-1\n"
            "step_aside A A -> sterna-rename-1+ there\n"
            "rename_remote B B -> A\n"
            "rename_remote A sterna-rename-1+ -> B\n");
}
TEST_F(MailboxTable, ADirectoryWithAnInodeThatWasUsedBeforeIsAnotherOne) {
  world.renamed_here("A", "B");
  world.here("B").inode_reused = true;
  EXPECT_EQ(world.told(), "create_remote new B\nhold A\n");
}
TEST_F(MailboxTable, OneDirectoryIsNotTakenForTwoMailboxes) {
  world.known("B");
  world.gone_here("A");
  world.renamed_here("B", "A");
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
TEST_F(NewMailboxes, ASuspectDirectoryIsNoMailboxAndTheUserHearsOfIt) {
  world.local("L").suspect = true;
  EXPECT_EQ(world.told(), "wait L\n");
  world.here("L").policy.create = Create::none;
  EXPECT_EQ(world.told(), "");
}
TEST_F(NewMailboxes, TheUserHearsOfASuspectDirectoryThatThePolicyDoesNotMakeWhole) {
  world.local("L").suspect = true;
  world.remote("L").policy.create = Create::remote;
  EXPECT_EQ(world.told(), "wait L\n");
}
// What a lost power left of a folder that was being made, or a copy without its empty directories.
TEST_F(NewMailboxes, ASuspectDirectoryOfOneThatTheServerHasIsMadeWhole) {
  world.local("L").suspect = true;
  world.remote("L");
  EXPECT_EQ(world.told(), "create_local new L\n");
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
