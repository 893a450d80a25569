-- SPDX-License-Identifier: Apache-2.0
-- After version_10.sql: a database as schema version 11 wrote it. It never changes, either.
PRAGMA user_version = 11;
CREATE INDEX message_by_email_id ON message (email_id) WHERE email_id != '';
