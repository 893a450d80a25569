# SPDX-License-Identifier: Apache-2.0
"""A sync in which nothing changed does nothing; a dry run never does."""
import contextlib
import os
import shutil
import sqlite3
import unittest

from tests.support import oracle
from tests.support.case import IntegrationCase, over
from tests.support.dovecot import MAIN_PROFILES, PROFILES
from tests.support.maildir import digest_tree
from tests.support.messages import NOON, local, message

MUTATING = rb"^(UID )?(STORE|COPY|MOVE|EXPUNGE|APPEND|CREATE|DELETE|RENAME|SUBSCRIBE|CLOSE)\b"


def state_digest(world):
    """Contents of the state directory; what SQLite keeps only while a database is open aside."""
    return digest_tree(world.sterna.state, times=False, skip=(r"-shm$", r"-wal$"))


class NoopTest(IntegrationCase):
    def filled(self, world):
        world.fill("INBOX", 30, "i", ["\\Seen"])
        world.fill("Archive", 20, "a", ["\\Flagged", "work"])
        world.fill("Lists/dev", 10, "l")
        world.sync()

    @over(PROFILES)
    def test_nothing_changed_nothing_done(self, world):
        self.filled(world)
        world.sync()
        server = oracle.server_fingerprint(world.imap)
        tree = digest_tree(world.mail.root)
        world.wire.forget()
        report = world.sync()
        self.assertEqual(report["bodies_fetched"], 0)
        self.assertEqual(world.wire.sent(rb"BODY|RFC822|ENVELOPE|BINARY"), [])
        self.assertEqual(world.wire.sent(MUTATING), [])
        self.assertEqual(oracle.server_fingerprint(world.imap), server)
        world.mail.settle()
        tree_after = digest_tree(world.mail.root)
        files = {k: v for k, v in tree.items() if "/cur/" in k or "/new/" in k}
        self.assertEqual({k: v for k, v in tree_after.items() if k in files}, files)
        self.assertEqual(set(tree_after), set(tree))

    def test_the_fullest_server_is_asked_one_question(self):
        world = self.world()
        self.filled(world)
        world.sync()
        world.wire.forget()
        world.sync()
        asked = [c for c in world.wire.commands
                 if not c.startswith((b"LOGIN", b"AUTHENTICATE", b"CAPABILITY", b"ID", b"ENABLE",
                                      b"NAMESPACE", b"LOGOUT"))]
        self.assertEqual(len(asked), 1, asked)
        self.assertTrue(asked[0].startswith(b"LIST"))
        self.assertEqual(world.wire.connections, 1)

    def test_a_cut_of_the_wire_in_a_noop_changes_nothing(self):
        world = self.world()
        self.filled(world)
        server = oracle.server_fingerprint(world.imap)
        tree = digest_tree(world.mail.root, times=False)
        world.wire.cut_before(rb"^LIST")
        world.sync(expect=(0, 3, 5))
        self.assertEqual(oracle.server_fingerprint(world.imap), server)
        self.assertEqual(digest_tree(world.mail.root, times=False), tree)
        world.assert_settled()

    def test_a_long_log_is_copied_while_the_server_is_waited_for(self):
        world = self.world()
        self.filled(world)
        database = f"{world.sterna.state}/{world.name}/state.db"
        files = (database, f"{database}-wal")
        # As a process leaves them that ends with much in its log.
        with contextlib.closing(sqlite3.connect(database)) as state:
            state.execute("PRAGMA wal_autocheckpoint = 0")
            state.execute("INSERT INTO fact VALUES ('filler', ?)", ("x" * 3_000_000,))
            state.commit()
            for file in files:
                shutil.copy(file, f"{file}.kept")
        for file in files:
            os.rename(f"{file}.kept", file)
        self.assertLess(os.path.getsize(database), 1_000_000)
        self.assertGreater(os.path.getsize(files[1]), 3_000_000)
        # A log that somebody reads just then goes on behind what was copied; the next sync, which
        # finds it large, has another chance to begin it anew.
        for _ in range(8):
            world.sync()
            if os.path.getsize(files[1]) < 1_000_000:
                break
        self.assertGreater(os.path.getsize(database), 3_000_000)
        self.assertLess(os.path.getsize(files[1]), 1_000_000)
        world.assert_settled()

    def test_quiet_where_nobody_watches(self):
        world = self.world()
        self.filled(world)
        world.mail.settle()
        run = world.sterna.run("sync", options=())
        self.assertEqual((run.stdout, run.stderr), ("", ""))


class DryRunTest(IntegrationCase):
    @over(MAIN_PROFILES)
    def test_a_dry_run_changes_nothing_anywhere(self, world):
        uids = world.fill("INBOX", 12, flags=["\\Seen"])
        world.fill("Archive", 4, "a")
        world.sync()
        world.fill("INBOX", 2, "theirs")
        world.fill("Made/there", 1, "t")
        world.imap.store("INBOX", uids[0], "+", ["\\Flagged"])
        world.imap.move("INBOX", uids[1], "Archive")
        world.imap.expunge("INBOX", uids[2])
        world.mail.deliver("INBOX", local(message("ours")), "S", NOON)
        world.mail.deliver("Made/here", local(message("ours2")), "S", NOON)
        world.mail.set_letters(world.mail.find("INBOX", "<m4@"), "F")
        world.mail.move(world.mail.find("INBOX", "<m5@"), "Archive")
        world.mail.delete(world.mail.find("INBOX", "<m6@"))
        world.mail.settle()
        before = (oracle.server_fingerprint(world.imap), digest_tree(world.mail.root),
                  state_digest(world))
        world.wire.forget()
        run = world.sterna.run("sync", "--dry-run")
        after = (oracle.server_fingerprint(world.imap), digest_tree(world.mail.root),
                 state_digest(world))
        self.assertEqual(before, after)
        self.assertEqual(world.wire.sent(MUTATING + rb"|^SELECT"), [])
        for word in ("INBOX", "Archive", "Made/there", "Made/here"):
            self.assertIn(word, run.stdout)
        # INBOX changed on both sides, and has more to say to the server than an EXAMINE may.
        for line in (r"INBOX +upload +1 ", r"INBOX +push flags +1 ", r"Archive +move out +1 ",
                     r"INBOX +delete out +1 ", r"INBOX +download +2 ", r"INBOX +pull flags +1 "):
            self.assertRegex(run.stdout, line)
        world.sync()
        world.sync()
        world.assert_settled()

    def test_a_first_sync_can_be_tried_dry(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.fill("Lists/dev", 2)
        run = world.sterna.run("sync", "--dry-run")
        self.assertRegex(run.stdout, r"INBOX +create local +1 ")
        self.assertRegex(run.stdout, r"INBOX +download +3 ")
        self.assertRegex(run.stdout, r"Lists/dev +download +2 ")
        self.assertFalse(os.path.exists(world.mail.root))
        self.assertEqual(digest_tree(world.sterna.state, skip=(r"lock$",))
                         if os.path.exists(world.sterna.state) else {}, {})

    def test_a_folder_that_would_be_made_there_tells_its_messages(self):
        world = self.world()
        world.sync()
        for i in range(4):
            world.mail.deliver("Made/here", local(message(f"ours{i}")), "S", NOON)
        world.mail.settle()
        run = world.sterna.run("sync", "--dry-run")
        self.assertRegex(run.stdout, r"Made/here +upload +4 ")

    def test_what_may_be_in_a_mailbox_that_would_be_made_is_not_said_to_be_deleted(self):
        world = self.world()
        uids = world.fill("INBOX", 4)
        world.sync()
        world.imap.create("New/there")
        world.imap.move("INBOX", uids[0], "New/there")
        world.mail.move(world.mail.find("INBOX", "<m1@"), "New/here")
        world.mail.settle()
        plan = world.sterna.run("sync", "--dry-run").stdout
        unless = ", unless it was moved into a mailbox that is to be made"
        self.assertRegex(plan, r"INBOX +delete in +1  gone from the server" + unless)
        self.assertNotIn("delete out", plan)    # the folder here was looked into
        self.assertRegex(plan, r"New/there +download +1  new on the server, or moved there")
        self.assertRegex(plan, r"New/here +upload +1  new here, or moved there")

    def test_a_plan_tells_what_an_edit_replaces(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.sync()
        for word in ("m0", "m1"):
            found = world.mail.find("INBOX", f"<{word}@")
            world.mail.replace(found, found.read() + b"More.\n")
        world.mail.deliver("INBOX", local(message("ours")), "S", NOON)
        world.mail.settle()
        plan = world.sterna.run("sync", "--dry-run").stdout
        self.assertRegex(plan, r"INBOX +upload +2  edited here")
        self.assertRegex(plan, r"INBOX +upload +1  new here")
        self.assertRegex(plan, r"INBOX +delete out +2  replaced")

    def test_what_a_sync_only_notes_is_nothing_to_do(self):
        world = self.world()
        uids = world.fill("INBOX", 5)
        world.sync()
        for found in world.mail.messages("INBOX"):
            world.mail.set_letters(found, "S")
        world.imap.store("INBOX", uids, "+", ["\\Seen"])
        world.mail.settle()
        plan = world.sterna.run("sync", "--dry-run").stdout
        self.assertIn("nothing to do", plan)

    def test_a_dry_run_says_that_deletions_would_be_held(self):
        world = self.world()
        world.fill("INBOX", 100)
        world.sync()
        for found in world.mail.messages("INBOX")[:80]:
            world.mail.delete(found)
        world.mail.settle()
        world.sterna.run("sync", "--dry-run", expect=6)
        self.assertEqual(len(world.imap.uids("INBOX")), 100)


if __name__ == "__main__":
    unittest.main()
