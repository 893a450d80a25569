// SPDX-License-Identifier: Apache-2.0
// Moves of ours that were cut between COPY and EXPUNGE: the message stands in two places, and one
// of them is surplus. Which one, the file says; where it says nothing, the copy stays.
#include <string>
#include <utility>

#include "decide.h"
#include "pair.h"

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

constexpr const char* kLeftByHalf = "moved before, and left here by half";

std::string stands_in(const MailboxView& mailbox, Uid uid) {
  return "its copy stands in mailbox " + mailbox.in->name.text() + " as UID " +
         std::to_string(uid.value);
}

void remove_surplus(Draft& draft, const Intent& intent, MessageView& surplus,
                    const MailboxView& place, Uid as) {
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
  out.proof = stands_in(place, as);
  out.without_row = true;
  out.flags = surplus.flags();
  draft.act(std::move(out), kLeftByHalf);
}

// Both places are what they were when the move was begun.
bool is_certain(World& world, const Intent& intent) {
  const MailboxView* from = world.mailbox(intent.mailbox);
  const MailboxView* to = world.mailbox(intent.target);
  if (!from || !to || from->is_yet_to_be_paired() || to->is_yet_to_be_paired()) return false;
  return from->remote_known && from->where().uidvalidity == intent.uidvalidity &&
         world.every_local_side_known();
}

// Neither fetched nor removed in this pass.
void keep_unsure(Draft& draft, const Intent& intent, MessageView& message) {
  message.taken = true;
  draft.kept_intents.insert(intent.id);
  draft.wait(*message.mailbox, message.uid, "moved before by half; not all there is known yet");
}

// The source is where the message of a row went, whose file tells where it is to be: the copy that
// another move made of it is one too many.
void decide_moved_on(Draft& draft, const Intent& intent) {
  MessageView* source = message_at(draft.world, intent.mailbox, intent.uid);
  if (!source || !source->from || !intent.identity) return;
  if (source->mailbox->where().uidvalidity != intent.uidvalidity) return;
  if (!draft.world.has_content(*source, intent.identity)) return;
  MessageView* copy = result_of(draft.world, intent);
  if (!copy || copy->taken || copy->file || copy->from) return;
  if (!is_certain(draft.world, intent)) return keep_unsure(draft, intent, *copy);
  remove_surplus(draft, intent, *copy, *source->mailbox, source->uid);
}

// The source has no row: moved before it was recorded where it was.
void decide_unrecorded(Draft& draft, const Intent& intent) {
  MessageView* source = source_of(draft.world, intent);
  if (!source) return decide_moved_on(draft, intent);
  MessageView* copy = result_of(draft.world, intent);
  const RowView* recorded = copy ? nullptr : recorded_copy(draft.world, intent);
  if ((!copy && !recorded) || (copy && copy->taken)) return;
  const bool is_back = source->file && copy && !copy->file && !copy->from;
  if (source->file && !is_back) return;
  const bool stands = !recorded || recorded->remote == Remote::same;
  if (!stands || !is_certain(draft.world, intent)) {
    if (is_back) return;
    keep_unsure(draft, intent, *source);
  } else if (is_back) {
    remove_surplus(draft, intent, *copy, *source->mailbox, source->uid);
  } else if (copy) {
    remove_surplus(draft, intent, *source, *copy->mailbox, copy->uid);
  } else {
    remove_surplus(draft, intent, *source, *recorded->mailbox, recorded->key().uid);
  }
}

// Of whichever of its moves: the copy of this one is another message.
bool went_by_a_move(World& world, const RowView& row) {
  const Intent* move =
      row.message ? open_move_to(world, row, row.message->mailbox->in->id) : nullptr;
  return move && may_come_of(*move, *row.message);
}

void decide_copy(Draft& draft, const Intent& intent) {
  const RowView* row = draft.world.row({intent.mailbox, intent.uid});
  if (!row) return decide_unrecorded(draft, intent);
  MessageView* copy = result_of(draft.world, intent);
  const bool has_file = row->local != Local::gone || row->file;
  if (!copy || copy->taken || copy->file || copy->from) return;
  if (!row->mailbox || !row->has_file_here() || !has_file) return;
  if (row->mailbox->where().uidvalidity != intent.uidvalidity) return;
  const bool certain = is_certain(draft.world, intent);
  if (!certain && intent.looks >= kLooksBeforeSendingAgain) return;
  const bool known = row->local != Local::unknown && row->remote != Remote::unknown;
  if (!known || !certain) {
    return keep_unsure(draft, intent, *copy);
  }
  if (row->remote == Remote::same) {
    remove_surplus(draft, intent, *copy, *row->mailbox, row->key().uid);
  } else if (row->remote == Remote::gone && went_by_a_move(draft.world, *row)) {
    remove_surplus(draft, intent, *copy, *row->message->mailbox, row->message->uid);
  }
}

}  // namespace

MessageView* source_of(World& world, const Intent& intent) {
  MessageView* source = message_at(world, intent.mailbox, intent.uid);
  if (!source || source->taken || source->from || source->row || !intent.identity) return nullptr;
  if (source->mailbox->where().uidvalidity != intent.uidvalidity) return nullptr;
  return world.has_content(*source, intent.identity) ? source : nullptr;
}

const RowView* recorded_copy(World& world, const Intent& intent) {
  const RowView* row = recorded_result_of(world, intent);
  const auto there = row ? row->identity_there() : std::nullopt;
  const bool is_it = there && there->same_as(*intent.identity) && row->remote != Remote::gone;
  return is_it ? row : nullptr;
}

bool finish_half_move(Draft& draft, RowView& row) {
  const RowView* copy = row.move_out ? recorded_copy(draft.world, *row.move_out) : nullptr;
  if (!copy) return false;
  draft.kept_intents.insert(row.move_out->id);
  if (copy->remote != Remote::same) {
    draft.wait(row, "moved before by half; where its copy stands was not seen");
  } else if (row.mailbox->read_only()) {
    draft.wait(row, "moved before by half; read-only on the server");
  } else {
    finish_remote(draft, row, RemovalKind::expunge, stands_in(*copy->mailbox, copy->key().uid),
                  kLeftByHalf);
  }
  return true;
}

void decide_copies(Draft& draft) {
  for (const Intent& intent : draft.world.input().intents) {
    if (intent.kind == IntentKind::move_out) decide_copy(draft, intent);
  }
}

}  // namespace sterna::sync
