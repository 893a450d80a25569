-- SPDX-License-Identifier: Apache-2.0
-- After version_6.sql: a database as schema version 7 wrote it. It never changes, either.
PRAGMA user_version = 7;
ALTER TABLE message ADD COLUMN remote_header BLOB;
