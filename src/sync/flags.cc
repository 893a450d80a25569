// SPDX-License-Identifier: Apache-2.0
#include "flags.h"

#include <algorithm>

namespace sterna::sync {
namespace {

// Flags whose absence on the server says nothing: it cannot hold them, or could not when the base
// agreed.
FlagSet not_told_by_server(const FlagSet& base, const MailboxInput& in) {
  FlagSet untold = in.remote.storable.refused_of(base)
                       .united(in.base_storable.refused_of(base))
                       .united(without_wire_form(base));
  // It was not told of it: it is kept here alone.
  if (in.deletes_at_once && !in.acts_on_deleted()) untold.set(Flag::deleted);
  return untold;
}

FlagMerge spread(FlagSet result, const FlagSet& remote, const FlagSet& local,
                 const MailboxView& place) {
  FlagMerge merge;
  if (place.takes_changes()) {
    merge.to_remote = flag_delta(remote, result);
    merge.to_remote.add = storable(merge.to_remote.add, place);
    merge.to_remote.remove = merge.to_remote.remove.minus(without_wire_form(remote));
  }
  if (place.may_pull()) merge.to_local = flag_delta(local, result);
  merge.result = std::move(result);
  return merge;
}

// What that file of the row says of its flags.
FlagSet flags_told(const RowView& row, const LocalFile& file) {
  const FlagSet& base = row.row->flags;
  if (!file.tells_flags) return base;
  if (!file.has_info && row.row->info.empty()) return base;
  FlagSet flags = file.flags;
  // A name cannot take away what no name here can show.
  if (row.mailbox) flags = flags.united(base.intersected(row.mailbox->in->hidden_keywords));
  // A file in new/ says nothing about \Seen, and leaving new/ without it is no change.
  if (row.row->in_new && base.has(Flag::seen)) flags.set(Flag::seen);
  return flags;
}

// Where it was to be on the server.
MailboxId goal_of(const Intent& intent) {
  return intent.kind == IntentKind::move_out ? intent.target : intent.mailbox;
}

}  // namespace

FlagSet storable(const FlagSet& flags, const MailboxView& mailbox) {
  FlagSet stored =
      flags.minus(mailbox.in->remote.storable.refused_of(flags)).minus(without_wire_form(flags));
  if (mailbox.in->deletes_at_once) stored.set(Flag::deleted, false);
  return stored;
}

bool has_mark_of_move(const RowView& row) {
  return row.move_out && row.told && row.told->flags.has(Flag::deleted) &&
         !row.row->flags.has(Flag::deleted);
}

const Intent* mark_of_move(const World& world, const MessageView& message, const FlagSet& local) {
  const bool marked = message.flags().has(Flag::deleted) && !local.has(Flag::deleted);
  if (message.row || !marked) return nullptr;
  const Where where = message.mailbox->where();
  const auto& intents = world.input().intents;
  const auto found = std::ranges::find_if(intents, [&](const Intent& intent) {
    return intent.kind == IntentKind::move_out && intent.mailbox == where.mailbox &&
           intent.uidvalidity == where.uidvalidity && intent.uid == message.uid &&
           !intent.flags.has(Flag::deleted);
  });
  return found == intents.end() ? nullptr : &*found;
}

void leave_out_mark(FlagMerge& merge) {
  merge.result.set(Flag::deleted, false);
  merge.to_remote.add.set(Flag::deleted, false);
  merge.to_local.add.set(Flag::deleted, false);
}

void take_back_mark(FlagMerge& merge, const MailboxView& place) {
  if (!place.takes_changes()) return;
  leave_out_mark(merge);
  merge.to_remote.remove.set(Flag::deleted);
}

FlagSet remote_flags(const RowView& row) {
  FlagSet flags = row.told ? row.told->flags : row.row->flags;
  if (has_mark_of_move(row)) flags.set(Flag::deleted, false);
  return flags;
}

FlagSet local_flags(const RowView& row) {
  if (!row.change && !row.file) return row.row->flags;
  return flags_told(row, file_of(row));
}

FlagMerge merge_flags(const FlagSet& base, const FlagSet& remote, const FlagSet& local,
                      const MailboxView& place, const FlagDelta& inherited) {
  FlagDelta by_remote = flag_delta(base, remote);
  by_remote.remove = by_remote.remove.minus(not_told_by_server(by_remote.remove, *place.in));
  const FlagDelta by_local = flag_delta(base, local);
  const FlagSet merged = apply(apply(apply(base, by_remote), by_local), inherited);
  return spread(merged, remote, local, place);
}

FlagMerge unite_flags(const FlagSet& remote, const FlagSet& local, const MailboxView& place,
                      const FlagDelta& inherited) {
  return spread(apply(remote.united(local), inherited), remote, local, place);
}

namespace {

// Of a file that was fetched and not written down nobody knows what flags it came with. One that
// was agreed on where the message lay before, and that the server has no more, is taken for one
// that was cleared there, though the user may have set it since; what the file has beside that is
// the user's.
FlagMerge unite_fetched(const FlagSet& base, const FlagSet& remote, const FlagSet& local,
                        const MailboxView& place, const FlagDelta& inherited) {
  FlagDelta by_remote;
  by_remote.remove = base.minus(remote);
  by_remote.remove = by_remote.remove.minus(not_told_by_server(by_remote.remove, *place.in));
  return spread(apply(apply(remote.united(local), by_remote), inherited), remote, local, place);
}

}  // namespace

FlagMerge merge_new(const FileView& file, const MessageView& message, const MailboxView& place) {
  const LocalFile& seen = file.arrival->file;
  const Intent* sent = file.upload        ? file.upload
                       : file.sent_before ? file.sent_before
                                          : file.move_out;
  const bool elsewhere = sent && goal_of(*sent) != message.mailbox->in->id;
  if (!sent && file.left) {
    const FlagSet& base = file.left->row->flags;
    if (file.is_delivered()) {
      return unite_fetched(base, message.flags(), seen.flags, place, file.inherited);
    }
    return merge_flags(base, message.flags(), flags_told(*file.left, seen), place, file.inherited);
  }
  if (!sent || (!elsewhere && message.uid < sent->target_uid_next)) {
    return unite_flags(message.flags(), seen.flags, place, file.inherited);
  }
  return merge_flags(sent->flags, message.flags(), seen.tells_flags ? seen.flags : sent->flags,
                     place);
}

bool lost_its_info(const RowView& row) {
  if (!row.change && !row.file) return false;
  const LocalFile file = file_of(row);
  return file.tells_flags && !file.has_info && !row.row->info.empty() && !row.row->flags.empty();
}

LocalFile file_of(const RowView& row) {
  if (row.file) return row.file->arrival->file;
  if (row.change && row.change->content_changed) return row.change->file;
  if (row.change) {
    // Renamed, which a listing tells without a look at the file: what is recorded of it stays what
    // was seen of the content that the row stands for, or an edit would pass for that.
    LocalFile renamed = row.change->file;
    renamed.file = row.row->file;
    return renamed;
  }
  LocalFile file;
  file.name = full_name(*row.row);
  file.base = row.row->base_name;
  file.in_new = row.row->in_new;
  const std::string_view info = std::string_view(file.name).substr(file.base.size());
  file.tells_flags = info.empty() || info.starts_with(":2,");
  file.has_info = info.starts_with(":2,");
  file.flags = row.row->flags;
  file.file = row.row->file;
  return file;
}

}  // namespace sterna::sync
