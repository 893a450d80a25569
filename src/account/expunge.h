// SPDX-License-Identifier: Apache-2.0
// Expunging from the selected mailbox exactly what is said, and nothing that others marked. The
// caller has the intents.
#pragma once

#include <vector>

#include "engine.h"

namespace sterna::account {

// The server can be told which messages EXPUNGE means (UIDPLUS, RFC 4315).
bool has_uid_expunge(const Connection& connection);
// STORE \Deleted and UID EXPUNGE of exactly these; needs has_uid_expunge().
Result<std::vector<imap::CommandId>> submit_uid_expunge(Connection& connection, const UidSet& uids);
// What came of it. After BAD to UID EXPUNGE, has_uid_expunge() says no: expunge_exactly() can.
coro::Task<Status> land_uid_expunge(Connection& connection, std::vector<imap::CommandId> flying);

// The same in one, and without UIDPLUS, too: EXPUNGE after the \Deleted of others was taken away
// for its moment. The tagged outcome.
coro::Task<Status> expunge_exactly(Engine& engine, Connection& connection, MailboxWork& work,
                                   const UidSet& uids);

// After a refusal: what was marked for it is not to be expunged by another client.
coro::Task<Status> unmark_deleted(Connection& connection, const UidSet& uids);

// A program that died in that moment owes others their \Deleted.
Result<bool> owes_deleted(Engine& engine, const MailboxWork& work);
coro::Task<Status> give_back_deleted(Engine& engine, Connection& connection, MailboxWork& work);

}  // namespace sterna::account
