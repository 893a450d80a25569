// SPDX-License-Identifier: Apache-2.0
// Worker: blocking work, such as whole batches of a FileSystem's calls, on another thread.
#pragma once

#include <functional>

#include "sterna/coro/task.h"

namespace sterna::io {

// The engine awaits it; a job that has begun is never interrupted, so the awaiting task resumes
// only when it is done, cancelled or not.
class Worker {
 public:
  virtual ~Worker() = default;
  virtual coro::Task<void> run(std::function<void()> job) = 0;
};

}  // namespace sterna::io
