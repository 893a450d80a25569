// SPDX-License-Identifier: Apache-2.0
// Messages that we sent or moved, and whose files went before that was written down. Fetching them
// would bring back what the user deleted.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "decide.h"
#include "pair.h"

namespace sterna::sync {
namespace {

bool is_move(const Intent& intent) {
  return intent.kind == IntentKind::move_out;
}

bool is_free(const MessageView& message) {
  return !message.from && !message.file && !message.taken;
}

// Another content has its name by now where it was sent to: the file did not go, it was edited. One
// that was taken elsewhere as well is new there.
bool was_edited(World& world, const Intent& intent) {
  const std::string_view stem = stem_of(intent.base_name);
  const MailboxView* goal = world.mailbox(is_move(intent) ? intent.target : intent.mailbox);
  return std::ranges::any_of(world.files(), [&](const FileView& file) {
    const bool named = file.is_clear() && file.stem == stem && file.mailbox == goal;
    return named && !same_content(intent, file);
  });
}

// Files that may be the one that went, after all, and cannot be looked at now.
bool may_be_unclear(World& world) {
  return std::ranges::any_of(world.files(), [](const FileView& file) { return !file.is_clear(); });
}

// It was sent from where a row's file had been moved to, or may have been, and the server's side of
// that row is not known: the file may have come back.
bool may_be_back(World& world, const Intent& intent) {
  const auto& rows = world.rows_named(std::string(stem_of(intent.base_name)));
  return std::ranges::any_of(rows, [&](const RowView* row) {
    return row->key().mailbox != intent.mailbox && row->has_file_here() &&
           row->remote == Remote::unknown && row->identity &&
           row->identity->same_as(*intent.identity);
  });
}

// What another client moved on from where it was sent to: another message of that content will do.
MessageView* moved_on_from(World& world, const Intent& intent) {
  const auto found = std::ranges::find_if(world.messages(), [&](const MessageView& message) {
    const MailboxId place = message.mailbox->in->id;
    const bool there = place == intent.mailbox || (is_move(intent) && place == intent.target);
    return !there && message.is_unexplained() && world.has_content(message, intent.identity);
  });
  return found == world.messages().end() ? nullptr : &*found;
}

// Neither fetched nor missed while its file may be here.
void keep_in_doubt(Draft& draft, const Intent& intent, MessageView& message) {
  message.taken = true;
  draft.kept_intents.insert(intent.id);
  draft.wait(*message.mailbox, message.uid,
             "sent from here; a file that cannot be read or placed may be it");
}

// Both went elsewhere amid this pass, maybe: the listing of that place was made before.
void wait_for_file(Draft& draft, const Intent& intent) {
  const bool again = draft.world.input().may_look_again;
  if (intent.looks >= kLooksBeforeSendingAgain) return;
  if (!again && !may_be_unclear(draft.world)) return;
  MessageView* message = moved_on_from(draft.world, intent);
  if (!message) return;
  draft.plan.look_again = draft.plan.look_again || again;
  keep_in_doubt(draft, intent, *message);
}

void miss(Draft& draft, const Intent& intent, MessageView& message,
          std::optional<MessageKey> forgets) {
  message.taken = true;
  draft.kept_intents.insert(intent.id);
  draft.wait(*message.mailbox, message.uid, "its file is gone; a deletion for the next pass");
  if (!draft.world.every_local_side_known()) return;
  Missed missed;
  missed.where = message.mailbox->where();
  missed.uid = message.uid;
  missed.base_name = intent.base_name;
  missed.flags = intent.flags;
  missed.identity = *intent.identity;
  missed.internal_date = message.detail->internal_date;
  missed.email_id = message.detail->email_id;
  missed.forgets = forgets;
  draft.act(std::move(missed), "sent from here, and its file is gone since");
}

}  // namespace

bool may_come_of(const Intent& move, const MessageView& message) {
  return message.mailbox->in->id == move.target && message.uid >= move.target_uid_next;
}

bool moved_by_us(const RowView& row) {
  return row.intent && is_move(*row.intent) && row.message &&
         may_come_of(*row.intent, *row.message);
}

bool miss_moved(Draft& draft, RowView& row) {
  if (!row.intent || !is_move(*row.intent)) return false;
  MessageView* message = result_of(draft.world, *row.intent);
  if (!message || !is_free(*message) || was_edited(draft.world, *row.intent)) return false;
  if (may_be_unclear(draft.world)) {
    keep_in_doubt(draft, *row.intent, *message);
    draft.wait(row, "its file may be one that cannot be read");
    return true;
  }
  // A restored backup lacks what was moved there since it was made (rule 14).
  if (message->mailbox->lacks_what_came_since()) return false;
  const bool whole = row.remote == Remote::gone;
  miss(draft, *row.intent, *message, whole ? std::optional(row.key()) : std::nullopt);
  if (!draft.world.every_local_side_known()) draft.wait(row, "its file may be elsewhere here");
  if (whole) return true;
  finish_remote(draft, row, RemovalKind::expunge,
                "its copy stands in the other mailbox as UID " + std::to_string(message->uid.value),
                "moved before, and left here by half");
  return true;
}

void decide_missed(Draft& draft) {
  std::vector<const Intent*> nowhere;
  for (const Intent& intent : draft.world.input().intents) {
    if (!has_lost_its_file(draft.world, intent)) continue;
    MessageView* message = result_of(draft.world, intent);
    if (!message && is_move(intent)) message = source_of(draft.world, intent);
    if (!message && intent.identity) nowhere.push_back(&intent);
    if (!message || !is_free(*message) || was_edited(draft.world, intent)) continue;
    if (may_be_unclear(draft.world) || may_be_back(draft.world, intent)) {
      keep_in_doubt(draft, intent, *message);
    } else if (!message->mailbox->lacks_what_came_since()) {  // as for a move
      miss(draft, intent, *message, std::nullopt);
    }
  }
  for (const Intent* intent : nowhere) wait_for_file(draft, *intent);
}

}  // namespace sterna::sync
