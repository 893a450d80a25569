// SPDX-License-Identifier: Apache-2.0
// Intents: what we were about to do when we last wrote anything. Never replayed: they tell the
// planner "in doubt: may have happened" (rule 12).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sterna/model/flags.h"
#include "sterna/model/ids.h"
#include "sterna/model/message.h"

namespace sterna {

enum class IntentKind : std::uint8_t {
  upload,          // APPEND (or COPY) of the file `base_name` into `mailbox`
  move_out,        // UID MOVE of `key` to `target`
  move_in,         // rename of the file of `key` into `target`, where its message went
  delete_out,      // removal of `key` from the server; the row is `deleting`
  mailbox_create,  // CREATE of `target_name`
  mailbox_rename,  // RENAME of `mailbox` to `target_name`
  mailbox_delete,  // DELETE of `mailbox`
};
std::string_view to_string(IntentKind kind);
std::optional<IntentKind> parse_intent_kind(std::string_view text);

struct Intent {
  IntentId id;
  IntentKind kind = IntentKind::upload;
  MailboxId mailbox;
  UidValidity uidvalidity;  // of `mailbox` when it was written
  Uid uid;                  // move_out, move_in, delete_out
  MailboxId target;         // move_out, move_in
  UidValidity target_uidvalidity;
  Uid target_uid_next;  // no UID below it can be the result
  std::string target_name;
  std::string base_name;  // of the file that is or was there; not of mailboxes
  std::optional<Identity> identity;
  FlagSet flags;           // the base of both sides' flags when it is done
  bool to_trash = false;   // delete_out by a move to the Trash
  std::int64_t at_ms = 0;  // when written, by the account's sure time
  unsigned looks = 0;      // how often it was looked for since
  bool stored = false;     // upload: the server has it, and did not say where
};

}  // namespace sterna
