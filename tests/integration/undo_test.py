# SPDX-License-Identifier: Apache-2.0
"""The undo area is left by what was in it long enough, and by nothing else."""
import unittest

from tests.support.case import IntegrationCase

DAY_MS = 86_400_000


class UndoTest(IntegrationCase):
    def deleted(self, world):
        """A message that a sync took out of the Maildir."""
        uids = world.fill("INBOX", 5)
        world.sync()
        world.imap.expunge("INBOX", uids[0])
        world.sync()
        self.assertEqual(len(world.undo_area()), 1)

    def live(self, world, days):
        """As if syncs had been made for so many days."""
        world.ask_state("UPDATE fact SET value = value + ? WHERE key = 'lived_ms'",
                        days * DAY_MS)

    def test_a_message_leaves_it_after_its_days(self):
        world = self.world(undo="3d")
        self.deleted(world)
        self.live(world, 2)
        world.sync()
        self.assertEqual(len(world.undo_area()), 1)
        self.live(world, 2)
        world.sync()
        self.assertEqual(world.undo_area(), [])
        self.assertEqual(world.ask_state("SELECT file FROM undo"), [])
        world.assert_settled()

    def test_a_clock_that_was_years_behind_empties_nothing(self):
        world = self.world(undo="3d")
        self.deleted(world)
        world.ask_state("UPDATE fact SET value = '1000' WHERE key = 'last_sync_ms'")
        world.ask_state("UPDATE undo SET at_ms = 1000")
        world.ask_state("UPDATE history SET at_ms = 1000")
        world.sync()
        world.sync()
        self.assertEqual(len(world.undo_area()), 1)
        self.assertEqual(len(world.ask_state("SELECT file FROM undo")), 1)
        self.assertGreater(len(world.ask_state("SELECT id FROM history")), 5)

    def test_history_is_kept_for_ninety_days(self):
        world = self.world()
        self.deleted(world)
        self.live(world, 89)
        world.sync()
        self.assertGreater(len(world.sterna.run("history").stdout.splitlines()), 5)
        self.live(world, 2)
        world.sync()
        self.assertEqual(world.ask_state("SELECT id FROM history"), [])
        self.assertEqual(world.ask_state("SELECT uid FROM tombstone"), [])
        self.assertEqual(world.ask_state("SELECT id FROM removal"), [])
        world.assert_settled()


if __name__ == "__main__":
    unittest.main()
