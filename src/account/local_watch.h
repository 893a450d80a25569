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
#include "own_writes.h"
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

  // What is watched may be other directories by then: the next cover() watches all of it anew.
  void doubt_directories() { may_miss_directories_ = true; }

  // When what changed can be looked at: after `settles` without a change, or kBurstMax since the
  // first. None if nothing changed.
  std::optional<std::chrono::nanoseconds> ripe_at() const;
  // How many messages of it; at least 1 if is_told().
  std::uint64_t count() const;
  // Somebody else changed something: not just its own writes, or what was not watched before.
  bool is_told() const { return noted_.is_told; }
  // Mailboxes, by their paths below the root.
  struct Changes {
    std::set<std::string> written;       // a file in it may have been written to in place
    std::set<std::string> came_or_went;  // to which a file came, or which it left, by its names
  };
  // Whatever changed until now is about to be looked at.
  Changes take();
  // Some mailboxes are about to be looked at, and what changed until now is not taken.
  void begin_partly();
  // It was, together with everything else or not; `partly`, or if it could not be, what changed
  // before counts as before.
  enum class Look : std::uint8_t { failed, partly, some, everything };
  // `own`: what is told of these, since the look began or from now on, is nobody else's for as long
  // as they are so, unless the look failed.
  void looked(Look look, OwnWrites own = {});
  // Somebody else may write to the base from now on.
  void forget_own() { own_ = {}; }

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

  // Under which paths a message was told of, by the mailbox that they are in.
  using Told = std::map<std::string, std::set<std::string>>;

  // What changed.
  struct Noted {
    std::optional<std::chrono::nanoseconds> first;
    std::map<std::string, Told> messages;  // by base name
    bool is_told = false;
  };

  static std::set<std::string> came_or_went(const Noted& noted);
  Status open();
  void note();
  void overflow();
  void count_names(const Place& place, const std::set<std::string>& names);
  void add(const std::string& path, const std::string& mailbox, bool home);
  void end_gone(io::WatchTag tag);
  // Whose doing it is: that of a look itself is known when it has ended.
  enum class Whose : std::uint8_t { nobodys, ours, others, open };
  Whose whose(io::WatchTag tag, const io::WatchReport& report);
  bool is_own(io::WatchTag tag, const std::set<std::string>& names) const;
  void hear(const io::WatchReport& report);
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
  Noted noted_;  // and not taken
  std::chrono::nanoseconds last_{};
  Noted taken_;  // and being looked at, or set aside
  bool looking_ = false;
  OwnWrites own_;
  std::map<io::WatchTag, std::set<std::string>> told_in_look_;  // and may be its own work
  std::size_t names_in_look_ = 0;
  bool overflowed_ = false;            // and not everything was looked at since
  bool overflowed_taken_ = false;      // before a look that runs
  bool may_miss_directories_ = false;  // some may have gone, or be others, without a word
  std::set<std::string> written_;
  std::string obstacle_;
  std::string told_;  // the last obstacle that was logged
};

}  // namespace sterna::account
