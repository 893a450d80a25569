// SPDX-License-Identifier: Apache-2.0
// What is said of all accounts together. Pure.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sterna/daemon/protocol.h"

namespace sterna::daemon {

// One line for `systemctl status`: "3 accounts: 2 watching, 1 offline; 4 held".
std::string summary_of(const std::vector<AccountLife>& lives);

// Accounts that should have tried again, and have not, or that work and do not get on. Failing is
// not being stuck, nor is working for hours: only time that passes beyond what an account itself
// has said counts, and only time in which the machine is awake. One whose state is lent says that
// it waits; who waits for the account changes nothing.
class Overdue {
 public:
  // At `now` (monotonic).
  void look(const AccountLife& one, std::chrono::nanoseconds now);
  void forget(const std::string& account) { due_.erase(account); }
  // The name of one that is stuck; "" if none is.
  std::string stuck(std::chrono::nanoseconds now) const;

 private:
  struct Due {
    std::optional<std::uint64_t> progress;  // none: it waits for its next try
    std::chrono::nanoseconds at{};
  };
  std::map<std::string, Due> due_;
};

}  // namespace sterna::daemon
