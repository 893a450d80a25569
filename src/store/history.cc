// SPDX-License-Identifier: Apache-2.0
// The table `history`: what was changed, when, where and why. Mailboxes are named as they were
// then.
#include <set>

#include "base_name.h"
#include "impl.h"
#include "query.h"
#include "sterna/store/store.h"

namespace sterna::store {
namespace {

constexpr const char* kSelectAll =
    "SELECT at_ms, mailbox, uid, path, event, side, detail, reason, message_id FROM history "
    "ORDER BY id DESC";
constexpr const char* kSelectOfFile =
    "SELECT at_ms, mailbox, uid, path, event, side, detail, reason, message_id FROM history "
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
  entry.message_id = query.string();
  return entry;
}

// The name of the file that it was about; "" where the path is a directory.
std::string_view file_of(const HistoryEntry& entry) {
  if (entry.event.starts_with("mailbox ")) return {};
  return stripped(base_name_of_path(entry.path));
}

bool answers(const HistoryEntry& entry, const HistoryQuestion& question) {
  return (question.mailbox.empty() || entry.mailbox == question.mailbox) &&
         (!question.uid || entry.uid == question.uid) && entry.at_ms >= question.since_ms &&
         entry.at_ms <= question.until_ms;
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
      "lived_ms, message_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      entry.at_ms, entry.mailbox, entry.uid, entry.path, base_hash(base_name_of_path(entry.path)),
      entry.event, entry.side, entry.detail, entry.reason, impl_->lived_ms, entry.message_id);
}

// Reads whole tables, for a question of a person.
Result<std::set<std::string>> Store::names_of_message(const std::string& message_id) {
  std::set<std::string> names;
  for (const char* sql : {"SELECT base_name FROM message WHERE message_id = ?",
                          "SELECT base_name FROM undo WHERE message_id = ?",
                          "SELECT base_name FROM intent WHERE message_id = ?",
                          "SELECT path FROM history WHERE message_id = ?"}) {
    Query query(impl_->db, sql, message_id);
    while (true) {
      STERNA_TRY(const bool found, query.next());
      if (!found) break;
      const std::string path = query.string();
      const std::string_view name = stripped(base_name_of_path(path));
      if (!name.empty()) names.emplace(name);
    }
  }
  return names;
}

Result<std::vector<HistoryEntry>> Store::history(const HistoryQuestion& question) {
  std::set<std::string> names;
  if (!question.message_id.empty()) {
    STERNA_TRY(names, names_of_message(question.message_id));
  }
  const std::string_view name = stripped(base_name_of_path(question.path));
  const auto wanted = [&](const HistoryEntry& entry) {
    if (!answers(entry, question)) return false;
    if (!question.path.empty() && file_of(entry) != name) return false;
    return question.message_id.empty() || entry.message_id == question.message_id ||
           names.contains(std::string(file_of(entry)));
  };
  if (question.path.empty()) {
    Query query(impl_->db, kSelectAll);
    return take(query, question.limit, wanted);
  }
  Query query(impl_->db, kSelectOfFile, base_hash(name));
  return take(query, question.limit, wanted);
}

Result<std::size_t> Store::trim_history(std::int64_t lived_before_ms, std::size_t rows_max) {
  // Ids rise with time, which saves an index.
  return impl_->remove_rows(
      "DELETE FROM history WHERE lived_ms < ? AND id IN (SELECT id FROM history ORDER BY id "
      "LIMIT ?)",
      lived_before_ms, rows_max);
}

}  // namespace sterna::store
