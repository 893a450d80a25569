// SPDX-License-Identifier: Apache-2.0
// io::Directory over the real file system: names, listings, renames.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "sterna/net/loop.h"
#include "tests/support/temp_dir.h"

namespace sterna::net {
namespace {

using io::Directory;
using io::FileType;

class DirectoryTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& content = "x") {
    std::ofstream(temporary_ / name) << content;
  }
  std::string content(const std::string& name) {
    std::ifstream file(temporary_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::set<std::string> names(Directory& directory) {
    std::set<std::string> all;
    for (const auto entry : directory.list().value()) all.emplace(entry.name);
    return all;
  }

  sterna::test::TempDir temporary_;
  Loop loop_;
  std::unique_ptr<Directory> root_ =
      loop_.file_system().open_root(temporary_.path(), false).value();
};

TEST_F(DirectoryTest, ListsEverythingButItselfAndItsParent) {
  write("file");
  std::filesystem::create_directory(temporary_ / "directory");
  std::filesystem::create_symlink("nowhere", temporary_ / "link");
  ASSERT_EQ(::mkfifo((temporary_ / "fifo").c_str(), 0600), 0);
  const io::DirectoryListing listing = root_->list().value();
  std::vector<io::DirectoryEntry> entries(listing.begin(), listing.end());
  std::ranges::sort(entries, {}, &io::DirectoryEntry::name);
  ASSERT_EQ(entries.size(), 4u);
  const FileType types[] = {FileType::directory, FileType::other, FileType::file,
                            FileType::symlink};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(entries[i].type, types[i]) << entries[i].name;
    EXPECT_EQ(entries[i].ino, root_->stat_at(entries[i].name)->ino);
  }
}

TEST_F(DirectoryTest, ListsAgainAndAgain) {
  write("one");
  EXPECT_EQ(names(*root_).size(), 1u);
  write("two");
  EXPECT_EQ(names(*root_), (std::set<std::string>{"one", "two"}));
  EXPECT_EQ(names(*root_), (std::set<std::string>{"one", "two"}));
}

TEST_F(DirectoryTest, ListsMoreThanItsFirstBufferHolds) {
  const std::string tail(200, 'n');
  for (int i = 0; i < 2000; ++i) write(std::to_string(i) + tail);
  EXPECT_EQ(names(*root_).size(), 2000u);
}

TEST_F(DirectoryTest, AListingMissesNothingThatIsRenamedMeanwhile) {
  // With a buffer of 32 KiB a fifth of such listings misses a file (docs/safety.md).
  constexpr int kFiles = 1000;
  for (int i = 0; i < kFiles; ++i) write("message" + std::to_string(i) + ":2,");
  std::atomic<bool> stop = false;
  std::thread renamer([&] {
    for (int i = 0; !stop; i = (i + 1) % kFiles) {
      const std::string plain = temporary_ / ("message" + std::to_string(i) + ":2,");
      std::rename(plain.c_str(), (plain + "S").c_str());
      std::rename((plain + "S").c_str(), plain.c_str());
    }
  });
  int incomplete = 0;
  for (int round = 0; round < 300; ++round) {
    std::set<std::string> bases;
    for (const io::DirectoryEntry entry : root_->list().value())
      bases.emplace(entry.name.substr(0, entry.name.find(':')));
    if (bases.size() != kFiles) ++incomplete;
  }
  stop = true;
  renamer.join();
  EXPECT_EQ(incomplete, 0);
}

TEST_F(DirectoryTest, RefusesNamesThatLeaveTheDirectory) {
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("a/b"), std::string("/etc"),
        std::string("a\0b", 3)}) {
    EXPECT_EQ(root_->stat_at(name).error().code(), ErrorCode::internal);
    EXPECT_EQ(root_->unlink_at(name).error().code(), ErrorCode::internal);
    EXPECT_EQ(root_->open_directory(name).error().code(), ErrorCode::internal);
    EXPECT_EQ(root_->rename_at("x", *root_, name).error().code(), ErrorCode::internal);
  }
}

TEST_F(DirectoryTest, RenamesIntoAnotherDirectory) {
  write("a", "content");
  ASSERT_TRUE(root_->make_directory("sub"));
  auto sub = root_->open_directory("sub").value();
  ASSERT_TRUE(root_->rename_at("a", *sub, "b"));
  EXPECT_EQ(content("sub/b"), "content");
  EXPECT_EQ(root_->stat_at("a").error().code(), ErrorCode::not_found);
}

TEST_F(DirectoryTest, NeverReplacesByRename) {
  write("a", "new");
  write("b", "old");
  EXPECT_EQ(root_->rename_at("a", *root_, "b").error().code(), ErrorCode::exists);
  EXPECT_EQ(content("a"), "new");
  EXPECT_EQ(content("b"), "old");
  EXPECT_EQ(root_->rename_at("gone", *root_, "c").error().code(), ErrorCode::not_found);
}

TEST_F(DirectoryTest, UnlinksAndRemoves) {
  write("a", "content");
  std::filesystem::create_hard_link(temporary_ / "a", temporary_ / "b");
  ASSERT_TRUE(root_->unlink_at("a"));
  EXPECT_EQ(root_->unlink_at("a").error().code(), ErrorCode::not_found);
  EXPECT_EQ(content("b"), "content");
  ASSERT_TRUE(root_->make_directory("sub"));
  EXPECT_EQ(root_->make_directory("sub").error().code(), ErrorCode::exists);
  write("sub/full");
  EXPECT_FALSE(root_->remove_directory("sub"));
  ASSERT_TRUE(root_->open_directory("sub").value()->unlink_at("full"));
  EXPECT_TRUE(root_->remove_directory("sub"));
}

TEST_F(DirectoryTest, MakesDirectoriesForTheUserAlone) {
  ASSERT_TRUE(root_->make_directory("sub"));
  struct stat found{};
  ASSERT_EQ(::stat((temporary_ / "sub").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0700u);
}

TEST_F(DirectoryTest, FollowsALinkToADirectoryButNotToAFile) {
  std::filesystem::create_directory(temporary_ / "elsewhere");
  write("elsewhere/file", "content");
  std::filesystem::create_symlink("elsewhere", temporary_ / "mailbox");
  std::filesystem::create_symlink("elsewhere/file", temporary_ / "message");
  EXPECT_TRUE(root_->open_directory("mailbox"));
  EXPECT_FALSE(root_->open_file("message"));
  EXPECT_EQ(root_->stat_at("message")->type, FileType::symlink);
}

TEST_F(DirectoryTest, KeepsToItsDirectoryWhenThePathChanges) {
  std::filesystem::create_directory(temporary_ / "one");
  write("one/file");
  auto one = root_->open_directory("one").value();
  std::filesystem::rename(temporary_ / "one", temporary_ / "two");
  std::filesystem::create_directory(temporary_ / "one");
  EXPECT_EQ(names(*one), std::set<std::string>{"file"});
  EXPECT_EQ(one->stat()->ino, root_->stat_at("two")->ino);
}

TEST_F(DirectoryTest, ADirectoryThatWasRemovedIsNotFoundOrEmpty) {
  ASSERT_TRUE(root_->make_directory("sub"));
  auto sub = root_->open_directory("sub").value();
  ASSERT_TRUE(root_->remove_directory("sub"));
  auto listed = sub->list();
  EXPECT_TRUE(!listed || listed->empty());
}

TEST_F(DirectoryTest, WhatFailsNamesTheFileAndWhatWasTried) {
  ASSERT_TRUE(root_->make_directory("sub"));
  auto sub = root_->open_directory("sub").value();
  write("sub/a");
  write("sub/b");
  write("c");
  const auto is = [this](const auto& failed, const std::string& before, const std::string& after) {
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().message(), before + temporary_.path() + after);
    EXPECT_NE(failed.error().hint(), "");
  };
  is(sub->stat_at("x"), "looking at ", "/sub/x: No such file or directory");
  is(sub->open_directory("x"), "opening ", "/sub/x: No such file or directory");
  is(sub->unlink_at("x"), "removing ", "/sub/x: No such file or directory");
  is(root_->make_directory("sub"), "making ", "/sub: File exists");
  is(root_->remove_directory("sub"), "removing ", "/sub: Directory not empty");
  is(sub->rename_at("a", *sub, "b"), "renaming ", "/sub/a to b: File exists");
  is(sub->rename_at("a", *root_, "c"), "renaming ",
     "/sub/a to " + temporary_.path() + "/c: File exists");
}

TEST_F(DirectoryTest, FlushesAndCountsSpace) {
  EXPECT_TRUE(root_->sync());
  EXPECT_TRUE(root_->sync_file_system());
  EXPECT_GT(root_->free_bytes().value(), 0u);
  EXPECT_GE(root_->size_bytes().value(), root_->free_bytes().value());
  EXPECT_FALSE(root_->is_network_file_system().value());
}

}  // namespace
}  // namespace sterna::net
