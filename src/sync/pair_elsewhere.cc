// SPDX-License-Identifier: Apache-2.0
// What stands here and on the server in different mailboxes, with no row that says where it
// belongs.
#include <string>
#include <utility>

#include "match.h"
#include "pair.h"

namespace sterna::sync {
namespace {

bool is_alone(const MessageView& message) {
  return message.is_unexplained() && message.identity();
}

bool is_alone(const FileView& file) {
  return !file.is_paired() && !file.awaits_drop && file.is_clear() && !file.arrival->is_stub;
}

void put_together(MessageView& message, FileView& file, bool moved_here) {
  message.file = &file;
  file.elsewhere = &message;
  file.moved_here = moved_here;
}

// About a message that our own move put, or was to take, from another mailbox, before it had a row.
void find_unrecorded_move_on(World& world, FileView& file) {
  const Intent* move = file.move_out;
  if (!move) return;
  const bool awaited = file.mailbox->in->id == move->target;  // and its message is not there yet
  const MailboxView* source = world.mailbox(awaited ? move->mailbox : move->target);
  if (!source || source == file.mailbox || !source->remote_known) return;
  if (awaited && source->where().uidvalidity != move->uidvalidity) return;
  const bool is_users = !file.mailbox->lacks_what_came_since() && !source->lacks_what_came_since();
  for (MessageView* message : source->messages) {
    const bool may_be = awaited ? message->uid == move->uid : message->uid >= move->target_uid_next;
    if (!may_be || !is_alone(*message) || !world.has_content(*message, file.arrival->identity))
      continue;
    return put_together(*message, file, is_users);
  }
}

// Sent or fetched, and moved by the user before it was written down: the server has it in the old
// place.
void find_unrecorded_move(World& world, FileView& file) {
  const auto& origin = file.arrival->origin;
  const Intent* upload = file.upload;
  const bool ours = origin && origin->ours;
  if (!ours && !upload) return;
  MailboxView* source = world.mailbox(upload ? upload->mailbox : origin->mailbox);
  if (!source || source == file.mailbox || !source->remote_known) return;
  if (!upload && origin->uidvalidity != source->in->remote.uidvalidity) return;
  for (MessageView* message : source->messages) {
    if (!is_alone(*message) || !world.has_content(*message, file.arrival->identity)) continue;
    if (upload ? message->uid < upload->target_uid_next : message->uid != origin->uid) continue;
    return put_together(*message, file, upload || !source->in->adopting);
  }
}

// Files that the server's place takes along; the Trash loses against where the user moved one
// (rule 24).
void match_marks(World& world) {
  match(
      world.messages(), world.files(),
      [&](const MessageView& message) -> std::optional<ContentKey> {
        if (!is_alone(message) || !world.sizes_count(message)) return std::nullopt;
        return content_key(message.identity());
      },
      [&](const FileView& file) -> std::optional<ContentKey> {
        return is_alone(file) && was_on_server(world, file) ? content_key(file.arrival->identity)
                                                            : std::nullopt;
      },
      [](MessageView& message, FileView& file) {
        if (message.mailbox == file.mailbox) return false;
        if (file.upload && file.upload->mailbox == message.mailbox->in->id) return false;
        const bool moved_on = file.move_out && file.move_out->target != file.mailbox->in->id;
        put_together(message, file, moved_on && message.mailbox->has_role(Role::trash));
        return true;
      });
}

// Files that say nothing of where they are from, and messages whose mailbox is paired anew: its
// rows would have told that they are one. The server's place is taken; what lies in a bin was
// deleted, and is restored by the file. Where the file's mailbox has its base, the file may as well
// be a copy, and no message moves for it.
void match_paired_anew(World& world) {
  match(
      world.messages(), world.files(),
      [&](const MessageView& message) -> std::optional<ContentKey> {
        const MailboxView& there = *message.mailbox;
        const bool counts = there.in->paired_anew && there.local_known && !there.is_bin() &&
                            world.sizes_count(message);
        return counts && is_alone(message) ? content_key(message.identity()) : std::nullopt;
      },
      [](const FileView& file) -> std::optional<ContentKey> {
        return may_be_lost_move(file) ? content_key(file.arrival->identity) : std::nullopt;
      },
      [](MessageView& message, FileView& file) {
        if (message.mailbox == file.mailbox) return false;
        if (message.identity()->differs_in_body(*file.arrival->identity)) return false;
        put_together(message, file, false);
        return true;
      });
}

}  // namespace

bool may_be_moved(const FileView& file) {
  const LocalArrival& arrival = *file.arrival;
  const bool settled = arrival.consumed || arrival.held || arrival.resurrected;
  return is_alone(file) && !settled && !arrival.is_placeholder;
}

bool may_be_lost_move(const FileView& file) {
  return may_be_moved(file) && file.mailbox->remote_known && file.mailbox->in->adopting;
}

bool was_on_server(World& world, const FileView& file) {
  if (file.upload || file.move_out) return true;
  const auto& origin = file.arrival->origin;
  if (!origin || !world.rows_named(file.stem).empty()) return false;
  return origin->ours || file.mailbox->in->adopting;
}

void pair_elsewhere(World& world) {
  for (FileView& file : world.files()) {
    if (is_alone(file)) find_unrecorded_move_on(world, file);
    if (is_alone(file)) find_unrecorded_move(world, file);
  }
  match_marks(world);
  match_paired_anew(world);
}

}  // namespace sterna::sync
