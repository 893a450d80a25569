// SPDX-License-Identifier: Apache-2.0
// Each case is a process of its own, since the order is read once.
#include "sterna/base/step.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <set>

namespace sterna {
namespace {

TEST(Step, EachNameIsThereOnce) {
  const std::set<std::string_view> names(std::begin(kSteps), std::end(kSteps));
  EXPECT_EQ(names.size(), std::size(kSteps));
}

#ifdef STERNA_STEPS

void live(const char* order, int turns) {
  ::setenv("STERNA_DIE_AT", order, 1);
  for (int turn = 0; turn < turns; ++turn) {
    at_step("upload.intended");
    at_step("upload.sent");
  }
  std::_Exit(0);
}

TEST(Step, DiesWhereItIsToldTo) {
  EXPECT_EXIT(live("upload.sent", 1), testing::KilledBySignal(SIGKILL), "dies at upload.sent");
}

TEST(Step, DiesAtTheTurnItIsToldTo) {
  EXPECT_EXIT(live("upload.sent:3", 2), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(live("upload.sent:3", 3), testing::KilledBySignal(SIGKILL), "");
}

TEST(Step, DiesAtAnyStep) {
  EXPECT_EXIT(live("any:4", 2), testing::KilledBySignal(SIGKILL), "dies at upload.sent");
  EXPECT_EXIT(live("any:5", 2), testing::ExitedWithCode(0), "");
}

TEST(Step, LivesOnWhereAnotherStepIsMeant) {
  EXPECT_EXIT(live("upload.recorded", 2), testing::ExitedWithCode(0), "");
}

TEST(Step, AnOrderThatNamesNoStepTestsNothing) {
  for (const char* order : {"upload.snet", "upload.sent:", "upload.sent:0", ""}) {
    EXPECT_EXIT(live(order, 1), testing::KilledBySignal(SIGABRT), "names no step");
  }
}

#else

TEST(Step, NothingIsLeftOfIt) {
  ::setenv("STERNA_DIE_AT", "upload.sent", 1);
  at_step("upload.sent");
}

#endif

}  // namespace
}  // namespace sterna
