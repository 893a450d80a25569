-- SPDX-License-Identifier: Apache-2.0
-- After version_1.sql: a database as schema version 2 wrote it. It never changes, either.
PRAGMA user_version = 2;
ALTER TABLE intent ADD COLUMN stored INTEGER NOT NULL DEFAULT 0;
UPDATE intent SET stored = 1;
