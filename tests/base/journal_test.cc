// SPDX-License-Identifier: Apache-2.0
// Lines for the journal and lines for everybody else. A process decides once, so each case has one
// of its own.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "sterna/base/log.h"

namespace sterna {
namespace {

using ::testing::ExitedWithCode;

constexpr const char* kForTheJournal = "(^|\n)<3>account=work one\n<4>account=work two\n$";
constexpr const char* kForOthers =
    "(^|\n)[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3} error account=work one\n"
    "[0-9-]{10}T[0-9:.]{12} warning account=work two\n$";

// Device and inode of stderr, as systemd.exec(5) has them.
std::string stderr_stream() {
  struct stat stream{};
  EXPECT_EQ(::fstat(STDERR_FILENO, &stream), 0);
  return fmt::format("{}:{}", stream.st_dev, stream.st_ino);
}

[[noreturn]] void say_and_leave() {
  const Log log = Log().with("account", "work");
  log.error("one");
  log.warn("two");
  ::_exit(0);
}

class JournalDeathTest : public ::testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(JournalDeathTest, GetsPrioritiesAndNoTimeWhereItReadsStderr) {
  EXPECT_EXIT(
      {
        ::setenv("JOURNAL_STREAM", stderr_stream().c_str(), 1);
        say_and_leave();
      },
      ExitedWithCode(0), kForTheJournal);
}

TEST_F(JournalDeathTest, GetsNothingSpecialWhereItReadsAnotherStream) {
  for (const std::string_view told : {"1{}", "{}1", "", "0:0", "{}:", "no numbers"}) {
    EXPECT_EXIT(
        {
          ::setenv("JOURNAL_STREAM", fmt::format(fmt::runtime(told), stderr_stream()).c_str(), 1);
          say_and_leave();
        },
        ExitedWithCode(0), kForOthers)
        << told;
  }
}

TEST_F(JournalDeathTest, IsNotThereWithoutTheVariable) {
  EXPECT_EXIT(
      {
        ::unsetenv("JOURNAL_STREAM");
        say_and_leave();
      },
      ExitedWithCode(0), kForOthers);
}

}  // namespace
}  // namespace sterna
