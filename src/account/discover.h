// SPDX-License-Identifier: Apache-2.0
// Discovery: which mailboxes there are on both sides, at the cost of one LIST (with STATUS) and one walk of
// the directories; then what plan_mailboxes() makes of it.
#pragma once

#include "engine.h"

namespace sterna::account {

// One line of the server's LIST, with its STATUS where it was told.
struct RemoteListing {
  sync::RemoteMailbox mailbox;
  std::optional<imap::MailboxStatus> status;
};
struct RemoteList {
  std::vector<RemoteListing> mailboxes;
  bool complete = false;
};

// LIST, in one command with STATUS where the server has LIST-STATUS, else STATUS of each included mailbox.
coro::Task<Result<RemoteList>> list_remote(Engine& engine, Connection& connection);

// Fills engine.mailboxes: every mailbox that both sides have after the mailboxes that one side lacked were
// created, renamed ones renamed, and removed ones removed; INBOX first. What is held is noted.
coro::Task<Status> discover(Engine& engine, Connection& connection);

}  // namespace sterna::account
