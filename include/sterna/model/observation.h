// SPDX-License-Identifier: Apache-2.0
// What one look at a side of a mailbox showed: the remote and the local tree, as differences to the
// base.
//
// An observation names the generation in which it began and what it covers (rule 1). What it does
// not cover is unknown, which is a value of its own: absence is stated in `gone`, with proof, or
// not at all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sterna/model/flags.h"
#include "sterna/model/ids.h"
#include "sterna/model/message.h"
#include "sterna/model/uid_set.h"

namespace sterna {

enum class Coverage : std::uint8_t {
  unknown,  // not looked at, or the look failed
  changes,  // new messages and changed flags are all here; nothing is proven gone. What is in
            // `gone` was missed, and may be anywhere
  complete  // changes, and `gone` is all that is gone
};

struct RemoteFlags {
  Uid uid;
  FlagSet flags;
  ModSeq modseq;
};

// An arrival that was looked at more closely, because something local might be it.
struct RemoteArrival {
  Uid uid;
  FlagSet flags;
  std::int64_t internal_date = 0;
  std::string email_id;
  std::optional<Identity> identity;
  bool size_reliable = true;
};

struct RemoteDelta {
  Coverage coverage = Coverage::unknown;
  Generation began;
  UidValidity uidvalidity;
  bool read_only = false;
  // It counts more messages than it lists: one that is new there may not be among `arrived`.
  bool hides_some = false;
  StorableFlags storable;
  UidSet arrived;  // on the server, not in the base
  // Of some of `arrived`, and of rows whose identity the base lacks; ascending by UID.
  std::vector<RemoteArrival> details;
  std::vector<RemoteFlags> flags;  // of rows in the base whose flags were told; ascending by UID
  UidSet gone;                     // proven (rule 5)
  std::string gone_proof;          // how, in words for the history
  bool asked_again = false;        // for what is gone, by name
};

// A file in new or cur.
struct LocalFile {
  std::string name;  // the full name
  std::string base;
  bool in_new = false;
  bool tells_flags = true;
  bool has_info = false;  // false: no ":2,", as after a copy by a careless tool (rule 6)
  FlagSet flags;
  FileStamp file;
};

// Our own name says where a file came from; another synchronizer's says that it was on a server.
struct ClaimedOrigin {
  bool ours = false;  // tree id matches this account's tree
  MailboxId mailbox;
  UidValidity uidvalidity;
  Uid uid;
};

// A file that is in no row of this mailbox.
struct LocalArrival {
  LocalFile file;
  std::optional<Identity> identity;  // nullopt: could not be read; leave it alone
  // Of the same content without the fields that mail programs keep for themselves in their files
  // (Content-Length, Lines, Status, X-Status); nullopt: it has none of them.
  std::optional<Identity> plain;
  std::optional<ClaimedOrigin> origin;
  bool stable = true;  // nobody is still writing it
  // In a mailbox with the role Sent, and so young that the server may be about to store its own
  // copy of what was sent (safety 41).
  bool settling = false;
  bool denied = false;    // what it is like is known, but it may not be read
  bool vanished = false;  // renamed or removed since it was listed: what it is like is not known
  bool namesake = false;  // had the base of another file of its mailbox, and got its own
  bool is_stub = false;   // carries the header of a stub (rule 18)
  // Stands for a message as well, and not for one of this tree: sent by nobody but the user.
  bool is_placeholder = false;
  // Its base name is that of a tombstone, and the boot changed since: a disk that lied (rule 16).
  bool resurrected = false;
  // First seen after a restart of the machine: a lost power may have left a part of it.
  bool after_restart = false;
  bool headless = false;  // empty, or without a header field
  // An earlier pass held it as an orphan, and it is still the same file: it stays so until the user
  // decides (`held restore` takes this away, and the origin).
  bool held = false;
  bool restored = false;  // so the user decided
  // The policy left it alone in an earlier pass: it still does (sync::Plan::consumed).
  bool consumed = false;
};

// A row's file whose name or content is not as in the base.
struct LocalChange {
  Uid uid;
  LocalFile file;
  bool content_changed = false;  // new inode, size or mtime
  bool in_place = false;         // the same inode
  // Never flushed, and of another size since the machine was restarted; or of other octets, though
  // nobody wrote to it.
  bool torn = false;
  bool surely_edited = false;  // rule 13: non-empty, parsable, not first seen after a restart
  // The same, first seen after a restart of the machine; or torn, with a header.
  bool maybe_edited = false;
  std::optional<Identity> identity;  // where content_changed
  std::optional<Identity> plain;     // as that of an arrival
};

struct LocalDelta {
  Coverage coverage = Coverage::unknown;
  Generation began;
  bool suspect = false;  // the directory is missing or another one (rule 15): freeze
  // Nothing of it is synced in this pass. Its directory is known, though, and is looked through for
  // what is missed in other mailboxes: sync::Input::births_elsewhere tells.
  bool aside = false;
  bool quiet = true;  // nothing changed in the directory for the quiet time
  // The machine was restarted since rows of that pass and later ones were written, and their files
  // had not been flushed: what is missing of them went with the power (fsync = false).
  std::optional<Generation> unflushed_since;
  std::vector<LocalArrival> arrived;
  std::vector<LocalChange> changed;  // ascending by UID
  std::vector<Uid> gone;  // missed; with Coverage::complete proven absent here, all other
                          // mailboxes having been listed after
};

}  // namespace sterna
