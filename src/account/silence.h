// SPDX-License-Identifier: Apache-2.0
// Silence: for how long nobody may speak on a line that listens, before something on the way to the
// server forgets it. Learned from the lines of an account that were lost; all of them keep to it.
// What is lost for another reason looks the same, so that as long as none is lost, more and more is
// tried again.
#pragma once

#include <chrono>
#include <optional>

#include "connection.h"
#include "sterna/base/error.h"
#include "sterna/base/log.h"

namespace sterna::account {

class Silence {
 public:
  explicit Silence(Log log) : log_(std::move(log)) {}

  using Time = std::chrono::nanoseconds;  // Clock::monotonic

  // From then on; at most `usual`.
  Time bears(Time usual, Time from) const;
  // A line that listened ended with this now; when the server's last octet came.
  void line_lost(const Error& error, Time heard_at, Time now);
  // The way is another one.
  void forget() { learned_.reset(); }

 private:
  Log log_;
  std::optional<Time> learned_;
  Time learned_at_{};
};

// When an IDLE that began then has to be renewed: the server ends one that lasts too long, and the
// way to it one that is silent for too long.
std::chrono::nanoseconds renewal_of(const Connection& connection, std::chrono::nanoseconds began,
                                    const Silence& silence);

}  // namespace sterna::account
