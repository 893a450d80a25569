// SPDX-License-Identifier: Apache-2.0
// The downloads of a pass: which mailbox comes first, and over how many connections.
#pragma once

#include <vector>

#include "execute.h"
#include "pool.h"

namespace sterna::account {

// An error is one of the account or of its first connection; that there is no room for all of them
// is in Engine::outcomes.
coro::Task<Status> download_all(Engine& engine, Pool& pool, std::vector<RemoteWork::Fetch> fetches);

}  // namespace sterna::account
