// SPDX-License-Identifier: Apache-2.0
// LateFlush: many files that programs left here lately become durable while they are read, and the
// plan is made. Nothing is recorded of them before (safety.md, 3).
#pragma once

#include <memory>

#include "sterna/account/settings.h"
#include "sterna/base/result.h"
#include "sterna/coro/scope.h"
#include "sterna/io/file_system.h"

namespace sterna::account {

struct Engine;

class LateFlush {
 public:
  LateFlush(const Services& services, coro::Context context)
      : services_(services), flushes_(context) {}

  // Of the file system that `directory`, a handle of its own, is on.
  void begin(std::unique_ptr<io::Directory> directory);
  // When all that was begun has ended; the first failure. Never cut short.
  coro::Task<Status> end();

 private:
  coro::Task<void> flush(std::unique_ptr<io::Directory> directory);

  Services services_;
  coro::Scope flushes_;
  Status outcome_;
};

// That of this pass. Once one has failed, another pass looks again and flushes file by file: a file
// system tells of a failure once, a file of its own to each who opens it. What cannot be flushed is
// not known then.
coro::Task<Status> end_late_flush(Engine& engine);

}  // namespace sterna::account
