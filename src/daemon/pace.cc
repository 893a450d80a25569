// SPDX-License-Identifier: Apache-2.0
#include "pace.h"

namespace sterna::daemon {

coro::Task<void> Pace::wait() {
  const auto next = co_await next_.hold();
  if (!next) co_return;
  const std::chrono::nanoseconds left = bucket_.take(clock_.monotonic());
  if (left.count() == 0) co_return;
  static_cast<void>(co_await clock_.sleep(std::chrono::ceil<std::chrono::milliseconds>(left)));
}

}  // namespace sterna::daemon
