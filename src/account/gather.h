// SPDX-License-Identifier: Apache-2.0
// From what was observed to what the planner takes: the rows concerned, intents, approvals, the
// brake's windows. And back: what a plan held, left waiting or consumed, into the base.
#pragma once

#include "engine.h"

namespace sterna::account {

// Leaves out what the server told of flags that are as in the base, so that only changes remain.
Status drop_unchanged_flags(Engine& engine, MailboxWork& work);
Result<sync::Input> gather(Engine& engine, bool sizes_reliable, bool deduplicates);

// Held, waiting and consumed of a plan: into the base, and into what may be saved of each mailbox.
Status settle_plan(Engine& engine, const sync::Plan& plan);

}  // namespace sterna::account
