// SPDX-License-Identifier: Apache-2.0
// How much time passed since the last sync, however the machine's clock was set meanwhile.
//
// Two clocks of the account's own go by that. Lived time (docs/storage.md) ages what is kept for a
// while. Sure time, Engine::sure_ms(), never runs ahead: within a boot it is measured by a clock
// that nobody sets, and over a restart the machine's clock is believed for half of the brake's
// shortest window at most, so that no clock that is wrong ends one (rule 6).
#pragma once

#include "engine.h"

namespace sterna::account {

// Moves both clocks, and notices where the machine's was set. Before anything is recorded.
Status live_on(Engine& engine);
// After a sync that came to its end; within the caller's transaction.
Status keep_time(Engine& engine);

}  // namespace sterna::account
