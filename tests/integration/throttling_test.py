# SPDX-License-Identifier: Apache-2.0
"""A server that asks to be left alone for a while: what it says is what is waited, by all
connections of the account, and said; what was done stays done, and the rest comes then.
"""
import contextlib
import os
import time
import unittest

from tests.support.daemon import Daemon
from tests.support.messages import NOON, local, message
from tests.support.scripted import ScriptedServer, ScriptedWorld
from tests.support.sterna import NETWORK, PARTLY

NAME = "acc"
HINT = b"Request is throttled. Suggested Backoff Time: %d milliseconds"
WAIT_MS = 3000


class Throttling(ScriptedServer):
    """Refuses commands that begin with `pattern` while it is busy; knows when anybody knocked."""

    pattern, answer = b"", b""

    def __init__(self):
        self.busy = False
        self.knocks = []
        self.sessions = []
        super().__init__()

    def greet(self, session):
        self.knocks.append(time.monotonic())
        self.sessions.append(session)
        super().greet(session)

    def cut_all(self):
        for session in self.sessions:
            with contextlib.suppress(OSError):
                session.end()

    def hook(self, session, tag, text):
        if not self.busy or not text.startswith(self.pattern):
            return super().hook(session, tag, text)
        if self.answer.startswith(b"BYE"):
            session.say(b"* " + self.answer)
            session.end()
        else:
            session.say(tag + b" " + self.answer)
        return True


class AtLogin(Throttling):
    pattern, answer = b"AUTHENTICATE", b"BAD " + HINT % WAIT_MS


class AmidFetch(ScriptedServer):
    """Gives two bodies, and no more that day."""

    busy = True

    def on_uid_fetch(self, session, tag, text):
        if not self.busy or b"BODY.PEEK[]" not in text:
            super().on_uid_fetch(session, tag, text)
            return
        for uid in self.uids(session, text.split(b" ")[2])[:2]:
            session.say(self.fetch_line(session, uid, text))
        session.say(tag + b" NO Account exceeded command or bandwidth limits. (Failure)")


class Bye(Throttling):
    pattern, answer = b"LIST", b"BYE Down for maintenance, try again in 3 seconds"


class AmidChanges(Throttling):
    """Takes so many of the commands that match, and no more that day."""

    taken = 2
    answer = b"NO [THROTTLED] " + HINT % WAIT_MS

    def __init__(self, pattern):
        self.pattern = pattern
        super().__init__()

    def hook(self, session, tag, text):
        if self.busy and text.startswith(self.pattern) and self.taken > 0:
            self.taken -= 1
            return False
        return super().hook(session, tag, text)


class ThrottledMessage(ScriptedServer):
    """Cannot read one of its messages, and says so as it does when it is busy."""

    refused = True

    def on_uid_fetch(self, session, tag, text):
        asked = self.uids(session, text.split(b" ")[2])
        if not self.refused or b"BODY.PEEK[]" not in text or 3 not in asked:
            super().on_uid_fetch(session, tag, text)
            return
        session.say(tag + b" NO Server Unavailable. 15")


class SyncTest(unittest.TestCase):
    def assert_told(self, world, *words):
        world.server.busy = True
        connections = world.server.connections
        run = world.sterna.run("sync", expect=NETWORK)
        for word in (NAME, *words):
            self.assertIn(word, run.stderr)
        self.assertEqual(world.server.connections, connections + 1, "it knocked again")
        world.server.busy = False

    def test_it_ends_as_where_there_is_no_network(self):
        for server, words in ((AtLogin(), ("login", "3000 milliseconds")),
                              (Bye(), ("closes the connection", "maintenance"))):
            with self.subTest(type(server).__name__):
                server.fill(3)
                world = ScriptedWorld(self, server)
                world.sync()
                self.assert_told(world, *words)
                server.fill(2)
                self.assertEqual(world.sync()["downloaded"], 2)


    def test_what_came_before_stays_and_the_rest_comes_then(self):
        server = AmidFetch()
        server.fill(30)
        world = ScriptedWorld(self, server)
        run = world.sterna.run("sync", expect=(PARTLY, NETWORK))
        self.assertIn("bandwidth limits", run.stderr)
        self.assertEqual(len(server.sent(rb"BODY\.PEEK\[\]")), 1, "it asked for more")
        self.assertEqual(len(world.mail.messages("INBOX")), 2)
        server.busy = False
        self.assertEqual(world.sync()["downloaded"], 28)
        world.assert_settled()

    def assert_left_alone(self, world, commands_max):
        """A sync that is refused: no more than what was on its way, one line, nothing parked."""
        server = world.server
        server.busy = True
        world.mail.settle()
        run = world.sterna.run("sync", expect=(PARTLY, NETWORK))
        self.assertLessEqual(len(server.sent(server.pattern)), commands_max, "it asked for more")
        self.assertEqual(run.stderr.count("milliseconds"), 1, run.stderr)
        self.assertEqual(world.ask_state("SELECT * FROM failure"), [])
        server.busy = False
        world.sync()
        world.assert_settled()

    def test_uploads_stop(self):
        world = ScriptedWorld(self, AmidChanges(b"APPEND"))
        world.sync()
        for number in range(60):
            world.mail.deliver("INBOX", local(message(f"mine{number}")), "S", NOON)
        self.assert_left_alone(world, 2 + 16)  # so many are on their way at a time
        self.assertEqual(len(world.server.messages()), 60)

    def test_flags_stop(self):
        server = AmidChanges(b"UID STORE")
        server.fill(20)
        world = ScriptedWorld(self, server)
        world.sync()
        for number, mail in enumerate(world.mail.messages("INBOX")):
            world.mail.set_letters(mail, ("F", "S", "R", "FS")[number % 4])
        self.assert_left_alone(world, 4)  # as many as there are kinds of changes
        self.assertEqual(sum(b"\\Seen" in flags for flags, _ in server.messages().values()), 10)

    def test_removals_and_moves_stop(self):
        for pattern in (b"UID EXPUNGE", b"UID MOVE"):
            with self.subTest(pattern):
                server = AmidChanges(pattern)
                server.taken = 0
                server.fill(4)
                server.make("Other")
                server.make("Third")
                world = ScriptedWorld(self, server)
                world.sync()
                mails = world.mail.messages("INBOX")
                world.mail.delete(mails[0])
                for mail, target in zip(mails[1:3], ("Other", "Third")):
                    world.mail.move(mail, target)
                self.assert_left_alone(world, 1)

    def test_a_mark_that_could_not_be_taken_back_is_not_forgotten(self):
        """The message was marked, its EXPUNGE refused, and its file comes back meanwhile."""
        server = AmidChanges(b"UID EXPUNGE")
        server.taken = 0
        server.fill(3)
        world = ScriptedWorld(self, server, local_delete="expunge")
        world.sync()
        mail = world.mail.messages("INBOX")[0]
        aside = f"{world.dir}/aside"
        os.rename(mail.path, aside)
        world.mail.settle()
        server.busy = True
        world.sterna.run("sync", expect=(PARTLY, NETWORK))
        self.assertEqual(sum(rb"\Deleted" in flags for flags, _ in server.messages().values()), 1)
        os.rename(aside, mail.path)
        server.busy = False
        for _ in range(3):
            world.sync()
        self.assertEqual(len(server.messages()), 3)
        self.assertEqual([flags for flags, _ in server.messages().values()
                          if rb"\Deleted" in flags], [])
        self.assertEqual([m.letters for m in world.mail.messages("INBOX") if "T" in m.letters], [])
        world.assert_settled()

    def test_who_hangs_up_behind_it_is_left_alone_all_the_same(self):
        class HangsUp(AmidChanges):
            def hook(self, session, tag, text):
                refused = super().hook(session, tag, text)
                if refused:
                    session.end()
                return refused

        world = ScriptedWorld(self, HangsUp(b"APPEND"))
        world.sync()
        for number in range(3):
            world.mail.deliver("INBOX", local(message(f"mine{number}")), "S", NOON)
        self.assert_left_alone(world, 3)

    def test_one_message_that_is_refused_so_stops_no_other(self):
        server = ThrottledMessage()
        server.fill(6)
        world = ScriptedWorld(self, server)
        run = world.sterna.run("sync", expect=PARTLY)
        self.assertIn("Server Unavailable", run.stderr)
        self.assertEqual(len(world.mail.messages("INBOX")), 5)
        server.refused = False
        world.ask_state("UPDATE failure SET next_try_ms = 0")
        self.assertEqual(world.sync()["downloaded"], 1)
        world.assert_settled()


class DaemonTest(unittest.TestCase):
    def live(self, server):
        server.fill(3)
        world = ScriptedWorld(self, server)
        daemon = self.enterContext(Daemon(world.sterna))
        daemon.wait(lambda: len(world.mail.messages("INBOX")) == 3, "three messages")
        return world, daemon

    def assert_waits(self, world, daemon, *words):
        """Told at the first knock; nobody knocks again before the time that was named."""
        server = world.server
        server.busy = True
        server.cut_all()
        world.mail.deliver("INBOX", local(message("mine")), "S", NOON)
        daemon.wait_for_state(NAME, "backoff")
        told = server.knocks[-1]
        account = world.sterna.command_json("status")["accounts"][0]
        for word in words:
            self.assertIn(word, str(account))
        daemon.wait(lambda: server.knocks[-1] > told, "another knock")
        self.assertGreaterEqual(server.knocks[-1] - told, WAIT_MS / 1000)
        server.busy = False
        server.fill(2)
        daemon.wait(lambda: len(server.messages()) == 6, "what was written here")
        daemon.wait(lambda: len(world.mail.messages("INBOX")) == 6, "what came there")

    def test_it_waits_as_told_at_its_login(self):
        world, daemon = self.live(AtLogin())
        self.assert_waits(world, daemon, "3000 milliseconds")

    def test_a_bye_that_says_so_is_no_line_that_was_cut(self):
        world, daemon = self.live(Bye())
        self.assert_waits(world, daemon, "maintenance")


if __name__ == "__main__":
    unittest.main()
