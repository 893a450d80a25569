# SPDX-License-Identifier: Apache-2.0
"""What servers refuse, and there is a known way around."""
import time
import unittest

from tests.support.messages import NOON, local, message
from tests.support.scripted import ScriptedServer, ScriptedWorld
from tests.support.sterna import PARTLY


class PushTest(unittest.TestCase):
    def test_one_message_that_takes_no_flag_does_not_stop_the_others(self):
        class Picky(ScriptedServer):
            def hook(self, session, tag, text):
                if text.startswith(b"UID STORE") and 5 in self.uids(session, text.split(b" ")[2]):
                    session.say(tag + b" NO [CANNOT] not this one")
                    return True
                return False

        server = Picky()
        server.fill(20)
        world = ScriptedWorld(self, server)
        world.sync()
        for one in world.mail.messages("INBOX"):
            world.mail.add_letters(one, "S")
        report = world.sync(expect=PARTLY)
        self.assertEqual([u for u, m in server.messages().items() if b"\\Seen" not in m[0]], [5])
        self.assertEqual(report["flags_out"], 19)
        self.assertIn("flags UID 5", str(report["errors"]))
        self.assertLess(len(server.sent(rb"^UID STORE")), 15)


class AppendTest(unittest.TestCase):
    def start(self, server):
        server.fill(2)
        world = ScriptedWorld(self, server)
        world.sync()
        return world

    def test_what_cannot_be_said_leaves_what_was_sent_recorded(self):
        class Leaving(ScriptedServer):
            def hook(self, session, tag, text):
                if not text.startswith(b"APPEND") or self.sent(rb"^APPEND")[20:]:
                    return False
                self.on_append(session, tag, text)
                if len(self.sent(rb"^APPEND")) == 3:
                    session.say(b"* BYE enough")
                    session.end()
                return True

        server = Leaving()
        world = self.start(server)
        for number in range(40):
            world.mail.deliver("INBOX", local(message(f"m{number}")), "S", NOON + number)
        world.sync(expect=None)
        # What was answered has rows; only what flew is in doubt, and waits.
        rows, = world.ask_state("SELECT count(*) FROM message")
        doubts, = world.ask_state("SELECT count(*) FROM intent")
        self.assertEqual(rows[0], 5)
        self.assertLessEqual(doubts[0], 16)
        self.assertEqual(world.sync()["uploaded"], 37 - doubts[0])

    def test_a_limit_of_one_mailbox_is_asked_for(self):
        class Small(ScriptedServer):
            capabilities = ScriptedServer.capabilities + b" APPENDLIMIT"

            def status_line(self, name, text):
                line = super().status_line(name, text)
                return line[:-1] + b" APPENDLIMIT 500)" if b"APPENDLIMIT" in text else line

        server = Small()
        world = self.start(server)
        world.mail.deliver("INBOX", local(message("large", "words\n" * 200)), "S", NOON)
        world.mail.deliver("INBOX", local(message("small")), "S", NOON)
        report = world.sync(expect=PARTLY)
        self.assertEqual(len(server.sent(rb"^APPEND")), 1)
        self.assertEqual(report["uploaded"], 1)
        self.assertIn("that the server takes", str(report["errors"]))

    def test_a_mailbox_that_is_missing_is_made_once(self):
        class Forgetful(ScriptedServer):
            made = False

            def hook(self, session, tag, text):
                if text.startswith(b"CREATE"):
                    self.made = True
                if text.startswith(b"APPEND") and not self.made:
                    session.say(tag + b" NO [TRYCREATE] there is none")
                    return True
                return False

        server = Forgetful()
        server.make("Work")
        world = self.start(server)
        for number in range(3):
            world.mail.deliver("Work", local(message(f"new{number}")), "S", NOON)
        self.assertEqual(world.sync()["uploaded"], 3)
        self.assertEqual(len(server.sent(rb"^CREATE")), 1)

    def test_a_server_that_goes_on_missing_it_is_asked_once(self):
        class Stubborn(ScriptedServer):
            def hook(self, session, tag, text):
                if text.startswith(b"APPEND"):
                    session.say(tag + b" NO [TRYCREATE] there is none")
                    return True
                return False

        server = Stubborn()
        server.make("Work")
        world = self.start(server)
        world.mail.deliver("Work", local(message("new")), "S", NOON)
        world.sync(expect=PARTLY)
        self.assertEqual(len(server.sent(rb"^CREATE")), 1)
        self.assertEqual(len(server.sent(rb"^APPEND")), 2)

    def test_a_date_that_is_refused_is_left_out(self):
        class Undated(ScriptedServer):
            def hook(self, session, tag, text):
                if text.startswith(b"APPEND") and b'"' in text.split(b"{")[0].split(b'"', 2)[2]:
                    session.say(tag + b" BAD invalid date")
                    return True
                return False

        server = Undated()
        world = self.start(server)
        world.mail.deliver("INBOX", local(message("new")), "S", NOON)
        self.assertEqual(world.sync()["uploaded"], 1)
        self.assertEqual(len(server.sent(rb"^APPEND")), 2)


class MoveTest(unittest.TestCase):
    def test_a_move_that_the_server_cannot_do_is_a_copy(self):
        class Unmoving(ScriptedServer):
            def hook(self, session, tag, text):
                if text.startswith(b"UID MOVE"):
                    session.say(tag + b" NO [CANNOT] not from here")
                    return True
                return False

        server = Unmoving()
        server.fill(3)
        server.fill(1, "Work")
        world = ScriptedWorld(self, server)
        world.sync()
        world.mail.move(world.mail.messages("INBOX")[0], "Work")
        self.assertEqual(world.sync()["moved_out"], 1)
        self.assertEqual((len(server.messages()), len(server.messages("Work"))), (2, 2))
        self.assertEqual(server.sent(rb"^APPEND"), [])
        world.sync()

    def test_so_is_a_removal(self):
        class Unmoving(ScriptedServer):
            def hook(self, session, tag, text):
                if text.startswith(b"UID MOVE"):
                    session.say(tag + b" NO [CANNOT] not from here")
                    return True
                return False

        server = Unmoving()
        server.fill(3)
        server.make("Trash")
        world = ScriptedWorld(self, server, roles={"trash": "Trash"})
        world.sync()
        world.mail.delete(world.mail.messages("INBOX")[0])
        self.assertEqual(world.sync()["deleted_out"], 1)
        self.assertEqual((len(server.messages()), len(server.messages("Trash"))), (2, 1))

    def test_a_target_that_is_missing_is_made_once(self):
        class Forgetful(ScriptedServer):
            made = False

            def hook(self, session, tag, text):
                if text.startswith(b"CREATE"):
                    self.made = True
                if text.startswith(b"UID MOVE") and not self.made:
                    session.say(tag + b" NO [TRYCREATE] there is none")
                    return True
                return False

        server = Forgetful()
        server.fill(3)
        server.make("Work")
        world = ScriptedWorld(self, server)
        world.sync()
        world.mail.move(world.mail.messages("INBOX")[0], "Work")
        self.assertEqual(world.sync()["moved_out"], 1)
        self.assertEqual(len(server.sent(rb"^CREATE")), 1)


class DateTest(unittest.TestCase):
    def fetch_without_date(self, octets):
        class Undated(ScriptedServer):
            def fetch_line(self, session, uid, items):
                return super().fetch_line(session, uid, items.replace(b"INTERNALDATE", b"X"))

        server = Undated()
        server.add(b"INBOX", octets)
        world = ScriptedWorld(self, server)
        world.sync()
        return world.mail.messages("INBOX")[0].mtime

    def test_a_message_without_a_date_of_the_server_has_that_of_its_header(self):
        self.assertEqual(self.fetch_without_date(message("dated", date=NOON)), NOON)

    def test_and_without_one_in_its_header_that_of_its_arrival(self):
        began = int(time.time())
        mtime = self.fetch_without_date(b"From: a@example.org\r\nSubject: t\r\n\r\nwords\r\n")
        self.assertTrue(began - 2 <= mtime <= time.time() + 2, mtime)


if __name__ == "__main__":
    unittest.main()
