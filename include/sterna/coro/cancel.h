// SPDX-License-Identifier: Apache-2.0
// Cancellation: a request that goes down a tree of states, and an outcome that comes up as an
// Error.
//
// Each coroutine runs under a CancelState that it has from whoever awaits it. A leaf that suspends
// puts a CancelHook on that state; a request calls the hook once, and the leaf answers by waking
// its coroutine, through the ready queue, with ErrorCode::cancelled. A leaf that begins under a
// requested state does not suspend at all. A request is never taken back.
#pragma once

#include "sterna/coro/link.h"

namespace sterna::coro {

class ReadyQueue;

class CancelHook : public Link<CancelHook> {
 public:
  virtual ~CancelHook() = default;
  // The hook has already left the state. Must not resume a coroutine, destroy a state or request
  // again.
  virtual void on_cancel() = 0;
};

class CancelState : public Link<CancelState> {
 public:
  CancelState() = default;
  // A child: the parent's request reaches it, also one that was made before. It dies before the
  // parent.
  explicit CancelState(CancelState& parent);
  ~CancelState();  // without hooks and children

  void request();
  bool requested() const { return requested_; }

  // Only on a state that is not requested; the hook leaves by itself when it dies or is unlinked.
  void add(CancelHook& hook);

 private:
  bool requested_ = false;
  List<CancelState> children_;
  List<CancelHook> hooks_;
};

// What a coroutine inherits from the one that awaits it.
struct Context {
  ReadyQueue* queue = nullptr;
  CancelState* cancel = nullptr;
};

}  // namespace sterna::coro
