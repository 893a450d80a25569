// SPDX-License-Identifier: Apache-2.0
// Observations: what each side of a mailbox looks like now, as differences to the base (rules 1, 4,
// 5).
#pragma once

#include "engine.h"

namespace sterna::account {

class KnownUids;
class UidSink;

// Fills work.input.local for every mailbox, listing only those whose stamp moved. May run beside
// observe_remote().
coro::Task<Status> observe_local(Engine& engine);

// After both: lists again the mailboxes whose base turned out to be that of another UIDVALIDITY
// (without rows every file in them arrived), waits for the quiet time where something arrived or
// went (in all passes of a sync kSettleLimit at most), and lists what moved meanwhile until
// absences are proven or given up.
coro::Task<Status> settle_local(Engine& engine);

inline constexpr std::chrono::seconds kSettleLimit{30};

// Fills work.input.remote and next_cursor of one mailbox; selects it. NO to SELECT leaves the
// mailbox unknown and is noted. After an error nothing of it is known.
coro::Task<Status> observe_remote(Engine& engine, Connection& connection, MailboxWork& work);

// The same of several, asked in a row: where SELECT alone tells what changed (QRESYNC), where a
// FETCH behind it does, and where a first list of UIDs is all there is to ask for. Gives back those
// that have to be looked at one by one. An error is one of the connection, or of the base.
coro::Task<Result<std::vector<MailboxWork*>>> glance(Engine& engine, Connection& connection,
                                                     const std::vector<MailboxWork*>& mailboxes);

// Rows count only under their UIDVALIDITY, and the first of them come before the first cursor: a
// first sync that is cut leaves both, and the flags are asked for again.
Status begin_base(Engine& engine, MailboxWork& work);

// Without a look: nothing changed on the server since the cursor.
void observe_remote_unchanged(MailboxWork& work, Generation generation);

// Adds details (flags, date, identity by header) to the arrivals that the planner asks for.
coro::Task<Status> identify_remote(Engine& engine, Connection& connection, MailboxWork& work,
                                   const UidSet& uids);

// For who looks what changed: EXAMINE in a dry run, and with mod-sequences where there are any.
imap::SelectOptions select_options(const Engine& engine, const Connection& connection);

// Of a look that was whole: UIDNEXT, and where SELECT does not say it (Courier), what STATUS said,
// or the highest UID, which is a lower bound.
Result<Uid> uid_next_of(const imap::Selection& selection, const MailboxWork& work, KnownUids& base);

// For how long a server may count more messages than it lists: counts it, or forgets it.
Status bound_hiding(Engine& engine, MailboxWork& work);

// SELECT, on its way, with nothing that a server could fail to understand. Whether it succeeded is
// asked by select_mailbox().
Result<imap::CommandId> submit_select(const Engine& engine, Connection& connection,
                                      const MailboxWork& work, Sink* sink = nullptr);

// Selects the mailbox read-write (EXAMINE in a dry run) unless it is selected, and checks that its
// UIDVALIDITY is the one of the plan: replaced() otherwise (rule 11).
coro::Task<Status> select_mailbox(Engine& engine, Connection& connection, const MailboxWork& work,
                                  UidValidity expected);

// The mailbox is another one than that of the plan; ErrorCode::changed.
Error replaced();

// Selects nothing, or INBOX where the server cannot do that: what is selected must be neither
// renamed nor deleted, or the line may end, and a name would stand for another mailbox.
coro::Task<Status> leave_mailbox(Connection& connection);

}  // namespace sterna::account
