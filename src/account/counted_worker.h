// SPDX-License-Identifier: Apache-2.0
// CountedWorker: the worker of one account that lives. It counts the jobs that are done, since they
// are work that goes on, however long all of them take. It has few of them at a time, so that a
// disk that hangs keeps no other account from the threads; and it tells of one that does.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

#include "sterna/coro/cancel.h"
#include "sterna/coro/scope.h"
#include "sterna/coro/sync.h"
#include "sterna/io/clock.h"
#include "sterna/io/worker.h"

namespace sterna::account {

// The worker of a daemon has two threads more at least (prepare_process() of net).
inline constexpr std::size_t kJobsAtOnce = 2;
// Jobs are made to end in a moment; the disk may be slow, or busy with other accounts.
inline constexpr std::chrono::seconds kDiskSilentMax{60};

class CountedWorker final : public io::Worker {
 public:
  // `on_silence`: with true when a job has taken too long, with false when all that had are done.
  CountedWorker(io::Worker& worker, io::Clock& clock, std::function<void(bool)> on_silence)
      : worker_(worker), clock_(clock), on_silence_(std::move(on_silence)) {}

  coro::Task<void> run(std::function<void()> job) override;
  std::uint64_t jobs() const { return jobs_; }
  bool is_at_work() const { return at_work_ > 0; }

 private:
  coro::Task<Result<coro::Semaphore::Permit>> turn();
  coro::Task<void> watch_over(bool& is_late);

  io::Worker& worker_;
  io::Clock& clock_;
  std::function<void(bool)> on_silence_;
  coro::Semaphore turns_{kJobsAtOnce};
  std::uint64_t jobs_ = 0;
  std::size_t at_work_ = 0;
  std::size_t late_ = 0;
};

}  // namespace sterna::account
