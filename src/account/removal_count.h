// SPDX-License-Identifier: Apache-2.0
// What goes into the brake's rolling window (rule 6): not what leaves Trash or Junk, nor what the
// user approved. An ordinary day after one of those is an ordinary day.
#pragma once

#include <map>
#include <set>
#include <string_view>

#include "engine.h"

namespace sterna::account {

// Removing from there is removing for good, and no loss.
bool is_bin(const MailboxWork& work);

// Not the surplus copy of a move, whose row never had a file, nor what an edit replaced.
bool is_removal(const MessageRow& row);

class RemovalCount {
 public:
  // With the approvals as they are now: before those of what was removed are taken away.
  static Result<RemovalCount> begin(Engine& engine);

  void add(const MailboxWork& work, Uid uid);
  // Inside the transaction that records the removals.
  Status save(std::string_view side) const;

 private:
  explicit RemovalCount(Engine& engine) : engine_(engine) {}
  bool is_approved(const MailboxWork& work, Uid uid) const;

  Engine& engine_;
  std::set<std::pair<MessageKey, UidValidity>> approved_;
  std::map<const MailboxWork*, std::uint64_t> counted_;
};

// What a sync that died had removed and not recorded, and this plan takes note of. Inside the
// transaction that does so, before the rows go.
Status count_finished(Engine& engine, const sync::Plan& plan);

}  // namespace sterna::account
