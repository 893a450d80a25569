// SPDX-License-Identifier: Apache-2.0
// What the base knows of one mailbox. The id keys the rows, not the name, so a rename is one
// update.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sterna/model/flags.h"
#include "sterna/model/ids.h"
#include "sterna/model/mailbox_name.h"
#include "sterna/model/role.h"

namespace sterna {

// What the server was like when everything up to it was in the base. Saved last (rules 3, 20).
struct RemoteCursor {
  UidValidity uidvalidity;  // none: never synced
  Uid uid_next;             // none: no sync came to its end yet
  ModSeq highest_modseq;    // none: not known
  std::uint32_t messages = 0;
  StorableFlags storable;
  bool operator==(const RemoteCursor&) const = default;
};

// Of two directories with one inode number: surely not the same one. 0: not known.
inline bool born_apart(std::int64_t btime_ns, std::int64_t other_btime_ns) {
  return btime_ns != 0 && other_btime_ns != 0 && btime_ns != other_btime_ns;
}

struct MailboxRow {
  MailboxId id;
  MailboxName name;        // remote name, decoded; the local one follows from `rename`
  WireName wire;           // as the server has it; "" if only local so far
  char delimiter = '/';    // of the server; NUL in a flat namespace
  std::string mailbox_id;  // OBJECTID's MAILBOXID; "" unknown
  Role role = Role::none;
  std::string path;        // local components joined by '/'; "" is the root itself
  bool has_local = false;  // the directory was made or seen, and belongs to it
  bool has_remote = false;
  RemoteCursor cursor;
  // Local: identity of cur, and the stamp behind which everything is in the base ("" if none).
  std::uint64_t cur_dev = 0;
  std::uint64_t cur_ino = 0;
  std::int64_t cur_btime_ns = 0;  // 0: not known
  std::string stamp;
  Generation
      listed_since;  // the pass in which it came into the sync: absence counts only from here
  unsigned remote_absences = 0;  // successive LISTs without it
  // A restored backup: no row of it is believed before both sides of it were paired anew.
  bool pair_anew = false;
};

}  // namespace sterna
