// SPDX-License-Identifier: Apache-2.0
// Descriptor: an open, non-blocking descriptor of a socket or pipe that coroutines can wait for.
//
// It only waits; whoever uses it reads and writes the descriptor directly, first, and waits when
// the kernel says EAGAIN. One coroutine waits for each direction at a time. Polling goes on while a
// direction is in use, so a busy stream costs no system call to wait; it stops at the first report
// nobody waits for.
#pragma once

#include <uv.h>

#include <array>
#include <cstdint>

#include "core.h"
#include "sterna/base/result.h"
#include "sterna/base/unique_fd.h"
#include "sterna/coro/sync.h"
#include "sterna/coro/task.h"

namespace sterna::net {

enum class Direction : std::uint8_t { read, write };

class Descriptor {
 public:
  Descriptor(Loop::Core& core, UniqueFd fd);
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }

  int fd() const { return fd_.get(); }
  bool closed() const { return poll_ == nullptr; }

  // Until the kernel has something to say in that direction, an error included.
  // ErrorCode::cancelled; ErrorCode::disconnected once closed.
  coro::Task<Status> wait(Direction direction);
  // Waits end with ErrorCode::disconnected. The descriptor is closed at once.
  void close();

 private:
  struct Poll {
    uv_poll_t handle;
    Descriptor* owner;
  };

  coro::Event& event(Direction direction) { return events_[static_cast<std::size_t>(direction)]; }
  void ready(int status, int reported);
  void poll_for(int wanted);

  UniqueFd fd_;
  Poll* poll_;  // freed by its close callback
  int polling_ = 0;
  std::array<coro::Event, 2> events_;
};

}  // namespace sterna::net
