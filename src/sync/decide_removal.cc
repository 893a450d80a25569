// SPDX-License-Identifier: Apache-2.0
// Removals, the most guarded path: what is proven gone on one side goes on the other, by policy,
// after a quiet time, and never so that the last copy goes (rules 1, 4 to 7, 13, 17, 19).
#include <algorithm>

#include "decide.h"

namespace sterna::sync {
namespace {

// Somebody cared for it on the server since both sides agreed (section 2, d).
bool was_marked_remotely(const RowView& row) {
  const FlagSet added = remote_flags(row).minus(row.row->flags);
  return added.has(Flag::flagged) || added.has(Flag::forwarded) || !added.keywords().empty();
}

// Gmail: the message stands in another synced mailbox too, so only a label goes (30).
bool has_another_label(Draft& draft, const RowView& row) {
  if (!draft.world.input().append_deduplicates || row.row->email_id.empty()) return false;
  return std::ranges::any_of(draft.world.rows(), [&](const RowView& other) {
    return other.mailbox && other.mailbox != row.mailbox && !other.mailbox->is_bin() &&
           other.row->email_id == row.row->email_id && other.remote == Remote::same &&
           other.has_file_here() && other.local != Local::gone;
  });
}

bool is_in_bin(const Draft& draft, const RowView& row) {
  return row.mailbox->is_bin() || draft.world.input().trash == row.key().mailbox;
}

// The old content may be all that is left of what the user meant to keep: never for good.
RemovalKind kind_of_replaced(const Draft& draft, const RowView& row) {
  const bool to_trash = draft.world.input().has_trash() && !is_in_bin(draft, row);
  return to_trash ? RemovalKind::to_trash : RemovalKind::fetch_expunge;
}

RemovalKind kind_by_policy(const Draft& draft, const RowView& row) {
  if (is_replaced(*row.row)) return kind_of_replaced(draft, row);
  if (row.mailbox->in->local_delete == LocalDelete::expunge) return RemovalKind::expunge;
  if (is_in_bin(draft, row)) return RemovalKind::expunge;
  return draft.world.input().has_trash() ? RemovalKind::to_trash : RemovalKind::fetch_expunge;
}

// Written down in the intent before anything was copied: no UID below it can be the copy.
Uid first_possible(const Intent& intent, const MailboxView& trash) {
  const bool same =
      intent.target == trash.in->id && intent.target_uidvalidity == trash.where().uidvalidity;
  return same ? intent.target_uid_next : Uid();
}

struct CopyInTrash {
  bool known = false;  // whether there is one
  std::optional<Uid> uid;
};

// Each copy is that of one removal.
CopyInTrash find_copy(Draft& draft, const RowView& row) {
  MailboxView* trash = draft.world.mailbox(*draft.world.input().trash);
  const auto known = row.identity_there();
  const std::optional<Identity>& identity = known ? known : row.intent->identity;
  if (!trash || !trash->remote_known || !identity) return {};
  const Uid first = first_possible(*row.intent, *trash);
  for (RowView* other : trash->rows) {
    const bool fits = other->has_file_here() || other->has_state(RowState::deleting);
    if (!fits || other->key().uid < first || other->of_removal || !other->identity) continue;
    if (other->remote == Remote::gone || !other->identity_there()->same_as(*identity)) continue;
    if (other->remote == Remote::unknown) return {};
    other->of_removal = true;
    return {true, other->key().uid};
  }
  for (MessageView* message : trash->messages) {
    if (message->uid < first || message->of_removal) continue;
    if (!message->identity()) return {};
    if (!draft.world.has_content(*message, identity)) continue;
    message->of_removal = true;
    return {true, message->uid};
  }
  return {trash->undetailed.empty() || trash->undetailed.last() < first, std::nullopt};
}

// A removal to the Trash that was begun before may have got as far as its copy, on a server without
// MOVE: then only the rest is done.
bool may_be_copied(const Draft& draft, const RowView& row, RemovalKind kind) {
  return kind == RemovalKind::to_trash && draft.world.input().has_trash() && row.intent &&
         row.intent->kind == IntentKind::delete_out && row.intent->to_trash;
}

// nullopt: a person has to decide.
std::optional<RemovalKind> spare_marked(const Draft& draft, const RowView& row, RemovalKind kind) {
  if (kind == RemovalKind::to_trash || !was_marked_remotely(row)) return kind;
  if (draft.is_approved(row)) return kind;
  if (!draft.world.input().has_trash() || is_in_bin(draft, row)) return std::nullopt;
  return RemovalKind::to_trash;
}

DeleteOut delete_out(const RowView& row, RemovalKind kind, std::string proof) {
  DeleteOut out;
  out.where = row.mailbox->where();
  out.uid = row.key().uid;
  out.kind = kind;
  out.identity = row.identity.value_or(Identity{row.row->remote_size, {}, {}});
  out.proof = std::move(proof);
  return out;
}

constexpr const char* kMarked = "flagged on the server since: not expunged without a decision";
constexpr const char* kCopyUnknown =
    "a removal begun before; whether its copy is in the Trash is not known";
constexpr const char* kAbsent = "in none of the whole listings of every local mailbox";

// What is left of it to be done; nullopt: not known yet. Of a Trash that is not synced nothing is
// known here: who carries it out looks there.
std::optional<RemovalKind> rest_of(Draft& draft, const RowView& row, RemovalKind kind) {
  if (!may_be_copied(draft, row, kind) || !draft.world.input().trash) return kind;
  const CopyInTrash copy = find_copy(draft, row);
  if (!copy.known) return std::nullopt;
  return copy.uid ? RemovalKind::expunge : kind;
}

// Why the disappearance of a file is not believed or not sent yet.
std::optional<std::string> why_not_now(const Draft& draft, const RowView& row) {
  if (!row.mailbox->in->local.quiet) return "deleted here; waits for the quiet time";
  if (!draft.world.every_local_side_known()) {
    return "deleted here, or moved to a mailbox that could not be listed";
  }
  return std::nullopt;
}

// Its file went with the power, not by the user's hand.
bool was_unflushed(const RowView& row) {
  const std::optional<Generation>& since = row.mailbox->in->local.unflushed_since;
  return since && row.row->local_since >= *since;
}

}  // namespace

void delete_remote(Draft& draft, RowView& row) {
  const MailboxView& mailbox = *row.mailbox;
  if (is_replaced(*row.row) && mailbox.may_push()) {
    return remove_replaced(draft, row, "replaced by its edit, which the server has");
  }
  if (finish_half_move(draft, row)) return;
  if (auto reason = why_not_now(draft, row)) return draft.wait(row, *reason);
  if (was_unflushed(row)) {
    return forget(draft, row, mailbox.may_pull() ? RowState::wanted : RowState::dropped,
                  "never flushed, and gone since the machine was restarted");
  }
  if (!mailbox.may_push() || mailbox.in->local_delete == LocalDelete::ignore) {
    return forget(draft, row, RowState::dropped, "deleted here; the policy keeps it on the server");
  }
  // Nor is it kept for the day on which the mailbox can be written.
  if (mailbox.read_only()) {
    return forget(draft, row, RowState::dropped, "deleted here; read-only on the server");
  }
  std::optional<RemovalKind> kind = kind_by_policy(draft, row);
  if (has_another_label(draft, row)) {
    kind = RemovalKind::expunge;
  } else {
    kind = spare_marked(draft, row, *kind);
  }
  if (!kind) return draft.hold(HeldKind::delete_remote, row, std::nullopt, kMarked);
  draft.propose(Side::remote, row, delete_out(row, *kind, kAbsent),
                "gone here, unchanged on the server");
}

void remove_replaced(Draft& draft, RowView& row, std::string proof) {
  if (row.mailbox->read_only()) return draft.wait(row, "edited here; read-only on the server");
  const bool label = has_another_label(draft, row);
  finish_remote(draft, row, label ? RemovalKind::expunge : kind_of_replaced(draft, row),
                std::move(proof), "replaced by its edit");
}

void resume_removal(Draft& draft, RowView& row) {
  if (finish_half_move(draft, row)) return;
  if (auto reason = why_not_now(draft, row)) return draft.wait(row, *reason);
  if (row.mailbox->read_only()) return draft.wait(row, "deleted here; read-only on the server");
  const bool to_trash = row.intent && row.intent->to_trash && draft.world.input().has_trash();
  const auto kind =
      spare_marked(draft, row, to_trash ? RemovalKind::to_trash : kind_by_policy(draft, row));
  if (!kind) return draft.hold(HeldKind::delete_remote, row, std::nullopt, kMarked);
  const auto rest = rest_of(draft, row, *kind);
  if (!rest) return draft.wait(row, kCopyUnknown);
  draft.propose(Side::remote, row, delete_out(row, *rest, kAbsent),
                "a removal begun before and not seen to its end");
  draft.removals.back().begun_before = true;
}

void expunge_flagged(Draft& draft, RowView& row) {
  const MailboxView& mailbox = *row.mailbox;
  if (!mailbox.in->expunge_flagged || !mailbox.may_push()) return;
  const FlagSet agreed =
      merge_flags(row.row->flags, remote_flags(row), local_flags(row), mailbox).result;
  if (agreed.has(Flag::deleted)) remove_flagged(draft, row);
}

void remove_flagged(Draft& draft, RowView& row) {
  const MailboxInput& in = *row.mailbox->in;
  if (row.intent && row.intent->kind == IntentKind::delete_out && !in.local.quiet) {
    draft.kept_intents.insert(row.intent->id);
  }
  if (row.mailbox->read_only()) return draft.wait(row, "flagged deleted; read-only on the server");
  if (!in.local.quiet) return draft.wait(row, "flagged deleted; waits for the quiet time");
  const RemovalKind wanted = in.expunge_flagged || has_another_label(draft, row)
                                 ? RemovalKind::expunge
                                 : kind_by_policy(draft, row);
  const auto kind = spare_marked(draft, row, wanted);
  if (!kind) return draft.hold(HeldKind::delete_remote, row, std::nullopt, kMarked);
  if (may_be_copied(draft, row, *kind)) draft.kept_intents.insert(row.intent->id);
  const auto rest = rest_of(draft, row, *kind);
  if (!rest) return draft.wait(row, kCopyUnknown);
  DeleteOut out = delete_out(row, *rest, "the user flagged it \\Deleted");
  out.file_remains = true;
  draft.propose(Side::remote, row, std::move(out),
                in.expunge_flagged ? "flagged deleted; the policy expunges it" : "flagged deleted");
}

void delete_local(Draft& draft, RowView& row) {
  const MailboxInput& in = *row.mailbox->in;
  const bool moved = row.file && row.file->mailbox != row.mailbox;
  const MailboxView& place = row.followed ? *row.file->mailbox : *row.mailbox;
  const bool kept = !place.may_pull() || place.in->remote_delete == RemoteDelete::ignore;
  if (kept && !row.copied) {
    if (moved) {
      draft.plan.consumed.push_back({row.file->mailbox->in->id, row.file->arrival->file,
                                     "gone from the server; the policy keeps it here"});
    }
    return forget(draft, row, moved ? RowState::tombstone : RowState::detached,
                  "gone from the server; the policy keeps it here");
  }
  if (!draft.world.every_arrival_was_searched()) {
    return draft.wait(row, "gone from the server, and may be what is new there");
  }
  // It may have been moved to where nobody looked. Without its file it would come from there, but
  // not the flags that it got here.
  if (local_flags(row) != row.row->flags && !draft.world.every_remote_side_known()) {
    return draft.wait(row, "gone from the server, or moved to a mailbox that could not be seen");
  }
  DeleteIn remove{row.mailbox->where(), row.key().uid, std::nullopt, in.remote.gone_proof, {}, {}};
  if (remove.proof.empty()) remove.proof = "missing from a whole listing of the mailbox";
  remove.into = RowState::tombstone;
  if (row.file || row.change) remove.file = file_of(row);
  if (moved) remove.file_mailbox = row.file->mailbox->in->id;
  draft.propose(
      Side::local, row, std::move(remove),
      moved && !row.followed ? "gone from the server, in the Trash here" : "gone from the server");
}

void finish_remote(Draft& draft, RowView& row, RemovalKind kind, std::string proof,
                   std::string reason) {
  draft.act(delete_out(row, kind, std::move(proof)), std::move(reason));
}

}  // namespace sterna::sync
