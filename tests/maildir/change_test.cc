// SPDX-License-Identifier: Apache-2.0
#include "sterna/maildir/change.h"

#include <gmock/gmock.h>

#include <array>
#include <functional>
#include <utility>

#include "sterna/model/flags.h"
#include "world.h"

namespace sterna::maildir {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint8_t kSeen = 1U << static_cast<unsigned>(Flag::seen);
constexpr std::uint8_t kFlagged = 1U << static_cast<unsigned>(Flag::flagged);

class ChangeTest : public MaildirTest {
 protected:
  ChangeTest() : a_(open("A")), b_(open("B")) {
    disk().make_directories("state/undo");
    undo_ = must(machine_.open_root("/state/undo", false));
    disk().reuses_inodes = false;
  }
  // Another file where `path` was.
  void exchange(const std::string& path) {
    disk().unlink("mail/" + path);
    put(path, "another message");
  }
  void on(DiskOp wanted, std::function<void()> action) {
    disk().before = [=, done = false](DiskOp op, std::string_view) mutable {
      if (op == wanted && !std::exchange(done, true)) action();
      return Status();
    };
  }
  // How many directories await an fsync; they have had it then.
  int awaiting() {
    int synced = 0;
    disk().before = [&synced](DiskOp op, std::string_view) {
      synced += op == DiskOp::sync_directory ? 1 : 0;
      return Status();
    };
    must(touched_.sync());
    disk().before = {};
    return synced;
  }

  MailboxDirs a_;
  MailboxDirs b_;
  std::unique_ptr<io::Directory> undo_;
  TouchedDirectories touched_;
};

TEST_F(ChangeTest, FlagsAreARenameInPlace) {
  const SeenFile seen = put("A/cur/1.x,U=3:2,S9,more");
  const SeenFile now = must(rename_flags(a_, seen, kSeen | kFlagged, 0b10, touched_));
  EXPECT_EQ(now, (SeenFile{.in_new = false, .name = "1.x,U=3:2,9FSb,more", .ino = seen.ino}));
  EXPECT_THAT(disk().names("mail/A/cur"), ElementsAre(now.name));
  EXPECT_EQ(awaiting(), 1);
}

TEST_F(ChangeTest, AMessageLeavesNewWithItsFirstFlagAndStaysInCur) {
  SeenFile seen = put("A/new/1.x");
  seen = must(rename_flags(a_, seen, kSeen, 0, touched_));
  EXPECT_THAT(disk().files(), ElementsAre("mail/A/cur/1.x:2,S"));
  seen = must(rename_flags(a_, seen, 0, 0, touched_));
  EXPECT_THAT(disk().files(), ElementsAre("mail/A/cur/1.x:2,"));
  EXPECT_EQ(awaiting(), 2);
}

TEST_F(ChangeTest, FlagsThatAreThereAlreadyAreNoChange) {
  const SeenFile plain = put("A/new/1.x");
  EXPECT_EQ(must(rename_flags(a_, plain, 0, 0, touched_)), plain);
  const SeenFile unsorted = put("A/cur/2.x:2,SF");
  EXPECT_EQ(must(rename_flags(a_, unsorted, kSeen | kFlagged, 0, touched_)), unsorted);
  EXPECT_EQ(awaiting(), 0);
}

TEST_F(ChangeTest, NamesThatCannotHoldFlagsAreLeftAlone) {
  const SeenFile seen = put("A/cur/1.x:1,odd");
  const auto done = rename_flags(a_, seen, kSeen, 0, touched_);
  EXPECT_EQ(code_of(done), ErrorCode::unsupported);
  EXPECT_EQ(done.error().scope(), ErrorScope::message);
  EXPECT_THAT(disk().names("mail/A/cur"), ElementsAre("1.x:1,odd"));
}

TEST_F(ChangeTest, NothingIsReplaced) {
  const SeenFile seen = put("A/cur/1.x:2,");
  put("A/cur/1.x:2,S", "another message");
  put("B/cur/1.x:2,", "another message");
  disk().write("state/undo/1", "another message");
  EXPECT_EQ(code_of(rename_flags(a_, seen, kSeen, 0, touched_)), ErrorCode::exists);
  EXPECT_EQ(code_of(move_file(a_, seen, b_, false, parse_file_name("1.x:2,"), touched_)),
            ErrorCode::exists);
  EXPECT_EQ(code_of(remove_to(a_, seen, *undo_, "1", touched_)), ErrorCode::exists);
  EXPECT_EQ(disk().files().size(), 4U);
}

// Rule 21: each change names exactly one file and acts on no other.
TEST_F(ChangeTest, AnotherFileUnderTheNameIsNotTouched) {
  const FileName name = parse_file_name("1.x:2,S");
  const auto attempts = [&](const SeenFile& seen) {
    return std::array{code_of(rename_flags(a_, seen, kFlagged, 0, touched_)),
                      code_of(rename_flags(a_, seen, kSeen, 0, touched_)),
                      code_of(rename_base(a_, seen, "2.x", touched_)),
                      code_of(move_file(a_, seen, b_, false, name, touched_)),
                      code_of(remove_to(a_, seen, *undo_, "1", touched_)),
                      code_of(remove_file(a_, seen, touched_))};
  };
  const SeenFile seen = put("A/cur/1.x:2,S");
  exchange("A/cur/1.x:2,S");
  EXPECT_THAT(attempts(seen), testing::Each(ErrorCode::changed));
  EXPECT_THAT(disk().files(), ElementsAre("mail/A/cur/1.x:2,S"));
  EXPECT_EQ(disk().read("mail/A/cur/1.x:2,S"), "another message");

  // Moved on by a reader: not searched for.
  disk().rename("mail/A/cur/1.x:2,S", "mail/A/cur/1.x:2,RS");
  EXPECT_THAT(attempts(seen), testing::Each(ErrorCode::changed));
  EXPECT_THAT(disk().files(), ElementsAre("mail/A/cur/1.x:2,RS"));

  disk().unlink("mail/A/cur/1.x:2,RS");
  disk().make_directories("mail/A/cur/1.x:2,S");
  EXPECT_THAT(attempts(seen), testing::Each(ErrorCode::changed));
  EXPECT_TRUE(disk().exists("mail/A/cur/1.x:2,S"));
}

TEST_F(ChangeTest, AWrongCatchIsPutBack) {
  const SeenFile seen = put("A/cur/1.x:2,");
  on(DiskOp::rename, [&] { exchange("A/cur/1.x:2,"); });
  EXPECT_EQ(code_of(rename_flags(a_, seen, kSeen, 0, touched_)), ErrorCode::changed);
  EXPECT_THAT(disk().files(), ElementsAre("mail/A/cur/1.x:2,"));
  EXPECT_EQ(disk().read("mail/A/cur/1.x:2,"), "another message");

  const SeenFile again = put("A/cur/2.x:2,");
  on(DiskOp::rename, [&] { exchange("A/cur/2.x:2,"); });
  EXPECT_EQ(code_of(remove_to(a_, again, *undo_, "2", touched_)), ErrorCode::changed);
  EXPECT_THAT(disk().names("state/undo"), IsEmpty());
  EXPECT_EQ(disk().read("mail/A/cur/2.x:2,"), "another message");
}

TEST_F(ChangeTest, AFileThatVanishesInBetweenIsLookedAtAnew) {
  const SeenFile seen = put("A/cur/1.x:2,");
  on(DiskOp::rename, [&] { disk().unlink("mail/A/cur/1.x:2,"); });
  EXPECT_EQ(code_of(rename_flags(a_, seen, kSeen, 0, touched_)), ErrorCode::changed);
  const SeenFile other = put("A/cur/2.x:2,");
  on(DiskOp::unlink, [&] { disk().unlink("mail/A/cur/2.x:2,"); });
  EXPECT_EQ(code_of(remove_file(a_, other, touched_)), ErrorCode::changed);
}

TEST_F(ChangeTest, ARenameThatIsReportedAsFailedButDoneIsDone) {
  const SeenFile seen = put("A/cur/1.x:2,");
  on(DiskOp::rename, [&] { disk().rename("mail/A/cur/1.x:2,", "mail/A/cur/1.x:2,S"); });
  EXPECT_EQ(must(rename_flags(a_, seen, kSeen, 0, touched_)).name, "1.x:2,S");
}

TEST_F(ChangeTest, ADuplicateGetsAnotherBaseAndKeepsTheRest) {
  const SeenFile seen = put("A/cur/1.x:2,Sb");
  EXPECT_EQ(must(rename_base(a_, seen, "2.x", touched_)).name, "2.x:2,Sb");
  const SeenFile odd = put("A/cur/3.x:1,odd");
  EXPECT_EQ(must(rename_base(a_, odd, "4.x", touched_)).name, "4.x:1,odd");
  EXPECT_THAT(disk().names("mail/A/cur"), ElementsAre("2.x:2,Sb", "4.x:1,odd"));
}

TEST_F(ChangeTest, AMoveKeepsTheFileItself) {
  const SeenFile seen = put("A/new/1.x", "content");
  const SeenFile moved =
      must(move_file(a_, seen, b_, false, parse_file_name("1.x:2,Sa"), touched_));
  EXPECT_EQ(moved, (SeenFile{.in_new = false, .name = "1.x:2,Sa", .ino = seen.ino}));
  EXPECT_THAT(disk().files(), ElementsAre("mail/B/cur/1.x:2,Sa"));
  EXPECT_EQ(awaiting(), 2);
}

class AcrossDisksTest : public ChangeTest {
 protected:
  AcrossDisksTest() {
    disk().make_directories("mail/Other");
    second_ = &machine_.mount("/mail/Other");
    second().make_maildir("");
    second().sync_all();
    other_ = open("Other");
  }
  MemoryDisk& second() { return *second_; }

  MemoryDisk* second_ = nullptr;
  MailboxDirs other_;
};

TEST_F(AcrossDisksTest, AMoveCopiesWithTheDateAndThenRemoves) {
  const std::string content(500'000, 'x');
  const SeenFile seen = put("A/cur/1.x:2,S", content);
  disk().set_mtime_ns("mail/A/cur/1.x:2,S", 7 * kSecond);
  const SeenFile moved =
      must(move_file(a_, seen, other_, false, parse_file_name("1.x:2,S"), touched_));
  EXPECT_THAT(disk().files(), IsEmpty());
  const io::FileStat stat = must(other_.cur->stat_at("1.x:2,S"));
  EXPECT_EQ(stat.ino, moved.ino);
  EXPECT_EQ(stat.size, content.size());
  EXPECT_EQ(stat.mtime_ns, 7 * kSecond);
}

TEST_F(AcrossDisksTest, AMoveThatFailsLeavesTheOriginal) {
  for (const DiskOp failing : {DiskOp::read, DiskOp::unlink}) {
    const SeenFile seen = put("A/cur/1.x:2,S");
    disk().before = [=](DiskOp op, std::string_view) {
      return op == failing ? Status(fail(ErrorCode::io, "EIO")) : Status();
    };
    EXPECT_EQ(code_of(move_file(a_, seen, other_, false, parse_file_name("1.x:2,S"), touched_)),
              ErrorCode::io);
    disk().before = nullptr;
    EXPECT_TRUE(disk().exists("mail/A/cur/1.x:2,S"));
    EXPECT_EQ(code_of(other_.cur->stat_at("1.x:2,S")), ErrorCode::not_found);
  }
}

// By a reader that gives it a flag, or an editor that writes in place, while the copy is flushed.
TEST_F(AcrossDisksTest, AnOriginalThatChangesWhileItsCopyIsFlushedIsTheOnlyOne) {
  const std::vector<std::function<void()>> changes{
      [&] { disk().rename("mail/A/cur/1.x:2,S", "mail/A/cur/1.x:2,FS"); },
      [&] { disk().write("mail/A/cur/1.x:2,S", "second"); }};
  for (const auto& change : changes) {
    const SeenFile seen = put("A/cur/1.x:2,S", "first");
    second().before = [&, changed = false](DiskOp op, std::string_view) mutable {
      if (op == DiskOp::sync_directory && !std::exchange(changed, true)) change();
      return Status();
    };
    EXPECT_EQ(code_of(move_file(a_, seen, other_, false, parse_file_name("1.x:2,S"), touched_)),
              ErrorCode::changed);
    second().before = nullptr;
    EXPECT_EQ(disk().files().size(), 1U);
    EXPECT_EQ(code_of(other_.cur->stat_at("1.x:2,S")), ErrorCode::not_found);
    for (const std::string& left : disk().files()) disk().unlink(left);
  }
}

TEST_F(AcrossDisksTest, AnOriginalThatChangesMeanwhileIsKept) {
  const SeenFile seen = put("A/cur/1.x:2,S", "first");
  on(DiskOp::read, [&] { disk().write("mail/A/cur/1.x:2,S", "second"); });
  EXPECT_EQ(code_of(move_file(a_, seen, other_, false, parse_file_name("1.x:2,S"), touched_)),
            ErrorCode::changed);
  EXPECT_EQ(disk().read("mail/A/cur/1.x:2,S"), "second");
  EXPECT_EQ(code_of(other_.cur->stat_at("1.x:2,S")), ErrorCode::not_found);
}

// Whenever the power is lost, the message is whole on one of the disks at least.
TEST_F(AcrossDisksTest, AMoveLosesNothingWithThePower) {
  const std::string content = "Subject: x\n\nprecious\n";
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const std::string name = std::to_string(seed) + ".x:2,S";
    const SeenFile seen = put("A/cur/" + name, content);
    disk().sync_all();
    // The power goes at the n-th operation on the source's disk.
    disk().before = [&, left = seed % 12](DiskOp, std::string_view) mutable {
      if (left-- == 0) machine_.lose_power(seed);
      return Status();
    };
    static_cast<void>(move_file(a_, seen, other_, false, parse_file_name(name), touched_));
    disk().before = nullptr;
    touched_ = {};
    machine_.lose_power(seed + 1000);
    root_ = must(machine_.open_root("/mail", false));
    a_ = open("A");
    other_ = open("Other");
    int whole = 0;
    for (MailboxDirs* mailbox : {&a_, &other_}) {
      const auto file = mailbox->cur->open_file(name);
      std::string text;
      if (file) must((*file)->read(text, 1000));
      whole += text == content ? 1 : 0;
    }
    ASSERT_GE(whole, 1) << seed;
  }
}

TEST_F(AcrossDisksTest, TheUndoAreaMayBeOnAnotherDisk) {
  disk().make_directories("elsewhere");
  machine_.mount("/elsewhere");
  undo_ = must(machine_.open_root("/elsewhere", false));
  const SeenFile seen = put("A/cur/1.x:2,S", "content");
  must(remove_to(a_, seen, *undo_, "42", touched_));
  EXPECT_THAT(disk().files(), IsEmpty());
  const io::FileStat kept = must(undo_->stat_at("42"));
  EXPECT_EQ(kept.size, 7U);

  must(restore_from(*undo_, "42", kept.ino, b_, true, parse_file_name("9.x"), touched_));
  EXPECT_EQ(disk().read("mail/B/new/9.x"), "content");
  EXPECT_EQ(code_of(undo_->stat_at("42")), ErrorCode::not_found);
}

TEST_F(AcrossDisksTest, ABindMountOfTheSameDiskIsCopiedTo) {
  const SeenFile seen = put("A/cur/1.x:2,S", "content");
  disk().before = [](DiskOp op, std::string_view) {
    return op == DiskOp::rename ? Status(fail(ErrorCode::unsupported, "EXDEV")) : Status();
  };
  must(move_file(a_, seen, b_, false, parse_file_name("1.x:2,S"), touched_));
  EXPECT_THAT(disk().files(), ElementsAre("mail/B/cur/1.x:2,S"));
}

TEST_F(ChangeTest, WhatIsRemovedCanBeRestored) {
  const SeenFile seen = put("A/cur/1.x:2,S", "content");
  must(remove_to(a_, seen, *undo_, "42", touched_));
  EXPECT_THAT(disk().files(), ElementsAre("state/undo/42"));
  EXPECT_EQ(
      code_of(restore_from(*undo_, "42", seen.ino + 1, b_, true, parse_file_name("9.x"), touched_)),
      ErrorCode::changed);
  must(restore_from(*undo_, "42", seen.ino, b_, true, parse_file_name("9.x"), touched_));
  EXPECT_THAT(disk().files(), ElementsAre("mail/B/new/9.x"));
}

TEST_F(ChangeTest, WhatIsRemovedForGoodIsGone) {
  const SeenFile seen = put("A/cur/1.x:2,S");
  must(remove_file(a_, seen, touched_));
  EXPECT_THAT(disk().files(), IsEmpty());
  EXPECT_EQ(awaiting(), 1);
}

TEST_F(ChangeTest, AChangeIsDurableOnceItsDirectoriesAreSynced) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const std::string base = std::to_string(seed) + ".x";
    const SeenFile flags = put("A/new/" + base);
    const SeenFile moved = put("A/cur/" + base + "m:2,");
    const SeenFile removed = put("A/cur/" + base + "r:2,");
    disk().sync_all();
    must(rename_flags(a_, flags, kSeen, 0, touched_));
    must(move_file(a_, moved, b_, false, parse_file_name(moved.name), touched_));
    must(remove_to(a_, removed, *undo_, base, touched_));
    must(touched_.sync());
    machine_.lose_power(seed);
    EXPECT_TRUE(disk().exists("mail/A/cur/" + base + ":2,S"));
    EXPECT_FALSE(disk().exists("mail/A/new/" + base));
    EXPECT_TRUE(disk().exists("mail/B/cur/" + base + "m:2,"));
    EXPECT_FALSE(disk().exists("mail/A/cur/" + base + "m:2,"));
    EXPECT_TRUE(disk().exists("state/undo/" + base));
    EXPECT_FALSE(disk().exists("mail/A/cur/" + base + "r:2,"));
    root_ = must(machine_.open_root("/mail", false));
    undo_ = must(machine_.open_root("/state/undo", false));
    a_ = open("A");
    b_ = open("B");
  }
}

}  // namespace
}  // namespace sterna::maildir
