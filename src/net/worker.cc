// SPDX-License-Identifier: Apache-2.0
// io::Worker over libuv's thread pool.
#include "core.h"
#include "sterna/base/assert.h"
#include "sterna/coro/sync.h"

namespace sterna::net {
namespace {

struct Job {
  uv_work_t request;
  std::function<void()> work;
  coro::Event done;
};

class PoolWorker : public io::Worker {
 public:
  explicit PoolWorker(Loop::Core& core) : core_(core) {}

  coro::Task<void> run(std::function<void()> work) override {
    Job job{.request = {}, .work = std::move(work), .done = {}};
    job.request.data = &job;
    const int queued = uv_queue_work(
        core_.uv(), &job.request,
        [](uv_work_t* request) { static_cast<Job*>(request->data)->work(); },
        [](uv_work_t* request, int) { static_cast<Job*>(request->data)->done.set(); });
    STERNA_ASSERT(queued == 0);
    // The job uses what its owner owns, so nobody goes on before it has ended.
    static_cast<void>(co_await job.done.wait_regardless());
  }

 private:
  Loop::Core& core_;
};

}  // namespace

std::unique_ptr<io::Worker> make_worker(Loop::Core& core) {
  return std::make_unique<PoolWorker>(core);
}

}  // namespace sterna::net
