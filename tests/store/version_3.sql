-- SPDX-License-Identifier: Apache-2.0
-- After version_2.sql: a database as schema version 3 wrote it. It never changes, either.
PRAGMA user_version = 3;
ALTER TABLE undo ADD COLUMN lived_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE history ADD COLUMN lived_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tombstone ADD COLUMN lived_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE removal ADD COLUMN lived_ms INTEGER NOT NULL DEFAULT 0;
DROP INDEX history_by_time;
DROP INDEX history_by_base_name;
DROP INDEX tombstone_by_time;
CREATE INDEX tombstone_by_age ON tombstone (lived_ms);
