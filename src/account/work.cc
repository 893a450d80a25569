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

void Work::doubt() {
  if (cancel_) doubted_.set();
}

// It may be long before the server owes anything again, as while a sync compares: until octets come
// the line is in doubt.
coro::Task<void> Work::listen_for_life() {
  while (co_await doubted_.wait()) {
    doubted_.reset();
    const std::uint64_t octets = lines_.octets_in();
    std::chrono::nanoseconds owed_for{};
    while (lines_.octets_in() == octets) {
      if (owed_for >= kProbeLimit) {
        is_dead_ = true;
        co_return stop();
      }
      const bool owed = owes_answer_();
      if (!co_await clock_.sleep(kProbeStep)) co_return;
      owed_for = owed && owes_answer_() ? owed_for + kProbeStep : std::chrono::nanoseconds{};
    }
  }
}

}  // namespace sterna::account
