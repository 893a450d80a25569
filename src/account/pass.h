// SPDX-License-Identifier: Apache-2.0
// One pass of an account: discover, observe, plan, execute, save cursors and stamps.
#pragma once

#include "engine.h"
#include "pool.h"

namespace sterna::account {

// Whether the base, or what was found of whole mailboxes, has something open: then even a pass that
// sees nothing new has to be planned.
Result<bool> anything_pending(Engine& engine);

// Errors are those of the account; what concerns a mailbox or a message is noted in the report.
coro::Task<Status> run_pass(Engine& engine, Pool& pool);

}  // namespace sterna::account
