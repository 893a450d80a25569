// SPDX-License-Identifier: Apache-2.0
// What takes the place of the Maildir, or of a part of it, amid a sync (safety.md, rules 14 and
// 15).
#include "stage.h"

namespace sterna::simulation {
namespace {

class Exchanged : public Stage {
 protected:
  Exchanged() {
    for (int i = 1; i <= 3; ++i) arrives("m1", "t" + std::to_string(i), FlagSet{Flag::seen});
    disk.make_maildir("aside/m1");
    sync();
    sync();
  }
  // As where its disk is gone, and what was below it shows.
  void exchange() {
    disk.rename("mail/m1", "known");
    disk.rename("aside/m1", "mail/m1");
  }
  void put_back() {
    disk.rename("mail/m1", "aside/m1");
    disk.rename("known", "mail/m1");
  }
  // The folder was exchanged amid this sync.
  void expect_unharmed() {
    run();
    EXPECT_TRUE(disk.exists("known"));
    run();
    EXPECT_EQ(server.find("m1")->messages.size(), 3U);
    put_back();
    const account::AccountReport back = sync();
    EXPECT_EQ(back.counts.downloaded, 0U);
    EXPECT_EQ(server.find("m1")->messages.size(), 3U);
    EXPECT_EQ(disk.names("mail/m1/cur").size() + disk.names("mail/m1/new").size(), 3U);
    EXPECT_EQ(disk.names("aside/m1/cur").size() + disk.names("aside/m1/new").size(), 0U);
  }
};

TEST_F(Exchanged, AFolderThatOthersMakeTheSyncLookAtAgain) {
  arrives("INBOX", "a1");
  disk.write("mail/INBOX/new/b1", "Subject: b1\nX-Token: b1\n\n");
  at_command("SELECT", [this] { exchange(); });
  expect_unharmed();
}

TEST_F(Exchanged, AFolderThatWasWalkedAndIsListedLater) {
  disk.unlink(file_of("t3"));
  const std::string kept = disk.read(file_of("t2"));
  disk.write("mail/m1/cur/t3", kept);
  disk.unlink("mail/m1/cur/t3");
  server.find("m1")->expunge(3);
  arrives("m1", "t4");
  at_command("LIST", [this] { exchange(); });
  run();
  run();
  EXPECT_EQ(server.find("m1")->messages.size(), 3U);
  put_back();
  sync();
  EXPECT_EQ(messages(), (Lines{"m1 t1 \\Seen", "m1 t2 \\Seen", "m1 t4"}));
}

// It was open by then.
TEST_F(Exchanged, ADirectoryOfMessagesThatIsExchangedByItself) {
  arrives("INBOX", "a1");
  for (const std::string mailbox : {"INBOX", "m1"})
    disk.write("mail/" + mailbox + "/new/b", "Subject: b\nX-Token: b\n\n");
  int read = 0;
  disk.before = [&](test::DiskOp op, std::string_view name) -> Status {
    if (op == test::DiskOp::open && name == "b" && ++read == 2) {
      disk.rename("mail/m1/cur", "known");
      disk.rename("aside/m1/cur", "mail/m1/cur");
    }
    return {};
  };
  run();
  EXPECT_TRUE(disk.exists("known"));
  run();
  EXPECT_GE(server.find("m1")->messages.size(), 3U);
  disk.rename("mail/m1/cur", "aside/m1/cur");
  disk.rename("known", "mail/m1/cur");
  for (int i = 0; i < 2; ++i) sync();
  EXPECT_EQ(messages(),
            (Lines{"INBOX a1", "INBOX b", "m1 t1 \\Seen", "m1 t2 \\Seen", "m1 t3 \\Seen", "m1 b"}));
}

// What is brought there would be missed, and deleted, when the disk is back.
TEST_F(Exchanged, NothingIsBroughtIntoAFolderThatCameMeanwhile) {
  arrives("m1", "t4");
  at_command("SELECT", [this] { exchange(); });
  run();
  run();
  EXPECT_TRUE(disk.exists("known"));
  EXPECT_EQ(files(), Lines{});
  put_back();
  sync();
  EXPECT_EQ(messages(), (Lines{"m1 t1 \\Seen", "m1 t2 \\Seen", "m1 t3 \\Seen", "m1 t4"}));
  EXPECT_EQ(files(), (Lines{"m1 t4", "m1 t1:S", "m1 t2:S", "m1 t3:S"}));
}

// With names and inodes of the directories as they are, as rsync does it.
TEST_F(Exchanged, ABackupThatIsBroughtBackAmidASyncIsKnownAfterIt) {
  const std::string marker = disk.read("mail/.sterna");
  arrives("m1", "t4");
  sync();
  sync();
  EXPECT_NE(disk.read("mail/.sterna"), marker);
  arrives("m1", "t5");
  at_command("BODY.PEEK[]", [&] {
    disk.unlink(file_of("t4"));
    disk.write("mail/.sterna", marker);
  });
  run();
  for (int i = 0; i < 3; ++i) run();
  EXPECT_EQ(messages(), (Lines{"m1 t1 \\Seen", "m1 t2 \\Seen", "m1 t3 \\Seen", "m1 t4", "m1 t5"}));
  EXPECT_EQ(files(), (Lines{"m1 t4", "m1 t5", "m1 t1:S", "m1 t2:S", "m1 t3:S"}));
}

TEST_F(Exchanged, ABackupThatIsBroughtBackBeforeARemovalStopsIt) {
  const std::string marker = disk.read("mail/.sterna");
  arrives("m1", "t4");
  sync();
  sync();
  disk.unlink(file_of("t1"));
  at_command("SELECT", [&] {
    disk.unlink(file_of("t4"));
    disk.write("mail/.sterna", marker);
  });
  run();
  EXPECT_EQ(server.find("m1")->messages.size(), 4U);
  for (int i = 0; i < 3; ++i) run();
  EXPECT_EQ(messages(), (Lines{"m1 t1 \\Seen", "m1 t2 \\Seen", "m1 t3 \\Seen", "m1 t4"}));
}

// A sync placed it, and died before it was flushed; a program has it open, so that it is not whole.
TEST_F(Stage, AFileThatADownloadMeetsIsFlushedBeforeItIsRecorded) {
  arrives("INBOX", "t1");
  sync();
  const std::string first = file_in("INBOX");
  const std::string origin = first.substr(first.find(".S"));
  const std::string path =
      "mail/INBOX/cur/1600000000" + origin.substr(0, origin.find('U')) + "U2.sterna:2,";
  disk.sync_all();
  arrives("INBOX", "t2");
  const std::string octets = server.find("INBOX")->messages.at(2).octets;
  std::string content = octets;
  std::erase(content, '\r');
  disk.set_now_ns(clock_.wall_ns());
  disk.write(path, content);
  disk.open_to_write(path);
  sync();
  ASSERT_EQ(files().size(), 2U) << "its own file was met";
  disk.close_written(path);
  machine_.lose_power(1);
  sync();
  EXPECT_EQ(files(), (Lines{"INBOX t1", "INBOX t2"}));
  EXPECT_EQ(messages(), (Lines{"INBOX t1", "INBOX t2"}));
}

}  // namespace
}  // namespace sterna::simulation
