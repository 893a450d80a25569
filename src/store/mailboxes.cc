// SPDX-License-Identifier: Apache-2.0
// The table `mailbox`: one row a mailbox that the base knows, with its cursor and its stamp.
#include <optional>
#include <string>

#include "impl.h"
#include "query.h"
#include "sqlite_error.h"
#include "sterna/store/store.h"

namespace sterna::store {
namespace {

// In the order in which read_row() takes them.
#define STERNA_MAILBOX_COLUMNS                                                              \
  "id, name, wire, delimiter, mailbox_id, role, path, has_local, has_remote, uidvalidity, " \
  "uid_next, highest_modseq, messages, any_keyword, keywords, cur_dev, cur_ino, "           \
  "cur_btime_ns, stamp, listed_since, remote_absences, pair_anew"

constexpr const char* kSelectMailboxes =
    "SELECT " STERNA_MAILBOX_COLUMNS " FROM mailbox ORDER BY name";
constexpr const char* kSelectOneMailbox =
    "SELECT " STERNA_MAILBOX_COLUMNS " FROM mailbox WHERE id = ?";

constexpr const char* kInsertMailbox =
    "INSERT INTO mailbox (name, wire, delimiter, mailbox_id, role, path, has_local, has_remote, "
    "uidvalidity, uid_next, highest_modseq, messages, any_keyword, keywords, cur_dev, cur_ino, "
    "cur_btime_ns, stamp, listed_since, remote_absences, pair_anew) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

constexpr const char* kUpdateMailbox =
    "UPDATE mailbox SET name = ?, wire = ?, delimiter = ?, mailbox_id = ?, role = ?, path = ?, "
    "has_local = ?, has_remote = ?, uidvalidity = ?, uid_next = ?, highest_modseq = ?, "
    "messages = ?, any_keyword = ?, keywords = ?, cur_dev = ?, cur_ino = ?, cur_btime_ns = ?, "
    "stamp = ?, listed_since = ?, remote_absences = ?, pair_anew = ? "
    "WHERE id = ?";

// Tables whose mailbox may be none refer to it without a foreign key.
constexpr const char* kForget[] = {
    "DELETE FROM intent WHERE mailbox = ?",  "DELETE FROM held WHERE mailbox = ?",
    "DELETE FROM failure WHERE mailbox = ?", "DELETE FROM attempt WHERE mailbox = ?",
    "DELETE FROM removal WHERE mailbox = ?", "DELETE FROM mailbox WHERE id = ?"};

RemoteCursor read_cursor(Query& query) {
  RemoteCursor cursor;
  cursor.uidvalidity = query.get<UidValidity>();
  cursor.uid_next = query.get<Uid>();
  cursor.highest_modseq = query.get<ModSeq>();
  cursor.messages = query.get<std::uint32_t>();
  cursor.storable.any = query.boolean();
  cursor.storable.listed = FlagSet::parse(query.text());
  return cursor;
}

Result<MailboxRow> read_row(const Db& db, Query& query) {
  MailboxRow row;
  row.id = query.get<MailboxId>();
  row.name = MailboxName(query.string());
  row.wire = WireName{query.string()};
  row.delimiter = query.get<char>();
  row.mailbox_id = query.string();
  const std::string_view role = query.text();
  const std::optional<Role> known_role = parse_role(role);
  if (!known_role) return fail(corrupt(db.handle(), "unknown role of a mailbox"));
  row.role = *known_role;
  row.path = query.string();
  row.has_local = query.boolean();
  row.has_remote = query.boolean();
  row.cursor = read_cursor(query);
  row.cur_dev = query.get<std::uint64_t>();
  row.cur_ino = query.get<std::uint64_t>();
  row.cur_btime_ns = query.integer();
  row.stamp = query.string();
  row.listed_since = query.get<Generation>();
  row.remote_absences = query.get<unsigned>();
  row.pair_anew = query.boolean();
  return row;
}

// Calls `use` with the values of a row in the order in which kInsertMailbox and kUpdateMailbox name
// them.
template <class Use>
Status with_values(const MailboxRow& row, Use use) {
  return use(row.name.text(), row.wire.octets, row.delimiter, row.mailbox_id, to_string(row.role),
             row.path, row.has_local, row.has_remote, row.cursor.uidvalidity, row.cursor.uid_next,
             row.cursor.highest_modseq, row.cursor.messages, row.cursor.storable.any,
             row.cursor.storable.listed.to_string(), row.cur_dev, row.cur_ino, row.cur_btime_ns,
             row.stamp, row.listed_since, row.remote_absences, row.pair_anew);
}

}  // namespace

Result<std::vector<MailboxRow>> Store::mailboxes() {
  std::vector<MailboxRow> rows;
  Query query(impl_->db, kSelectMailboxes);
  while (true) {
    STERNA_TRY(const bool found, query.next());
    if (!found) return rows;
    STERNA_TRY(MailboxRow row, read_row(impl_->db, query));
    rows.push_back(std::move(row));
  }
}

Result<std::optional<MailboxRow>> Store::mailbox(MailboxId id) {
  Query query(impl_->db, kSelectOneMailbox, id);
  STERNA_TRY(const bool found, query.next());
  if (!found) return std::optional<MailboxRow>();
  STERNA_TRY(MailboxRow row, read_row(impl_->db, query));
  return std::optional(std::move(row));
}

Result<MailboxId> Store::add_mailbox(const MailboxRow& row) {
  STERNA_CHECK(with_values(
      row, [&](const auto&... values) { return impl_->change(kInsertMailbox, values...); }));
  return MailboxId{impl_->db.last_insert_id()};
}

Status Store::update_mailbox(const MailboxRow& row) {
  return with_values(
      row, [&](const auto&... values) { return impl_->change(kUpdateMailbox, values..., row.id); });
}

Status Store::remove_mailbox(MailboxId id) {
  for (const char* sql : kForget) STERNA_CHECK(impl_->change(sql, id));
  impl_->passing.erase_all(id);
  return {};
}

}  // namespace sterna::store
