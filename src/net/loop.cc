// SPDX-License-Identifier: Apache-2.0
#include "sterna/net/loop.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <string>
#include <thread>

#include "core.h"
#include "process.h"
#include "sterna/base/assert.h"

namespace sterna::net {
namespace {

// The kernel gets its turn after so many resumptions, however many more are ready.
constexpr int kResumptionsPerTurn = 256;

// Handles of the core's own, and children that did not heed their closed pipes; anything else would
// be a transport that outlives its loop.
void close_left_over(uv_handle_t* handle, void*) {
  if (uv_is_closing(handle)) return;
  if (handle->type == UV_PROCESS) {
    abandon_process(handle);
    return;
  }
  STERNA_ASSERT(handle->type == UV_TIMER || handle->type == UV_SIGNAL);
  uv_close(handle, nullptr);
}

// A descriptor that is free below 3 would go to a socket or a database, which what is printed then
// goes to; and libuv ends the process when it is to close one of them.
void fill_standard_streams() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
      // The lowest free number is this one: those below it are in use by now.
      [[maybe_unused]] const int opened = ::open("/dev/null", O_RDWR);
    }
  }
}

}  // namespace

void prepare_process() {
  fill_standard_streams();
  // Before libuv's first job. Two more than have work for the processors: a flush only waits.
  // An explicit setting wins.
  const unsigned threads = std::clamp(std::thread::hardware_concurrency(), 2U, 4U) + 2;
  ::setenv("UV_THREADPOOL_SIZE", std::to_string(threads).c_str(), 0);
  ::signal(SIGPIPE, SIG_IGN);
  ::mallopt(M_ARENA_MAX, 2);
  // Large pieces of bodies go back to the system; left to itself the limit would follow them up.
  ::mallopt(M_MMAP_THRESHOLD, 256 * 1024);
  // A heap that grows by single pages asks the system for each of them.
  ::mallopt(M_TOP_PAD, 256 * 1024);
}

std::chrono::nanoseconds monotonic_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

Loop::Core::Core()
    : clock(make_clock(*this)),
      worker(make_worker(*this)),
      dialer(make_dialer(*this)),
      random(make_random()),
      file_system(make_file_system()),
      watcher(make_watcher(*this)) {
  STERNA_ASSERT(uv_loop_init(&uv_) == 0);
  STERNA_ASSERT(uv_timer_init(&uv_, &timer_) == 0);
  STERNA_ASSERT(uv_signal_init(&uv_, &interrupt_) == 0);
  STERNA_ASSERT(uv_signal_init(&uv_, &terminate_) == 0);
  STERNA_ASSERT(uv_signal_init(&uv_, &hang_up_) == 0);
  interrupt_.data = terminate_.data = hang_up_.data = this;
}

Loop::Core::~Core() {
  STERNA_ASSERT(root_ == nullptr && ready_.empty());
  uv_walk(&uv_, close_left_over, nullptr);
  // Close callbacks run; no request is left, for whoever made one waited for it.
  uv_run(&uv_, UV_RUN_DEFAULT);
  STERNA_ASSERT(uv_loop_close(&uv_) == 0);
}

void Loop::Core::drive(coro::Scope& root) {
  STERNA_ASSERT(root_ == nullptr);
  root_ = &root;
  while (!root.empty()) turn();
  root_ = nullptr;
}

void Loop::Core::turn() {
  for (int i = 0; i < kResumptionsPerTurn && ready_.run_one(); ++i) {
  }
  if (root_->empty()) return;
  arm_timer();
  const bool idle = ready_.empty();
  // Nothing is ready and the kernel has nothing to report: the root would wait for ever.
  STERNA_ASSERT(!idle || uv_loop_alive(&uv_));
  uv_run(&uv_, idle ? UV_RUN_ONCE : UV_RUN_NOWAIT);
  timers_.fire(monotonic_now());
}

void Loop::Core::arm_timer() {
  std::optional<std::chrono::nanoseconds> next = timers_.next();
  if (next == armed_for_) return;
  armed_for_ = next;
  if (!next) {
    uv_timer_stop(&timer_);
    return;
  }
  uv_update_time(&uv_);
  auto wait = std::chrono::ceil<std::chrono::milliseconds>(*next - monotonic_now());
  auto fired = [](uv_timer_t* timer) {
    static_cast<Core*>(timer->data)->armed_for_.reset();
    // uv_run looks at the timers before it waits, too, and would wait for ever after the last one.
    uv_stop(timer->loop);
  };
  timer_.data = this;
  uv_timer_start(&timer_, fired, wait.count() > 0 ? static_cast<std::uint64_t>(wait.count()) : 0,
                 0);
}

void Loop::Core::cancel() {
  if (root_) root_->cancel();
}

void Loop::Core::on_signal(std::function<void(int number)> handler) {
  signal_handler_ = std::move(handler);
  auto received = [](uv_signal_t* signal, int number) {
    static_cast<Core*>(signal->data)->signal_handler_(number);
  };
  STERNA_ASSERT(uv_signal_start(&interrupt_, received, SIGINT) == 0);
  STERNA_ASSERT(uv_signal_start(&terminate_, received, SIGTERM) == 0);
  // The terminal went away; whoever was told to outlive it (nohup) goes on.
  struct sigaction set{};
  const bool heeded = ::sigaction(SIGHUP, nullptr, &set) == 0 && set.sa_handler != SIG_IGN;
  if (heeded) STERNA_ASSERT(uv_signal_start(&hang_up_, received, SIGHUP) == 0);
  // They alone are no reason to go on waiting.
  uv_unref(reinterpret_cast<uv_handle_t*>(&interrupt_));
  uv_unref(reinterpret_cast<uv_handle_t*>(&terminate_));
  uv_unref(reinterpret_cast<uv_handle_t*>(&hang_up_));
}

Loop::Loop() : core_(std::make_unique<Core>()) {}
Loop::~Loop() = default;

void Loop::run(coro::Task<void> task) {
  coro::Scope root(ready());
  root.spawn(std::move(task));
  drive(root);
}

void Loop::drive(coro::Scope& root) {
  core_->drive(root);
}
void Loop::cancel() {
  core_->cancel();
}
void Loop::on_signal(std::function<void(int number)> handler) {
  core_->on_signal(std::move(handler));
}

coro::ReadyQueue& Loop::ready() {
  return core_->ready();
}
io::Clock& Loop::clock() {
  return *core_->clock;
}
io::Worker& Loop::worker() {
  return *core_->worker;
}
io::Dialer& Loop::dialer() {
  return *core_->dialer;
}
io::Random& Loop::random() {
  return *core_->random;
}
io::FileSystem& Loop::file_system() {
  return *core_->file_system;
}
io::Watcher& Loop::watcher() {
  return *core_->watcher;
}

}  // namespace sterna::net
