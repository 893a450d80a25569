// SPDX-License-Identifier: Apache-2.0
// Moves of ours that were cut between COPY and EXPUNGE: the message stands in two places, and one
// of them is surplus. Which one, the file says; where it says nothing, the copy stays.
#include <string>
#include <utility>

#include "decide.h"

namespace sterna::sync {
namespace {

MessageView* message_at(World& world, MailboxId id, Uid uid) {
  const MailboxView* mailbox = world.mailbox(id);
  if (!mailbox) return nullptr;
  for (MessageView* message : mailbox->messages) {
    if (message->uid == uid) return message;
  }
  return nullptr;
}

void remove_surplus(Draft& draft, const Intent& intent, MessageView& surplus,
                    const MailboxView& stands_in, Uid as) {
  if (surplus.mailbox->read_only()) {
    return draft.wait(*surplus.mailbox, surplus.uid, "moved before by half; read-only");
  }
  surplus.taken = true;
  draft.kept_intents.insert(intent.id);
  DeleteOut out;
  out.where = surplus.mailbox->where();
  out.uid = surplus.uid;
  out.kind = RemovalKind::expunge;
  out.identity = *intent.identity;
  out.proof = "its copy stands in mailbox " + stands_in.in->name.text() + " as UID " +
              std::to_string(as.value);
  out.without_row = true;
  draft.act(std::move(out), "moved before, and left here by half");
}

// The source has no row: moved before it was recorded where it was.
void decide_unrecorded(Draft& draft, const Intent& intent, MessageView& copy) {
  MessageView* source = message_at(draft.world, intent.mailbox, intent.uid);
  if (!source || source->taken || source->from || source->row) return;
  const auto identity = source->identity();
  if (!identity || !identity->same_as(*intent.identity, draft.world.sizes_count(*source))) return;
  if (source->file && !copy.file && !copy.from) {
    return remove_surplus(draft, intent, copy, *source->mailbox, source->uid);
  }
  if (!source->file) remove_surplus(draft, intent, *source, *copy.mailbox, copy.uid);
}

// Both places are what they were when the move was begun.
bool is_certain(World& world, const Intent& intent) {
  const MailboxView* from = world.mailbox(intent.mailbox);
  const MailboxView* to = world.mailbox(intent.target);
  if (!from || !to || from->in->adopting || to->in->adopting) return false;
  return from->remote_known && from->where().uidvalidity == intent.uidvalidity &&
         world.every_local_side_known();
}

void decide_copy(Draft& draft, const Intent& intent) {
  MessageView* copy = result_of(draft.world, intent);
  if (!copy || copy->taken || !is_certain(draft.world, intent)) return;
  const RowView* row = draft.world.row({intent.mailbox, intent.uid});
  if (!row) return decide_unrecorded(draft, intent, *copy);
  const bool known = row->remote == Remote::same && row->local != Local::unknown;
  const bool has_file = row->local != Local::gone || row->file;
  if (!known || !row->has_file_here() || !has_file || copy->file || copy->from) return;
  remove_surplus(draft, intent, *copy, *row->mailbox, row->key().uid);
}

}  // namespace

void decide_copies(Draft& draft) {
  for (const Intent& intent : draft.world.input().intents) {
    if (intent.kind == IntentKind::move_out) decide_copy(draft, intent);
  }
}

}  // namespace sterna::sync
