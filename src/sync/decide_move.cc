// SPDX-License-Identifier: Apache-2.0
// Moves, which never count as deletions. Where both sides moved a message the server's place wins,
// but Trash loses against any other place (rule 24).
#include <algorithm>

#include "decide.h"
#include "pair.h"

namespace sterna::sync {
namespace {

// Why the server cannot be told of a move; nullopt: it can.
std::optional<std::string> why_parked(const MailboxView& from, const MailboxView& to) {
  if (!to.remote_known) return "moved; the mailbox on the server was not seen";
  if (!from.may_push() || !to.may_push()) return "moved; the direction there is pull";
  if (from.read_only() || to.read_only()) return "moved; read-only on the server";
  return std::nullopt;
}

Identity identity_of(const RowView& row) {
  if (row.identity) return *row.identity;
  return row.file ? row.file->identity().value_or(Identity{}) : Identity{};
}

// Where its file is now.
const MailboxView& place_of_file(const RowView& row) {
  return row.file ? *row.file->mailbox : *row.mailbox;
}

// The move of ours that left its mark on the row's message, wherever that is by now; nullptr if
// none did, or the user set \Deleted, too.
const Intent* mark_on(const World& world, const RowView& row) {
  const FlagSet local = local_flags(row);
  if (local.has(Flag::deleted)) return nullptr;
  if (!row.message) return has_mark_of_move(row) ? row.move_out : nullptr;
  if (const Intent* intent = mark_of_move(world, *row.message, local)) return intent;
  const bool marked = row.message->flags().has(Flag::deleted) && !row.row->flags.has(Flag::deleted);
  return marked ? row.move_out : nullptr;
}

void move_out(Draft& draft, const RowView& row, Where from, Uid uid, const FlagSet& remote,
              std::string reason) {
  const MailboxView& to = place_of_file(row);
  FlagMerge merge = merge_flags(row.row->flags, remote, local_flags(row), to, row.inherited);
  MoveOut move;
  const Intent* marked_by = mark_on(draft.world, row);
  if (marked_by) draft.kept_intents.insert(marked_by->id);
  move.marked =
      marked_by || (row.has_state(RowState::deleting) && !local_flags(row).has(Flag::deleted));
  if (move.marked) leave_out_mark(merge);
  move.from = from;
  move.uid = uid;
  move.to = to.where();
  move.file = file_of(row);
  move.flags = std::move(merge.result);
  move.to_remote = std::move(merge.to_remote);
  move.identity = identity_of(row);
  if (uid != row.key().uid || from.mailbox != row.key().mailbox) move.forgets = row.key();
  draft.act(std::move(move), std::move(reason));
}

bool trash_loses(const RowView& row) {
  if (!row.file || row.followed || row.file->mailbox->has_role(Role::trash)) return false;
  const bool moved = row.file->mailbox != row.mailbox;
  return moved && row.message->mailbox->has_role(Role::trash) &&
         !why_parked(*row.message->mailbox, *row.file->mailbox);
}

// Under whatever name the file is by now.
bool goes_on_from(const Intent& intent, const Intent* before) {
  return before && intent.mailbox == before->target &&
         intent.uidvalidity == before->target_uidvalidity && intent.uid >= before->target_uid_next;
}

// The last of several moves that came to no end has no row where it began.
const Intent* rowless_move_of(World& world, const RowView& row) {
  const auto there = row.identity_there();
  const std::string_view stem = row.file ? row.file->stem : stem_of(row.row->base_name);
  const auto& intents = world.input().intents;
  const auto found = std::ranges::find_if(intents, [&](const Intent& intent) {
    const bool its = stem_of(intent.base_name) == stem || goes_on_from(intent, row.move_out);
    return its && is_rowless_move(world, intent) && may_come_of(intent, *row.message) && there &&
           intent.identity && intent.identity->same_as(*there);
  });
  return found == intents.end() ? nullptr : &*found;
}

// Our own move or upload of before put it there, and the user moved the file on, or back, since.
const Intent* moved_on(World& world, const RowView& row) {
  const Intent* before = moved_by_us(row) ? row.intent : row.sent;
  if (!before) before = rowless_move_of(world, row);
  const MailboxView& place = place_of_file(row);
  const bool moved = before && (row.file || row.identity) && content_of(row) == Content::same &&
                     &place != row.message->mailbox && !why_parked(*row.message->mailbox, place);
  return moved ? before : nullptr;
}

void move_in(Draft& draft, const RowView& row) {
  const MessageView& message = *row.message;
  FlagMerge merge = merge_flags(row.row->flags, message.flags(), local_flags(row), *message.mailbox,
                                row.inherited);
  if (mark_on(draft.world, row)) take_back_mark(merge, *message.mailbox);
  MoveIn move;
  move.from = row.mailbox->where();
  move.uid = row.key().uid;
  move.to = message.mailbox->where();
  move.new_uid = message.uid;
  move.file = file_of(row);
  move.file_mailbox = row.file ? row.file->mailbox->in->id : row.key().mailbox;
  move.flags = std::move(merge.result);
  move.to_remote = std::move(merge.to_remote);
  move.internal_date = message.detail->internal_date;
  move.email_id = message.detail->email_id;
  move.content_differs = content_of(row) != Content::same;
  draft.act(std::move(move), "moved on the server");
}

}  // namespace

void move_remote(Draft& draft, RowView& row) {
  FileView& file = *row.file;
  if (file.message) {
    return finish_remote(
        draft, row, RemovalKind::expunge,
        "its copy stands in the other mailbox as UID " + std::to_string(file.message->uid.value),
        "moved before, and left here by half");
  }
  if (!row.mailbox->may_push()) {
    forget(draft, row, RowState::dropped, "moved away here; the direction is pull");
    return upload(draft, file, {.copy_of = row.key(), .forgets = {}},
                  "moved here from a mailbox whose direction is pull");
  }
  if (auto reason = why_parked(*row.mailbox, *file.mailbox)) {
    return draft.wait(row, *reason);
  }
  move_out(draft, row, row.mailbox->where(), row.key().uid, remote_flags(row), "moved here");
}

namespace {

// The message has another UID in the mailbox where it was: no move of the server's, so the user's
// counts. A file that we had moved after it comes back.
void follow_new_uid(Draft& draft, RowView& row) {
  MessageView& message = *row.message;
  if (row.file && row.file->mailbox != row.mailbox) {
    if (row.followed) return move_in(draft, row);
    if (auto reason = why_parked(*row.mailbox, *row.file->mailbox)) {
      return draft.wait(row, *reason);
    }
    return move_out(draft, row, message.mailbox->where(), message.uid, message.flags(),
                    "moved here; on the server under another UID");
  }
  FlagMerge merge = merge_flags(row.row->flags, message.flags(), local_flags(row), *message.mailbox,
                                row.inherited);
  if (mark_on(draft.world, row)) take_back_mark(merge, *message.mailbox);
  Pair pair;
  pair.where = message.mailbox->where();
  pair.uid = message.uid;
  pair.file = file_of(row);
  pair.flags = std::move(merge.result);
  pair.to_remote = std::move(merge.to_remote);
  if (pair.file.tells_flags) pair.to_local = std::move(merge.to_local);
  pair.identity = row.identity;
  pair.edited = content_of(row) == Content::edited;
  pair.told = message.detail->identity;
  pair.internal_date = message.detail->internal_date;
  pair.email_id = message.detail->email_id;
  pair.forgets = row.key();
  draft.act(std::move(pair), "the same message under another UID");
}

}  // namespace

void move_local(Draft& draft, RowView& row) {
  MessageView& message = *row.message;
  if (!message.mailbox->local_known) {
    return draft.wait(row, "moved on the server to a mailbox that could not be listed here");
  }
  if (message.mailbox == row.mailbox) return follow_new_uid(draft, row);
  if (row.file && row.file->mailbox == message.mailbox) {
    return pair(draft, *row.file, message, "moved to the same mailbox on both sides");
  }
  if (const Intent* before = moved_on(draft.world, row)) {
    draft.kept_intents.insert(before->id);  // it says whose doing it was until this one is done
    return move_out(draft, row, message.mailbox->where(), message.uid, message.flags(),
                    "moved here since; what was done before is done");
  }
  if (trash_loses(row)) {
    return move_out(draft, row, message.mailbox->where(), message.uid, message.flags(),
                    "moved here, and to the Trash on the server: taken out of it");
  }
  move_in(draft, row);
}

namespace {

// A row whose file this surely was, whatever its own mailbox shows.
const RowView* left_by(World& world, const FileView& file) {
  const auto& rows = world.rows_named(file.stem);
  const auto found = std::ranges::find_if(rows, [&](const RowView* row) {
    const bool same_file = is_one_file(row->row->file, file.arrival->file.file);
    const bool free = row->local == Local::unknown && !row->file;
    return same_file && free && row->has_file_here() && row->mailbox &&
           row->mailbox != file.mailbox;
  });
  return found == rows.end() ? nullptr : *found;
}

}  // namespace

void pair(Draft& draft, FileView& file, MessageView& message, std::string reason) {
  message.file = &file;
  file.message = &message;
  const LocalFile& seen = file.arrival->file;
  const MailboxView& mailbox = *message.mailbox;
  FlagMerge merge = file.from ? merge_flags(file.from->row->flags, message.flags(),
                                            local_flags(*file.from), mailbox)
                              : merge_new(file, message, mailbox);
  if (mark_of_move(draft.world, message, seen.flags)) take_back_mark(merge, mailbox);
  if (!seen.tells_flags) merge.to_local = {};
  Pair pair;
  pair.where = mailbox.where();
  pair.uid = message.uid;
  pair.file = seen;
  pair.flags = std::move(merge.result);
  pair.to_remote = std::move(merge.to_remote);
  pair.to_local = std::move(merge.to_local);
  pair.edited = file.sent_before != nullptr;
  pair.identity = pair.edited ? file.sent_before->identity : file.identity();
  if (message.detail) pair.told = message.detail->identity;
  if (const RowView* left = file.from ? file.from : left_by(draft.world, file)) {
    if (left->remote == Remote::gone) pair.forgets = left->key();
  }
  pair.internal_date =
      message.detail ? message.detail->internal_date : message.row->row->internal_date;
  pair.email_id = message.detail ? message.detail->email_id : message.row->row->email_id;
  draft.act(std::move(pair), std::move(reason));
}

}  // namespace sterna::sync
