// SPDX-License-Identifier: Apache-2.0
// What the user decided about files that were held (decisions.h), carried out before the plan is
// made.
#pragma once

#include "engine.h"

namespace sterna::account {

// Orphans that may go are moved to the undo area; files that lost their flags in bulk get those of
// the base back. Nothing in a dry run.
Status carry_out_decisions(Engine& engine);

}  // namespace sterna::account
