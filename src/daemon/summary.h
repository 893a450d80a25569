// SPDX-License-Identifier: Apache-2.0
// What is said of all accounts together. Pure.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "sterna/daemon/protocol.h"

namespace sterna::daemon {

// One line for `systemctl status`: "3 accounts: 2 watching, 1 offline; 4 held".
std::string summary_of(const std::vector<AccountLife>& lives);

// Accounts that should have tried again, and have not, or that work and do not get on. Failing is
// not being stuck, nor is working for hours: only time that passes beyond what an account itself
// has said counts, and only time in which the machine is awake.
class Overdue {
 public:
  // At `now` (monotonic) and `wall_ms`; whose state is lent to somebody waits for him.
  void look(const AccountLife& one, bool lent, std::int64_t wall_ms, std::chrono::nanoseconds now);
  void forget(const std::string& account) { due_.erase(account); }
  // The name of one that is stuck; "" if none is.
  std::string stuck(std::chrono::nanoseconds now) const;

 private:
  // The wall clock may be set forward; what was said is kept as a time of the monotonic one.
  struct Due {
    bool tries_again = false;
    std::uint64_t said = 0;  // when, in milliseconds; or how far it is
    std::chrono::nanoseconds at{};
  };
  std::map<std::string, Due> due_;
};

}  // namespace sterna::daemon
