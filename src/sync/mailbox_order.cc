// SPDX-License-Identifier: Apache-2.0
#include "mailbox_order.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

namespace sterna::sync {
namespace {

using Names = std::map<MailboxId, MailboxName>;

template <class... Kinds>
struct Overloaded : Kinds... {
  using Kinds::operator()...;
};

// The names that a rename leaves and takes on the side where it is carried out.
struct Rename {
  MailboxId id;
  MailboxName from;
  MailboxName to;
  bool remote = false;
  bool* with_parent = nullptr;
};

std::optional<Rename> rename_in(MailboxAction& action, const Names& names) {
  if (auto* local = std::get_if<RenameLocal>(&action.what)) {
    return Rename{local->id, local->from, local->to.name, false, &local->with_parent};
  }
  if (auto* remote = std::get_if<RenameRemote>(&action.what)) {
    return Rename{remote->id, names.at(remote->id), remote->to.name, true, &remote->with_parent};
  }
  return std::nullopt;
}

// The names in use on one side while the renames are carried out one after the other.
class Taken {
 public:
  explicit Taken(const MailboxesInput& input) {
    for (const RemoteMailbox& remote : input.remote) {
      if (remote.selectable) remote_.insert(remote.name);
    }
    for (const LocalMailbox& local : input.local) local_.insert(local.name);
  }
  bool is_free(const Rename& rename) const { return !side(rename.remote).contains(rename.to); }
  void carry_out(const Rename& rename) {
    std::set<MailboxName>& names = rename.remote ? remote_ : local_;
    names.erase(rename.from);
    names.insert(rename.to);
  }

 private:
  const std::set<MailboxName>& side(bool remote) const { return remote ? remote_ : local_; }
  std::set<MailboxName> remote_;
  std::set<MailboxName> local_;
};

void mark_carried(Rename& rename, const std::vector<Rename>& earlier) {
  *rename.with_parent = std::ranges::any_of(earlier, [&](const Rename& parent) {
    return parent.remote == rename.remote && rename.from.is_below(parent.from) &&
           rename.from.moved(parent.from, parent.to) == rename.to;
  });
}

// Moves the renames that can be carried out from `pending` to `done`, in an order in which they
// can.
std::vector<MailboxAction> order_renames(std::vector<MailboxAction> pending, const Names& names,
                                         const MailboxesInput& input) {
  Taken taken(input);
  std::vector<MailboxAction> done;
  std::vector<Rename> earlier;
  for (bool progress = true; progress;) {
    progress = false;
    for (auto next = pending.begin(); next != pending.end();) {
      Rename rename = *rename_in(*next, names);
      if (!taken.is_free(rename)) {
        ++next;
        continue;
      }
      mark_carried(rename, earlier);
      rename.with_parent = nullptr;
      taken.carry_out(rename);
      earlier.push_back(std::move(rename));
      done.push_back(std::move(*next));
      next = pending.erase(next);
      progress = true;
    }
  }
  for (MailboxAction& action : pending) {
    const Rename rename = *rename_in(action, names);
    done.push_back({HoldMailbox{rename.id, rename.from, rename.remote},
                    "renamed to a name that is in use on the other side"});
  }
  return done;
}

MailboxName name_in(const MailboxAction& action, const Names& names) {
  const auto by_id = [&](MailboxId id) {
    const auto found = names.find(id);
    return found == names.end() ? MailboxName() : found->second;
  };
  return std::visit(Overloaded{[](const AdoptBoth& adopt) { return adopt.remote.name; },
                               [](const RenameRow& rename) { return rename.remote.name; },
                               [](const CreateLocal& create) { return create.remote.name; },
                               [](const CreateRemote& create) { return create.local.name; },
                               [](const WaitMailbox& wait) { return wait.name; },
                               [](const HoldMailbox& held) { return held.name; },
                               [&](const auto& other) { return by_id(other.id); }},
                    action.what);
}

bool removes(const MailboxAction& action) {
  return std::holds_alternative<RemoveLocal>(action.what) ||
         std::holds_alternative<RemoveRemote>(action.what);
}

bool renames(const MailboxAction& action) {
  return std::holds_alternative<RenameLocal>(action.what) ||
         std::holds_alternative<RenameRemote>(action.what);
}

}  // namespace

void put_in_order(std::vector<MailboxAction>& actions, const MailboxesInput& input) {
  Names names;
  for (const KnownMailbox& known : input.base) names.emplace(known.row.id, known.row.name);
  const auto by_name = [&](const MailboxAction& action) {
    return std::pair(action.what.index(), name_in(action, names));
  };
  std::vector<MailboxAction> first;  // what precedes the renames
  std::vector<MailboxAction> pending;
  std::vector<MailboxAction> rest;
  for (MailboxAction& action : actions) {
    const bool precedes = std::holds_alternative<AdoptBoth>(action.what) ||
                          std::holds_alternative<RenameRow>(action.what);
    (precedes ? first : renames(action) ? pending : rest).push_back(std::move(action));
  }
  std::ranges::sort(first, {}, by_name);
  std::ranges::sort(pending, {}, [&](const MailboxAction& action) {
    return std::pair(name_in(action, names), action.what.index());
  });
  for (MailboxAction& action : order_renames(std::move(pending), names, input)) {
    (renames(action) ? first : rest).push_back(std::move(action));
  }
  std::ranges::sort(rest, [&](const MailboxAction& a, const MailboxAction& b) {
    return removes(a) && removes(b) && a.what.index() == b.what.index()
               ? name_in(b, names) < name_in(a, names)
               : by_name(a) < by_name(b);
  });
  actions = std::move(first);
  std::ranges::move(rest, std::back_inserter(actions));
}

}  // namespace sterna::sync
