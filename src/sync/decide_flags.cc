// SPDX-License-Identifier: Apache-2.0
// Flags of a row that stays where it is; the bulk loss of info parts has the brake's thresholds
// (21).
#include "brake.h"
#include "decide.h"

namespace sterna::sync {
namespace {

bool holds_lost_flags(const Draft& draft, const RowView& row) {
  if (!lost_its_info(row) || row.mailbox->is_bin() || draft.is_approved(row)) return false;
  const MailboxInput& in = *row.mailbox->in;
  const Input& all = draft.world.input();
  return is_too_many(in.brake, in.window.flags_lost + row.mailbox->infos_lost,
                     in.window.messages_at_start) ||
         is_too_many(all.account_brake, all.account_window.flags_lost + draft.infos_lost,
                     all.account_window.messages_at_start);
}

// What the row learns of its content: what the server has, not what a mail program added to that in
// the file.
std::optional<Identity> content_seen(const RowView& row) {
  if (!row.change || !row.change->content_changed || row.has_state(RowState::stub)) {
    return std::nullopt;
  }
  const std::optional<Identity>& plain = row.change->plain;
  if (row.identity && plain && row.identity->same_as(*plain)) return std::nullopt;
  return row.change->identity;
}

std::string reason_of(const FlagMerge& merge, bool local_changed) {
  if (!merge.to_remote.empty() && !merge.to_local.empty()) return "flags changed on both sides";
  if (!merge.to_remote.empty()) return "flags changed here";
  if (!merge.to_local.empty()) return "flags changed on the server";
  return local_changed ? "name, place or flags noted" : "flags noted";
}

}  // namespace

bool is_removed_by_flag(const RowView& row) {
  const MailboxView& mailbox = *row.mailbox;
  return mailbox.in->deletes_at_once && mailbox.in->acts_on_deleted() && mailbox.may_push() &&
         local_flags(row).has(Flag::deleted) && !row.row->flags.has(Flag::deleted) &&
         !remote_flags(row).has(Flag::deleted);
}

void push_last_flags(Draft& draft, const RowView& row) {
  FlagSet local = local_flags(row);
  local.set(Flag::deleted, false);
  FlagMerge merge = merge_flags(row.row->flags, remote_flags(row), local, *row.mailbox);
  if (merge.to_remote.empty()) return;
  draft.act(PushFlags{row.mailbox->where(), row.key().uid, std::move(merge.to_remote),
                      std::move(merge.result), std::nullopt, row.row->modseq},
            "flags changed here");
}

void decide_flags(Draft& draft, RowView& row) {
  if (holds_lost_flags(draft, row)) {
    return draft.hold(HeldKind::flags_lost, row, file_of(row),
                      "many files lost the part of their names that holds the flags");
  }
  const MessageRow& base = *row.row;
  const bool local_changed = row.change || row.file;
  const LocalFile file = file_of(row);
  FlagMerge merge =
      merge_flags(base.flags, remote_flags(row), local_flags(row), *row.mailbox, row.inherited);
  if (!file.tells_flags) merge.to_local = {};
  const bool marked = has_mark_of_move(row) && !local_flags(row).has(Flag::deleted);
  if (marked && row.mailbox->takes_changes()) {
    draft.kept_intents.insert(row.move_out->id);
    take_back_mark(merge, *row.mailbox);
  }
  const ModSeq modseq = row.told && row.told->modseq ? row.told->modseq : base.modseq;
  const Where where = row.mailbox->where();
  std::string reason = reason_of(merge, local_changed);
  if (!merge.to_local.empty()) {
    return draft.act(PullFlags{where, base.key.uid, file, std::move(merge.result),
                               std::move(merge.to_remote), modseq},
                     std::move(reason));
  }
  const std::optional<LocalFile> seen = local_changed ? std::optional(file) : std::nullopt;
  if (!merge.to_remote.empty()) {
    return draft.act(PushFlags{where, base.key.uid, std::move(merge.to_remote),
                               std::move(merge.result), seen, modseq},
                     std::move(reason));
  }
  if (!local_changed && merge.result == base.flags && modseq == base.modseq) return;
  draft.act(Record{where, base.key.uid, std::move(merge.result), modseq, seen, content_seen(row)},
            std::move(reason));
}

}  // namespace sterna::sync
