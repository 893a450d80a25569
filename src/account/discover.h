// SPDX-License-Identifier: Apache-2.0
// Discovery: which mailboxes there are on both sides, at the cost of one LIST (with STATUS) and one
// walk of the directories beside it; then what plan_mailboxes() makes of it.
#pragma once

#include "engine.h"
#include "pool.h"

namespace sterna::account {

// Fills engine.mailboxes: every mailbox that both sides have after the mailboxes that one side
// lacked were created, renamed ones renamed, and removed ones removed; INBOX first. What is held is
// noted.
coro::Task<Status> discover(Engine& engine, Pool& pool);

}  // namespace sterna::account
