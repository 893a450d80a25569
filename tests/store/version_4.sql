-- SPDX-License-Identifier: Apache-2.0
-- After version_3.sql: a database as schema version 4 wrote it. It never changes, either.
PRAGMA user_version = 4;
CREATE TABLE passing (
  mailbox INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
  uid INTEGER NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (mailbox, uid)
) STRICT, WITHOUT ROWID;
