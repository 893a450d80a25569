// SPDX-License-Identifier: Apache-2.0
// plan(): three trees and a policy in, actions out. Pure: no I/O, no clock, no logging.
//
// Two steps. *Pair* works over the whole account: which file is which message, what moved where.
// *Decide* goes row by row through the tables of docs/safety.md. Every action carries the mailbox,
// the UIDVALIDITY under which it was planned, the reason in words, and, if it removes anything, its
// proof. Any `unknown` in the input removes nothing. Actions come in the order in which they are to
// be carried out: pairs, arrivals, moves, flags, uploads, and deletions last.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sterna/model/intent.h"
#include "sterna/model/mailbox.h"
#include "sterna/model/message.h"
#include "sterna/model/observation.h"

namespace sterna::sync {

enum class Direction : std::uint8_t { both, pull, push };
enum class LocalDelete : std::uint8_t { trash, expunge, ignore };
enum class RemoteDelete : std::uint8_t { remove, ignore };

// The brake (rule 6): deletions of one side in a mailbox or the account that reach at_least and
// share.
struct Brake {
  double share = 0.3;
  std::uint64_t at_least = 50;
};

// What was let through within the window already, and what was there when it began.
struct BrakeWindow {
  std::uint64_t removed_remote = 0;  // removals carried out on the server
  std::uint64_t removed_local = 0;   // removals carried out in the Maildir
  std::uint64_t flags_lost = 0;
  std::uint64_t messages_at_start = 0;
};

struct MailboxInput {
  // \Deleted may remove a message.
  bool acts_on_deleted() const {
    return expunge_flagged || (deletes_at_once && local_delete != LocalDelete::ignore);
  }

  MailboxId id;
  MailboxName name;
  Role role = Role::none;
  Direction direction = Direction::both;
  LocalDelete local_delete = LocalDelete::trash;
  RemoteDelete remote_delete = RemoteDelete::remove;
  bool expunge_flagged = false;
  // Of the server: \Deleted removes a message, at once and for good (imap/quirks.h).
  bool deletes_at_once = false;
  Brake brake;
  BrakeWindow window;
  UidValidity base_uidvalidity;  // none: no base yet (first sync, or included again)
  // The base came from another UIDVALIDITY, a lost state, or a restored backup, or there is none
  // though the Maildir is not empty: pair, unite flags, delete nothing (adoption).
  bool adopting = false;
  // Still adopting, for something waits; but a pass that saw both sides whole compared all that was
  // there. The rows are its own, and what is missing of them is gone like any other.
  bool compared = false;
  // Adopting since its base was let go: what its rows knew of files that were moved is lost.
  bool paired_anew = false;
  // When the base agreed; what the server can hold since then starts as a union (40).
  StorableFlags base_storable;
  // Keywords of its rows that have no letter: they are in no name, and their absence says nothing.
  FlagSet hidden_keywords;
  // Some of its rows are detached: what is new there may be the message of one, come back.
  bool has_detached = false;
  RemoteDelta remote;
  LocalDelta local;

  // All of it is: what a side lacks nobody took away (rule 14).
  bool is_yet_to_be_paired() const { return adopting && !compared; }
};

struct Approval {
  MessageKey key;
  UidValidity uidvalidity;
  bool elsewhere = false;  // also where a birth elsewhere may be the file
};

// The base name up to the first comma: what programs append to it (",U=", ",S=") is left out.
std::string_view stem_of(std::string_view base_name);

// New in the Maildir of another account, or in a folder of this one that is not synced, and not yet
// acknowledged by a server (section 1, 18).
struct BirthElsewhere {
  std::string what;      // account or file, as a clause: "account b has ..."
  bool unclear = false;  // may be any message: it is being written, or the account cannot be seen
  std::string base_name;
  std::uint64_t size = 0;            // of the file
  std::optional<Identity> identity;  // nullopt: it may not be read
  std::optional<Identity> plain;     // as that of an arrival
  std::string obstacle;              // why it will not be sent by itself; "" if it will
};

struct Input {
  Generation generation;  // of this pass
  // No pass since then looked at every mailbox of the server, or removed each file that such a look
  // made one too many: what one fetched may have been moved there.
  std::optional<Generation> half_seen_since;
  // Another pass may follow at once: what is gone, and was changed here, is looked for once more.
  bool may_look_again = false;
  std::vector<MailboxInput> mailboxes;
  // Every row that a delta names, that an intent or an approval names, that has the base name of a
  // local arrival or an intent (in any mailbox), whose file has an arrival of its mailbox as one
  // more name, or whose state is neither present, stub, dropped, detached nor tombstone; detached
  // ones whose file is here, and whose content an arrival of their mailbox has; those of the Trash
  // that came since a removal to it was begun that is not done. Where the server deduplicates, also
  // rows with the EMAILID of a locally gone one.
  std::vector<MessageRow> rows;
  std::vector<Intent> intents;
  std::vector<Approval> approvals;  // of held deletions, by the user
  BrakeWindow account_window;
  Brake account_brake;
  std::optional<MailboxId> trash;  // of the account, where it is synced
  bool trash_unsynced = false;     // the server has one, of which nothing but that is known
  bool server_sizes_reliable = true;
  bool append_deduplicates = false;  // Gmail (rule 24)
  // Those that may be a message which a plan without them removes from the server.
  std::vector<BirthElsewhere> births_elsewhere;

  bool has_trash() const { return trash || trash_unsynced; }
};

// --- actions -------------------------------------------------------------------------------------

struct Where {
  MailboxId mailbox;
  UidValidity uidvalidity;
};

// Fetch and deliver. `uids` are not in the base (or are rows in state wanted).
struct Download {
  Where where;
  UidSet uids;
};
// A file and a message were found to be the same: write the row (one in state wanted, dropped or
// deleting may exist). `flags` is what both shall have; the deltas say what each side lacks.
struct Pair {
  Where where;
  Uid uid;
  LocalFile file;
  FlagSet flags;
  FlagDelta to_remote;
  FlagDelta to_local;
  std::optional<Identity> identity;
  std::optional<Identity> told;  // of the server's message, where it was looked at now
  std::int64_t internal_date = 0;
  std::string email_id;
  // The file was edited since it was sent: the row knows what the message is, and no file, so that
  // the next pass finds the edit.
  bool edited = false;
  // The row of this mailbox whose file this was (the edit of it was on the server already): it
  // becomes `deleting` in the same transaction, so that no file has two rows.
  std::optional<Uid> replaces;
  // The row whose file this was, and whose message is gone from where it was: it goes in the same
  // transaction, and not at all if the file is not there any more.
  std::optional<MessageKey> forgets;
};
// The same message with the flags that both sides have now; only the row changes.
struct Record {
  Where where;
  Uid uid;
  FlagSet flags;
  ModSeq modseq;
  std::optional<LocalFile> file;  // where its name or place changed
  std::optional<Identity> identity;
};
// Sent or moved by us, and the file went before that was written down: the row is written without
// it, and the next pass sees a deletion like any other, with all that guards one.
struct Missed {
  Where where;
  Uid uid;
  std::string base_name;  // of the file that went
  FlagSet flags;          // that were sent
  Identity identity;
  std::int64_t internal_date = 0;
  std::string email_id;
  std::optional<MessageKey> forgets;  // the row of the place that it was moved from
};
struct PushFlags {
  Where where;
  Uid uid;
  FlagDelta delta;                // our own changes only
  FlagSet result;                 // base after it
  std::optional<LocalFile> file;  // as seen, for the row
  ModSeq modseq;
};
struct PullFlags {
  Where where;
  Uid uid;
  LocalFile file;  // exactly this one (rule 21)
  FlagSet result;
  FlagDelta also_push;  // our own delta that goes to the server in the same step
  ModSeq modseq;
};
struct Upload {
  Where where;  // target
  LocalFile file;
  FlagSet flags;
  Identity identity;
  std::optional<MessageKey> copy_of;  // the proven original: COPY instead of APPEND
  std::optional<Uid> replaces;        // an edit: after the APPEND this one goes to the Trash
  bool in_doubt = false;              // an intent for it is open: look first, never send blindly
  IntentId intent;  // the open one, of this mailbox or where the file was before; it is
                    // closed in the transaction that records the upload
  // The row whose file this was, in whatever mailbox, and whose message is gone from the server: it
  // becomes a tombstone in the transaction that records the upload.
  std::optional<MessageKey> forgets;
};
// The user moved the file: move the message on the server. `from` and `uid` may have no row, where
// the file was moved before its row was written. `flags` is what both sides have afterwards: the
// file is renamed where it lacks some.
struct MoveOut {
  Where from;
  Uid uid;
  Where to;
  LocalFile file;  // where it is now
  FlagSet flags;   // base afterwards
  FlagDelta to_remote;
  Identity identity;  // proof
  // It may have the \Deleted of a removal or a move of ours that came to no end: taken away first,
  // since a copy would have it, too.
  bool marked = false;
  // The message was not where its row says any more (in the Trash, or under another UID): that row
  // becomes a tombstone in the transaction that records the move.
  std::optional<MessageKey> forgets;
};
// Another client moved the message: move the file. `flags` as in MoveOut.
struct MoveIn {
  Where from;
  Uid uid;  // none: the file had no row (adoption), or one that stays for its old content
  Where to;
  Uid new_uid;
  LocalFile file;  // where it is now (in `from`, or in `file_mailbox`)
  MailboxId file_mailbox;
  FlagSet flags;
  FlagDelta to_remote;
  std::int64_t internal_date = 0;
  std::string email_id;
  // The content is not the row's any more: the moved row keeps its FileStamp and identity, so that
  // the next pass sees the change in the new place.
  bool content_differs = false;
  std::optional<Identity> identity;  // of the file, where no row says it
};
enum class RemovalKind : std::uint8_t {
  to_trash,       // UID MOVE to the Trash
  expunge,        // STORE \Deleted, UID EXPUNGE
  fetch_expunge,  // as expunge, but the message is fetched into the undo area before
};
struct DeleteOut {
  Where where;
  Uid uid;
  RemovalKind kind = RemovalKind::to_trash;
  Identity identity;  // what must still be there, with the row's INTERNALDATE and size (rule 11)
  std::string proof;
  // expunge_flagged: the file is still here, and the row stays as it is until the message is seen
  // to be gone; then the file follows.
  bool file_remains = false;
  bool without_row = false;  // a copy that a move of ours, cut in half, left behind
  FlagSet flags;             // of that one: what it has, so that nothing counts as set since
};
struct DeleteIn {
  Where where;
  Uid uid;
  std::optional<LocalFile> file;  // nullopt: nothing changed since the base; use the row's
  std::string proof;
  MailboxId file_mailbox;               // where the file is; none: in where.mailbox
  RowState into = RowState::tombstone;  // dropped where an own removal is finished
};
// Only the row goes (gone on both sides, or consumed by policy). With `dropped` the UID may have no
// row yet: one is written, so that the message counts as seen.
struct Forget {
  Where where;
  Uid uid;
  // tombstone, dropped or detached; wanted: the file never reached the disk
  RowState into = RowState::tombstone;
  bool file_stays = false;  // with a tombstone: it is found anew, as what it is by now
};
// The content of a row's file is a wreck: fetch it again, the wreck goes to the undo area (rule
// 13).
struct Repair {
  Where where;
  Uid uid;  // without a row, where the power went before it was written
  LocalFile file;
  MailboxId file_mailbox;  // as that of a DeleteIn
};
// An intent whose doubt is resolved by what was observed.
struct CloseIntent {
  IntentId intent;
};
// \Deleted that an open intent of ours set, and whose file is back (32), or `moved_on`: whose
// message another client took elsewhere with it.
struct ClearDeleted {
  Where where;
  Uid uid;
  IntentId intent;
  bool moved_on = false;
};

using ActionKind =
    std::variant<Pair, Record, Missed, Download, MoveIn, MoveOut, PullFlags, PushFlags, Upload,
                 Repair, ClearDeleted, CloseIntent, Forget, DeleteIn, DeleteOut>;

struct Action {
  ActionKind what;
  std::string reason;  // "gone locally, unchanged on the server"
};
std::string_view kind_of(const Action& action);  // "download", "push_flags", ...
MailboxId mailbox_of(const Action& action);

// --- what is not done
// ------------------------------------------------------------------------------

enum class HeldKind : std::uint8_t {
  delete_remote,  // files are gone; the messages would go from the server
  delete_local,   // messages are gone from the server; the files would go
  flags_lost,     // files lost their whole info part in bulk
  orphan,         // a file that was once on a server and is not now (rule 17)
  resurrected,    // a file that was deleted and is back after an unclean boot (rule 16)
  moved_away,     // as delete_remote; a birth elsewhere may be the file, and will not be sent
};
std::string_view to_string(HeldKind kind);
struct Held {
  HeldKind kind;
  MailboxId mailbox;
  Uid uid;  // none for an orphan without a row
  UidValidity uidvalidity;
  std::optional<LocalFile> file;
  std::string reason;
};
// No action now: look again in the next pass. The mailbox's cursor and stamp stay where they are.
struct Waiting {
  MailboxId mailbox;
  std::string base_name;  // "" where it is not one file
  Uid uid;
  std::string reason;
  // False where only a person can end it: it is held, too, or nothing may go to that mailbox.
  bool pending = true;
};

// A file that the policy leaves alone for good (direction pull, another name of a message that is
// here). Remember it by name, and say so with LocalArrival::consumed, so that a later setting never
// sends it.
struct Consumed {
  MailboxId mailbox;
  LocalFile file;
  std::string reason;
};

struct Plan {
  std::vector<Action> actions;
  std::vector<Held> held;
  std::vector<Waiting> waiting;
  std::vector<Consumed> consumed;  // only those that were not yet
  // With a file that an unclean stop brought back, or a part of a fetch, and that waits: the next
  // pass must know of the stop, too (rules 13 and 16).
  std::set<MailboxId> unsettled_after_stop;
  // With a file that waits, and of whose change nobody knows whether it is an edit or damage
  // (rule 13).
  std::set<MailboxId> doubtful;
  // A file that was moved is to go, since its message was moved, too, and fetched there in that
  // pass. As long as one is to go, what came there counts as just come (half_seen_since).
  std::optional<Generation> surplus_since;
  bool look_again = false;  // another pass is to follow at once
  bool empty() const { return actions.empty(); }
};

// Which messages on the server must be looked at more closely (RemoteDelta::details, with identity)
// before plan() can tell whether something local is the same: arrivals, and rows whose identity the
// base lacks. Ascending by mailbox; empty sets are left out. What has details is not asked for
// again, and answers may raise new questions: ask until the answer is empty.
struct IdentityWanted {
  MailboxId mailbox;
  UidSet uids;
};
std::vector<IdentityWanted> identities_wanted(const Input& input);

Plan plan(const Input& input);

}  // namespace sterna::sync
