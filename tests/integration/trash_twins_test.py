# SPDX-License-Identifier: Apache-2.0
"""Messages of one content that go to the Trash at once, or one after the other: each has its copy
there in the end, whatever the server leaves out or refuses."""
import itertools
import unittest

from tests.integration import ways_test
from tests.support.messages import message
from tests.support.sterna import DONE, PARTLY


class TrashTwinsTest(unittest.TestCase):
    world = ways_test.PartTest.world
    there = ways_test.PartTest.there
    rest = ways_test.PartTest.rest
    delete_all = ways_test.PartTest.delete_all

    class Failing(ways_test.PartTest.Copying):
        """Copies all of them, but for the commands that are to fail."""
        at_a_time = None
        copies = 0

        def fails(self, _session):
            return False

        def on_uid_copy(self, session, tag, text):
            self.copies += 1
            if self.fails(session):
                self.fail(session, tag)
            else:
                super().on_uid_copy(session, tag, text)

        on_uid_move = on_uid_copy

        def fail(self, session, tag):
            session.say(tag + b" OK [COPYUID 7 999 999] done")

    def twins(self, kind, **keys):
        """One in INBOX and one in Work."""
        world = self.world(kind, words=(), **keys)
        for mailbox in (b"INBOX", b"Work"):
            world.server.add(mailbox, message("twin"))
        world.sync()
        return world

    def assert_both_go_to_the_trash(self, kind):
        """Of twins in two mailboxes; also where the Trash is not synced here."""
        for mailboxes in (["*"], ["*", "!Trash"]):
            with self.subTest(mailboxes):
                world = self.twins(kind, mailboxes=mailboxes)
                self.delete_all(world, "INBOX", "Work")
                self.rest(world, "Trash", ["twin"] * 2)
                self.assertEqual(self.there(world, "Work"), [])

    def test_twins_of_two_mailboxes_of_which_the_first_was_not_copied(self):
        class First(self.Failing):
            def fails(self, _session):
                return self.copies == 1

        self.assert_both_go_to_the_trash(First)

    def test_twins_of_two_mailboxes_of_which_the_first_is_not_named(self):
        class First(self.Failing):
            def _copy(self, session, text, uids):
                said = super()._copy(session, text, uids)
                return said if self.copies > 1 else b"[COPYUID 7 999 999]"

        self.assert_both_go_to_the_trash(First)

    def test_twins_of_two_mailboxes_and_a_line_that_dies_between_them(self):
        class Cut(self.Failing):
            def fails(self, _session):
                return self.copies == 2

            def fail(self, session, _tag):
                session.end()

        for mailboxes in (["*"], ["*", "!Trash"]):
            with self.subTest(mailboxes):
                world = self.twins(Cut, mailboxes=mailboxes)
                self.delete_all(world, "INBOX", "Work")
                world.sync(expect=None)
                self.assertEqual(len(self.there(world, "INBOX") + self.there(world, "Work")), 1)
                self.rest(world, "Trash", ["twin"] * 2)
                self.assertEqual(self.there(world, "Work"), [])

    def test_a_twin_goes_to_the_trash_right_before_one_that_was_not_copied_twice(self):
        class Once(self.Failing):
            denied = b"INBOX"

            def fails(self, session):
                return session.mailbox == self.denied

        world = self.twins(Once)
        self.delete_all(world, "INBOX")
        world.sync(expect=(DONE, PARTLY))
        world.server.add(b"Trash", message("another"))
        self.delete_all(world, "Work")
        world.ask_state("UPDATE failure SET next_try_ms = 0")
        world.sync(expect=(DONE, PARTLY))
        world.server.denied = None
        self.rest(world, "Trash", ["another", "twin", "twin"])

    def test_a_twin_whose_expunge_is_refused_keeps_its_copy(self):
        class Stuck(self.Failing):
            stuck = None

            def hook(self, session, tag, text):
                if session.mailbox != self.stuck or not text.startswith(b"UID EXPUNGE"):
                    return False
                session.say(tag + b" NO not now")
                return True

        for stuck, at_once in itertools.product(("INBOX", "Work"), (False, True)):
            with self.subTest(stuck, at_once=at_once):
                world = self.twins(Stuck)
                world.server.stuck = stuck.encode()
                self.delete_all(world, stuck)
                if not at_once:
                    world.sync(expect=PARTLY)
                self.delete_all(world, "INBOX", "Work")
                world.sync(expect=(DONE, PARTLY))
                world.server.stuck = None
                self.rest(world, "Trash", ["twin"] * 2)
                self.assertEqual(self.there(world, "Work"), [])

    def test_twins_while_the_trash_is_not_looked_at(self):
        for targets in ((), ("acc/INBOX",)):
            with self.subTest(targets):
                world = self.world(ways_test.PartTest.Copying, None)
                for _ in range(2):
                    world.server.add(b"INBOX", message("twin"))
                world.sterna.sync(*targets)
                self.delete_all(world, "INBOX")
                world.mail.settle()
                world.sterna.sync("acc/INBOX", expect=(DONE, PARTLY))
                self.rest(world, "Trash", ["twin"] * 2)

    def test_an_older_twin_in_a_trash_that_is_not_looked_at(self):
        class Cut(self.Failing):
            def fails(self, _session):
                return self.copies == 1

            def fail(self, session, _tag):
                session.end()

        world = self.world(Cut, words=["twin"])
        world.server.add(b"Trash", message("twin"))
        world.sync()
        self.delete_all(world, "INBOX")
        world.mail.settle()
        world.sterna.sync("acc/INBOX", expect=None)
        self.rest(world, "Trash", ["twin"] * 2)


if __name__ == "__main__":
    unittest.main()
