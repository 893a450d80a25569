// SPDX-License-Identifier: Apache-2.0
#include "sterna/net/command.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core.h"
#include "descriptor.h"
#include "pipe.h"
#include "process.h"
#include "sterna/base/bytes.h"
#include "sterna/base/secret.h"
#include "sterna/coro/scope.h"
#include "sterna/io/deadline.h"

namespace sterna::net {
namespace {

constexpr std::size_t kComplaintMax = 2048;
// More than a full pipe; someone who never stops writing does not keep us.
constexpr int kChunksAtOnce = 64;

// What one of the child's streams has given so far, up to a bound; the rest is read and dropped.
struct Capture {
  Capture(Loop::Core& core, UniqueFd fd, std::size_t max) : pipe(core, std::move(fd)), limit(max) {}
  ~Capture() { wipe(text); }

  // Takes what is there, within reason; false at the end.
  bool take() {
    std::array<char, 4096> chunk;
    for (int i = 0; i < kChunksAtOnce; ++i) {
      const ssize_t count = ::read(pipe.fd(), chunk.data(), chunk.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return errno == EAGAIN;
      if (count == 0) return false;
      const std::size_t room = limit - text.size();
      const auto given = static_cast<std::size_t>(count);
      overflowed = overflowed || given > room;
      text.append(chunk.data(), std::min(given, room));
    }
    return true;
  }

  Descriptor pipe;
  std::size_t limit;
  std::string text;
  bool overflowed = false;
};

coro::Task<void> collect(Capture& capture) {
  while (capture.take()) {
    Status ready = co_await capture.pipe.wait(Direction::read);
    if (!ready) co_return;
  }
}

// Of what is wanted no more than the limit: a program that goes on is ended there.
coro::Task<void> collect_bounded(Capture& capture, Process& process) {
  while (capture.take()) {
    if (capture.overflowed) {
      process.kill_group(SIGKILL);
      co_return;
    }
    Status ready = co_await capture.pipe.wait(Direction::read);
    if (!ready) co_return;
  }
}

coro::Task<Status> wait_for_end(Process& process) {
  co_return co_await process.ended().wait();
}

Error failed(const std::string& program, std::string_view how) {
  return Error(ErrorCode::secret, fmt::format("{} {}", printable(program), how));
}

Status judge(const std::string& program, const Process& process, const Capture& output,
             const Capture& complaint) {
  std::string said(trim(complaint.text));
  if (!said.empty()) said = ": " + printable(said);
  if (output.overflowed)
    return fail(failed(program, fmt::format("printed more than {} octets", output.limit)));
  if (process.exit_signal() != 0)
    return fail(
        failed(program, fmt::format("was ended by signal {}{}", process.exit_signal(), said)));
  if (process.exit_status() != 0)
    return fail(
        failed(program, fmt::format("ended with status {}{}", process.exit_status(), said)));
  return {};
}

}  // namespace

coro::Task<Result<std::string>> run_command(Loop& loop, std::vector<std::string> argv,
                                            std::chrono::milliseconds deadline) {
  const std::string program = argv.front();
  Loop::Core& core = loop.core();
  STERNA_CO_TRY(Pipe out, make_pipe());
  STERNA_CO_TRY(Pipe err, make_pipe());
  Process::Stdio stdio{.in = -1, .out = out.theirs.get(), .err = err.theirs.get()};
  Result<std::unique_ptr<Process>> started = Process::start(core, std::move(argv), stdio);
  if (!started) co_return fail(Error(ErrorCode::secret, "cannot run " + started.error().message()));
  Process& process = **started;
  out.theirs.reset();
  err.theirs.reset();

  Capture output(core, std::move(out.ours), kCommandOutputMax);
  Capture complaint(core, std::move(err.ours), kComplaintMax);
  coro::Scope captures = co_await coro::make_scope();
  captures.spawn(collect_bounded(output, process));
  captures.spawn(collect(complaint));
  Status status = co_await io::with_deadline<void>(loop.clock(), deadline, wait_for_end(process),
                                                   printable(program) + " did not end");
  if (!status) {
    process.kill_group(SIGKILL);
    static_cast<void>(co_await process.ended().wait_regardless());
  }
  // A grandchild may keep the pipes open for ever; what the child wrote is there by now.
  co_await captures.close();
  output.take();
  complaint.take();
  if (!status) co_return fail(std::move(status).error());
  STERNA_CO_CHECK(judge(program, process, output, complaint));
  co_return std::move(output.text);
}

}  // namespace sterna::net
