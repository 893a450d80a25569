// SPDX-License-Identifier: Apache-2.0
#include "counted_worker.h"

#include "counted.h"

namespace sterna::account {

coro::Task<void> CountedWorker::run(std::function<void()> job) {
  const Counted at_work(at_work_);
  coro::CancelState own;  // what is waited for runs, whoever is asked to stop
  const Result<coro::Semaphore::Permit> permit = co_await turn().under(own);
  const coro::Context context = co_await coro::current();
  coro::Scope watch({context.queue, &own});
  bool is_late = false;
  watch.spawn(watch_over(is_late));
  co_await worker_.run(std::move(job));
  co_await watch.close();
  ++jobs_;
  if (is_late && --late_ == 0) on_silence_(false);
}

coro::Task<Result<coro::Semaphore::Permit>> CountedWorker::turn() {
  co_return co_await turns_.hold();
}

coro::Task<void> CountedWorker::watch_over(bool& is_late) {
  const Status slept = co_await clock_.sleep(kDiskSilentMax);
  if (!slept) co_return;
  is_late = true;
  if (++late_ == 1) on_silence_(true);
}

}  // namespace sterna::account
