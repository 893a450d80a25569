// SPDX-License-Identifier: Apache-2.0
// What a sync began when its line went, and the next one has to tell from what the user did.
#include <gtest/gtest.h>

#include <string>

#include "stage.h"

namespace sterna::simulation {
namespace {

// A backup without it takes the place of its mailbox, and the sync that takes note of that dies.
TEST_F(Stage, WhatWasSentBeforeABackupIsNotDeletedAfterAnotherLostLine) {
  sync();
  disk.write("mail/INBOX/new/t1", "Subject: t1\nX-Token: t1\n\n");
  sync_cut_at("APPEND");
  ASSERT_EQ(messages(), Lines{"INBOX t1"});
  disk.unlink("mail/INBOX/new/t1");
  pair_anew("INBOX");
  sync_cut_at("SELECT");
  sync();
  sync();
  EXPECT_EQ(messages(), Lines{"INBOX t1"});
  EXPECT_EQ(files(), Lines{"INBOX t1"});
}

TEST_F(Stage, WhatWasMovedBeforeABackupIsNotDeletedAfterAnotherLostLine) {
  arrives("INBOX", "t1");
  sync();
  disk.rename(file_in("INBOX"), "mail/m1/cur/t1:2,");
  sync_cut_at("COPY");
  ASSERT_EQ(messages(), (Lines{"INBOX t1", "m1 t1"}));
  disk.unlink("mail/m1/cur/t1:2,");
  pair_anew("m1");
  sync_cut_at("SELECT");
  sync();
  sync();
  EXPECT_EQ(messages(), Lines{"m1 t1"});
  EXPECT_EQ(files(), Lines{"m1 t1"});
}

// A person who says no to a removal gets the message back, however far the removal had come.
TEST_F(Stage, ARemovalThatWasBegunAndIsHeldCanBeTakenBack) {
  const std::uint32_t uid = arrives("INBOX", "t1");
  sync();
  disk.unlink(file_in("INBOX"));
  sync_cut_at("STORE");
  ASSERT_EQ(messages(), Lines{"INBOX t1 \\Deleted"});
  server.find("INBOX")->set_flags(uid, FlagSet::parse("\\Deleted work"));
  EXPECT_EQ(sync().held, 1U);
  EXPECT_EQ(decide(account::HeldDecision::restore), 1U);
  sync();
  EXPECT_EQ(sync().held, 0U);
  EXPECT_EQ(files(), Lines{"INBOX t1:a"});
  EXPECT_EQ(messages(), Lines{"INBOX t1 work"});
}

// Else a daemon would tell of it anew after each line that it lost.
TEST_F(Stage, WhatIsHeldIsCountedByASyncThatMakesNoPlan) {
  const std::uint32_t uid = arrives("INBOX", "t1");
  sync();
  disk.unlink(file_in("INBOX"));
  sync_cut_at("STORE");
  server.find("INBOX")->set_flags(uid, FlagSet::parse("\\Deleted work"));
  ASSERT_EQ(sync().held, 1U);
  at_command("LIST", [&] { network_->go_down(); });
  const account::AccountReport report = run();
  EXPECT_FALSE(report.errors.empty());
  EXPECT_EQ(report.held, 1U);
}

// The mark of a removal is nobody's flag, whenever the line goes before it is taken away.
TEST_F(Stage, ARemovalThatIsTakenBackLeavesNoMark) {
  const std::uint32_t uid = arrives("INBOX", "t1");
  sync();
  disk.unlink(file_in("INBOX"));
  sync_cut_at("STORE");
  server.find("INBOX")->set_flags(uid, FlagSet::parse("\\Deleted work"));
  EXPECT_EQ(sync().held, 1U);
  EXPECT_EQ(decide(account::HeldDecision::restore), 1U);
  sync_cut_at("STORE");
  server.find("INBOX")->set_flags(uid, FlagSet::parse("\\Deleted work"));  // it was not heard
  sync();
  EXPECT_EQ(files(), Lines{"INBOX t1:a"});
  EXPECT_EQ(messages(), Lines{"INBOX t1 work"});
}

TEST_F(Stage, ARemovalWhoseFileIsBackLeavesNoMark) {
  const std::uint32_t uid = arrives("INBOX", "t1");
  sync();
  const std::string path = file_in("INBOX");
  const std::string octets = disk.read(path);
  disk.unlink(path);
  sync_cut_at("STORE");
  disk.write(path, octets);
  sync_cut_at("STORE");
  server.find("INBOX")->set_flags(uid, FlagSet{Flag::deleted});  // it was not heard
  sync();
  EXPECT_EQ(files(), Lines{"INBOX t1"});
  EXPECT_EQ(messages(), Lines{"INBOX t1"});
}

// Nobody told what the server made of it, which is not what was sent.
TEST_F(Stage, WhatWasSentAndNotAskedAboutCanBeDeletedAllTheSame) {
  abilities.uidplus = abilities.rewrites = true;
  disk.write("mail/m1/cur/t1:2,", "Subject: t1\nX-Token: t1\n\n");
  sync_cut_at("RFC822.SIZE");
  ASSERT_EQ(messages(), Lines{"m1 t1"});
  sync();
  disk.unlink("mail/m1/cur/t1:2,");
  sync();
  EXPECT_EQ(messages(), Lines{});
}

// It is nowhere: the mailbox went with it.
TEST_F(Stage, WhatWasMovedToAMailboxThatIsNoMoreIsSentFromWhereItsFileIs) {
  disk.make_maildir("mail/m2");
  server.create("m2");
  arrives("INBOX", "t1");
  sync();
  disk.rename(file_in("INBOX"), "mail/m2/cur/t1:2,");
  sync_cut_at("EXPUNGE");
  ASSERT_EQ(messages(), Lines{"m2 t1"});
  disk.rename("mail/m2/cur/t1:2,", "mail/m1/cur/t1:2,");
  server.remove("m2");
  for (int i = 0; i < 6; ++i) sync();
  EXPECT_EQ(files(), Lines{"m1 t1"});
  EXPECT_EQ(messages(), Lines{"m1 t1"});
}

// A sync that died while it planned left it: in a backup that is made since it would vouch for one.
TEST_F(Stage, AMarkerThatWasPreparedForNothingIsGoneAfterTheNextSync) {
  arrives("INBOX", "t1");
  sync();
  disk.write("mail/..sterna.new", disk.read("mail/.sterna"));
  sync();
  EXPECT_FALSE(disk.exists("mail/..sterna.new"));
}

}  // namespace
}  // namespace sterna::simulation
