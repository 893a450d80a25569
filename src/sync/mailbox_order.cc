// SPDX-License-Identifier: Apache-2.0
#include "mailbox_order.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "mailbox_renames.h"
#include "overloaded.h"

namespace sterna::sync {
namespace {

using Names = std::map<MailboxId, MailboxName>;

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

}  // namespace

void put_in_order(std::vector<MailboxAction>& actions, const MailboxesInput& input) {
  Names names;
  for (const KnownMailbox& known : input.base) names.emplace(known.row.id, known.row.name);
  const auto by_name = [&](const MailboxAction& action) {
    return std::pair(action.what.index(), name_in(action, names));
  };
  std::vector<MailboxAction> first;  // what precedes the renames, then those
  std::vector<MailboxAction> pending;
  std::vector<MailboxAction> rest;
  for (MailboxAction& action : actions) {
    const bool precedes = std::holds_alternative<AdoptBoth>(action.what) ||
                          std::holds_alternative<RenameRow>(action.what);
    (precedes ? first : renames(action) ? pending : rest).push_back(std::move(action));
  }
  std::ranges::sort(first, {}, by_name);
  for (MailboxAction& action : order_renames(std::move(pending), input)) {
    const bool held = std::holds_alternative<HoldMailbox>(action.what);
    (held ? rest : first).push_back(std::move(action));
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
