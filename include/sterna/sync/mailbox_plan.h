// SPDX-License-Identifier: Apache-2.0
// plan_mailboxes(): which mailboxes are to be created, renamed or removed on either side. Pure.
//
// It runs before plan(), over the rows of the base, one LIST of the server and one walk of the
// Maildir. INBOX is never created, renamed or deleted. A mailbox with mail in it is never removed
// for being absent on the other side: it is held. Absence counts only in a complete LIST, and on
// the second one in a row; a directory that is suspect freezes its mailbox, whatever the server
// says (rules 1, 15). None is removed from the server above one that is on the server alone: there
// are servers that remove both.
//
// Actions come in the order in which they are to be carried out: adoptions, renames (parents before
// children), creations (parents before children), then what only changes the base, removals
// (children before parents) last. Each mailbox has at most one action, but for renames that trade
// names: one of each circle steps aside first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sterna/model/intent.h"
#include "sterna/model/mailbox.h"
#include "sterna/model/mailbox_name.h"
#include "sterna/model/role.h"
#include "sterna/sync/plan.h"

namespace sterna::sync {

// Which side may get a mailbox that the other has.
enum class Create : std::uint8_t { both, local, remote, none };

// What the configuration says of one name; the last matching rule has been applied.
struct MailboxPolicy {
  bool included = true;
  Create create = Create::both;
  Direction direction = Direction::both;
  LocalDelete local_delete = LocalDelete::trash;
  RemoteDelete remote_delete = RemoteDelete::remove;
};

// What the user said to a mailbox that was held.
enum class HeldAnswer : std::uint8_t { none, apply, restore };

// A mailbox of which the base has a row.
struct KnownMailbox {
  MailboxRow row;               // remote_absences counts this LIST already
  std::uint64_t on_server = 0;  // rows for which the server has a message
  std::uint64_t files = 0;      // rows that have a file here
  MailboxPolicy policy;         // of row.name
  HeldAnswer answer = HeldAnswer::none;
};

// A line of LIST.
struct RemoteMailbox {
  WireName wire;
  MailboxName name;
  char delimiter = '/';
  Role role = Role::none;
  std::string mailbox_id;     // OBJECTID's MAILBOXID; "" unknown
  bool selectable = true;     // false: \NoSelect or \NonExistent, a place in the tree only
  bool subscribed = true;     // false: only subscribed ones are synced, and this one is not
  bool has_children = false;  // the server says so, or lists some, whether they are here or not
  MailboxPolicy policy;
  // Of STATUS, where it was answered.
  std::optional<UidValidity> uidvalidity;
  std::optional<Uid> uid_next;
  std::optional<std::uint32_t> messages;
};

// A directory of the Maildir that has, or had, new and cur.
struct LocalMailbox {
  MailboxName name;  // the remote name that its path stands for
  std::string path;  // local components joined by '/'; "" is the root itself
  std::uint64_t cur_dev = 0;
  std::uint64_t cur_ino = 0;
  std::int64_t cur_btime_ns = 0;
  // There, but without cur or new, or not readable; or the directory of a row, but another one, in
  // which most of the known names were not found.
  bool suspect = false;
  bool whole = true;  // with cur, new and tmp; one that is not is suspect
  // cur has the inode of a row's, but another birth, or few of that row's names: the number was
  // given again.
  bool inode_reused = false;
  std::optional<std::uint64_t> messages;  // files in new and cur; nullopt: not counted
  MailboxPolicy policy;
};

// A rename on the server for which only the numbers of one LIST speak: a mailbox of the base that
// is not listed any more, and the one that it may be now.
struct SupposedRename {
  MailboxId id;
  WireName now;
  bool operator==(const SupposedRename&) const = default;
};

struct MailboxesInput {
  std::vector<KnownMailbox> base;
  std::vector<RemoteMailbox> remote;
  bool remote_complete = false;  // LIST was tagged OK
  std::vector<LocalMailbox> local;
  bool local_complete = false;  // the walk met no error
  bool local_nested = true;     // renaming a directory takes its children along (layout fs)
  std::vector<Intent> intents;  // those of mailboxes; others are ignored
  std::vector<SupposedRename> proven_renames;  // of supposed_renames(): the content is the same
};

// --- actions: `id` is none where the base has no row yet
// -------------------------------------------

// Both sides have it. Without a row: write one. With a row: it lacks a side, complete it.
struct AdoptBoth {
  MailboxId id;
  RemoteMailbox remote;
  LocalMailbox local;
};
// Where the row had a directory before, its messages are fetched again.
struct CreateLocal {
  MailboxId id;
  RemoteMailbox remote;
};
// The server may have the name as a place that cannot be selected: CREATE makes it a mailbox. Where
// the row had one before, its files are uploaded again.
struct CreateRemote {
  MailboxId id;
  LocalMailbox local;
};
// Renamed on the server; the directory follows. `with_parent`: the rename of its parent, earlier in
// this plan, carries it along.
struct RenameLocal {
  MailboxId id;
  MailboxName from;
  std::string from_path;  // "" if an earlier rename of this plan took it to the path of `from`
  RemoteMailbox to;
  bool with_parent = false;
};
// Renamed here; the server follows. RENAME takes the children along (RFC 3501 section 6.3.5).
struct RenameRemote {
  MailboxId id;
  MailboxName from;
  WireName from_wire;  // "" if an earlier rename of this plan gave it the name `from`
  LocalMailbox to;
  bool with_parent = false;
};
// One of a circle of renames: it leaves its name to the others, and takes its own in a later action
// of this plan. The row keeps its name meanwhile; an intent tells where the mailbox is.
struct StepAside {
  MailboxId id;
  MailboxName from;
  WireName from_wire;     // remote; "" as in RenameRemote
  std::string from_path;  // local; "" as in RenameLocal
  MailboxName to;
  bool remote = false;
};
// Under the same new name on both sides by now: only the row changes.
struct RenameRow {
  MailboxId id;
  RemoteMailbox remote;
  LocalMailbox local;
};
// Gone from the server, and empty here.
struct RemoveLocal {
  MailboxId id;
  std::string path;
  std::string proof;
};
// Gone here, and empty on the server. DELETE only after STATUS said again that it is empty.
struct RemoveRemote {
  MailboxId id;
  WireName wire;
  std::string proof;
};
// Its directory is missing, strange or another one: no message of it may be touched on any side.
struct Freeze {
  MailboxId id;
};
// Gone on both sides, or excluded or unsubscribed by now: the row and everything below it goes, no
// mail.
struct ForgetMailbox {
  MailboxId id;
};
// The user said yes to the removal of a mailbox that is gone on the other side: what the base knows
// of it goes, to the Trash or the undo area. Empty then, it follows in the next pass; what came
// since stays, and the mailbox with it.
struct EmptyRemote {
  MailboxId id;
  MailboxName name;
  WireName wire;
};
struct EmptyLocal {
  MailboxId id;
  MailboxName name;
  std::string path;
};
enum class MailboxHeld : std::uint8_t {
  remote,  // gone here; it would go from the server
  local,   // gone from the server; it would go here
  kept,    // gone on one side, and the policy keeps it on the other: it can only be brought back
  name,    // under two names, or one that two claim: renaming one of them settles it
};
std::string_view to_string(MailboxHeld kind);  // "mailbox_remote", ...
// A person decides: nothing is removed on any side, and nothing of it is synced meanwhile.
struct HoldMailbox {
  MailboxId id;
  MailboxName name;
  MailboxHeld kind = MailboxHeld::remote;
};
// Not known well enough: look again. Nothing of it is synced meanwhile.
struct WaitMailbox {
  MailboxId id;
  MailboxName name;
  bool for_user = false;  // to do something about it
};

using MailboxActionKind =
    std::variant<AdoptBoth, RenameRow, StepAside, RenameLocal, RenameRemote, CreateLocal,
                 CreateRemote, Freeze, WaitMailbox, HoldMailbox, ForgetMailbox, EmptyLocal,
                 EmptyRemote, RemoveLocal, RemoveRemote>;

struct MailboxAction {
  MailboxActionKind what;
  std::string reason;
};
std::string_view kind_of(const MailboxAction& action);  // "create_local", ...
MailboxId id_of(const MailboxAction& action);           // none where the base has no row yet

// Without MAILBOXID, equal UIDVALIDITY, UIDNEXT and count suggest a rename, and prove none: a
// server may number all its mailboxes alike. What is said here is to be proven by content before
// plan_mailboxes() believes it.
std::vector<SupposedRename> supposed_renames(const MailboxesInput& input);

// What has no action stays as it is: present on both sides and in the base, or left alone by the
// policy.
std::vector<MailboxAction> plan_mailboxes(const MailboxesInput& input);

}  // namespace sterna::sync
