// SPDX-License-Identifier: Apache-2.0
// The renames of a plan for mailboxes, in an order in which each finds its target free.
//
// Renames that trade names go in a circle, which no order resolves: one of them steps aside, under
// a name that nobody else would choose, and comes to its own at the end. What a parent's rename
// carries along says so. A rename to a name that stays in use becomes held.
#pragma once

#include <vector>

#include "sterna/sync/mailbox_plan.h"

namespace sterna::sync {

bool renames(const MailboxAction& action);  // RenameLocal or RenameRemote

std::vector<MailboxAction> order_renames(std::vector<MailboxAction> pending,
                                         const MailboxesInput& input);

// Whether the mailbox of this id was given this name to step aside.
bool is_aside_name(MailboxId id, const MailboxName& name);

}  // namespace sterna::sync
