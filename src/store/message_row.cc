// SPDX-License-Identifier: Apache-2.0
#include "message_row.h"

#include "sqlite_error.h"

namespace sterna::store {

FileStamp read_file_stamp(Query& query) {
  FileStamp file;
  file.dev = query.get<std::uint64_t>();
  file.ino = query.get<std::uint64_t>();
  file.size = query.get<std::uint64_t>();
  file.mtime_ns = query.integer();
  file.btime_ns = query.integer();
  return file;
}

Result<RowState> read_state(const Db& db, Query& query) {
  const std::optional<RowState> state = parse_row_state(query.text());
  if (!state) return fail(corrupt(db.handle(), "unknown state of a message"));
  return *state;
}

Result<std::optional<Identity>> read_identity(const Db& db, Query& query) {
  if (query.is_null()) {
    for (int column = 0; column < 4; ++column) query.skip();
    return std::nullopt;
  }
  Identity identity;
  identity.size = query.get<std::uint64_t>();
  const std::optional<Digest> header = Digest::from_bytes(query.text());
  if (!header) return fail(corrupt(db.handle(), "a digest of the wrong length"));
  identity.header = *header;
  identity.message_id = query.string();
  identity.body = query.get<std::uint64_t>();
  return identity;
}

Result<MessageRow> read_message(const Db& db, Query& query) {
  MessageRow row;
  row.key.mailbox = query.get<MailboxId>();
  row.key.uid = query.get<Uid>();
  STERNA_TRY(row.state, read_state(db, query));
  row.flags = FlagSet::parse(query.text());
  row.base_name = query.string();
  row.in_new = query.boolean();
  row.info = query.string();
  row.file = read_file_stamp(query);
  row.internal_date = query.integer();
  row.remote_size = query.get<std::uint64_t>();
  row.email_id = query.string();
  row.modseq = query.get<ModSeq>();
  STERNA_TRY(row.identity, read_identity(db, query));
  if (query.is_null()) {
    query.skip();
  } else {
    row.remote_header = Digest::from_bytes(query.text());
    if (!row.remote_header) return fail(corrupt(db.handle(), "a digest of the wrong length"));
  }
  row.remote_since = query.get<Generation>();
  row.local_since = query.get<Generation>();
  return row;
}

IdentityColumns::IdentityColumns(const std::optional<Identity>& identity) {
  if (!identity) return;
  size = identity->size;
  header_digest = Blob{identity->header.raw()};
  message_id = identity->message_id;
  body_digest = identity->body;
}

}  // namespace sterna::store
