// SPDX-License-Identifier: Apache-2.0
// Files that a mail program wrote anew, with fields of its own in their headers: what is left
// without them is the message.
#include <gtest/gtest.h>

#include "notation.h"

namespace sterna::sync::test {
namespace {

std::string planned(std::string_view remote, std::string_view local) {
  return told({"A B Trash:trash", "A 1 x S", remote, local});
}

const Action& first_of(const Plan& plan) {
  return plan.actions.front();
}

TEST(Saved, ToAnotherMailboxIsAMove) {
  EXPECT_EQ(planned("", "A gone 1\nB new n1 x S saved"), "move_out A/1 -> B n1 S\n");
  EXPECT_EQ(planned("", "A gone 1\nTrash new n1 x S saved"), "move_out A/1 -> Trash n1 S\n");
}
TEST(Saved, AMoveProvesItselfByWhatTheServerHas) {
  const Input input = read({"A B", "A 1 x S", "", "A gone 1\nB new n1 x S saved"});
  const Plan made = plan(input);
  EXPECT_TRUE(std::get<MoveOut>(first_of(made).what).identity.same_as(identity_of("x")));
}
TEST(Saved, OfAnotherContentIsNew) {
  EXPECT_EQ(planned("", "A gone 1\nB new n1 y S saved"),
            "upload B n1 S\ndelete_out A/1 to_trash\n");
}
TEST(Saved, TheWholeContentIsTheBetterProof) {
  EXPECT_EQ(told({"A B", "A 1 x S\nA 2 x~saved S", "", "A gone 1\nA gone 2\nB new n1 x S saved"}),
            "move_out A/2 -> B n1 S\ndelete_out A/1 fetch_expunge\n");
}
TEST(Saved, AndMovedOnIsAMove) {
  EXPECT_EQ(planned("", "A gone 1\nB new A1 x S saved ino=A/1"), "move_out A/1 -> B A1 S\n");
  EXPECT_EQ(planned("", "A gone 1\nB new A1 x S saved"), "move_out A/1 -> B A1 S\n");
}
TEST(Saved, BackInItsMailboxAndPlaceIsOnlyNoted) {
  EXPECT_EQ(planned("", "A gone 1\nA new n1 x S saved ino=A/1"), "record A/1 S n1:2,S\n");
}
TEST(Saved, UnderAnotherNameInItsMailboxMayBeAnEdit) {
  EXPECT_EQ(planned("", "A gone 1\nA new n1 x S saved"), "upload A n1 S\nwait A/1\n");
}
TEST(Saved, ACopyIsUploaded) {
  EXPECT_EQ(planned("", "B new n1 x S saved"), "upload B n1 S\n");
}
TEST(Saved, ACopyUnderItsNameKnowsItsOriginal) {
  EXPECT_EQ(planned("", "B new A1 x S saved"), "upload B A1 S copy=A/1\n");
}
TEST(Saved, WaitsUntilItsOriginalIsKnownToBeGone) {
  EXPECT_EQ(told({"A B", "A 1 x S since=5", "", "A gone 1\nB new n1 x S saved"}),
            "wait A/1\nwait B n1\n");
}
TEST(Saved, OneThatWaitsHoldsTheRemovalBack) {
  EXPECT_EQ(planned("", "A gone 1\nB new n1 x S saved writing"), "wait A/1\nwait B n1\n");
}
TEST(Saved, MovedToTheSamePlaceOnTheServerIsAPair) {
  const Input input =
      read({"A B", "A 1 x S", "A gone 1\nB new 7 x S", "A gone 1\nB new n1 x S saved"});
  EXPECT_EQ(told(input), "pair B/7 n1 S forgets=A/1\n");
  const Plan made = plan(input);
  EXPECT_TRUE(std::get<Pair>(first_of(made).what).identity->same_as(identity_of("x")));
}
TEST(Saved, MovedElsewhereOnTheServerTakesThePlaceThere) {
  EXPECT_EQ(told({"A B C", "A 1 x S", "A gone 1\nC new 7 x S", "A gone 1\nB new n1 x S saved"}),
            "move_in A/1 -> C/7 B:n1 S\n");
}
TEST(Saved, GoneFromTheServerIsUploadedAsItIs) {
  const Input input = read({"A B", "A 1 x S", "A gone 1", "A gone 1\nB new n1 x S saved"});
  EXPECT_EQ(told(input), "upload B n1 S forgets=A/1\n");
  const Plan made = plan(input);
  EXPECT_TRUE(std::get<Upload>(first_of(made).what).identity.same_as(identity_of("x~saved")));
}
TEST(Saved, AMoveThatWasCopiedOnlyIsFinished) {
  Input input = read({"A B", "A 1 x S", "B new 7 x S", "A gone 1\nB new n1 x S saved"});
  add_intent(input, IntentKind::move_out, "A", 1, "n1", "x", "B");
  EXPECT_EQ(told(input), "pair B/7 n1 S\ndelete_out A/1 expunge\n");
}
TEST(Saved, WithoutABaseIsPairedWithTheMessage) {
  Input input = read({"A", "", "A new 7 x S", "A new n1 x S saved"});
  EXPECT_EQ(told(input), "pair A/7 n1 S\n");
  mailbox(input, "A").adopting = true;
  EXPECT_EQ(told(input), "pair A/7 n1 S\n");
  const Plan made = plan(input);
  EXPECT_TRUE(std::get<Pair>(first_of(made).what).identity->same_as(identity_of("x")));
}
TEST(Saved, WithoutABaseTheMessageThatIsTheWholeFileComesFirst) {
  EXPECT_EQ(told({"A", "", "A new 7 x S\nA new 8 x~saved S", "A new n1 x S saved"}),
            "pair A/8 n1 S\ndownload A/7\n");
}

// --- in place ---

TEST(SavedInPlace, MayBeAnEdit) {
  EXPECT_EQ(planned("", "A edited 1 x^2 saved"), "upload A A1 S replaces=1\n");
  EXPECT_EQ(planned("", "A edited 1 x saved"), "record A/1 S A1:2,S\n");
  Input input = read({"A B Trash:trash", "A 1 x S", "", "A edited 1 x saved"});
  row(input, "A", 1).identity->body = 0;
  EXPECT_EQ(told(input), "upload A A1 S replaces=1\n");
}
TEST(SavedInPlace, IsNoWreck) {
  EXPECT_EQ(planned("", "A wreck 1 x saved"), "record A/1 S A1:2,S\n");
}
TEST(SavedInPlace, CutByAnOutageIsAWreck) {
  Input input = read({"A", "A 1 x S", "", "A restarted 1 x saved"});
  mailbox(input, "A").local.changed.front().plain->size -= 1;
  EXPECT_EQ(told(input), "repair A/1 A1\n");
}
TEST(SavedInPlace, TheRowKeepsTheContentOfTheServer) {
  const Input input = read({"A", "A 1 x S", "", "A touched 1 x saved"});
  EXPECT_FALSE(std::get<Record>(first_of(plan(input)).what).identity);
}

}  // namespace
}  // namespace sterna::sync::test
