// SPDX-License-Identifier: Apache-2.0
// One pass of an account: discover, observe, plan, execute, save cursors and stamps.
#pragma once

#include "engine.h"
#include "pool.h"

namespace sterna::account {

// Errors are those of the account; what concerns a mailbox or a message is noted in the report.
coro::Task<Status> run_pass(Engine& engine, Pool& pool);

}  // namespace sterna::account
