# SPDX-License-Identifier: Apache-2.0
"""Flushes that fail, and those that must have been made before something is recorded or sent."""
import errno
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
                flushes = Flushes(self, world)
                world.sync()
                world.imap.append_many("INBOX", [(message(f"m{number}"), [], NOON + number)
                                                 for number in range(1500)])
                flushes.fail("syncfs", 1, error)
                report = world.sync(expect=(FAILED, PARTLY))
                self.assertIn("syncfs", report["stderr"])
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
        flushes = Flushes(self, world)
        world.sync()
        lines = ("x" * 75 + "\n") * 12000
        world.imap.append_many("INBOX", [(message(f"m{number}", lines), [], NOON + number)
                                         for number in range(90)])
        world.fill("Work", 200, "w")
        world.sterna.extra_environment["MALLOC_PERTURB_"] = "165"
        flushes.fail("syncfs", 1, errno.EIO)
        report = world.sync(expect=PARTLY)
        self.assertEqual(len([e for e in report["errors"] if "syncfs" in str(e)]), 1, report)
        self.assertEqual(len(world.mail.messages("Work")), 200)
        flushes.be_sound()
        world.sync()
        world.assert_settled()


if __name__ == "__main__":
    unittest.main()
