// SPDX-License-Identifier: Apache-2.0
// How often the UIDVALIDITY of a mailbox changed lately (safety.md, 34).
#pragma once

#include "engine.h"

namespace sterna::account {

// Fails, as an error of that mailbox, where it did so twice within a lived day already: with a
// server that goes on with it all of the mailbox would be compared again at each sync.
Status may_pair_anew(const Engine& engine, const MailboxWork& work);
// As the base of the mailbox is let go for that, in the same transaction.
Status note_pairing(const Engine& engine, MailboxId mailbox);

}  // namespace sterna::account
