// SPDX-License-Identifier: Apache-2.0
// New messages on the server: what is no file here, and no row's message that moved, is fetched.
#include <algorithm>
#include <vector>

#include "decide.h"

namespace sterna::sync {
namespace {

// Rows written in one pass for what the policy leaves on the server.
constexpr std::uint64_t kConsumedPerPassMax = 100'000;

// The Sent mailbox: a file that may be the mail program's copy of that message is not settled yet
// (41).
bool may_be_sent_copy(const MessageView& message) {
  if (!message.mailbox->has_role(Role::sent)) return false;
  const auto identity = message.identity();
  for (const FileView* file : message.mailbox->files) {
    if (file->arrival->stable || file->is_paired()) continue;
    const auto& own = file->arrival->identity;
    if (!own || !identity || own->message_id == identity->message_id) return true;
  }
  return false;
}

// A file that was new here, and has another name by now, may be any of them.
bool lost_sight_of_a_file(const MailboxView& mailbox) {
  return std::ranges::any_of(mailbox.files,
                             [](const FileView* file) { return file->arrival->vanished; });
}

bool is_taken(const MessageView& message) {
  return message.from || message.file || message.taken;
}

// Edited here and sent, in doubt whether that arrived, and moved on the server.
std::vector<const RowView*> moved_edits(World& world) {
  std::vector<const RowView*> rows;
  for (const RowView& row : world.rows()) {
    if (row.upload && row.message && is_edit(row)) rows.push_back(&row);
  }
  return rows;
}

// Moved as well: the file is paired with it once it is where its old message is.
bool may_be_edit_of(const World& world, const std::vector<const RowView*>& edits,
                    const MessageView& message) {
  return std::ranges::any_of(edits, [&](const RowView* row) {
    return row->message->mailbox == message.mailbox &&
           world.has_content(message, row->change->identity);
  });
}

UidSet arrivals_to_fetch(Draft& draft, const MailboxView& mailbox,
                         const std::vector<const RowView*>& edits) {
  UidSet uids = mailbox.undetailed;
  for (const MessageView* message : mailbox.messages) {
    if (is_taken(*message)) continue;
    if (message->row && message->row->has_state(RowState::dropped)) continue;
    if (may_be_edit_of(draft.world, edits, *message)) {
      draft.wait(mailbox, message->uid,
                 "the edit of a message that was moved here, as it was sent");
    } else if (may_be_sent_copy(*message)) {
      draft.wait(mailbox, message->uid, "a file here may be the same, and is still being written");
    } else {
      uids.add(message->uid);
    }
  }
  return uids;
}

void consume(Draft& draft, const MailboxView& mailbox, const UidSet& uids) {
  std::uint64_t count = 0;
  for (const UidRange& range : uids.ranges()) {
    for (std::uint64_t uid = range.first.value; uid <= range.last.value; ++uid) {
      if (++count > kConsumedPerPassMax) {
        return draft.wait(mailbox, Uid(), "new on the server, not fetched; noted in the next pass");
      }
      draft.act(Forget{mailbox.where(), Uid(static_cast<std::uint32_t>(uid)), RowState::dropped},
                "new on the server; the direction is push");
    }
  }
}

}  // namespace

void decide_messages(Draft& draft) {
  const std::vector<const RowView*> edits = moved_edits(draft.world);
  for (const MailboxView& mailbox : draft.world.mailboxes()) {
    const UidSet uids = arrivals_to_fetch(draft, mailbox, edits);
    if (uids.empty()) continue;
    if (!mailbox.local_known) {
      draft.wait(mailbox, Uid(), "new on the server; the directory here is not known");
    } else if (!mailbox.may_pull()) {
      consume(draft, mailbox, uids);
    } else if (lost_sight_of_a_file(mailbox)) {
      draft.wait(mailbox, Uid(), "new on the server; a file here that may be it was just renamed");
    } else {
      draft.act(Download{mailbox.where(), uids}, "new on the server");
    }
  }
}

}  // namespace sterna::sync
