// SPDX-License-Identifier: Apache-2.0
#include "sterna/net/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <optional>

#include "sterna/base/unique_fd.h"
#include "sterna/coro/scope.h"
#include "tests/support/temp_dir.h"

namespace sterna::net {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kPath = "PATH=/usr/bin:/bin";

struct Outcome {
  Status status;
  std::vector<std::string> lines;
};

Outcome run(std::string text, std::string input = {}, std::chrono::milliseconds deadline = 20s) {
  Loop loop;
  std::vector<std::string> lines;
  Program program{.argv = {"sh", "-c", std::move(text)},
                  .environment = {kPath, "COLOUR=blue"},
                  .input = std::move(input),
                  .deadline = deadline,
                  .on_line = [&](const std::string& line) { lines.push_back(line); }};
  Status status = loop.run(run_program(loop, std::move(program)));
  return {std::move(status), std::move(lines)};
}

TEST(Program, IsToldOnItsInputAndHeardLineByLine) {
  const Outcome ran = run("cat; echo err >&2; printf rest", "a\nb\n");
  EXPECT_TRUE(ran.status);
  EXPECT_THAT(ran.lines, ElementsAre("a", "b", "err", "rest"));
}

TEST(Program, HasTheEnvironmentThatItIsGivenAndNoOther) {
  ASSERT_EQ(::setenv("STERNA_TEST_SECRET", "hunter2", 1), 0);
  const Outcome ran = run("env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= | sort");
  ::unsetenv("STERNA_TEST_SECRET");
  EXPECT_THAT(ran.lines, ElementsAre("COLOUR=blue", kPath));
}

TEST(Program, NeedNotReadItsInput) {
  const Outcome ran = run("echo done", std::string(8'000'000, 'x'));
  EXPECT_TRUE(ran.status);
  EXPECT_THAT(ran.lines, ElementsAre("done"));
}

TEST(Program, ReadsALongInput) {
  EXPECT_THAT(run("wc -c", std::string(3'000'000, 'x')).lines, ElementsAre("3000000"));
}

TEST(Program, ThatFailsIsNamed) {
  EXPECT_EQ(run("exit 3").status.error().message(), "sh ended with status 3");
  EXPECT_EQ(run("kill -9 $$").status.error().message(), "sh was ended by signal 9");
}

TEST(Program, ThatIsMissingIsNamed) {
  Loop loop;
  Status status = loop.run(run_program(loop, {.argv = {"no-such-program"},
                                              .environment = {kPath},
                                              .input = {},
                                              .deadline = 20s,
                                              .on_line = [](const std::string&) {}}));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), ErrorCode::not_found);
  EXPECT_THAT(status.error().message(), HasSubstr("no-such-program"));
}

TEST(Program, SaysOnlySoMuch) {
  const Outcome ran = run("head -c 5000 /dev/zero | tr '\\0' x; echo; seq 100000");
  EXPECT_TRUE(ran.status);
  ASSERT_EQ(ran.lines.size(), kProgramLinesMax + 1);
  EXPECT_EQ(ran.lines[0], std::string(kProgramLineMax, 'x'));
  EXPECT_EQ(ran.lines[1], "1");
  EXPECT_EQ(ran.lines.back(), "(99801 more lines)");
}

TEST(Program, LeavesWhatItStartedInTheBackground) {
  const auto began = std::chrono::steady_clock::now();
  const Outcome ran = run("sleep 5 & echo now");
  EXPECT_TRUE(ran.status);
  EXPECT_THAT(ran.lines, ElementsAre("now"));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 4s);
}

// Waits until the process whose number is in `file` has ended.
bool ends(const std::string& file) {
  pid_t pid = 0;
  std::ifstream(file) >> pid;
  if (pid <= 0) return false;
  UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process) return errno == ESRCH;
  pollfd ended{.fd = process.get(), .events = POLLIN, .revents = 0};
  return ::poll(&ended, 1, 20'000) == 1;
}

TEST(Program, IsAskedToEndAtTheDeadline) {
  const Outcome ran = run("trap 'echo bye; exit 0' TERM; sleep 1000 & wait", "", 300ms);
  ASSERT_FALSE(ran.status);
  EXPECT_EQ(ran.status.error().code(), ErrorCode::timeout);
  EXPECT_EQ(ran.status.error().message(), "sh did not end within 300 ms");
  EXPECT_THAT(ran.lines, ElementsAre("bye"));
}

TEST(Program, IsKilledWhereItDoesNotEnd) {
  const auto began = std::chrono::steady_clock::now();
  const Outcome ran = run("trap '' TERM; while :; do sleep 1000; done", "", 200ms);
  EXPECT_EQ(ran.status.error().code(), ErrorCode::timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 10s);
}

TEST(Program, DiesWithAllThatItStarted) {
  sterna::test::TempDir directory;
  const std::string file = directory / "pid";
  // The child ignores SIGTERM, its parent ends at it.
  const Outcome ran =
      run("(trap '' TERM; while :; do sleep 1000; done) & echo $! > " + file + "; wait", "", 2s);
  EXPECT_EQ(ran.status.error().code(), ErrorCode::timeout);
  EXPECT_TRUE(ends(file));
}

TEST(Program, ThatOnlyMakesNoiseIsEndedAtTheDeadline) {
  const Outcome ran = run("yes", "", 300ms);
  EXPECT_EQ(ran.status.error().code(), ErrorCode::timeout);
  EXPECT_EQ(ran.lines.size(), kProgramLinesMax + 1);
}

coro::Task<void> keep_code(coro::Task<Status> task, std::optional<ErrorCode>& code) {
  Status outcome = co_await std::move(task);
  if (!outcome) code = outcome.error().code();
}

coro::Task<void> cancel_program(Loop& loop, std::optional<ErrorCode>& code, std::string file) {
  coro::Scope scope = co_await coro::make_scope();
  // Renamed, since a redirection makes the file before anything is in it.
  const std::string tell = "echo $$ > " + file + ".new; mv " + file + ".new " + file;
  Program program{.argv = {"sh", "-c", tell + "; exec sleep 1000"},
                  .environment = {kPath},
                  .input = {},
                  .deadline = 1h,
                  .on_line = [](const std::string&) {}};
  scope.spawn(keep_code(run_program(loop, std::move(program)), code));
  while (!std::ifstream(file)) static_cast<void>(co_await loop.clock().sleep(5ms));
  co_await scope.close();
}

TEST(Program, EndsWhenCancelled) {
  sterna::test::TempDir directory;
  Loop loop;
  std::optional<ErrorCode> code;
  loop.run(cancel_program(loop, code, directory / "pid"));
  EXPECT_EQ(code, ErrorCode::cancelled);
  EXPECT_TRUE(ends(directory / "pid"));
}

}  // namespace
}  // namespace sterna::net
