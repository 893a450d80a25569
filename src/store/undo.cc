// SPDX-License-Identifier: Apache-2.0
// The table `undo`: what lies in the undo area, and why.
#include "impl.h"
#include "message_row.h"
#include "query.h"
#include "sterna/store/store.h"

namespace sterna::store {
namespace {

Result<UndoEntry> read_undo(const Db& db, Query& query) {
  UndoEntry entry;
  entry.id = query.integer();
  entry.file = query.string();
  entry.mailbox = query.string();
  entry.base_name = query.string();
  entry.flags = FlagSet::parse(query.text());
  entry.size = query.get<std::uint64_t>();
  STERNA_TRY(entry.identity, read_identity(db, query));
  entry.at_ms = query.integer();
  entry.reason = query.string();
  return entry;
}

}  // namespace

Result<std::int64_t> Store::add_undo(const UndoEntry& entry) {
  const IdentityColumns identity(entry.identity);
  STERNA_CHECK(impl_->change(
      "INSERT INTO undo (file, mailbox, base_name, flags, size, identity_size, header_digest, "
      "message_id, body_digest, at_ms, reason, lived_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
      "?)",
      entry.file, entry.mailbox, entry.base_name, entry.flags.to_string(), entry.size,
      identity.size, identity.header_digest, identity.message_id, identity.body_digest, entry.at_ms,
      entry.reason, impl_->lived_ms));
  return impl_->db.last_insert_id();
}

Result<std::vector<UndoEntry>> Store::undo_entries() {
  std::vector<UndoEntry> entries;
  Query query(impl_->db,
              "SELECT id, file, mailbox, base_name, flags, size, identity_size, header_digest, "
              "message_id, body_digest, at_ms, reason FROM undo ORDER BY id");
  while (true) {
    STERNA_TRY(const bool found, query.next());
    if (!found) return entries;
    STERNA_TRY(UndoEntry entry, read_undo(impl_->db, query));
    entries.push_back(std::move(entry));
  }
}

Status Store::remove_undo(std::int64_t id) {
  return impl_->change("DELETE FROM undo WHERE id = ?", id);
}

Result<std::vector<std::string>> Store::take_undo(std::int64_t lived_before_ms,
                                                  std::size_t rows_max) {
  std::vector<std::string> files;
  std::vector<std::int64_t> ids;
  {
    Query query(impl_->db, "SELECT id, file FROM undo WHERE lived_ms < ? ORDER BY id LIMIT ?",
                lived_before_ms, rows_max);
    while (true) {
      STERNA_TRY(const bool found, query.next());
      if (!found) break;
      ids.push_back(query.integer());
      files.push_back(query.string());
    }
  }
  for (const std::int64_t id : ids) {
    STERNA_CHECK(impl_->change("DELETE FROM undo WHERE id = ?", id));
  }
  return files;
}

}  // namespace sterna::store
