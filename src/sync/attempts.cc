// SPDX-License-Identifier: Apache-2.0
#include "sterna/sync/attempts.h"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "sterna/base/digest.h"

namespace sterna::sync {
namespace {

// Of a mailbox, beside those that are counted already.
constexpr std::size_t kNewWatchedMax = 250;

// What an action would do, in words that no two actions share. Inodes and times are left out: a
// file that is fetched anew is another one, and to be fetched anew all the same.
class Wording {
 public:
  Wording& add(std::string_view text) {
    add(text.size());
    text_ += text;
    return *this;
  }
  template <std::integral T>
  Wording& add(T number) {
    text_ += std::to_string(number);
    text_ += ' ';
    return *this;
  }
  Wording& add(const FlagSet& flags) { return add(flags.to_string()); }
  Wording& add(const FlagDelta& delta) { return add(delta.add).add(delta.remove); }
  Wording& add(const Where& where) { return add(where.mailbox.value).add(where.uidvalidity.value); }
  Wording& add(const Identity& identity) { return add(identity.size).add(identity.header.raw()); }

  std::uint64_t hash() const { return hash64(text_); }

 private:
  std::string text_;
};

ActionKey of_row(const Where& where, Uid uid, std::string action) {
  return {where.mailbox, uid, {}, std::move(action)};
}

ActionKey of_file(const Where& where, const LocalFile& file, std::string action) {
  return {where.mailbox, {}, file.base, std::move(action)};
}

class Comparison {
 public:
  Comparison(const Plan& plan, const std::vector<Attempt>& before, const std::set<MailboxId>& seen)
      : plan_(plan), before_(before), seen_(seen) {
    for (const Attempt& attempt : before) {
      known_.emplace(attempt.key, &attempt);
      watched_.insert(attempt.key.mailbox);
    }
    for (const Action& action : plan.actions) {
      const auto* download = std::get_if<Download>(&action.what);
      if (download) fetched_[download->where.mailbox].add_all(download->uids);
    }
  }

  ComparedAttempts run() {
    for (const Action& action : plan_.actions) {
      const MailboxId mailbox = mailbox_of(action);
      if (!watched_.contains(mailbox) && !has_room(mailbox)) continue;
      std::visit([this](const auto& what) { take(what); }, action.what);
    }
    for (const Attempt& attempt : before_) {
      if (continued_.contains(attempt.key)) continue;
      const bool unsaid = !seen_.contains(attempt.key.mailbox) || waits(attempt.key);
      if (!unsaid || taken_.contains(attempt.key)) result_.over.push_back(attempt);
    }
    return std::move(result_);
  }

 private:
  void take(const Download& what) {
    const UidSet known = what.uids.intersect(uids_counted(what.where.mailbox, "download"));
    for (const Uid uid : known.expand(known.count())) take_download(what.where, uid);
    const UidSet others = what.uids.minus(known);
    for (const UidRange& range : others.ranges()) {
      for (std::uint64_t uid = range.first.value; uid <= range.last.value; ++uid) {
        if (!has_room(what.where.mailbox)) return;
        take_download(what.where, Uid(static_cast<std::uint32_t>(uid)));
      }
    }
  }
  void take_download(const Where& where, Uid uid) {
    add(of_row(where, uid, "download"), Wording().add(where));
  }
  void take(const PushFlags& what) {
    add(of_row(what.where, what.uid, "flags"),
        Wording().add(what.where).add(what.delta).add(what.result));
  }
  void take(const PullFlags& what) {
    add(of_row(what.where, what.uid, "flags_in"),
        Wording().add(what.where).add(what.file.name).add(what.result).add(what.also_push));
  }
  void take(const Upload& what) {
    add(of_file(what.where, what.file, "upload"),
        Wording().add(what.where).add(what.identity).add(what.flags));
  }
  void take(const MoveOut& what) {
    add(of_file(what.to, what.file, "move"),
        Wording().add(what.from).add(what.uid.value).add(what.to).add(what.identity));
  }
  void take(const DeleteOut& what) {
    add(of_row(what.where, what.uid, "delete"), Wording().add(what.where).add(what.identity));
  }
  void take(const Repair& what) {
    // Begun before: the message is fetched whatever becomes of the file.
    if (fetched_[what.where.mailbox].contains(what.uid)) return;
    add(of_row(what.where, what.uid, "repair"),
        Wording().add(what.where).add(what.file.base).add(what.file.file.size));
  }
  // The others change the base alone, or what they change here is seen by the next plan as the
  // user's doing.
  template <class Kind>
  void take(const Kind&) {}

  UidSet uids_counted(MailboxId mailbox, std::string_view action) const {
    std::vector<Uid> uids;
    for (const Attempt& attempt : before_) {
      const ActionKey& key = attempt.key;
      if (key.mailbox == mailbox && key.action == action) uids.push_back(key.uid);
    }
    return UidSet::of(std::move(uids));
  }

  bool has_room(MailboxId mailbox) const {
    const auto found = new_watched_.find(mailbox);
    return found == new_watched_.end() || found->second < kNewWatchedMax;
  }

  void add(ActionKey key, const Wording& content) {
    if (!taken_.insert(key).second) return;
    const auto known = known_.find(key);
    const std::uint64_t hash = content.hash();
    if (known != known_.end() && known->second->content == hash) {
      result_.planned.push_back(*known->second);
      continued_.insert(std::move(key));
      return;
    }
    if (!has_room(key.mailbox)) return;
    ++new_watched_[key.mailbox];
    result_.planned.push_back({std::move(key), hash, 0, 0, {}});
  }

  bool waits(const ActionKey& key) const {
    return std::ranges::any_of(plan_.waiting, [&](const Waiting& waiting) {
      const bool same_row = key.uid && waiting.uid == key.uid;
      const bool same_file = !key.base_name.empty() && waiting.base_name == key.base_name;
      return waiting.mailbox == key.mailbox && (same_row || same_file);
    });
  }

  const Plan& plan_;
  const std::vector<Attempt>& before_;
  const std::set<MailboxId>& seen_;
  std::map<ActionKey, const Attempt*> known_;
  std::set<MailboxId> watched_;
  std::map<MailboxId, UidSet> fetched_;
  std::map<MailboxId, std::size_t> new_watched_;
  std::set<ActionKey> taken_;      // of this plan
  std::set<ActionKey> continued_;  // and as before
  ComparedAttempts result_;
};

}  // namespace

ComparedAttempts compare_attempts(const Plan& plan, const std::vector<Attempt>& before,
                                  const std::set<MailboxId>& seen) {
  return Comparison(plan, before, seen).run();
}

}  // namespace sterna::sync
