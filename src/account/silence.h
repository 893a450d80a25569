// SPDX-License-Identifier: Apache-2.0
// Silence: for how long nobody may speak on a line that listens, before something on the way to the
// server forgets it. Learned from the lines of an account that were lost; all of them keep to it.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "connection.h"
#include "sterna/base/error.h"
#include "sterna/base/log.h"

namespace sterna::account {

class Silence {
 public:
  explicit Silence(Log log) : log_(std::move(log)) {}

  // At most `usual`.
  std::chrono::nanoseconds bears(std::chrono::nanoseconds usual) const {
    return std::min(usual, learned_.value_or(usual));
  }
  // A line that listened ended with this, so long after the server's last octet.
  void line_lost(const Error& error, std::chrono::nanoseconds silent);
  // The way is another one.
  void forget() { learned_.reset(); }

 private:
  Log log_;
  std::optional<std::chrono::nanoseconds> learned_;
};

// When an IDLE that began then has to be renewed: the server ends one that lasts too long, and the
// way to it one that is silent for too long.
std::chrono::nanoseconds renewal_of(const Connection& connection, std::chrono::nanoseconds began,
                                    const Silence& silence);

}  // namespace sterna::account
