// SPDX-License-Identifier: Apache-2.0
// Surroundings: what happens to the machine that may have cost a connection its other end without
// a word: it slept, or its network changed.
#pragma once

#include <chrono>

#include "sterna/base/result.h"
#include "sterna/coro/task.h"

namespace sterna::io {

struct Disturbance {
  // How long the machine was suspended; zero if it was not.
  std::chrono::nanoseconds slept{0};
  // An address came or went, a link changed its state, or a default route did.
  bool network_changed = false;

  bool empty() const { return slept.count() == 0 && !network_changed; }
};

class Surroundings {
 public:
  virtual ~Surroundings() = default;
  // What happened since the last call: at once if there is something, else when there is. It may
  // tell of more than happened, which costs whoever believes it a probe. Ends early with
  // ErrorCode::cancelled. One coroutine waits at a time.
  virtual coro::Task<Result<Disturbance>> next() = 0;
};

}  // namespace sterna::io
