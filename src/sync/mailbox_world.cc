// SPDX-License-Identifier: Apache-2.0
#include "mailbox_world.h"

#include <algorithm>

namespace sterna::sync {
namespace {

// How many LISTs in a row have to lack a mailbox before it counts as gone.
constexpr unsigned kAbsencesProve = 2;

bool same_cur(const MailboxRow& row, const LocalMailbox& local) {
  return row.cur_ino != 0 && row.cur_ino == local.cur_ino && row.cur_dev == local.cur_dev;
}

}  // namespace

MailboxWorld::MailboxWorld(const MailboxesInput& input) : input_(input) {
  for (const RemoteMailbox& remote : input.remote) {
    if (remote.selectable) remote_by_name_.emplace(remote.name, &remote);
  }
  for (const LocalMailbox& local : input.local) local_by_name_.emplace(local.name, &local);
  for (const KnownMailbox& known : input.base) {
    names_in_base_.insert(known.row.name);
    known_.emplace_back().known = &known;
  }
  std::ranges::sort(known_, {}, [](const KnownView& view) { return view.row().name; });
  for (KnownView& view : known_) find_remote(view);
  for (KnownView& view : known_) find_local(view);
}

const RemoteMailbox* MailboxWorld::remote(const MailboxName& name) const {
  const auto found = remote_by_name_.find(name);
  return found == remote_by_name_.end() ? nullptr : found->second;
}

const LocalMailbox* MailboxWorld::local(const MailboxName& name) const {
  const auto found = local_by_name_.find(name);
  return found == local_by_name_.end() ? nullptr : found->second;
}

std::vector<const RemoteMailbox*> MailboxWorld::new_remote() const {
  std::vector<const RemoteMailbox*> found;
  for (const auto& [name, remote] : remote_by_name_) {
    if (!taken_remote_.contains(remote)) found.push_back(remote);
  }
  return found;
}

std::vector<const LocalMailbox*> MailboxWorld::new_local() const {
  std::vector<const LocalMailbox*> found;
  for (const auto& [name, local] : local_by_name_) {
    if (!taken_local_.contains(local)) found.push_back(local);
  }
  return found;
}

void MailboxWorld::find_remote(KnownView& view) {
  const MailboxRow& row = view.row();
  if (const RemoteMailbox* moved = row.has_remote ? renamed_remote(view) : nullptr) {
    view.remote = moved;
    view.remote_state = Presence::renamed;
  } else if (const RemoteMailbox* same = remote(row.name)) {
    view.remote = same;
    view.remote_state = Presence::present;
  } else if (input_.remote_complete && (!row.has_remote || row.remote_absences >= kAbsencesProve)) {
    view.remote_state = Presence::absent;
  }
  if (view.remote) taken_remote_.insert(view.remote);
}

const RemoteMailbox* MailboxWorld::renamed_remote(const KnownView& view) const {
  const MailboxRow& row = view.row();
  if (row.name.is_inbox()) return nullptr;
  const RemoteMailbox* same = remote(row.name);
  if (!row.mailbox_id.empty()) {
    if (same && same->mailbox_id == row.mailbox_id) return nullptr;
    for (const auto& [name, other] : remote_by_name_) {
      if (other->mailbox_id == row.mailbox_id && !name.is_inbox()) return other;
    }
  }
  if (same || !input_.remote_complete) return nullptr;
  for (const Intent& intent : input_.intents) {
    if (intent.kind != IntentKind::mailbox_rename || intent.mailbox != row.id) continue;
    const RemoteMailbox* target = remote(MailboxName(intent.target_name));
    if (target && !names_in_base_.contains(target->name)) return target;
  }
  return renamed_by_counts(view);
}

bool MailboxWorld::may_be_renamed_by_counts(const MailboxRow& row,
                                            const RemoteMailbox& other) const {
  const RemoteCursor& was = row.cursor;
  const bool ids_differ = !row.mailbox_id.empty() && !other.mailbox_id.empty();
  if (!row.has_remote || !was.uidvalidity || was.messages == 0 || ids_differ) return false;
  if (remote(row.name) || names_in_base_.contains(other.name)) return false;
  return other.uidvalidity == was.uidvalidity && other.uid_next &&
         *other.uid_next >= was.uid_next && other.messages == was.messages;
}

// Only where nothing else could be meant: one candidate, and one row for it.
const RemoteMailbox* MailboxWorld::renamed_by_counts(const KnownView& view) const {
  const RemoteMailbox* only = nullptr;
  for (const auto& [name, other] : remote_by_name_) {
    if (name.is_inbox() || !may_be_renamed_by_counts(view.row(), *other)) continue;
    if (only) return nullptr;
    only = other;
  }
  if (!only) return nullptr;
  const auto claims = std::ranges::count_if(
      known_, [&](const KnownView& rival) { return may_be_renamed_by_counts(rival.row(), *only); });
  return claims == 1 ? only : nullptr;
}

void MailboxWorld::find_local(KnownView& view) {
  const MailboxRow& row = view.row();
  const LocalMailbox* same = local(row.name);
  const LocalMailbox* moved = nullptr;
  if (row.has_local && !row.name.is_inbox() && !(same && same_cur(row, *same))) {
    for (const auto& [name, other] : local_by_name_) {
      if (!other->suspect && !name.is_inbox() && same_cur(row, *other)) moved = other;
    }
  }
  if (moved && names_in_base_.contains(moved->name)) {
    // Under a name that the base knows: only if that row's own directory is elsewhere, too.
    const auto owner = std::ranges::find_if(
        known_, [&](const KnownView& other) { return other.row().name == moved->name; });
    if (same_cur(owner->row(), *moved)) moved = nullptr;
  }
  view.local = moved ? moved : same;
  if (moved) {
    view.local_state = Presence::renamed;
  } else if (same) {
    view.local_state = same->suspect ? Presence::suspect : Presence::present;
  } else if (input_.local_complete) {
    view.local_state = Presence::absent;
  }
  if (view.local) taken_local_.insert(view.local);
}

}  // namespace sterna::sync
