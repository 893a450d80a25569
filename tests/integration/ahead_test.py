# SPDX-License-Identifier: Apache-2.0
"""While the files of one mailbox are flushed the next one is selected and comes: what comes behind
a SELECT that was refused, or of another mailbox than it was, is no message of it."""
import errno
import os
import unittest

from tests.support.flushes import Flushes
from tests.support.scripted import ScriptedServer, ScriptedWorld
from tests.support.sterna import PARTLY

NAMES = ("INBOX", "A", "B")


class Selecting(ScriptedServer):
    """Counts the SELECTs of each mailbox: the first is a look, the second brings its bodies."""

    def __init__(self):
        super().__init__()
        self.selected = {}
        self.bodies = []        # of which mailbox, in their order
        for name in NAMES:
            self.fill(3, name)

    def on_select(self, session, tag, text):
        name = self._argument(text)
        self.selected[name] = self.selected.get(name, 0) + 1
        if not self.bend(session, tag, name):
            super().on_select(session, tag, text)

    def bend(self, session, tag, name):
        """Answers a SELECT in another way; true if it did."""
        return False

    def fetch_line(self, session, uid, items):
        if b"BODY.PEEK[]" in items:
            self.bodies.append(session.mailbox.decode())
        return super().fetch_line(session, uid, items)


class AheadTest(unittest.TestCase):
    def pull(self, server, expect=0, **keys):
        world = ScriptedWorld(self, server, **keys)
        report = world.sync(expect=expect)
        return world, report

    def assert_all_here(self, world):
        for name in NAMES:
            self.assertEqual(world.words(name), [f"{name}-{uid}" for uid in (1, 2, 3)])
        world.assert_settled()

    def test_the_fetch_is_there_before_the_select_is_answered(self):
        class Patient(Selecting):
            unanswered = 0

            def bend(self, session, tag, name):
                if self.selected[name] == 2 and name != b"INBOX":
                    # What is in its buffer, or comes within ten seconds.
                    session.client.settimeout(10)
                    self.unanswered += b"UID FETCH" in session.file.peek(1)
                    session.client.settimeout(None)
                return False

        server = Patient()
        world, report = self.pull(server)
        self.assertEqual(server.unanswered, 2)
        self.assertEqual(report["bodies_fetched"], 9)
        self.assertEqual(sorted(server.bodies), sorted(name for name in NAMES for _ in range(3)))
        self.assert_all_here(world)

    def test_what_a_refused_select_leaves_selected_is_not_taken_for_the_mailbox(self):
        class Refusing(Selecting):
            def bend(self, session, tag, name):
                if name != b"A" or self.selected[name] != 2:
                    return False
                session.say(tag + b" NO not now")       # and the one before stays selected
                return True

        server = Refusing()
        world, report = self.pull(server)
        self.assertEqual((server.selected[b"A"], server.selected[b"B"]), (3, 2))
        self.assertEqual(server.bodies.count("INBOX"), 6)       # three were told in vain
        self.assertEqual(report["downloaded"], 9)
        self.assert_all_here(world)

    def test_a_mailbox_that_was_replaced_meanwhile_is_looked_at_again(self):
        class Replaced(Selecting):
            def uidvalidity(self, name):
                return 8 if name == b"A" and self.selected.get(name, 0) >= 2 else 7

        server = Replaced()
        world, report = self.pull(server)
        self.assertEqual(report["downloaded"], 9)
        self.assertEqual(world.ask_state("SELECT DISTINCT uidvalidity FROM mailbox ORDER BY 1"),
                         [(7,), (8,)])
        self.assert_all_here(world)

    def test_a_line_that_ends_behind_it_costs_the_next_sync_nothing_twice(self):
        class Ending(Selecting):
            ends = True

            def bend(self, session, tag, name):
                if not self.ends or name != b"A" or self.selected[name] != 2:
                    return False
                self.ends = False
                session.end()
                return True

        server = Ending()
        world = ScriptedWorld(self, server)
        world.sterna.run("sync", expect=None)
        self.assertEqual(world.words("INBOX"), ["INBOX-1", "INBOX-2", "INBOX-3"])
        self.assertEqual(world.sync()["bodies_fetched"], 6)
        self.assert_all_here(world)

    def test_one_command_at_a_time_asks_for_nothing_ahead(self):
        server = Selecting()
        world, _ = self.pull(server, quirks={"pipeline_depth_max": 1})
        self.assertEqual(server.bodies, ["INBOX"] * 3 + ["A"] * 3 + ["B"] * 3)
        self.assert_all_here(world)


class BesideFlushTest(unittest.TestCase):
    """The files of INBOX are not flushed before A has come whole."""

    def world(self):
        class Telling(Selecting):
            last_of_a = None        # a pipe

            def fetch_line(self, session, uid, items):
                if b"BODY.PEEK[]" in items and session.mailbox == b"A" and uid == 1:
                    os.write(self.last_of_a, b"here")
                return super().fetch_line(session, uid, items)

        server = Telling()
        server.fill(100)
        server.fill(300, "A")
        server.fill(400, "B")       # which comes last
        world = ScriptedWorld(self, server, connections=1)
        flushes = Flushes(world)
        flushes.count_below(f"{os.path.realpath(world.mail.root)}/INBOX")
        server.last_of_a = flushes.let_wait("syncfs", 1)
        self.addCleanup(os.close, server.last_of_a)
        return world, flushes

    def test_the_next_mailbox_comes_whole_while_the_one_before_is_flushed(self):
        world, flushes = self.world()
        world.sync()
        self.assertEqual([path for call, path in flushes.all() if call == "late"], [])
        self.assertEqual(world.ask_state("SELECT count(*) FROM message"), [(103 + 303 + 403,)])
        flushes.be_sound()
        world.assert_settled()

    def test_a_flush_that_fails_takes_nothing_from_the_one_that_came_meanwhile(self):
        for error in (errno.EIO, errno.ENOSPC):
            with self.subTest(errno.errorcode[error]):
                world, flushes = self.world()
                flushes.fail("syncfs", 1, error)
                world.sync(expect=PARTLY)
                rows = dict(world.ask_state("SELECT name, count(message.uid) FROM mailbox LEFT JOIN"
                                            " message ON mailbox = id GROUP BY name"))
                self.assertEqual((rows["INBOX"], rows["A"]), (0, 303))
                flushes.be_sound()
                world.sync()
                world.assert_settled()


if __name__ == "__main__":
    unittest.main()
