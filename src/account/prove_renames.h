// SPDX-License-Identifier: Apache-2.0
// The question before a mailbox counts as renamed on a server without MAILBOXID: are the messages
// under the new name those of the row? Equal numbers prove nothing (rules 9, 11): a mailbox that
// was deleted and one that was made may have them in common.
#pragma once

#include "engine.h"

namespace sterna::account {

// Fills input.proven_renames. What cannot be asked for is not proven.
coro::Task<Status> prove_renames(Engine& engine, Connection& connection,
                                 sync::MailboxesInput& input);

}  // namespace sterna::account
