// SPDX-License-Identifier: Apache-2.0
// Schedule: when an account that lives syncs next, and whether it looks at everything then. Pure:
// whoever asks says what time it is (Clock::monotonic) and what was told meanwhile.
//
// While nothing is due, next() is in the future: who waits for it does not wait in vain.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "vain_news.h"

namespace sterna::account {

// What the server said, and nobody looked at yet.
struct Told {
  bool some = false;        // of mailboxes that it named
  bool everything = false;  // it could not tell all, or mailboxes came or went
  // From when on one of those that it named is believed, whatever was told of others in vain.
  std::chrono::nanoseconds some_at = std::chrono::nanoseconds::max();
};

// What a sync that went well leaves.
struct Outcome {
  bool everything = false;      // it looked at all there is
  bool did_anything = false;    // on either side
  bool fetched = false;         // new messages
  bool tells_all = false;       // by NOTIFY the server tells of all mailboxes
  bool line_is_open = true;     // to the server
  bool watches_maildir = true;  // all of it
  bool waits = false;           // for something that it does not know the time of
  std::optional<std::chrono::nanoseconds> ripe_at = {};  // what waits for time to pass can be done
  std::optional<std::chrono::nanoseconds> settled_at = {};  // or files, if nobody writes on to them
};

class Schedule {
 public:
  using Time = std::chrono::nanoseconds;

  struct Due {
    bool everything = false;
    bool news = false;  // what was told, and what changed here
  };

  explicit Schedule(std::chrono::seconds poll_interval)
      : usual_(poll_interval), interval_(poll_interval) {}

  // `here`: when what changed in the Maildir can be looked at; none if nothing did.
  Due due(Time now, const Told& there, std::optional<Time> here) const;
  Time next(Time now, const Told& there, std::optional<Time> here) const;

  // Everything is looked at now, or as soon as a failure that is waited out allows.
  void look_at_everything(Time now) { everything_at_ = now; }
  void look_at_everything_by(Time at) { everything_at_ = std::min(everything_at_, at); }
  // The line that listened went: `soon` after it had begun to, so that another one may fare alike.
  void line_lost(Time now, bool soon);
  // A sync of all that is due; of everything, or of news.
  void began(Time now, bool everything);
  void went_well(Time now, const Outcome& outcome);
  // What the server told of was not there. It is not believed at once the next time, and the later
  // the more often it does so.
  void told_in_vain(Time now);

  // Nothing is tried before that; then everything is looked at.
  void wait_until(Time at) { retry_at_ = at; }
  void wait_no_longer_than(Time at) {
    if (retry_at_) retry_at_ = std::min(*retry_at_, at);
  }
  void stop_waiting() { retry_at_.reset(); }
  bool is_waiting() const { return retry_at_.has_value(); }
  std::optional<Time> retry_at() const { return retry_at_; }

 private:
  void poll_again(Time now, const Outcome& outcome);
  void wait_for_ripe(Time now, const Outcome& outcome);
  Time told_all_at() const;
  Time told_some_at(const Told& there) const;

  std::chrono::seconds usual_;
  std::chrono::seconds interval_;  // as adapted
  Time began_last_{};              // the last look at everything
  Time everything_at_{};           // when all is looked at
  VainNews vain_;
  std::optional<Time> retry_at_;
  std::optional<Time> ripe_at_;
  std::optional<Time> scan_at_;  // where the Maildir cannot be watched
  int waits_ = 0;                // syncs in a row that left something waiting
  unsigned unsettled_ = 0;       // that did nothing, for somebody writes on
  unsigned lines_lost_ = 0;      // at the end of so many in a row
  unsigned lines_cut_ = 0;       // soon after they began to listen, in a row
};

}  // namespace sterna::account
