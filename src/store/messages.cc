// SPDX-License-Identifier: Apache-2.0
// The table `message`: the rows of the base. Whole mailboxes are read row by row, never gathered
// here unless the caller asks for a vector.
#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "base_name.h"
#include "impl.h"
#include "message_row.h"
#include "query.h"
#include "sterna/store/store.h"

namespace sterna::store {
namespace {

constexpr std::array kStates = {RowState::wanted,   RowState::present,  RowState::stub,
                                RowState::dropped,  RowState::detached, RowState::quarantined,
                                RowState::dropping, RowState::deleting, RowState::tombstone};
static_assert(kStates.size() == static_cast<std::size_t>(RowState::tombstone) + 1);

constexpr const char* kSelectOne =
    "SELECT " STERNA_MESSAGE_COLUMNS " FROM message WHERE mailbox = ? AND uid = ?";
constexpr const char* kSelectRange =
    "SELECT " STERNA_MESSAGE_COLUMNS
    " FROM message WHERE mailbox = ? AND uid BETWEEN ? AND ? ORDER BY uid";
constexpr const char* kSelectFrom =
    "SELECT " STERNA_MESSAGE_COLUMNS
    " FROM message WHERE mailbox = ? AND uid >= ? ORDER BY uid LIMIT ?";
constexpr const char* kSelectMailbox =
    "SELECT " STERNA_MESSAGE_COLUMNS " FROM message WHERE mailbox = ? ORDER BY uid";
constexpr const char* kSelectByBaseName =
    "SELECT " STERNA_MESSAGE_COLUMNS " FROM message WHERE base_hash = ? ORDER BY mailbox, uid";
// The index is a partial one: its condition has to be said.
constexpr const char* kSelectByEmailId =
    "SELECT " STERNA_MESSAGE_COLUMNS
    " FROM message WHERE email_id = ? AND email_id != '' ORDER BY mailbox, uid LIMIT ?";
constexpr const char* kSelectByState =
    "SELECT " STERNA_MESSAGE_COLUMNS " FROM message WHERE state = ? ORDER BY mailbox, uid";
constexpr const char* kSelectLocal =
    "SELECT uid, state, ino, in_new, base_name, info FROM message WHERE mailbox = ? ORDER BY uid";
constexpr const char* kSelectStamps =
    "SELECT uid, state, base_name, dev, ino, size, mtime_ns, btime_ns, local_since FROM message "
    "WHERE mailbox = ? ORDER BY uid";
constexpr const char* kSelectFlags =
    "SELECT uid, state, flags, modseq FROM message "
    "WHERE mailbox = ? AND uid BETWEEN ? AND ? ORDER BY uid";
constexpr const char* kSelectUids =
    "SELECT uid FROM message WHERE state = ? AND mailbox = ? ORDER BY uid";
constexpr const char* kSelectStates =
    "SELECT uid, state FROM message WHERE mailbox = ? AND uid BETWEEN ? AND ? ORDER BY uid";
constexpr const char* kTally = "SELECT state, messages FROM tally WHERE mailbox = ?";
constexpr const char* kAnyInState = "SELECT 1 FROM message WHERE state = ? AND mailbox = ? LIMIT 1";
constexpr const char* kSelectHeaders =
    "SELECT mailbox, uid, header_digest FROM message WHERE header_digest IS NOT NULL";
constexpr const char* kSelectState = "SELECT state FROM message WHERE mailbox = ? AND uid = ?";

// A row that keeps its state, its name and its id touches no index; inserting it anew would write
// each of them.
constexpr const char* kUpdateMessage =
    "UPDATE message SET flags = ?, in_new = ?, info = ?, dev = ?, ino = ?, size = ?, mtime_ns = ?, "
    "btime_ns = ?, internal_date = ?, remote_size = ?, modseq = ?, "
    "identity_size = ?, header_digest = ?, message_id = ?, body_digest = ?, remote_header = ?, "
    "remote_since = ?, local_since = ? "
    "WHERE mailbox = ? AND uid = ? AND state = ? AND base_name = ? AND email_id = ?";
constexpr const char* kInsertMessage =
    "INSERT INTO message (" STERNA_MESSAGE_COLUMNS
    ", base_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr const char* kDelete = "DELETE FROM message WHERE mailbox = ? AND uid = ?";

// Calls `visit` with each row that the query still gives.
template <class Visit>
Status for_each_message(const Db& db, const PassingStates& passing, Query& query, Visit visit) {
  while (true) {
    STERNA_TRY(const bool found, query.next());
    if (!found) return {};
    STERNA_TRY(MessageRow row, read_message(db, query));
    row.state = passing.of(row.key, row.state);
    visit(std::move(row));
  }
}

Result<std::vector<MessageRow>> all_messages(const Db& db, const PassingStates& passing,
                                             Query& query) {
  std::vector<MessageRow> rows;
  STERNA_CHECK(for_each_message(db, passing, query,
                                [&](MessageRow&& row) { rows.push_back(std::move(row)); }));
  return rows;
}

// Cheaper here than in SQL, which looks each of the states up in a table.
bool has_file(RowState state) {
  return state == RowState::present || state == RowState::stub || state == RowState::detached;
}

}  // namespace

Result<std::optional<MessageRow>> Store::message(MessageKey key) {
  Query query(impl_->db, kSelectOne, key.mailbox, key.uid);
  STERNA_TRY(const bool found, query.next());
  if (!found) return std::nullopt;
  STERNA_TRY(MessageRow row, read_message(impl_->db, query));
  row.state = impl_->passing.of(key, row.state);
  return row;
}

Result<std::vector<MessageRow>> Store::messages(MailboxId mailbox, const UidSet& uids) {
  std::vector<MessageRow> rows;
  for (const UidRange& range : uids.ranges()) {
    Query query(impl_->db, kSelectRange, mailbox, range.first, range.last);
    STERNA_CHECK(for_each_message(impl_->db, impl_->passing, query,
                                  [&](MessageRow&& row) { rows.push_back(std::move(row)); }));
  }
  return rows;
}

Result<std::vector<MessageRow>> Store::messages_from(MailboxId mailbox, Uid from,
                                                     std::size_t limit) {
  Query query(impl_->db, kSelectFrom, mailbox, from, limit);
  return all_messages(impl_->db, impl_->passing, query);
}

Result<std::vector<MessageRow>> Store::messages_by_base_name(std::string_view base_name) {
  std::vector<MessageRow> rows;
  Query query(impl_->db, kSelectByBaseName, base_hash(base_name));
  STERNA_CHECK(for_each_message(impl_->db, impl_->passing, query, [&](MessageRow&& row) {
    if (stripped(row.base_name) == stripped(base_name)) rows.push_back(std::move(row));
  }));
  return rows;
}

Result<std::vector<MessageRow>> Store::messages_of_email_id(std::string_view email_id,
                                                            std::size_t limit) {
  Query query(impl_->db, kSelectByEmailId, email_id, limit);
  return all_messages(impl_->db, impl_->passing, query);
}

Result<std::vector<MessageRow>> Store::messages_in_state(RowState state) {
  std::vector<MessageRow> rows;
  {
    Query query(impl_->db, kSelectByState, to_string(state));
    STERNA_TRY(rows, all_messages(impl_->db, impl_->passing, query));
  }
  std::erase_if(rows, [&](const MessageRow& row) { return row.state != state; });
  const std::vector<MessageKey> passing = impl_->passing.in(state);
  for (const MessageKey& key : passing) {
    STERNA_TRY(std::optional<MessageRow> row, message(key));
    if (row) rows.push_back(std::move(*row));
  }
  if (!passing.empty()) std::ranges::sort(rows, {}, &MessageRow::key);
  return rows;
}

Result<bool> Store::has_detached(MailboxId mailbox) {
  Query query(impl_->db, kAnyInState, to_string(RowState::detached), mailbox);
  return query.next();
}

Result<std::vector<MessageRow>> Store::messages_with_headers(const std::set<Digest>& headers) {
  std::vector<MessageKey> keys;
  {
    Query query(impl_->db, kSelectHeaders);
    while (true) {
      STERNA_TRY(const bool found, query.next());
      if (!found) break;
      const MessageKey key{query.get<MailboxId>(), query.get<Uid>()};
      const std::optional<Digest> header = Digest::from_bytes(query.text());
      if (header && headers.contains(*header)) keys.push_back(key);
    }
  }
  std::vector<MessageRow> rows;
  for (const MessageKey& key : keys) {
    STERNA_TRY(std::optional<MessageRow> row, message(key));
    if (row) rows.push_back(std::move(*row));
  }
  return rows;
}

Status Store::for_each_local(MailboxId mailbox, const std::function<void(const LocalRow&)>& visit) {
  Query query(impl_->db, kSelectLocal, mailbox);
  while (true) {
    STERNA_TRY(const bool found, query.next());
    if (!found) return {};
    LocalRow row;
    row.uid = query.get<Uid>();
    STERNA_TRY(row.state, read_state(impl_->db, query));
    row.state = impl_->passing.of({mailbox, row.uid}, row.state);
    if (!has_file(row.state)) continue;
    row.ino = query.get<std::uint64_t>();
    row.in_new = query.boolean();
    row.base_name = query.text();
    row.info = query.text();
    visit(row);
  }
}

Status Store::for_each_stamp(MailboxId mailbox,
                             const std::function<void(const StampedRow&)>& visit) {
  Query query(impl_->db, kSelectStamps, mailbox);
  while (true) {
    STERNA_TRY(const bool found, query.next());
    if (!found) return {};
    StampedRow row;
    row.uid = query.get<Uid>();
    STERNA_TRY(row.state, read_state(impl_->db, query));
    row.state = impl_->passing.of({mailbox, row.uid}, row.state);
    if (!has_file(row.state)) continue;
    row.base_name = query.text();
    row.file = read_file_stamp(query);
    row.local_since = query.get<Generation>();
    visit(row);
  }
}

Status Store::for_each(MailboxId mailbox, const std::function<void(const MessageRow&)>& visit) {
  Query query(impl_->db, kSelectMailbox, mailbox);
  return for_each_message(impl_->db, impl_->passing, query, visit);
}

Status Store::for_each_flags(
    MailboxId mailbox, const UidSet& uids,
    const std::function<void(Uid, RowState, const FlagSet&, ModSeq)>& visit) {
  for (const UidRange& range : uids.ranges()) {
    Query query(impl_->db, kSelectFlags, mailbox, range.first, range.last);
    while (true) {
      STERNA_TRY(const bool found, query.next());
      if (!found) break;
      const Uid uid = query.get<Uid>();
      STERNA_TRY(const RowState state, read_state(impl_->db, query));
      const FlagSet flags = FlagSet::parse(query.text());
      visit(uid, impl_->passing.of({mailbox, uid}, state), flags, query.get<ModSeq>());
    }
  }
  return {};
}

Result<UidSet> Store::remote_uids(MailboxId mailbox) {
  UidSet uids;
  for (const RowState state : kStates) {
    if (!is_on_server(state)) continue;
    UidSet in_state;  // ascending, which is what makes adding cheap
    Query query(impl_->db, kSelectUids, to_string(state), mailbox);
    while (true) {
      STERNA_TRY(const bool found, query.next());
      if (!found) break;
      in_state.add(query.get<Uid>());
    }
    uids.add_all(in_state);
  }
  for (const PassingStates::Entry& one : impl_->passing.in(mailbox)) {
    if (is_on_server(one.state)) uids.add(one.key.uid);
  }
  return uids;
}

Result<UidSet> Store::remote_uids_among(MailboxId mailbox, const UidSet& uids) {
  UidSet among;
  for (const UidRange& range : uids.ranges()) {
    Query query(impl_->db, kSelectStates, mailbox, range.first, range.last);
    while (true) {
      STERNA_TRY(const bool found, query.next());
      if (!found) break;
      const Uid uid = query.get<Uid>();
      STERNA_TRY(const RowState state, read_state(impl_->db, query));
      if (is_on_server(impl_->passing.of({mailbox, uid}, state))) among.add(uid);
    }
  }
  return among;
}

Result<Store::Counts> Store::counts(MailboxId mailbox) {
  std::map<RowState, std::uint64_t> rows;
  Query tally(impl_->db, kTally, mailbox);
  while (true) {
    STERNA_TRY(const bool more, tally.next());
    if (!more) break;
    STERNA_TRY(const RowState state, read_state(impl_->db, tally));
    rows[state] = tally.get<std::uint64_t>();
  }
  for (const PassingStates::Entry& one : impl_->passing.in(mailbox)) {
    Query query(impl_->db, kSelectState, mailbox, one.key.uid);
    STERNA_TRY(const bool found, query.next());
    if (!found) continue;
    STERNA_TRY(const RowState stored, read_state(impl_->db, query));
    if (rows[stored] == 0) continue;  // a sync beside this question moved on
    --rows[stored];
    ++rows[one.state];
  }
  Counts counts;
  for (const auto& [state, count] : rows) {
    if (is_on_server(state)) counts.on_server += count;
    if (state == RowState::present || state == RowState::stub) counts.present += count;
    if (state == RowState::quarantined) counts.quarantined += count;
  }
  return counts;
}

Status Store::Impl::forget_passing(MessageKey key) {
  if (!passing.erase(key)) return {};
  return change("DELETE FROM passing WHERE mailbox = ? AND uid = ?", key.mailbox, key.uid);
}

Status Store::set_state(MessageKey key, RowState state) {
  if (!PassingStates::holds(state)) {
    STERNA_CHECK(impl_->forget_passing(key));
    return impl_->change("UPDATE message SET state = ? WHERE mailbox = ? AND uid = ?",
                         to_string(state), key.mailbox, key.uid);
  }
  STERNA_CHECK(impl_->change(
      "INSERT OR REPLACE INTO passing SELECT mailbox, uid, ? FROM message WHERE mailbox = ? AND "
      "uid = ?",
      to_string(state), key.mailbox, key.uid));
  if (impl_->db.changed_rows() > 0) impl_->passing.set(key, state);
  return {};
}

Status Store::put_message(const MessageRow& row) {
  const IdentityColumns identity(row.identity);
  std::optional<Blob> remote_header;
  if (row.remote_header) remote_header = Blob{row.remote_header->raw()};
  STERNA_CHECK(impl_->forget_passing(row.key));
  STERNA_CHECK(impl_->change(
      kUpdateMessage, row.flags.to_string(), row.in_new, row.info, row.file.dev, row.file.ino,
      row.file.size, row.file.mtime_ns, row.file.btime_ns, row.internal_date, row.remote_size,
      row.modseq, identity.size, identity.header_digest, identity.message_id, identity.body_digest,
      remote_header, row.remote_since, row.local_since, row.key.mailbox, row.key.uid,
      to_string(row.state), row.base_name, row.email_id));
  if (impl_->db.changed_rows() > 0) return {};
  // Replacing a row would leave it counted.
  STERNA_CHECK(impl_->change(kDelete, row.key.mailbox, row.key.uid));
  return impl_->change(kInsertMessage, row.key.mailbox, row.key.uid, to_string(row.state),
                       row.flags.to_string(), row.base_name, row.in_new, row.info, row.file.dev,
                       row.file.ino, row.file.size, row.file.mtime_ns, row.file.btime_ns,
                       row.internal_date, row.remote_size, row.email_id, row.modseq, identity.size,
                       identity.header_digest, identity.message_id, identity.body_digest,
                       remote_header, row.remote_since, row.local_since, base_hash(row.base_name));
}

Status Store::remove_message(MessageKey key) {
  STERNA_CHECK(impl_->forget_passing(key));
  return impl_->change(kDelete, key.mailbox, key.uid);
}

Result<std::vector<MessageRow>> Store::take_all(MailboxId mailbox) {
  std::vector<MessageRow> rows;
  {
    Query query(impl_->db, kSelectMailbox, mailbox);
    STERNA_TRY(rows, all_messages(impl_->db, impl_->passing, query));
  }
  for (const char* known :
       {"DELETE FROM message WHERE mailbox = ?", "DELETE FROM approval WHERE mailbox = ?",
        "DELETE FROM failure WHERE mailbox = ? AND uid != 0",
        "DELETE FROM attempt WHERE mailbox = ? AND uid != 0"}) {
    STERNA_CHECK(impl_->change(known, mailbox));
  }
  if (impl_->passing.erase_all(mailbox)) {
    STERNA_CHECK(impl_->change("DELETE FROM passing WHERE mailbox = ?", mailbox));
  }
  return rows;
}

}  // namespace sterna::store
