// SPDX-License-Identifier: Apache-2.0
// `fsync = false`: rows are flushed, their files are not. What was recorded since all of it was
// surely on the disk is doubted once the machine was restarted: a file that is missing, or has
// another size, went with the power, not by the user's hand, and is fetched again.
//
// The fact `unflushed` says from which pass on, and in which boot; it is written before the first
// such row, and goes when a sync has flushed the file systems at its end. A mailbox whose directory
// was not there then keeps the doubt for itself, as `unflushed:MAILBOX`.
#pragma once

#include "engine.h"

namespace sterna::account {

// When the state is opened: sets Engine::unflushed, unflushed_since and unflushed_apart.
Status read_unflushed(Engine& engine);
// From which pass on what was recorded of the mailbox is doubted.
std::optional<Generation> unflushed_since(const Engine& engine, MailboxId mailbox);
// Inside a transaction that forgets the mailbox.
Status forget_unflushed(Engine& engine, MailboxId mailbox);
// Inside a transaction, before files are written.
Status note_unflushed(Engine& engine);
// At the end of a sync, whatever came of it: flushes, and forgets the doubt where every file that
// it is about was looked for.
coro::Task<Status> end_unflushed(Engine& engine);

}  // namespace sterna::account
