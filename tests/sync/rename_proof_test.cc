// SPDX-License-Identifier: Apache-2.0
// What proves that a mailbox was renamed, and what only suggests it.
#include <gtest/gtest.h>

#include "mailbox_story.h"

namespace sterna::sync::test {
namespace {

class RenameProof : public testing::Test {
 protected:
  RenameProof() { world.known("A"); }
  Mailboxes world;
};

TEST_F(RenameProof, WithoutMailboxIdsEqualCountsSuggestItAndContentProvesIt) {
  world.renamed_on_server("A", "B");
  world.forget_ids();
  EXPECT_EQ(world.told(), "create_local new B\nwait A\n");
  const auto supposed = supposed_renames(world.input);
  ASSERT_EQ(supposed, (std::vector{SupposedRename{world.in_base("A").row.id, WireName{"B"}}}));
  world.input.proven_renames = supposed;
  EXPECT_EQ(world.told(), "rename_local A A -> B\n");
}
TEST_F(RenameProof, WithMailboxIdsNothingHasToBeSupposed) {
  world.renamed_on_server("A", "B");
  EXPECT_TRUE(supposed_renames(world.input).empty());
}
TEST_F(RenameProof, AUidvalidityThatTwoMailboxesHaveSuggestsNothing) {
  world.known("Other");
  world.renamed_on_server("A", "B");
  world.forget_ids();
  world.on_server("Other").uidvalidity = world.on_server("B").uidvalidity;
  EXPECT_TRUE(supposed_renames(world.input).empty());
  world.input.proven_renames = {{world.in_base("A").row.id, WireName{"B"}}};
  EXPECT_EQ(world.told(), "create_local new B\nwait A\n");
}
TEST_F(RenameProof, OtherCountsProveNothing) {
  const auto differ = [&](auto change) {
    Mailboxes other;
    other.known("A");
    other.renamed_on_server("A", "B");
    other.in_base("A").row.mailbox_id = other.on_server("B").mailbox_id = "";
    change(other.on_server("B"));
    EXPECT_TRUE(supposed_renames(other.input).empty());
    return other.told();
  };
  const std::string no_rename = "create_local new B\nwait A\n";
  EXPECT_EQ(differ([](RemoteMailbox& b) { b.messages = 6; }), no_rename);
  EXPECT_EQ(differ([](RemoteMailbox& b) { b.uid_next = Uid(9); }), no_rename);
  EXPECT_EQ(differ([](RemoteMailbox& b) { b.uidvalidity = UidValidity(3); }), no_rename);
  EXPECT_EQ(differ([](RemoteMailbox& b) { b.uid_next.reset(); }), no_rename);
  EXPECT_EQ(differ([](RemoteMailbox& b) { b.messages.reset(); }), no_rename);
}
TEST_F(RenameProof, TwoCandidatesProveNothing) {
  world.renamed_on_server("A", "B");
  world.remote("C", "A").mailbox_id = "";
  world.in_base("A").row.mailbox_id = world.on_server("B").mailbox_id = "";
  EXPECT_TRUE(supposed_renames(world.input).empty());
  EXPECT_EQ(world.told(), "create_local new B\ncreate_local new C\nwait A\n");
}
TEST_F(RenameProof, OfAnEmptyMailboxEqualCountsProveNothing) {
  world.renamed_on_server("A", "B");
  world.in_base("A").row.mailbox_id = world.on_server("B").mailbox_id = "";
  world.in_base("A").row.cursor.messages = 0;
  world.on_server("B").messages = 0;
  EXPECT_TRUE(supposed_renames(world.input).empty());
  EXPECT_EQ(world.told(), "create_local new B\nwait A\n");
}
TEST_F(RenameProof, DifferentMailboxIdsDisproveIt) {
  world.renamed_on_server("A", "B");
  world.on_server("B").mailbox_id = "another";
  EXPECT_TRUE(supposed_renames(world.input).empty());
  EXPECT_EQ(world.told(), "create_local new B\nwait A\n");
}
TEST_F(RenameProof, AnIncompleteListProvesItOnlyByMailboxId) {
  world.renamed_on_server("A", "B");
  world.input.remote_complete = false;
  EXPECT_EQ(world.told(), "rename_local A A -> B\n");
  world.in_base("A").row.mailbox_id = world.on_server("B").mailbox_id = "";
  EXPECT_TRUE(supposed_renames(world.input).empty());
  EXPECT_EQ(world.told(), "create_local new B\nwait A\n");
}
TEST_F(RenameProof, OurOwnRenameThatWasCutIsRecognised) {
  world.renamed_on_server("A", "B");
  world.renamed_here("A", "B");
  world.in_base("A").row.mailbox_id = world.on_server("B").mailbox_id = "";
  world.on_server("B").messages = 77;
  world.intend("A", "B");
  EXPECT_EQ(world.told(), "rename_row A -> B\n");
}
TEST_F(RenameProof, OurOwnRenameIsNoNameOfTheServers) {
  world.renamed_on_server("A", "B");
  world.renamed_here("A", "C");
  world.intend("A", "B");
  EXPECT_EQ(world.told(), "rename_remote A B -> C\n");
  world.gone_here("C");
  world.local("A");
  EXPECT_EQ(world.told(), "rename_remote A B -> A\n");
}
TEST_F(RenameProof, AnIntentProvesNothingWhileTheOldNameIsThere) {
  world.in_base("A").row.mailbox_id = "";
  world.on_server("A").mailbox_id = "";
  world.remote("B").mailbox_id = "";
  world.renamed_here("A", "B");
  world.intend("A", "B");
  EXPECT_EQ(world.told(), "wait B\nhold A\n");
}
TEST_F(RenameProof, ATradeThatWasCutGoesOnWhereItStopped) {
  for (const bool with_ids : {true, false}) {
    Mailboxes cut;
    cut.known("A");
    cut.known("B");
    cut.trade_here("A", "B");
    cut.renamed_on_server("A", "sterna-rename-1");
    cut.intend("A", "sterna-rename-1");
    if (!with_ids) cut.forget_ids();
    EXPECT_EQ(cut.told(), "rename_remote B B -> A\nrename_remote A sterna-rename-1 -> B\n");
    cut.renamed_on_server("B", "A");
    cut.intend("B", "A");
    if (!with_ids) cut.forget_ids();
    EXPECT_EQ(cut.told(), "rename_row B -> A\nrename_remote A sterna-rename-1 -> B\n");
    cut.renamed_on_server("sterna-rename-1", "B", "A");
    cut.intend("A", "B");
    if (!with_ids) cut.forget_ids();
    EXPECT_EQ(cut.told(), "rename_row B -> A\nrename_row A -> B\n");
  }
}
TEST_F(RenameProof, ANewMailboxUnderTheOldNameIsNoObstacle) {
  world.renamed_on_server("A", "B");
  world.remote("A").mailbox_id = "fresh";
  world.in_base("A").row.remote_absences = 0;
  EXPECT_EQ(world.told(), "rename_local A A -> B\nwait A\n");
}

}  // namespace
}  // namespace sterna::sync::test
