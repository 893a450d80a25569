// SPDX-License-Identifier: Apache-2.0
// The table of locations, for rows in state present and stub:
//
//   remote \ local | same          | gone            | moved to B          | edited
//   unknown        | -             | wait            | wait                | wait
//   same           | flags         | delete remotely | MOVE to B           | replace
//   gone           | delete here   | tombstone       | as new in B         | keep
//   moved to A'    | move the file | as new in A'    | A' (Trash loses)    | move, replace later
//
// A file that the user only renamed within its mailbox stands in the column "same", and one that we
// moved after its message (RowView::followed), once that is not where it was. An extra copy is a
// file without a row: decide_file.cc.
#include <algorithm>

#include "decide.h"
#include "pair.h"

namespace sterna::sync {
namespace {

bool moved_away(const RowView& row) {
  return row.file && row.file->mailbox != row.mailbox;
}

// Any change of a side that cannot be acted upon, because the other side is not known.
bool has_news(const RowView& row) {
  return row.file || row.message || row.change || row.told || row.doubted ||
         row.local == Local::gone || row.remote == Remote::gone;
}

void stayed_on_server(Draft& draft, RowView& row) {
  if (moved_away(row)) return move_remote(draft, row);
  if (row.local == Local::gone && !row.file) {
    if (miss_moved(draft, row)) return;
    return delete_remote(draft, row);
  }
  switch (content_of(row)) {
    case Content::same:
      if (is_removed_by_flag(row)) {
        push_last_flags(draft, row);
        return remove_flagged(draft, row);
      }
      decide_flags(draft, row);
      return expunge_flagged(draft, row);
    case Content::edited:
      return replace_content(draft, row);
    case Content::doubtful:
      return keep_both(draft, row);
    case Content::wreck:
      return draft.act(Repair{row.mailbox->where(), row.key().uid, file_of(row), {}},
                       "the file is damaged; the server has the message");
    case Content::unreadable:
      return draft.wait(row, "the changed file cannot be read");
  }
}

// A moved file that is so young that it may still be written to is not paired yet.
bool may_be_arriving(World& world, const RowView& row) {
  const FileStamp& was = row.row->file;
  return std::ranges::any_of(world.files(), [&](const FileView& file) {
    if (file.arrival->stable || file.is_paired()) return false;
    const FileStamp& is = file.arrival->file.file;
    return is_one_file(was, is) || was.size == is.size || file.stem == stem_of(row.row->base_name);
  });
}

// Whether one of its moves may have put it where nothing tells any more what was there before.
bool may_be_renumbered(World& world, const RowView& row) {
  return std::ranges::any_of(world.input().intents, [&](const Intent& intent) {
    const MailboxView* target = is_move_of(intent, row) ? world.mailbox(intent.target) : nullptr;
    return target && target->where().uidvalidity != intent.target_uidvalidity;
  });
}

// What another client moved amid this pass is where was looked before. Where that would undo what
// the user did here, or double it, a second look tells.
bool look_once_more(Draft& draft, const RowView& row) {
  if (!draft.world.input().may_look_again) return false;
  draft.plan.look_again = true;
  draft.wait(row, "gone from the server, and changed here: looked for once more");
  return true;
}

// As new in B; in the Trash the two sides agree that it is deleted. A file that only followed its
// message goes with it, once nothing in B can be that message.
void gone_from_server_moved_here(Draft& draft, RowView& row) {
  FileView& file = *row.file;
  if (row.followed && !file.mailbox->examined) {
    return draft.wait(row, "moved after its message, to a mailbox that was not seen");
  }
  if (row.followed || file.mailbox->has_role(Role::trash)) return delete_local(draft, row);
  if (row.heir) return remove_surplus_file(draft, row);
  if (!file.mailbox->may_push()) {
    draft.plan.consumed.push_back({file.mailbox->in->id, file.arrival->file, "direction is pull"});
    return forget(draft, row, RowState::tombstone, "gone from the server, moved here");
  }
  if (!draft.world.every_arrival_was_searched()) {
    return draft.wait(row, "gone from the server, and may be what is new there");
  }
  if (row.intent && row.intent->kind == IntentKind::move_out) {
    if (row.intent->looks < kLooksBeforeSendingAgain) {
      return draft.wait(file, "moved before, in doubt where it is on the server");
    }
    if (!file.arrival->restored && may_be_renumbered(draft.world, row)) {
      return draft.hold(HeldKind::orphan, file,
                        "moved before, and not found under the new UIDVALIDITY");
    }
  }
  if (look_once_more(draft, row)) return;
  upload(draft, file, {.copy_of = {}, .forgets = row.key()},
         "moved here, gone from the server: kept");
}

// Whether to follow the message to where it is now. Under another UID of the same mailbox only with
// a file that is still what it was, or surely an edit of that; nowhere if the file is another
// message by now.
bool follows(const Draft& draft, const RowView& row) {
  if (!row.message || !row.message->mailbox->may_pull() || edit_was_sent(draft, row)) return false;
  const Content content = content_of(row);
  return row.message->mailbox != row.mailbox || content == Content::same ||
         content == Content::edited;
}

// Whether that message is told in this pass what was said to the one that it was before.
bool may_be_told(World& world, MessageKey key) {
  const RowView* heir = world.row(key);
  if (!heir) return true;  // it has no row yet
  return heir->local != Local::unknown && (!heir->message || heir->message->mailbox->local_known);
}

void gone_from_server(Draft& draft, RowView& row) {
  if (follows(draft, row)) return move_local(draft, row);
  if (row.message) row.message->from = nullptr;
  if (row.file && row.file->message) return;  // paired with what is new there
  if (moved_away(row)) return gone_from_server_moved_here(draft, row);
  if (row.local == Local::gone && !row.file) {
    if (miss_moved(draft, row)) return;
    if (may_be_arriving(draft.world, row)) {
      return draft.wait(row, "gone on both sides; what is being written here may be its file");
    }
    return forget(draft, row, RowState::tombstone, "gone on both sides");
  }
  if (content_of(row) == Content::unreadable) {
    return draft.wait(row, "the changed file cannot be read");
  }
  if (is_edit(row)) return keep_edit(draft, row);
  if (row.row->flags != local_flags(row)) {
    if (row.heir && !may_be_told(draft.world, *row.heir)) {
      return draft.wait(row, "what was said to it waits for where it is now");
    }
    if (!row.heir && look_once_more(draft, row)) return;
  }
  delete_local(draft, row);
}

void decide_location(Draft& draft, RowView& row) {
  if (row.remote == Remote::unknown) {
    if (has_news(row)) draft.wait(row, "the server's side is not known");
    return;
  }
  if (row.local == Local::unknown) {
    if (has_news(row)) draft.wait(row, "the local side is not known");
    return;
  }
  row.remote == Remote::same ? stayed_on_server(draft, row) : gone_from_server(draft, row);
}

}  // namespace

void remove_surplus_file(Draft& draft, RowView& row) {
  const MailboxView& place = *draft.world.mailbox(row.heir->mailbox);
  const RowView* heir = draft.world.row(*row.heir);
  if (heir) {
    std::optional<Generation>& since = draft.plan.surplus_since;
    since = std::min(since.value_or(heir->row->remote_since), heir->row->remote_since);
  }
  if (heir && (heir->local == Local::unknown || heir->remote != Remote::same)) {
    return draft.wait(row, "moved on both sides; what was fetched there is not at rest");
  }
  DeleteIn remove;
  remove.where = row.mailbox->where();
  remove.uid = row.key().uid;
  remove.file = file_of(row);
  remove.file_mailbox = row.file->mailbox->in->id;
  remove.proof = "its message stands in mailbox " + place.in->name.text() + " as UID " +
                 std::to_string(row.heir->uid.value) + ", with a file of its own";
  draft.propose(Side::local, row, std::move(remove),
                "moved on both sides, and fetched there before that was seen");
  draft.removals.back().begun_before = row.has_state(RowState::dropping);
}

void forget(Draft& draft, const RowView& row, RowState into, std::string reason) {
  draft.act(Forget{row.mailbox->where(), row.key().uid, into}, std::move(reason));
}

void decide_rows(Draft& draft) {
  for (const RowView& row : draft.world.rows()) {
    const bool guarded = row.mailbox && !row.mailbox->is_bin() && !draft.is_approved(row);
    if (!guarded || !lost_its_info(row)) continue;
    ++row.mailbox->infos_lost;
    ++draft.infos_lost;
  }
  for (RowView& row : draft.world.rows()) {
    if (!row.mailbox) continue;
    if (row.has_file_here()) {
      decide_location(draft, row);
    } else {
      decide_other_state(draft, row);
    }
  }
}

}  // namespace sterna::sync
