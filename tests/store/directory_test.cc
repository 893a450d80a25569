// SPDX-License-Identifier: Apache-2.0
#include "store/directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "support.h"

namespace sterna::store {
namespace {

TEST(Directory, IsMadeWithWhatIsMissingAboveItAndForItsOwnerAlone) {
  const test::TempDir root;
  ASSERT_TRUE(make_directory(root / "state/sterna/work"));
  EXPECT_EQ(mode_of(root / "state"), 0700U);
  EXPECT_EQ(mode_of(root / "state/sterna/work"), 0700U);
}

TEST(Directory, IsLeftAsItIsWhereItExists) {
  const test::TempDir root;
  std::filesystem::create_directory(root / "work");
  ASSERT_EQ(::chmod((root / "work").c_str(), 0750), 0);
  ASSERT_TRUE(make_directory(root / "work/"));
  EXPECT_EQ(mode_of(root / "work"), 0750U);
}

TEST(Directory, CannotBeMadeBelowAFile) {
  const test::TempDir root;
  std::ofstream(root / "file") << "text";
  const Status made = make_directory(root / "file/work");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().scope(), ErrorScope::account);
}

TEST(Directory, KeepsAFileThatIsThere) {
  const test::TempDir root;
  std::ofstream(root / "state.db") << "text";
  ASSERT_TRUE(make_file(root / "state.db"));
  EXPECT_EQ(std::filesystem::file_size(root / "state.db"), 4U);
}

TEST(Directory, IsAbsentOnlyWhereTheSystemSaysSo) {
  const test::TempDir root;
  std::ofstream(root / "file") << "text";
  std::filesystem::create_symlink("loop", root / "loop");
  EXPECT_TRUE(*file_exists(root / "file"));
  EXPECT_FALSE(*file_exists(root / "nothing"));
  EXPECT_FALSE(*file_exists(root / "file/below"));
  EXPECT_FALSE(file_exists(root / "loop/state.db"));
}

TEST(Directory, LockEndsWithItsObject) {
  const test::TempDir root;
  {
    Result<DirectoryLock> first = DirectoryLock::take(root.path());
    ASSERT_TRUE(first);
    const DirectoryLock moved = std::move(*first);
    EXPECT_FALSE(DirectoryLock::take(root.path()));
  }
  EXPECT_TRUE(DirectoryLock::take(root.path()));
}

}  // namespace
}  // namespace sterna::store
