// SPDX-License-Identifier: Apache-2.0
// Loop: the one thread of logic of a process, and the real world behind the interfaces of io.
//
//   net::prepare_process();
//   net::Loop loop;
//   Status status = loop.run(sync_everything(loop.clock(), loop.dialer(), ...));
//
// A turn of the loop resumes what is ready and then lets the kernel report; no callback resumes
// anything. Transports, timers and jobs are gone when the root task ends, so the destructor can
// close the loop and assert that nothing was left in it. One Loop a thread; all its services are
// for that thread only, except FileSystem, which any thread may use.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "sterna/base/result.h"
#include "sterna/coro/ready_queue.h"
#include "sterna/coro/scope.h"
#include "sterna/coro/task.h"
#include "sterna/io/clock.h"
#include "sterna/io/file_system.h"
#include "sterna/io/random.h"
#include "sterna/io/transport.h"
#include "sterna/io/watcher.h"
#include "sterna/io/worker.h"

namespace sterna::net {

// Once, first thing in main, before any thread: the size of the thread pool, no SIGPIPE, few malloc
// arenas (an arena a thread costs more memory than the threads' own work).
void prepare_process();

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs until the task has ended. One at a time. A task that waits for nothing that the loop knows
  // is a mistake of ours and is asserted.
  template <class T>
  T run(coro::Task<T> task) {
    std::optional<T> result;
    coro::Scope root(ready());
    root.spawn(keep(std::move(task), result));
    drive(root);
    return std::move(*result);
  }
  void run(coro::Task<void> task);

  // Asks the running root task to stop; nothing if none runs.
  void cancel();
  // SIGINT, SIGTERM and, unless it was ignored before, SIGHUP call this, with their number, from
  // the loop, instead of ending the process. Usually it calls cancel().
  void on_signal(std::function<void(int number)> handler);

  coro::ReadyQueue& ready();
  io::Clock& clock();
  io::Worker& worker();
  io::Dialer& dialer();
  io::Random& random();
  io::FileSystem& file_system();
  io::Watcher& watcher();

  // For the other files of this room.
  class Core;
  Core& core() { return *core_; }

 private:
  template <class T>
  static coro::Task<void> keep(coro::Task<T> task, std::optional<T>& result) {
    result.emplace(co_await std::move(task));
  }
  void drive(coro::Scope& root);

  std::unique_ptr<Core> core_;
};

}  // namespace sterna::net
