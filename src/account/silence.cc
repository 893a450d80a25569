// SPDX-License-Identifier: Apache-2.0
#include "silence.h"

#include <algorithm>

#include "backoff.h"
#include "doubled.h"

namespace sterna::account {
namespace {

// Ways to servers that bear less are rare, and cost batteries.
constexpr std::chrono::seconds kSilenceMin{120};
// Twice as much is tried after so long without a loss, which costs a line at worst.
constexpr std::chrono::hours kMoreAfter{6};

}  // namespace

Silence::Time Silence::bears(Time usual, Time from) const {
  if (!learned_) return usual;
  const auto times = std::clamp<std::int64_t>((from - learned_at_) / kMoreAfter, 0, 8);
  return doubled(*learned_, static_cast<unsigned>(times), usual);
}

void Silence::line_lost(const Error& error, Time heard_at, Time now) {
  const Time silent = now - heard_at;
  const bool may_be_silence = error.is(ErrorCode::disconnected) || error.is(ErrorCode::timeout);
  if (!may_be_silence || is_told_to_wait(error) || silent < kSilenceMin) return;
  learned_ = bears(std::max<Time>(silent / 2, kSilenceMin), now);
  learned_at_ = now;
  log_.debug("IDLE is renewed after {} s of silence from now on",
             std::chrono::duration_cast<std::chrono::seconds>(*learned_).count());
}

std::chrono::nanoseconds renewal_of(const Connection& connection, std::chrono::nanoseconds began,
                                    const Silence& silence) {
  const std::chrono::nanoseconds usual = std::chrono::seconds(connection.quirks.idle_seconds_max);
  const std::chrono::nanoseconds last = std::max(began, connection.heard_at());
  return std::min(began + usual, last + silence.bears(usual, last));
}

}  // namespace sterna::account
