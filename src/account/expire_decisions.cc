// SPDX-License-Identifier: Apache-2.0
#include "expire_decisions.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "decisions.h"

namespace sterna::account {
namespace {

bool saw_files(const MailboxWork& work) {
  return !work.input.local.suspect && work.input.local.coverage == Coverage::complete;
}

bool saw_both(const MailboxWork& work) {
  return work.is_seen() && saw_files(work) && work.input.remote.coverage == Coverage::complete;
}

bool lacks_info(const LocalDelta& local, Uid uid) {
  return std::ranges::any_of(local.changed, [uid](const LocalChange& change) {
    return change.uid == uid && !change.file.has_info;
  });
}

// Rows of which the plan still has something to say that an approval may be for.
std::set<MessageKey> rows_in(const sync::Plan& plan) {
  std::set<MessageKey> rows;
  for (const sync::Held& held : plan.held) rows.insert({held.mailbox, held.uid});
  for (const sync::Waiting& waiting : plan.waiting) rows.insert({waiting.mailbox, waiting.uid});
  for (const sync::Action& action : plan.actions) {
    if (const auto* out = std::get_if<sync::DeleteOut>(&action.what)) {
      rows.insert({out->where.mailbox, out->uid});
    } else if (const auto* in = std::get_if<sync::DeleteIn>(&action.what)) {
      rows.insert({in->where.mailbox, in->uid});
    }
  }
  return rows;
}

class Expiry {
 public:
  Expiry(Engine& engine, const sync::Plan& plan) : engine_(engine), in_plan_(rows_in(plan)) {}

  Status expire_approvals() {
    STERNA_TRY(const std::vector<store::ApprovalEntry> approvals, engine_.store->approvals());
    for (const store::ApprovalEntry& approval : approvals) {
      const MailboxWork* work = engine_.find(approval.key.mailbox);
      if (!work || !saw_both(*work)) continue;
      STERNA_TRY(const bool open, is_open(*work, approval.key));
      if (open) continue;
      STERNA_CHECK(engine_.store->remove_approval(approval.key));
      STERNA_CHECK(engine_.store->unset(elsewhere_apply_key(approval.key)));
    }
    return {};
  }

  // Of the mailboxes whose files were seen: what of the prefix's facts `is_open` does not know
  // goes.
  template <class Open>
  Status expire_facts(std::string_view kind, Open is_open) {
    for (const auto& work : engine_.mailboxes) {
      if (!saw_files(*work)) continue;
      const std::string prefix = std::string(kind) + std::to_string(work->row.id.value) + ":";
      STERNA_TRY(const std::vector<std::string> keys, engine_.store->keys_with_prefix(prefix));
      for (const std::string& key : keys) {
        if (!is_open(*work, key)) STERNA_CHECK(engine_.store->unset(key));
      }
    }
    return {};
  }

 private:
  Result<bool> is_open(const MailboxWork& work, MessageKey key) {
    const LocalDelta& local = work.input.local;
    if (in_plan_.contains(key) || work.input.remote.gone.contains(key.uid)) return true;
    if (std::ranges::find(local.gone, key.uid) != local.gone.end()) return true;
    if (lacks_info(local, key.uid)) return true;
    STERNA_TRY(const auto row, engine_.store->message(key));
    return row && (row->state == RowState::deleting || row->state == RowState::dropping);
  }

  Engine& engine_;
  std::set<MessageKey> in_plan_;
};

}  // namespace

Status expire_decisions(Engine& engine, const sync::Plan& plan) {
  Expiry expiry(engine, plan);
  STERNA_CHECK(expiry.expire_approvals());
  STERNA_CHECK(
      expiry.expire_facts(kFlagsRestore, [](const MailboxWork& work, std::string_view key) {
        return std::ranges::any_of(work.input.local.changed, [&](const LocalChange& change) {
          return !change.file.has_info && flags_restore_key(work.row.id, change.uid) == key;
        });
      }));
  return expiry.expire_facts(kOrphanApply, [](const MailboxWork& work, std::string_view key) {
    return std::ranges::any_of(work.input.local.arrived, [&](const LocalArrival& arrival) {
      return orphan_apply_key(work.row.id, arrival.file.base) == key;
    });
  });
}

Result<bool> has_decisions(Engine& engine) {
  STERNA_TRY(const std::vector<store::ApprovalEntry> approvals, engine.store->approvals());
  if (!approvals.empty()) return true;
  for (const std::string_view kind : {kFlagsRestore, kOrphanApply}) {
    STERNA_TRY(const std::vector<std::string> keys, engine.store->keys_with_prefix(kind));
    if (!keys.empty()) return true;
  }
  return false;
}

}  // namespace sterna::account
