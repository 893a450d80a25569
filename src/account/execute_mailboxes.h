// SPDX-License-Identifier: Apache-2.0
// Carrying out what plan_mailboxes() decided, in the order of docs/safety.md; what fails stops its
// mailbox, and no other.
#pragma once

#include <set>
#include <vector>

#include "engine.h"
#include "sterna/sync/mailbox_plan.h"

namespace sterna::account {

struct MailboxesOutcome {
  // Nothing of them may be touched in this pass.
  std::set<MailboxId> frozen;
  // Of the frozen ones those that are not here at all: nothing can have been moved into them.
  std::set<MailboxId> absent_here;
  // What LIST said of their names is not so any more.
  std::set<MailboxId> changed;
};

// Fills engine.held_mailboxes and what is to be emptied, too.
coro::Task<Result<MailboxesOutcome>> execute_mailboxes(
    Engine& engine, Connection& connection, const sync::MailboxesInput& input,
    const std::vector<sync::MailboxAction>& actions);

}  // namespace sterna::account
