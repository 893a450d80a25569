// SPDX-License-Identifier: Apache-2.0
#include "sterna/net/program.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "core.h"
#include "descriptor.h"
#include "pipe.h"
#include "process.h"
#include "sterna/base/bytes.h"
#include "sterna/coro/scope.h"
#include "sterna/io/deadline.h"

namespace sterna::net {
namespace {

using namespace std::chrono_literals;

// More than a full pipe; someone who never stops writing does not keep us.
constexpr int kOutputsAtOnce = 64;
// Nothing of what comes now will be told: it may wait.
constexpr std::chrono::milliseconds kPauseOfNoise{20};

// A file without a name that holds `text`, to be read from its start.
Result<UniqueFd> file_with(const std::string& text) {
  UniqueFd file(::memfd_create("sterna-hook", MFD_CLOEXEC));
  if (!file) return fail(Error::from_errno(errno, "memfd_create"));
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t written = ::write(file.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(Error::from_errno(errno, "write what the program shall read"));
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::lseek(file.get(), 0, SEEK_SET) < 0) return fail(Error::from_errno(errno, "lseek"));
  return file;
}

// Octets to lines, within the bounds.
class Lines {
 public:
  explicit Lines(std::function<void(const std::string&)> tell) : tell_(std::move(tell)) {}

  void take(std::string_view octets) {
    for (const char octet : octets) {
      open_ = true;
      if (octet == '\n') {
        end_line();
      } else if (line_.size() < kProgramLineMax) {
        line_ += octet;
      }
    }
  }
  bool full() const { return count_ >= kProgramLinesMax; }
  // What stands without an end is a line, too.
  void finish() {
    if (open_) end_line();
    if (count_ > kProgramLinesMax) tell_(fmt::format("({} more lines)", count_ - kProgramLinesMax));
  }

 private:
  void end_line() {
    if (++count_ <= kProgramLinesMax) tell_(line_);
    line_.clear();
    open_ = false;
  }

  std::function<void(const std::string&)> tell_;
  std::string line_;
  bool open_ = false;
  std::uint64_t count_ = 0;
};

// Takes what is there, within reason; false at the end.
bool take(int fd, Lines& lines) {
  std::array<char, 4096> chunk;
  for (int i = 0; i < kOutputsAtOnce; ++i) {
    const ssize_t count = ::read(fd, chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN;
    if (count == 0) return false;
    lines.take({chunk.data(), static_cast<std::size_t>(count)});
  }
  return true;
}

coro::Task<void> listen(io::Clock& clock, Descriptor& pipe, Lines& lines) {
  while (take(pipe.fd(), lines)) {
    if (lines.full()) {
      Status slept = co_await clock.sleep(kPauseOfNoise);
      if (!slept) co_return;
    }
    Status ready = co_await pipe.wait(Direction::read);
    if (!ready) co_return;
  }
}

coro::Task<Status> wait_for_end(Process& process) {
  co_return co_await process.ended().wait();
}

coro::Task<void> end_group(io::Clock& clock, Process& process) {
  process.kill_group(SIGTERM);
  Status ended = co_await io::with_deadline<void>(clock, kProgramGrace, wait_for_end(process));
  if (!ended) {
    process.kill_group(SIGKILL);
    static_cast<void>(co_await process.ended().wait_regardless());
  }
  process.kill_left_behind();
}

Status judge(const std::string& program, const Process& process) {
  if (process.exit_signal() != 0)
    return fail(ErrorCode::io,
                fmt::format("{} was ended by signal {}", program, process.exit_signal()));
  if (process.exit_status() != 0)
    return fail(ErrorCode::io,
                fmt::format("{} ended with status {}", program, process.exit_status()));
  return {};
}

}  // namespace

coro::Task<Status> run_program(Loop& loop, Program program) {
  const std::string name = printable(program.argv.front());
  Loop::Core& core = loop.core();
  STERNA_CO_TRY(UniqueFd input, file_with(program.input));
  STERNA_CO_TRY(Pipe out, make_pipe());
  Process::Stdio stdio{.in = input.get(), .out = out.theirs.get(), .err = out.theirs.get()};
  Result<std::unique_ptr<Process>> started =
      Process::start(core, std::move(program.argv), stdio, &program.environment);
  if (!started) co_return fail(std::move(started).error());
  Process& process = **started;
  input.reset();
  out.theirs.reset();

  Lines lines(std::move(program.on_line));
  Descriptor pipe(core, std::move(out.ours));
  coro::Scope listening = co_await coro::make_scope();
  listening.spawn(listen(loop.clock(), pipe, lines));
  Status status = co_await io::with_deadline<void>(loop.clock(), program.deadline,
                                                   wait_for_end(process), name + " did not end");
  if (!status) {
    coro::CancelState own;  // its end is waited for, whoever asks us to stop
    co_await end_group(loop.clock(), process).under(own);
  }
  // What was left in the background may keep the pipe open for ever; what the program itself said
  // is there by now.
  co_await listening.close();
  take(pipe.fd(), lines);
  lines.finish();
  if (!status) co_return status;
  co_return judge(name, process);
}

}  // namespace sterna::net
