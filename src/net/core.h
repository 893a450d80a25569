// SPDX-License-Identifier: Apache-2.0
// Loop::Core: the libuv loop, the ready queue and the timers behind a Loop. The other files of the
// room reach libuv through it.
#pragma once

#include <uv.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "sterna/coro/ready_queue.h"
#include "sterna/coro/scope.h"
#include "sterna/coro/timer_queue.h"
#include "sterna/net/loop.h"

namespace sterna::net {

std::unique_ptr<io::Clock> make_clock(Loop::Core& core);
std::unique_ptr<io::Worker> make_worker(Loop::Core& core);
std::unique_ptr<io::Dialer> make_dialer(Loop::Core& core);
std::unique_ptr<io::Random> make_random();
std::unique_ptr<io::FileSystem> make_file_system();
std::unique_ptr<io::Watcher> make_watcher(Loop::Core& core);

// CLOCK_MONOTONIC, the clock of all deadlines.
std::chrono::nanoseconds monotonic_now();

class Loop::Core {
 public:
  Core();
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  uv_loop_t* uv() { return &uv_; }
  coro::ReadyQueue& ready() { return ready_; }
  coro::TimerQueue& timers() { return timers_; }

  void drive(coro::Scope& root);
  void cancel();
  void on_signal(std::function<void(int number)> handler);

  std::unique_ptr<io::Clock> clock;
  std::unique_ptr<io::Worker> worker;
  std::unique_ptr<io::Dialer> dialer;
  std::unique_ptr<io::Random> random;
  std::unique_ptr<io::FileSystem> file_system;
  std::unique_ptr<io::Watcher> watcher;

 private:
  void turn();
  void arm_timer();

  uv_loop_t uv_;
  uv_timer_t timer_;
  uv_signal_t interrupt_;
  uv_signal_t hang_up_;
  uv_signal_t terminate_;
  coro::ReadyQueue ready_;
  coro::TimerQueue timers_;
  std::optional<std::chrono::nanoseconds> armed_for_;
  std::function<void(int)> signal_handler_;
  coro::Scope* root_ = nullptr;
};

}  // namespace sterna::net
