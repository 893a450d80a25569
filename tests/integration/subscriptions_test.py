# SPDX-License-Identifier: Apache-2.0
"""`subscribed_only`: what is subscribed is policy. It comes and goes, and no mail with it."""
import unittest

from tests.support.case import IntegrationCase, over
from tests.support.messages import NOON, local, message

PROFILES = ("full", "no-list-status", "no-list-extended", "bare")


class SubscribedOnlyTest(IntegrationCase):
    def synced(self, world):
        world.sterna.set(world.name, subscribed_only=True)
        world.fill("INBOX", 2, "i")
        world.fill("Work", 3, "w")
        world.fill("Other", 1, "o")
        world.imap.subscribe("Work")
        world.sync()

    @over(PROFILES)
    def test_inbox_is_synced_though_nobody_subscribed_to_it(self, world):
        self.synced(world)
        self.assertEqual(world.mail.mailboxes(), ["INBOX", "Work"])
        self.assertEqual(world.words_local("INBOX"), ["i0", "i1"])
        run = world.sterna.run("mailboxes", world.name, options=("--no-input", "--json"))
        lines = {o["name"]: o["included"] for o in run.json()["mailboxes"]}
        self.assertEqual((lines["INBOX"], lines["Work"], lines["Other"]), (True, True, False))

    @over(PROFILES)
    def test_an_unsubscribed_mailbox_is_left_alone_on_both_sides(self, world):
        self.synced(world)
        world.imap.unsubscribe("Work")
        for _ in range(3):
            report = world.sync()
            self.assertEqual((report["held"], report["deleted_in"], report["deleted_out"]),
                             (0, 0, 0))
        self.assertEqual(world.words_local("Work"), ["w0", "w1", "w2"])
        self.assertEqual(world.words_on_server("Work"), ["w0", "w1", "w2"])
        world.mail.deliver("Work", local(message("mine")), "S", NOON)
        self.assertEqual(world.sync()["uploaded"], 0)

    @over(PROFILES)
    def test_subscribed_again_both_sides_are_paired(self, world):
        self.synced(world)
        world.imap.unsubscribe("Work")
        world.sync()
        world.mail.delete(world.mail.messages("Work")[0])
        world.mail.deliver("Work", local(message("mine")), "S", NOON)
        world.imap.append("Work", message("theirs"))
        world.imap.subscribe("Work")
        report = world.sync()
        self.assertEqual((report["uploaded"], report["deleted_in"], report["deleted_out"]),
                         (1, 0, 0))
        self.assertEqual(world.words_on_server("Work"), ["mine", "theirs", "w0", "w1", "w2"])
        world.assert_settled(skip=("Other", "Trash"))

    def test_a_mailbox_made_here_is_subscribed(self):
        world = self.world()
        self.synced(world)
        world.mail.deliver("Mine", local(message("mine")), "S", NOON)
        world.sync()
        self.assertIn("Mine", world.imap.subscribed())
        world.assert_settled(skip=("Other", "Trash"))


if __name__ == "__main__":
    unittest.main()
