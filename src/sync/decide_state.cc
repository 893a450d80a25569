// SPDX-License-Identifier: Apache-2.0
// Rows in other states than present and stub: their files are not missed (rule 2), and what they
// wait for, or what was begun with them, is finished.
#include <algorithm>
#include <utility>

#include "decide.h"
#include "pair.h"

namespace sterna::sync {
namespace {

// A removal that was begun and decided against: the mark on the server is ours. It goes before
// anything is recorded that may be taken for it, and all else waits until then.
bool take_back_removal(Draft& draft, const RowView& row, const char* reason) {
  const bool begun = row.intent && row.intent->kind == IntentKind::delete_out;
  if (!begun || row.row->flags.has(Flag::deleted) || row.mailbox->read_only()) return false;
  draft.kept_intents.insert(row.intent->id);
  draft.act(ClearDeleted{row.mailbox->where(), row.key().uid, row.intent->id}, reason);
  draft.wait(row, reason);
  return true;
}

void take_messages(const RowView& row) {
  for (MessageView* message : row.mailbox->messages) {
    if (message->row == &row) message->taken = true;
  }
}

// On the server, with no file here: wanted, dropped, quarantined.
void decide_without_file(Draft& draft, RowView& row) {
  if (row.remote == Remote::gone) {
    return forget(draft, row, RowState::tombstone, "gone from the server, not kept here");
  }
  if (row.has_state(RowState::wanted) && row.remote == Remote::same &&
      take_back_removal(draft, row, "its removal was begun, and decided against")) {
    return take_messages(row);
  }
  if (row.has_state(RowState::wanted) && row.file && row.remote == Remote::same) {
    return draft.act(Repair{row.mailbox->where(), row.key().uid, row.file->arrival->file, {}},
                     "the file is damaged; its removal was begun before");
  }
  if (row.has_state(RowState::wanted) || !row.told) return;
  const bool pairs = std::ranges::any_of(row.mailbox->messages, [&](const MessageView* message) {
    return message->row == &row && message->file;
  });
  if (pairs || (row.told->flags == row.row->flags && row.told->modseq == row.row->modseq)) return;
  draft.act(Record{row.mailbox->where(), row.key().uid, row.told->flags, row.told->modseq, {}, {}},
            "flags noted");
}

void decide_detached(Draft& draft, RowView& row) {
  if (row.local == Local::gone) {
    return forget(draft, row, RowState::tombstone, "gone here; the server has not had it for long");
  }
  if (row.message) {
    const bool same = row.mailbox->may_pull() && content_of(row) == Content::same;
    if (same) return move_local(draft, row);
    row.message->from = nullptr;
  }
  if (!row.change) return;
  draft.act(Record{row.mailbox->where(), row.key().uid, row.change->file.flags, row.row->modseq,
                   row.change->file, row.change->identity},
            "kept here by the policy; name or flags noted");
}

// What a whole listing at rest lacks is not here; any other may have left it out.
bool is_surely_absent(const RowView& row) {
  const LocalDelta& local = row.mailbox->in->local;
  const bool nameless = row.row->base_name.empty();
  return !row.file && (nameless || (local.coverage == Coverage::complete && local.quiet));
}

void decide_dropping(Draft& draft, RowView& row) {
  if (row.local == Local::unknown || row.remote == Remote::unknown) {
    if (row.file) draft.wait(row, "to be removed here; the other side is not known");
    return;
  }
  if (row.heir) return remove_surplus_file(draft, row);
  const RowState into = row.remote == Remote::gone ? RowState::tombstone : RowState::dropped;
  if (is_surely_absent(row)) return forget(draft, row, into, "removed here before, now recorded");
  if (!row.file) return draft.wait(row, "to be removed here; its file may be here still");
  DeleteIn remove{row.mailbox->where(),
                  row.key().uid,
                  row.file->arrival->file,
                  "its removal here was begun, by the policy",
                  {},
                  into};
  if (row.file->mailbox != row.mailbox) remove.file_mailbox = row.file->mailbox->in->id;
  draft.act(std::move(remove), "a removal begun before and not seen to its end");
}

// The file is back in its place: the removal is called off.
void call_off(Draft& draft, RowView& row) {
  if (take_back_removal(draft, row, "the file is back before its removal was done")) return;
  FileView& file = *row.file;
  FlagSet remote = remote_flags(row);
  if (!row.row->flags.has(Flag::deleted)) remote.set(Flag::deleted, false);
  FlagMerge merge = merge_flags(row.row->flags, remote, local_flags(row), *row.mailbox);
  Pair pair;
  pair.where = row.mailbox->where();
  pair.uid = row.key().uid;
  pair.file = file.arrival->file;
  pair.flags = std::move(merge.result);
  pair.to_remote = std::move(merge.to_remote);
  pair.to_local = std::move(merge.to_local);
  pair.identity = file.identity();
  pair.internal_date = row.row->internal_date;
  pair.email_id = row.row->email_id;
  draft.act(std::move(pair), "the file is back before its removal was done");
}

// nullptr: there is none, or not one alone.
MessageView* only_one_like(World& world, const RowView& row) {
  MessageView* found = nullptr;
  for (MessageView& message : world.messages()) {
    const bool like = world.has_content(message, row.identity_there());
    if (!like || !message.is_unexplained()) continue;
    if (found) return nullptr;
    found = &message;
  }
  return found;
}

// Another client moved it on before its removal came to an end: it goes on without our mark, as
// what is new there.
bool unmark_moved(Draft& draft, const RowView& row) {
  if (row.file || !may_be_marked(row)) return false;
  MessageView* marked = only_one_like(draft.world, row);
  if (!marked || marked->mailbox == row.mailbox || !marked->flags().has(Flag::deleted))
    return false;
  if (!marked->mailbox->takes_changes()) return false;
  constexpr const char* kWhy = "moved elsewhere with the mark of a removal of ours";
  marked->taken = true;
  draft.kept_intents.insert(row.intent->id);
  draft.act(ClearDeleted{marked->mailbox->where(), marked->uid, row.intent->id, true}, kWhy);
  draft.wait(row, kWhy);
  return true;
}

bool is_kept_by_policy(const RowView& row) {
  return !row.mailbox->may_push() || row.mailbox->in->local_delete == LocalDelete::ignore;
}

// The policy was changed since its removal was begun: what it ignores is consumed (rule 19).
void let_be(Draft& draft, RowView& row) {
  constexpr const char* kWhy = "a removal begun before; the policy keeps it on the server by now";
  if (finish_half_move(draft, row)) return;
  if (take_back_removal(draft, row, kWhy)) return;
  forget(draft, row, RowState::dropped, kWhy);
}

void decide_deleting(Draft& draft, RowView& row) {
  if (row.local == Local::unknown || row.remote == Remote::unknown) {
    return draft.wait(row, "a removal begun before; one side is not known");
  }
  if (row.remote == Remote::same) {
    if (!row.file) return is_kept_by_policy(row) ? let_be(draft, row) : resume_removal(draft, row);
    return row.file->mailbox == row.mailbox ? call_off(draft, row) : move_remote(draft, row);
  }
  if (row.message && row.message->mailbox->may_pull()) return move_local(draft, row);
  if (row.message) row.message->from = nullptr;
  if (unmark_moved(draft, row)) return;
  if (is_surely_absent(row)) {
    return forget(draft, row, RowState::tombstone, "removed from the server");
  }
  if (!row.file) return draft.wait(row, "removed from the server; its file may be here still");
  if (row.file->message) return;  // paired with what is new there
  if (row.file->arrival->resurrected || row.file->arrival->held) {
    std::exchange(row.file, nullptr)->from = nullptr;  // held as a file without a row
    return forget(draft, row, RowState::tombstone, "removed from the server");
  }
  upload(draft, *row.file, {.copy_of = {}, .forgets = row.key()},
         "back after its removal from the server: restored");
}

}  // namespace

void decide_other_state(Draft& draft, RowView& row) {
  switch (row.row->state) {
    case RowState::wanted:
    case RowState::dropped:
    case RowState::quarantined:
      return decide_without_file(draft, row);
    case RowState::detached:
      return decide_detached(draft, row);
    case RowState::dropping:
      return decide_dropping(draft, row);
    case RowState::deleting:
      return decide_deleting(draft, row);
    case RowState::present:
    case RowState::stub:
    case RowState::tombstone:
      return;
  }
}

}  // namespace sterna::sync
