// SPDX-License-Identifier: Apache-2.0
// Copies in a Trash that is not synced: no row tells of them, so the mailbox itself is asked.
#pragma once

#include <vector>

#include "engine.h"

namespace sterna::account {

// A removal to the Trash that was begun before, on a server without MOVE.
struct BegunRemoval {
  Uid uid;
  IntentId intent;
  Identity identity;
};

// Which of them have their copy in the Trash: each copy is that of one removal (rule 7). Selects
// the Trash. An error leaves all of it in doubt.
coro::Task<Result<UidSet>> find_trash_copies(Engine& engine, Connection& connection,
                                             MailboxWork& trash,
                                             const std::vector<BegunRemoval>& begun);

}  // namespace sterna::account
