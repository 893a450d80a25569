// SPDX-License-Identifier: Apache-2.0
// Holds removals in bulk, per mailbox and over the account, each side by itself. The verdict is
// made anew in every plan, from what is proposed now and what was let through within the window.
// Trash and Junk are exempt, and so is what the user approved for exactly these rows; moves are no
// removals. What a sync that died had begun counts from its intent on: no window has it yet.
#include "brake.h"

#include <map>
#include <optional>
#include <utility>

#include "decide.h"

namespace sterna::sync {
namespace {

struct Counts {
  std::map<const MailboxView*, std::uint64_t> mailbox;
  std::uint64_t account = 0;
};

bool counts(const Draft& draft, const RowView& row) {
  return !row.mailbox->is_bin() && !draft.is_approved(row);
}

bool is_guarded(const Draft& draft, const Removal& removal) {
  return !removal.begun_before && counts(draft, *removal.row);
}

// On its way, or gone by now.
std::optional<Side> begun_on(const RowView& row) {
  if (row.has_state(RowState::dropping)) return Side::local;
  // The surplus copy of a move has no name.
  const bool removal = !row.row->base_name.empty() && !row.move_out && !is_replaced(*row.row);
  const bool deleted = row.has_state(RowState::deleting) && !row.file && !row.message && removal;
  const bool flagged = row.has_file_here() && row.remote == Remote::gone && row.intent &&
                       row.intent->kind == IntentKind::delete_out;
  return deleted || flagged ? std::optional(Side::remote) : std::nullopt;
}

std::map<Side, Counts> count_all(const Draft& draft) {
  std::map<Side, Counts> all;
  const auto add = [&all](Side side, const MailboxView* mailbox) {
    ++all[side].mailbox[mailbox];
    ++all[side].account;
  };
  for (const Removal& removal : draft.removals) {
    if (is_guarded(draft, removal)) add(removal.side, removal.row->mailbox);
  }
  for (const RowView& row : draft.world.rows()) {
    if (!row.mailbox || !counts(draft, row)) continue;
    if (const auto side = begun_on(row)) add(*side, row.mailbox);
  }
  return all;
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
  if (draft.removals.empty()) return;
  std::map<Side, Counts> counts = count_all(draft);
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
