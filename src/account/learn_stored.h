// SPDX-License-Identifier: Apache-2.0
// What became of what was just uploaded. A server may rewrite it, or give it another date; the rows
// have to say what the server says (rule 11), or the message could never be deleted, moved or
// replaced from here.
#pragma once

#include "engine.h"

namespace sterna::account {

// Completes the rows of these UIDs. Of many, the first tell whether the others are asked for; and
// nothing is asked where the server was seen to store what it is sent, within the last day. What
// the server does not answer leaves the rows as they are; an error is one of the connection, or of
// the base.
coro::Task<Status> learn_stored(Engine& engine, Connection& connection, MailboxWork& work,
                                const UidSet& uids);

}  // namespace sterna::account
