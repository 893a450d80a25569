// SPDX-License-Identifier: Apache-2.0
#include "work.h"

#include "backoff.h"

namespace sterna::account {
namespace {

constexpr std::chrono::milliseconds kProbeStep = kProbeLimit / 4;

}  // namespace

void Work::stop() {
  if (!cancel_) return;
  is_broken_off_ = true;
  cancel_->request();
}

void Work::doubt(std::chrono::nanoseconds limit) {
  if (!cancel_) return;
  limit_ = limit;
  doubted_.set();
}

// It may be long before the server owes anything again, as while a sync compares: until octets come
// the line is in doubt. While it takes octets, as of a message, the server has nothing to say; a
// dead one soon takes no more.
coro::Task<void> Work::listen_for_life() {
  while (co_await doubted_.wait()) {
    doubted_.reset();
    const std::uint64_t heard = lines_.octets_in();
    std::uint64_t taken = octets_out_();
    std::chrono::nanoseconds owed_for{};
    while (lines_.octets_in() == heard) {
      if (owed_for >= limit_) {
        is_dead_ = true;
        co_return stop();
      }
      const bool owed = owes_answer_();
      if (!co_await clock_.sleep(kProbeStep)) co_return;
      const std::uint64_t taken_before = std::exchange(taken, octets_out_());
      const bool waits = owed && owes_answer_() && taken == taken_before;
      owed_for = waits ? owed_for + kProbeStep : std::chrono::nanoseconds{};
    }
  }
}

}  // namespace sterna::account
