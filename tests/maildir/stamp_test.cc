// SPDX-License-Identifier: Apache-2.0
#include "sterna/maildir/stamp.h"

#include <random>

#include "world.h"

namespace sterna::maildir {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

MailboxStamp stamp_at(std::int64_t ns) {
  const DirectoryStamp stamp{.dev = 1, .ino = 2, .mtime_ns = ns, .ctime_ns = ns};
  return {.cur = stamp, .fresh = stamp};
}

TEST(Stamp, InWholeSecondsIsTrustedOnlyWhenOlderThanTwo) {
  const std::int64_t now = 1000 * kSecond;
  EXPECT_TRUE(stamp_at(now - 2 * kSecond - 1).trusted(now));
  EXPECT_FALSE(stamp_at(now - 2 * kSecond).trusted(now));
  EXPECT_FALSE(stamp_at(now).trusted(now));
}

TEST(Stamp, WithAFractionIsTrustedAfterATenthOfASecond) {
  constexpr std::int64_t kMillisecond = 1'000'000;
  const std::int64_t now = 1000 * kSecond;
  EXPECT_TRUE(stamp_at(now - 100 * kMillisecond - 1).trusted(now));
  EXPECT_FALSE(stamp_at(now - 100 * kMillisecond).trusted(now));
  EXPECT_FALSE(stamp_at(now - kMillisecond).trusted(now));
  MailboxStamp one_fraction = stamp_at(now - kSecond);
  EXPECT_FALSE(one_fraction.trusted(now));
  one_fraction.fresh.ctime_ns = now - 2 * kSecond + kMillisecond;
  EXPECT_TRUE(one_fraction.trusted(now));
}

TEST(Stamp, FromTheFutureIsNotTrusted) {
  const std::int64_t now = 1000 * kSecond;
  EXPECT_FALSE(stamp_at(now + 1).trusted(now));
  EXPECT_FALSE(stamp_at(INT64_MAX).trusted(now));
}

TEST(Stamp, IsAsOldAsTheYoungestOfItsTimes) {
  const std::int64_t now = 1000 * kSecond;
  for (auto* time : {+[](MailboxStamp& s) { return &s.cur.mtime_ns; },
                     +[](MailboxStamp& s) { return &s.cur.ctime_ns; },
                     +[](MailboxStamp& s) { return &s.fresh.mtime_ns; },
                     +[](MailboxStamp& s) { return &s.fresh.ctime_ns; }}) {
    MailboxStamp stamp = stamp_at(1);
    EXPECT_TRUE(stamp.trusted(now));
    *time(stamp) = now;
    EXPECT_FALSE(stamp.trusted(now));
  }
}

TEST(Stamp, ComesBackFromTheDatabase) {
  std::mt19937_64 random(6);
  for (int round = 0; round < 1000; ++round) {
    const auto any = [&] { return static_cast<std::int64_t>(random()); };
    const MailboxStamp stamp{.cur = {random(), random(), any(), any()},
                             .fresh = {random(), random(), any(), any()}};
    const std::string text = stamp.encode();
    ASSERT_LT(text.size(), 180U);
    ASSERT_EQ(MailboxStamp::decode(text), stamp);
  }
}

TEST(Stamp, IsNotReadFromGarbage) {
  for (const std::string_view text :
       {"", "1", "1.2.3.4.5.6.7", "1.2.3.4.5.6.7.8.9", "1.2.3.4.5.6.7.x", "1.2.3.4.5.6.7.",
        "-1.2.3.4.5.6.7.8", " 1.2.3.4.5.6.7.8", "99999999999999999999.2.3.4.5.6.7.8"}) {
    EXPECT_EQ(MailboxStamp::decode(text), std::nullopt) << text;
  }
}

class StampOnDiskTest : public MaildirTest {};

TEST_F(StampOnDiskTest, ChangesWithEveryNameThatComesGoesOrMoves) {
  const auto home = must(root().open_directory("A"));
  MailboxStamp last = must(stamp_mailbox(*home));
  const auto changed = [&] {
    const MailboxStamp now = must(stamp_mailbox(*home));
    const bool differs = now != last;
    last = now;
    return differs;
  };
  EXPECT_FALSE(changed());
  put("A/new/x");
  EXPECT_TRUE(changed());
  disk().rename("mail/A/new/x", "mail/A/cur/x:2,");
  EXPECT_TRUE(changed());
  disk().rename("mail/A/cur/x:2,", "mail/A/cur/x:2,S");
  EXPECT_TRUE(changed());
  disk().write("mail/A/cur/x:2,S", "edited in place");
  EXPECT_FALSE(changed());
  disk().unlink("mail/A/cur/x:2,S");
  EXPECT_TRUE(changed());
}

TEST_F(StampOnDiskTest, SeesTheSameTimesInAnotherDirectory) {
  const auto home = must(root().open_directory("A"));
  const MailboxStamp before = must(stamp_mailbox(*home));
  disk().rename("mail/A/cur", "mail/A/old");
  disk().make_directories("mail/A/cur");
  disk().set_mtime_ns("mail/A/cur", before.cur.mtime_ns);
  EXPECT_NE(must(stamp_mailbox(*home)).cur.ino, before.cur.ino);
}

TEST_F(StampOnDiskTest, NeedsBothDirectories) {
  const auto home = must(root().open_directory("A"));
  disk().remove_tree("mail/A/new");
  EXPECT_EQ(code_of(stamp_mailbox(*home)), ErrorCode::not_found);
  disk().write("mail/A/new", "a file");
  EXPECT_EQ(code_of(stamp_mailbox(*home)), ErrorCode::not_found);
}

TEST_F(StampOnDiskTest, FollowsALinkToADirectory) {
  disk().make_directories("elsewhere/cur");
  disk().remove_tree("mail/A/cur");
  disk().symlink("mail/A/cur", "/elsewhere/cur");
  const auto home = must(root().open_directory("A"));
  EXPECT_EQ(must(stamp_mailbox(*home)).cur.ino, disk().stat("elsewhere/cur").ino);
}

TEST_F(StampOnDiskTest, TheClockIsTheFileSystemsAndLeavesNothingBehind) {
  const MailboxDirs mailbox = open("A");
  for (const bool nameless : {true, false}) {
    disk().has_nameless_files = nameless;
    disk().set_now_ns(5000 * kSecond);
    EXPECT_NEAR(static_cast<double>(must(file_system_now_ns(*mailbox.tmp))), 5e12, 1e6);
    EXPECT_TRUE(disk().files().empty());
  }
}

}  // namespace
}  // namespace sterna::maildir
