// SPDX-License-Identifier: Apache-2.0
#include "sterna/maildir/listing.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <set>

#include "world.h"

namespace sterna::maildir {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

class ListingTest : public MaildirTest {
 protected:
  static std::vector<std::string> shown(const Listing& listing) {
    constexpr std::array kKinds = {"", " redundant", " duplicate", " strange"};
    std::vector<std::string> lines;
    for (const Entry& entry : listing.entries()) {
      lines.push_back((entry.in_new ? "new/" : "cur/") + std::string(listing.name(entry)) +
                      kKinds[static_cast<std::size_t>(entry.kind)]);
    }
    std::ranges::sort(lines);
    return lines;
  }
};

TEST_F(ListingTest, OfAnEmptyMailboxIsCompleteAndEmpty) {
  const Listing listing = list("A");
  EXPECT_TRUE(listing.complete());
  EXPECT_TRUE(listing.entries().empty());
  EXPECT_EQ(listing.find("x"), nullptr);
}

TEST_F(ListingTest, SaysWhatTheNamesSay) {
  const SeenFile fresh = put("A/new/1.x");
  const SeenFile flagged = put("A/cur/2.x,U=3:2,FSb");
  put("A/cur/3.x:1,odd");
  put("A/cur/4.x");
  const Listing listing = list("A");
  EXPECT_TRUE(listing.complete());
  ASSERT_EQ(listing.entries().size(), 4U);

  const Entry* one = listing.find("1.x");
  ASSERT_NE(one, nullptr);
  EXPECT_TRUE(one->in_new);
  EXPECT_FALSE(one->has_info);
  EXPECT_EQ(listing.seen(*one), fresh);

  const Entry* two = listing.find("2.x,U=3");
  ASSERT_NE(two, nullptr);
  EXPECT_EQ(listing.name(*two), "2.x,U=3:2,FSb");
  EXPECT_EQ(listing.base(*two), "2.x,U=3");
  EXPECT_EQ(two->mask, 0b010010);
  EXPECT_EQ(two->keywords, 0b10U);
  EXPECT_TRUE(two->has_info);
  EXPECT_EQ(listing.seen(*two), flagged);

  EXPECT_FALSE(listing.find("3.x")->tells_flags);
  EXPECT_TRUE(listing.find("4.x")->tells_flags);
  EXPECT_FALSE(listing.find("4.x")->has_info);
}

TEST_F(ListingTest, SkipsDotNames) {
  put("A/cur/.nfs0001");
  put("A/new/.lock");
  EXPECT_TRUE(list("A").entries().empty());
}

TEST_F(ListingTest, WhatIsNoFileIsNeitherHereNorGone) {
  disk().make_directories("mail/A/cur/1.x:2,S");
  disk().symlink("mail/A/cur/2.x:2,S", "/elsewhere");
  for (const bool hides_types : {false, true}) {
    disk().hides_types = hides_types;
    const Listing listing = list("A");
    EXPECT_THAT(shown(listing), ElementsAre("cur/1.x:2,S strange", "cur/2.x:2,S strange"));
    EXPECT_NE(listing.find("1.x"), nullptr);
  }
}

TEST_F(ListingTest, FindsFilesWhoseTypesTheFileSystemHides) {
  put("A/cur/1.x:2,S");
  disk().hides_types = true;
  EXPECT_THAT(shown(list("A")), ElementsAre("cur/1.x:2,S"));
}

TEST_F(ListingTest, NeedsCurAndNew) {
  const auto home = must(root().open_directory("A"));
  disk().remove_tree("mail/A/new");
  EXPECT_EQ(code_of(list_mailbox(*home)), ErrorCode::not_found);
}

TEST_F(ListingTest, AFailureIsNoEmptyMailbox) {
  const auto home = must(root().open_directory("A"));
  disk().before = [](DiskOp op, std::string_view) {
    return op == DiskOp::list ? Status(fail(ErrorCode::io, "EIO")) : Status();
  };
  EXPECT_EQ(code_of(list_mailbox(*home)), ErrorCode::io);
}

TEST_F(ListingTest, CarriesTheStampFromBeforeItBegan) {
  put("A/cur/1.x:2,S");
  const auto home = must(root().open_directory("A"));
  const MailboxStamp before = must(stamp_mailbox(*home));
  EXPECT_EQ(list("A").stamp(), before);
}

TEST_F(ListingTest, IsReadAgainUntilNothingMovesMeanwhile) {
  put("A/cur/1.x:2,");
  int changes = 0;
  disk().during_list = [&] {
    if (++changes > 2) return;
    disk().rename(changes == 1 ? "mail/A/cur/1.x:2," : "mail/A/cur/1.x:2,S",
                  changes == 1 ? "mail/A/cur/1.x:2,S" : "mail/A/cur/1.x:2,FS");
  };
  const Listing listing = list("A");
  EXPECT_TRUE(listing.complete());
  EXPECT_THAT(shown(listing), ElementsAre("cur/1.x:2,FS"));
}

TEST_F(ListingTest, IsIncompleteWhereItNeverRests) {
  put("A/cur/1.x:2,");
  int round = 0;
  disk().during_list = [&] { put("A/new/" + std::to_string(++round)); };
  const auto home = must(root().open_directory("A"));
  EXPECT_FALSE(must(list_mailbox(*home, {.attempts_max = 3})).complete());
  EXPECT_EQ(round, 9);  // three listings an attempt
}

TEST_F(ListingTest, IsIncompleteWhenTheDirectoryIsExchanged) {
  disk().make_directories("mail/A/other");
  bool done = false;
  disk().during_list = [&] {
    disk().rename("mail/A/cur", "mail/A/spare");
    disk().rename("mail/A/other", "mail/A/cur");
    disk().rename("mail/A/spare", "mail/A/other");
    done = true;
  };
  const auto home = must(root().open_directory("A"));
  EXPECT_FALSE(must(list_mailbox(*home, {.attempts_max = 1})).complete());
  EXPECT_TRUE(done);
}

TEST_F(ListingTest, MergesANameThatMovedFromNewToCurBetweenTheListings) {
  put("A/new/1.x");
  int listed = 0;
  disk().before = [&](DiskOp op, std::string_view) {
    if (op == DiskOp::list && ++listed == 2) disk().rename("mail/A/new/1.x", "mail/A/cur/1.x:2,S");
    return Status();
  };
  const auto home = must(root().open_directory("A"));
  const Listing listing = must(list_mailbox(*home, {.attempts_max = 1}));
  EXPECT_FALSE(listing.complete());
  EXPECT_THAT(shown(listing), ElementsAre("cur/1.x:2,S"));
}

TEST_F(ListingTest, MergesANameThatMovedBackToNew) {
  put("A/cur/1.x:2,S");
  int listed = 0;
  disk().before = [&](DiskOp op, std::string_view) {
    if (op == DiskOp::list && ++listed == 3) disk().rename("mail/A/cur/1.x:2,S", "mail/A/new/1.x");
    return Status();
  };
  const auto home = must(root().open_directory("A"));
  EXPECT_THAT(shown(must(list_mailbox(*home, {.attempts_max = 1}))), ElementsAre("new/1.x"));
}

TEST_F(ListingTest, ForgetsANameThatLeftNewWhileItLooked) {
  put("A/new/1.x");
  put("A/new/2.x");
  int listed = 0;
  disk().before = [&](DiskOp op, std::string_view) {
    if (op == DiskOp::list && ++listed == 3) disk().unlink("mail/A/new/1.x");
    return Status();
  };
  const auto home = must(root().open_directory("A"));
  EXPECT_THAT(shown(must(list_mailbox(*home, {.attempts_max = 1}))), ElementsAre("new/2.x"));
}

TEST_F(ListingTest, OneFileWithTwoNamesHasOneToKeep) {
  put("A/cur/1.x:2,");
  disk().link("mail/A/cur/1.x:2,", "mail/A/cur/1.x:2,S");
  put("A/new/2.x");
  disk().link("mail/A/new/2.x", "mail/A/cur/2.x:2,");
  const Listing listing = list("A");
  EXPECT_TRUE(listing.complete());
  EXPECT_THAT(shown(listing), ElementsAre("cur/1.x:2, redundant", "cur/1.x:2,S", "cur/2.x:2,",
                                          "new/2.x redundant"));
  EXPECT_EQ(listing.name(*listing.find("1.x")), "1.x:2,S");
  EXPECT_FALSE(listing.find("2.x")->in_new);
}

TEST_F(ListingTest, TwoFilesWithOneBaseAreBothKept) {
  put("A/cur/1.x:2,");
  put("A/cur/1.x:2,S");
  put("A/new/1.x");
  const Listing listing = list("A");
  EXPECT_THAT(shown(listing),
              ElementsAre("cur/1.x:2, duplicate", "cur/1.x:2,S", "new/1.x duplicate"));
}

TEST_F(ListingTest, AMessageIsFoundBeforeAStrangeNamesake) {
  disk().make_directories("mail/A/cur/1.x");
  put("A/new/1.x");
  const Listing listing = list("A");
  EXPECT_THAT(shown(listing), ElementsAre("cur/1.x strange", "new/1.x"));
  EXPECT_EQ(listing.find("1.x")->kind, EntryKind::message);
}

// Whatever renames for flags and moves between new and cur happen while it looks: a complete
// listing never misses a live message, and never has one twice.
TEST_F(ListingTest, CompleteListingsMissNothing) {
  std::mt19937 random(7);
  std::vector<std::string> places;
  for (int i = 0; i < 60; ++i) {
    places.push_back("mail/A/cur/" + std::to_string(i) + ".x:2,");
    disk().write(places.back(), "x");
  }
  const auto home = must(root().open_directory("A"));
  int incomplete = 0;
  int missed = 0;
  for (int round = 0; round < 400; ++round) {
    disk().during_list = [&] {
      if (random() % 3 != 0) return;
      const std::size_t which = random() % places.size();
      constexpr std::array<std::string_view, 3> kInfos = {":2,", ":2,S", ":2,FS"};
      std::string to = random() % 4 == 0 ? "mail/A/new/" : "mail/A/cur/";
      to += std::to_string(which) + ".x" + std::string(kInfos[random() % kInfos.size()]);
      if (to == places[which]) return;
      disk().rename(places[which], to);
      places[which] = to;
    };
    const Listing listing = must(list_mailbox(*home, {.attempts_max = 2}));
    disk().during_list = nullptr;
    std::set<std::string> bases;
    for (const Entry& entry : listing.entries()) {
      EXPECT_EQ(entry.kind, EntryKind::message);
      EXPECT_TRUE(bases.insert(std::string(listing.base(entry))).second);
    }
    if (listing.complete()) {
      ASSERT_EQ(bases.size(), places.size());
    } else {
      ++incomplete;
      missed += bases.size() < places.size() ? 1 : 0;
    }
  }
  // The situation that the stamps are for did arise.
  EXPECT_GT(incomplete, 10);
  EXPECT_GT(missed, 0);
}

// Within one tick of a coarse clock equal stamps hide a rename, so the stamp must be an old one
// too.
TEST_F(ListingTest, OnACoarseClockOnlyATrustedStampProvesAbsence) {
  disk().granularity_ns = kSecond;
  const MailboxDirs mailbox = open("A");
  int missed = 0;
  for (int i = 0; i < 50; ++i) {
    const std::string place = "mail/A/cur/" + std::to_string(i) + ".x:2,";
    disk().write(place, "x");
    // The first time in the tick of the delivery, the second time three seconds later.
    for (const std::int64_t age : {std::int64_t{0}, 3 * kSecond}) {
      disk().advance_ns(age);
      const std::string from = age == 0 ? place : place + "S";
      const std::string to = age == 0 ? place + "S" : place + "RS";
      int listed = 0;
      disk().during_list = [&] {
        if (++listed == 2) disk().rename(from, to);  // while cur is read
      };
      const std::int64_t now_ns = must(file_system_now_ns(*mailbox.tmp));
      const Listing listing = must(list_mailbox(*mailbox.home, {.attempts_max = 1}));
      disk().during_list = nullptr;
      const bool is_missed = listing.find(std::to_string(i) + ".x") == nullptr;
      if (is_missed && listing.complete()) {
        ++missed;
        ASSERT_FALSE(listing.stamp().trusted(now_ns));
      }
    }
    disk().unlink(place + "RS");
    disk().advance_ns(3 * kSecond);
  }
  EXPECT_GT(missed, 0);
}

TEST_F(ListingTest, StatsASeenFileOnlyWhileItIsThatFile) {
  const auto home = must(root().open_directory("A"));
  const SeenFile seen = put("A/cur/1.x:2,S", "content");
  EXPECT_EQ(must(stat_seen(*home, seen)).size, 7U);
  disk().unlink("mail/A/cur/1.x:2,S");
  EXPECT_EQ(code_of(stat_seen(*home, seen)), ErrorCode::changed);
  disk().reuses_inodes = false;
  put("A/cur/1.x:2,S", "other");
  EXPECT_EQ(code_of(stat_seen(*home, seen)), ErrorCode::changed);
}

TEST_F(ListingTest, FindsABaseWhereverItIsNow) {
  const auto home = must(root().open_directory("A"));
  EXPECT_EQ(must(find_by_base(*home, "1.x")), std::nullopt);
  const SeenFile fresh = put("A/new/1.x");
  EXPECT_EQ(must(find_by_base(*home, "1.x")), fresh);
  disk().rename("mail/A/new/1.x", "mail/A/cur/1.x:2,RS");
  const auto found = must(find_by_base(*home, "1.x"));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->name, "1.x:2,RS");
  EXPECT_EQ(found->ino, fresh.ino);
}

}  // namespace
}  // namespace sterna::maildir
