// SPDX-License-Identifier: Apache-2.0
// The walk of the Maildir: which directories are which mailboxes, by path and by the inode of cur.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine.h"
#include "sterna/sync/mailbox_plan.h"

namespace sterna::account {

struct LocalWalk {
  std::vector<sync::LocalMailbox> mailboxes;
  std::map<std::string, maildir::MailboxStamp> stamps;  // by path
  bool complete = true;
};

// What is only here is counted: whether anything is in it decides what may happen to it.
coro::Task<Result<LocalWalk>> walk_local(Engine& engine, const std::vector<MailboxRow>& rows,
                                         const std::set<std::string>& on_server);

}  // namespace sterna::account
