// SPDX-License-Identifier: Apache-2.0
#include "sterna/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>

namespace sterna {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

class LogTest : public ::testing::Test {
 protected:
  // As on a terminal, wherever the tests run.
  static void SetUpTestSuite() { ::unsetenv("JOURNAL_STREAM"); }
  ~LogTest() override { set_log_level(LogLevel::warn); }

  // What goes to stderr meanwhile.
  template <class Deed>
  static std::string said(const Deed& deed) {
    ::testing::internal::CaptureStderr();
    deed();
    return ::testing::internal::GetCapturedStderr();
  }
};

TEST_F(LogTest, SaysWarningsAndErrorsUnlessToldOtherwise) {
  const Log log;
  const auto say_all = [&log] {
    log.trace("one");
    log.debug("two");
    log.info("three");
    log.warn("four");
    log.error("five");
  };
  const auto lines = [](const std::string& text) { return std::ranges::count(text, '\n'); };
  const std::string usual = said(say_all);
  EXPECT_EQ(lines(usual), 2);
  EXPECT_THAT(usual, HasSubstr("four\n"));
  EXPECT_THAT(usual, EndsWith("five\n"));
  set_log_level(LogLevel::trace);
  EXPECT_EQ(lines(said(say_all)), 5);
  set_log_level(LogLevel::error);
  EXPECT_EQ(lines(said(say_all)), 1);
  set_log_level(LogLevel::off);
  EXPECT_EQ(said(say_all), "");
}

TEST_F(LogTest, PutsItsContextInFront) {
  const Log account = Log().with("account", "work");
  const Log mailbox = account.with("mailbox", "INBOX");
  EXPECT_THAT(said([&] { mailbox.warn("{} of {}", 1, 2); }),
              EndsWith(" account=work mailbox=INBOX 1 of 2\n"));
  EXPECT_THAT(said([&] { account.warn("x"); }), EndsWith(" account=work x\n"));
}

TEST_F(LogTest, MakesForeignTextOneHarmlessLine) {
  const Log log = Log().with("mailbox", "a\nb");
  const std::string line = said([&] { log.warn("{}", "x\r\n<3>forged \x1b[2J {}\u202e"); });
  EXPECT_EQ(std::ranges::count(line, '\n'), 1);
  EXPECT_THAT(line, EndsWith("mailbox=a\\x0ab x\\x0d\\x0a<3>forged \\x1b[2J {}\\xe2\\x80\\xae\n"));
}

TEST_F(LogTest, KeepsItsLinesShort) {
  const std::string line = said([] { Log().warn("{}", std::string(1'000'000, 'x')); });
  EXPECT_LT(line.size(), 5000U);
  EXPECT_THAT(line, EndsWith("xxx...\n"));
  EXPECT_THAT(said([] { Log().warn("{}", std::string(3000, 'x')); }), Not(HasSubstr("...")));
}

}  // namespace
}  // namespace sterna
