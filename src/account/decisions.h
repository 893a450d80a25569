// SPDX-License-Identifier: Apache-2.0
// Decisions: how the user's answers about what is held reach the next sync, beside the approvals.
//
// An approval (Store::add_approval) names a row and its UIDVALIDITY, and so can speak of rows
// alone. What follows speaks of files without a row, of what is to come back, and of how far an
// approval goes. Each is a small fact of the state, with the value kDecided where nothing else is
// said; the sync that carries it out unsets it in the transaction that records the effect. Of two
// decisions about one thing the later one stands: decide_held() unsets the other.
//
//   held as         apply                      restore
//   delete_remote   approval                   the row becomes `wanted`: downloaded again
//   moved_away      approval, elsewhere_apply  as delete_remote
//   delete_local    approval                   the row goes; orphan_restore: its file is uploaded
//   flags_lost      approval                   flags_restore: the file gets the flags of the base
//   orphan          orphan_apply: to the undo  orphan_restore: uploaded as a new message
//   resurrected     as orphan                  as orphan
//   mailbox_remote  mailbox_apply: emptied     mailbox_restore: made anew here, fetched again
//   mailbox_local   mailbox_apply: emptied     mailbox_restore: made anew there, uploaded again
//   mailbox_kept    -                          mailbox_restore, where the mailbox is missing
//   mailbox_name    -                          -
//
// Entries of the last four kinds speak of a mailbox as a whole. They stay in the list as long as a
// decision may stand; one that is not used up when the mailbox is back is unset.
// Any other decision expires with the pass that finds nothing left to decide (expire_decisions.h).
// Whatever is decided, the stamp of the mailbox is cleared, so that the next pass lists it.
#pragma once

#include <string>
#include <string_view>

#include "sterna/model/ids.h"
#include "sterna/model/message.h"
#include "sterna/store/store.h"
#include "sterna/sync/plan.h"

namespace sterna::account {

inline constexpr std::string_view kDecided = "1";

// A restored backup, or adopt(): the next sync marks every mailbox (MailboxRow::pair_anew), and
// unsets this with it.
inline constexpr std::string_view kAdoptingKey = "adopting";

// `base_name` is the name before the info part, as a held entry has it.
inline constexpr std::string_view kOrphanApply = "orphan_apply:";
inline std::string orphan_apply_key(MailboxId mailbox, std::string_view base_name) {
  return std::string(kOrphanApply) + std::to_string(mailbox.value) + ":" + std::string(base_name);
}
inline constexpr std::string_view kOrphanRestore = "orphan_restore:";
inline std::string orphan_restore_key(std::string_view base_name) {
  return std::string(kOrphanRestore) + std::string(base_name);
}
// No decision either: the file shared the base of another one, and got this one from us.
inline constexpr std::string_view kNamesake = "namesake:";
inline std::string namesake_key(std::string_view base_name) {
  return std::string(kNamesake) + std::string(base_name);
}
inline constexpr std::string_view kFlagsRestore = "flags_restore:";
inline std::string flags_restore_key(MailboxId mailbox, Uid uid) {
  return std::string(kFlagsRestore) + std::to_string(mailbox.value) + ":" +
         std::to_string(uid.value);
}
// Not a decision of a moment but of the policy (rule 19): the file was seen and is not to be
// uploaded.
inline std::string consumed_key(MailboxId mailbox, std::string_view base_name) {
  return "consumed:" + std::to_string(mailbox.value) + ":" + std::string(base_name);
}
// Beside an approval, with the UIDVALIDITY of that: also where another account may have the file.
// What was approved for another reason still waits for that account.
inline std::string elsewhere_apply_key(MessageKey row) {
  return "elsewhere_apply:" + std::to_string(row.mailbox.value) + ":" +
         std::to_string(row.uid.value);
}
// Facts, too, and no decisions: since when the server counts more than it lists (ms of the wall
// clock).
inline std::string hides_key(MailboxId mailbox) {
  return "hides:" + std::to_string(mailbox.value);
}
// When its UIDVALIDITY changed, the last two times (lived ms).
inline std::string pairings_key(MailboxId mailbox) {
  return "pairings:" + std::to_string(mailbox.value);
}
// Under that UIDVALIDITY all that was in the mailbox was compared, and its adoption goes on only
// for what waits.
inline std::string compared_key(MailboxId mailbox) {
  return "compared:" + std::to_string(mailbox.value);
}
// Its value before that, where the base of the mailbox was let go: all of it is yet to be paired,
// also where no file is left.
inline constexpr std::string_view kPairedAnew = "anew";
// Its directory is being removed: what is left of it is no lost disk (rule 15).
constexpr std::string_view kRemovingPrefix = "removing:";
inline std::string removing_key(MailboxId mailbox) {
  return std::string(kRemovingPrefix) + std::to_string(mailbox.value);
}
inline std::string mailbox_apply_key(MailboxId mailbox) {
  return "mailbox_apply:" + std::to_string(mailbox.value);
}
inline std::string mailbox_restore_key(MailboxId mailbox) {
  return "mailbox_restore:" + std::to_string(mailbox.value);
}

// Of a message that is to leave the server; else a file is to leave the Maildir.
inline bool leaves_server(const store::HeldEntry& entry) {
  return entry.kind == sync::to_string(sync::HeldKind::delete_remote) ||
         entry.kind == sync::to_string(sync::HeldKind::moved_away);
}
inline bool is_held_mailbox(const store::HeldEntry& entry) {
  return entry.kind.starts_with("mailbox_");
}

}  // namespace sterna::account
