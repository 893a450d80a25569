# SPDX-License-Identifier: Apache-2.0
"""Flushes that fail, and those that must have been made before something is recorded or sent."""
import errno
import os
import unittest

from tests.support.case import IntegrationCase
from tests.support.flushes import Flushes
from tests.support.messages import NOON, message
from tests.support.sterna import FAILED, PARTLY


class FailedFlushTest(IntegrationCase):
    """What could not be flushed has not come, whatever can be seen of it."""

    def test_of_a_group_whose_flush_failed_nothing_is_recorded(self):
        for error in (errno.EIO, errno.ENOSPC):
            with self.subTest(errno.errorcode[error]):
                world = self.world()
                flushes = Flushes(world)
                world.sync()
                world.imap.append_many("INBOX", [(message(f"m{number}"), [], NOON + number)
                                                 for number in range(1500)])
                flushes.fail("syncfs", 1, error)
                report = world.sync(expect=(FAILED, PARTLY))
                self.assertIn("flushing the file system", report["stderr"])
                # The first group: none came before it, and what comes after it would be newer.
                self.assertEqual(world.ask_state("SELECT count(*) FROM message"), [(0,)])
                self.assertGreater(len(world.mail.messages("INBOX")), 8)
                flushes.be_sound()
                world.sync()
                self.assertEqual(len(world.imap.uids("INBOX")), 1500)
                world.assert_settled()

    def test_the_rest_of_a_body_is_read_past(self):
        """The line goes on, and who was told of the body is gone."""
        world = self.world(connections=1)
        flushes = Flushes(world)
        world.sync()
        lines = ("x" * 75 + "\n") * 12000
        world.imap.append_many("INBOX", [(message(f"m{number}", lines), [], NOON + number)
                                         for number in range(90)])
        world.fill("Work", 200, "w")
        world.sterna.extra_environment["MALLOC_PERTURB_"] = "165"
        flushes.fail("syncfs", 1, errno.EIO)
        report = world.sync(expect=PARTLY)
        failed = [e for e in report["errors"] if "flushing the file system" in str(e)]
        self.assertEqual(len(failed), 1, report)
        self.assertEqual(len(world.mail.messages("Work")), 200)
        flushes.be_sound()
        world.sync()
        world.assert_settled()


class RenamedFileTest(IntegrationCase):
    """A name that goes back with the power would look like the user's hand."""

    def flushed_before_it_is_said(self, **keys):
        """What was flushed of the mail when the server is told of a flag that was set here: beside
        it the marker is written ahead, and the root of the Maildir flushed with it."""
        world = self.world(**keys)
        world.fill("INBOX", 3)
        world.sync()
        flushes = Flushes(world)
        world.mail.add_letters(world.mail.find("INBOX", "<m0@"), "S")
        world.mail.add_letters(world.mail.find("INBOX", "<m1@"), "S")
        seen = []
        world.wire.on_command = lambda text: seen.append(flushes.all()) \
            if text.startswith(b"UID STORE") else None
        self.assertEqual(world.sync()["flags_out"], 2)
        self.assertEqual(len(seen), 1)
        world.assert_in_step()
        root = os.path.realpath(world.mail.root)
        return [(call, path[len(root):]) for call, path in seen[0]
                if path.startswith(f"{root}/") and not path.startswith(f"{root}/..sterna")]

    def test_its_directory_is_flushed_once_before_the_server_is_told(self):
        self.assertEqual(self.flushed_before_it_is_said(), [("fsync", "/INBOX/cur")])

    def test_where_nothing_is_to_be_flushed_neither_is_this(self):
        self.assertEqual(self.flushed_before_it_is_said(fsync=False), [])


class MarkerAheadTest(IntegrationCase):
    """The marker is written ahead where there is news, and not where nothing came to pass."""

    def test_a_sync_without_news_writes_nothing_into_the_maildir(self):
        world = self.world(expunge_flagged=True)
        world.fill("INBOX", 3)
        world.sync()
        world.sync()
        flushes = Flushes(world)
        world.sync()
        root = os.path.realpath(world.mail.root)
        self.assertEqual([path for _, path in flushes.all() if path.startswith(root)], [])


class MovedFileTest(IntegrationCase):
    """A program that saves a message elsewhere removes the old file, and flushes nothing."""

    def test_the_directory_that_it_left_is_flushed_before_the_server_is_told(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.imap.create("Work")
        world.sync()
        flushes = Flushes(world)
        found = world.mail.find("INBOX", "<m0@")
        world.mail.move(found, "Work")
        seen = []
        world.wire.on_command = lambda text: seen.append(flushes.all()) \
            if text.startswith(b"UID MOVE") else None
        self.assertEqual(world.sync()["moved_out"], 1)
        self.assertEqual(len(seen), 1)
        self.assertIn(("fsync", os.path.realpath(f"{world.mail.folder('INBOX')}/{found.place}")),
                      seen[0])


if __name__ == "__main__":
    unittest.main()
