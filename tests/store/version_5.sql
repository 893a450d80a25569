-- SPDX-License-Identifier: Apache-2.0
-- After version_4.sql: a database as schema version 5 wrote it. It never changes, either.
PRAGMA user_version = 5;
ALTER TABLE mailbox ADD COLUMN any_keyword INTEGER NOT NULL DEFAULT 1;
ALTER TABLE mailbox ADD COLUMN keywords TEXT NOT NULL DEFAULT '';
