// SPDX-License-Identifier: Apache-2.0
// A test that lacks something is skipped by hand, and fails where nothing may be left out.
#include "tests/support/leave_out.h"

#include <gtest/gtest-spi.h>

#include <cstdlib>
#include <optional>
#include <string>

namespace sterna {
namespace {

void lack_a_tool() {
  STERNA_LEAVE_OUT("no such tool");
}

class LeaveOutTest : public ::testing::Test {
 protected:
  LeaveOutTest() {
    if (const char* all = std::getenv(kVariable)) before_ = all;
  }
  ~LeaveOutTest() override {
    if (before_)
      ::setenv(kVariable, before_->c_str(), 1);
    else
      ::unsetenv(kVariable);
  }

  // The one result of a test that lacks a tool, which is none of this one.
  static ::testing::TestPartResult outcome() {
    ::testing::TestPartResultArray results;
    {
      const ::testing::ScopedFakeTestPartResultReporter reporter(
          ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
      lack_a_tool();
    }
    EXPECT_EQ(results.size(), 1);
    return results.GetTestPartResult(0);
  }

  static constexpr const char* kVariable = "STERNA_NO_SKIP";
  std::optional<std::string> before_;
};

TEST_F(LeaveOutTest, SkipsWhereThatIsAllowed) {
  for (const bool empty : {false, true}) {
    ::unsetenv(kVariable);
    if (empty) ::setenv(kVariable, "", 1);
    EXPECT_TRUE(outcome().skipped());
  }
}

TEST_F(LeaveOutTest, FailsWhereNothingMayBeLeftOut) {
  ::setenv(kVariable, "1", 1);
  const auto result = outcome();
  EXPECT_TRUE(result.fatally_failed());
  EXPECT_NE(std::string(result.message()).find("no such tool"), std::string::npos);
}

}  // namespace
}  // namespace sterna
