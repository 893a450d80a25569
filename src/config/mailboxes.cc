// SPDX-License-Identifier: Apache-2.0
#include "sterna/config/mailboxes.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"

namespace sterna::config {
namespace {

// The last pattern that matches, as written; nullptr if none does.
const std::string* deciding_pattern(const std::vector<std::string>& patterns,
                                    const MailboxName& name) {
  for (auto it = patterns.rbegin(); it != patterns.rend(); ++it) {
    const std::string_view text = *it;
    if (matches_pattern(text.starts_with('!') ? text.substr(1) : text, name)) return &*it;
  }
  return nullptr;
}

bool selects(const std::vector<std::string>& patterns, const MailboxName& name) {
  const std::string* pattern = deciding_pattern(patterns, name);
  return pattern != nullptr && !pattern->starts_with('!');
}

template <class Value>
void lay_over(const std::optional<Value>& rule, Value& value) {
  if (rule) value = *rule;
}

// The entry whose key is the name itself or its nearest ancestor.
MailboxName mapped(const std::map<MailboxName, MailboxName>& names, const MailboxName& name) {
  for (MailboxName prefix = name; !prefix.empty(); prefix = prefix.parent()) {
    const auto it = names.find(prefix);
    if (it != names.end()) return name.moved(prefix, it->second);
  }
  return name;
}

// Maps there and back: what does not return to itself has its place taken by another mailbox.
Result<MailboxName> mapped_one_to_one(const std::map<MailboxName, MailboxName>& there,
                                      const std::map<MailboxName, MailboxName>& back,
                                      const MailboxName& name) {
  MailboxName result = mapped(there, name);
  const MailboxName returned = mapped(back, result);
  if (returned == name) return result;
  return fail(
      Error(ErrorCode::exists, fmt::format("mailbox {}: `rename` gives its place to {}",
                                           printable(name.text()), printable(returned.text())))
          .with_scope(ErrorScope::mailbox)
          .with_disposition(Disposition::needs_user)
          .with_hint("rename or exclude one of the two"));
}

}  // namespace

Selection select(const AccountConfig& account, const MailboxName& name, Role role) {
  const std::string* pattern = deciding_pattern(account.mailboxes, name);
  if (pattern == nullptr) return {};
  if (pattern->starts_with('!')) return {false, *pattern};
  const auto& roles = account.excluded_roles;
  if (role != Role::none && std::ranges::find(roles, role) != roles.end()) {
    return {false, "role " + std::string(to_string(role))};
  }
  return {true, *pattern};
}

bool includes(const AccountConfig& account, const MailboxName& name, Role role) {
  return select(account, name, role).included;
}

bool pushes(const AccountConfig& account, const MailboxName& name) {
  return selects(account.watch, name);
}

MailboxPolicy policy_for(const AccountConfig& account, const MailboxName& name) {
  MailboxPolicy policy = account.policy;
  for (const Rule& rule : account.rules) {
    if (!selects(rule.match, name)) continue;
    lay_over(rule.direction, policy.direction);
    lay_over(rule.local_delete, policy.local_delete);
    lay_over(rule.remote_delete, policy.remote_delete);
    lay_over(rule.expunge_flagged, policy.expunge_flagged);
    lay_over(rule.hold_share, policy.hold.share);
    lay_over(rule.hold_at_least, policy.hold.at_least);
    lay_over(rule.hold_within, policy.hold.within);
  }
  return policy;
}

RenameMap::RenameMap(const std::map<MailboxName, MailboxName>& local_to_remote)
    : local_to_remote_(local_to_remote) {
  for (const auto& [local, remote] : local_to_remote) {
    const bool fresh = remote_to_local_.emplace(remote, local).second;
    STERNA_ASSERT(fresh);
  }
}

Result<MailboxName> RenameMap::to_local(const MailboxName& remote) const {
  return mapped_one_to_one(remote_to_local_, local_to_remote_, remote);
}

Result<MailboxName> RenameMap::to_remote(const MailboxName& local) const {
  return mapped_one_to_one(local_to_remote_, remote_to_local_, local);
}

}  // namespace sterna::config
