// SPDX-License-Identifier: Apache-2.0
// The order of a plan: by kind as in ActionKind, so that what adds comes first and what removes
// comes last; within a kind by mailbox, UID and name, so that it does not depend on how things were
// observed.
#pragma once

#include "sterna/sync/plan.h"

namespace sterna::sync {

void put_in_order(Plan& plan);

}  // namespace sterna::sync
