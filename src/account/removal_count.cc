// SPDX-License-Identifier: Apache-2.0
#include "removal_count.h"

#include <algorithm>

namespace sterna::account {

bool is_bin(const MailboxWork& work) {
  return work.row.role == Role::trash || work.row.role == Role::junk;
}

Result<RemovalCount> RemovalCount::begin(Engine& engine) {
  RemovalCount count(engine);
  STERNA_TRY(const std::vector<store::ApprovalEntry> approvals, engine.store->approvals());
  for (const store::ApprovalEntry& one : approvals) {
    count.approved_.emplace(one.key, one.uidvalidity);
  }
  return count;
}

void RemovalCount::add(const MailboxWork& work, Uid uid) {
  if (!is_bin(work) && !is_approved(work, uid)) ++counted_[&work];
}

Status RemovalCount::save(std::string_view side) const {
  for (const auto& [work, count] : counted_) {
    STERNA_CHECK(engine_.store->add_removals(work->row.id, side, count, engine_.sure_ms(),
                                             work->input.window.messages_at_start));
  }
  return {};
}

bool RemovalCount::is_approved(const MailboxWork& work, Uid uid) const {
  // The removal of a whole mailbox is approved without naming its messages.
  const auto names = [&](const std::vector<MailboxId>& emptied) {
    return std::ranges::find(emptied, work.row.id) != emptied.end();
  };
  if (names(engine_.emptied_here) || names(engine_.emptied_there)) return true;
  const UidValidity seen = work.input.remote.uidvalidity;
  const UidValidity validity = seen ? seen : work.input.base_uidvalidity;
  return approved_.contains({MessageKey{work.row.id, uid}, validity});
}

}  // namespace sterna::account
