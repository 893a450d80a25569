// SPDX-License-Identifier: Apache-2.0
// `fsync = false`: rows are flushed, their files are not. What was recorded since all of it was
// surely on the disk is doubted once the machine was restarted: a file that is missing, or has
// another size, went with the power, not by the user's hand, and is fetched again.
//
// The fact `unflushed` says from which pass on, and in which boot; it is written before the first
// such row, and goes when a sync has flushed the file systems at its end.
#pragma once

#include "engine.h"

namespace sterna::account {

// When the state is opened: sets Engine::unflushed and Engine::unflushed_since.
Status read_unflushed(Engine& engine);
// Inside a transaction, before files are written.
Status note_unflushed(Engine& engine);
// At the end of a sync, whatever came of it: flushes, and forgets the doubt where every file that
// it is about was looked for.
coro::Task<Status> end_unflushed(Engine& engine);

}  // namespace sterna::account
