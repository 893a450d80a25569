// SPDX-License-Identifier: Apache-2.0
#include "sterna/io/deadline.h"

#include <fmt/format.h>

namespace sterna::io {
namespace detail {

coro::Task<void> watch(Clock& clock, std::chrono::milliseconds limit, Watchdog& dog) {
  Status slept = co_await clock.sleep(limit);
  if (!slept) co_return;
  dog.barked = true;
  dog.cancel.request();
}

Error deadline_passed(const std::string& what, std::chrono::milliseconds limit) {
  std::string within = limit.count() % 1000 == 0 ? fmt::format("{} s", limit.count() / 1000)
                                                 : fmt::format("{} ms", limit.count());
  if (what.empty()) return Error(ErrorCode::timeout, fmt::format("not done within {}", within));
  return Error(ErrorCode::timeout, fmt::format("{} within {}", what, within));
}

}  // namespace detail

namespace {

coro::Task<Status> wait_on(coro::Event& event) {
  co_return co_await event.wait();
}

}  // namespace

coro::Task<void> set_after(Clock& clock, std::chrono::milliseconds after, coro::Event& event) {
  if (co_await clock.sleep(after)) event.set();
}

coro::Task<Status> wait_for(Clock& clock, std::chrono::milliseconds limit, coro::Event& event) {
  return with_deadline<void>(clock, limit, wait_on(event), "nothing happened");
}

}  // namespace sterna::io
