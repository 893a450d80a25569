// SPDX-License-Identifier: Apache-2.0
#include "sterna/coro/sync.h"

#include "sterna/base/assert.h"

namespace sterna::coro {

bool Waiter::may_wait(const Context& context) {
  if (policy_ == OnCancel::stop && context.cancel->requested()) cancelled_ = true;
  return !cancelled_;
}

void Waiter::wait_in(List<Waiter>& list, std::coroutine_handle<> handle, const Context& context) {
  handle_ = handle;
  queue_ = context.queue;
  list.push_back(*this);
  if (policy_ == OnCancel::stop) context.cancel->add(*this);
}

void Waiter::wake() {
  STERNA_ASSERT(Link<Waiter>::linked());
  Link<Waiter>::unlink();
  Link<CancelHook>::unlink();
  queue_->push(handle_);
}

void Waiter::on_cancel() {
  cancelled_ = true;
  wake();
}

Status Waiter::outcome() const {
  if (cancelled_) return fail(Error::cancelled());
  return {};
}

Event::~Event() {
  STERNA_ASSERT(waiters_.empty());
}

void Event::set() {
  set_ = true;
  while (Waiter* waiter = waiters_.front()) waiter->wake();
}

Semaphore::~Semaphore() {
  STERNA_ASSERT(waiters_.empty());
}

bool Semaphore::take() {
  if (available_ == 0) return false;
  --available_;
  return true;
}

void Semaphore::release() {
  // The unit passes from hand to hand, so that nobody who comes later can take it in between.
  if (Waiter* waiter = waiters_.front())
    waiter->wake();
  else
    ++available_;
}

}  // namespace sterna::coro
