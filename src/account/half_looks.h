// SPDX-License-Identifier: Apache-2.0
// Passes that looked at some mailboxes of the server alone: they were told of these, or asked for
// them, a look at others failed, or what these lack may be there still. What they fetched may have
// come from one that they did not look at, whose file of it is then still here.
#pragma once

#include "engine.h"

namespace sterna::account {

// Sets Engine::half_seen_since.
Status read_half_looks(Engine& engine);

// Within the transaction that begins to carry a plan out.
Status note_half_look(Engine& engine);
// When a pass is done: if it saw everything, and left nothing to a later one, what comes from now
// on is new.
Status end_half_looks(Engine& engine);
// Before a plan is carried out: what it is about to finish is known for as long as it is not done.
Status note_surplus(Engine& engine, const sync::Plan& plan);

}  // namespace sterna::account
