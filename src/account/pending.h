// SPDX-License-Identifier: Apache-2.0
// Whether something is open between the sides that neither tells of any more.
#pragma once

#include "engine.h"

namespace sterna::account {

// In the base, or among what was found of whole mailboxes: then even a pass that sees nothing new
// has to be planned.
Result<bool> anything_pending(Engine& engine);

}  // namespace sterna::account
