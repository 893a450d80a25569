// SPDX-License-Identifier: Apache-2.0
// Parking: what fails is counted, named, and retried at growing intervals; it stops nothing else
// (rule 25).
#pragma once

#include <compare>
#include <set>
#include <string>

#include "engine.h"

namespace sterna::account {

// Whether its next try is not due yet. A time that no pause leads to was written while the clock
// was ahead, and says nothing.
bool waits(const store::Failure& failure, std::int64_t now_ms);

// Notes the failure in the base, and in the report as the message's alone. `action` is "download",
// "upload" ... Where the server asks to be left alone for a while, nothing is counted, and that
// ends the sync.
void park(Engine& engine, MailboxWork& work, Uid uid, std::string_view base_name,
          std::string_view action, Error error);
// The same of all of them at once, with one line in the report.
void park(Engine& engine, MailboxWork& work, const UidSet& uids, std::string_view action,
          Error error);
// Inside a transaction: parks what was carried out so many times and is to be done still, for the
// longer the more often. Until when; the report is told by those who know what it was.
Result<std::int64_t> put_vain(Engine& engine, const ActionKey& key, unsigned times,
                              const Error& error);
// Forgets what was parked and is no more: the row is gone, the file is in no whole listing or back
// where its row says, or there is nothing left to say of its flags.
Status forget_settled_failures(Engine& engine);
// Those whose next try is not due yet.
UidSet parked_uids(Engine& engine, const MailboxWork& work, std::string_view action);
// Those that failed and were not forgotten, whether due or not.
UidSet failed_uids(Engine& engine, const MailboxWork& work, std::string_view action);
bool is_parked(Engine& engine, const MailboxWork& work, Uid uid, std::string_view base_name,
               std::string_view action);

// The same for what is done with a mailbox as a whole, which may have no row yet: its name stands
// where a file's would. Actions are "create_mailbox", "rename_mailbox", "remove_mailbox".
struct MailboxFailure {
  MailboxId id;
  std::string name;
  std::string action;
  auto operator<=>(const MailboxFailure&) const = default;
};
ActionKey key_of(const store::Failure& failure);
bool is_of_mailbox(const store::Failure& failure);
void park(Engine& engine, const MailboxFailure& failed, Error error);
bool is_parked(Engine& engine, const MailboxFailure& failed);
// Forgets those that are not to be done any more, or were done; of mailboxes in `unsaid` it is not
// known.
Status keep_parked(Engine& engine, const std::set<MailboxFailure>& still,
                   const std::set<std::string>& unsaid);

// It concerns more than the mailbox it was met in: the connection is gone, or the account, or the
// user ended it.
bool ends_pass(const Connection& connection, const Error& error);
// What concerns one mailbox is noted and the others go on; what ends the pass is given back.
Status absorb(Engine& engine, const Connection& connection, MailboxWork& work, Status status);

}  // namespace sterna::account
