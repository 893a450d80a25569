# SPDX-License-Identifier: Apache-2.0
"""The program is killed at a chosen moment; the next syncs put all in step, and no message is lost
or doubled."""
import random
import signal
import unittest

from tests.support.broken import BrokenCase
from tests.support.case import trade
from tests.support.messages import NOON, local, message


class KillTest(BrokenCase):
    def kill_at(self, world, pattern, after=0):
        """One sync, killed with SIGKILL when the command that matches is about to pass: the first,
        or so many after it."""
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
        # Nothing waits for the answer to LOGOUT: it may be gone by itself.
        ends = (-9, 0) if pattern == b"LOGOUT" else (-9,)
        self.assertIn(run.code, ends, f"{pattern}, {after} after: {run}")

    def test_killed_before_a_command(self):
        for pattern in (b"LIST", b"SELECT", b"FETCH", b"APPEND", b"STORE", b"MOVE", b"LOGOUT"):
            world = self.world()
            self.busy(world, pattern)
            self.kill_at(world, pattern)
        self.assert_converged()

    def test_killed_before_a_copy_or_an_expunge(self):
        for profile in ("no-move", "bare"):
            for pattern in (b"UID COPY", b"EXPUNGE"):
                for after in range(2):
                    world = self.world(profile)
                    self.busy(world, (profile, pattern, after))
                    self.kill_at(world, pattern, after)
        self.assert_converged()

    def test_killed_again_and_again_while_it_downloads(self):
        world = self.world()
        for number in range(120):
            world.imap.append("INBOX", message(f"m{number}", "words\n" * 500), [], NOON + number)
        dice = random.Random(11)
        for _ in range(5):
            world.wire.cut_download_after(dice.randrange(2000, 60000), world.sterna.signal)
            run = world.sterna.finish(world.sterna.start("sync"))
            self.assertEqual(run.code, -9, str(run))
        world.sync()
        self.assertEqual(len(world.words_local("INBOX")), 120)
        world.assert_settled()

    def test_killed_again_and_again_while_it_uploads(self):
        # With MULTIAPPEND a round is one command; without, the line is full of them.
        for profile, places in (("full", (0, 0, 0, 0)), ("no-multiappend", (0, 1, 4, 9)),
                                ("bare", (0, 1, 4, 9))):
            world = self.world(profile)
            world.sync()
            words = []
            for turn, after in enumerate(places):
                for number in range(15):
                    words.append(f"n{turn}x{number}")
                    world.mail.deliver("INBOX", local(message(words[-1], "words\n" * 200)), "S",
                                       NOON)
                self.kill_at(world, b"APPEND", after)
            self.expect(world, profile, {"INBOX": sorted(words)})
        self.assert_converged()

    def test_killed_while_the_deleted_of_others_is_taken_away(self):
        world = self.world("no-uidplus", local_delete="expunge")
        uids = world.fill("INBOX", 3)
        world.imap.store("INBOX", uids[2], "+", ["\\Deleted"])
        world.sync()
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        self.kill_at(world, b"EXPUNGE")
        self.assertEqual(world.imap.flags("INBOX", uids[2]), set())
        world.sync()
        self.assertEqual(world.imap.flags("INBOX", uids[2]), {"\\Deleted"})
        self.assertEqual(world.words_on_server("INBOX"), ["m1", "m2"])
        world.assert_settled()

    def test_killed_while_mailboxes_trade_their_names(self):
        for after in range(3):
            world = self.world()
            world.fill("A", 3, "a")
            world.fill("B", 2, "b")
            world.sync()
            trade(world.mail)
            self.kill_at(world, b"RENAME", after)
            for _ in range(2):
                world.sync()
            self.assertEqual(world.words_on_server("A"), ["b0", "b1"])
            self.assertEqual(world.words_on_server("B"), ["a0", "a1", "a2"])
            self.assertEqual(world.imap.mailboxes(), ["A", "B", "INBOX", "Trash"])
            world.assert_settled()

    def interrupt(self, number):
        """A sync that is told to stop while it fetches; returns its world, in step at last."""
        world = self.world()
        world.fill("INBOX", 30)

        def stop_it(command):
            if b"BODY" in command:
                world.sterna.signal(number)
                world.sterna.wait()     # the server never hears the command
        world.wire.on_command = stop_it
        run = world.sterna.finish(world.sterna.start("sync"))
        world.wire.on_command = None
        self.assertEqual(run.code, 130, str(run))
        said = world.sterna.run("status").stdout
        self.assertIn(f"interrupted\n  sterna sync {world.name}", said)
        self.assertNotIn("failed", said)
        world.sync()
        world.assert_settled()

    def test_interrupted_by_the_user(self):
        self.interrupt(signal.SIGINT)

    def test_the_terminal_goes_away(self):
        self.interrupt(signal.SIGHUP)


if __name__ == "__main__":
    unittest.main()
