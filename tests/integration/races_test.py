# SPDX-License-Identifier: Apache-2.0
"""Somebody changes one side while a sync is under way."""
import unittest

from tests.support.case import IntegrationCase, over
from tests.support.dovecot import MAIN_PROFILES
from tests.support.messages import NOON, local, message
from tests.support.sterna import DONE, PARTLY


class RacesTest(IntegrationCase):
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

    @over(MAIN_PROFILES)
    def test_a_message_that_both_sides_move_while_its_mailboxes_are_looked_at(self, world):
        world.fill("Alpha", 1, "a")
        uids = world.fill("Zeta", 2, "z")
        world.sync()
        world.mail.move(world.mail.find("Zeta", "<z0@"), "Alpha")
        world.imap.store("Zeta", uids[1], "+", ["\\Flagged"])      # so that it is looked at
        with world.server.client(world.user) as other:
            self.during(world, b'SELECT "Zeta"', lambda: other.move("Zeta", uids[0], "Alpha"))
        world.sync()
        self.assertEqual(world.words_on_server("Alpha"), ["a0", "z0"])
        self.assertEqual(world.words_local("Alpha"), ["a0", "z0"])
        world.assert_settled()

    def test_a_file_that_is_moved_to_a_folder_made_meanwhile_is_not_deleted(self):
        """While the sync waits for a deletion to be quiet; its walk knew of no such folder."""
        world = self.world()
        uids = world.fill("INBOX", 3)
        world.sync()
        world.imap.store("INBOX", uids[2], "+", ["\\Flagged"])      # so that it is selected
        world.imap.leave()
        world.mail.delete(world.mail.find("INBOX", "<m1@"))
        moved = world.mail.find("INBOX", "<m0@")
        selected = []

        def act(command):
            if command.startswith(b"SELECT") and not selected:
                selected.append(command)
                world.mail.move(moved, "New")
        world.wire.on_command = act
        world.sterna.sync()
        world.wire.on_command = None
        self.assertTrue(selected)
        world.sync()
        self.assertEqual(world.words_on_server("New"), ["m0"])
        self.assertEqual(world.words_on_server("Trash"), ["m1"])
        world.assert_settled()

    def test_a_mailbox_that_cannot_be_opened_again_keeps_its_changes_for_later(self):
        world = self.world()
        uids = world.fill("Alpha", 2, "a")
        gone = world.fill("Beta", 2, "b")
        world.sync()
        world.imap.store("Alpha", uids[0], "+", ["\\Flagged"])
        world.imap.expunge("Beta", [gone[0]])       # after an absence, all are asked about again
        lists = []

        def between(command):
            if command.startswith(b"LIST"):
                lists.append(command)
                if len(lists) == 2:
                    world.imap.append("Alpha", message("late"), (), NOON)
                    world.wire.refuse(rb'^SELECT "?Alpha"?')
        world.wire.on_command = between
        world.sync(expect=3)
        world.wire.on_command = None
        self.assertGreaterEqual(len(lists), 2)
        world.sync()
        self.assertIn("F", world.mail.find("Alpha", "<a0@").letters)
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
