// SPDX-License-Identifier: Apache-2.0
#include "schema.h"

#include <fmt/format.h>

#include <array>

#include "sqlite_error.h"

namespace sterna::store {
namespace {

// "Stna", so that file(1) and we tell the file from any other SQLite database.
constexpr std::int64_t kApplicationId = 0x53746e61;

// Version 1. Octets that came from a server or a file system (names, words) are TEXT as they came,
// valid UTF-8 or not; nothing here applies a text function to them. A mailbox column without a
// reference may hold 0, for "none" or "the account". Ids with AUTOINCREMENT are never given twice:
// file names, approvals and people refer to them.
constexpr const char* kVersion1 = R"sql(
PRAGMA application_id = 1400139361;

CREATE TABLE fact (
  key TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE mailbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  wire TEXT NOT NULL,
  delimiter INTEGER NOT NULL,
  mailbox_id TEXT NOT NULL,
  role TEXT NOT NULL,
  path TEXT NOT NULL,
  has_local INTEGER NOT NULL,
  has_remote INTEGER NOT NULL,
  uidvalidity INTEGER NOT NULL,
  uid_next INTEGER NOT NULL,
  highest_modseq INTEGER NOT NULL,
  messages INTEGER NOT NULL,
  cur_dev INTEGER NOT NULL,
  cur_ino INTEGER NOT NULL,
  stamp TEXT NOT NULL,
  listed_since INTEGER NOT NULL,
  remote_absences INTEGER NOT NULL
) STRICT;

CREATE TABLE message (
  mailbox INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
  uid INTEGER NOT NULL,
  state TEXT NOT NULL,
  flags TEXT NOT NULL,
  base_name TEXT NOT NULL,
  base_hash INTEGER,
  in_new INTEGER NOT NULL,
  info TEXT NOT NULL,
  dev INTEGER NOT NULL,
  ino INTEGER NOT NULL,
  size INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  btime_ns INTEGER NOT NULL,
  internal_date INTEGER NOT NULL,
  remote_size INTEGER NOT NULL,
  email_id TEXT NOT NULL,
  modseq INTEGER NOT NULL,
  identity_size INTEGER,
  header_digest BLOB,
  message_id TEXT,
  remote_since INTEGER NOT NULL,
  local_since INTEGER NOT NULL,
  PRIMARY KEY (mailbox, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_by_base_name ON message (base_hash) WHERE base_hash IS NOT NULL;
CREATE INDEX message_by_state ON message (state, mailbox, uid);

CREATE TABLE intent (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  mailbox INTEGER NOT NULL,
  uidvalidity INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  target INTEGER NOT NULL,
  target_uidvalidity INTEGER NOT NULL,
  target_uid_next INTEGER NOT NULL,
  target_name TEXT NOT NULL,
  base_name TEXT NOT NULL,
  identity_size INTEGER,
  header_digest BLOB,
  message_id TEXT,
  flags TEXT NOT NULL,
  to_trash INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  looks INTEGER NOT NULL
) STRICT;

CREATE TABLE held (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  mailbox INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  uidvalidity INTEGER NOT NULL,
  base_name TEXT NOT NULL,
  reason TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  UNIQUE (kind, mailbox, uid, base_name)
) STRICT;

CREATE TABLE approval (
  mailbox INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
  uid INTEGER NOT NULL,
  uidvalidity INTEGER NOT NULL,
  PRIMARY KEY (mailbox, uid)
) STRICT, WITHOUT ROWID;

CREATE TABLE failure (
  mailbox INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  base_name TEXT NOT NULL,
  action TEXT NOT NULL,
  count INTEGER NOT NULL,
  next_try_ms INTEGER NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (mailbox, uid, base_name, action)
) STRICT, WITHOUT ROWID;

CREATE TABLE tombstone (
  mailbox INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
  uid INTEGER NOT NULL,
  base_name TEXT NOT NULL,
  base_hash INTEGER NOT NULL,
  ino INTEGER NOT NULL,
  boot_id TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (mailbox, uid, base_name)
) STRICT, WITHOUT ROWID;
CREATE INDEX tombstone_by_base_name ON tombstone (base_hash);
CREATE INDEX tombstone_by_time ON tombstone (at_ms);

CREATE TABLE undo (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  file TEXT NOT NULL,
  mailbox TEXT NOT NULL,
  base_name TEXT NOT NULL,
  flags TEXT NOT NULL,
  size INTEGER NOT NULL,
  identity_size INTEGER,
  header_digest BLOB,
  message_id TEXT,
  at_ms INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT;

CREATE TABLE history (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL,
  mailbox TEXT NOT NULL,
  uid INTEGER NOT NULL,
  path TEXT NOT NULL,
  base_hash INTEGER,
  event TEXT NOT NULL,
  side TEXT NOT NULL,
  detail TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX history_by_base_name ON history (base_hash) WHERE base_hash IS NOT NULL;
CREATE INDEX history_by_time ON history (at_ms);

CREATE TABLE removal (
  id INTEGER PRIMARY KEY,
  mailbox INTEGER NOT NULL,
  side TEXT NOT NULL,
  count INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  messages_before INTEGER NOT NULL
) STRICT;
CREATE INDEX removal_by_mailbox ON removal (mailbox, side, at_ms);
)sql";

// That a server without UIDPLUS took an upload outlives the process.
constexpr const char* kVersion2 = R"sql(
ALTER TABLE intent ADD COLUMN stored INTEGER NOT NULL DEFAULT 0;
)sql";

// What is kept for a while is aged by lived time: what was there before begins to age now.
constexpr const char* kVersion3 = R"sql(
ALTER TABLE undo ADD COLUMN lived_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE history ADD COLUMN lived_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tombstone ADD COLUMN lived_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE removal ADD COLUMN lived_ms INTEGER NOT NULL DEFAULT 0;
DROP INDEX history_by_time;
DROP INDEX history_by_base_name; -- read seldom, by people; written with every change
DROP INDEX tombstone_by_time;
CREATE INDEX tombstone_by_age ON tombstone (lived_ms);
)sql";

// States that rows are in for a moment are not worth writing the rows.
constexpr const char* kVersion4 = R"sql(
CREATE TABLE passing (
  mailbox INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
  uid INTEGER NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (mailbox, uid)
) STRICT, WITHOUT ROWID;
)sql";

// What the server can hold of the base: without it, all of it was held.
constexpr const char* kVersion5 = R"sql(
ALTER TABLE mailbox ADD COLUMN any_keyword INTEGER NOT NULL DEFAULT 1;
ALTER TABLE mailbox ADD COLUMN keywords TEXT NOT NULL DEFAULT '';
)sql";

// What the last plans had to be done: the first plan with this version is the first of a row.
constexpr const char* kVersion6 = R"sql(
CREATE TABLE attempt (
  mailbox INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  base_name TEXT NOT NULL,
  action TEXT NOT NULL,
  content INTEGER NOT NULL,
  times INTEGER NOT NULL,
  next_try_ms INTEGER NOT NULL,
  answer TEXT NOT NULL,
  PRIMARY KEY (mailbox, uid, base_name, action)
) STRICT, WITHOUT ROWID;
)sql";

// What the server's header is where it is not the file's: not known of what was paired before.
constexpr const char* kVersion7 = R"sql(
ALTER TABLE message ADD COLUMN remote_header BLOB;
)sql";

// Versions of a message with one header and one size; 0 of what nobody read.
constexpr const char* kVersion8 = R"sql(
ALTER TABLE message ADD COLUMN body_digest INTEGER NOT NULL DEFAULT 0;
ALTER TABLE intent ADD COLUMN body_digest INTEGER NOT NULL DEFAULT 0;
ALTER TABLE undo ADD COLUMN body_digest INTEGER NOT NULL DEFAULT 0;
)sql";

// Who a directory is beside its inode, which is used again; and what a restored backup leaves to be
// done, for each mailbox.
constexpr const char* kVersion9 = R"sql(
ALTER TABLE mailbox ADD COLUMN cur_btime_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mailbox ADD COLUMN pair_anew INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tombstone ADD COLUMN of_backup INTEGER NOT NULL DEFAULT 0;
)sql";

// What a row that went was: its messages are asked for by that.
constexpr const char* kVersion10 = R"sql(
ALTER TABLE history ADD COLUMN message_id TEXT NOT NULL DEFAULT '';
)sql";

// Whether a message of an id is here already. Nothing is written for servers that give no ids.
constexpr const char* kVersion11 = R"sql(
CREATE INDEX message_by_email_id ON message (email_id) WHERE email_id != '';
)sql";

// Counting costs what a mailbox is long, so it is counted as rows come and go.
constexpr const char* kVersion12 = R"sql(
CREATE TABLE tally (
  mailbox INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
  state TEXT NOT NULL,
  messages INTEGER NOT NULL,
  PRIMARY KEY (mailbox, state)
) STRICT, WITHOUT ROWID;
INSERT INTO tally SELECT mailbox, state, count(*) FROM message GROUP BY mailbox, state;
CREATE TRIGGER tally_arrival AFTER INSERT ON message BEGIN
  INSERT INTO tally VALUES (new.mailbox, new.state, 1)
    ON CONFLICT DO UPDATE SET messages = messages + 1;
END;
CREATE TRIGGER tally_departure AFTER DELETE ON message BEGIN
  UPDATE tally SET messages = messages - 1 WHERE mailbox = old.mailbox AND state = old.state;
END;
CREATE TRIGGER tally_change AFTER UPDATE OF state ON message WHEN old.state != new.state BEGIN
  UPDATE tally SET messages = messages - 1 WHERE mailbox = old.mailbox AND state = old.state;
  INSERT INTO tally VALUES (new.mailbox, new.state, 1)
    ON CONFLICT DO UPDATE SET messages = messages + 1;
END;
)sql";

// The nth migrates from version n to n + 1.
constexpr std::array<const char*, kSchemaVersion> kMigrations = {
    kVersion1, kVersion2, kVersion3, kVersion4,  kVersion5,  kVersion6,
    kVersion7, kVersion8, kVersion9, kVersion10, kVersion11, kVersion12};

Result<std::int64_t> number(Db& db, const char* sql) {
  Query query(db, sql);
  STERNA_TRY(const bool row, query.next());
  return row ? query.integer() : 0;
}

// An empty database becomes ours; one with tables and no version was made by something else.
Status check_empty(Db& db) {
  STERNA_TRY(const std::int64_t objects, number(db, "SELECT count(*) FROM sqlite_schema"));
  if (objects == 0) return {};
  return fail(corrupt(db.handle(), "a database of another program"));
}

Status apply(Db& db, std::int64_t from) {
  for (std::int64_t version = from; version < kSchemaVersion; ++version) {
    STERNA_CHECK(db.execute(kMigrations[static_cast<std::size_t>(version)]));
  }
  return db.execute(fmt::format("PRAGMA user_version = {}", kSchemaVersion).c_str());
}

// All in one transaction, so that a reader beside it finds the old version or the new one, and of a
// new database none or all of it.
Status apply_whole(Db& db, std::int64_t from) {
  STERNA_CHECK(db.execute("BEGIN IMMEDIATE"));
  Status done = apply(db, from);
  if (done) done = db.execute("COMMIT");
  if (done || !db.in_transaction()) return done;
  // The reason is what counts; the rollback of a broken transaction cannot tell anything better.
  static_cast<void>(db.execute("ROLLBACK"));
  return done;
}

}  // namespace

Result<SchemaState> read_schema(Db& db) {
  STERNA_TRY(const std::int64_t version, number(db, "PRAGMA user_version"));
  if (version == 0) return SchemaState{};
  STERNA_TRY(const std::int64_t application, number(db, "PRAGMA application_id"));
  if (application != kApplicationId || version < 0) {
    return fail(corrupt(db.handle(), "a database of another program"));
  }
  if (version > kSchemaVersion) {
    return fail(Error(ErrorCode::unsupported,
                      fmt::format("state.db is of version {}, this program knows versions up to {}",
                                  version, kSchemaVersion))
                    .with_scope(ErrorScope::account)
                    .with_disposition(Disposition::needs_user)
                    .with_hint("a later sterna wrote it: use that one"));
  }
  return SchemaState{version};
}

Status migrate(Db& db, SchemaState state) {
  if (state.is_new()) STERNA_CHECK(check_empty(db));
  // Kept in the file, so this does nothing but for a new one, or one that a person made from a
  // dump.
  STERNA_CHECK(db.execute("PRAGMA journal_mode = WAL"));
  if (state.version == kSchemaVersion) return {};
  STERNA_CHECK(db.execute("PRAGMA synchronous = FULL"));
  return apply_whole(db, state.version);
}

}  // namespace sterna::store
