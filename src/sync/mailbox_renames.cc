// SPDX-License-Identifier: Apache-2.0
#include "mailbox_renames.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace sterna::sync {
namespace {

std::string aside_leaf(MailboxId id) {
  return "sterna-rename-" + std::to_string(id.value);
}

std::string_view leaf_of(const MailboxName& name) {
  const std::string_view text = name.text();
  return text.substr(text.rfind('/') + 1);
}

struct Rename {
  MailboxAction action;
  MailboxId id;
  bool remote = false;
  MailboxName now;  // where the earlier renames have brought it
  MailboxName to;
  bool moved = false;  // `now` is not where it was found
  bool stepped_aside = false;
};

Rename rename_of(MailboxAction action) {
  if (const auto* local = std::get_if<RenameLocal>(&action.what)) {
    Rename rename{{}, local->id, false, local->from, local->to.name};
    rename.action = std::move(action);
    return rename;
  }
  const auto& remote = std::get<RenameRemote>(action.what);
  Rename rename{{}, remote.id, true, remote.from, remote.to.name};
  rename.action = std::move(action);
  return rename;
}

class RenameOrder {
 public:
  RenameOrder(std::vector<MailboxAction> actions, const MailboxesInput& input)
      : local_nested_(input.local_nested) {
    for (MailboxAction& action : actions) pending_.push_back(rename_of(std::move(action)));
    std::ranges::sort(pending_, {}, [](const Rename& rename) {
      return std::tuple(rename.now, rename.remote, rename.id);
    });
    for (const RemoteMailbox& remote : input.remote) {
      if (remote.selectable) remote_.insert(remote.name);
    }
    for (const LocalMailbox& local : input.local) local_.insert(local.name);
  }

  std::vector<MailboxAction> run() {
    while (!pending_.empty()) {
      if (place_one() || hold_one() || let_one_step_aside()) continue;
      for (const Rename& rename : pending_) hold(rename);
      pending_.clear();
    }
    return std::move(done_);
  }

 private:
  std::set<MailboxName>& names(bool remote) { return remote ? remote_ : local_; }

  // What must move before `rename` can: who has its name, and who would carry its place away.
  const Rename* blocker_of(const Rename& rename) const {
    const bool carries = rename.remote || local_nested_;
    const auto blocks = [&](const Rename& other) {
      if (&other == &rename || other.remote != rename.remote) return false;
      return other.now == rename.to ||
             (carries && (rename.to.is_below(other.now) || rename.now.is_below(other.now)));
    };
    const auto found = std::ranges::find_if(pending_, blocks);
    return found == pending_.end() ? nullptr : &*found;
  }

  bool place_one() {
    for (auto it = pending_.begin(); it != pending_.end(); ++it) {
      const bool carried = it->now == it->to;
      if (!carried && (blocker_of(*it) || names(it->remote).contains(it->to))) continue;
      Rename rename = std::move(*it);
      pending_.erase(it);
      set_source(rename, carried);
      if (!carried) move(rename.remote, rename.now, rename.to);
      done_.push_back(std::move(rename.action));
      return true;
    }
    return false;
  }

  // Its name belongs to a mailbox that stays.
  bool hold_one() {
    for (auto it = pending_.begin(); it != pending_.end(); ++it) {
      const bool leaves = std::ranges::any_of(pending_, [&](const Rename& other) {
        return other.remote == it->remote && other.now == it->to;
      });
      if (leaves || !names(it->remote).contains(it->to)) continue;
      hold(*it);
      pending_.erase(it);
      return true;
    }
    return false;
  }

  bool let_one_step_aside() {
    for (Rename* rename : circle()) {
      if (rename->stepped_aside) continue;
      step_aside(*rename);
      return true;
    }
    return false;
  }

  // Those that wait for each other; each that waits leads there.
  std::vector<Rename*> circle() {
    std::vector<Rename*> path;
    const Rename* next = &pending_.front();
    while (next) {
      const auto again = std::ranges::find(path, next);
      if (again != path.end()) return {again, path.end()};
      path.push_back(&pending_[static_cast<std::size_t>(next - pending_.data())]);
      next = blocker_of(*next);
    }
    return {};
  }

  void step_aside(Rename& rename) {
    std::string text = rename.now.parent().text();
    if (!text.empty()) text += '/';
    text += aside_leaf(rename.id);
    while (local_.contains(MailboxName(text)) || remote_.contains(MailboxName(text))) text += '+';
    StepAside aside;
    aside.id = rename.id;
    aside.from = rename.now;
    aside.to = MailboxName(text);
    aside.remote = rename.remote;
    if (!rename.moved) {
      if (const auto* local = std::get_if<RenameLocal>(&rename.action.what)) {
        aside.from_path = local->from_path;
      } else {
        aside.from_wire = std::get<RenameRemote>(rename.action.what).from_wire;
      }
    }
    done_.push_back({aside, "one of several that trade their names"});
    rename.stepped_aside = true;
    move(rename.remote, aside.from, aside.to);
  }

  static void set_source(Rename& rename, bool carried) {
    if (auto* local = std::get_if<RenameLocal>(&rename.action.what)) {
      local->with_parent = carried;
      if (carried || !rename.moved) return;
      local->from = rename.now;
      local->from_path.clear();
    } else {
      auto& remote = std::get<RenameRemote>(rename.action.what);
      remote.with_parent = carried;
      if (carried || !rename.moved) return;
      remote.from = rename.now;
      remote.from_wire = {};
    }
  }

  // A rename on one side, as everything there sees it.
  void move(bool remote, const MailboxName& from, const MailboxName& to) {
    const bool carries = remote || local_nested_;
    const auto moves = [&](const MailboxName& name) {
      return name == from || (carries && name.is_below(from));
    };
    std::set<MailboxName> after;
    for (const MailboxName& name : names(remote)) {
      after.insert(moves(name) ? name.moved(from, to) : name);
    }
    names(remote) = std::move(after);
    for (Rename& rename : pending_) {
      if (rename.remote != remote || !moves(rename.now)) continue;
      rename.now = rename.now.moved(from, to);
      rename.moved = true;
    }
  }

  void hold(const Rename& rename) {
    done_.push_back({HoldMailbox{rename.id, rename.now, MailboxHeld::name},
                     "renamed to " + rename.to.text() +
                         ", a name that is in use on the other side: rename one of them"});
  }

  bool local_nested_;
  std::vector<Rename> pending_;
  std::vector<MailboxAction> done_;
  std::set<MailboxName> remote_;
  std::set<MailboxName> local_;
};

}  // namespace

bool renames(const MailboxAction& action) {
  return std::holds_alternative<RenameLocal>(action.what) ||
         std::holds_alternative<RenameRemote>(action.what);
}

std::vector<MailboxAction> order_renames(std::vector<MailboxAction> pending,
                                         const MailboxesInput& input) {
  return RenameOrder(std::move(pending), input).run();
}

bool is_aside_name(MailboxId id, const MailboxName& name) {
  const std::string expected = aside_leaf(id);
  const std::string_view leaf = leaf_of(name);
  return leaf.starts_with(expected) &&
         leaf.find_first_not_of('+', expected.size()) == std::string_view::npos;
}

}  // namespace sterna::sync
