// SPDX-License-Identifier: Apache-2.0
#include "pending.h"

#include "expire_decisions.h"

namespace sterna::account {

Result<bool> anything_pending(Engine& engine) {
  if (!engine.held_mailboxes.empty()) return true;
  if (!engine.emptied_here.empty() || !engine.emptied_there.empty()) return true;
  STERNA_TRY(const std::vector<Intent> intents, engine.store->intents());
  if (!intents.empty()) return true;
  STERNA_TRY(const std::vector<store::HeldEntry> held, engine.store->held());
  if (!held.empty()) return true;
  STERNA_TRY(const bool decided, has_decisions(engine));
  if (decided) return true;
  for (const RowState state :
       {RowState::wanted, RowState::quarantined, RowState::dropping, RowState::deleting}) {
    STERNA_TRY(const std::vector<MessageRow> rows, engine.store->messages_in_state(state));
    if (!rows.empty()) return true;
  }
  return false;
}

}  // namespace sterna::account
