// SPDX-License-Identifier: Apache-2.0
#include "src/account/told_wait.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sterna/account/pause.h"
#include "sterna/imap/told_to_wait.h"
#include "tests/support/temp_dir.h"

namespace sterna::account {
namespace {

constexpr std::int64_t kNow = 1'767'225'600'000;
constexpr std::int64_t kMinuteMs = 60'000;

class ToldWaitTest : public testing::Test {
 protected:
  ToldWaitTest() {
    settings_.name = "work";
    settings_.state_dir = temporary_ / "state/work";
  }
  std::optional<ToldWait> read() {
    auto wait = read_told_wait(settings_);
    EXPECT_TRUE(wait) << wait.error().describe();
    return wait ? *wait : std::nullopt;
  }
  void write_by_hand(const std::string& text) {
    std::filesystem::create_directories(settings_.state_dir);
    std::ofstream(file()) << text;
  }
  std::string content() const {
    std::ifstream in(file());
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string file() const { return settings_.state_dir + "/wait"; }

  test::TempDir temporary_;
  Settings settings_;
};

TEST_F(ToldWaitTest, IsThereFromItsWritingToItsEnd) {
  EXPECT_EQ(read(), std::nullopt);
  EXPECT_TRUE(end_told_wait(settings_)) << "there is none";
  const ToldWait wait{kNow + 5 * kMinuteMs, "Request is throttled"};
  ASSERT_TRUE(write_told_wait(settings_, wait));
  EXPECT_EQ(content(), "1767225900000\nRequest is throttled\n");
  EXPECT_EQ(read(), wait);
  const ToldWait later{kNow + 9 * kMinuteMs, "Too many connections"};
  ASSERT_TRUE(write_told_wait(settings_, later));
  EXPECT_EQ(read(), later);
  ASSERT_TRUE(end_told_wait(settings_));
  EXPECT_EQ(read(), std::nullopt);
}

TEST_F(ToldWaitTest, IsForItsOwnerAlone) {
  ASSERT_TRUE(write_told_wait(settings_, {kNow, "no"}));
  struct stat found{};
  ASSERT_EQ(::stat(file().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0600U);
}

TEST_F(ToldWaitTest, WhatWasSaidIsOneLineThatCanBePrinted) {
  ASSERT_TRUE(write_told_wait(settings_, {kNow, "busy\r\n\x1b[2J" + std::string(5000, 'x')}));
  const auto wait = read();
  ASSERT_TRUE(wait);
  EXPECT_TRUE(wait->said.starts_with("busy\\x0d\\x0a\\x1b[2Jxxx")) << wait->said;
  EXPECT_LE(wait->said.size(), 303U);
  write_by_hand("17\nbusy \x1b[2J\nand more\n");
  EXPECT_EQ(read(), (ToldWait{17, "busy \\x1b[2J"}));
  write_by_hand("17");
  EXPECT_EQ(read(), (ToldWait{17, ""}));
}

TEST_F(ToldWaitTest, WhatHoldsNoTimeIsSaid) {
  for (const char* text : {"", "\n", "soon\nbusy\n", "-5\nbusy\n", "17 18\nbusy\n"}) {
    write_by_hand(text);
    const auto wait = read_told_wait(settings_);
    ASSERT_FALSE(wait) << text;
    EXPECT_TRUE(wait.error().is(ErrorCode::corrupt));
  }
  EXPECT_TRUE(end_told_wait(settings_));
  EXPECT_EQ(read(), std::nullopt);
}

TEST_F(ToldWaitTest, StandsUntilItsTimeUnlessTheClockWasSet) {
  const ToldWait wait{kNow, "busy"};
  EXPECT_FALSE(wait.stands(kNow));
  EXPECT_FALSE(wait.stands(kNow + 1));
  EXPECT_TRUE(wait.stands(kNow - 1));
  EXPECT_TRUE(wait.stands(kNow - 75 * kMinuteMs));
  EXPECT_FALSE(wait.stands(kNow - 75 * kMinuteMs - 1));
  EXPECT_FALSE((ToldWait{INT64_MAX, "busy"}.stands(kNow)));
}

// Whatever the words name, an hour here.
TEST_F(ToldWaitTest, EndsASyncWithWhatIsLeftOfIt) {
  using namespace std::chrono_literals;
  const ToldWait wait{kNow, "bandwidth limits; try again in 58 minutes"};
  for (const auto left : {1000ms, 239'500ms, 3'600'000ms}) {
    const Error error = error_of(wait, settings_, kNow - left.count());
    EXPECT_EQ(imap::told_to_wait(error), std::chrono::ceil<std::chrono::seconds>(left));
    EXPECT_TRUE(error.is(ErrorCode::server_no));
    EXPECT_TRUE(error.message().starts_with("the server asked for time; try again in "));
    EXPECT_EQ(error.scope(), ErrorScope::account);
    EXPECT_EQ(error.disposition(), Disposition::retry);
    EXPECT_TRUE(error.hint().contains("bandwidth limits; try again in 58 minutes"));
    EXPECT_TRUE(error.hint().ends_with("sterna resume work")) << error.hint();
  }
  EXPECT_TRUE(error_of({kNow, ""}, settings_, kNow - 1).hint().ends_with("sterna resume work"));
}

TEST_F(ToldWaitTest, IsReadAsLongAsItStands) {
  const ToldWait wait{kNow, "busy"};
  EXPECT_EQ(read_standing_wait(settings_, kNow - 1).value(), std::nullopt);
  ASSERT_TRUE(write_told_wait(settings_, wait));
  EXPECT_EQ(read_standing_wait(settings_, kNow - 1).value(), wait);
  EXPECT_EQ(read_standing_wait(settings_, kNow).value(), std::nullopt);
  write_by_hand("soon\n");
  EXPECT_FALSE(read_standing_wait(settings_, kNow));
}

TEST_F(ToldWaitTest, OfAnErrorIsWhatAServerAskedFor) {
  const auto bye = [](const char* words) {
    return Error(ErrorCode::disconnected, words).with_scope(ErrorScope::account);
  };
  EXPECT_TRUE(leave_word(settings_, bye("the connection was cut"), kNow));
  EXPECT_EQ(read(), std::nullopt);
  const ToldWait wait{kNow + 10 * kMinuteMs, "maintenance, try again in 10 minutes"};
  EXPECT_TRUE(leave_word(settings_, bye(wait.said.c_str()), kNow));
  EXPECT_EQ(read(), wait);
  EXPECT_TRUE(leave_word(settings_, bye("the connection was cut"), kNow + 1));
  EXPECT_EQ(read(), wait) << "what says nothing ends nothing";
}

TEST_F(ToldWaitTest, EndsWithAPauseByHandAndNotWithoutOne) {
  const ToldWait wait{kNow, "busy"};
  ASSERT_TRUE(write_told_wait(settings_, wait));
  ASSERT_TRUE(write_pause(settings_, Pause{}));
  ASSERT_TRUE(write_pause(settings_, std::nullopt));
  EXPECT_EQ(read(), wait) << "the pause ended by itself";
  ASSERT_TRUE(write_pause(settings_, Pause{}));
  ASSERT_TRUE(end_pause_and_wait(settings_));
  EXPECT_EQ(read(), std::nullopt);
  EXPECT_EQ(read_pause(settings_, kNow).value(), std::nullopt);
  EXPECT_TRUE(end_pause_and_wait(settings_)) << "again";
}

}  // namespace
}  // namespace sterna::account
