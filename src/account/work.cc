// SPDX-License-Identifier: Apache-2.0
#include "work.h"

#include "backoff.h"

namespace sterna::account {

void Work::stop() {
  if (!cancel_) return;
  is_broken_off_ = true;
  cancel_->request();
}

void Work::doubt() {
  if (cancel_) doubted_.set();
}

coro::Task<void> Work::listen_for_life() {
  while (co_await doubted_.wait()) {
    doubted_.reset();
    const std::uint64_t octets = lines_.octets_in();
    const Status waited = co_await clock_.sleep(kProbeLimit);
    if (!waited) co_return;
    if (!owes_answer_() || lines_.octets_in() != octets) continue;
    is_dead_ = true;
    stop();
    co_return;
  }
}

}  // namespace sterna::account
