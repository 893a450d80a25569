// SPDX-License-Identifier: Apache-2.0
// Task<T>: a coroutine that yields one T.
//
// Lazy: it starts when it is awaited, which happens once, or when it is given to a Scope. It
// inherits the ready queue and the cancel state of whoever awaits it. Its frame dies only before
// the start or after the end, never while it is suspended in between (asserted). Await and return
// pass control by symmetric transfer, so a chain or a loop of tasks that are ready at once does not
// grow the stack. Exceptions do not leave a task: one that tries ends the process.
//
// Parameters of coroutines are values, or references to services that outlive the scope; never
// views.
#pragma once

#include <concepts>
#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "sterna/base/assert.h"
#include "sterna/coro/cancel.h"
#include "sterna/coro/ready_queue.h"

namespace sterna::coro {

// What every promise of this house has; leaves read it in await_suspend.
class PromiseBase {
 public:
  const Context& context() const { return context_; }
  void set_context(Context context) { context_ = context; }
  void set_continuation(std::coroutine_handle<> continuation) { continuation_ = continuation; }
  std::coroutine_handle<> continuation() const { return continuation_; }

  std::suspend_always initial_suspend() noexcept { return {}; }
  [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }

 private:
  Context context_;
  std::coroutine_handle<> continuation_;
};

template <class P>
concept AwaitingPromise = std::derived_from<P, PromiseBase>;

namespace detail {

struct ReturnToAwaiting {
  bool await_ready() noexcept { return false; }
  template <AwaitingPromise P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> done) noexcept {
    return done.promise().continuation();
  }
  void await_resume() noexcept {}
};

template <class T>
class TaskPromise : public PromiseBase {
 public:
  auto get_return_object() { return std::coroutine_handle<TaskPromise>::from_promise(*this); }
  ReturnToAwaiting final_suspend() noexcept { return {}; }
  template <class U = T>
    requires std::convertible_to<U&&, T>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T take() { return *std::move(value_); }

 private:
  std::optional<T> value_;
};

template <>
class TaskPromise<void> : public PromiseBase {
 public:
  auto get_return_object() { return std::coroutine_handle<TaskPromise>::from_promise(*this); }
  ReturnToAwaiting final_suspend() noexcept { return {}; }
  void return_void() noexcept {}
  void take() noexcept {}
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
  static_assert(!std::is_reference_v<T>, "a task yields a value");

 public:
  using promise_type = detail::TaskPromise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task(Handle handle) : handle_(handle) {}  // NOLINT: what get_return_object gives becomes a Task
  Task(Task&& other) noexcept
      : handle_(std::exchange(other.handle_, {})), started_(std::exchange(other.started_, false)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (!handle_) return;
    STERNA_ASSERT(!started_ || handle_.done());
    handle_.destroy();
  }

  class [[nodiscard]] Awaiter {
   public:
    Awaiter(Task& task, CancelState* cancel) : task_(task), cancel_(cancel) {}
    bool await_ready() const noexcept { return false; }
    template <AwaitingPromise P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> awaiting) {
      return task_.start(awaiting, awaiting.promise().context(), cancel_);
    }
    T await_resume() { return task_.handle_.promise().take(); }

   private:
    Task& task_;
    CancelState* cancel_;
  };

  // co_await std::move(task), or co_await function(...).
  Awaiter operator co_await() && { return Awaiter(*this, nullptr); }
  // Awaits it under `cancel`, a child of the awaiting coroutine's state, instead of that state
  // itself.
  Awaiter under(CancelState& cancel) && { return Awaiter(*this, &cancel); }

 private:
  std::coroutine_handle<> start(std::coroutine_handle<> awaiting, Context context,
                                CancelState* cancel) {
    STERNA_ASSERT(handle_ && !started_);
    STERNA_ASSERT(context.queue && context.cancel);
    started_ = true;
    if (cancel) context.cancel = cancel;
    handle_.promise().set_context(context);
    handle_.promise().set_continuation(awaiting);
    return handle_;
  }

  Handle handle_;
  bool started_ = false;
};

namespace detail {

// Reads the promise of the awaiting coroutine without suspending it.
class CurrentContext {
 public:
  bool await_ready() const noexcept { return false; }
  template <AwaitingPromise P>
  bool await_suspend(std::coroutine_handle<P> awaiting) noexcept {
    context_ = awaiting.promise().context();
    return false;
  }

 protected:
  Context context_;
};

struct GiveContext : CurrentContext {
  Context await_resume() const noexcept { return context_; }
};

struct GiveCancelled : CurrentContext {
  bool await_resume() const noexcept { return context_.cancel->requested(); }
};

struct Yield {
  bool await_ready() const noexcept { return false; }
  template <AwaitingPromise P>
  void await_suspend(std::coroutine_handle<P> awaiting) {
    awaiting.promise().context().queue->push(awaiting);
  }
  void await_resume() const noexcept {}
};

}  // namespace detail

// co_await current(): the queue and the cancel state of this coroutine. Does not suspend.
inline detail::GiveContext current() {
  return {};
}
// co_await cancelled(): whether this coroutine was asked to stop. Does not suspend.
inline detail::GiveCancelled cancelled() {
  return {};
}
// co_await yield(): lets whatever else is ready go first. Long loops without a real wait use it.
inline detail::Yield yield() {
  return {};
}

}  // namespace sterna::coro
