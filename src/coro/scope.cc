// SPDX-License-Identifier: Apache-2.0
// A child runs inside a small coroutine that owns the task and frees itself at its end.
#include "sterna/coro/scope.h"

#include "sterna/base/assert.h"

namespace sterna::coro {

struct Scope::Child {
  struct promise_type : PromiseBase {
    Child get_return_object() {
      return Child{std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
  };
  std::coroutine_handle<promise_type> handle;
};

Scope::Scope(ReadyQueue& queue) : queue_(&queue) {
  none_left_.set();
}

Scope::Scope(Context parent) : queue_(parent.queue), cancel_(*parent.cancel) {
  none_left_.set();
}

Scope::~Scope() {
  STERNA_ASSERT(children_ == 0);
}

Scope::Child Scope::supervise(Scope& scope, Task<void> task) {
  {
    // Its frame, with all that it owns, is gone before the scope hears of the end.
    Task<void> body = std::move(task);
    co_await std::move(body);
  }
  if (--scope.children_ == 0) scope.none_left_.set();
}

void Scope::spawn(Task<void> task) {
  Child child = supervise(*this, std::move(task));
  child.handle.promise().set_context(context());
  ++children_;
  none_left_.reset();
  queue_->push(child.handle);
}

Task<void> Scope::join() {
  while (children_ > 0) {
    // The wait is not cancellable, so it has no outcome to look at.
    static_cast<void>(co_await none_left_.wait_regardless());
  }
}

Task<void> Scope::close() {
  cancel();
  co_await join();
}

}  // namespace sterna::coro
