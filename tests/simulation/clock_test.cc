// SPDX-License-Identifier: Apache-2.0
// The machine's clock is set while an account lives: by a person, by NTP, or since a battery is
// empty. What is counted for a while is counted for as long as passes (rule 6).
#include "stage.h"

namespace sterna::simulation {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

class ClockTest : public Stage {
 protected:
  ClockTest() {
    afterwards = minutes(5);
    brake = sync::Brake{.share = 0.3, .at_least = 5};
    for (int i = 0; i < 20; ++i) arrives("INBOX", "t" + std::to_string(i));
    sync();
  }

  // Four of twenty files, below what the brake holds.
  void delete_slice() {
    for (int i = 0; i < 4; ++i, ++deleted_) disk.unlink(file_of("t" + std::to_string(deleted_)));
  }
  std::size_t left_on_server() { return server.find("INBOX")->messages.size(); }

 private:
  int deleted_ = 0;
};

TEST_F(ClockTest, ASecondSliceWithinTheWindowIsHeld) {
  delete_slice();
  sync();
  EXPECT_EQ(left_on_server(), 16U);
  delete_slice();
  EXPECT_EQ(sync().held, 4U);
  EXPECT_EQ(left_on_server(), 16U);
}

TEST_F(ClockTest, ASecondSliceAfterTheWindowGoes) {
  delete_slice();
  sync();
  static_cast<void>(clock_.run(clock_.sleep(hours(1))));
  delete_slice();
  sync();
  EXPECT_EQ(left_on_server(), 12U);
}

TEST_F(ClockTest, AClockThatIsSetForwardEndsNoWindow) {
  delete_slice();
  sync();
  clock_.shift_wall(hours(3));
  sync();  // the one that notices it
  delete_slice();
  EXPECT_EQ(sync().held, 4U);
  clock_.shift_wall(hours(3));
  EXPECT_EQ(sync().held, 4U);
  EXPECT_EQ(left_on_server(), 16U);
}

TEST_F(ClockTest, AClockThatIsSetBackEndsAWindowInTime) {
  delete_slice();
  sync();
  clock_.shift_wall(-hours(24 * 365));
  static_cast<void>(clock_.run(clock_.sleep(hours(1))));
  sync();
  delete_slice();
  sync();
  EXPECT_EQ(left_on_server(), 12U);
}

// What the clock says after a restart is believed for half a window.
TEST_F(ClockTest, AClockThatIsWrongAfterARestartEndsNoWindow) {
  delete_slice();
  sync();
  disk.sync_all();
  machine_.lose_power(1);
  clock_.restart();
  clock_.shift_wall(hours(48));
  delete_slice();
  EXPECT_EQ(sync().held, 4U);
  EXPECT_EQ(left_on_server(), 16U);
}

TEST_F(ClockTest, ATimeOffEndsAWindowOnceTheMachineIsUpAgain) {
  delete_slice();
  sync();
  disk.sync_all();
  static_cast<void>(clock_.run(clock_.sleep(hours(10))));
  machine_.lose_power(1);
  clock_.restart();
  static_cast<void>(clock_.run(clock_.sleep(minutes(1))));
  sync();
  static_cast<void>(clock_.run(clock_.sleep(minutes(30))));
  delete_slice();
  sync();
  EXPECT_EQ(left_on_server(), 12U);
}

// Three looks over a minute, before it is sent again (rule 12).
TEST_F(ClockTest, WhatIsInDoubtIsLookedForOverAMinuteThatPasses) {
  afterwards = std::chrono::milliseconds(1);
  disk.write("mail/m1/cur/new:2,", "Subject: u\nX-Token: u\n\n");
  sync_cut_at("APPEND");
  server.find("m1")->expunge(1);  // as if it had not arrived
  for (int look = 0; look < 4; ++look) {
    clock_.shift_wall(hours(1));
    sync();
    EXPECT_TRUE(server.find("m1")->messages.empty());
  }
  afterwards = minutes(1);
  for (int look = 0; look < 5; ++look) sync();
  EXPECT_EQ(server.find("m1")->messages.size(), 1U);
}

// A file that was written a second ago may go with the power, though its time says otherwise.
TEST_F(ClockTest, WhatLooksOldSinceTheClockWasSetIsFlushed) {
  disk.write("mail/m1/cur/new:2,", "Subject: u\nX-Token: u\n\n");
  clock_.shift_wall(hours(5));
  sync();
  EXPECT_EQ(server.find("m1")->messages.size(), 1U);
  machine_.lose_power(2);
  EXPECT_EQ(disk.read(file_in("m1")), "Subject: u\nX-Token: u\n\n");
}

// Before a first sync nobody noticed that it was set; nor since the machine was started.
TEST_F(Stage, WhatLooksOldInAFirstSyncIsFlushed) {
  disk.write("mail/INBOX/cur/new:2,", "Subject: u\nX-Token: u\n\n");
  clock_.shift_wall(hours(5));
  sync();
  machine_.lose_power(1);
  EXPECT_EQ(disk.read(file_in("INBOX")), "Subject: u\nX-Token: u\n\n");
  clock_.restart();
  disk.write("mail/m1/cur/new:2,", "Subject: v\nX-Token: v\n\n");
  clock_.shift_wall(hours(5));
  sync();
  machine_.lose_power(2);
  EXPECT_EQ(disk.read(file_in("m1")), "Subject: v\nX-Token: v\n\n");
}

// A directory that looks quiet since the clock was set is so after the quiet time.
TEST_F(ClockTest, AQuietTimePassesWhateverTheClockSays) {
  quiet = std::chrono::seconds(1);
  sync();
  delete_slice();
  clock_.shift_wall(hours(5));
  const auto began = clock_.monotonic();
  std::chrono::nanoseconds gone{0};
  server.gone = [&](const std::string&) {
    if (gone == gone.zero()) gone = clock_.monotonic() - began;
  };
  sync();
  EXPECT_EQ(left_on_server(), 16U);
  EXPECT_GE(gone, quiet);
}

// When what failed is tried again goes by the machine's clock, and moves with it: once, however
// many syncs fail until one comes to its end.
class PauseTest : public ClockTest {
 protected:
  PauseTest() {
    const auto base = store::Store::open(state_ / "state", false);
    const auto rows = (*base)->mailboxes();
    auto transaction = (*base)->begin(store::Durability::full);
    EXPECT_TRUE(
        (*base)->put_failure({rows->front().id, Uid{99}, "", "download", 1, now_ms(), "-"}));
    EXPECT_TRUE(transaction->commit());
    began_ms_ = now_ms();
  }

  std::int64_t now_ms() const { return clock_.wall_ns() / 1'000'000; }
  void fails() {
    at_command("LOGIN", [this] { network_->go_down(); });
    EXPECT_FALSE(run().errors.empty());
  }
  minutes moved() const {
    const auto base = store::Store::open(state_ / "state", true);
    const auto failures = (*base)->failures();
    return std::chrono::round<minutes>(milliseconds(failures->at(0).next_try_ms - began_ms_));
  }

  std::int64_t began_ms_ = 0;
};

TEST_F(PauseTest, LastsNoLongerForAClockThatIsSet) {
  for (const hours step : {hours(2), -hours(5)}) {
    clock_.shift_wall(step);
    for (int i = 0; i < 3; ++i) fails();
  }
  EXPECT_EQ(moved(), -hours(3));
  clock_.shift_wall(hours(3));
  fails();
  EXPECT_EQ(moved(), hours(0));
}

// Its battery is empty: until NTP is heard it lives in the past.
TEST_F(PauseTest, LastsNoLongerForAMachineThatBeginsInThePast) {
  disk.sync_all();
  machine_.lose_power(1);
  clock_.restart();
  clock_.shift_wall(-hours(20));
  const minutes passed(5);  // behind the last sync
  for (int i = 0; i < 3; ++i) fails();
  EXPECT_EQ(moved(), passed - hours(20));
  clock_.shift_wall(hours(20));
  fails();
  EXPECT_EQ(moved(), passed);
}

}  // namespace
}  // namespace sterna::simulation
