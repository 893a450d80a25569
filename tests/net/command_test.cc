// SPDX-License-Identifier: Apache-2.0
#include "sterna/net/command.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <optional>

#include "sterna/base/unique_fd.h"
#include "sterna/coro/scope.h"
#include "tests/support/temp_dir.h"

namespace sterna::net {
namespace {

using namespace std::chrono_literals;

Result<std::string> run(std::string text, std::chrono::milliseconds deadline = 20s) {
  Loop loop;
  return loop.run(run_command(loop, {"/bin/sh", "-c", std::move(text)}, deadline));
}

TEST(Command, GivesWhatTheProgramPrinted) {
  EXPECT_EQ(run("echo secret; echo more").value(), "secret\nmore\n");
  Loop loop;
  EXPECT_EQ(loop.run(run_command(loop, {"echo", "a b"}, 20s)).value(), "a b\n");
}

TEST(Command, NamesTheProgramAndItsComplaintButNotItsOutput) {
  Result<std::string> failed = run("echo hunter2; echo no such entry >&2; exit 3");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::secret);
  EXPECT_EQ(failed.error().message(), "/bin/sh ended with status 3: no such entry");
}

TEST(Command, NamesTheSignal) {
  Result<std::string> failed = run("kill -9 $$");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::secret);
  EXPECT_EQ(failed.error().message(), "/bin/sh was ended by signal 9");
}

TEST(Command, SaysThatTheProgramIsMissing) {
  Loop loop;
  Result<std::string> failed = loop.run(run_command(loop, {"/nonexistent/pass"}, 20s));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::secret);
  EXPECT_EQ(failed.error().message(), "cannot run /nonexistent/pass: No such file or directory");
}

TEST(Command, HasNothingOnItsInput) {
  EXPECT_EQ(run("cat; echo end").value(), "end\n");
}

TEST(Command, MayPrintTheMostAndNoMore) {
  EXPECT_EQ(run("head -c 65536 /dev/zero").value().size(), 65536u);
  Result<std::string> failed = run("head -c 65537 /dev/zero");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message(), "/bin/sh printed more than 65536 octets");
}

TEST(Command, IsEndedWhereItPrintsTooMuch) {
  const auto began = std::chrono::steady_clock::now();
  Result<std::string> failed = run("yes");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message(), "/bin/sh printed more than 65536 octets");
  EXPECT_LT(std::chrono::steady_clock::now() - began, 4s);
}

TEST(Command, DoesNotBlockOnALongComplaint) {
  EXPECT_EQ(run("head -c 1000000 /dev/zero >&2; echo ok").value(), "ok\n");
}

TEST(Command, DoesNotWaitForAGrandchildThatKeepsThePipe) {
  Result<std::string> output = run("(trap '' HUP; exec sleep 5) & echo now");
  EXPECT_EQ(output.value(), "now\n");
}

TEST(Command, DiesWithItsGroupAtTheDeadline) {
  sterna::test::TempDir directory;
  const std::string file = directory / "pid";
  Result<std::string> late = run("sleep 1000 & echo $! > " + file + "; wait", 300ms);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), ErrorCode::timeout);
  pid_t pid = 0;
  std::ifstream(file) >> pid;
  ASSERT_GT(pid, 0);
  // Readable when the process has ended, whoever reaps it; ESRCH when it is gone already.
  UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process) {
    EXPECT_EQ(errno, ESRCH);
    return;
  }
  pollfd ended{.fd = process.get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&ended, 1, 20'000), 1);
}

coro::Task<void> keep_code(coro::Task<Result<std::string>> task, std::optional<ErrorCode>& code) {
  Result<std::string> outcome = co_await std::move(task);
  if (!outcome) code = outcome.error().code();
}

coro::Task<void> cancel_command(Loop& loop, std::optional<ErrorCode>& code) {
  coro::Scope scope = co_await coro::make_scope();
  scope.spawn(keep_code(run_command(loop, {"sleep", "1000"}, 1h), code));
  static_cast<void>(co_await loop.clock().sleep(10ms));
  co_await scope.close();
}

TEST(Command, DiesWhenCancelled) {
  Loop loop;
  std::optional<ErrorCode> code;
  loop.run(cancel_command(loop, code));
  EXPECT_EQ(code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace sterna::net
