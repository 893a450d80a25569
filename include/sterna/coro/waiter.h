// SPDX-License-Identifier: Apache-2.0
// Waiter: a coroutine suspended in a leaf; the base of the awaitables in sync.h.
//
// It stands in the list of what it waits for and, unless it waits regardless, hooks to its cancel
// state. Exactly one of wake() and the cancel request takes it out of both and pushes its coroutine
// to the ready queue; whichever came first decides the outcome.
#pragma once

#include <coroutine>
#include <cstdint>

#include "sterna/base/result.h"
#include "sterna/coro/cancel.h"
#include "sterna/coro/task.h"

namespace sterna::coro {

enum class OnCancel : std::uint8_t { stop, go_on };

class Waiter : private CancelHook, public Link<Waiter> {
 public:
  void wake();

 protected:
  explicit Waiter(OnCancel on_cancel = OnCancel::stop) : policy_(on_cancel) {}

  // False, with the outcome decided, if the coroutine was asked to stop: then it must not suspend.
  bool may_wait(const Context& context);
  void wait_in(List<Waiter>& list, std::coroutine_handle<> handle, const Context& context);
  Status outcome() const;

 private:
  void on_cancel() final;

  std::coroutine_handle<> handle_;
  ReadyQueue* queue_ = nullptr;
  OnCancel policy_;
  bool cancelled_ = false;
};

}  // namespace sterna::coro
