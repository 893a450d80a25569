// SPDX-License-Identifier: Apache-2.0
#include "local_watch.h"

#include <algorithm>
#include <utility>

#include "inspect_parts.h"
#include "sterna/maildir/file_name.h"

namespace sterna::account {
namespace {

// A program that goes on for longer is looked at while it does.
constexpr std::chrono::seconds kBurstMax{2};

}  // namespace

Status LocalWatch::open() {
  if (watch_) return {};
  STERNA_TRY(watch_, watcher_.open());
  opened_.set();
  return {};
}

void LocalWatch::note() {
  last_ = services_.clock.monotonic();
  if (!noted_.first) noted_.first = last_;
}

// Whatever was to be told of may be lost: a file that was written to in place shows it in no
// listing, and a directory that was replaced is watched no more.
void LocalWatch::overflow() {
  log_.debug("more changed in the Maildir than the kernel could tell");
  overflowed_ = may_miss_directories_ = true;
  for (const auto& [tag, place] : places_) {
    if (!place.home) written_.insert(place.mailbox);
  }
}

std::string LocalWatch::shortcoming() const {
  if (!obstacle_.empty()) return "the Maildir is looked at now and then: " + obstacle_;
  if (!has_overflowed()) return {};
  return "more changed in the Maildir at once than inotify could tell: all of it is looked at";
}

// What changes while a sync runs is its own work, mostly.
void LocalWatch::count_names(const Place& place, const std::set<std::string>& names) {
  if (looking_) return;
  for (const std::string& name : names) {
    if (noted_.messages.size() >= io::kWatchNamesMax) return;
    const std::string base(maildir::view_file_name(name).base);
    noted_.messages[base][place.mailbox].insert(place.path + "/" + name);
  }
}

std::int64_t LocalWatch::ctime_of(const std::string& path) const {
  const auto directory = services_.files.open_root(path, false);
  if (!directory) return 0;
  const Result<io::FileStat> stat = (*directory)->stat();
  return stat ? stat->ctime_ns : 0;
}

void LocalWatch::add(const std::string& path, const std::string& mailbox, bool home) {
  if (tags_.contains(path)) return;
  const io::WatchTag tag = next_tag_++;
  if (Status added = watch_->add(path, tag); !added) {
    if (added.error().is(ErrorCode::not_found)) return;
    obstacle_ = added.error().describe();
    if (obstacle_ != std::exchange(told_, obstacle_)) {
      log_.warn("{}: changes there are looked for now and then ({})", obstacle_,
                added.error().hint());
    }
    return;
  }
  places_[tag] = {path, mailbox, home, home ? ctime_of(path) : 0};
  tags_[path] = tag;
  note();
}

void LocalWatch::cover(const std::set<std::string>& directories) {
  obstacle_.clear();
  if (Status opened = open(); !opened) {
    obstacle_ = opened.error().describe();
    return;
  }
  if (const auto root = services_.files.open_root(settings_.maildir, false)) {
    const Result<bool> network = (*root)->is_network_file_system();
    if (network && *network) obstacle_ = "a network file system tells nothing of other machines";
  }
  if (std::exchange(may_miss_directories_, false)) {
    for (const auto& [path, tag] : tags_) static_cast<void>(watch_->add(path, tag));
  }
  std::set<std::string> wanted;
  for (const std::string& one : directories) {
    const std::string home = absolute_path(settings_, one);
    wanted.insert({home, home + "/cur", home + "/new"});
    add(home, one, true);
    add(home + "/cur", one, false);
    add(home + "/new", one, false);
  }
  std::erase_if(tags_, [&](const auto& one) {
    if (wanted.contains(one.first)) return false;
    watch_->remove(one.second);
    places_.erase(one.second);
    return true;
  });
}

// A folder that was renamed takes what is below it along, and nothing tells so: those watches are
// of places that have no mailbox any more, or another one.
void LocalWatch::end_gone(io::WatchTag tag) {
  const auto place = places_.find(tag);
  if (place == places_.end()) return;
  const std::string below = place->second.path + "/";
  const bool home = place->second.home;
  tags_.erase(place->second.path);
  places_.erase(place);
  if (!home) return;
  auto one = tags_.lower_bound(below);
  while (one != tags_.end() && one->first.starts_with(below)) {
    watch_->remove(one->second);
    places_.erase(one->second);
    one = tags_.erase(one);
  }
}

// Certain, whoever wrote it: each file is as the base has it, and so is what is not there.
bool LocalWatch::is_own(io::WatchTag tag, const std::set<std::string>& names) const {
  const auto place = places_.find(tag);
  if (place == places_.end() || own_.files.empty()) return false;
  const std::string& path = place->second.path;
  const auto directory = services_.files.open_root(path, false);
  if (!directory) return false;
  return std::ranges::all_of(names, [&](const std::string& name) {
    const auto own = own_.files.find(path + "/" + name);
    if (own == own_.files.end()) return false;
    const Result<io::FileStat> now = (*directory)->stat_at(name);
    if (now) return own->second == to_stamp(*now);
    return !own->second && now.error().is(ErrorCode::not_found);
  });
}

LocalWatch::Whose LocalWatch::whose(io::WatchTag tag, const io::WatchReport& report) {
  const auto place = places_.find(tag);
  if (place == places_.end()) return Whose::nobodys;
  const bool home = place->second.home;
  if (home) {
    // What is written to files beside the mailboxes, as Dovecot's indexes, is nothing to us.
    const std::int64_t now = ctime_of(place->second.path);
    if (std::exchange(place->second.ctime_ns, now) == now) return Whose::nobodys;
  }
  const auto names = report.names.find(tag);
  const bool all_named = names != report.names.end() && !names->second.empty() &&
                         names->second.size() < io::kWatchNamesMax;
  // Who writes in place may put the times back.
  if (!all_named || (!home && report.written.contains(tag))) return Whose::others;
  if (!looking_) return is_own(tag, names->second) ? Whose::ours : Whose::others;
  names_in_look_ += names->second.size();
  if (names_in_look_ > io::kWatchNamesMax) return Whose::others;
  told_in_look_[tag].insert(names->second.begin(), names->second.end());
  return Whose::open;
}

void LocalWatch::hear(const io::WatchReport& report) {
  bool others = report.overflow || !report.gone.empty();
  bool own = false;
  for (const io::WatchTag tag : report.changed) {
    const Whose one = whose(tag, report);
    own = own || one == Whose::open || (one == Whose::ours && own_.in_large_mailbox);
    if (one != Whose::others) continue;
    others = true;
    const auto names = report.names.find(tag);
    const Place& place = places_.at(tag);
    if (!place.home && names != report.names.end()) count_names(place, names->second);
  }
  for (const io::WatchTag tag : report.written) {
    const auto place = places_.find(tag);
    if (place != places_.end() && !place->second.home) written_.insert(place->second.mailbox);
  }
  for (const io::WatchTag tag : report.gone) end_gone(tag);
  if (report.overflow) overflow();
  if (!others && !own) return;
  note();
  noted_.is_told = noted_.is_told || others;
  wake_.set();
}

coro::Task<void> LocalWatch::run() {
  if (!co_await opened_.wait()) co_return;
  for (;;) {
    const Result<io::WatchReport> report = co_await watch_->next();
    if (!report) co_return;
    hear(*report);
  }
}

std::optional<std::chrono::nanoseconds> LocalWatch::ripe_at() const {
  if (!noted_.first) return std::nullopt;
  return std::min<std::chrono::nanoseconds>(last_ + settings_.settles, *noted_.first + kBurstMax);
}

std::uint64_t LocalWatch::count() const {
  return std::max<std::uint64_t>(noted_.messages.size(), noted_.is_told ? 1 : 0);
}

// A file that was renamed in its mailbox, as for a flag, is told by its old name and by its new
// one.
std::set<std::string> LocalWatch::came_or_went(const Noted& noted) {
  std::set<std::string> mailboxes;
  for (const auto& [base, told] : noted.messages) {
    for (const auto& [mailbox, paths] : told) {
      if (paths.size() == 1) mailboxes.insert(mailbox);
    }
  }
  return mailboxes;
}

void LocalWatch::begin_partly() {
  taken_ = std::exchange(noted_, {});
  looking_ = true;
}

LocalWatch::Changes LocalWatch::take() {
  begin_partly();
  overflowed_taken_ = std::exchange(overflowed_, false) || overflowed_taken_;
  return {std::exchange(written_, {}), came_or_went(taken_)};
}

void LocalWatch::looked(Look look, OwnWrites own) {
  looking_ = false;
  if (look == Look::everything) overflowed_taken_ = false;
  own_ = look == Look::failed ? OwnWrites() : std::move(own);
  const auto told = std::exchange(told_in_look_, {});
  names_in_look_ = 0;
  const auto is_ours = [this](const auto& one) { return is_own(one.first, one.second); };
  if (!std::ranges::all_of(told, is_ours)) noted_.is_told = true;
  if (!noted_.is_told && !own_.in_large_mailbox) noted_ = {};
  const Noted taken = std::exchange(taken_, {});
  const bool is_due_still = look == Look::failed || look == Look::partly;
  if (!is_due_still || !taken.first) return;
  if (!noted_.first) last_ = *taken.first;
  noted_.first = taken.first;
  for (const auto& [base, before] : taken.messages) {
    for (const auto& [mailbox, paths] : before)
      noted_.messages[base][mailbox].insert(paths.begin(), paths.end());
  }
  noted_.is_told = noted_.is_told || taken.is_told;
}

}  // namespace sterna::account
