# SPDX-License-Identifier: Apache-2.0
"""The line is cut or the program killed at a chosen moment; the next sync puts all in step, and
no message is lost or doubled."""
import random
import signal
import unittest

from tests.support.case import IntegrationCase, over
from tests.support.dovecot import MAIN_PROFILES
from tests.support.messages import NOON, local, message
from tests.support.sterna import DONE, NETWORK, PARTLY

CUT = (DONE, PARTLY, NETWORK)


class BrokenCase(IntegrationCase):
    def busy(self, world):
        """A world in step, then with every kind of change on both sides."""
        uids = world.fill("INBOX", 30, flags=["\\Seen"])
        world.fill("Work", 10, "w")
        world.sync()
        world.fill("INBOX", 5, "theirs")
        world.imap.store("INBOX", uids[0:3], "+", ["\\Flagged"])
        world.imap.move("INBOX", uids[3:6], "Work")
        world.imap.expunge("INBOX", uids[6:8])
        for number in range(5):
            world.mail.deliver("INBOX", local(message(f"ours{number}")), "S", NOON)
        for number in range(10, 13):
            world.mail.set_letters(world.mail.find("INBOX", f"<m{number}@"), "FS")
        for number in range(13, 16):
            world.mail.move(world.mail.find("INBOX", f"<m{number}@"), "Work")
        for number in range(16, 18):
            world.mail.delete(world.mail.find("INBOX", f"<m{number}@"))
        expected = [f"m{n}" for n in range(30) if n not in (3, 4, 5, 6, 7, *range(13, 18))]
        self.expected = {
            "INBOX": sorted(expected + [f"theirs{n}" for n in range(5)]
                            + [f"ours{n}" for n in range(5)]),
            "Work": sorted([f"w{n}" for n in range(10)]
                           + [f"m{n}" for n in (3, 4, 5, 13, 14, 15)]),
            "Trash": ["m16", "m17"],
        }

    def assert_converged(self, world, syncs=3):
        for _ in range(syncs):
            world.sync(expect=(DONE, PARTLY))
        for mailbox, words in self.expected.items():
            self.assertEqual(world.words_on_server(mailbox), words, mailbox)
        world.assert_settled()


class CutTest(BrokenCase):
    PLACES = (rb"^LIST", rb"^SELECT|^EXAMINE", rb"FETCH .*BODY", rb"^APPEND", rb"^UID STORE",
              rb"^UID (MOVE|COPY)", rb"^ENABLE", rb"^LOGOUT")

    def test_a_line_cut_before_a_command(self):
        for place in self.PLACES:
            with self.subTest(place=place):
                world = self.world()
                self.busy(world)
                world.wire.cut_before(place)
                world.sync(expect=CUT)
                self.assert_converged(world)

    def test_a_lost_reply(self):
        for profile in MAIN_PROFILES:
            for place in (rb"^APPEND", rb"^UID STORE", rb"^UID (MOVE|COPY)", rb"EXPUNGE"):
                with self.subTest(profile=profile, place=place):
                    world = self.world(profile)
                    self.busy(world)
                    world.wire.lose_reply(place)
                    world.sync(expect=CUT)
                    self.assert_converged(world, 4)

    def test_two_lost_replies_to_an_upload_of_twins(self):
        world = self.world()
        world.sync()
        for _ in range(2):
            world.mail.deliver("INBOX", local(message("twin")), "S", NOON)
        world.wire.lose_reply(rb"^APPEND")
        world.sync(expect=CUT)
        world.wire.lose_reply(rb"^APPEND")
        for _ in range(4):
            world.sync(expect=CUT)
        self.assertEqual(world.words_on_server("INBOX"), ["twin", "twin"])
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_a_download_cut_at_any_byte(self, world):
        world.fill("INBOX", 40)
        world.imap.append("INBOX", message("large", "words and words\n" * 40000), [], NOON)
        dice = random.Random(7)
        for _ in range(6):
            world.wire.cut_download_after(dice.randrange(200, 300_000))
            world.sync(expect=CUT)
        world.wire.cut_download_after(None)
        world.sync()
        self.assertEqual(len(world.words_local("INBOX")), 41)
        world.assert_settled()

    def test_a_rename_of_a_mailbox_whose_reply_is_lost(self):
        world = self.world()
        world.fill("Old", 4)
        world.sync()
        world.mail.rename("Old", "New")
        world.wire.lose_reply(rb"^RENAME")
        world.sync(expect=CUT)
        for _ in range(2):
            world.sync()
        self.assertEqual(world.words_on_server("New"), ["m0", "m1", "m2", "m3"])
        self.assertNotIn("Old", world.imap.mailboxes())
        world.assert_settled()

    def test_a_server_that_goes_away_and_returns(self):
        world = self.world(transport="direct")
        world.fill("INBOX", 3)
        world.sync()
        world.imap.close()
        world.server.pause()
        self.addCleanup(world.server.resume)
        run = world.sterna.run("sync", expect=NETWORK)
        self.assertIn(world.name, run.stderr)
        world.server.resume()
        world.reconnect()
        world.assert_quiet()


class KillTest(BrokenCase):
    def kill_at(self, world, pattern, after=0):
        """One sync, killed with SIGKILL when the command that matches is about to pass."""
        seen = []

        def watch(command):
            if pattern in command:
                seen.append(command)
                if len(seen) == after + 1:
                    world.sterna.signal()
        world.mail.settle()
        world.wire.on_command = watch
        run = world.sterna.finish(world.sterna.start("sync"))
        world.wire.on_command = None
        self.assertIn(run.code, (-9, DONE, PARTLY, NETWORK), str(run))

    def test_killed_before_a_command(self):
        for pattern in (b"LIST", b"SELECT", b"FETCH", b"APPEND", b"STORE", b"MOVE", b"EXPUNGE",
                        b"LOGOUT"):
            with self.subTest(pattern=pattern):
                world = self.world()
                self.busy(world)
                self.kill_at(world, pattern)
                self.assert_converged(world)

    def test_killed_again_and_again_while_it_downloads(self):
        world = self.world()
        world.fill("INBOX", 120)
        dice = random.Random(11)
        for _ in range(5):
            world.wire.cut_download_after(dice.randrange(2000, 60000), world.sterna.signal)
            world.sterna.finish(world.sterna.start("sync"))
        world.wire.cut_download_after(None)
        world.sync()
        self.assertEqual(len(world.words_local("INBOX")), 120)
        world.assert_settled()

    def test_killed_again_and_again_while_it_uploads(self):
        world = self.world()
        world.sync()
        for number in range(60):
            world.mail.deliver("INBOX", local(message(f"n{number}", "words\n" * 200)), "S", NOON)
        for after in range(4):
            self.kill_at(world, b"APPEND", after)
        for _ in range(3):
            world.sync()
        self.assertEqual(world.words_on_server("INBOX"), sorted(f"n{n}" for n in range(60)))
        world.assert_settled()

    def test_interrupted_by_the_user(self):
        world = self.world()
        world.fill("INBOX", 30)
        world.wire.on_command = lambda command: (
            world.sterna.signal(signal.SIGINT) if b"BODY" in command else None)
        run = world.sterna.finish(world.sterna.start("sync"))
        world.wire.on_command = None
        self.assertIn(run.code, (130, DONE), str(run))
        world.sync()
        world.assert_settled()


class RaceTest(BrokenCase):
    """Somebody changes the other side while the sync is under way."""

    def during(self, world, pattern, change):
        done = []

        def act(command):
            if pattern in command and not done:
                done.append(command)
                change()
        world.wire.on_command = act
        world.sync(expect=(DONE, PARTLY))
        world.wire.on_command = None
        self.assertTrue(done, f"no command contained {pattern}")

    @over(MAIN_PROFILES)
    def test_a_message_expunged_while_it_is_fetched(self, world):
        uids = world.fill("INBOX", 5)
        with world.server.client(world.user) as other:
            self.during(world, b"BODY", lambda: other.expunge("INBOX", uids[2]))
        world.sync()
        self.assertEqual(world.words_local("INBOX"), ["m0", "m1", "m3", "m4"])
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_a_message_arrives_while_the_sync_is_under_way(self, world):
        world.fill("INBOX", 5)
        with world.server.client(world.user) as other:
            self.during(world, b"BODY", lambda: other.append("INBOX", message("late"), [], NOON))
        world.sync()
        self.assertIn("late", world.words_local("INBOX"))
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_flags_change_while_the_sync_is_under_way(self, world):
        uids = world.fill("INBOX", 5)
        world.sync()
        world.fill("INBOX", 2, "more")
        with world.server.client(world.user) as other:
            self.during(world, b"BODY",
                        lambda: other.store("INBOX", uids[1], "+", ["\\Flagged"]))
        world.sync()
        self.assertIn("\\Flagged", world.mail.find("INBOX", "<m1@").flags)
        world.assert_settled()

    def test_a_file_renamed_while_its_flags_are_set(self):
        world = self.world()
        uids = world.fill("INBOX", 5)
        world.sync()
        world.imap.store("INBOX", uids, "+", ["\\Flagged"])
        self.during(world, b"SELECT",
                    lambda: world.mail.set_letters(world.mail.find("INBOX", "<m2@"), "S"))
        world.sync()
        self.assertEqual(world.mail.find("INBOX", "<m2@").flags, {"\\Seen", "\\Flagged"})
        world.assert_settled()

    def test_a_file_delivered_and_one_removed_while_the_sync_is_under_way(self):
        world = self.world()
        world.fill("INBOX", 10)
        world.sync()
        world.fill("INBOX", 2, "more")

        def change():
            world.mail.deliver("INBOX", local(message("mine")), None, NOON)
            world.mail.delete(world.mail.find("INBOX", "<m4@"))
        self.during(world, b"BODY", change)
        world.sync()
        world.sync()
        self.assertEqual(world.words_on_server("Trash"), ["m4"])
        self.assertIn("mine", world.words_on_server("INBOX"))
        world.assert_settled()

    def test_a_mailbox_deleted_while_the_sync_is_under_way(self):
        world = self.world()
        world.fill("Work", 5, "w")
        world.fill("INBOX", 5)
        with world.server.client(world.user) as other:
            self.during(world, b"Work", lambda: other.delete("Work"))
        world.sync(expect=(DONE, PARTLY, 6))
        self.assertEqual(len(world.words_local("INBOX")), 5)


if __name__ == "__main__":
    unittest.main()
