// SPDX-License-Identifier: Apache-2.0
// The axis of content (rule 13): an edit replaces its message only where it is surely one; what is
// not is damage, and comes again from the server.
#include "decide.h"

namespace sterna::sync {
namespace {

// Without a known identity the size has to tell.
bool same_as_row(const RowView& row, const LocalChange& change) {
  if (row.identity) return row.identity->same_as(*change.identity);
  if (row.row->remote_size != 0) return change.identity->size == row.row->remote_size;
  return change.file.file.size == row.row->file.size;
}

// The edit, where a server took it already: sent before, and its answer lost.
MessageView* find_sent_edit(const World& world, const RowView& row) {
  for (MessageView* message : row.mailbox->messages) {
    if (message->from || message->file || message->replaced_an_edit || message->row) continue;
    const auto identity = message->identity();
    if (identity && identity->same_as(*row.change->identity, world.sizes_count(*message))) {
      return message;
    }
  }
  return nullptr;
}

void pair_sent_edit(Draft& draft, RowView& row, MessageView& message) {
  message.replaced_an_edit = true;
  const RemoteArrival& detail = *message.detail;
  FlagMerge merge = unite_flags(detail.flags, local_flags(row), *row.mailbox);
  draft.act(Pair{row.mailbox->where(), message.uid, row.change->file, std::move(merge.result),
                 std::move(merge.to_remote), std::move(merge.to_local), row.change->identity,
                 detail.internal_date, detail.email_id},
            "the edited message is on the server already");
  const bool bin = !draft.world.input().trash || row.mailbox->is_bin();
  finish_remote(
      draft, row, bin ? RemovalKind::fetch_expunge : RemovalKind::to_trash,
      "replaced by its edit, which stands there as UID " + std::to_string(message.uid.value),
      "replaced by its edit");
}

// Keeps the open intent in either case: the upload carries it.
std::optional<std::string> why_not_sent(Draft& draft, const RowView& row) {
  if (row.upload) draft.kept_intents.insert(row.upload->id);
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
  if (!row.change->identity) return Content::unreadable;
  if (row.change->surely_edited) return Content::edited;
  return same_as_row(row, *row.change) ? Content::same : Content::wreck;
}

void replace_content(Draft& draft, RowView& row) {
  if (!row.mailbox->may_push()) return decide_flags(draft, row);  // consumed: recorded as it is
  if (MessageView* sent = find_sent_edit(draft.world, row))
    return pair_sent_edit(draft, row, *sent);
  if (auto reason = why_not_sent(draft, row)) return draft.wait(row, *std::move(reason));
  Upload upload = upload_of(row);
  const FlagMerge merge =
      merge_flags(row.row->flags, remote_flags(row), local_flags(row), *row.mailbox);
  upload.flags = storable(merge.result, *row.mailbox);
  upload.replaces = row.key().uid;
  draft.act(std::move(upload), "edited here");
}

void keep_edit(Draft& draft, RowView& row) {
  if (!row.mailbox->may_push()) {
    return forget(draft, row, RowState::detached,
                  "edited here, gone from the server, direction is pull");
  }
  if (MessageView* sent = find_sent_edit(draft.world, row)) {
    sent->replaced_an_edit = true;
    FlagMerge merge = unite_flags(sent->flags(), local_flags(row), *row.mailbox);
    draft.act(Pair{row.mailbox->where(), sent->uid, row.change->file, std::move(merge.result),
                   std::move(merge.to_remote), std::move(merge.to_local), row.change->identity,
                   sent->detail->internal_date, sent->detail->email_id},
              "the edited message is on the server already");
    return forget(draft, row, RowState::tombstone, "replaced by its edit");
  }
  if (auto reason = why_not_sent(draft, row)) return draft.wait(row, *std::move(reason));
  Upload upload = upload_of(row);
  upload.forgets = row.key();
  draft.act(std::move(upload), "edited here, gone from the server: kept");
}

}  // namespace sterna::sync
