// SPDX-License-Identifier: Apache-2.0
// Downloads: bodies from the server into a mailbox, newest first, in windows (docs/safety.md,
// effects).
//
// Three windows are always asked for, and behind the last one the next mailbox, so the server never
// waits for us; what has come is handed to the worker in batches while the next octets are read,
// and reading stops while the disk is behind. A group of files becomes durable with one barrier,
// and only then do its rows. A file's name follows from tree, mailbox, UIDVALIDITY and UID: a
// download that is done again meets its own file. What is here already under another mailbox is
// copied instead (twins.h).
#pragma once

#include <functional>
#include <memory>

#include "ahead.h"
#include "engine.h"
#include "twins.h"

namespace sterna::account {

// What the connection is used for around a download.
struct Line {
  std::unique_ptr<Ahead> ahead;  // what begin_download() asked for of this mailbox
  // May be empty. From then on this download leaves the connection to the next mailbox.
  std::function<coro::Task<void>()> when_all_came;
};

// The newest of them, asked for before their turn; none where something has to be known before.
Result<std::unique_ptr<Ahead>> begin_download(Engine& engine, Connection& connection,
                                              const MailboxWork& work, const UidSet& uids);

// Gives back those that are on their way into another mailbox: what is called again for, when
// nothing is coming any more. Errors are those of the connection or of the account (no space); a
// message that cannot be had or stored is parked and noted, and stops nothing else.
coro::Task<Result<UidSet>> download(Engine& engine, Connection& connection, MailboxWork& work,
                                    UidSet uids, std::string reason, Coming& coming, Line line);

}  // namespace sterna::account
