// SPDX-License-Identifier: Apache-2.0
// A plan as a dry run tells it.
#pragma once

#include "engine.h"

namespace sterna::account {

// Into the report, by mailbox, action and reason; what changes neither side is left out.
void describe_plan(Engine& engine, const sync::Plan& plan);

}  // namespace sterna::account
