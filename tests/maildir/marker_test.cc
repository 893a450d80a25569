// SPDX-License-Identifier: Apache-2.0
#include "sterna/maildir/marker.h"

#include "world.h"

namespace sterna::maildir {
namespace {

const Marker kMarker{.tree = TreeId{0x0123456789abcdef},
                     .state = StateId{0xfedcba9876543210},
                     .machine = "m4ch1ne",
                     .epoch = 17};

TEST(Marker, ReadsWhatItPrints) {
  EXPECT_EQ(must(parse_marker(print_marker(kMarker))), kMarker);
  Marker nameless = kMarker;
  nameless.machine.clear();
  EXPECT_EQ(must(parse_marker(print_marker(nameless))), nameless);
}

TEST(Marker, TellsPeopleWhatItIs) {
  EXPECT_TRUE(print_marker(kMarker).starts_with("# Sterna's mark"));
}

TEST(Marker, IsReadTolerantly) {
  EXPECT_EQ(must(parse_marker("epoch 17\r\n\r\nmachine   m4ch1ne  \n# comment\nlater 1 2 3\n"
                              "state fedcba9876543210\n  tree 0123456789abcdef\nepoch 17")),
            kMarker);
}

TEST(Marker, IsRefusedWhereItSaysNothingOrTwoThings) {
  const std::string whole = print_marker(kMarker);
  const auto without = [&](std::string_view line) {
    std::string text = whole;
    return text.erase(text.find(line), line.size());
  };
  for (const std::string& text : std::vector<std::string>{
           "", "garbage", std::string(4096, '\0'), without("tree 0123456789abcdef\n"),
           without("state fedcba9876543210\n"), without("epoch 17\n"), whole + "epoch 18\n",
           whole + "tree 0123456789abcdee\n",
           "tree 0000000000000000\nstate fedcba9876543210\nepoch 1\n",
           "tree 0123456789ABCDEF\nstate fedcba9876543210\nepoch 1\n",
           "tree 0123456789abcdef\nstate fedcba9876543210\nepoch -1\n"}) {
    EXPECT_EQ(code_of(parse_marker(text)), ErrorCode::marker) << text;
  }
}

class MarkerOnDiskTest : public MaildirTest {};

TEST_F(MarkerOnDiskTest, MissingIsNotDamaged) {
  EXPECT_EQ(code_of(read_marker(root())), ErrorCode::not_found);
  disk().write("mail/.sterna", "");
  EXPECT_EQ(code_of(read_marker(root())), ErrorCode::marker);
  disk().write("mail/.sterna", std::string(kMarkerOctetsMax + 1, '#'));
  EXPECT_EQ(code_of(read_marker(root())), ErrorCode::marker);
}

TEST_F(MarkerOnDiskTest, IsWhatWasWrittenLast) {
  must(write_marker(root(), kMarker));
  Marker next = kMarker;
  ++next.epoch;
  must(write_marker(root(), next));
  EXPECT_EQ(must(read_marker(root())), next);
  EXPECT_EQ(disk().names("mail"), (std::vector<std::string>{".sterna", "A", "B"}));
}

TEST_F(MarkerOnDiskTest, TellsWhetherCaseMeansNothing) {
  EXPECT_FALSE(must(folds_case(root())));
  must(write_marker(root(), kMarker));
  EXPECT_FALSE(must(folds_case(root())));
  disk().write("mail/.STERNA", "another file");
  EXPECT_FALSE(must(folds_case(root())));
  must(root().unlink_at(".STERNA"));
  disk().link("mail/.sterna", "mail/.STERNA");
  EXPECT_TRUE(must(folds_case(root())));
}

TEST_F(MarkerOnDiskTest, IsDurableWhenItWasWritten) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    disk().sync_all();
    Marker next = kMarker;
    next.epoch = seed;
    must(write_marker(root(), next));
    machine_.lose_power(seed);
    root_ = must(machine_.open_root("/mail", false));
    EXPECT_EQ(must(read_marker(root())), next);
  }
}

TEST_F(MarkerOnDiskTest, StaysWholeWhereTheNextCannotBeWritten) {
  must(write_marker(root(), kMarker));
  disk().capacity_octets = 0;
  EXPECT_EQ(code_of(write_marker(root(), kMarker)), ErrorCode::no_space);
  EXPECT_EQ(must(read_marker(root())), kMarker);
}

}  // namespace
}  // namespace sterna::maildir
