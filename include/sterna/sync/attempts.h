// SPDX-License-Identifier: Apache-2.0
// compare_attempts(): what of a plan was in the plan before it, to the letter (rule 25). Pure.
//
// An action that is carried out changes the base, the Maildir or the server, and with that the next
// plan: it lacks the action, or has another one for the message. One that is in plan after plan
// though each was carried out makes no progress: a server answers OK and does nothing, another
// program undoes what is done here. Nothing that a user does looks like that: a flag that is set
// and taken away in turns is another action each time, and what returns to where it was passed
// through a plan that had something else to say of it.
#pragma once

#include <set>
#include <vector>

#include "sterna/model/attempt.h"
#include "sterna/sync/plan.h"

namespace sterna::sync {

// So many attempts in a row that settle nothing are enough.
inline constexpr unsigned kVainAttempts = 3;

struct ComparedAttempts {
  // What this plan has to be done; counted on where the plan before had the same.
  std::vector<Attempt> planned;
  // Of `before`: no longer to be done, or not in the same way.
  std::vector<Attempt> over;
};

// Of what waits, and of mailboxes that are not in `seen` (both sides of them), the plan says
// nothing: what `before` has of that stays as it is, neither planned nor over. Of very many new
// actions of a mailbox some are watched; what is left of them in the next plan is watched then.
ComparedAttempts compare_attempts(const Plan& plan, const std::vector<Attempt>& before,
                                  const std::set<MailboxId>& seen);

}  // namespace sterna::sync
