// SPDX-License-Identifier: Apache-2.0
#include "schedule.h"

#include <algorithm>

#include "doubled.h"

namespace sterna::account {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Where NOTIFY tells of everything, asking is for what it may have missed.
constexpr int kPollsSavedByNotify = 6;
// A round of polling that found something is followed sooner by the next.
constexpr int kSoonerAfterNews = 5;
constexpr seconds kPollAtLeast{30};
// What came by a line that tells of some mailboxes alone may have left another one.
constexpr seconds kLookAfterHalf{10};
// What waits, and nobody knows for how long.
constexpr seconds kWaitingLook{20};
constexpr int kWaitingLooksMax = 15;
// A line that went while a sync ended well; longer each time, for a server may want it so.
constexpr seconds kLineLost{5};
constexpr seconds kLineLostMax{320};
// File systems count in ticks of some milliseconds: what is looked at too early waits once more.
constexpr milliseconds kRipeMargin{15};
// A file that comes over a slow line is no reason to look all the time.
constexpr seconds kUnsettledLook{5};
// Where the Maildir cannot be watched.
constexpr seconds kScanEvery{60};

}  // namespace

Schedule::Time Schedule::told_all_at() const {
  return std::max<Time>(began_last_ + VainNews::kLooksApart, vain_.believed_at());
}

Schedule::Time Schedule::told_some_at(const Told& there) const {
  return std::min(vain_.believed_at(), there.some_at);
}

Schedule::Due Schedule::due(Time now, const Told& there, std::optional<Time> here) const {
  Due due;
  if (retry_at_ && now < *retry_at_) return due;
  const auto is_past = [now](const std::optional<Time>& at) { return at && now >= *at; };
  const bool told_all = there.everything && now >= told_all_at();
  due.everything = now >= everything_at_ || retry_at_ || told_all;
  const bool told_some = there.some && !there.everything && now >= told_some_at(there);
  due.news = told_some || is_past(here) || is_past(ripe_at_) || is_past(scan_at_);
  return due;
}

Schedule::Time Schedule::next(Time now, const Told& there, std::optional<Time> here) const {
  if (retry_at_) return *retry_at_;
  Time next = everything_at_;
  if (there.everything) {
    next = std::min(next, told_all_at());
  } else if (there.some) {
    next = std::min(next, std::max(told_some_at(there), now));
  }
  for (const auto& one : {ripe_at_, scan_at_, here}) {
    if (one) next = std::min(next, *one);
  }
  return next;
}

void Schedule::began(Time now, bool everything) {
  if (everything) began_last_ = now;
  ripe_at_.reset();
}

void Schedule::told_in_vain(Time now) {
  vain_.told_in_vain(now, usual_);
}

// A first one may have met with an accident.
void Schedule::line_lost(Time now, bool soon) {
  lines_cut_ = soon ? lines_cut_ + 1 : 0;
  if (lines_cut_ < 2) return look_at_everything(now);
  look_at_everything_by(now + doubled(kLineLost, lines_cut_ - 2, kLineLostMax));
}

void Schedule::poll_again(Time now, const Outcome& outcome) {
  const seconds usual = outcome.tells_all ? usual_ * kPollsSavedByNotify : usual_;
  const seconds soonest = std::min(usual, std::max(usual / kSoonerAfterNews, kPollAtLeast));
  interval_ = outcome.did_anything ? soonest : std::clamp(interval_ * 2, soonest, usual);
  everything_at_ = now + interval_;
}

void Schedule::wait_for_ripe(Time now, const Outcome& outcome) {
  unsettled_ = outcome.settled_at && !outcome.did_anything ? unsettled_ + 1 : 0;
  ripe_at_.reset();
  if (outcome.ripe_at) ripe_at_ = std::max(*outcome.ripe_at, now) + kRipeMargin;
  if (!outcome.settled_at) return;
  const unsigned times = std::max(unsettled_, 1U) - 1;
  const Time wait = doubled<Time>(kRipeMargin, times, kUnsettledLook);
  const Time at = std::max(*outcome.settled_at, now) + wait;
  ripe_at_ = std::min(ripe_at_.value_or(at), at);
}

void Schedule::went_well(Time now, const Outcome& outcome) {
  retry_at_.reset();
  scan_at_.reset();
  if (!outcome.watches_maildir) scan_at_ = now + kScanEvery;
  wait_for_ripe(now, outcome);
  if (outcome.did_anything) vain_.told_well(now);
  // What waits for something else, as a birth in another account, is looked at now and then.
  waits_ = outcome.waits ? waits_ + 1 : 0;
  if (waits_ > 0 && !ripe_at_) ripe_at_ = now + kWaitingLook * std::min(waits_, kWaitingLooksMax);
  if (outcome.everything) {
    poll_again(now, outcome);
  } else if (outcome.fetched && !outcome.tells_all) {
    everything_at_ = std::min<Time>(everything_at_, now + kLookAfterHalf);
  }
  lines_lost_ = outcome.line_is_open ? 0 : lines_lost_ + 1;
  if (lines_lost_ == 0) return;
  look_at_everything_by(now + doubled(kLineLost, lines_lost_ - 1, kLineLostMax));
}

}  // namespace sterna::account
