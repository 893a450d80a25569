// SPDX-License-Identifier: Apache-2.0
// The axis of content (rule 13): an edit replaces its message only where it is surely one; what is
// not is damage, and comes again from the server.
#include "decide.h"
#include "pair.h"
#include "sterna/base/nanoseconds.h"

namespace sterna::sync {
namespace {

// A mail program's fields are all that the file has more.
bool same_but_for_fields(const Identity& identity, const LocalChange& change) {
  return change.plain && identity.same_as(*change.plain);
}

// Without a known identity the size has to tell.
bool same_as_row(const RowView& row, const LocalChange& change) {
  if (row.identity) {
    return row.identity->same_as(*change.identity) || same_but_for_fields(*row.identity, change);
  }
  if (row.row->remote_size != 0) return change.identity->size == row.row->remote_size;
  return change.file.file.size == row.row->file.size;
}

// They say the same only of the same octets, then.
bool bodies_are_known(const RowView& row, const LocalChange& change) {
  return row.identity && row.identity->body != 0 && change.identity->body != 0;
}

// To the second, which is what archives keep.
bool has_old_time(const RowView& row, const LocalChange& change) {
  const FileStamp& was = row.row->file;
  const FileStamp& now = change.file.file;
  return was.mtime_ns != 0 && was.size == now.size &&
         was.mtime_ns / kNsPerSecond == now.mtime_ns / kNsPerSecond;
}

// Nothing tells that it was written to: what an outage left of an edit, or a bad disk. The latter
// spares the header, mostly.
bool has_another_header(const RowView& row, const LocalChange& change) {
  return row.identity && change.identity->header != row.identity->header &&
         (!change.plain || change.plain->header != row.identity->header);
}

// What an outage leaves of a file whose content did not reach the disk whole.
bool is_cut(const RowView& row, const LocalChange& change) {
  const auto is_shorter = [&](const std::optional<Identity>& now) {
    return now && now->header == row.identity->header && now->size < row.identity->size;
  };
  return row.identity && (is_shorter(change.identity) || is_shorter(change.plain));
}

MessageView* find_message(const World& world, const RowView& row, const Identity& content,
                          Uid first) {
  for (MessageView* message : row.mailbox->messages) {
    if (!message->is_unexplained() || message->uid < first) continue;
    if (world.has_content(*message, content)) return message;
  }
  return nullptr;
}

struct SentEdit {
  MessageView* message = nullptr;  // none: it is not there
  bool edited_since = false;       // and what is there is an earlier edit
  explicit operator bool() const { return message != nullptr; }
};

// The edit, where a server took it already: sent before, and its answer lost.
SentEdit find_sent_edit(const World& world, const RowView& row) {
  const Identity* sent = row.upload && row.upload->identity ? &*row.upload->identity : nullptr;
  const Identity& now = *row.change->identity;
  if (!sent || !sent->differs_in_body(now)) {
    if (MessageView* message = find_message(world, row, now, Uid{})) return {message};
  }
  if (!sent) return {};
  if (sent->same_as(now)) {
    const auto found = find_rewritten(*row.mailbox, *row.upload, row.change->file, now);
    return {found.size() == 1 ? found.front() : nullptr};
  }
  if (row.upload->uidvalidity != row.mailbox->where().uidvalidity) return {};
  return {find_message(world, row, *sent, row.upload->target_uid_next), true};
}

// The edit does not replace its message: that is gone, or stays beside it.
bool is_let_go(const RowView& row) {
  return row.remote == Remote::gone || content_of(row) == Content::doubtful;
}

void pair_sent_edit(Draft& draft, const RowView& row, const SentEdit& sent) {
  MessageView& message = *sent.message;
  message.taken = true;
  const RemoteArrival& detail = *message.detail;
  FlagMerge merge =
      row.upload ? merge_flags(row.upload->flags, detail.flags, local_flags(row), *row.mailbox)
                 : unite_flags(detail.flags, local_flags(row), *row.mailbox);
  Pair pair;
  pair.where = row.mailbox->where();
  pair.uid = message.uid;
  pair.file = row.change->file;
  pair.flags = std::move(merge.result);
  pair.to_remote = std::move(merge.to_remote);
  pair.to_local = std::move(merge.to_local);
  pair.edited = sent.edited_since;
  pair.identity = pair.edited ? row.upload->identity : row.change->identity;
  pair.told = detail.identity;
  pair.internal_date = detail.internal_date;
  pair.email_id = detail.email_id;
  if (is_let_go(row)) {
    pair.forgets = row.key();
  } else {
    pair.replaces = row.key().uid;
  }
  draft.act(std::move(pair), sent.edited_since ? "sent before, and edited since"
                                               : "the edited message is on the server already");
}

// The edit, where another client moved it before its answer was seen. Without an open upload it is
// somebody else's.
MessageView* find_moved_edit(World& world, const RowView& row) {
  if (!row.upload) return nullptr;
  for (MessageView& message : world.messages()) {
    if (!message.is_unexplained() || message.mailbox == row.mailbox ||
        !message.mailbox->local_known)
      continue;
    if (!message.mailbox->may_pull()) continue;
    if (world.has_content(message, row.change->identity)) return &message;
  }
  return nullptr;
}

void follow_edit(Draft& draft, const RowView& row, MessageView& message) {
  message.taken = true;
  const RemoteArrival& detail = *message.detail;
  FlagMerge merge =
      merge_flags(row.upload->flags, detail.flags, local_flags(row), *message.mailbox);
  MoveIn move;
  move.from = row.mailbox->where();
  if (is_let_go(row)) {
    move.uid = row.key().uid;
  }
  move.to = message.mailbox->where();
  move.new_uid = message.uid;
  move.file = row.change->file;
  move.file_mailbox = row.mailbox->in->id;
  move.flags = std::move(merge.result);
  move.to_remote = std::move(merge.to_remote);
  move.internal_date = detail.internal_date;
  move.email_id = detail.email_id;
  move.identity = row.change->identity;
  draft.act(std::move(move), "the edited message was moved on the server");
}

std::string stands_there(const MessageView& by) {
  return "replaced by its edit, which stands there as UID " + std::to_string(by.uid.value);
}

std::optional<std::string> why_not_sent(const RowView& row) {
  if (auto reason = barrier(*row.mailbox)) return reason;
  if (row.upload && row.upload->looks < kLooksBeforeSendingAgain) {
    return "sent before, in doubt whether it arrived";
  }
  return std::nullopt;
}

Upload upload_of(const RowView& row) {
  Upload upload;
  upload.where = row.mailbox->where();
  upload.file = row.change->file;
  upload.flags = storable(local_flags(row), *row.mailbox);
  upload.identity = *row.change->identity;
  upload.in_doubt = row.upload != nullptr;
  if (row.upload) upload.intent = row.upload->id;
  return upload;
}

}  // namespace

Content content_of(const RowView& row) {
  if (row.file || !row.change || !row.change->content_changed) return Content::same;
  if (row.has_state(RowState::stub)) return Content::same;
  const bool as_recorded = row.change->file.file == row.row->file;
  if (as_recorded && !row.change->torn) return Content::same;  // another name, nothing else
  if (!row.change->identity) return Content::unreadable;
  // Another time alone is no edit: programs set times. Nor is another file with the old octets, or,
  // where they are not known, the old time: that is a copy, as of a restored backup.
  const bool untouched =
      row.change->in_place || has_old_time(row, *row.change) || bodies_are_known(row, *row.change);
  if (untouched && same_as_row(row, *row.change)) return Content::same;
  if (row.change->surely_edited) return Content::edited;
  if (same_as_row(row, *row.change)) return Content::same;
  const bool kept = row.change->maybe_edited && !is_cut(row, *row.change) &&
                    (!row.change->torn || (as_recorded && has_another_header(row, *row.change)));
  return kept ? Content::doubtful : Content::wreck;
}

bool is_edit(const RowView& row) {
  const Content content = content_of(row);
  return content == Content::edited || content == Content::doubtful;
}

bool edit_was_sent(const Draft& draft, const RowView& row) {
  return is_edit(row) && static_cast<bool>(find_sent_edit(draft.world, row));
}

void replace_content(Draft& draft, RowView& row) {
  if (!row.mailbox->may_push()) return decide_flags(draft, row);  // consumed: recorded as it is
  if (const SentEdit sent = find_sent_edit(draft.world, row)) {
    pair_sent_edit(draft, row, sent);
    return remove_replaced(draft, row, stands_there(*sent.message));
  }
  if (MessageView* moved = find_moved_edit(draft.world, row)) {
    follow_edit(draft, row, *moved);
    return remove_replaced(draft, row, stands_there(*moved));
  }
  if (auto reason = why_not_sent(row)) return draft.wait(row, *reason);
  Upload upload = upload_of(row);
  const FlagMerge merge =
      merge_flags(row.row->flags, remote_flags(row), local_flags(row), *row.mailbox);
  upload.flags = storable(merge.result, *row.mailbox);
  upload.replaces = row.key().uid;
  draft.act(std::move(upload), "edited here");
}

void keep_both(Draft& draft, RowView& row) {
  if (!row.mailbox->may_push()) return decide_flags(draft, row);  // consumed: recorded as it is
  if (const SentEdit sent = find_sent_edit(draft.world, row)) {
    return pair_sent_edit(draft, row, sent);
  }
  if (MessageView* moved = find_moved_edit(draft.world, row)) {
    return follow_edit(draft, row, *moved);
  }
  if (auto reason = why_not_sent(row)) return draft.wait(row, *reason);
  Upload upload = upload_of(row);
  const FlagMerge merge =
      merge_flags(row.row->flags, remote_flags(row), local_flags(row), *row.mailbox);
  upload.flags = storable(merge.result, *row.mailbox);
  upload.forgets = row.key();
  draft.act(std::move(upload), "edited here, or damaged, before a restart: both are kept");
}

// It was deleted there, after what it replaced: without its row the file is held (decide_file.cc).
bool was_stored(const RowView& row) {
  return row.upload && row.upload->stored && row.upload->looks >= kLooksBeforeSendingAgain &&
         row.upload->identity && row.upload->identity->same_as(*row.change->identity);
}

void keep_edit(Draft& draft, RowView& row) {
  if (!row.mailbox->may_push()) {
    return forget(draft, row, RowState::detached,
                  "edited here, gone from the server, direction is pull");
  }
  if (const SentEdit sent = find_sent_edit(draft.world, row)) {
    return pair_sent_edit(draft, row, sent);
  }
  if (MessageView* moved = find_moved_edit(draft.world, row)) {
    return follow_edit(draft, row, *moved);
  }
  if (!draft.world.every_arrival_was_searched()) {
    return draft.wait(row, "edited here, gone from the server, and may be what is new there");
  }
  if (auto reason = why_not_sent(row)) return draft.wait(row, *reason);
  if (was_stored(row)) {
    draft.kept_intents.insert(row.upload->id);
    draft.wait(row, "its edit was stored on the server before, and is on it no more");
    return forget(draft, row, RowState::tombstone, "gone from the server, and so is its edit");
  }
  Upload upload = upload_of(row);
  upload.forgets = row.key();
  draft.act(std::move(upload), "edited here, gone from the server: kept");
}

}  // namespace sterna::sync
