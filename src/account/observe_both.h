// SPDX-License-Identifier: Apache-2.0
// The look at both sides that a pass begins with: which mailboxes are looked at, in which order,
// and what of it counts.
#pragma once

#include "engine.h"
#include "pool.h"

namespace sterna::account {

// Both sides at once: nothing is changed before both are done. Where only news are looked at, what
// is seen here decides what the server is asked about, but for what is foreseen.
coro::Task<Status> observe_both(Engine& engine, Pool& pool);

}  // namespace sterna::account
