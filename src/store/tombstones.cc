// SPDX-License-Identifier: Apache-2.0
// The table `tombstone`: names of files that are gone on both sides, so that a disk that brings one
// back after an outage is not mistaken for the user.
#include "base_name.h"
#include "impl.h"
#include "query.h"
#include "sterna/store/store.h"

namespace sterna::store {

Status Store::add_tombstone(const Tombstone& tombstone) {
  const std::optional<std::int64_t> hash = base_hash(tombstone.base_name);
  // Without a name no file can come back.
  if (!hash) return {};
  return impl_->change(
      "INSERT OR REPLACE INTO tombstone (mailbox, uid, base_name, base_hash, ino, boot_id, at_ms, "
      "lived_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      tombstone.key.mailbox, tombstone.key.uid, tombstone.base_name, hash, tombstone.ino,
      tombstone.boot_id, tombstone.at_ms, impl_->lived_ms);
}

Result<std::optional<Tombstone>> Store::tombstone_of(MailboxId mailbox,
                                                     std::string_view base_name) {
  // The '+' keeps the primary key out, which would read every tombstone of the mailbox.
  Query query(impl_->db,
              "SELECT mailbox, uid, base_name, ino, boot_id, at_ms, of_backup FROM tombstone "
              "WHERE +mailbox = ? AND base_hash = ? ORDER BY at_ms DESC, uid DESC",
              mailbox, base_hash(base_name));
  while (true) {
    STERNA_TRY(const bool found, query.next());
    if (!found) return std::nullopt;
    Tombstone tombstone;
    tombstone.key.mailbox = query.get<MailboxId>();
    tombstone.key.uid = query.get<Uid>();
    tombstone.base_name = query.string();
    tombstone.ino = query.get<std::uint64_t>();
    tombstone.boot_id = query.string();
    tombstone.at_ms = query.integer();
    tombstone.of_backup = query.boolean();
    if (stripped(tombstone.base_name) == stripped(base_name)) return tombstone;
  }
}

Status Store::mark_tombstones_of_backup(MailboxId mailbox) {
  return impl_->change("UPDATE tombstone SET of_backup = 1 WHERE mailbox = ?", mailbox);
}

Result<std::size_t> Store::trim_tombstones(std::int64_t lived_before_ms, std::size_t rows_max) {
  return impl_->remove_rows(
      "DELETE FROM tombstone WHERE (mailbox, uid, base_name) IN (SELECT mailbox, uid, base_name "
      "FROM tombstone WHERE lived_ms < ? ORDER BY lived_ms LIMIT ?)",
      lived_before_ms, rows_max);
}

}  // namespace sterna::store
