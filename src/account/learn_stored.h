// SPDX-License-Identifier: Apache-2.0
// What became of what was just uploaded. A server may rewrite it, or give it another date; the rows
// have to say what the server says (rule 11), or the message could never be deleted, moved or
// replaced from here.
#pragma once

#include "engine.h"
#include "pool.h"

namespace sterna::account {

// Inside the transaction that records them: from then on they are to be learned about, also where
// the process dies or the server does not tell. Nothing where the server is known to store what it
// is sent.
Status note_unlearned(Engine& engine, const Connection& connection, MailboxId mailbox,
                      const UidSet& uids);

// Completes the rows of these UIDs. Of many, the first tell whether the others are asked for; and
// nothing is asked where the server was seen to store what it is sent, within the last day. What
// the server does not tell leaves the rows as they are, for some passes more; an error is one of
// the connection, or of the base.
coro::Task<Status> learn_stored(Engine& engine, Connection& connection, MailboxWork& work,
                                const UidSet& uids);
// What earlier passes did not learn, in the mailboxes that this one has seen.
coro::Task<Status> learn_the_rest(Engine& engine, Pool& pool);

}  // namespace sterna::account
