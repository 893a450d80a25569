// SPDX-License-Identifier: Apache-2.0
// The undo area as people see it: what syncs took away in the last days, and the way back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sterna/account/settings.h"
#include "sterna/base/result.h"

namespace sterna::account {

struct UndoLine {
  std::int64_t id = 0;
  std::string mailbox;  // by its name at that time; "" where nobody knows
  std::string flags;    // as FlagSet::to_string()
  std::uint64_t size = 0;
  std::int64_t at_ms = 0;
  std::string reason;
  std::string path;  // absolute, in the undo area
  // From its header, unfolded and cut: octets of whoever wrote it, not yet fit for a terminal.
  std::string from;
  std::string subject;
  std::string message_id;
};
// Newest first. From the state and the undo area alone: no server, no lock. An entry whose file is
// not there, as after a restore that died before it wrote it down, is left out.
Result<std::vector<UndoLine>> read_undo(io::FileSystem& files, const Settings& settings);

struct UndoPick {
  std::int64_t id = 0;
  // It alone was asked for: damaged, too.
  bool by_number = false;
};
struct Restored {
  std::int64_t id = 0;
  std::string mailbox;
  std::string path;           // absolute
  bool mailbox_made = false;  // it was gone, and was made anew for this
  std::string note;           // why the server will not get it; "" if the next sync sends it
};
struct Restoration {
  std::vector<Restored> restored;
  std::vector<Error> errors;  // of those that stay in the undo area
};
// Puts them back into their mailboxes, or all into `into`, under new names, with their flags but
// \Deleted, and durably. Nothing is overwritten; what its mailbox has already stays where it is,
// and so does what is damaged. What a restore that died has begun is finished where it began. To
// the next sync they are new files, which it pairs or uploads. Fails as a whole before anything is
// done: locked while a sync runs, marker where the Maildir is not this account's.
Result<Restoration> restore_undo(Services& services, const Settings& settings,
                                 const std::vector<UndoPick>& picks,
                                 const std::optional<MailboxName>& into);

}  // namespace sterna::account
