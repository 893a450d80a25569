# SPDX-License-Identifier: Apache-2.0
"""Many mailboxes that changed on a server without QRESYNC: asked about in a row, and each believed
for itself."""
import unittest

from tests.support.case import IntegrationCase, over
from tests.support.sterna import NETWORK, PARTLY

WITHOUT_QRESYNC = ("condstore", "plain", "bare")
NAMES = [f"box{i:02}" for i in range(24)]
TOLD = rb"^UID FETCH 1:"


class LooksTest(IntegrationCase):
    @staticmethod
    def fill(world):
        for name in NAMES:
            world.fill(name, 2)
        world.sync()
        for name in NAMES:
            world.imap.store(name, 1, "+", ["\\Flagged"])
        world.wire.forget()

    @over(WITHOUT_QRESYNC)
    def test_they_are_asked_about_before_the_first_one_is_answered(self, world):
        self.fill(world)
        world.wire.hold_until_together(TOLD, 4)
        report = world.sync()
        self.assertEqual(report["flags_in"], len(NAMES))
        self.assertEqual(len(world.wire.sent(TOLD)), len(NAMES))
        self.assertEqual(len(world.wire.sent(rb'^SELECT "?box')), len(NAMES))
        world.assert_settled()

    @over(WITHOUT_QRESYNC)
    def test_one_that_is_refused_is_not_taken_for_the_one_before(self, world):
        """The FETCH behind it reaches a server that has the mailbox before still open."""
        self.fill(world)
        for _ in range(2):      # in the row, and alone
            world.wire.refuse(rb'^SELECT "?box05')
        report = world.sync(expect=PARTLY)
        self.assertIn("mailbox box05", report["errors"][0]["message"])
        self.assertEqual(len(world.wire.sent(TOLD)), len(NAMES))
        self.assertEqual(report["flags_in"], len(NAMES) - 1)
        self.assertEqual([m.flags for m in world.mail.messages("box05")], [frozenset()] * 2)
        self.assertEqual(world.sync()["flags_in"], 1)
        world.assert_settled()

    @over(WITHOUT_QRESYNC)
    def test_a_line_that_is_cut_among_them_takes_nothing_with_it(self, world):
        self.fill(world)
        world.wire.cut_before(rb'^SELECT "?box12')
        world.sync(expect=NETWORK)
        self.assertEqual([m.flags for m in world.mail.messages("box03")], [frozenset()] * 2)
        self.assertEqual(world.sync()["flags_in"], len(NAMES))
        world.assert_settled()

    @over(WITHOUT_QRESYNC)
    def test_what_came_and_went_in_some_of_them(self, world):
        self.fill(world)
        for name in NAMES[:3]:
            world.fill(name, 1, "late")
        world.imap.expunge(NAMES[4], [2])
        world.fill(NAMES[5], 1, "late")
        world.imap.expunge(NAMES[5], [1])
        report = world.sync()
        self.assertEqual((report["downloaded"], report["deleted_in"]), (4, 2))
        world.assert_settled()

    @over(("plain", "bare"))
    def test_one_without_messages_is_not_asked_about(self, world):
        self.fill(world)
        world.sync()
        world.imap.expunge(NAMES[7], [1, 2])
        world.sync()
        world.wire.forget()
        world.sync()
        self.assertEqual(len(world.wire.sent(rb'^SELECT "?box')), len(NAMES) - 1)
        world.fill(NAMES[7], 1, "again")
        self.assertEqual(world.sync()["downloaded"], 1)
        world.assert_settled()


if __name__ == "__main__":
    unittest.main()
