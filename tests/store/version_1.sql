-- SPDX-License-Identifier: Apache-2.0
-- A database as schema version 1 wrote it, with a row in every table. It never changes: later versions
-- must open what people have.
PRAGMA journal_mode = WAL;
PRAGMA application_id = 1400139361;
PRAGMA user_version = 1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE fact (
  key TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO fact VALUES('tree','00000000000000a1');
CREATE TABLE mailbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  wire TEXT NOT NULL,
  delimiter INTEGER NOT NULL,
  mailbox_id TEXT NOT NULL,
  role TEXT NOT NULL,
  path TEXT NOT NULL,
  has_local INTEGER NOT NULL,
  has_remote INTEGER NOT NULL,
  uidvalidity INTEGER NOT NULL,
  uid_next INTEGER NOT NULL,
  highest_modseq INTEGER NOT NULL,
  messages INTEGER NOT NULL,
  cur_dev INTEGER NOT NULL,
  cur_ino INTEGER NOT NULL,
  stamp TEXT NOT NULL,
  listed_since INTEGER NOT NULL,
  remote_absences INTEGER NOT NULL
) STRICT;
INSERT INTO mailbox VALUES(7,'INBOX','INBOX',47,'','inbox','INBOX',1,1,1700000000,13,99,1,2049,77,'2049.77.1.1.2049.78.1.1',2,0);
CREATE TABLE message (
  mailbox INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
  uid INTEGER NOT NULL,
  state TEXT NOT NULL,
  flags TEXT NOT NULL,
  base_name TEXT NOT NULL,
  base_hash INTEGER,
  in_new INTEGER NOT NULL,
  info TEXT NOT NULL,
  dev INTEGER NOT NULL,
  ino INTEGER NOT NULL,
  size INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  btime_ns INTEGER NOT NULL,
  internal_date INTEGER NOT NULL,
  remote_size INTEGER NOT NULL,
  email_id TEXT NOT NULL,
  modseq INTEGER NOT NULL,
  identity_size INTEGER,
  header_digest BLOB,
  message_id TEXT,
  remote_since INTEGER NOT NULL,
  local_since INTEGER NOT NULL,
  PRIMARY KEY (mailbox, uid)
) STRICT, WITHOUT ROWID;
INSERT INTO message VALUES(7,12,'present','\Seen work','1700000000.M1P2.host,U=12',-8982480430013066140,0,':2,Sa',2049,78,1200,1700000000000000000,0,1700000000,1234,'M12',98,1234,X'1e0584a25d9f43bf5cbd0aec01eb1af2220ed085b4e7f1837b0d89958cae353a','<12@example.org>',2,3);
CREATE TABLE intent (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  mailbox INTEGER NOT NULL,
  uidvalidity INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  target INTEGER NOT NULL,
  target_uidvalidity INTEGER NOT NULL,
  target_uid_next INTEGER NOT NULL,
  target_name TEXT NOT NULL,
  base_name TEXT NOT NULL,
  identity_size INTEGER,
  header_digest BLOB,
  message_id TEXT,
  flags TEXT NOT NULL,
  to_trash INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  looks INTEGER NOT NULL
) STRICT;
INSERT INTO intent VALUES(1,'upload',7,1700000000,0,0,0,13,'','1700000001.M1P3.host',1234,X'1e0584a25d9f43bf5cbd0aec01eb1af2220ed085b4e7f1837b0d89958cae353a','<12@example.org>','\Flagged',0,1700000001000,0);
CREATE TABLE held (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  mailbox INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  uidvalidity INTEGER NOT NULL,
  base_name TEXT NOT NULL,
  reason TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  UNIQUE (kind, mailbox, uid, base_name)
) STRICT;
INSERT INTO held VALUES(1,'delete_out',7,12,1700000000,'1700000000.M1P2.host,U=12','51 of 60 messages',1700000002000);
CREATE TABLE approval (
  mailbox INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
  uid INTEGER NOT NULL,
  uidvalidity INTEGER NOT NULL,
  PRIMARY KEY (mailbox, uid)
) STRICT, WITHOUT ROWID;
INSERT INTO approval VALUES(7,12,1700000000);
CREATE TABLE failure (
  mailbox INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  base_name TEXT NOT NULL,
  action TEXT NOT NULL,
  count INTEGER NOT NULL,
  next_try_ms INTEGER NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (mailbox, uid, base_name, action)
) STRICT, WITHOUT ROWID;
INSERT INTO failure VALUES(7,0,'1700000001.M1P3.host','upload',2,1700000003000,'NO [TOOBIG] too big');
CREATE TABLE tombstone (
  mailbox INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
  uid INTEGER NOT NULL,
  base_name TEXT NOT NULL,
  base_hash INTEGER NOT NULL,
  ino INTEGER NOT NULL,
  boot_id TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (mailbox, uid, base_name)
) STRICT, WITHOUT ROWID;
INSERT INTO tombstone VALUES(7,11,'1699999999.M1P1.host,U=11',6827055759595941870,76,'boot',1700000004000);
CREATE TABLE undo (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  file TEXT NOT NULL,
  mailbox TEXT NOT NULL,
  base_name TEXT NOT NULL,
  flags TEXT NOT NULL,
  size INTEGER NOT NULL,
  identity_size INTEGER,
  header_digest BLOB,
  message_id TEXT,
  at_ms INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT;
INSERT INTO undo VALUES(1,'1','INBOX','1699999999.M1P1.host,U=11','\Seen',1200,1234,X'1e0584a25d9f43bf5cbd0aec01eb1af2220ed085b4e7f1837b0d89958cae353a','<12@example.org>',1700000004000,'expunged on the server');
CREATE TABLE history (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL,
  mailbox TEXT NOT NULL,
  uid INTEGER NOT NULL,
  path TEXT NOT NULL,
  base_hash INTEGER,
  event TEXT NOT NULL,
  side TEXT NOT NULL,
  detail TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;
INSERT INTO history VALUES(1,1700000005000,'INBOX',12,'INBOX/cur/1700000000.M1P2.host,U=12:2,Sa',-8982480430013066140,'downloaded','local','\Seen','new on the server');
CREATE TABLE removal (
  id INTEGER PRIMARY KEY,
  mailbox INTEGER NOT NULL,
  side TEXT NOT NULL,
  count INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  messages_before INTEGER NOT NULL
) STRICT;
INSERT INTO removal VALUES(1,7,'remote',3,1700000006000,60);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('mailbox',7);
INSERT INTO sqlite_sequence VALUES('intent',1);
INSERT INTO sqlite_sequence VALUES('held',1);
INSERT INTO sqlite_sequence VALUES('undo',1);
INSERT INTO sqlite_sequence VALUES('history',1);
CREATE INDEX message_by_base_name ON message (base_hash) WHERE base_hash IS NOT NULL;
CREATE INDEX message_by_state ON message (state, mailbox, uid);
CREATE INDEX tombstone_by_base_name ON tombstone (base_hash);
CREATE INDEX tombstone_by_time ON tombstone (at_ms);
CREATE INDEX history_by_base_name ON history (base_hash) WHERE base_hash IS NOT NULL;
CREATE INDEX history_by_time ON history (at_ms);
CREATE INDEX removal_by_mailbox ON removal (mailbox, side, at_ms);
COMMIT;
