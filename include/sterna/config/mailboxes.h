// SPDX-License-Identifier: Apache-2.0
// What the configuration says about one mailbox: whether it is synced, under which rules, and what
// it is called on the other side. Pure functions over checked values.
#pragma once

#include <map>
#include <string>

#include "sterna/base/result.h"
#include "sterna/config/config.h"
#include "sterna/model/mailbox_name.h"
#include "sterna/model/role.h"

namespace sterna::config {

struct Selection {
  bool included = false;
  // The pattern that decided, as written ("!Spam"), or "role all" for a preset's exclusion by role;
  // empty where no pattern matches.
  std::string decided_by;
  bool operator==(const Selection&) const = default;
};

// `name` is the name on the server; `role` its SPECIAL-USE, if known. The last matching pattern
// wins.
Selection select(const AccountConfig& account, const MailboxName& name, Role role = Role::none);
bool includes(const AccountConfig& account, const MailboxName& name, Role role = Role::none);

// The key `watch`, by the name on the server: whether the mailbox is one of those whose changes the
// server shall tell at once. The last matching pattern wins.
bool pushes(const AccountConfig& account, const MailboxName& name);

// The account's policy with the rules that match the (remote) name laid over it, in order, key by
// key.
MailboxPolicy policy_for(const AccountConfig& account, const MailboxName& name);

// The `rename` key: local name to remote name, children included, the longest name first. INBOX
// keeps its name. A one-to-one mapping: a name whose place is taken by a renamed one (the server
// has a `Sent` while Sent stands for `Sent Items`) fails with code exists and scope mailbox.
class RenameMap {
 public:
  RenameMap() = default;
  // Precondition: no remote name stands twice (load() sees to it).
  explicit RenameMap(const std::map<MailboxName, MailboxName>& local_to_remote);

  Result<MailboxName> to_local(const MailboxName& remote) const;
  Result<MailboxName> to_remote(const MailboxName& local) const;

 private:
  std::map<MailboxName, MailboxName> local_to_remote_;
  std::map<MailboxName, MailboxName> remote_to_local_;
};

}  // namespace sterna::config
