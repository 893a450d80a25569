// SPDX-License-Identifier: Apache-2.0
#include "mailbox_world.h"

#include <algorithm>

#include "mailbox_renames.h"

namespace sterna::sync {
namespace {

// How many LISTs in a row have to lack a mailbox before it counts as gone.
constexpr unsigned kAbsencesProve = 2;

bool same_cur(const MailboxRow& row, const LocalMailbox& local) {
  return row.cur_ino != 0 && row.cur_ino == local.cur_ino && row.cur_dev == local.cur_dev &&
         !local.inode_reused;
}

bool has_validity(const RemoteMailbox& mailbox, UidValidity validity) {
  return validity && mailbox.uidvalidity == validity;
}

}  // namespace

MailboxWorld::MailboxWorld(const MailboxesInput& input) : input_(input) {
  for (const RemoteMailbox& remote : input.remote) {
    if (remote.selectable) remote_by_name_.emplace(remote.name, &remote);
  }
  for (const LocalMailbox& local : input.local) local_by_name_.emplace(local.name, &local);
  for (const KnownMailbox& known : input.base) {
    in_base_.emplace(known.row.name, &known);
    known_.emplace_back().known = &known;
  }
  std::ranges::sort(known_, {}, [](const KnownView& view) { return view.row().name; });
  // What is proven comes first: a name alone says nothing about a mailbox that is another's.
  for (KnownView& view : known_) find_moved_remote(view);
  for (KnownView& view : known_) find_named_remote(view);
  for (KnownView& view : known_) find_moved_local(view);
  for (KnownView& view : known_) find_named_local(view);
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

void MailboxWorld::find_moved_remote(KnownView& view) {
  if (!view.row().has_remote) return;
  if (const RemoteMailbox* ours = renamed_by_us(view)) {
    view.remote = ours;
    view.remote_state = Presence::present;
  } else if (const RemoteMailbox* moved = renamed_remote(view)) {
    view.remote = moved;
    view.remote_state = Presence::renamed;
  }
  if (view.remote) taken_remote_.insert(view.remote);
}

void MailboxWorld::find_named_remote(KnownView& view) {
  const MailboxRow& row = view.row();
  if (view.remote) return;
  const RemoteMailbox* same = remote(row.name);
  if (same && taken_remote_.insert(same).second) {
    view.remote = same;
    view.remote_state = Presence::present;
  } else if (input_.remote_complete && (!row.has_remote || row.remote_absences >= kAbsencesProve)) {
    view.remote_state = Presence::absent;
  }
}

const RemoteMailbox* MailboxWorld::renamed_by_us(const KnownView& view) const {
  const RemoteMailbox* found = nullptr;
  for (const Intent& intent : input_.intents) {  // the latest one that explains it
    if (intent.kind != IntentKind::mailbox_rename || intent.mailbox != view.row().id) continue;
    const RemoteMailbox* target = remote(MailboxName(intent.target_name));
    if (target && target->name != view.row().name && explains(intent, view, *target)) {
      found = target;
    }
  }
  return found;
}

// Whether the RENAME of this intent was carried out: the old name is gone and the new one is there
// (and not another row's), or the new one has the UIDVALIDITY that the old one had.
bool MailboxWorld::explains(const Intent& intent, const KnownView& view,
                            const RemoteMailbox& target) const {
  const MailboxRow& row = view.row();
  if (!row.mailbox_id.empty() && !target.mailbox_id.empty()) {
    return row.mailbox_id == target.mailbox_id;
  }
  if (is_aside_name(row.id, target.name)) return true;
  const RemoteMailbox* same = remote(row.name);
  const auto owner = in_base_.find(target.name);
  if (!same && owner == in_base_.end()) return input_.remote_complete;
  const bool of_another =
      (same && has_validity(*same, intent.uidvalidity)) ||
      (owner != in_base_.end() && has_validity(target, owner->second->row.cursor.uidvalidity));
  return has_validity(target, intent.uidvalidity) && !of_another;
}

const RemoteMailbox* MailboxWorld::renamed_remote(const KnownView& view) const {
  const MailboxRow& row = view.row();
  if (const RemoteMailbox* other = renamed_by_id(row)) return other;
  const RemoteMailbox* other = renamed_by_counts(row);
  if (!other) return nullptr;
  const auto& proven = input_.proven_renames;
  const auto found = std::ranges::find(proven, SupposedRename{row.id, other->wire});
  return found == proven.end() ? nullptr : other;
}

const RemoteMailbox* MailboxWorld::renamed_by_id(const MailboxRow& row) const {
  if (row.name.is_inbox() || row.mailbox_id.empty()) return nullptr;
  const RemoteMailbox* same = remote(row.name);
  if (same && same->mailbox_id == row.mailbox_id) return nullptr;
  for (const auto& [name, other] : remote_by_name_) {
    if (other->mailbox_id == row.mailbox_id && !name.is_inbox()) return other;
  }
  return nullptr;
}

std::vector<SupposedRename> MailboxWorld::supposed_renames() const {
  std::vector<SupposedRename> supposed;
  for (const KnownView& view : known_) {
    const MailboxRow& row = view.row();
    if (!row.has_remote || renamed_by_us(view) || renamed_by_id(row)) continue;
    if (const RemoteMailbox* other = renamed_by_counts(row)) {
      supposed.push_back({row.id, other->wire});
    }
  }
  return supposed;
}

bool MailboxWorld::may_be_renamed_by_counts(const MailboxRow& row,
                                            const RemoteMailbox& other) const {
  const RemoteCursor& was = row.cursor;
  const bool ids_differ = !row.mailbox_id.empty() && !other.mailbox_id.empty();
  if (!row.has_remote || !was.uidvalidity || was.messages == 0 || ids_differ) return false;
  if (remote(row.name) || in_base_.contains(other.name)) return false;
  if (shares_its_uidvalidity(other)) return false;
  return other.uidvalidity == was.uidvalidity && other.uid_next &&
         *other.uid_next >= was.uid_next && other.messages == was.messages;
}

// Where the server gives one to several, it tells none of them from another.
bool MailboxWorld::shares_its_uidvalidity(const RemoteMailbox& remote) const {
  return std::ranges::any_of(input_.remote, [&](const RemoteMailbox& other) {
    return other.wire != remote.wire && other.uidvalidity == remote.uidvalidity;
  });
}

// Only where nothing else could be meant: one candidate, and one row for it.
const RemoteMailbox* MailboxWorld::renamed_by_counts(const MailboxRow& row) const {
  if (row.name.is_inbox() || !input_.remote_complete) return nullptr;
  const RemoteMailbox* only = nullptr;
  for (const auto& [name, other] : remote_by_name_) {
    if (name.is_inbox() || !may_be_renamed_by_counts(row, *other)) continue;
    if (only) return nullptr;
    only = other;
  }
  if (!only) return nullptr;
  const auto claims = std::ranges::count_if(
      known_, [&](const KnownView& rival) { return may_be_renamed_by_counts(rival.row(), *only); });
  return claims == 1 ? only : nullptr;
}

void MailboxWorld::find_moved_local(KnownView& view) {
  const MailboxRow& row = view.row();
  if (!row.has_local || row.name.is_inbox()) return;
  const LocalMailbox* same = local(row.name);
  if (same && same_cur(row, *same)) return;
  for (const auto& [name, other] : local_by_name_) {
    if (other->suspect || name.is_inbox() || !same_cur(row, *other)) continue;
    // Under a name that the base knows: only if that row's own directory is elsewhere, too.
    const auto owner = in_base_.find(name);
    if (owner == in_base_.end() || !same_cur(owner->second->row, *other)) view.local = other;
  }
  if (!view.local) return;
  view.local_state = Presence::renamed;
  taken_local_.insert(view.local);
}

void MailboxWorld::find_named_local(KnownView& view) {
  if (view.local) return;
  const LocalMailbox* same = local(view.row().name);
  if (same && taken_local_.insert(same).second) {
    view.local = same;
    view.local_state = same->suspect ? Presence::suspect : Presence::present;
  } else if (input_.local_complete) {
    view.local_state = Presence::absent;
  }
}

}  // namespace sterna::sync
