// SPDX-License-Identifier: Apache-2.0
// Copies in a Trash of which no row tells: one that is not synced, or that nobody looked at since.
// The mailbox itself is asked.
#pragma once

#include <map>
#include <vector>

#include "engine.h"
#include "transfer.h"

namespace sterna::account {

// A removal to the Trash; one that was begun before may have its copy there.
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

// Those of a mailbox that were not seen to their end, by UID.
Result<std::map<Uid, IntentId>> open_removals(Engine& engine, MailboxId mailbox,
                                              UidValidity uidvalidity);

// The Trash as it was seen before anything was put there now: a copy made from then on has no lower
// UID than it says.
const RemoteCursor& seen_before(const MailboxWork& trash);

// They were looked for in the Trash, and are not there: none of what is there is their copy.
Status begin_anew(Engine& engine, const MailboxWork& trash, const std::vector<IntentId>& intents);

// The copies of these, as far as COPYUID names them, are those of no other removal of the same
// content, in whichever mailbox: theirs are above, unless they were begun before.
Status tell_apart(Engine& engine, const MailboxWork& trash,
                  const std::vector<BegunRemoval>& removals, const CopySink& told);

}  // namespace sterna::account
