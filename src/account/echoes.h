// SPDX-License-Identifier: Apache-2.0
// Echoes: what a server tells of the account's own changes, in the same words as of those of
// others. A sync that changed something is followed by one look at each mailbox that is told of.
// Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace sterna::account {

class Echoes {
 public:
  using Time = std::chrono::nanoseconds;  // Clock::monotonic

  // So much later than the line that a change went over, other lines may tell of it.
  static constexpr std::chrono::seconds kLagMax{2};

  // A sync that began then has changed something on the server; `added`: it brought messages.
  void wrote(Time began, bool added) { own_ = Own{began, Time::max(), added, {}}; }
  // What that line itself would tell of it is told.
  void compared(Time now) {
    if (own_) own_->until = std::min(own_->until, now + kLagMax);
  }
  // By whoever tells of own changes, too; `arrived`: messages.
  void told(const std::string& wire, bool arrived, Time now) {
    Told& one = told_.try_emplace(wire, Told{now, now, false}).first->second;
    one.last = now;
    one.arrived = one.arrived || arrived;
  }
  // Others may have changed it, whatever else is told.
  void told_of_others(const std::string& wire) { told_[wire].first = Time::min(); }
  // Own changes are enough of a reason for what was told of these.
  bool explain(const std::set<std::string>& mailboxes) const {
    return std::ranges::all_of(mailboxes, [this](const std::string& wire) {
      const auto one = told_.find(wire);
      return one != told_.end() && explains(*one);
    });
  }
  // What was told is looked at: told once more, it has another reason.
  void taken() {
    for (const auto& one : told_) {
      if (explains(one)) own_->answered.insert(one.first);
    }
    told_.clear();
  }

 private:
  struct Own {
    Time began{};
    Time until{};
    bool added = false;
    std::set<std::string> answered;
  };
  struct Told {
    Time first{};
    Time last{};
    bool arrived = false;
  };

  bool explains(const std::pair<const std::string, Told>& one) const {
    const Told& told = one.second;
    return own_ && told.first >= own_->began && told.last <= own_->until &&
           (own_->added || !told.arrived) && !own_->answered.contains(one.first);
  }

  std::optional<Own> own_;
  std::map<std::string, Told> told_;  // and not taken, by name on the wire
};

}  // namespace sterna::account
