// SPDX-License-Identifier: Apache-2.0
// The disk in memory is believed by every other test, so it is tested itself: what may be lost with
// the power, what may not, and the habits of kernels that Sterna must be ready for.
#include "tests/support/memory_disk.h"

#include <gmock/gmock.h>

#include <set>

#include "world.h"

namespace sterna::maildir {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class MemoryDiskTest : public MaildirTest {
 protected:
  MemoryDiskTest() { disk().sync_all(); }

  // Every outcome that a loss of power had over many seeds.
  std::set<std::string> outcomes(const std::function<void()>& before,
                                 const std::function<std::string()>& look) {
    std::set<std::string> seen;
    const MemoryDisk::Backup clean = disk().back_up();
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      disk().restore(clean);
      root_ = must(machine_.open_root("/mail", false));
      before();
      machine_.lose_power(seed);
      seen.insert(look());
    }
    return seen;
  }
  std::string files() {
    std::string text;
    for (const std::string& file : disk().files()) text += file.substr(5) + " ";
    return text;
  }
};

TEST_F(MemoryDiskTest, AnUnsyncedFileMayBeThereGoneEmptyOrCut) {
  const auto seen = outcomes([&] { put("A/new/1", "ab"); },
                             [&]() -> std::string {
                               if (!disk().exists("mail/A/new/1")) return "gone";
                               return "'" + disk().read("mail/A/new/1") + "'";
                             });
  EXPECT_THAT(seen, UnorderedElementsAre("gone", "''", "'a'", "'ab'"));
}

TEST_F(MemoryDiskTest, ASyncedFileWithoutItsDirectoryMayHaveNoName) {
  const auto seen = outcomes(
      [&] {
        const MailboxDirs mailbox = open("A");
        const auto file = must(mailbox.tmp->create_file("t"));
        must(file->write("ab"));
        must(mailbox.fresh->place(*file, "1"));
        must(file->sync());
      },
      [&]() -> std::string {
        return disk().exists("mail/A/new/1") ? disk().read("mail/A/new/1") : "gone";
      });
  EXPECT_THAT(seen, UnorderedElementsAre("gone", "ab"));
}

TEST_F(MemoryDiskTest, ARenameHappensWhollyOrNotAtAll) {
  const auto seen = outcomes(
      [&] {
        put("A/cur/1:2,");
        disk().sync_all();
        disk().rename("mail/A/cur/1:2,", "mail/B/cur/1:2,S");
      },
      [&] { return files(); });
  EXPECT_THAT(seen, UnorderedElementsAre("A/cur/1:2, ", "B/cur/1:2,S "));
}

TEST_F(MemoryDiskTest, SeveralRenamesAreLostFromTheEndAlone) {
  const auto seen = outcomes(
      [&] {
        put("A/cur/1:2,");
        disk().sync_all();
        disk().rename("mail/A/cur/1:2,", "mail/A/cur/1:2,S");
        disk().rename("mail/A/cur/1:2,S", "mail/A/cur/1:2,FS");
      },
      [&] { return files(); });
  EXPECT_THAT(seen, UnorderedElementsAre("A/cur/1:2, ", "A/cur/1:2,S ", "A/cur/1:2,FS "));
}

TEST_F(MemoryDiskTest, IndependentChangesAreLostIndependently) {
  const auto seen = outcomes(
      [&] {
        put("A/cur/1");
        put("A/cur/2");
        disk().sync_all();
        disk().unlink("mail/A/cur/1");
        disk().unlink("mail/A/cur/2");
      },
      [&] { return files(); });
  EXPECT_THAT(seen, UnorderedElementsAre("", "A/cur/1 ", "A/cur/2 ", "A/cur/1 A/cur/2 "));
}

TEST_F(MemoryDiskTest, AnUnlinkMayComeBackUnlessItsDirectoryWasSynced) {
  const auto before = [&](bool synced) {
    put("A/cur/1");
    disk().sync_all();
    disk().unlink("mail/A/cur/1");
    if (synced) must(open("A").cur->sync());
  };
  EXPECT_EQ(outcomes([&] { before(false); }, [&] { return files(); }).size(), 2U);
  EXPECT_THAT(outcomes([&] { before(true); }, [&] { return files(); }), ElementsAre(""));
}

TEST_F(MemoryDiskTest, WhatIsInALostDirectoryIsLostWithIt) {
  const auto seen = outcomes(
      [&] {
        disk().make_directories("mail/C");
        disk().write("mail/C/1", "");
      },
      [&]() -> std::string { return disk().exists("mail/C") ? "C " + files() : "none"; });
  EXPECT_THAT(seen, UnorderedElementsAre("none", "C ", "C C/1 "));
}

TEST_F(MemoryDiskTest, ANumberThatIsUsedAgainNeverMixesTwoFiles) {
  const auto seen = outcomes(
      [&] {
        put("A/cur/1", "one");
        disk().sync_all();
        disk().unlink("mail/A/cur/1");
        const SeenFile second = put("B/cur/2", "two");
        must(must(open("B").cur->open_file("2"))->stat());
        disk().sync_content(
            *disk().root()->children.at("mail")->children.at("B")->children.at("cur")->children.at(
                "2"));
        EXPECT_NE(second.ino, 0U);
      },
      [&] {
        std::string text;
        for (const std::string& file : disk().files()) text += file + "=" + disk().read(file) + " ";
        return text;
      });
  EXPECT_THAT(seen, UnorderedElementsAre("", "mail/B/cur/2=two "));
}

TEST_F(MemoryDiskTest, HandsAFreedNumberToTheNextFile) {
  const std::uint64_t first = put("A/cur/1").ino;
  disk().unlink("mail/A/cur/1");
  EXPECT_EQ(put("B/new/2").ino, first);
  disk().unlink("mail/B/new/2");
  disk().reuses_inodes = false;
  EXPECT_NE(put("B/new/3").ino, first);
}

TEST_F(MemoryDiskTest, AHardLinkIsTheSameFile) {
  const SeenFile seen = put("A/cur/1", "x");
  disk().link("mail/A/cur/1", "mail/B/cur/1");
  EXPECT_EQ(disk().stat("mail/B/cur/1").ino, seen.ino);
  disk().unlink("mail/A/cur/1");
  EXPECT_EQ(disk().read("mail/B/cur/1"), "x");
}

TEST_F(MemoryDiskTest, CoarseStampsHideASecondChangeInTheirTick) {
  disk().granularity_ns = kSecond;
  put("A/cur/1");
  const io::FileStat before = disk().stat("mail/A/cur");
  put("A/cur/2");
  EXPECT_EQ(disk().stat("mail/A/cur").mtime_ns, before.mtime_ns);
  disk().advance_ns(kSecond);
  put("A/cur/3");
  EXPECT_EQ(disk().stat("mail/A/cur").mtime_ns, before.mtime_ns + kSecond);
}

TEST_F(MemoryDiskTest, AListingMayMissAFileThatMovesMeanwhile) {
  int missed = 0;
  for (int i = 0; i < 50; ++i) {
    const std::string name = std::to_string(i);
    put("A/cur/" + name);
    disk().during_list = [&] { disk().rename("mail/A/cur/" + name, "mail/A/cur/x" + name); };
    const auto entries = must(open("A").cur->list());
    disk().during_list = nullptr;
    if (entries.empty()) ++missed;
    disk().unlink("mail/A/cur/x" + name);
  }
  EXPECT_GT(missed, 5);
  EXPECT_LT(missed, 45);
}

TEST_F(MemoryDiskTest, IsFullWhenItIsFull) {
  disk().capacity_octets = 10;
  const MailboxDirs mailbox = open("A");
  const auto file = must(mailbox.tmp->create_file("t"));
  must(file->write("0123456"));
  EXPECT_EQ(must(mailbox.cur->free_bytes()), 3U);
  EXPECT_EQ(code_of(file->write("0123456")), ErrorCode::no_space);
}

TEST_F(MemoryDiskTest, GivesBackWhatUnnamedFilesHeld) {
  const MailboxDirs mailbox = open("A");
  const std::uint64_t before = must(mailbox.cur->free_bytes());
  must(must(mailbox.tmp->create_file("t"))->write("0123456"));
  EXPECT_EQ(must(mailbox.cur->free_bytes()), before);
}

TEST_F(MemoryDiskTest, HandlesDieWithThePower) {
  const MailboxDirs mailbox = open("A");
  machine_.lose_power(1);
  EXPECT_EQ(code_of(mailbox.cur->list()), ErrorCode::io);
  EXPECT_NE(machine_.boot_id(), MemoryFileSystem().boot_id());
}

TEST_F(MemoryDiskTest, AMountHidesWhatIsBelowIt) {
  put("A/cur/1");
  machine_.mount("/mail/A").make_maildir("");
  EXPECT_THAT(must(open("A").cur->list()), IsEmpty());
  EXPECT_NE(must(open("A").cur->stat()).dev, must(open("B").cur->stat()).dev);
  machine_.unmount("/mail/A");
  EXPECT_EQ(must(open("A").cur->list()).size(), 1U);
}

TEST_F(MemoryDiskTest, ABackupComesBackWithOtherInodes) {
  const SeenFile seen = put("A/cur/1", "x");
  disk().set_mtime_ns("mail/A/cur/1", 5);
  const MemoryDisk::Backup backup = disk().back_up();
  disk().reuses_inodes = false;
  disk().write("mail/A/cur/1", "y");
  put("A/cur/2");
  disk().restore(backup);
  EXPECT_THAT(disk().files(), ElementsAre("mail/A/cur/1"));
  EXPECT_EQ(disk().read("mail/A/cur/1"), "x");
  EXPECT_EQ(disk().stat("mail/A/cur/1").mtime_ns, 5);
  EXPECT_NE(disk().stat("mail/A/cur/1").ino, seen.ino);
}

TEST_F(MemoryDiskTest, RefusesNamesThatAreNone) {
  const MailboxDirs mailbox = open("A");
  for (const std::string& name : {std::string(), std::string("."), std::string(".."),
                                  std::string("a/b"), std::string("a\0b", 3)}) {
    EXPECT_EQ(code_of(mailbox.cur->stat_at(name)), ErrorCode::internal);
    EXPECT_EQ(code_of(mailbox.cur->open_file(name)), ErrorCode::internal);
    EXPECT_EQ(code_of(mailbox.cur->make_directory(name)), ErrorCode::internal);
  }
}

}  // namespace
}  // namespace sterna::maildir
