// SPDX-License-Identifier: Apache-2.0
// A server that gives a mailbox another UIDVALIDITY again and again (safety.md, 34).
#include "stage.h"

namespace sterna::simulation {
namespace {

using std::chrono::hours;

class Renumbered : public Stage {
 protected:
  Renumbered() {
    arrives("INBOX", "t1");
    sync();
  }
  void renumbered_and_synced() {
    server.renumber("INBOX");
    sync();
  }
};

TEST_F(Renumbered, ForTheThirdTimeInADayIsLeftAloneUntilThatIsOver) {
  renumbered_and_synced();
  renumbered_and_synced();
  server.renumber("INBOX");
  server.find("INBOX")->set_flags(1, FlagSet{Flag::flagged});
  arrives("INBOX", "t2");
  arrives("m1", "t3");
  disk.unlink(file_of("t1"));
  for (int again = 0; again < 2; ++again) {
    const account::AccountReport report = run();
    ASSERT_EQ(report.errors.size(), 1U);
    const std::string said = report.errors.front().describe();
    EXPECT_TRUE(said.contains("mailbox INBOX") && said.contains("the third time in a day")) << said;
  }
  EXPECT_EQ(files(), (Lines{"m1 t3"})) << "the other mailboxes go on";
  EXPECT_EQ(messages(), (Lines{"INBOX t1 \\Flagged", "INBOX t2", "m1 t3"}));

  static_cast<void>(clock_.run(clock_.sleep(hours(24))));
  sync();
  sync();
  EXPECT_EQ(files(), (Lines{"INBOX t2", "INBOX t1:F", "m1 t3"})) << "paired anew, without loss";
  EXPECT_EQ(messages().size(), 3U);
}

// They overtake those of the base soon, and other messages would count for its rows.
TEST_F(Renumbered, NumbersThatGoBackwardsAreNoneOfThat) {
  for (int i = 2; i <= 5; ++i) arrives("INBOX", "t" + std::to_string(i));
  sync();
  renumbered_and_synced();
  renumbered_and_synced();
  const ServerState before = server;
  arrives("INBOX", "t6");
  sync();
  server = before;
  sync();
  arrives("INBOX", "t7");
  sync();
  EXPECT_NE(file_of("t7"), "") << "it has the number that t6 had";
}

TEST_F(Renumbered, NowAndThenIsPairedAnewEachTime) {
  for (int times = 0; times < 5; ++times) {
    renumbered_and_synced();
    static_cast<void>(clock_.run(clock_.sleep(hours(12))));
  }
  EXPECT_EQ(files(), (Lines{"INBOX t1"}));
  EXPECT_EQ(messages(), (Lines{"INBOX t1"}));
}

}  // namespace
}  // namespace sterna::simulation
