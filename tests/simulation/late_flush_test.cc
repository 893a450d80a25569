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
    leave_many();
  }

  void leave_many() {
    disk.sync_all();
    disk.set_now_ns(clock_.wall_ns());
    for (int i = 0; i < kMany; ++i) leave("t" + std::to_string(++left_));
  }
  void leave(const std::string& token) {
    disk.write("mail/m1/new/" + token, "Subject: " + token + "\nX-Token: " + token + "\n\n");
  }
  // The next so many flushes of the file system, and of single files.
  void flushes_fail(int together, int singly = 0) {
    disk.before = [this, together, singly](DiskOp op, std::string_view name) mutable -> Status {
      const bool of_all = op == DiskOp::sync_all;
      const bool of_one = op == DiskOp::sync_file && name.empty();
      if (!of_all && !of_one) return {};
      ++(of_all ? flushes_ : singly_);
      int& left = of_all ? together : singly;
      return left-- > 0 ? fail(ErrorCode::io, "the disk is broken") : Status();
    };
  }
  void expect_moved_once_flushed() {
    flushes_fail(100, 100);
    bool moved = false;
    at_command("COPY", [&] { moved = true; });
    run();
    EXPECT_FALSE(moved);
    flushes_fail(0);
    for (int i = 0; i < 2; ++i) sync();
    EXPECT_TRUE(moved);
  }
  std::size_t there() { return server.find("m1")->messages.size(); }

  static constexpr int kMany = 12;
  unsigned left_ = 0;
  int flushes_ = 0;
  int singly_ = 0;
};

TEST_F(LateFlush, ManyThatAreSentAreDurableHereFirst) {
  flushes_fail(0);
  at_command("APPEND", [&] {
    EXPECT_EQ(flushes_, 1);
    disk.lose_power(1);
  });
  run();
  for (int i = 0; i < 2; ++i) sync();
  EXPECT_EQ(files().size(), 1U + kMany);
  EXPECT_EQ(there(), std::size_t{kMany});
}

TEST_F(LateFlush, NothingIsSentBeforeItHasSucceeded) {
  flushes_fail(1);
  const account::AccountReport report = run();
  ASSERT_EQ(report.errors.size(), 1U);
  EXPECT_TRUE(report.errors.front().describe().contains("what is new here"));
  EXPECT_GE(singly_, kMany) << "in the next pass each file by itself";
  EXPECT_EQ(there(), std::size_t{kMany});
  EXPECT_EQ(files().size(), 1U + kMany);
}

// One of them is a file that was moved here.
TEST_F(LateFlush, APlanOfMoreWaitsForTheFlush) {
  disk.rename(file_of("t0"), "mail/m1/new/moved");
  expect_moved_once_flushed();
  EXPECT_EQ(files().size(), 1U + kMany);
  EXPECT_EQ(there(), std::size_t{1 + kMany});
}

// What is to be emptied stands in no plan.
TEST_F(LateFlush, AMailboxThatIsEmptiedForTheUserWaitsForTheFlush) {
  sync();
  for (const std::string part : {"new", "cur"}) {
    for (const std::string& name : disk.names("mail/m1/" + part))
      disk.rename("mail/m1/" + part + "/" + name, "mail/INBOX/cur/" + name);
  }
  disk.remove_tree("mail/m1");
  run();
  ASSERT_EQ(decide(account::HeldDecision::apply), 1U);
  disk.set_now_ns(clock_.wall_ns());
  for (const std::string& name : disk.names("mail/INBOX/cur"))
    disk.rename("mail/INBOX/cur/" + name, "mail/INBOX/cur/" + without_letters(name) + ":2,S");
  expect_moved_once_flushed();
  mailboxes = {"INBOX"};
  EXPECT_EQ(files().size(), 1U + kMany);
}

// What is written after the flush is no part of it.
TEST_F(LateFlush, WhatCameMeanwhileIsFlushedByItself) {
  int written = 0;
  int flushed = 0;
  for (int round = 1; round <= 20; ++round) {
    const std::string last = "t" + std::to_string(left_);
    bool is_flushed = false;
    bool is_read = false;
    bool is_written = false;
    disk.before = [&](DiskOp op, std::string_view name) -> Status {
      if (op == DiskOp::sync_all) is_flushed = true;
      if (op == DiskOp::sync_file && name.empty() && is_written) ++flushed;
      const bool message = op == DiskOp::open && name.starts_with('t') && name != "tmp";
      const bool first = message && !std::exchange(is_read, true);
      if (!first || !is_flushed) return {};
      is_written = true;
      ++written;
      disk.set_now_ns(clock_.wall_ns() + 1'000'000);
      leave(last);
      return {};
    };
    sync();
    disk.before = nullptr;
    ASSERT_EQ(there(), std::size_t{left_}) << round;
    leave_many();
  }
  EXPECT_GT(written, 0);
  EXPECT_EQ(flushed, written);
}

}  // namespace
}  // namespace sterna::simulation
