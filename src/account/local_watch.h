// SPDX-License-Identifier: Apache-2.0
// LocalWatch: when something in an account's Maildir may have changed. It nominates; the stamps and
// listings of the next sync prove.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "kept.h"
#include "sterna/coro/sync.h"
#include "sterna/io/watcher.h"

namespace sterna::account {

class LocalWatch {
 public:
  // `wake` is set whenever something was reported.
  LocalWatch(Services services, io::Watcher& watcher, const Settings& settings, coro::Event& wake,
             Log log)
      : services_(services),
        watcher_(watcher),
        settings_(settings),
        wake_(wake),
        log_(std::move(log)) {}

  // Listens, until it is cancelled.
  coro::Task<void> run();
  // Watches these directories below the Maildir's root from now on, and cur and new of those that
  // have them. What is watched for the first time counts as changed.
  void cover(const std::set<std::string>& directories);

  // When what changed can be looked at: after `settles` without a change, or kBurstMax since the
  // first. None if nothing changed.
  std::optional<std::chrono::nanoseconds> ripe_at() const;
  // How many messages of it; at least 1 if anything did.
  std::uint64_t count() const;
  // Whatever changed until now is about to be looked at. What is returned are mailboxes, by their
  // paths below the root, in which a file may have been written to in place.
  std::set<std::string> take();
  // It was, together with everything else or not, or could not be: then it counts as before.
  enum class Look : std::uint8_t { failed, some, everything };
  void looked(Look look);

  std::uint64_t size() const { return watch_ ? watch_->size() : 0; }
  // Why not all is watched; "" if it is.
  const std::string& obstacle() const { return obstacle_; }
  // Something was missed, until everything was looked at.
  bool has_overflowed() const { return overflowed_ || overflowed_taken_; }
  // What of this a person should know; "" if nothing.
  std::string shortcoming() const;

 private:
  struct Place {
    std::string path;     // absolute
    std::string mailbox;  // below the root
    bool home = false;    // not cur or new: only names that come and go count
    std::int64_t ctime_ns = 0;
  };

  Status open();
  void note();
  void overflow();
  void count_names(const std::set<std::string>& names);
  void add(const std::string& path, const std::string& mailbox, bool home);
  bool is_news(io::WatchTag tag);
  std::int64_t ctime_of(const std::string& path) const;

  Services services_;
  io::Watcher& watcher_;
  const Settings& settings_;
  coro::Event& wake_;
  Log log_;
  std::unique_ptr<io::Watch> watch_;
  coro::Event opened_;
  std::map<io::WatchTag, Place> places_;
  std::map<std::string, io::WatchTag> tags_;  // by absolute path
  io::WatchTag next_tag_ = 1;
  // What was not taken.
  std::optional<std::chrono::nanoseconds> first_;
  std::chrono::nanoseconds last_{};
  std::set<std::string> names_;  // base names of messages
  // What was, and is being looked at.
  std::optional<std::chrono::nanoseconds> first_taken_;
  std::set<std::string> names_taken_;
  bool looking_ = false;
  bool overflowed_ = false;            // and not everything was looked at since
  bool overflowed_taken_ = false;      // before a look that runs
  bool may_miss_directories_ = false;  // some may have gone without a word
  std::set<std::string> written_;
  std::string obstacle_;
  std::string told_;  // the last obstacle that was logged
};

}  // namespace sterna::account
