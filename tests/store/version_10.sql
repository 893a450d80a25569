-- SPDX-License-Identifier: Apache-2.0
-- After version_9.sql: a database as schema version 10 wrote it. It never changes, either.
PRAGMA user_version = 10;
ALTER TABLE history ADD COLUMN message_id TEXT NOT NULL DEFAULT '';
