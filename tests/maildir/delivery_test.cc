// SPDX-License-Identifier: Apache-2.0
#include "sterna/maildir/delivery.h"

#include <gmock/gmock.h>

#include <random>

#include "world.h"

namespace sterna::maildir {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kWire =
    "Message-ID: <1@example.org>\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n\r\nbody\r\n";
constexpr std::string_view kFile =
    "Message-ID: <1@example.org>\nDate: Mon, 1 Jan 2024 00:00:00 +0000\n\nbody\n";
constexpr std::int64_t kMtime = 1'600'000'000'000'000'000;

class DeliveryTest : public MaildirTest {
 protected:
  DeliveryTest() : a_(open("A")), b_(open("B")) {}

  Delivered deliver(Delivery& delivery, MailboxDirs& mailbox, std::string_view name,
                    std::string_view wire = kWire) {
    delivery.begin(mailbox, "temporary", kMtime);
    must(delivery.write(wire));
    return must(delivery.place(parse_file_name(name)));
  }
  std::string delivered(std::string_view wire, std::size_t piece_octets) {
    Delivery delivery;
    delivery.begin(a_, "temporary", kMtime);
    for (; !wire.empty(); wire.remove_prefix(std::min(piece_octets, wire.size()))) {
      must(delivery.write(wire.substr(0, piece_octets)));
    }
    const Delivered placed = must(delivery.place(parse_file_name("x")));
    const std::string content = disk().read("mail/A/new/x");
    EXPECT_EQ(placed.stat.size, content.size());
    disk().unlink("mail/A/new/x");
    return content;
  }
  int count(DiskOp counted, const std::function<void()>& action) {
    int count = 0;
    disk().before = [&](DiskOp op, std::string_view) {
      if (op == counted) ++count;
      return Status();
    };
    action();
    disk().before = nullptr;
    return count;
  }

  MailboxDirs a_;
  MailboxDirs b_;
};

TEST_F(DeliveryTest, WritesTheMessageWithLineFeedsAndItsDate) {
  Delivery delivery;
  const Delivered placed = deliver(delivery, a_, "1.x:2,S");
  EXPECT_EQ(disk().read("mail/A/cur/1.x:2,S"), kFile);
  EXPECT_EQ(disk().stat("mail/A/cur/1.x:2,S").mtime_ns, kMtime);
  EXPECT_EQ(placed.stat.mtime_ns, kMtime);
  EXPECT_EQ(placed.wire_octets, kWire.size());
  EXPECT_EQ(placed.identity.size, kWire.size());
  EXPECT_EQ(placed.identity.message_id, "<1@example.org>");
  EXPECT_EQ(
      placed.seen,
      (SeenFile{.in_new = false, .name = "1.x:2,S", .ino = disk().stat("mail/A/cur/1.x:2,S").ino}));
}

TEST_F(DeliveryTest, TellsTheFileAsItWasBeforeAnybodyCouldWriteToIt) {
  bool written = false;
  disk().changed = [&](std::uint64_t, std::string_view name, bool) {
    if (name != "1.x:2,S" || std::exchange(written, true)) return;
    disk().write("mail/A/cur/1.x:2,S", std::string(kFile) + "edited\n");
  };
  Delivery delivery;
  const Delivered placed = deliver(delivery, a_, "1.x:2,S");
  disk().changed = nullptr;
  EXPECT_TRUE(written);
  EXPECT_EQ(placed.stat.size, kFile.size());
  EXPECT_EQ(placed.stat.mtime_ns, kMtime);
}

TEST_F(DeliveryTest, TakesADateThatComesBehindTheBody) {
  Delivery delivery;
  for (const std::size_t padding : {std::size_t{0}, 2 * kDeliveryKeptOctetsMax}) {
    const std::string name = std::to_string(padding);
    delivery.begin(a_, "temporary", 0);
    must(delivery.write(std::string(kWire) + std::string(padding, 'x')));
    delivery.set_mtime(kMtime);
    EXPECT_EQ(must(delivery.place(parse_file_name(name))).stat.mtime_ns, kMtime);
    EXPECT_EQ(disk().stat("mail/A/new/" + name).mtime_ns, kMtime);
  }
}

TEST_F(DeliveryTest, TellsWhatWasWrittenBeforeItHasAName) {
  const std::string large(kDeliveryKeptOctetsMax, 'x');
  for (const std::string& rest : {std::string(), large, large + "\r"}) {
    Delivery delivery;
    delivery.begin(a_, "temporary", kMtime);
    must(delivery.write(kWire));
    must(delivery.write(rest));
    const ContentIdentity told = delivery.identity();
    EXPECT_THAT(disk().names("mail/A/new"), IsEmpty());
    EXPECT_EQ(must(delivery.place(parse_file_name("x"))).identity, told);
    EXPECT_EQ(told.size, kWire.size() + rest.size());
    disk().unlink("mail/A/new/x");
  }
}

TEST_F(DeliveryTest, WhatHasNoFlagGoesToNewWithoutInfo) {
  Delivery delivery;
  EXPECT_TRUE(deliver(delivery, a_, "1.x").seen.in_new);
  EXPECT_TRUE(deliver(delivery, a_, "2.x:2,").seen.in_new);
  EXPECT_FALSE(deliver(delivery, a_, "3.x:2,a").seen.in_new);
  EXPECT_FALSE(deliver(delivery, a_, "4.x:2,F").seen.in_new);
  EXPECT_THAT(disk().names("mail/A/new"), ElementsAre("1.x", "2.x"));
  EXPECT_THAT(disk().names("mail/A/cur"), ElementsAre("3.x:2,a", "4.x:2,F"));
  EXPECT_THAT(disk().names("mail/A/tmp"), IsEmpty());
}

TEST_F(DeliveryTest, ConvertsOnlyCrlfWhereverThePiecesEnd) {
  const std::string wire = std::string("a\r\nb\nc\rd\r\r\ne\n\r\n\r\r") + '\0' + "f\r\ng\r";
  const std::string file = std::string("a\nb\nc\rd\r\ne\n\n\r\r") + '\0' + "f\ng\r";
  for (std::size_t piece = 1; piece <= wire.size(); ++piece) {
    EXPECT_EQ(delivered(wire, piece), file) << piece;
  }
}

TEST_F(DeliveryTest, StreamsWhatIsTooLargeToKeep) {
  std::string wire(kWire);
  while (wire.size() < 3 * kDeliveryKeptOctetsMax) wire += "0123456789\r\n";
  std::string file = wire;
  std::erase(file, '\r');
  for (const std::size_t piece : {std::size_t{1000}, std::size_t{65537}, wire.size()}) {
    EXPECT_EQ(delivered(wire, piece), file);
  }
}

TEST_F(DeliveryTest, AnEmptyMessageIsAFile) {
  EXPECT_EQ(delivered("", 1), "");
}

TEST_F(DeliveryTest, NothingIsSeenBeforeItIsWhole) {
  Delivery delivery;
  delivery.begin(a_, "temporary", kMtime);
  must(delivery.write(std::string(2 * kDeliveryKeptOctetsMax, 'x')));
  EXPECT_THAT(disk().files(), IsEmpty());
  must(delivery.place(parse_file_name("1.x")));
  EXPECT_THAT(disk().files(), ElementsAre("mail/A/new/1.x"));
}

TEST_F(DeliveryTest, NamesTheFileInTmpWhereItMustHaveAName) {
  disk().has_nameless_files = false;
  Delivery delivery;
  delivery.begin(a_, "temporary", kMtime);
  must(delivery.write(std::string(2 * kDeliveryKeptOctetsMax, 'x')));
  EXPECT_THAT(disk().files(), ElementsAre("mail/A/tmp/temporary"));
  must(delivery.place(parse_file_name("1.x")));
  EXPECT_THAT(disk().files(), ElementsAre("mail/A/new/1.x"));
}

TEST_F(DeliveryTest, WhatIsAbandonedLeavesNothing) {
  for (const bool nameless : {true, false}) {
    disk().has_nameless_files = nameless;
    Delivery delivery;
    delivery.begin(a_, "temporary", kMtime);
    must(delivery.write(std::string(2 * kDeliveryKeptOctetsMax, 'x')));
    delivery.abandon();
    EXPECT_THAT(disk().files(), IsEmpty());
  }
}

TEST_F(DeliveryTest, NeverOverwrites) {
  put("A/cur/1.x:2,S", "somebody else's");
  Delivery delivery;
  delivery.begin(a_, "temporary", kMtime);
  must(delivery.write(kWire));
  EXPECT_EQ(code_of(delivery.place(parse_file_name("1.x:2,S"))), ErrorCode::exists);
  EXPECT_EQ(disk().read("mail/A/cur/1.x:2,S"), "somebody else's");
  // The same message may have another name.
  must(delivery.place(parse_file_name("1C2.x:2,S")));
  EXPECT_EQ(disk().read("mail/A/cur/1C2.x:2,S"), kFile);
}

TEST_F(DeliveryTest, KnowsItsOwnContentAgain) {
  for (const std::size_t padding : {std::size_t{0}, 2 * kDeliveryKeptOctetsMax}) {
    const std::string wire = std::string(kWire) + std::string(padding, 'x');
    std::string file = wire;
    std::erase(file, '\r');
    const SeenFile same = put("A/cur/1.x:2,S", file);
    const SeenFile crlf = put("A/cur/2.x:2,S", wire);
    const SeenFile cut = put("A/cur/3.x:2,S", file.substr(0, file.size() - 1));
    const SeenFile empty = put("A/cur/4.x:2,S", "");
    Delivery delivery;
    delivery.begin(a_, "temporary", kMtime);
    must(delivery.write(wire));
    EXPECT_TRUE(must(delivery.matches(same)));
    EXPECT_TRUE(must(delivery.matches(crlf)));
    EXPECT_FALSE(must(delivery.matches(cut)));
    EXPECT_FALSE(must(delivery.matches(empty)));
    SeenFile replaced = same;
    ++replaced.ino;
    EXPECT_EQ(code_of(delivery.matches(replaced)), ErrorCode::changed);
    // It can be placed after all.
    must(delivery.place(parse_file_name("5.x:2,S")));
    EXPECT_EQ(disk().read("mail/A/cur/5.x:2,S"), file);
    disk().remove_tree("mail/A/cur");
    disk().make_directories("mail/A/cur");
    a_ = open("A");
  }
}

TEST_F(DeliveryTest, ADiskThatIsFullFailsTheMessageAndLeavesNothing) {
  for (const std::size_t octets : {std::size_t{100}, 2 * kDeliveryKeptOctetsMax}) {
    disk().capacity_octets = 50;
    Delivery delivery;
    delivery.begin(a_, "temporary", kMtime);
    const Status written = delivery.write(std::string(octets, 'x'));
    if (written) {
      EXPECT_EQ(code_of(delivery.place(parse_file_name("1.x"))), ErrorCode::no_space);
    } else {
      EXPECT_EQ(code_of(written), ErrorCode::no_space);
    }
    EXPECT_THAT(disk().files(), IsEmpty());
    EXPECT_EQ(delivery.count(), 0U);
  }
}

TEST_F(DeliveryTest, SyncsEachFileOfASmallBatchAndEachDirectoryOnce) {
  Delivery delivery;
  for (int i = 0; i < 5; ++i) deliver(delivery, i % 2 == 0 ? a_ : b_, std::to_string(i) + ":2,S");
  deliver(delivery, a_, "new one");
  EXPECT_EQ(delivery.count(), 6U);
  EXPECT_EQ(delivery.octets(), 6 * kWire.size());
  int files = 0;
  const int directories = count(DiskOp::sync_directory, [&] {
    disk().before = [&, counted = disk().before](DiskOp op, std::string_view name) {
      if (op == DiskOp::sync_file) ++files;
      EXPECT_TRUE(op != DiskOp::sync_directory || files == 6) << "contents come first";
      return counted(op, name);
    };
    must(delivery.flush());
  });
  EXPECT_EQ(files, 6);
  EXPECT_EQ(directories, 3);
  EXPECT_EQ(delivery.count(), 0U);
}

TEST_F(DeliveryTest, SyncsEachFileSystemOnceForALargeBatch) {
  disk().make_directories("mail/Other");
  MemoryDisk& second = machine_.mount("/mail/Other");
  second.make_maildir("");
  MailboxDirs other = open("Other");
  Delivery delivery({.syncfs_files_min = 4});
  for (int i = 0; i < 6; ++i) {
    deliver(delivery, i == 5 ? other : i % 2 == 0 ? a_ : b_, std::to_string(i) + ":2,S");
  }
  int other_synced = 0;
  second.before = [&](DiskOp op, std::string_view) {
    if (op == DiskOp::sync_all) ++other_synced;
    return Status();
  };
  EXPECT_EQ(count(DiskOp::sync_all, [&] { must(delivery.flush()); }), 1);
  EXPECT_EQ(other_synced, 1);
}

TEST_F(DeliveryTest, SyncsFileByFileOnceASyncfsTookTooLong) {
  std::chrono::nanoseconds time{};
  Delivery delivery({.syncfs_files_min = 2, .now = [&] { return time; }});
  const auto syncs_of = [&](DiskOp op) {
    deliver(delivery, a_, "1-" + std::to_string(time.count()));
    deliver(delivery, a_, "2-" + std::to_string(time.count()));
    int counted = 0;
    disk().before = [&](DiskOp now, std::string_view) {
      if (now == op) ++counted;
      if (now == DiskOp::sync_all) time += std::chrono::milliseconds(time.count() == 0 ? 200 : 900);
      return Status();
    };
    must(delivery.flush());
    disk().before = nullptr;
    return counted;
  };
  EXPECT_EQ(syncs_of(DiskOp::sync_all), 1) << "200 ms are no reason";
  EXPECT_EQ(syncs_of(DiskOp::sync_all), 1) << "900 ms are one";
  EXPECT_EQ(syncs_of(DiskOp::sync_file), 2);
}

TEST_F(DeliveryTest, SyncsNothingWhereItIsToldNotTo) {
  Delivery delivery({.fsync = false});
  deliver(delivery, a_, "1.x");
  for (const DiskOp op : {DiskOp::sync_file, DiskOp::sync_directory, DiskOp::sync_all}) {
    EXPECT_EQ(count(op, [&] { must(delivery.flush()); }), 0);
  }
}

TEST_F(DeliveryTest, HoldsFewFilesOpenWithoutSyncfs) {
  Delivery delivery({.syncfs_files_min = 0});
  const int synced_early = count(DiskOp::sync_file, [&] {
    for (int i = 0; i < 300; ++i) deliver(delivery, a_, std::to_string(i) + ":2,S");
  });
  EXPECT_GE(synced_early, 128);
  EXPECT_EQ(synced_early + count(DiskOp::sync_file, [&] { must(delivery.flush()); }), 300);
}

// A large message comes in pieces, and the barrier of the small ones before it may fall between
// two.
TEST_F(DeliveryTest, ABarrierLeavesAMessageInTheMiddleAlone) {
  for (const bool fails : {false, true}) {
    Delivery delivery;
    const std::string name = fails ? "fails" : "works";
    deliver(delivery, a_, "small-" + name);
    delivery.begin(a_, "large", 0);
    must(delivery.write(kWire.substr(0, 10)));
    disk().before = [&](DiskOp op, std::string_view) {
      const bool broken = fails && op == DiskOp::sync_file;
      return broken ? Status(fail(ErrorCode::no_space, "ENOSPC")) : Status();
    };
    EXPECT_EQ(delivery.flush().has_value(), !fails);
    disk().before = nullptr;
    must(delivery.write(kWire.substr(10)));
    EXPECT_EQ(must(delivery.place(parse_file_name(name))).wire_octets, kWire.size());
    EXPECT_EQ(disk().read("mail/A/new/" + name), kFile);
    must(delivery.flush());
  }
}

TEST_F(DeliveryTest, AFailedBarrierIsAFailedBatch) {
  for (const DiskOp failing : {DiskOp::sync_file, DiskOp::sync_directory}) {
    Delivery delivery;
    deliver(delivery, a_, "x" + std::to_string(static_cast<int>(failing)));
    disk().before = [&](DiskOp op, std::string_view) {
      return op == failing ? Status(fail(ErrorCode::no_space, "ENOSPC")) : Status();
    };
    EXPECT_EQ(code_of(delivery.flush()), ErrorCode::no_space);
    disk().before = nullptr;
    EXPECT_EQ(delivery.count(), 0U);
    must(delivery.flush());
  }
}

// A descriptor tells its error once, and this one was asked before the barrier.
TEST_F(DeliveryTest, WhatFailedBeforeTheBarrierFailsIt) {
  Delivery delivery({.syncfs_files_min = 0});
  int synced = 0;
  disk().before = [&](DiskOp op, std::string_view) {
    const bool broken = op == DiskOp::sync_file && ++synced == 5;
    return broken ? Status(fail(ErrorCode::io, "EIO")) : Status();
  };
  for (int i = 0; i < 130; ++i) deliver(delivery, a_, std::to_string(i) + ":2,S");
  EXPECT_GE(synced, 5);
  EXPECT_EQ(code_of(delivery.flush()), ErrorCode::io);
  deliver(delivery, a_, "next:2,S");
  must(delivery.flush());
  disk().before = nullptr;
}

// The promise itself: after flush() every message is there and whole, whatever the disk forgets.
TEST_F(DeliveryTest, WhatWasFlushedSurvivesALostPower) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    for (const std::size_t syncfs_min : {std::size_t{0}, std::size_t{3}}) {
      disk().sync_all();
      Delivery delivery({.syncfs_files_min = syncfs_min});
      const std::string prefix = std::to_string(seed) + "-" + std::to_string(syncfs_min) + "-";
      for (int i = 0; i < 4; ++i) {
        deliver(delivery, i % 2 == 0 ? a_ : b_, prefix + std::to_string(i) + (i > 1 ? ":2,S" : ""));
      }
      must(delivery.flush());
      deliver(delivery, a_, prefix + "unflushed");
      machine_.lose_power(seed);
      root_ = must(machine_.open_root("/mail", false));
      for (int i = 0; i < 4; ++i) {
        const std::string path = std::string("mail/") + (i % 2 == 0 ? "A/" : "B/") +
                                 (i > 1 ? "cur/" : "new/") + prefix + std::to_string(i) +
                                 (i > 1 ? ":2,S" : "");
        ASSERT_TRUE(disk().exists(path)) << seed;
        ASSERT_EQ(disk().read(path), kFile) << seed;
        ASSERT_EQ(disk().stat(path).mtime_ns, kMtime) << seed;
      }
      delivery.abandon();
      a_ = open("A");
      b_ = open("B");
    }
  }
}

// And why the barrier is needed: without it the same storms do damage.
TEST_F(DeliveryTest, WhatWasNotFlushedMayBeLostOrWrecked) {
  int missing = 0;
  int wrecked = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    disk().sync_all();
    Delivery delivery;
    const std::string name = std::to_string(seed);
    deliver(delivery, a_, name);
    machine_.lose_power(seed);
    root_ = must(machine_.open_root("/mail", false));
    const std::string path = "mail/A/new/" + name;
    if (!disk().exists(path)) {
      ++missing;
    } else if (disk().read(path) != kFile) {
      ++wrecked;
    }
    delivery.abandon();
    a_ = open("A");
  }
  EXPECT_GT(missing, 0);
  EXPECT_GT(wrecked, 0);
}

}  // namespace
}  // namespace sterna::maildir
