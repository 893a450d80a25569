// SPDX-License-Identifier: Apache-2.0
// A decision speaks of what was held then. Where that is not so any more, it means nothing, and
// must not answer a question that is asked weeks later (rule 22; section 1, 33).
#pragma once

#include "engine.h"

namespace sterna::account {

// Inside a transaction: takes away every decision of which this pass, in a mailbox that it saw
// whole, found that there is nothing left to decide: the file is where its row says, with its
// flags, and the message on the server; or, of an orphan, the file is gone.
Status expire_decisions(Engine& engine, const sync::Plan& plan);

// Whether there is any that could expire.
Result<bool> has_decisions(Engine& engine);

}  // namespace sterna::account
