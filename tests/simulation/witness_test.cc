// SPDX-License-Identifier: Apache-2.0
// The witness sees what is nowhere any more, and nothing else.
#include "witness.h"

#include <gtest/gtest.h>

#include "diary.h"
#include "tests/support/memory_file_system.h"

namespace sterna::simulation {
namespace {

class WitnessTest : public testing::Test {
 protected:
  WitnessTest() {
    disk.make_maildir("mail/INBOX");
    disk.sync_all();
    witness.watch(disk);
    server.gone = [this](const std::string& octets) { witness.gone_from_server(octets); };
    ledger.born(Side::remote, "t1", "INBOX", {});
  }
  void unlink(const std::string& name) {
    auto directory = machine.open_root("/mail/INBOX/new", false);
    ASSERT_TRUE(directory.has_value());
    ASSERT_TRUE((*directory)->unlink_at(name).has_value());
  }
  void sync_directory() {
    auto directory = machine.open_root("/mail/INBOX/new", false);
    ASSERT_TRUE(directory.has_value());
    ASSERT_TRUE((*directory)->sync().has_value());
  }
  std::size_t losses() {
    std::vector<Wrong> wrong;
    witness.look(wrong);
    return wrong.size();
  }

  const std::string kMessage = "X-Token: t1\r\n\r\n";
  test::MemoryFileSystem machine;
  test::MemoryDisk& disk = machine.disk();
  ServerState server;
  Ledger ledger;
  Witness witness{server, ledger};
};

TEST_F(WitnessTest, WhatLeavesTheServerMustBeOnTheDiskDurably) {
  server.gone(kMessage);
  EXPECT_EQ(losses(), 1U);
  disk.write("mail/INBOX/new/1", kMessage);
  server.gone(kMessage);
  EXPECT_EQ(losses(), 1U);
  disk.sync_all();
  server.gone(kMessage);
  EXPECT_EQ(losses(), 0U);
}

TEST_F(WitnessTest, WhatSternaUnlinksMustBeElsewhere) {
  disk.write("mail/INBOX/new/1", kMessage);
  disk.sync_all();
  unlink("1");
  EXPECT_EQ(losses(), 1U);
  sync_directory();
  EXPECT_EQ(losses(), 1U);
}

TEST_F(WitnessTest, AnUnflushedCopyIsNoneOnceTheRemovalReachesTheDisk) {
  disk.write("mail/INBOX/new/1", kMessage);
  disk.sync_all();
  disk.write("mail/INBOX/cur/1", kMessage);
  unlink("1");
  EXPECT_EQ(losses(), 0U);
  sync_directory();
  EXPECT_EQ(losses(), 1U);
}

TEST_F(WitnessTest, WhatAUserDeletesIsNoLoss) {
  disk.write("mail/INBOX/new/1", kMessage);
  disk.sync_all();
  disk.unlink("mail/INBOX/new/1");
  sync_directory();
  EXPECT_EQ(losses(), 0U);
  ledger.deleted(Side::local, "t1");
  server.gone(kMessage);
  EXPECT_EQ(losses(), 0U);
}

}  // namespace
}  // namespace sterna::simulation
