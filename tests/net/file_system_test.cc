// SPDX-License-Identifier: Apache-2.0
// Files of the real file system: reading, writing without a name, placing, locks, roots.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "net/posix_file.h"
#include "sterna/net/loop.h"
#include "tests/support/temp_dir.h"

namespace sterna::net {
namespace {

using io::Directory;

class FileTest : public testing::Test {
 protected:
  std::string content(const std::string& name) {
    std::ifstream file(temporary_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::size_t entries() { return root_->list().value().size(); }

  sterna::test::TempDir temporary_;
  Loop loop_;
  std::unique_ptr<Directory> root_ =
      loop_.file_system().open_root(temporary_.path(), false).value();
};

TEST_F(FileTest, AFileHasNoNameBeforeItIsPlaced) {
  auto writer = root_->create_file("temporary").value();
  ASSERT_TRUE(writer->write("first "));
  ASSERT_TRUE(writer->write("second"));
  EXPECT_EQ(entries(), 0u);
  ASSERT_TRUE(writer->sync());
  ASSERT_TRUE(root_->place(*writer, "message"));
  EXPECT_EQ(content("message"), "first second");
  EXPECT_EQ(writer->stat()->ino, root_->stat_at("message")->ino);
  writer.reset();
  EXPECT_EQ(content("message"), "first second");
}

// What file systems without O_TMPFILE and RENAME_NOREPLACE get.
class FallbackTest : public FileTest {
 protected:
  UniqueFd directory_{::open(temporary_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  OpenDirectory here_{directory_.get(), temporary_.path()};
};

TEST_F(FallbackTest, AWriterWithANameIsPlacedByRename) {
  auto writer = PosixWriter::create_named(here_, "temporary").value();
  ASSERT_TRUE(writer->write("content"));
  EXPECT_EQ(content("temporary"), "content");
  std::ofstream(temporary_ / "taken") << "old";
  EXPECT_EQ(writer->place(here_, "taken").error().code(), ErrorCode::exists);
  EXPECT_EQ(content("taken"), "old");
  ASSERT_TRUE(writer->place(here_, "message"));
  writer.reset();
  EXPECT_EQ(content("message"), "content");
  EXPECT_EQ(entries(), 2u);
}

TEST_F(FallbackTest, AWriterWithANameTakesItsFileAlong) {
  PosixWriter::create_named(here_, "temporary").value()->write("x").value();
  EXPECT_EQ(entries(), 0u);
  std::ofstream(temporary_ / "temporary") << "someone else's";
  EXPECT_EQ(PosixWriter::create_named(here_, "temporary").error().code(), ErrorCode::exists);
  EXPECT_EQ(content("temporary"), "someone else's");
}

TEST_F(FallbackTest, RenamingByLinkNeverReplaces) {
  const int fd = directory_.get();
  std::ofstream(temporary_ / "a") << "new";
  std::ofstream(temporary_ / "b") << "old";
  EXPECT_EQ(rename_by_link(fd, "a", fd, "b"), EEXIST);
  EXPECT_EQ(rename_by_link(fd, "gone", fd, "c"), ENOENT);
  ASSERT_EQ(rename_by_link(fd, "a", fd, "c"), 0);
  EXPECT_EQ(content("b"), "old");
  EXPECT_EQ(content("c"), "new");
  EXPECT_EQ(entries(), 2u);
}

TEST_F(FallbackTest, RenamingByLinkMovesDirectoriesToo) {
  const int fd = directory_.get();
  ASSERT_TRUE(root_->make_directory("one"));
  ASSERT_TRUE(root_->make_directory("two"));
  EXPECT_EQ(rename_by_link(fd, "one", fd, "two"), EEXIST);
  EXPECT_EQ(rename_by_link(fd, "one", fd, "three"), 0);
  EXPECT_EQ(entries(), 2u);
}

TEST_F(FileTest, AFileThatIsNotPlacedIsGone) {
  root_->create_file("temporary").value()->write("x").value();
  EXPECT_EQ(entries(), 0u);
}

TEST_F(FileTest, PlacesIntoAnotherDirectoryAndNeverReplaces) {
  ASSERT_TRUE(root_->make_directory("cur"));
  auto cur = root_->open_directory("cur").value();
  auto first = root_->create_file("temporary").value();
  ASSERT_TRUE(first->write("old"));
  ASSERT_TRUE(cur->place(*first, "message"));
  auto second = root_->create_file("temporary").value();
  ASSERT_TRUE(second->write("new"));
  EXPECT_EQ(cur->place(*second, "message").error().code(), ErrorCode::exists);
  EXPECT_EQ(content("cur/message"), "old");
  EXPECT_TRUE(cur->place(*second, "message2")) << "and another name is still possible";
}

TEST_F(FileTest, KeepsTheTimeItWasGiven) {
  for (std::int64_t mtime_ns :
       {std::int64_t{1'234'567'890'123'456'789}, std::int64_t{0}, std::int64_t{-1'500'000'000}}) {
    auto writer = root_->create_file("temporary").value();
    ASSERT_TRUE(writer->set_mtime(mtime_ns));
    EXPECT_EQ(writer->stat()->mtime_ns, mtime_ns);
  }
}

// 64 bits of nanoseconds end in 2262; what the file system cannot keep either is clamped by it.
TEST_F(FileTest, TellsTheLastTimeThatItCanOfAFileThatIsLater) {
  ASSERT_TRUE(root_->place(*root_->create_file("temporary").value(), "late"));
  const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT},
                             {.tv_sec = 253'402'300'799, .tv_nsec = 999'999'999}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (temporary_ / "late").c_str(), times, 0), 0);
  EXPECT_GT(root_->stat_at("late")->mtime_ns, 2'000'000'000'000'000'000);
}

TEST_F(FileTest, IsForTheUserAlone) {
  auto writer = root_->create_file("temporary").value();
  ASSERT_TRUE(root_->place(*writer, "message"));
  struct stat found{};
  ASSERT_EQ(::stat((temporary_ / "message").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0600u);
}

TEST_F(FileTest, TellsWhetherAProgramHasItOpenForWriting) {
  std::ofstream writer(temporary_ / "message");
  writer << "half of it" << std::flush;
  const auto reader = root_->open_file("message").value();
  EXPECT_TRUE(reader->has_writer());
  writer.close();
  EXPECT_FALSE(reader->has_writer());
  EXPECT_FALSE(reader->has_writer());
  // No lease is left that would hold up the next one.
  std::ofstream(temporary_ / "message", std::ios::app) << ", and the rest";
  EXPECT_EQ(content("message"), "half of it, and the rest");
}

TEST_F(FileTest, ReadsInPieces) {
  std::ofstream(temporary_ / "message") << "abcdefgh";
  auto reader = root_->open_file("message").value();
  EXPECT_EQ(reader->stat()->size, 8u);
  std::string text = ">";
  EXPECT_EQ(reader->read(text, 5).value(), 5u);
  EXPECT_EQ(reader->read(text, 5).value(), 3u);
  EXPECT_EQ(reader->read(text, 5).value(), 0u);
  EXPECT_EQ(text, ">abcdefgh");
}

TEST_F(FileTest, RefusesWhatIsNoRegularFileWithoutHanging) {
  ASSERT_EQ(::mkfifo((temporary_ / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(root_->open_file("fifo").error().code(), ErrorCode::io);
  EXPECT_EQ(root_->open_file("fifo").error().message(),
            "opening " + temporary_ / "fifo" + ": not a regular file");
  EXPECT_EQ(root_->open_file("gone").error().code(), ErrorCode::not_found);
}

TEST_F(FileTest, ReplacesASmallFileWhole) {
  ASSERT_TRUE(root_->replace_file("marker", "one"));
  ASSERT_TRUE(root_->replace_file("marker", "two"));
  EXPECT_EQ(content("marker"), "two");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(FileTest, ReplacesASmallFileAlthoughACrashLeftItsTwin) {
  std::ofstream(temporary_ / ".marker.new") << "half";
  ASSERT_TRUE(root_->replace_file("marker", "whole"));
  EXPECT_EQ(content("marker"), "whole");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(FileTest, ReplacesASmallFileInTwoSteps) {
  ASSERT_TRUE(root_->replace_file("marker", "one"));
  ASSERT_TRUE(root_->write_beside("marker", "two"));
  EXPECT_EQ(content("marker"), "one");
  ASSERT_TRUE(root_->put_beside("marker"));
  EXPECT_EQ(content("marker"), "two");
  EXPECT_EQ(root_->put_beside("marker").error().code(), ErrorCode::not_found);
  ASSERT_TRUE(root_->write_beside("marker", "three"));
  ASSERT_TRUE(root_->drop_beside("marker"));
  EXPECT_EQ(content("marker"), "two");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(FileTest, KeepsWhatItCouldNotPutInPlace) {
  std::filesystem::create_directory(temporary_ / "marker");
  EXPECT_FALSE(root_->replace_file("marker", "one"));
  EXPECT_EQ(entries(), 1u);
  ASSERT_TRUE(root_->write_beside("marker", "two"));
  EXPECT_FALSE(root_->put_beside("marker"));
  EXPECT_EQ(content(io::name_beside("marker")), "two");
}

TEST_F(FileTest, MakesARootWithAllThatIsMissing) {
  const std::string path = temporary_ / "a/b/c";
  EXPECT_EQ(loop_.file_system().open_root(path, false).error().code(), ErrorCode::not_found);
  ASSERT_TRUE(loop_.file_system().open_root(path, true));
  EXPECT_TRUE(std::filesystem::is_directory(path));
  ASSERT_TRUE(loop_.file_system().open_root(path, true)) << "and takes one that is there";
  std::ofstream(temporary_ / "file") << "x";
  EXPECT_FALSE(loop_.file_system().open_root(temporary_ / "file", true));
}

// Whoever reads it has no other way to find the file, and what a batch was at does not say it.
TEST_F(FileTest, WhatFailsNamesTheFile) {
  auto writer = root_->create_file("temporary").value();
  std::ofstream(temporary_ / "taken") << "x";
  EXPECT_EQ(root_->place(*writer, "taken").error().message(),
            "making " + temporary_ / "taken" + ": File exists");
  EXPECT_EQ(root_->open_file("gone").error().message(),
            "opening " + temporary_ / "gone" + ": No such file or directory");
  EXPECT_EQ(loop_.file_system().open_root(temporary_ / "none", false).error().message(),
            "opening " + temporary_ / "none" + ": No such file or directory");
  for (const char* path : {"taken", "taken/below", "taken/below/it"}) {
    const Error error = loop_.file_system().open_root(temporary_ / path, true).error();
    EXPECT_EQ(error.message(), temporary_ / "taken" + " is no directory");
    EXPECT_TRUE(error.is(ErrorCode::exists));  // not a missing one: that may be an unmounted disk
  }
  std::filesystem::create_directory(temporary_ / "marker");
  EXPECT_EQ(root_->replace_file("marker", "x").error().message(),
            "replacing " + temporary_ / "marker" + ": Is a directory");
}

TEST_F(FallbackTest, AWriterSaysWhichFileItCouldNotMakeOrWrite) {
  std::ofstream(temporary_ / "temporary") << "x";
  EXPECT_EQ(PosixWriter::create_named(here_, "temporary").error().message(),
            "making " + temporary_ / "temporary" + ": File exists");
  PosixReader reader(UniqueFd(::open("/dev/null", O_WRONLY | O_CLOEXEC)), "/mail/cur/m");
  std::string text;
  EXPECT_EQ(reader.read(text, 1).error().message(), "reading /mail/cur/m: Bad file descriptor");
}

TEST_F(FileTest, ADirectoryIsLockedByOneAtATime) {
  auto& files = loop_.file_system();
  auto first = files.open_root(temporary_ / "", false);
  const auto second = files.open_root(temporary_ / "", false);
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(*(*first)->lock());
  EXPECT_TRUE(*(*first)->lock());
  EXPECT_FALSE(*(*second)->lock());
  first->reset();
  EXPECT_TRUE(*(*second)->lock());
}

TEST_F(FileTest, KnowsBootAndMachine) {
  EXPECT_EQ(loop_.file_system().boot_id().size(), 36u);
  const std::string machine = loop_.file_system().machine_id();
  EXPECT_TRUE(machine.empty() || machine.size() == 32u);
  EXPECT_EQ(machine, loop_.file_system().machine_id());
}

}  // namespace
}  // namespace sterna::net
