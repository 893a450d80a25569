# SPDX-License-Identifier: Apache-2.0
"""A server that says which mailbox and which message it is: MAILBOXID and EMAILID (RFC 8474)."""
import hashlib
import unittest

from tests.support.scripted import ScriptedServer, ScriptedWorld
from tests.support.sterna import PARTLY


class Identifying(ScriptedServer):
    """OBJECTID: a mailbox keeps its id whatever it is called, equal messages have the same."""

    capabilities = ScriptedServer.capabilities + b" OBJECTID"

    def __init__(self):
        self.ids = {}
        super().__init__()

    def make(self, name):
        self.ids.setdefault(name.encode(), b"F%d" % (len(self.ids) + 100))
        super().make(name)

    def rename(self, old, new):
        super().rename(old, new)
        self.ids[new.encode()] = self.ids.pop(old.encode())

    def status_line(self, name, text):
        line = super().status_line(name, text)
        return line[:-1] + b" MAILBOXID (%s))" % self.ids[name] if b"MAILBOXID" in text else line

    def on_select(self, session, tag, text):
        name = self._argument(text)
        if name in self.ids:
            session.say(b"* OK [MAILBOXID (%s)] it is" % self.ids[name])
        super().on_select(session, tag, text)

    def fetch_line(self, session, uid, items):
        line = super().fetch_line(session, uid, items)
        if b"EMAILID" not in items:
            return line
        octets = self.mailboxes[session.mailbox][uid][1]
        return line[:-1] + b" EMAILID (M%s))" % hashlib.sha1(octets).hexdigest().encode()


class MailboxIdTest(unittest.TestCase):
    def start(self, *names, count=3):
        server = Identifying()
        for name in names:
            server.fill(count, name)
        world = ScriptedWorld(self, server)
        world.sync()
        world.assert_settled()
        return world

    def assert_nothing_was_moved(self, report):
        for count in ("bodies_fetched", "downloaded", "uploaded", "deleted_in", "deleted_out",
                      "moved_in", "moved_out", "held"):
            self.assertEqual(report[count], 0, count)

    # All of them hold as many messages, under one UIDVALIDITY: their ids alone tell them apart.
    def test_mailboxes_that_are_alike_are_renamed_on_the_server(self):
        world = self.start("A", "B", "C")
        for old, new in (("A", "X"), ("B", "Y"), ("C", "Z/Deep")):
            world.server.rename(old, new)
        self.assert_nothing_was_moved(world.sync())
        self.assertEqual(world.mail.mailboxes(), ["INBOX", "X", "Y", "Z/Deep"])
        world.assert_settled()

    def test_where_the_ids_are_refused_it_goes_without(self):
        class Refusing(Identifying):
            def refused(self, session, tag, text):
                if b"MAILBOXID" in text:
                    session.say(tag + b" BAD what is that?")
                return b"MAILBOXID" in text

            def on_list(self, session, tag, text):
                if not self.refused(session, tag, text):
                    super().on_list(session, tag, text)

            def on_status(self, session, tag, text):
                if not self.refused(session, tag, text):
                    super().on_status(session, tag, text)

        server = Refusing()
        server.fill(3, "A")
        world = ScriptedWorld(self, server)
        world.sync()
        self.assertTrue(server.sent(rb"\bMAILBOXID\b"), "never asked for")
        server.fill(1, "A")
        self.assertEqual(world.sync()["downloaded"], 1)
        world.assert_settled()

    def test_two_mailboxes_trade_names_on_the_server(self):
        world = self.start("A", "B")
        for old, new in (("A", "T"), ("B", "A"), ("T", "B")):
            world.server.rename(old, new)
        reports = [world.sync(), world.sync()]
        self.assertEqual([r["bodies_fetched"] for r in reports], [0, 0])
        world.assert_settled()

    def test_a_mailbox_that_got_mail_too_is_renamed_on_the_server(self):
        world = self.start("A", "B")
        world.server.rename("A", "X")
        world.server.fill(2, "X")
        del world.server.messages("X")[1]
        report = world.sync()
        self.assertEqual((report["downloaded"], report["deleted_in"]), (2, 1))
        self.assertEqual(world.mail.mailboxes(), ["B", "INBOX", "X"])
        world.assert_settled()

    def test_another_mailbox_took_the_name(self):
        world = self.start("A", "B")
        world.server.rename("A", "Old")
        world.server.fill(3, "A", body=b"other words")
        reports = [world.sync(), world.sync()]
        self.assertEqual(sum(r["downloaded"] for r in reports), 3)
        self.assertEqual(sum(r["deleted_in"] for r in reports), 0)
        world.assert_settled()

    def test_a_rename_here_is_one_command(self):
        world = self.start("A", "B")
        world.mail.rename("A", "X")
        self.assert_nothing_was_moved(world.sync())
        self.assertEqual(len(world.server.sent(rb"^RENAME")), 1)
        self.assertEqual(world.server.sent(rb"^(CREATE|DELETE)"), [])
        world.assert_settled()

    def test_a_rename_without_an_answer_is_known_by_the_id(self):
        class Leaving(Identifying):
            def on_rename(self, session, tag, text):
                super().on_rename(Deaf(), tag, text)
                session.end()

        class Deaf:
            def say(self, *_lines):
                """Nobody hears it."""

        server = Leaving()
        for name in ("A", "B"):
            server.fill(3, name)
        world = ScriptedWorld(self, server)
        world.sync()
        world.mail.rename("A", "X")
        world.sync(expect=None)
        self.assertIn(b"X", server.mailboxes)
        self.assert_nothing_was_moved(world.sync())
        self.assertEqual(len(server.sent(rb"^RENAME")), 1)
        self.assertEqual(server.sent(rb"^(CREATE|DELETE)"), [])
        world.assert_settled()


class EmailIdTest(unittest.TestCase):
    HEAD = b"From: a@example.org\r\nMessage-ID: <same@x>\r\nSubject: t\r\n\r\n"

    def start(self, server):
        """Two messages whose header and size are the same, and whose bodies are not."""
        for word in (b"words", b"sword"):
            server.add(b"INBOX", self.HEAD + word + b"\r\n")
        for name in ("One", "Two"):
            server.make(name)
        world = ScriptedWorld(self, server)
        world.sync()
        world.assert_settled()
        return world

    @staticmethod
    def move_there(server, uid, target):
        flags, octets = server.messages().pop(uid)
        return server.add(target, octets, flags)

    def test_messages_that_look_alike_are_followed_to_where_each_went(self):
        for first, second in ((b"One", b"Two"), (b"Two", b"One")):
            with self.subTest(first=first):
                world = self.start(Identifying())
                self.move_there(world.server, 1, first)
                self.move_there(world.server, 2, second)
                report = world.sync()
                self.assertEqual((report["moved_in"], report["bodies_fetched"]), (2, 0))
                world.assert_settled()

    def test_a_message_that_is_another_one_by_now_is_not_removed(self):
        world = self.start(Identifying())
        world.server.make("Trash")
        world.sync()
        # As after a restored server: UID 1 is another message of the same date and size.
        other = world.server.messages()[1][1].replace(b"Subject: t", b"Subject: u")
        world.server.messages()[1][1] = other
        world.mail.delete(world.mail.find("INBOX", b"words"))
        report = world.sync(expect=PARTLY)
        self.assertIn("UID 1 is not the message", str(report["errors"]))
        self.assertEqual(world.server.messages()[1][1], other)
        self.assertEqual(world.server.messages("Trash"), {})

    def test_a_copy_in_another_mailbox_costs_no_octets(self):
        world = self.start(Identifying())
        for uid, name in ((1, b"One"), (2, b"Two"), (2, b"One")):
            world.server.add(name, world.server.messages()[uid][1])
        report = world.sync()
        self.assertEqual((report["downloaded"], report["bodies_fetched"]), (3, 0))
        world.assert_settled()

    def test_the_id_is_asked_for_with_what_else_is_asked(self):
        world = self.start(Identifying())
        fetches = world.server.sent(rb"^UID FETCH .*BODY\.PEEK")
        self.assertEqual([f for f in fetches if b"EMAILID" not in f], [])
        self.assertNotEqual(fetches, [])
        self.assertEqual(world.ask_state("SELECT count(*) FROM message WHERE email_id LIKE 'M%'"),
                         [(2,)])


if __name__ == "__main__":
    unittest.main()
