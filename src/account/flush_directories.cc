// SPDX-License-Identifier: Apache-2.0
#include "flush_directories.h"

#include "sterna/coro/scope.h"

namespace sterna::account {
namespace {

// The pool has no more threads (net/loop.cc).
constexpr std::size_t kAtOnce = 4;

coro::Task<void> flush(Engine& engine, maildir::TouchedDirectories& part, Status& outcome) {
  auto job = [&part] { return part.sync(); };
  Status flushed = co_await on_worker(engine.services, job);
  if (!flushed) outcome = std::move(flushed);
}

}  // namespace

coro::Task<Status> flush_directories(Engine& engine, maildir::TouchedDirectories& touched) {
  if (!engine.settings.fsync) co_return Status{};
  std::vector<maildir::TouchedDirectories> parts = touched.split(kAtOnce);
  Status outcome;
  coro::Scope scope = co_await coro::make_scope();
  for (std::size_t i = 1; i < parts.size(); ++i) scope.spawn(flush(engine, parts[i], outcome));
  if (!parts.empty()) co_await flush(engine, parts.front(), outcome);
  co_await scope.join();
  co_return outcome;
}

}  // namespace sterna::account
