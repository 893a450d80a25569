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
  // Their directory is another one, with copies of their files that are not what the base knows: a
  // backup was put in its place.
  std::set<MailboxId> restored;
};

// The directories alone: needs nothing that the server says.
coro::Task<Result<maildir::Discovery>> walk_directories(Engine& engine);

// Of all that may hold messages.
std::set<std::string> paths_of(const maildir::Discovery& found);
// Where mailboxes are, or may come to be, with all that leads there; "" is the root.
std::set<std::string> directories_to_watch(const maildir::Discovery& found);
// Blocking: made for a worker's job.
Result<std::set<std::string>> directories_to_watch(io::FileSystem& files, const Settings& settings);

// What is only here is counted: whether anything is in it decides what may happen to it.
Result<LocalWalk> describe_walk(Engine& engine, const maildir::Discovery& found,
                                const std::vector<MailboxRow>& rows,
                                const std::set<std::string>& on_server);

}  // namespace sterna::account
