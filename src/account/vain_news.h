// SPDX-License-Identifier: Apache-2.0
// VainNews: from when on who told of what was not there is believed again: later each time in a
// row. Pure.
#pragma once

#include <algorithm>
#include <chrono>

#include "doubled.h"

namespace sterna::account {

class VainNews {
 public:
  using Time = std::chrono::nanoseconds;  // Clock::monotonic

  // A server that says without end that its mailboxes changed does not keep us busy.
  static constexpr std::chrono::seconds kLooksApart{1};

  void told_in_vain(Time now, Time longest) {
    if (now > believed_at_ + kForgotten) in_a_row_ = 0;
    believed_at_ = now + doubled<Time>(kLooksApart, in_a_row_++, std::min<Time>(longest, kLongest));
  }
  void told_well(Time now) {
    in_a_row_ = 0;
    believed_at_ = std::min<Time>(believed_at_, now + kLooksApart);
  }
  Time believed_at() const { return believed_at_; }

 private:
  static constexpr std::chrono::seconds kLongest{1024};
  // What is said in vain after so long without a look has nothing to do with the last time.
  static constexpr std::chrono::seconds kForgotten{60};

  Time believed_at_{};
  unsigned in_a_row_ = 0;
};

}  // namespace sterna::account
