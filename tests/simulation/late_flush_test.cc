// SPDX-License-Identifier: Apache-2.0
// Many files that a program left at once: flushed while they are read (safety.md, 3).
#include "stage.h"

namespace sterna::simulation {
namespace {

using test::DiskOp;

class LateFlush : public Stage {
 protected:
  LateFlush() {
    arrives("INBOX", "t0");
    sync();
    disk.sync_all();
    disk.set_now_ns(clock_.wall_ns());
    for (int i = 1; i <= kMany; ++i) leave("t" + std::to_string(i));
  }

  void leave(const std::string& token) {
    disk.write("mail/m1/new/" + token, "Subject: " + token + "\nX-Token: " + token + "\n\n");
  }
  // The next so many times that the file system is flushed.
  void flushes_fail(int count) {
    disk.before = [this, count](DiskOp op, std::string_view) mutable -> Status {
      if (op != DiskOp::sync_all) return {};
      ++flushes_;
      return count-- > 0 ? fail(ErrorCode::io, "the disk is broken") : Status();
    };
  }
  std::size_t there() { return server.find("m1")->messages.size(); }

  static constexpr int kMany = 12;
  int flushes_ = 0;
};

TEST_F(LateFlush, ManyThatAreSentAreDurableHereFirst) {
  at_command("APPEND", [&] { disk.lose_power(1); });
  run();
  for (int i = 0; i < 2; ++i) sync();
  EXPECT_EQ(files().size(), 1U + kMany);
  EXPECT_EQ(there(), std::size_t{kMany});
}

TEST_F(LateFlush, NothingIsSentBeforeItHasSucceeded) {
  flushes_fail(2);
  sync();
  EXPECT_EQ(flushes_, 2) << "late, and at once in the next pass";
  EXPECT_EQ(there(), 0U);
  sync();
  EXPECT_EQ(there(), std::size_t{kMany});
  EXPECT_EQ(files().size(), 1U + kMany);
}

// A file of them is one that was moved here.
TEST_F(LateFlush, APlanOfMoreWaitsForTheFlush) {
  disk.rename(file_of("t0"), "mail/m1/cur/moved:2,S");
  flushes_fail(1);
  at_command("MOVE", [&] {
    EXPECT_GE(flushes_, 2);
    disk.lose_power(1);
  });
  run();
  for (int i = 0; i < 2; ++i) sync();
  EXPECT_EQ(files().size(), 1U + kMany);
  EXPECT_EQ(there(), std::size_t{1 + kMany});
}

// What is written after the flush began is not part of it.
TEST_F(LateFlush, WhatCameMeanwhileIsFlushedByItself) {
  bool late = false;
  disk.before = [&](DiskOp op, std::string_view) -> Status {
    if (op == DiskOp::open && !std::exchange(late, true)) {
      disk.set_now_ns(clock_.wall_ns() + 1'000'000);
      disk.write(file_of("t12"), "Subject: t12\nX-Token: t12\n\nmore\n");
    }
    return {};
  };
  at_command("APPEND", [&] { disk.lose_power(1); });
  run();
  for (int i = 0; i < 2; ++i) sync();
  EXPECT_TRUE(late);
  EXPECT_EQ(files().size(), 1U + kMany);
  EXPECT_EQ(there(), std::size_t{kMany});
}

}  // namespace
}  // namespace sterna::simulation
