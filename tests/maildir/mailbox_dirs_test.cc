// SPDX-License-Identifier: Apache-2.0
#include "sterna/maildir/mailbox_dirs.h"

#include "world.h"

namespace sterna::maildir {
namespace {

using Names = std::vector<std::string>;

class MailboxDirsTest : public MaildirTest {
 protected:
  MailboxDirs create(const std::string& path, LayoutKind kind = LayoutKind::fs) {
    return must(create_mailbox(root(), kind, parse_mailbox_path(path)));
  }
  Status remove(const std::string& path) {
    return remove_empty_mailbox(root(), parse_mailbox_path(path));
  }
  void lose_power(std::uint64_t seed) {
    machine_.lose_power(seed);
    root_ = must(machine_.open_root("/mail", false));
  }
};

TEST_F(MailboxDirsTest, OpensOnlyWhatIsWhole) {
  EXPECT_EQ(must(open("A").cur->stat()).ino, disk().stat("mail/A/cur").ino);
  disk().remove_tree("mail/A/tmp");
  EXPECT_EQ(code_of(open_mailbox(root(), {"A"})), ErrorCode::not_found);
  EXPECT_EQ(code_of(open_mailbox(root(), {"none"})), ErrorCode::not_found);
  EXPECT_FALSE(disk().exists("mail/A/tmp"));
}

TEST_F(MailboxDirsTest, OpensTheRootItself) {
  disk().make_maildir("mail");
  const MailboxDirs mailbox = must(open_mailbox(root(), {}));
  EXPECT_EQ(must(mailbox.fresh->stat()).ino, disk().stat("mail/new").ino);
}

TEST_F(MailboxDirsTest, CreatesAPathWithItsMailboxOnlyAtTheEnd) {
  create("x/y");
  EXPECT_EQ(disk().names("mail/x"), (Names{"y"}));
  EXPECT_EQ(disk().names("mail/x/y"), (Names{"cur", "new", "tmp"}));
}

TEST_F(MailboxDirsTest, CurComesLast) {
  Names made;
  disk().before = [&](DiskOp op, std::string_view name) {
    if (op == DiskOp::make_directory) made.emplace_back(name);
    return Status();
  };
  create("x");
  EXPECT_EQ(made, (Names{"x", "tmp", "new", "cur"}));
}

TEST_F(MailboxDirsTest, CompletesAMailboxAndKeepsItsMessages) {
  put("A/cur/1:2,S");
  disk().remove_tree("mail/A/new");
  create("A");
  EXPECT_EQ(disk().names("mail/A"), (Names{"cur", "new", "tmp"}));
  EXPECT_TRUE(disk().exists("mail/A/cur/1:2,S"));
}

TEST_F(MailboxDirsTest, MarksFoldersOfMaildirPlusPlusButNotTheRoot) {
  create(".x", LayoutKind::maildir_plus_plus);
  EXPECT_EQ(disk().names("mail/.x"), (Names{"cur", "maildirfolder", "new", "tmp"}));
  create("", LayoutKind::maildir_plus_plus);
  EXPECT_FALSE(disk().exists("mail/maildirfolder"));
  EXPECT_TRUE(disk().exists("mail/cur"));
}

TEST_F(MailboxDirsTest, WhatWasCreatedSurvivesALostPower) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    disk().sync_all();
    const std::string path = "x" + std::to_string(seed) + "/y";
    create(path);
    lose_power(seed);
    EXPECT_TRUE(disk().exists("mail/" + path + "/cur")) << seed;
    EXPECT_TRUE(disk().exists("mail/" + path + "/new")) << seed;
  }
}

TEST_F(MailboxDirsTest, RemovesAnEmptyMailboxWithItsControlFiles) {
  disk().write("mail/A/dovecot-keywords", "0 work\n");
  disk().write("mail/A/dovecot-uidlist", "3 V1\n");
  disk().write("mail/A/maildirfolder", "");
  must(remove("A"));
  EXPECT_EQ(disk().names("mail"), (Names{"B"}));
  must(remove("A"));  // gone already
}

TEST_F(MailboxDirsTest, RefusesToRemoveAnyMessage) {
  for (const std::string path : {"A/cur/1:2,S", "A/new/1", "A/tmp/1", "A/cur/.hidden"}) {
    put(path);
    EXPECT_EQ(code_of(remove("A")), ErrorCode::changed) << path;
    EXPECT_TRUE(disk().exists("mail/" + path));
    EXPECT_EQ(disk().names("mail/A"), (Names{"cur", "new", "tmp"}));
    disk().unlink("mail/" + path);
  }
}

TEST_F(MailboxDirsTest, SweepsOnlyOldLitterOutOfTmp) {
  put("A/tmp/litter");
  disk().advance_ns(37 * 3600 * kSecond);
  must(remove("A"));
  EXPECT_FALSE(disk().exists("mail/A"));
}

TEST_F(MailboxDirsTest, AMessageThatComesInBetweenKeepsItsMailbox) {
  for (const std::string name : {"new", "cur", "tmp"}) {
    disk().before = [&](DiskOp op, std::string_view about) {
      if (op == DiskOp::remove_directory && about == name)
        disk().write("mail/A/" + name + "/1", "x");
      return Status();
    };
    EXPECT_EQ(code_of(remove("A")), ErrorCode::changed);
    EXPECT_EQ(disk().names("mail/A"), (Names{"cur", "new", "tmp"}));
    EXPECT_TRUE(disk().exists("mail/A/" + name + "/1"));
    disk().before = nullptr;
    disk().unlink("mail/A/" + name + "/1");
  }
}

TEST_F(MailboxDirsTest, LeavesAHomeThatHoldsChildrenOrForeignFiles) {
  create("A/child");
  disk().write("mail/B/notes.txt", "mine");
  must(remove("A"));
  must(remove("B"));
  EXPECT_EQ(disk().names("mail/A"), (Names{"child"}));
  EXPECT_EQ(disk().names("mail/B"), (Names{"notes.txt"}));
}

TEST_F(MailboxDirsTest, TheRootLosesOnlyItsMessageDirectories) {
  disk().make_maildir("mail");
  must(remove(""));
  EXPECT_EQ(disk().names("mail"), (Names{"A", "B"}));
}

TEST_F(MailboxDirsTest, RenamesWithEverythingBelow) {
  put("A/cur/1:2,S");
  create("A/child");
  const std::uint64_t ino = disk().stat("mail/A/cur").ino;
  must(rename_mailbox(root(), {"A"}, {"new place", "A2"}));
  EXPECT_FALSE(disk().exists("mail/A"));
  EXPECT_EQ(disk().stat("mail/new place/A2/cur").ino, ino);
  EXPECT_TRUE(disk().exists("mail/new place/A2/child/cur"));
}

TEST_F(MailboxDirsTest, RenameNeverReplaces) {
  EXPECT_EQ(code_of(rename_mailbox(root(), {"A"}, {"B"})), ErrorCode::exists);
  EXPECT_EQ(code_of(rename_mailbox(root(), {"none"}, {"C"})), ErrorCode::not_found);
  EXPECT_EQ(disk().names("mail"), (Names{"A", "B"}));
}

TEST_F(MailboxDirsTest, ARenameSurvivesALostPower) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    disk().sync_all();
    const MailboxPath from = seed % 2 == 0 ? MailboxPath{"A"} : MailboxPath{"x", "A"};
    const MailboxPath to = seed % 2 == 0 ? MailboxPath{"x", "A"} : MailboxPath{"A"};
    must(rename_mailbox(root(), from, to));
    lose_power(seed);
    EXPECT_FALSE(disk().exists("mail/" + to_string(from)));
    EXPECT_TRUE(disk().exists("mail/" + to_string(to) + "/cur"));
  }
}

// As a sync leaves it that dies before its fsync, or a program that has none.
TEST_F(MailboxDirsTest, WhatWasMadeBeforeAndNotFlushedIsDurableOnceItIsMade) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const MailboxPath path{"made" + std::to_string(seed), "below"};
    disk().make_maildir("mail/" + to_string(path));
    if (seed % 2 == 0) {
      must(flush_path(root(), path));
    } else {
      must(create_mailbox(root(), LayoutKind::fs, path));
    }
    lose_power(seed);
    EXPECT_TRUE(disk().exists("mail/" + to_string(path) + "/cur")) << seed;
  }
}

TEST_F(MailboxDirsTest, WhatWasRemovedStaysRemovedOnceTheRestIsFlushed) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::string name = "gone" + std::to_string(seed);
    disk().make_maildir("mail/x/" + name);
    disk().sync_all();
    disk().remove_tree("mail/x/" + name);
    must(flush_rest_of(root(), {"x", name}));
    lose_power(seed);
    EXPECT_FALSE(disk().exists("mail/x/" + name)) << seed;
    EXPECT_EQ(code_of(flush_path(root(), {"x", name})), ErrorCode::not_found);
  }
}

TEST_F(MailboxDirsTest, TouchedDirectoriesAreSyncedOnceEach) {
  const MailboxDirs mailbox = open("A");
  int synced = 0;
  disk().before = [&](DiskOp op, std::string_view) {
    if (op == DiskOp::sync_directory) ++synced;
    return Status();
  };
  TouchedDirectories touched;
  touched.add(*mailbox.cur);
  touched.add(*mailbox.fresh);
  touched.add(*mailbox.cur);
  must(touched.sync());
  EXPECT_EQ(synced, 2);
  must(touched.sync());
  EXPECT_EQ(synced, 2);
}

TEST_F(MailboxDirsTest, AFailedSyncIsOwedStill) {
  const MailboxDirs mailbox = open("A");
  TouchedDirectories touched;
  touched.add(*mailbox.cur);
  disk().before = [](DiskOp op, std::string_view) {
    return op == DiskOp::sync_directory ? Status(fail(ErrorCode::io, "EIO")) : Status();
  };
  EXPECT_EQ(code_of(touched.sync()), ErrorCode::io);
  EXPECT_EQ(code_of(touched.sync()), ErrorCode::io);
}

}  // namespace
}  // namespace sterna::maildir
