// SPDX-License-Identifier: Apache-2.0
#include "sterna/maildir/keywords.h"

#include <gmock/gmock.h>

#include "world.h"

namespace sterna::maildir {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(KeywordTable, ReadsWhatDovecotWrites) {
  const KeywordTable table = KeywordTable::parse("0 $Junk\n1 NonJunk\n25 last\n");
  EXPECT_EQ(table.keyword(0), "$Junk");
  EXPECT_EQ(table.keyword(1), "NonJunk");
  EXPECT_EQ(table.keyword(2), "");
  EXPECT_EQ(table.keyword(25), "last");
  EXPECT_EQ(table.print(), "0 $Junk\n1 NonJunk\n25 last\n");
}

TEST(KeywordTable, SkipsLinesThatSayNothing) {
  const KeywordTable table = KeywordTable::parse(
      "\n# comment\n0\n26 too far\n-1 x\n3 two words\n4 \n 5 ok \r\nx y\n5 no\n");
  EXPECT_EQ(table.print(), "5 ok\n");
}

TEST(KeywordTable, KnowsKeywordsWithoutRegardToCase) {
  const KeywordTable table = KeywordTable::parse("3 $Junk\n");
  EXPECT_EQ(table.index_of("$JUNK"), 3U);
  EXPECT_EQ(table.index_of("junk"), std::nullopt);
  EXPECT_EQ(table.index_of(""), std::nullopt);
}

TEST(KeywordTable, GivesTheFirstFreeLetterAndNeverAnother) {
  KeywordTable table = KeywordTable::parse("0 a\n2 c\n");
  EXPECT_EQ(table.add("b"), 1U);
  EXPECT_EQ(table.add("B"), 1U);
  EXPECT_EQ(table.add("d"), 3U);
  EXPECT_EQ(table.print(), "0 a\n1 b\n2 c\n3 d\n");
}

TEST(KeywordTable, RefusesWhatTheFileCannotHold) {
  KeywordTable table;
  for (const std::string& keyword : {std::string(), std::string("two words"), std::string("a\nb"),
                                     std::string("a\tb"), std::string(256, 'x')}) {
    EXPECT_EQ(table.add(keyword), std::nullopt);
  }
  for (int i = 0; i < 26; ++i) EXPECT_TRUE(table.add("k" + std::to_string(i)).has_value());
  EXPECT_EQ(table.add("one too many"), std::nullopt);
  EXPECT_EQ(table.add("twenty-seventh"), std::nullopt);
  EXPECT_EQ(table.add("k25"), 25U);
}

TEST(KeywordTable, TurnsLettersIntoFlagsAndBack) {
  const KeywordTable table = KeywordTable::parse("0 work\n1 $Forwarded\n3 Home\n");
  std::uint32_t unnamed = 0;
  const FlagSet flags = table.flags_of(FlagSet{Flag::seen}.mask(), 0b1'1101, &unnamed);
  EXPECT_EQ(flags, FlagSet::parse("\\Seen work Home"));
  EXPECT_EQ(unnamed, 0b1'0100U);
  EXPECT_EQ(table.letters_of(FlagSet::parse("\\Seen HOME work other")), 0b1001U);
  EXPECT_THAT(table.missing(FlagSet::parse("HOME other third")), ElementsAre("other", "third"));
  // A letter for $Forwarded and the letter P are one flag.
  EXPECT_TRUE(table.flags_of(0, 0b10).has(Flag::forwarded));
}

class KeywordFileTest : public MaildirTest {
 protected:
  KeywordFileTest() : a_(open("A")) {}
  static constexpr const char* kFile = "mail/A/dovecot-keywords";
  static constexpr const char* kLock = "mail/A/dovecot-uidlist.lock";
  MailboxDirs a_;
};

TEST_F(KeywordFileTest, AMissingFileIsAnEmptyTable) {
  EXPECT_EQ(must(read_keywords(*a_.home)), KeywordTable());
}

TEST_F(KeywordFileTest, AFailureIsNoEmptyTable) {
  disk().write(kFile, "0 a\n");
  disk().before = [](DiskOp op, std::string_view) {
    return op == DiskOp::open ? Status(fail(ErrorCode::permission, "EACCES")) : Status();
  };
  EXPECT_EQ(code_of(read_keywords(*a_.home)), ErrorCode::permission);
}

TEST_F(KeywordFileTest, GivesLettersUnderTheLockOfDovecot) {
  disk().write(kFile, "0 a\n");
  bool was_locked = false;
  disk().before = [&](DiskOp op, std::string_view) {
    if (op == DiskOp::replace) was_locked = disk().exists(kLock);
    return Status();
  };
  const KeywordTable table = must(add_keywords(a_, {"work", "A", "two words"}));
  EXPECT_TRUE(was_locked);
  EXPECT_EQ(disk().read(kFile), "0 a\n1 work\n");
  EXPECT_EQ(table, must(read_keywords(*a_.home)));
  EXPECT_THAT(disk().names("mail/A"), ElementsAre("cur", "dovecot-keywords", "new", "tmp"));
}

TEST_F(KeywordFileTest, WritesNothingWhereNothingIsNew) {
  disk().write(kFile, "0 a\nodd line\n");
  must(add_keywords(a_, {"a"}));
  EXPECT_EQ(disk().read(kFile), "0 a\nodd line\n");
}

TEST_F(KeywordFileTest, ReadsTheFileAgainUnderTheLock) {
  // Dovecot gave the letter b away after we had read the file.
  disk().write(kFile, "0 a\n");
  must(read_keywords(*a_.home));
  disk().write(kFile, "0 a\n1 theirs\n");
  EXPECT_EQ(must(add_keywords(a_, {"ours"})).index_of("ours"), 2U);
}

TEST_F(KeywordFileTest, WaitsForALiveLock) {
  disk().write(kLock, "1234");
  EXPECT_EQ(code_of(add_keywords(a_, {"work"})), ErrorCode::locked);
  EXPECT_TRUE(disk().exists(kLock));
  EXPECT_FALSE(disk().exists(kFile));
}

TEST_F(KeywordFileTest, BreaksAStaleLock) {
  disk().write(kLock, "1234");
  disk().advance_ns(kDotlockStaleNs + kSecond);
  must(add_keywords(a_, {"work"}));
  EXPECT_FALSE(disk().exists(kLock));
  EXPECT_EQ(disk().read(kFile), "0 work\n");
}

TEST_F(KeywordFileTest, BreaksALockFromBeforeTheClockWasSetBack) {
  disk().write(kLock, "1234");
  disk().advance_ns(-(kDotlockStaleNs + kSecond));
  must(add_keywords(a_, {"work"}));
  EXPECT_FALSE(disk().exists(kLock));
}

TEST_F(KeywordFileTest, LeavesALockThatSomebodyTookOver) {
  disk().before = [&](DiskOp op, std::string_view) {
    if (op == DiskOp::replace) {
      disk().unlink(kLock);
      disk().reuses_inodes = false;
      disk().write(kLock, "theirs");
    }
    return Status();
  };
  must(add_keywords(a_, {"work"}));
  EXPECT_EQ(disk().read(kLock), "theirs");
}

TEST_F(KeywordFileTest, ReleasesTheLockWhereWritingFails) {
  disk().before = [](DiskOp op, std::string_view) {
    return op == DiskOp::replace ? Status(fail(ErrorCode::no_space, "ENOSPC")) : Status();
  };
  EXPECT_EQ(code_of(add_keywords(a_, {"work"})), ErrorCode::no_space);
  EXPECT_FALSE(disk().exists(kLock));
}

TEST_F(KeywordFileTest, ALetterIsDurableBeforeItIsUsed) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    disk().sync_all();
    const std::string keyword = "k" + std::to_string(seed);
    must(add_keywords(a_, {keyword}));
    machine_.lose_power(seed);
    root_ = must(machine_.open_root("/mail", false));
    a_ = open("A");
    EXPECT_EQ(must(read_keywords(*a_.home)).index_of(keyword), seed);
    if (disk().exists(kLock)) disk().unlink(kLock);
  }
}

}  // namespace
}  // namespace sterna::maildir
