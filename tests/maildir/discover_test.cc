// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "world.h"

namespace sterna::maildir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DiscoverTest : public MaildirTest {
 protected:
  DiscoverTest() {
    disk().remove_tree("mail/A");
    disk().remove_tree("mail/B");
  }
  Discovery find(LayoutKind kind = LayoutKind::fs, std::string inbox = "INBOX") {
    return must(discover(root(), Layout(kind, std::move(inbox))));
  }
  static std::vector<std::string> names(const Discovery& found) {
    std::vector<std::string> names;
    for (const LocalMailbox& mailbox : found.mailboxes) {
      names.push_back(mailbox.name.text() + " " + to_string(mailbox.path));
    }
    return names;
  }
  static std::vector<std::string> unusable(const Discovery& found) {
    std::vector<std::string> folders;
    for (const UnusableFolder& folder : found.unusable) {
      folders.push_back(to_string(folder.path) + " " + folder.why);
    }
    return folders;
  }
};

TEST_F(DiscoverTest, FindsMailboxesAtAnyDepth) {
  for (const char* path : {"INBOX", "Lists/dev", "Lists/dev/old", "a%2Fb"}) {
    disk().make_maildir(std::string("mail/") + path);
  }
  const Discovery found = find();
  EXPECT_THAT(names(found),
              ElementsAre("INBOX INBOX", "Lists/dev Lists/dev", "Lists/dev/old Lists/dev/old",
                          "a\x1f"
                          "b a%2Fb"));
  EXPECT_THAT(found.unusable, IsEmpty());
  EXPECT_THAT(found.bare, ElementsAre(MailboxPath{"Lists"}));
}

TEST_F(DiscoverTest, FindsFoldersOfMaildirPlusPlus) {
  for (const char* path : {"", "/.Lists.dev", "/.Entw&APw-rfe", "/..sub", "/plain"}) {
    disk().make_maildir(std::string("mail") + path);
  }
  disk().make_directories("mail/.notmuch/cur");
  disk().make_directories("mail/.empty");
  const Discovery found = find(LayoutKind::maildir_plus_plus, "");
  EXPECT_THAT(names(found), ElementsAre("Entw\u00fcrfe .Entw&APw-rfe", "INBOX ", "INBOX/sub ..sub",
                                        "Lists/dev .Lists.dev"));
  EXPECT_THAT(found.bare, ElementsAre(MailboxPath{".empty"}));
}

TEST_F(DiscoverTest, FindsInboxInTheRoot) {
  disk().make_maildir("mail");
  disk().make_maildir("mail/x");
  EXPECT_THAT(names(find(LayoutKind::fs, "")), ElementsAre("INBOX ", "x x"));
}

TEST_F(DiscoverTest, LooksNeitherIntoMessagesNorIntoDotDirectories) {
  disk().make_maildir("mail/x");
  disk().make_maildir("mail/x/cur/trap");
  disk().make_maildir("mail/.mbsyncstate");
  disk().write("mail/notes", "a file");
  EXPECT_THAT(names(find()), ElementsAre("x x"));
}

TEST_F(DiscoverTest, TellsWhatADirectoryIsByItsIdentity) {
  disk().make_maildir("mail/x");
  const LocalMailbox mailbox = find().mailboxes.at(0);
  EXPECT_EQ(mailbox.stamp.cur, DirectoryStamp::of(disk().stat("mail/x/cur")));
  EXPECT_EQ(mailbox.stamp.fresh, DirectoryStamp::of(disk().stat("mail/x/new")));
  EXPECT_TRUE(mailbox.complete);
}

TEST_F(DiscoverTest, AMailboxWithoutNewOrTmpIsIncomplete) {
  disk().make_maildir("mail/x");
  disk().make_maildir("mail/y");
  disk().remove_tree("mail/x/new");
  disk().remove_tree("mail/y/tmp");
  const Discovery found = find();
  ASSERT_EQ(found.mailboxes.size(), 2U);
  EXPECT_FALSE(found.mailboxes[0].complete);
  EXPECT_FALSE(found.mailboxes[1].complete);
}

TEST_F(DiscoverTest, AnUnmountedMailboxIsBareAndNotAbsent) {
  disk().make_directories("mail/Archive");
  machine_.mount("/mail/Archive").make_maildir("");
  EXPECT_THAT(names(find()), ElementsAre("Archive Archive"));
  machine_.unmount("/mail/Archive");
  const Discovery found = find();
  EXPECT_THAT(names(found), IsEmpty());
  EXPECT_THAT(found.bare, ElementsAre(MailboxPath{"Archive"}));
}

TEST_F(DiscoverTest, FollowsLinksAndEntersEachDirectoryOnce) {
  disk().make_maildir("elsewhere/y");
  disk().make_maildir("mail/x");
  disk().symlink("mail/linked", "/elsewhere");
  disk().symlink("mail/again", "/mail/x");
  disk().symlink("mail/x/loop", "/mail");
  const Discovery found = find();
  EXPECT_THAT(names(found), ElementsAre("linked/y linked/y", "x x"));
  EXPECT_THAT(unusable(found),
              ElementsAre(HasSubstr("again is a second way"), HasSubstr("x/loop is a second way")));
  EXPECT_FALSE(found.unusable[0].has_cur);  // of its own
}

TEST_F(DiscoverTest, WhatABrokenLinkHidesIsUnknown) {
  disk().symlink("mail/lost", "/not/there");
  EXPECT_THAT(find().unreadable, ElementsAre(MailboxPath{"lost"}));
}

TEST_F(DiscoverTest, WhatMayNotBeReadIsUnknown) {
  disk().make_maildir("mail/x");
  disk().make_directories("mail/lost+found");
  disk().before = [](DiskOp op, std::string_view name) {
    const bool is_closed = op == DiskOp::open && name == "lost+found";
    return is_closed ? Status(fail(ErrorCode::permission, "EACCES")) : Status();
  };
  const Discovery found = find();
  EXPECT_THAT(names(found), ElementsAre("x x"));
  EXPECT_THAT(found.unreadable, ElementsAre(MailboxPath{"lost+found"}));
}

TEST_F(DiscoverTest, AnyOtherFailureFailsTheWhole) {
  disk().make_maildir("mail/x");
  disk().make_maildir("mail/y");
  for (const DiskOp failing : {DiskOp::list, DiskOp::stat, DiskOp::open}) {
    int left = 2;
    disk().before = [&](DiskOp op, std::string_view) {
      if (op != failing || --left > 0) return Status();
      return Status(fail(ErrorCode::io, "EIO"));
    };
    EXPECT_EQ(code_of(discover(root(), Layout(LayoutKind::fs, "INBOX"))), ErrorCode::io);
  }
}

TEST_F(DiscoverTest, StartsAgainWhenADirectoryVanishesUnderItsEyes) {
  disk().make_maildir("mail/x");
  disk().make_maildir("mail/y");
  disk().before = [&](DiskOp op, std::string_view name) {
    if (op == DiskOp::open && name == "y" && disk().exists("mail/y")) {
      disk().rename("mail/y", "mail/z");
    }
    return Status();
  };
  EXPECT_THAT(names(find()), ElementsAre("x x", "z z"));
}

TEST_F(DiscoverTest, GivesUpWhenDirectoriesKeepVanishing) {
  disk().make_maildir("mail/y");
  disk().before = [&](DiskOp op, std::string_view name) {
    return op == DiskOp::open && name == "y" ? Status(fail(ErrorCode::not_found, "ENOENT"))
                                             : Status();
  };
  EXPECT_EQ(code_of(discover(root(), Layout(LayoutKind::fs, "INBOX"))), ErrorCode::changed);
}

TEST_F(DiscoverTest, OfTwoSpellingsOursWins) {
  disk().make_maildir("mail/100%");
  disk().make_maildir("mail/100%25");
  disk().make_maildir("mail/%73ent");
  const Discovery found = find();
  EXPECT_THAT(names(found), ElementsAre("100% 100%25", "sent %73ent"));
  EXPECT_THAT(unusable(found), ElementsAre("100% is a second spelling of 100%"));
  EXPECT_EQ(found.unusable[0].remedy, "rename the folder, or move its mail into 100%25");
  EXPECT_TRUE(found.unusable[0].has_cur);
}

TEST_F(DiscoverTest, NamesThatTheLayoutCannotReadAreReported) {
  disk().make_maildir("mail/inbox");
  const Discovery found = find();
  EXPECT_THAT(names(found), IsEmpty());
  EXPECT_THAT(unusable(found),
              ElementsAre("inbox has a name that no mailbox can have in this layout"));
  EXPECT_EQ(found.unusable[0].remedy, "rename the folder");
  EXPECT_TRUE(found.unusable[0].has_cur);
}

TEST_F(DiscoverTest, CutNamesAreLeftToTheState) {
  const Layout layout(LayoutKind::fs, "INBOX");
  const MailboxPath path = layout.path_of(MailboxName(std::string(300, 'x')));
  disk().make_maildir("mail/" + path[0]);
  const Discovery found = find();
  ASSERT_EQ(found.mailboxes.size(), 1U);
  EXPECT_TRUE(found.mailboxes[0].shortened);
  EXPECT_EQ(found.mailboxes[0].path, path);
}

TEST_F(DiscoverTest, ReadsDirectoriesWhoseTypesTheFileSystemHides) {
  disk().make_maildir("mail/x");
  disk().hides_types = true;
  EXPECT_THAT(names(find()), ElementsAre("x x"));
}

TEST_F(DiscoverTest, ListsEachDirectoryOnceWhateverItHolds) {
  disk().make_maildir("mail/x");
  for (int i = 0; i < 100; ++i) put("x/cur/" + std::to_string(i) + ":2,");
  int listed = 0;
  disk().before = [&](DiskOp op, std::string_view) {
    if (op == DiskOp::list) ++listed;
    return Status();
  };
  find();
  EXPECT_EQ(listed, 2);  // the root and x
}

}  // namespace
}  // namespace sterna::maildir
