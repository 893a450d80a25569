// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sterna/coro/scope.h"
#include "tests/support/virtual_clock.h"

namespace sterna::test {

// Asks what runs there to stop, and lets time pass until it has.
inline void end_scope(coro::Scope& scope, VirtualClock& clock) {
  scope.cancel();
  while (!scope.empty() && clock.step()) {
  }
}

}  // namespace sterna::test
