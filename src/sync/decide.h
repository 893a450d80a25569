// SPDX-License-Identifier: Apache-2.0
// The second step of plan(): the tables of docs/safety.md, row by row, file by file, message by
// message.
#pragma once

#include <optional>
#include <string>

#include "draft.h"
#include "flags.h"

namespace sterna::sync {

// How often an APPEND in doubt is looked for before it is sent again (28).
inline constexpr unsigned kLooksBeforeSendingAgain = 3;

// --- in the order in which they run: what a row leaves open is decided with the file or the
// message.
void decide_rows(Draft& draft);
void decide_files(Draft& draft);
void decide_copies(Draft& draft);
void decide_missed(Draft& draft);
void decide_messages(Draft& draft);
void decide_intents(Draft& draft);
void settle_removals(Draft& draft);  // those that might hit the only copy wait
void apply_brake(Draft& draft);      // and those that are too many are held; the rest is planned

// --- parts of decide_rows()
void decide_flags(Draft& draft, RowView& row);
void decide_other_state(Draft& draft, RowView& row);

// doubtful: an edit, or what an outage left of the file.
enum class Content : std::uint8_t { same, edited, doubtful, wreck, unreadable };
Content content_of(const RowView& row);
bool is_edit(const RowView& row);  // surely, or perhaps
// Whether the server has the edit of that row already.
bool edit_was_sent(const Draft& draft, const RowView& row);
// The user edited the file in place; its message is where it was.
void replace_content(Draft& draft, RowView& row);
// It may be an edit: a message of its own, and the old one is fetched beside it. The row goes, so
// that its message is new.
void keep_both(Draft& draft, RowView& row);
// The user edited it, and its message is gone: the edit is kept as a new message.
void keep_edit(Draft& draft, RowView& row);

// The file went, the message is where it was. `kind` by policy.
void delete_remote(Draft& draft, RowView& row);
// The user flagged the file \Deleted where the server would act on that at once: its message goes
// as if the file were gone, and the server is never told of the flag. The row does not learn of it
// either, so that it is seen until the message is gone.
bool is_removed_by_flag(const RowView& row);
// What else was said to such a file.
void push_last_flags(Draft& draft, const RowView& row);
void remove_flagged(Draft& draft, RowView& row);

// \Deleted is agreed, and the policy says that this expunges.
void expunge_flagged(Draft& draft, RowView& row);
// The message went from the server; the file is where it was, or in another mailbox.
void delete_local(Draft& draft, RowView& row);
// The file that was moved here, of a message that was fetched anew with a file of its own.
void remove_surplus_file(Draft& draft, RowView& row);
// A removal that was begun before: let through already.
void resume_removal(Draft& draft, RowView& row);
// The message of a row whose file is that of its edit: no deletion, so that neither `local_delete`
// nor the brake has a say.
void remove_replaced(Draft& draft, RowView& row, std::string proof);
// The message of a row whose copy is known to stand elsewhere, or that was replaced: no deletion at
// all.
void finish_remote(Draft& draft, RowView& row, RemovalKind kind, std::string proof,
                   std::string reason);
void forget(Draft& draft, const RowView& row, RowState into, std::string reason);

// What an open move without a row moves, where it was; nullptr if that is gone, or explained.
MessageView* source_of(World& world, const Intent& intent);
// Where the message of an open move is by now, with a row, unless it left there since.
const RowView* recorded_copy(World& world, const Intent& intent);
// What our own move left of a row's message, and whose new place alone was recorded: no deletion of
// the user's. True if it is that.
bool finish_half_move(Draft& draft, RowView& row);
// The file of a row whose move was begun went from its new place: true if its message was found
// there.
bool miss_moved(Draft& draft, RowView& row);
// Whether the move may have put it there.
bool may_come_of(const Intent& move, const MessageView& message);
// Whether that row's message is where our own unfinished move put it: no move of another client's.
bool moved_by_us(const RowView& row);

void move_remote(Draft& draft, RowView& row);  // the file moved, the message did not
void move_local(Draft& draft, RowView& row);   // the message moved; the file may have, too
// Both are in the same mailbox now, by `file` and `message`.
void pair(Draft& draft, FileView& file, MessageView& message, std::string reason);

// --- parts of decide_files()
// Why nothing may be put into that mailbox on the server now (rule 8); nullopt: it may.
std::optional<std::string> barrier(const MailboxView& mailbox);
struct UploadAs {
  std::optional<MessageKey> copy_of;
  std::optional<MessageKey> forgets;
};
void upload(Draft& draft, FileView& file, UploadAs as, std::string reason);

}  // namespace sterna::sync
