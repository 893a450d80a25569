// SPDX-License-Identifier: Apache-2.0
// What is kept for a while, and leaves: the undo area, history, tombstones, removals.
//
// They are aged by lived time (docs/storage.md, "Lived time"): however the machine's clock jumps, a
// sync adds at most a day to their age.
#pragma once

#include "engine.h"

namespace sterna::account {

// At most once a lived day, in portions: a full one is followed by another in the next sync. A file
// loses its entry first and its name after; files of the undo area that have no entry, since a sync
// died, get one and live from now on.
coro::Task<Status> trim_aged(Engine& engine);

}  // namespace sterna::account
