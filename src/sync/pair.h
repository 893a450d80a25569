// SPDX-License-Identifier: Apache-2.0
// The first step of plan(): which file is which message, over the whole account. Each function adds
// to what the ones before found, in the order below; none of them decides what is to be done.
#pragma once

#include "world.h"

namespace sterna::sync {

// Whether that file, which was read, is what the intent was about.
bool same_content(const Intent& intent, const FileView& file);

// Files about which an upload is open, where they were; and, when all else is paired, elsewhere:
// also in the place of the row that they had left.
void find_uploads(World& world);
// Files whose message was moved before it had a row: in their new place, or, when all else is
// paired, wherever they were moved on to.
bool is_rowless_move(World& world, const Intent& intent);
bool has_moved_file(World& world, const Intent& move);
void find_rowless_moves(World& world);
// The message that an open upload or move made on the server; nullptr if there is none. One that a
// row was found to have moved to counts only where there is no other.
MessageView* result_of(World& world, const Intent& intent);
// Its row, where only the intent was not closed; nullptr if there is none.
const RowView* recorded_result_of(World& world, const Intent& intent);
bool is_move_of(const Intent& intent, const RowView& row);
// An open move of the row's message into that mailbox; nullptr if there is none.
const Intent* open_move_to(World& world, const RowView& row, MailboxId target);
// Messages that a move without a row copied, and left where they were; and the rows to whose place
// it took them back.
void find_left_behind(World& world);
void find_moved_uploads(World& world);
void find_moves_on(World& world);
// Whether any file, or a row that was written already, is what that upload is about.
bool upload_is_found(World& world, const Intent& intent);
// What became of an upload, or of a move without a row, no file and no row tells.
bool has_lost_its_file(World& world, const Intent& intent);

// Files that left their row's place: new files against rows whose file is gone.
void pair_local_moves(World& world);
// Those of them that we moved after their message, in a sync that did not come to write it down.
void find_followed(World& world);

// Files that were fetched and never written down: their names say which message they are. Before
// any search for what moved, for which such a message would do as well, and its file be left over.
void pair_delivered(World& world);
// Whether it is what a move of ours into this mailbox, across file systems, made of a file that is
// still where it was.
bool is_half_copied(World& world, const FileView& file, const Intent& intent);

// Messages that left their row's mailbox: new messages against rows whose message is gone.
void pair_remote_moves(World& world);

// New on both sides of one mailbox: adoption, the same done by two, a download or upload whose end
// was not recorded.
void pair_same_mailbox(World& world);

// A file that was edited after it was sent or moved, and before that was recorded: the message is
// what it was.
void pair_sent_before(World& world);

// What a server that rewrites made of an upload whose answer was lost: the Message-ID and the date
// that it was given are all that is left of it. One alone is no proof: drafts keep the first.
std::vector<MessageView*> find_rewritten(const MailboxView& mailbox, const Intent& sent,
                                         const LocalFile& file, const Identity& content);
void pair_rewritten(World& world);

// Gone from the server amid our removal of it: where it was moved to, it has the mark of that.
bool may_be_marked(const RowView& row);

// Messages that have another UID in their row's mailbox, and are no new file's.
void pair_new_uids(World& world);
// Told gone while absence does not count yet: what is new in its mailbox may be its message under
// another UID. It waits with the row; fetched, it would be beside the file, and what the user did
// to that would go with the row.
bool is_doubted_there(const RowView& row);

// A new file here and a new message in another mailbox that is the same: moved before its row was
// written, or, while adopting, moved while nobody looked.
void pair_elsewhere(World& world);

// A file without a row that was, or may have been, on the server all the same: sent or moved with
// its answer lost, fetched and never written down (a name of ours), or, while adopting, marked by
// another synchronizer.
bool was_on_server(World& world, const FileView& file);

// A file that nothing explains, and of which nothing is decided.
bool may_be_moved(const FileView& file);
// One that may be a message that stands elsewhere, in a mailbox that is
// paired anew.
bool may_be_lost_move(const FileView& file);

// Messages that were moved on the server between the looks at their two mailboxes, or got another
// UID in their own between two looks at it: they were seen twice, and have two rows. What the user
// did to the flags of the one that is gone is said to the other, and a file that was moved
// meanwhile is one too many.
void find_heirs(World& world);

// Messages that both sides moved away from a row where absence does not count yet, or that were
// moved on the server and fetched there by a sync that came to no end: what both sides agreed on
// where they left tells whose flags are new.
void find_left_rows(World& world);

inline void pair_all(World& world) {
  find_uploads(world);
  find_rowless_moves(world);
  find_left_behind(world);
  pair_local_moves(world);
  find_followed(world);
  pair_delivered(world);
  pair_remote_moves(world);
  pair_same_mailbox(world);
  pair_sent_before(world);
  pair_rewritten(world);
  pair_new_uids(world);
  find_moved_uploads(world);
  find_moves_on(world);
  pair_elsewhere(world);
  find_heirs(world);
  find_left_rows(world);
}

}  // namespace sterna::sync
