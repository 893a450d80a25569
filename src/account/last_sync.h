// SPDX-License-Identifier: Apache-2.0
// When each mailbox was last brought into step, from what a sync writes anyhow.
//
// A mailbox has the time of its account's last sync, unless the fact `mailboxes_behind` names it
// with an older one: that sync was about others, or failed in it. So a sync in which all went well
// writes the account's time alone.
#pragma once

#include <cstdint>
#include <map>

#include "engine.h"

namespace sterna::account {

inline constexpr std::string_view kLastSyncKey = "last_sync_ms";
// How many changes its last plan left for another look.
inline constexpr std::string_view kWaitingKey = "waiting";

// By id, those that lag behind, with the time of their own last sync; 0 is never.
using MailboxesBehind = std::map<std::int64_t, std::int64_t>;
Result<MailboxesBehind> mailboxes_behind(store::Store& base);

// After a sync that came to its end; within the caller's transaction.
Status keep_last_sync(Engine& engine);

}  // namespace sterna::account
