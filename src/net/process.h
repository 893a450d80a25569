// SPDX-License-Identifier: Apache-2.0
// Process: a child in a session and process group of its own.
#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core.h"
#include "sterna/base/result.h"
#include "sterna/coro/sync.h"
#include "sterna/io/transport.h"
#include "stream.h"

namespace sterna::net {

class Process {
 public:
  // Descriptors of ours that become the child's 0, 1 and 2; -1 gives it /dev/null.
  struct Stdio {
    int in = -1;
    int out = -1;
    int err = -1;
  };

  // argv[0] is looked for in PATH. Without an environment ("NAME=value"), ours. The errors are
  // those of fork and exec.
  static Result<std::unique_ptr<Process>> start(Loop::Core& core, std::vector<std::string> argv,
                                                Stdio stdio,
                                                std::vector<std::string>* environment = nullptr);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  // One that still runs is asked to end (SIGTERM to its group), and the loop reaps it.
  ~Process();

  // Set when the child has ended and was reaped.
  coro::Event& ended() { return ended_; }
  std::int64_t exit_status() const { return exit_status_; }
  int exit_signal() const { return exit_signal_; }  // 0 if it ended by itself

  void kill_group(int number);
  // SIGKILL to what is left of its group; at once after its end. While anybody is in the group, no
  // new process gets its number, and if nobody is, numbers have to go round first.
  void kill_left_behind();

 private:
  struct Handle {
    uv_process_t process;
    Process* owner;
  };
  friend void abandon_process(uv_handle_t* handle);

  Process() = default;
  static void on_exit(uv_process_t* process, std::int64_t status, int signal);
  static void free_handle(uv_handle_t* handle);

  Handle* handle_ = nullptr;  // until the child has ended
  int pid_ = 0;
  coro::Event ended_;
  std::int64_t exit_status_ = 0;
  int exit_signal_ = 0;
};

// Kills a child that nobody owns any more and lets go of it, at the end of the loop.
void abandon_process(uv_handle_t* handle);

// A stream to the standard input and output of endpoint.tunnel, which lives as long as the stream.
Result<std::unique_ptr<io::Transport>> open_tunnel(Loop::Core& core, const io::Endpoint& endpoint,
                                                   TlsContexts contexts);

}  // namespace sterna::net
