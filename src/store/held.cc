// SPDX-License-Identifier: Apache-2.0
// The tables `held` and `approval`: the verdict of the last pass, and what the user said to it
// (rule 22).
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "impl.h"
#include "query.h"
#include "sterna/store/store.h"

namespace sterna::store {
namespace {

// What makes an entry of two verdicts the same.
using HeldKey = std::tuple<std::string, MailboxId, Uid, std::string>;

HeldKey key_of(const HeldEntry& entry) {
  return {entry.kind, entry.mailbox, entry.uid, entry.base_name};
}

std::map<HeldKey, HeldEntry> by_key(std::vector<HeldEntry> entries) {
  std::map<HeldKey, HeldEntry> map;
  for (HeldEntry& entry : entries) {
    HeldKey key = key_of(entry);
    map.emplace(std::move(key), std::move(entry));
  }
  return map;
}

HeldEntry read_held(Query& query) {
  HeldEntry entry;
  entry.id = query.integer();
  entry.kind = query.string();
  entry.mailbox = query.get<MailboxId>();
  entry.uid = query.get<Uid>();
  entry.uidvalidity = query.get<UidValidity>();
  entry.base_name = query.string();
  entry.reason = query.string();
  entry.since_ms = query.integer();
  return entry;
}

}  // namespace

Result<std::vector<HeldEntry>> Store::held() {
  std::vector<HeldEntry> entries;
  Query query(impl_->db,
              "SELECT id, kind, mailbox, uid, uidvalidity, base_name, reason, since_ms FROM held "
              "ORDER BY id");
  while (true) {
    STERNA_TRY(const bool found, query.next());
    if (!found) return entries;
    entries.push_back(read_held(query));
  }
}

Status Store::replace_held(const std::vector<HeldEntry>& entries) {
  STERNA_TRY(std::vector<HeldEntry> known, held());
  std::map<HeldKey, HeldEntry> gone = by_key(std::move(known));
  std::vector<const HeldEntry*> changed;
  for (const HeldEntry& entry : entries) {
    const auto before = gone.find(key_of(entry));
    // Under another UIDVALIDITY it is another message, and needs a number that nobody was shown.
    const bool same = before != gone.end() && before->second.uidvalidity == entry.uidvalidity;
    // A verdict that stays costs nothing, since thousands may be held for weeks.
    if (!same || before->second.reason != entry.reason) changed.push_back(&entry);
    if (same) gone.erase(before);
  }
  for (const auto& [key, entry] : gone) {
    STERNA_CHECK(impl_->change("DELETE FROM held WHERE id = ?", entry.id));
  }
  for (const HeldEntry* entry : changed) {
    STERNA_CHECK(impl_->change(
        "INSERT INTO held (kind, mailbox, uid, uidvalidity, base_name, reason, since_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (kind, mailbox, uid, base_name) "
        "DO UPDATE SET uidvalidity = excluded.uidvalidity, reason = excluded.reason",
        entry->kind, entry->mailbox, entry->uid, entry->uidvalidity, entry->base_name,
        entry->reason, entry->since_ms));
  }
  return {};
}

Result<std::vector<ApprovalEntry>> Store::approvals() {
  std::vector<ApprovalEntry> entries;
  Query query(impl_->db, "SELECT mailbox, uid, uidvalidity FROM approval ORDER BY mailbox, uid");
  while (true) {
    STERNA_TRY(const bool found, query.next());
    if (!found) return entries;
    ApprovalEntry entry;
    entry.key.mailbox = query.get<MailboxId>();
    entry.key.uid = query.get<Uid>();
    entry.uidvalidity = query.get<UidValidity>();
    entries.push_back(entry);
  }
}

Status Store::add_approval(const ApprovalEntry& entry) {
  return impl_->change(
      "INSERT OR REPLACE INTO approval (mailbox, uid, uidvalidity) VALUES (?, ?, ?)",
      entry.key.mailbox, entry.key.uid, entry.uidvalidity);
}

Status Store::remove_approval(MessageKey key) {
  return impl_->change("DELETE FROM approval WHERE mailbox = ? AND uid = ?", key.mailbox, key.uid);
}

}  // namespace sterna::store
