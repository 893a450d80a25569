// SPDX-License-Identifier: Apache-2.0
// EMAILID is proof (RFC 8474 section 5.1); without it header and size are, the size only where this
// server tells it truly.
#include <string>

#include "match.h"
#include "pair.h"

namespace sterna::sync {

bool is_doubted_there(const RowView& view) {
  return view.mailbox && view.has_file_here() && view.remote == Remote::unknown &&
         view.mailbox->remote_known && view.mailbox->in->remote.gone.contains(view.key().uid);
}

namespace {

// A message that came back, or was put in anew by its server, has another UID in the same mailbox;
// a place elsewhere is the better explanation.
enum class Search : bool { elsewhere, same_mailbox };

// Kept here alone: its message may come back to where it was. A file that was moved on is not
// looked for.
bool is_kept_here(const RowView& view) {
  return view.has_state(RowState::detached) && view.remote == Remote::same &&
         (view.local == Local::same || view.local == Local::changed) && !view.file;
}

// Rows whose message is to be found elsewhere. One whose file is gone too needs no search: whatever
// arrived elsewhere is then simply new there.
bool misses_message(const RowView& view, Search search) {
  const bool here = search == Search::same_mailbox && !view.message;
  if (here && (is_kept_here(view) || is_doubted_there(view))) return true;
  if (view.message || view.remote != Remote::gone) return false;
  if (view.has_file_here()) return view.local != Local::gone || view.file;
  return view.has_state(RowState::deleting) && view.file;
}

bool is_free(const MessageView& message) {
  return message.is_unexplained() && message.detail && !message.left_behind;
}

template <class Key, class RowKey, class MessageKeyOf>
void match_messages(World& world, Search search, RowKey row_key, MessageKeyOf message_key) {
  match(
      world.rows(), world.messages(),
      [&](const RowView& row) -> std::optional<Key> {
        return misses_message(row, search) ? row_key(row) : std::nullopt;
      },
      [&](const MessageView& message) -> std::optional<Key> {
        return is_free(message) ? message_key(message) : std::nullopt;
      },
      [search](RowView& row, MessageView& message) {
        if ((row.mailbox == message.mailbox) != (search == Search::same_mailbox)) return false;
        row.message = &message;
        message.from = &row;
        return true;
      });
}

// Of our own moves the one that followed its file, or else the last one: one before may have left a
// copy, too.
const Intent* move_of(World& world, const RowView& row) {
  if (row.move_back) return row.move_back;
  const Intent* after_file =
      row.file ? open_move_to(world, row, row.file->mailbox->in->id) : nullptr;
  const Intent* move = after_file ? after_file : row.move_out;
  return move && move->target != row.key().mailbox ? move : nullptr;
}

// What our own move made of it.
void pair_own_moves(World& world) {
  for (RowView& row : world.rows()) {
    const Intent* move = misses_message(row, Search::elsewhere) ? move_of(world, row) : nullptr;
    MessageView* message = move ? result_of(world, *move) : nullptr;
    if (!message || !is_free(*message)) continue;
    row.message = message;
    message->from = &row;
  }
}

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

void match_all(World& world, Search search) {
  match_messages<std::string>(
      world, search, [](const RowView& row) { return unless_empty(row.row->email_id); },
      [](const MessageView& message) { return unless_empty(message.detail->email_id); });
  match_messages<ContentKey>(
      world, search, [](const RowView& row) { return content_key(row.identity_there()); },
      [&](const MessageView& message) {
        return world.sizes_count(message) ? content_key(message.identity()) : std::nullopt;
      });
  match_messages<Digest>(
      world, search,
      [](const RowView& row) {
        const auto there = row.identity_there();
        return there ? std::optional(there->header) : std::nullopt;
      },
      [&](const MessageView& message) -> std::optional<Digest> {
        if (world.sizes_count(message) || !message.identity()) return std::nullopt;
        return message.identity()->header;
      });
}

}  // namespace

bool may_be_marked(const RowView& row) {
  const bool begun = row.intent && row.intent->kind == IntentKind::delete_out;
  return begun && row.has_state(RowState::deleting) && row.remote == Remote::gone &&
         !row.row->flags.has(Flag::deleted);
}

void pair_remote_moves(World& world) {
  pair_own_moves(world);
  match_all(world, Search::elsewhere);
}

void pair_new_uids(World& world) {
  match_all(world, Search::same_mailbox);
}

}  // namespace sterna::sync
