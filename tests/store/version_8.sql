-- SPDX-License-Identifier: Apache-2.0
-- After version_7.sql: a database as schema version 8 wrote it. It never changes, either.
PRAGMA user_version = 8;
ALTER TABLE message ADD COLUMN body_digest INTEGER NOT NULL DEFAULT 0;
ALTER TABLE intent ADD COLUMN body_digest INTEGER NOT NULL DEFAULT 0;
ALTER TABLE undo ADD COLUMN body_digest INTEGER NOT NULL DEFAULT 0;
