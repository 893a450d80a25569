// SPDX-License-Identifier: Apache-2.0
#include "late_flush.h"

#include <utility>

#include "engine.h"

namespace sterna::account {

void LateFlush::begin(std::unique_ptr<io::Directory> directory) {
  flushes_.spawn(flush(std::move(directory)));
}

coro::Task<void> LateFlush::flush(std::unique_ptr<io::Directory> directory) {
  Status flushed = co_await on_worker(services_, [&] { return directory->sync_file_system(); });
  if (!flushed && outcome_) outcome_ = std::move(flushed);
}

coro::Task<Status> LateFlush::end() {
  co_await flushes_.join();
  co_return outcome_;
}

coro::Task<Status> end_late_flush(Engine& engine) {
  if (!engine.late_flush) co_return Status{};
  Status flushed = co_await engine.late_flush->end();
  if (!flushed) {
    engine.note(Error(flushed.error()).with_context("what is new here"));
    engine.flushes_singly = engine.again = true;
  }
  co_return flushed;
}

}  // namespace sterna::account
