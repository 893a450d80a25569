// SPDX-License-Identifier: Apache-2.0
#include "silence.h"

#include "backoff.h"

namespace sterna::account {
namespace {

// Ways to servers that bear less are rare, and cost batteries.
constexpr std::chrono::seconds kSilenceMin{120};

}  // namespace

void Silence::line_lost(const Error& error, std::chrono::nanoseconds silent) {
  const bool may_be_silence = error.is(ErrorCode::disconnected) || error.is(ErrorCode::timeout);
  if (!may_be_silence || is_told_to_wait(error) || silent < kSilenceMin) return;
  learned_ = bears(std::max<std::chrono::nanoseconds>(silent / 2, kSilenceMin));
  log_.debug("IDLE is renewed after {} s of silence from now on",
             std::chrono::duration_cast<std::chrono::seconds>(*learned_).count());
}

std::chrono::nanoseconds renewal_of(const Connection& connection, std::chrono::nanoseconds began,
                                    const Silence& silence) {
  const std::chrono::nanoseconds usual = std::chrono::seconds(connection.quirks.idle_seconds_max);
  return std::min(began + usual, std::max(began, connection.heard_at()) + silence.bears(usual));
}

}  // namespace sterna::account
