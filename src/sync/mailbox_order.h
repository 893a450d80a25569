// SPDX-License-Identifier: Apache-2.0
// The order of a plan for mailboxes.
#pragma once

#include <vector>

#include "sterna/sync/mailbox_plan.h"

namespace sterna::sync {

void put_in_order(std::vector<MailboxAction>& actions, const MailboxesInput& input);

}  // namespace sterna::sync
