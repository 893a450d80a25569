// SPDX-License-Identifier: Apache-2.0
// Mailboxes that are gone on one side and whose removal the user applied: what the base knows of
// them goes on the other side, to the Trash or the undo area. What it does not know came since, and
// stays. The mailbox itself follows in the next pass, by the table, if it is empty then.
#pragma once

#include "engine.h"

namespace sterna::account {

// Those of engine.emptied_here and engine.emptied_there. Last in a pass, like every removal; begun
// again, it goes on with what is left.
coro::Task<Status> empty_mailboxes(Engine& engine, Connection& connection);

}  // namespace sterna::account
