// SPDX-License-Identifier: Apache-2.0
// Flags: merged three ways, each flag by itself, so two sides never conflict on one.
#pragma once

#include "world.h"

namespace sterna::sync {

struct FlagMerge {
  FlagSet result;       // what the base holds afterwards
  FlagDelta to_remote;  // what the server lacks of it, as far as it may and can be told
  FlagDelta to_local;   // what the file lacks of it, as far as it may be told
};

// What each side says of a row. The local one goes by the file where the row's file is now; it is
// the base's where the name cannot tell (39; experimental info; a name that never had an info
// part).
FlagSet remote_flags(const RowView& row);
// The \Deleted that a move of ours, which broke off, set after its copy: nobody's flag, and not
// among remote_flags().
bool has_mark_of_move(const RowView& row);
// The same of a message that had no row to begin from: the move that set it; nullptr if none did,
// or the user has set it, too: `local` is what the file says.
const Intent* mark_of_move(const World& world, const MessageView& message, const FlagSet& local);
FlagSet local_flags(const RowView& row);

// What both sides have afterwards lacks a mark of ours; the server is told so where it may be told
// anything, or by other means.
void take_back_mark(FlagMerge& merge, const MailboxView& place);
void leave_out_mark(FlagMerge& merge);

// base xor (remote delta or local delta), for a message that will be in `place` (40).
// `inherited`: what was said of it elsewhere, beside both.
FlagMerge merge_flags(const FlagSet& base, const FlagSet& remote, const FlagSet& local,
                      const MailboxView& place, const FlagDelta& inherited = {});
// Of a file and a message without a row: what was sent is a base, where it was sent by us, and so
// is the row that both left for here.
FlagMerge merge_new(const FileView& file, const MessageView& message, const MailboxView& place);
// Without a base: the union.
FlagMerge unite_flags(const FlagSet& remote, const FlagSet& local, const MailboxView& place,
                      const FlagDelta& inherited = {});

// The part of `flags` that the server can store in that mailbox.
FlagSet storable(const FlagSet& flags, const MailboxView& mailbox);

// The file's name lost the info part that it had when last seen (rule 6).
bool lost_its_info(const RowView& row);

// Where and as what the row's file was seen last: in the change, in the arrival, or by the base.
LocalFile file_of(const RowView& row);

}  // namespace sterna::sync
