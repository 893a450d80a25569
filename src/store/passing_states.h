// SPDX-License-Identifier: Apache-2.0
// States that rows are in for a moment, between an intent and its record: a few octets in the table
// `passing` each, instead of a wide row and its index entries written for nothing else. What is
// here is the row's state; the column of the same name waits.
#pragma once

#include <map>
#include <vector>

#include "db.h"
#include "sterna/model/message.h"

namespace sterna::store {

class PassingStates {
 public:
  // Whether a state passes at all: those of a removal that was begun.
  static constexpr bool holds(RowState state) {
    return state == RowState::deleting || state == RowState::dropping;
  }

  // As the table has them; after an error, as before.
  Status load(Db& db);
  void set(MessageKey key, RowState state) { states_[key] = state; }
  // Whether there was one.
  bool erase(MessageKey key) { return !states_.empty() && states_.erase(key) != 0; }
  bool erase_all(MailboxId mailbox);

  // The state of a row whose column says `stored`.
  RowState of(MessageKey key, RowState stored) const {
    if (states_.empty()) return stored;
    const auto found = states_.find(key);
    return found == states_.end() ? stored : found->second;
  }
  struct Entry {
    MessageKey key;
    RowState state;
  };
  std::vector<Entry> in(MailboxId mailbox) const;
  std::vector<MessageKey> in(RowState state) const;  // in the account

 private:
  std::map<MessageKey, RowState> states_;
};

}  // namespace sterna::store
