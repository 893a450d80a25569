// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "src/account/row_changes.h"

namespace sterna::account {
namespace {

constexpr FileStamp kSeen{.dev = 1, .ino = 2, .size = 3, .mtime_ns = 4};

MessageRow recorded() {
  MessageRow row;
  row.base_name = "before";
  row.file = kSeen;
  return row;
}

LocalFile found(std::uint64_t ino) {
  LocalFile file;
  file.name = file.base = "after";
  file.file.ino = ino;
  return file;
}

TEST(TakeFile, KeepsWhatIsKnownOfAFileThatWasOnlyRenamed) {
  MessageRow row = recorded();
  take_file(row, found(kSeen.ino));
  EXPECT_EQ(row.base_name, "after");
  EXPECT_EQ(row.file, kSeen);
}

// Else a later listing, which tells inodes alone, would find it as it was recorded.
TEST(TakeFile, KnowsNothingOfAnotherFileThatNobodyLookedAt) {
  MessageRow row = recorded();
  take_file(row, found(kSeen.ino + 1));
  EXPECT_EQ(row.file, FileStamp{});
  take_file(row, found(kSeen.ino + 1));
  EXPECT_EQ(row.file, FileStamp{});
}

}  // namespace
}  // namespace sterna::account
