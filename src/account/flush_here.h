// SPDX-License-Identifier: Apache-2.0
// What programs left here lately becomes durable before anything is recorded of it: else a file
// that its program left to the kernel would go with the power, and its row would miss it
// (safety.md, 3).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine.h"
#include "look_at_file.h"
#include "match_listing.h"

namespace sterna::account {

// What is older need not be flushed. Where the clock was set, the times of files do not tell.
std::int64_t written_before_ns(const Engine& engine);

// Of a mailbox's `new` and `cur`.
struct FlushBegun {
  bool of_new = false;
  bool of_cur = false;
  std::int64_t at_ns = 0;  // by the file system's clock: what changed later is not part of it

  bool covers(bool in_new, std::int64_t changed_ns) const {
    return (in_new ? of_new : of_cur) && changed_ns < at_ns;
  }
};

// Where many came, beside the looks at them (late_flush.h).
FlushBegun begin_flush(Engine& engine, const MailboxWork& work, const maildir::MailboxDirs& dirs,
                       const std::vector<LocalFile*>& files, std::int64_t since_ns,
                       std::optional<std::int64_t> fs_now_ns);

// On the worker: what changed since then, and is no part of what was begun. What cannot be flushed
// is not known yet; true if there was nothing of that.
bool flush_young(maildir::MailboxDirs& dirs, const std::vector<LocalFile*>& files,
                 std::vector<Looked>& looked, std::int64_t since_ns, const FlushBegun& begun,
                 bool singly);

// A name that a program changed lately may go back with the power. On the server its flags would be
// set already, and their loss here the user's hand: so its directory is flushed first, which keeps
// what its names are, and not what is in the files.
coro::Task<void> flush_renames(Engine& engine, MailboxWork& work, maildir::MailboxDirs& dirs,
                               ListingMatch& found);

}  // namespace sterna::account
