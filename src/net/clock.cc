// SPDX-License-Identifier: Apache-2.0
// io::Clock over the kernel's clocks and the loop's timers.
#include <algorithm>
#include <ctime>

#include "core.h"
#include "sterna/base/nanoseconds.h"

namespace sterna::net {
namespace {

class LoopClock : public io::Clock {
 public:
  explicit LoopClock(Loop::Core& core) : core_(core) {}

  std::chrono::nanoseconds monotonic() const override { return monotonic_now(); }

  std::chrono::nanoseconds since_boot() const override {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  }

  std::int64_t wall_ns() const override {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return std::int64_t{now.tv_sec} * kNsPerSecond + now.tv_nsec;
  }

  coro::Task<Status> sleep(std::chrono::milliseconds duration) override {
    // A bound of a century, so that "for ever" does not overflow.
    constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24 * 36525);
    auto wait = std::clamp(duration, std::chrono::milliseconds(0), kLongest);
    return core_.timers().sleep_until(monotonic_now() + wait);
  }

 private:
  Loop::Core& core_;
};

}  // namespace

std::unique_ptr<io::Clock> make_clock(Loop::Core& core) {
  return std::make_unique<LoopClock>(core);
}

}  // namespace sterna::net
