-- SPDX-License-Identifier: Apache-2.0
-- After version_5.sql: a database as schema version 6 wrote it. It never changes, either.
PRAGMA user_version = 6;
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
INSERT INTO attempt VALUES (7, 12, '', 'flags', 5, 2, 0, '');
