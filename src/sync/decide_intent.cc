// SPDX-License-Identifier: Apache-2.0
// Open intents (rule 12): one is closed when what was observed leaves no doubt about it, or when
// what it was about is planned anew. Those that an action carries, or that somebody still waits
// for, stay.
#include <algorithm>

#include "decide.h"
#include "pair.h"

namespace sterna::sync {
namespace {

// Its file, where it was, and not to be looked at now.
bool is_unclear(World& world, const Intent& intent) {
  return std::ranges::any_of(world.files(), [&](const FileView& file) {
    return !file.is_clear() && file.mailbox->in->id == intent.mailbox &&
           file.stem == stem_of(intent.base_name);
  });
}

bool upload_is_settled(World& world, const Intent& intent) {
  if (is_unclear(world, intent)) return false;
  const auto has_it = [&](const FileView& file) { return file.upload == &intent; };
  const auto is_about = [&](const RowView& row) {
    return row.upload == &intent || row.sent == &intent;
  };
  if (std::ranges::any_of(world.files(), has_it)) return false;
  if (std::ranges::any_of(world.rows(), is_about)) return false;
  const MailboxView* mailbox = world.mailbox(intent.mailbox);
  return mailbox && mailbox->examined && mailbox->local_known;
}

bool rowless_move_is_settled(World& world, const Intent& intent) {
  if (has_moved_file(world, intent)) return false;
  const MessageView* message = result_of(world, intent);
  if (message && message->file) return false;  // moved on, and not recorded either
  const MailboxView* target = world.mailbox(intent.target);
  return !target || (target->examined && target->local_known);
}

bool move_is_settled(World& world, const Intent& intent) {
  const RowView* row = world.row({intent.mailbox, intent.uid});
  if (!row) return rowless_move_is_settled(world, intent);
  if (row->has_state(RowState::tombstone)) return true;
  if (!row->mailbox || row->remote == Remote::unknown || row->local == Local::unknown) return false;
  if (row->file) return false;
  if (row->remote == Remote::same) return true;
  const MailboxView* target = world.mailbox(intent.target);
  return !target || target->examined;
}

// Until its row is somewhere else, or gone, it says who moved the file.
bool following_is_settled(World& world, const Intent& intent) {
  const RowView* row = world.row({intent.mailbox, intent.uid});
  if (!row || !(row->has_file_here() || row->has_state(RowState::dropping))) return true;
  const MailboxView* target = world.mailbox(intent.target);
  if (!row->mailbox || row->local == Local::unknown || (target && !target->local_known))
    return false;
  const auto may_be_it = [&](const FileView* file) {
    const bool same_file = is_one_file(file->arrival->file.file, row->row->file);
    if (file->waits && is_half_copied(world, *file, intent)) return true;
    return !file->is_clear() && (same_file || file->stem == stem_of(intent.base_name));
  };
  return !row->followed && (!target || std::ranges::none_of(target->files, may_be_it));
}

bool removal_is_settled(World& world, const Intent& intent) {
  const RowView* row = world.row({intent.mailbox, intent.uid});
  const bool goes_by_server = row && (row->has_state(RowState::wanted) || row->has_file_here());
  if (goes_by_server) return row->remote != Remote::unknown;
  if (!row || !row->has_state(RowState::deleting)) return true;
  if (!row->mailbox || row->remote == Remote::unknown || row->local == Local::unknown) return false;
  return row->remote == Remote::gone || row->file;
}

bool is_settled(World& world, const Intent& intent) {
  switch (intent.kind) {
    case IntentKind::upload:
      return upload_is_settled(world, intent);
    case IntentKind::move_out:
      return move_is_settled(world, intent);
    case IntentKind::move_in:
      return following_is_settled(world, intent);
    case IntentKind::delete_out:
      return removal_is_settled(world, intent);
    case IntentKind::mailbox_create:
    case IntentKind::mailbox_rename:
    case IntentKind::mailbox_delete:
      return false;
  }
  return false;
}

}  // namespace

void decide_intents(Draft& draft) {
  for (const Intent& intent : draft.world.input().intents) {
    if (draft.kept_intents.contains(intent.id) || !is_settled(draft.world, intent)) continue;
    draft.act(CloseIntent{intent.id}, "its outcome is known");
  }
}

}  // namespace sterna::sync
