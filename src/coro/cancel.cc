// SPDX-License-Identifier: Apache-2.0
#include "sterna/coro/cancel.h"

#include "sterna/base/assert.h"

namespace sterna::coro {

CancelState::CancelState(CancelState& parent) : requested_(parent.requested_) {
  parent.children_.push_back(*this);
}

CancelState::~CancelState() {
  STERNA_ASSERT(hooks_.empty() && children_.empty());
}

void CancelState::request() {
  if (requested_) return;
  requested_ = true;
  while (CancelHook* hook = hooks_.pop_front()) hook->on_cancel();
  children_.for_each([](CancelState& child) { child.request(); });
}

void CancelState::add(CancelHook& hook) {
  STERNA_ASSERT(!requested_);
  hooks_.push_back(hook);
}

}  // namespace sterna::coro
