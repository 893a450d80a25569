// SPDX-License-Identifier: Apache-2.0
// Discovery: which mailboxes there are on both sides, at the cost of one LIST (with STATUS) and one
// walk of the directories beside it; then what plan_mailboxes() makes of it.
#pragma once

#include <chrono>
#include <optional>

#include "engine.h"
#include "list_remote.h"
#include "pool.h"
#include "sterna/maildir/layout.h"

namespace sterna::account {

// Both halves of a discovery, each taken as early as it can be: the directories while the server is
// logged in to, the list while the state is opened. For the first pass.
struct FirstLook {
  std::optional<Result<RemoteList>> there;
  std::optional<Result<maildir::Discovery>> here;
  std::chrono::nanoseconds here_at{};  // monotonic
};
coro::Task<Status> look_first_here(Engine& engine, FirstLook& look);

// Fills engine.mailboxes: every mailbox that both sides have after the mailboxes that one side
// lacked were created, renamed ones renamed, and removed ones removed; INBOX first. What is held is
// noted.
coro::Task<Status> discover(Engine& engine, Pool& pool);

}  // namespace sterna::account
