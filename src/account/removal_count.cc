// SPDX-License-Identifier: Apache-2.0
#include "removal_count.h"

#include <algorithm>

namespace sterna::account {

bool is_bin(const MailboxWork& work) {
  return work.row.role == Role::trash || work.row.role == Role::junk;
}

bool is_removal(const MessageRow& row) {
  return !row.base_name.empty() && !is_replaced(row);
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

namespace {

class FinishedRemovals {
 public:
  static Result<FinishedRemovals> begin(Engine& engine) {
    STERNA_TRY(const RemovalCount none, RemovalCount::begin(engine));
    FinishedRemovals removals(engine, none);
    STERNA_TRY(const std::vector<Intent> intents, engine.store->intents());
    for (const Intent& intent : intents) {
      if (intent.kind != IntentKind::delete_out) continue;
      removals.intents_.emplace(intent.id, MessageKey{intent.mailbox, intent.uid});
    }
    return removals;
  }

  Status add(const sync::Forget& what) {
    const MailboxWork* work = engine_.find(what.where.mailbox);
    STERNA_TRY(const auto row, engine_.store->message({what.where.mailbox, what.uid}));
    if (!work || !row) return {};
    const bool deleted = row->state == RowState::deleting && what.into == RowState::tombstone;
    if (deleted && is_removal(*row)) remote_.add(*work, what.uid);
    if (row->state == RowState::dropping) local_.add(*work, what.uid);
    return {};
  }

  // The file of a message that the user flagged \Deleted stays until the message is gone, and its
  // row is as it was.
  Status add(const sync::CloseIntent& what) {
    const auto key = intents_.find(what.intent);
    const MailboxWork* work = key == intents_.end() ? nullptr : engine_.find(key->second.mailbox);
    if (!work || !work->input.remote.gone.contains(key->second.uid)) return {};
    STERNA_TRY(const auto row, engine_.store->message(key->second));
    const bool here = row && (row->state == RowState::present || row->state == RowState::stub);
    if (here) remote_.add(*work, row->key.uid);
    return {};
  }

  Status save() const {
    STERNA_CHECK(remote_.save("remote"));
    return local_.save("local");
  }

 private:
  FinishedRemovals(Engine& engine, const RemovalCount& none)
      : engine_(engine), remote_(none), local_(none) {}

  Engine& engine_;
  RemovalCount remote_;
  RemovalCount local_;
  std::map<IntentId, MessageKey> intents_;
};

}  // namespace

Status count_finished(Engine& engine, const sync::Plan& plan) {
  const auto may_finish = [](const sync::Action& action) {
    return std::holds_alternative<sync::Forget>(action.what) ||
           std::holds_alternative<sync::CloseIntent>(action.what);
  };
  if (std::ranges::none_of(plan.actions, may_finish)) return {};
  STERNA_TRY(FinishedRemovals removals, FinishedRemovals::begin(engine));
  for (const sync::Action& action : plan.actions) {
    if (const auto* forget = std::get_if<sync::Forget>(&action.what)) {
      STERNA_CHECK(removals.add(*forget));
    } else if (const auto* close = std::get_if<sync::CloseIntent>(&action.what)) {
      STERNA_CHECK(removals.add(*close));
    }
  }
  return removals.save();
}

}  // namespace sterna::account
