// SPDX-License-Identifier: Apache-2.0
// Scope: the owner of coroutines that run beside the one that spawned them.
//
//   coro::Scope scope = co_await coro::make_scope();
//   scope.spawn(watch(...));
//   scope.spawn(fetch(...));
//   co_await scope.join();          // or close(), which asks them to stop first
//
// Nothing outlives its scope: the destructor asserts that every child has ended, so each way out of
// the function passes a join() or close(). The scope's cancel state is a child of the enclosing
// coroutine's, so a request from above reaches the children while join() goes on waiting for them.
#pragma once

#include <cstddef>

#include "sterna/coro/sync.h"
#include "sterna/coro/task.h"

namespace sterna::coro {

class Scope {
 public:
  // A root, for a loop: nobody above it asks it to stop.
  explicit Scope(ReadyQueue& queue);
  // Below the coroutine whose context this is; it dies before that coroutine ends.
  explicit Scope(Context parent);
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope();  // empty

  // The task starts from the ready queue, not inside this call.
  void spawn(Task<void> task);
  // Asks all children to stop, also those spawned later.
  void cancel() { cancel_.request(); }
  // Ends when every child has ended; not interrupted by cancellation.
  Task<void> join();
  // cancel() and join().
  Task<void> close();

  bool empty() const { return children_ == 0; }
  std::size_t size() const { return children_; }
  Context context() { return {queue_, &cancel_}; }

 private:
  ReadyQueue* queue_;
  CancelState cancel_;
  std::size_t children_ = 0;
  Event none_left_;
  struct Child;
  static Child supervise(Scope& scope, Task<void> task);
};

namespace detail {
struct GiveScope : CurrentContext {
  Scope await_resume() const { return Scope(context_); }
};
}  // namespace detail

// co_await make_scope(): a Scope below this coroutine. Does not suspend.
inline detail::GiveScope make_scope() {
  return {};
}

}  // namespace sterna::coro
