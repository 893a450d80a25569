// SPDX-License-Identifier: Apache-2.0
// Mailboxes of which no base is believed: both sides are paired, and nothing is deleted (rule 14).
#pragma once

#include "engine.h"

namespace sterna::account {

// A first look at a mailbox that has files already, or whose base was let go: pairing, not
// uploading (adoption). It lasts as long as anything in it waits; that absences are not believed
// ends with the first whole look.
Status mark_adoptions(Engine& engine);

// Inside a transaction, once all that this pass paired is in the base. What was sent before a
// backup took its place stays one that nobody deleted as long as anything of it is in doubt.
Status note_compared(Engine& engine, const MailboxWork& work, const RemoteCursor& cursor);

}  // namespace sterna::account
