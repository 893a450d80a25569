// SPDX-License-Identifier: Apache-2.0
#include "passing_states.h"

#include "message_row.h"
#include "query.h"

namespace sterna::store {

Status PassingStates::load(Db& db) {
  std::map<MessageKey, RowState> states;
  Query query(db, "SELECT mailbox, uid, state FROM passing");
  while (true) {
    STERNA_TRY(const bool found, query.next());
    if (!found) break;
    MessageKey key;
    key.mailbox = query.get<MailboxId>();
    key.uid = query.get<Uid>();
    STERNA_TRY(states[key], read_state(db, query));
  }
  states_ = std::move(states);
  return {};
}

bool PassingStates::erase_all(MailboxId mailbox) {
  return std::erase_if(states_, [&](const auto& one) { return one.first.mailbox == mailbox; }) != 0;
}

std::vector<PassingStates::Entry> PassingStates::in(MailboxId mailbox) const {
  std::vector<Entry> entries;
  for (auto it = states_.lower_bound({mailbox, Uid()}); it != states_.end(); ++it) {
    if (it->first.mailbox != mailbox) break;
    entries.push_back({it->first, it->second});
  }
  return entries;
}

std::vector<MessageKey> PassingStates::in(RowState state) const {
  std::vector<MessageKey> keys;
  for (const auto& [key, passing] : states_) {
    if (passing == state) keys.push_back(key);
  }
  return keys;
}

}  // namespace sterna::store
