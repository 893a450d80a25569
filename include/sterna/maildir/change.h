// SPDX-License-Identifier: Apache-2.0
// Changes to files that are there: flags, moves, removals (safety.md, rule 21).
//
// Each names one file by place and inode, and acts on no other: if something else, or nothing, is
// there now, the answer is ErrorCode::changed, and the caller looks again. The name is checked once
// more after a rename, and a wrong catch is put back. Nothing is ever replaced: ErrorCode::exists.
// The directories touched are collected, and must be synced before the change is recorded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sterna/base/result.h"
#include "sterna/io/file_system.h"
#include "sterna/maildir/file_name.h"
#include "sterna/maildir/listing.h"
#include "sterna/maildir/mailbox_dirs.h"

namespace sterna::maildir {

// Exactly these flags. A file in new/ moves to cur/ when it gets any, and stays in cur/ when it
// loses all. Unknown letters stay. ErrorCode::unsupported where the name cannot hold flags (":1,").
// Already so: no effect, success.
Result<SeenFile> rename_flags(MailboxDirs& mailbox, const SeenFile& seen, std::uint8_t mask,
                              std::uint32_t keywords, TouchedDirectories& touched);

// Another base for the file (a duplicate within its mailbox), everything else as it is.
Result<SeenFile> rename_base(MailboxDirs& mailbox, const SeenFile& seen, std::string_view base,
                             TouchedDirectories& touched);

// Into another mailbox as `name`; new/ or cur/ follows from `in_new`. Where that is another file
// system: copied with its mtime, made durable, then removed here.
Result<SeenFile> move_file(MailboxDirs& from, const SeenFile& seen, MailboxDirs& to, bool in_new,
                           const FileName& name, TouchedDirectories& touched);

// Out of the Maildir, to keep it: into `undo` as `undo_name`; across file systems as move_file()
// does.
Status remove_to(MailboxDirs& mailbox, const SeenFile& seen, io::Directory& undo,
                 std::string_view undo_name, TouchedDirectories& touched);

// Back from the undo area, under a name that was never used.
Result<SeenFile> restore_from(io::Directory& undo, std::string_view undo_name,
                              std::uint64_t undo_ino, MailboxDirs& to, bool in_new,
                              const FileName& name, TouchedDirectories& touched);

// For good. Nothing there is success only for who says so: it is ErrorCode::changed here.
Status remove_file(MailboxDirs& mailbox, const SeenFile& seen, TouchedDirectories& touched);

}  // namespace sterna::maildir
