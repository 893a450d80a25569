// SPDX-License-Identifier: Apache-2.0
#include "process.h"

#include <signal.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "pipe.h"
#include "remarks.h"
#include "sterna/base/assert.h"

namespace sterna::net {
namespace {

uv_stdio_container_t container(int fd) {
  uv_stdio_container_t stdio{};
  stdio.flags = fd < 0 ? UV_IGNORE : UV_INHERIT_FD;
  stdio.data.fd = fd;
  return stdio;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

class Tunnel : public Stream {
 public:
  Tunnel(Loop::Core& core, UniqueFd fd, std::string host, TlsContexts contexts,
         std::unique_ptr<Process> process, UniqueFd remarks)
      : Stream(core, std::make_unique<Descriptor>(core, std::move(fd)), std::move(host),
               std::move(contexts)),
        process_(std::move(process)),
        remarks_(core, std::move(remarks)) {}

  std::string take_remarks() override { return remarks_.take(); }

 private:
  std::unique_ptr<Process> process_;
  Remarks remarks_;
};

}  // namespace

Result<std::unique_ptr<Process>> Process::start(Loop::Core& core, std::vector<std::string> argv,
                                                Stdio stdio,
                                                std::vector<std::string>* environment) {
  STERNA_ASSERT(!argv.empty());
  std::vector<char*> arguments = pointers(argv);
  std::vector<char*> variables;
  std::array containers = {container(stdio.in), container(stdio.out), container(stdio.err)};
  uv_process_options_t options{};
  options.exit_cb = on_exit;
  options.file = arguments.front();
  options.args = arguments.data();
  if (environment) {
    variables = pointers(*environment);
    options.env = variables.data();
  }
  options.flags = UV_PROCESS_DETACHED;  // setsid
  options.stdio = containers.data();
  options.stdio_count = static_cast<int>(containers.size());

  std::unique_ptr<Process> process(new Process);
  process->handle_ = new Handle{.process = {}, .owner = process.get()};
  process->handle_->process.data = process->handle_;
  const int started = uv_spawn(core.uv(), &process->handle_->process, &options);
  if (started == 0) {
    process->pid_ = process->handle_->process.pid;
    return process;
  }
  // libuv has initialized the handle all the same.
  uv_close(reinterpret_cast<uv_handle_t*>(&process->handle_->process), free_handle);
  process->handle_ = nullptr;
  return fail(Error::from_errno(-started, argv.front()));
}

Process::~Process() {
  if (!handle_) return;
  kill_group(SIGTERM);
  handle_->owner = nullptr;
}

void Process::kill_group(int number) {
  if (handle_) ::kill(-handle_->process.pid, number);
}

void Process::kill_left_behind() {
  STERNA_ASSERT(ended_.is_set());
  ::kill(-pid_, SIGKILL);
}

void Process::on_exit(uv_process_t* process, std::int64_t status, int signal) {
  auto* handle = static_cast<Handle*>(process->data);
  if (Process* owner = handle->owner) {
    owner->exit_status_ = status;
    owner->exit_signal_ = signal;
    owner->handle_ = nullptr;
    owner->ended_.set();
  }
  uv_close(reinterpret_cast<uv_handle_t*>(process), free_handle);
}

void Process::free_handle(uv_handle_t* handle) {
  delete static_cast<Handle*>(handle->data);
}

void abandon_process(uv_handle_t* handle) {
  auto* process = reinterpret_cast<uv_process_t*>(handle);
  STERNA_ASSERT(static_cast<Process::Handle*>(handle->data)->owner == nullptr);
  ::kill(-process->pid, SIGKILL);
  uv_close(handle, Process::free_handle);
}

Result<std::unique_ptr<io::Transport>> open_tunnel(Loop::Core& core, const io::Endpoint& endpoint,
                                                   TlsContexts contexts) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return fail(Error::from_errno(errno, "socketpair"));
  UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  STERNA_TRY(Pipe remarks, make_pipe());
  Process::Stdio stdio{.in = theirs.get(), .out = theirs.get(), .err = remarks.theirs.get()};
  auto process = Process::start(core, endpoint.tunnel, stdio);
  if (!process) {
    return fail(Error(ErrorCode::connect, "cannot run " + process.error().message())
                    .with_disposition(Disposition::needs_user)
                    .with_hint("check `tunnel`; a program that is not in PATH needs its path"));
  }
  return std::make_unique<Tunnel>(core, std::move(ours), endpoint.host, std::move(contexts),
                                  std::move(*process), std::move(remarks.ours));
}

}  // namespace sterna::net
