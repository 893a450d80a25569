// SPDX-License-Identifier: Apache-2.0
// Copies in a Trash of which no row tells: one that is not synced, or that nobody looked at since.
// The mailbox itself is asked.
#pragma once

#include <map>
#include <vector>

#include "engine.h"

namespace sterna::account {

// A removal to the Trash that was begun before, on a server without MOVE.
struct BegunRemoval {
  MessageKey key;
  IntentId intent;
  Identity identity;
};

// Which of them, all of one mailbox, have their copy in the Trash: each copy is that of one removal
// (rule 7). Selects the Trash. An error leaves all of it in doubt.
coro::Task<Result<UidSet>> find_trash_copies(Engine& engine, Connection& connection,
                                             MailboxWork& trash,
                                             const std::vector<BegunRemoval>& begun);

// From which UID of the Trash on the copy of each intent may be.
using FirstPossible = std::map<IntentId, Uid>;
// What is below is known to be none of theirs.
Status raise_first(Engine& engine, const MailboxWork& trash, const FirstPossible& first);

}  // namespace sterna::account
