-- SPDX-License-Identifier: Apache-2.0
-- After version_8.sql: a database as schema version 9 wrote it. It never changes, either.
PRAGMA user_version = 9;
ALTER TABLE mailbox ADD COLUMN cur_btime_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mailbox ADD COLUMN pair_anew INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tombstone ADD COLUMN of_backup INTEGER NOT NULL DEFAULT 0;
