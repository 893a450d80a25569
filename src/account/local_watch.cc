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
  if (!first_) first_ = last_;
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
void LocalWatch::count_names(const std::set<std::string>& names) {
  if (looking_) return;
  for (const std::string& name : names) {
    if (names_.size() >= io::kWatchNamesMax) return;
    names_.emplace(maildir::view_file_name(name).base);
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

// What is written to files beside the mailboxes, as Dovecot's indexes, is nothing to us.
bool LocalWatch::is_news(io::WatchTag tag) {
  const auto place = places_.find(tag);
  if (place == places_.end()) return false;
  if (!place->second.home) return true;
  const std::int64_t now = ctime_of(place->second.path);
  return std::exchange(place->second.ctime_ns, now) != now;
}

coro::Task<void> LocalWatch::run() {
  if (!co_await opened_.wait()) co_return;
  for (;;) {
    const Result<io::WatchReport> report = co_await watch_->next();
    if (!report) co_return;
    bool news = report->overflow || !report->gone.empty();
    for (const io::WatchTag tag : report->changed) news = is_news(tag) || news;
    for (const io::WatchTag tag : report->written) {
      const auto place = places_.find(tag);
      if (place != places_.end() && !place->second.home) written_.insert(place->second.mailbox);
    }
    for (const auto& [tag, names] : report->names) {
      const auto place = places_.find(tag);
      if (place != places_.end() && !place->second.home) count_names(names);
    }
    for (const io::WatchTag tag : report->gone) {
      const auto place = places_.find(tag);
      if (place == places_.end()) continue;
      tags_.erase(place->second.path);
      places_.erase(place);
    }
    if (report->overflow) overflow();
    if (!news) continue;
    note();
    wake_.set();
  }
}

std::optional<std::chrono::nanoseconds> LocalWatch::ripe_at() const {
  if (!first_) return std::nullopt;
  return std::min<std::chrono::nanoseconds>(last_ + settings_.settles, *first_ + kBurstMax);
}

std::uint64_t LocalWatch::count() const {
  return first_ ? std::max<std::uint64_t>(names_.size(), 1) : 0;
}

std::set<std::string> LocalWatch::take() {
  first_taken_ = std::exchange(first_, std::nullopt);
  names_taken_ = std::exchange(names_, {});
  overflowed_taken_ = std::exchange(overflowed_, false) || overflowed_taken_;
  looking_ = true;
  return std::exchange(written_, {});
}

void LocalWatch::looked(Look look) {
  looking_ = false;
  if (look == Look::everything) overflowed_taken_ = false;
  const auto first = std::exchange(first_taken_, std::nullopt);
  std::set<std::string> names = std::exchange(names_taken_, {});
  if (look != Look::failed || !first) return;
  if (!first_) last_ = *first;
  first_ = first;
  names_.merge(names);
}

}  // namespace sterna::account
