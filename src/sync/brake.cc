// SPDX-License-Identifier: Apache-2.0
// Holds removals in bulk, per mailbox and over the account, each side by itself. The verdict is
// made anew in every plan, from what is proposed now and what was let through within the window.
// Trash and Junk are exempt, and so is what the user approved for exactly these rows; moves are no
// removals.
#include "brake.h"

#include <map>
#include <utility>

#include "decide.h"

namespace sterna::sync {
namespace {

struct Counts {
  std::map<const MailboxView*, std::uint64_t> mailbox;
  std::uint64_t account = 0;
};

bool is_guarded(const Draft& draft, const Removal& removal) {
  return !removal.begun_before && !removal.row->mailbox->is_bin() &&
         !draft.is_approved(*removal.row);
}

std::uint64_t let_through(const BrakeWindow& window, Side side) {
  return side == Side::remote ? window.removed_remote : window.removed_local;
}

void hold(Draft& draft, const Removal& removal, std::string_view of_what) {
  const RowView& row = *removal.row;
  const bool remote = removal.side == Side::remote;
  std::optional<LocalFile> file;
  if (!remote) file = file_of(row);
  draft.hold(remote ? HeldKind::delete_remote : HeldKind::delete_local, row, std::move(file),
             removal.action.reason + "; too many of the " + std::string(of_what));
}

}  // namespace

void apply_brake(Draft& draft) {
  const Input& input = draft.world.input();
  std::map<Side, Counts> counts;
  for (const Removal& removal : draft.removals) {
    if (!is_guarded(draft, removal)) continue;
    ++counts[removal.side].mailbox[removal.row->mailbox];
    ++counts[removal.side].account;
  }
  for (Removal& removal : draft.removals) {
    const bool guarded = is_guarded(draft, removal);
    const MailboxInput& in = *removal.row->mailbox->in;
    const Side side = removal.side;
    const std::uint64_t in_mailbox =
        let_through(in.window, side) + counts[side].mailbox[removal.row->mailbox];
    const std::uint64_t in_account = let_through(input.account_window, side) + counts[side].account;
    if (guarded && is_too_many(in.brake, in_mailbox, in.window.messages_at_start)) {
      hold(draft, removal, "mailbox");
    } else if (guarded && is_too_many(input.account_brake, in_account,
                                      input.account_window.messages_at_start)) {
      hold(draft, removal, "account");
    } else {
      draft.plan.actions.push_back(std::move(removal.action));
    }
  }
  draft.removals.clear();
}

}  // namespace sterna::sync
