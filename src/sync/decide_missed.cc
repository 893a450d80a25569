// SPDX-License-Identifier: Apache-2.0
// Messages that we sent or moved, and whose files went before that was written down. Fetching them
// would bring back what the user deleted.
#include <algorithm>
#include <string>
#include <utility>

#include "decide.h"
#include "pair.h"

namespace sterna::sync {
namespace {

bool is_move(const Intent& intent) {
  return intent.kind == IntentKind::move_out;
}

// What an open upload or move made on the server, if it is no file's message.
MessageView* find_result(World& world, const Intent& intent) {
  const MailboxView* mailbox = world.mailbox(is_move(intent) ? intent.target : intent.mailbox);
  if (!mailbox || !intent.identity) return nullptr;
  for (MessageView* message : mailbox->messages) {
    const bool free = !message->from && !message->file && !message->row && !message->taken;
    if (!free || message->uid < intent.target_uid_next) continue;
    const auto identity = message->identity();
    if (identity && identity->same_as(*intent.identity, world.sizes_count(*message))) {
      return message;
    }
  }
  return nullptr;
}

// Files that may be the one that went, after all.
bool may_be_here(World& world, const Intent& intent) {
  const std::string_view stem = stem_of(intent.base_name);
  return std::ranges::any_of(
      world.files(), [&](const FileView& file) { return !file.is_clear() || file.stem == stem; });
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

bool miss_moved(Draft& draft, RowView& row) {
  if (!row.intent || !is_move(*row.intent)) return false;
  MessageView* message = find_result(draft.world, *row.intent);
  if (!message) return false;
  const bool whole = row.remote == Remote::gone;
  miss(draft, *row.intent, *message, whole ? std::optional(row.key()) : std::nullopt);
  if (whole) return true;
  finish_remote(draft, row, RemovalKind::expunge,
                "its copy stands in the other mailbox as UID " + std::to_string(message->uid.value),
                "moved before, and left here by half");
  return true;
}

void decide_missed(Draft& draft) {
  for (const Intent& intent : draft.world.input().intents) {
    if (intent.kind != IntentKind::upload || upload_is_found(draft.world, intent)) continue;
    MessageView* message = find_result(draft.world, intent);
    if (!message || may_be_here(draft.world, intent)) continue;
    miss(draft, intent, *message, std::nullopt);
  }
}

}  // namespace sterna::sync
