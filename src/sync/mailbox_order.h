// SPDX-License-Identifier: Apache-2.0
// The order of a plan for mailboxes. Renames come so that each finds its target free; those that
// only trade names, which no order can do, become held. What a parent's rename carries along says
// so.
#pragma once

#include <vector>

#include "sterna/sync/mailbox_plan.h"

namespace sterna::sync {

void put_in_order(std::vector<MailboxAction>& actions, const MailboxesInput& input);

}  // namespace sterna::sync
