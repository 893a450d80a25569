// SPDX-License-Identifier: Apache-2.0
// The table `history`: what was changed, when, where and why. Mailboxes are named as they were
// then.
#include "base_name.h"
#include "impl.h"
#include "query.h"
#include "sterna/store/store.h"

namespace sterna::store {
namespace {

constexpr const char* kSelectAll =
    "SELECT at_ms, mailbox, uid, path, event, side, detail, reason FROM history ORDER BY id DESC";
constexpr const char* kSelectOfFile =
    "SELECT at_ms, mailbox, uid, path, event, side, detail, reason FROM history "
    "WHERE base_hash = ? ORDER BY id DESC";

HistoryEntry read_history(Query& query) {
  HistoryEntry entry;
  entry.at_ms = query.integer();
  entry.mailbox = query.string();
  entry.uid = query.get<Uid>();
  entry.path = query.string();
  entry.event = query.string();
  entry.side = query.string();
  entry.detail = query.string();
  entry.reason = query.string();
  return entry;
}

// The first `limit` rows for which `wanted` is true.
template <class Wanted>
Result<std::vector<HistoryEntry>> take(Query& query, std::size_t limit, Wanted wanted) {
  std::vector<HistoryEntry> entries;
  while (entries.size() < limit) {
    STERNA_TRY(const bool found, query.next());
    if (!found) break;
    HistoryEntry entry = read_history(query);
    if (wanted(entry)) entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace

Status Store::add_history(const HistoryEntry& entry) {
  return impl_->change(
      "INSERT INTO history (at_ms, mailbox, uid, path, base_hash, event, side, detail, reason, "
      "lived_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      entry.at_ms, entry.mailbox, entry.uid, entry.path, base_hash(base_name_of_path(entry.path)),
      entry.event, entry.side, entry.detail, entry.reason, impl_->lived_ms);
}

Result<std::vector<HistoryEntry>> Store::history(std::string_view path, std::size_t limit,
                                                 std::string_view mailbox) {
  const auto is_there = [mailbox](const HistoryEntry& entry) {
    return mailbox.empty() || entry.mailbox == mailbox;
  };
  if (path.empty()) {
    Query query(impl_->db, kSelectAll);
    return take(query, limit, is_there);
  }
  const std::string_view name = stripped(base_name_of_path(path));
  Query query(impl_->db, kSelectOfFile, base_hash(name));
  return take(query, limit, [&](const HistoryEntry& entry) {
    const bool of_file = !entry.event.starts_with("mailbox ");  // else the path is a directory
    return of_file && stripped(base_name_of_path(entry.path)) == name && is_there(entry);
  });
}

Result<std::size_t> Store::trim_history(std::int64_t lived_before_ms, std::size_t rows_max) {
  // Ids rise with time, which saves an index.
  return impl_->remove_rows(
      "DELETE FROM history WHERE lived_ms < ? AND id IN (SELECT id FROM history ORDER BY id "
      "LIMIT ?)",
      lived_before_ms, rows_max);
}

}  // namespace sterna::store
