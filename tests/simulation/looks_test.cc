// SPDX-License-Identifier: Apache-2.0
// Many mailboxes that changed, looked at in a row (src/account/glance.cc): what it costs in round
// trips, and that nothing is believed of a mailbox but what was told of it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "stage.h"

namespace sterna::simulation {
namespace {

constexpr int kMailboxes = 40;

class Looks : public Stage {
 protected:
  Looks() {
    server.before_command = [this, other = server.before_command](const std::string& line) {
      other(line);
      if (line.contains("UID SEARCH")) listed_.insert(clock_.monotonic());
      if (!line.contains("FETCH 1:") || !line.contains("(UID FLAGS")) return;
      ++asked_;
      moments_.insert(clock_.monotonic());
    };
  }

  static std::string box(int number) { return fmt::format("b{:02}", number); }
  static std::string selecting(int number) { return fmt::format("SELECT \"b{:02}\"", number); }

  // Mailboxes with a message each that both sides have.
  account::AccountReport fill() {
    for (int i = 0; i < kMailboxes; ++i) {
      if (server.create(box(i))) arrives(box(i), box(i));
    }
    account::AccountReport report = run();
    asked_ = 0;
    moments_.clear();
    return report;
  }
  void flag(int number, Flag flag = Flag::flagged) {
    server.find(box(number))->set_flags(1, FlagSet{flag});
  }
  void flag_all() {
    for (int i = 0; i < kMailboxes; ++i) flag(i);
  }
  // "b07 :F", or more lines where it has other files than its one.
  std::string files_of(int number) const {
    std::string found;
    for (const std::string part : {"new", "cur"}) {
      for (const std::string& name : disk.names("mail/" + box(number) + "/" + part)) {
        const std::string path = "mail/" + box(number) + "/" + part + "/" + name;
        found += token_of(disk.read(path)) + " " + letters_of(path);
      }
    }
    return found;
  }
  // How often the flags of a mailbox were asked for, and in how many packets.
  std::size_t asked() const { return asked_; }
  std::size_t packets() const { return moments_.size(); }
  // In how many packets it was asked for all that mailboxes hold.
  std::size_t lists() const { return listed_.size(); }

 private:
  std::size_t asked_ = 0;
  std::set<std::chrono::nanoseconds> moments_;
  std::set<std::chrono::nanoseconds> listed_;
};

// Those without QRESYNC; the first is Gmail's kind.
class LooksWithout : public Looks, public testing::WithParamInterface<const char*> {
 protected:
  LooksWithout() {
    abilities.condstore = GetParam() == std::string("condstore");
    abilities.list_status = abilities.condstore;
  }

  // What a SEARCH behind its SELECT tells is of the mailbox before.
  void believe_nothing_of_a_new_one() {
    server.locked = {box(5)};
    EXPECT_EQ(fill().errors.size(), 1U);
    EXPECT_EQ(files_of(4), box(4) + " ");
    EXPECT_EQ(files_of(5), "");
    EXPECT_EQ(files_of(6), box(6) + " ");
    server.locked.clear();
    sync();
    EXPECT_EQ(files_of(5), box(5) + " ");
  }
};
INSTANTIATE_TEST_SUITE_P(Qresync, LooksWithout, testing::Values("condstore", "plain"),
                         [](const auto& param) { return std::string(param.param); });

TEST_P(LooksWithout, TakeFewRoundTripsForManyMailboxes) {
  fill();
  flag_all();
  sync();
  for (int i = 0; i < kMailboxes; ++i) EXPECT_EQ(files_of(i), box(i) + " :F");
  EXPECT_EQ(asked(), kMailboxes);
  EXPECT_LE(packets(), 8U) << "4, 8, 16 and the rest";
}

TEST_P(LooksWithout, TakeFewRoundTripsForManyMailboxesThatAreNew) {
  fill();
  EXPECT_LE(lists(), 8U) << "4, 8, 16 and the rest";
  for (int i = 0; i < kMailboxes; ++i) EXPECT_EQ(files_of(i), box(i) + " ");
}

TEST_P(LooksWithout, BelieveNothingOfANewMailboxThatCannotBeSelected) {
  believe_nothing_of_a_new_one();
}
TEST_P(LooksWithout, BelieveNothingOfANewMailboxWhereTheOneBeforeStaysSelected) {
  abilities.keeps_selected = true;
  believe_nothing_of_a_new_one();
}

TEST_P(LooksWithout, TakeFewRoundTripsForNewMailboxesAfterACut) {
  for (int i = 0; i < kMailboxes; ++i) {
    if (server.create(box(i))) arrives(box(i), box(i));
  }
  sync_cut_at("UID SEARCH");
  fill();
  EXPECT_LE(lists(), 9U) << "one that was cut; 4, 8, 16 and the rest";
  for (int i = 0; i < kMailboxes; ++i) EXPECT_EQ(files_of(i), box(i) + " ");
}

TEST_P(LooksWithout, FindWhatComesAmidAFirstLook) {
  at_command("UID SEARCH", [this] {
    for (const int i : {0, 1, 2}) arrives(box(i), "late");
  });
  fill();
  for (const int i : {0, 1, 2}) EXPECT_NE(files_of(i).find("late"), std::string::npos) << i;
}

TEST_P(LooksWithout, FindWhatCame) {
  fill();
  for (int i = 0; i < kMailboxes; ++i) arrives(box(i), "late");
  sync();
  for (int i = 0; i < kMailboxes; ++i) EXPECT_NE(files_of(i).find("late"), std::string::npos);
}

TEST_P(LooksWithout, FindWhatIsGone) {
  fill();
  server.find(box(7))->expunge(1);
  flag(8);
  sync();
  EXPECT_EQ(files_of(7), "");
  EXPECT_EQ(files_of(8), box(8) + " :F");
}

TEST_P(LooksWithout, BelieveNothingOfAMailboxThatCannotBeSelected) {
  for (const bool keeps : {false, true}) {
    SCOPED_TRACE(keeps ? "the mailbox before stays selected" : "none is selected");
    abilities.keeps_selected = keeps;
    fill();
    flag(4);
    flag(5, Flag::seen);
    flag(6);
    server.locked = {box(5)};
    const account::AccountReport report = run();
    ASSERT_EQ(report.errors.size(), 1U);
    EXPECT_NE(report.errors.front().describe().find("mailbox " + box(5)), std::string::npos);
    EXPECT_EQ(files_of(4), box(4) + " :F");
    EXPECT_EQ(files_of(5), box(5) + " ");
    EXPECT_EQ(files_of(6), box(6) + " :F");
    server.locked.clear();
    sync();
    EXPECT_EQ(files_of(5), box(5) + " :S");
    for (const int number : {4, 5, 6}) server.find(box(number))->set_flags(1, FlagSet{});
    sync();
  }
}

TEST_P(LooksWithout, EndWithTheLineAndBeginAnew) {
  fill();
  flag_all();
  sync_cut_at(selecting(20));
  EXPECT_EQ(files_of(3), box(3) + " ") << "not before all were looked at";
  sync();
  for (int i = 0; i < kMailboxes; ++i) EXPECT_EQ(files_of(i), box(i) + " :F");
}

TEST_P(LooksWithout, TellWhatWasMadeAnewAmongThem) {
  fill();
  flag_all();
  at_command(selecting(10), [this] { server.renumber(box(11)); });
  sync();
  for (int i = 0; i < kMailboxes; ++i) EXPECT_EQ(files_of(i), box(i) + " :F");
  EXPECT_EQ(messages().size(), static_cast<std::size_t>(kMailboxes));
}

// An EXPUNGE is told where nothing else is asked, and the flags of others are told with it.
TEST_P(LooksWithout, TellWhatGoesAmongThem) {
  fill();
  for (int i = 0; i < kMailboxes; ++i) arrives(box(i), "late");
  run();
  flag_all();
  at_command(selecting(10), [this] {
    server.find(box(10))->expunge(2);
    server.find(box(11))->expunge(2);
  });
  run();
  sync();
  EXPECT_EQ(files_of(10), box(10) + " :F");
  EXPECT_EQ(files_of(11), box(11) + " :F");
  EXPECT_NE(files_of(12).find("late"), std::string::npos);
}

TEST_P(LooksWithout, FindWhatComesToAMailboxThatWasEmptied) {
  fill();
  server.find(box(3))->expunge(1);
  sync();
  sync();
  EXPECT_EQ(files_of(3), "");
  arrives(box(3), "again");
  sync();
  EXPECT_EQ(files_of(3), "again ");
}

// Some servers hang up on who goes on and on.
TEST_F(Looks, StopWhereTheyAreNotUnderstood) {
  abilities.condstore = abilities.list_status = true;
  for (const std::string part : {"CHANGEDSINCE", "(CONDSTORE)"}) {
    SCOPED_TRACE(part);
    fill();
    flag_all();
    server.not_understood = part;
    sync();
    EXPECT_LE(server.complaints.size(), 10U);
    server.not_understood.clear();
    server.complaints.clear();
    for (int i = 0; i < kMailboxes; ++i) {
      EXPECT_EQ(files_of(i), box(i) + " :F");
      server.find(box(i))->set_flags(1, FlagSet{});
    }
    sync();
  }
}

}  // namespace
}  // namespace sterna::simulation
