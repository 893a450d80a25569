// SPDX-License-Identifier: Apache-2.0
// A child process that does something to a state directory and reports each step through a pipe, so
// that the test can kill it at a moment that it knows.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <functional>

#include "sterna/base/assert.h"

namespace sterna::store {

class Child {
 public:
  // `body` runs in the child and returns its exit status; an exception is status 1. It must not use
  // GoogleTest's assertions.
  using Report = std::function<void()>;
  explicit Child(const std::function<int(const Report& report)>& body) {
    int ends[2];
    STERNA_ASSERT(::pipe(ends) == 0);
    pid_ = ::fork();
    STERNA_ASSERT(pid_ >= 0);
    if (pid_ == 0) {
      ::close(ends[0]);
      ::_exit(run(body, ends[1]));
    }
    ::close(ends[1]);
    steps_ = ends[0];
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    ::close(steps_);
    if (pid_ > 0) kill();
  }

  // Returns when the child has reported `steps` more steps; false if it ended before.
  bool wait_for(std::size_t steps) {
    char step = 0;
    while (steps > 0 && ::read(steps_, &step, 1) == 1) --steps;
    return steps == 0;
  }

  void kill() {
    ::kill(pid_, SIGKILL);
    static_cast<void>(wait());
  }

  // Its exit status; -1 if a signal ended it.
  int wait() {
    int status = 0;
    STERNA_ASSERT(::waitpid(pid_, &status, 0) == pid_);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  static int run(const std::function<int(const Report&)>& body, int steps) {
    try {
      return body([steps] { STERNA_ASSERT(::write(steps, "x", 1) == 1); });
    } catch (const std::exception& failure) {
      std::fprintf(stderr, "in the child: %s\n", failure.what());
      return 1;
    }
  }

  pid_t pid_ = 0;
  int steps_ = -1;
};

}  // namespace sterna::store
