// SPDX-License-Identifier: Apache-2.0
// What a life counts.
#pragma once

#include "sterna/account/account.h"

namespace sterna::account {

// Whether a sync changed anything on either side.
bool did_anything(const Counts& counts);
void add(Counts& sum, const Counts& more);

}  // namespace sterna::account
