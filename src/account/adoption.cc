// SPDX-License-Identifier: Apache-2.0
#include "adoption.h"

#include <algorithm>
#include <string>
#include <vector>

#include "decisions.h"

namespace sterna::account {
namespace {

// What it made has a row, and its message may yet have to go from where it was.
Result<bool> is_recorded(Engine& engine, const Intent& move) {
  STERNA_TRY(const std::vector<MessageRow> rows,
             engine.store->messages_by_base_name(move.base_name));
  return std::ranges::any_of(rows, [&](const MessageRow& row) {
    return row.key.mailbox == move.target && row.key.uid >= move.target_uid_next &&
           (row.state == RowState::present || row.state == RowState::stub);
  });
}

// What was sent or moved to it, and is not recorded yet.
Result<bool> is_sent_to(Engine& engine, MailboxId mailbox) {
  STERNA_TRY(const std::vector<Intent> intents, engine.store->intents());
  for (const Intent& intent : intents) {
    if (intent.kind == IntentKind::upload && intent.mailbox == mailbox) return true;
    if (intent.kind != IntentKind::move_out || intent.target != mailbox) continue;
    STERNA_TRY(const bool recorded, is_recorded(engine, intent));
    if (!recorded) return true;
  }
  return false;
}

}  // namespace

Status mark_adoptions(Engine& engine) {
  for (const auto& work : engine.mailboxes) {
    if (work->row.cursor.uid_next) continue;
    STERNA_TRY(const auto compared, engine.store->get(compared_key(work->row.id)));
    if (work->input.local.arrived.empty() && compared != kPairedAnew) continue;
    work->input.adopting = true;
    work->input.paired_anew = compared == kPairedAnew;
    const UidValidity validity = work->row.cursor.uidvalidity;
    work->input.compared = validity && compared == std::to_string(validity.value);
  }
  return {};
}

Status note_compared(Engine& engine, const MailboxWork& work, const RemoteCursor& cursor) {
  if (!work.input.adopting) return {};
  const std::string key = compared_key(work.row.id);
  if (cursor.uid_next) return engine.store->unset(key);
  const bool whole = work.is_seen() && work.input.remote.coverage == Coverage::complete &&
                     work.input.local.coverage == Coverage::complete;
  if (!whole || work.input.compared) return {};
  STERNA_TRY(const auto compared, engine.store->get(key));
  STERNA_TRY(const bool in_doubt, is_sent_to(engine, work.row.id));
  if (compared == kPairedAnew && in_doubt) return {};
  return engine.store->set(key, std::to_string(cursor.uidvalidity.value));
}

}  // namespace sterna::account
