// SPDX-License-Identifier: Apache-2.0
#include "sterna/account/pause.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temp_dir.h"

namespace sterna::account {
namespace {

constexpr std::int64_t kNow = 1'767'225'600'000;

class PauseTest : public testing::Test {
 protected:
  PauseTest() {
    settings_.name = "work";
    settings_.state_dir = temporary_ / "state/work";
  }
  std::optional<Pause> read(std::int64_t now_ms = kNow) {
    auto pause = read_pause(settings_, now_ms);
    EXPECT_TRUE(pause) << pause.error().describe();
    return pause ? *pause : std::nullopt;
  }
  std::string file() const { return settings_.state_dir + "/pause"; }

  test::TempDir temporary_;
  Settings settings_;
};

TEST_F(PauseTest, AnAccountIsNotPausedBeforeSomebodySaysSo) {
  EXPECT_EQ(read(), std::nullopt);
}

TEST_F(PauseTest, LastsUntilItIsResumed) {
  ASSERT_TRUE(write_pause(settings_, Pause{}));
  EXPECT_EQ(read(), Pause{});
  EXPECT_EQ(read(INT64_MAX), Pause{});
  ASSERT_TRUE(write_pause(settings_, std::nullopt));
  EXPECT_EQ(read(), std::nullopt);
  EXPECT_TRUE(write_pause(settings_, std::nullopt)) << "again";
}

TEST_F(PauseTest, LastsUntilItsTime) {
  ASSERT_TRUE(write_pause(settings_, Pause{kNow}));
  EXPECT_EQ(read(kNow - 1), Pause{kNow});
  EXPECT_EQ(read(kNow), std::nullopt);
}

TEST_F(PauseTest, TheLaterDecisionCounts) {
  ASSERT_TRUE(write_pause(settings_, Pause{kNow + 5}));
  ASSERT_TRUE(write_pause(settings_, Pause{kNow + 1}));
  EXPECT_EQ(read(), Pause{kNow + 1});
}

TEST_F(PauseTest, IsForItsOwnerAlone) {
  ASSERT_TRUE(write_pause(settings_, Pause{}));
  struct stat found{};
  ASSERT_EQ(::stat(settings_.state_dir.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0700U);
  ASSERT_EQ(::stat(file().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0600U);
}

TEST_F(PauseTest, WhatHoldsNoTimeIsSaidWithWhatMendsIt) {
  ASSERT_TRUE(write_pause(settings_, Pause{}));
  std::ofstream(file()) << "soon";
  const auto pause = read_pause(settings_, kNow);
  ASSERT_FALSE(pause);
  EXPECT_TRUE(pause.error().is(ErrorCode::corrupt));
  EXPECT_EQ(pause.error().hint(), "sterna resume work");
  EXPECT_TRUE(write_pause(settings_, std::nullopt));
  EXPECT_EQ(read(), std::nullopt);
}

}  // namespace
}  // namespace sterna::account
