# SPDX-License-Identifier: Apache-2.0
"""A server like Gmail's: a message has one X-GM-MSGID under all its labels, which are mailboxes,
and none is stored twice.
"""
import os
import unittest

from tests.support.case import need_steps
from tests.support.messages import NOON, local, message, word_of
from tests.support.personalities import GmailStore
from tests.support.scripted import ScriptedServer, ScriptedWorld
from tests.support.sterna import PARTLY


class Gmail(GmailStore):
    capabilities = ScriptedServer.capabilities + b" X-GM-EXT-1"


class GmailTest(unittest.TestCase):
    def start(self, server=None, **keys):
        server = server or Gmail()
        server.fill(3)
        server.make("Label")
        server.make("[Gmail]/Trash")
        world = ScriptedWorld(self, server, roles={"trash": "[Gmail]/Trash"}, **keys)
        world.sync()
        return world

    def test_a_message_under_two_labels_is_two_files(self):
        world = self.start()
        flags, octets = world.server.messages()[1]
        world.server.add(b"Label", octets, flags)
        self.assertEqual(world.sync()["deleted_in"], 0)
        self.assertEqual(len(world.mail.messages("INBOX")), 3)
        self.assertEqual(len(world.mail.messages("Label")), 1)
        world.assert_settled()

    def test_a_label_that_was_traded_for_another_is_a_move(self):
        world = self.start()
        flags, octets = world.server.messages().pop(1)
        world.server.add(b"Label", octets, flags)
        report = world.sync()
        self.assertEqual((report["moved_in"], report["bodies_fetched"]), (1, 0))
        world.assert_settled()

    def test_a_copy_to_another_label_goes_up_once(self):
        world = self.start()
        world.mail.copy(world.mail.find("INBOX", "<INBOX-1@"), "Label")
        world.sync()
        self.assertEqual(len(world.server.messages("Label")), 1)
        self.assertEqual(len(world.server.messages()), 3)
        world.assert_settled()

    def test_a_second_file_of_a_message_is_not_sent_and_does_no_harm(self):
        world = self.start()
        found = world.mail.find("INBOX", "<INBOX-1@")
        world.mail.copy(found, "INBOX")
        for _ in range(2):
            self.assertEqual(world.sync()["uploaded"], 0)
        self.assertEqual(world.server.sent(rb"^APPEND"), [])
        # One of the two goes: the message stays, as the other file is here.
        world.mail.delete(found)
        world.sync()
        self.assertEqual(sorted(world.server.messages()), [1, 2, 3])
        self.assertEqual(world.server.messages("[Gmail]/Trash"), {})
        # With the last one it goes.
        world.mail.delete(world.mail.find("INBOX", "<INBOX-1@"))
        world.sync()
        self.assertEqual(sorted(world.server.messages()), [2, 3])
        self.assertEqual(len(world.server.messages("[Gmail]/Trash")), 1)

    def test_what_is_flagged_deleted_here_goes_to_the_trash_and_the_flag_is_never_sent(self):
        world = self.start()
        world.mail.add_letters(world.mail.find("INBOX", "<INBOX-1@"), "T")
        world.sync()
        world.sync()
        self.assertEqual(sorted(world.server.messages()), [2, 3])
        self.assertEqual(len(world.server.messages("[Gmail]/Trash")), 1)
        self.assertEqual(len(world.mail.messages("INBOX")), 2)
        self.assertEqual(world.server.sent(rb"STORE.*Deleted"), [])
        world.assert_settled()

    def test_a_policy_that_keeps_messages_keeps_what_is_flagged_deleted_here(self):
        world = self.start(local_delete="ignore")
        world.mail.add_letters(world.mail.find("INBOX", "<INBOX-1@"), "T")
        for _ in range(2):
            world.sync()
        self.assertEqual(sorted(world.server.messages()), [1, 2, 3])
        self.assertEqual(world.server.sent(rb"STORE"), [])
        self.assertIn("T", world.mail.find("INBOX", "<INBOX-1@").letters)
        world.ask_state("UPDATE fact SET value = value + 7200000 WHERE key = 'lived_ms'")
        world.sync()
        self.assertEqual(world.ask_state("SELECT * FROM history WHERE event = 'doubted'"), [])

    def test_an_upload_that_is_there_already_gets_the_uid_of_what_is_there(self):
        class Racing(Gmail):
            """What is sent comes in by another way just before."""
            raced = None

            def on_append(self, session, tag, text):
                if self.raced is None:
                    octets = text.partition(b"}\r\n")[2]
                    self.raced = self.add(self._argument(text), octets)
                super().on_append(session, tag, text)

        world = self.start(Racing())
        world.mail.deliver("Label", local(message("sent")), "S", NOON)
        self.assertEqual(world.sync()["uploaded"], 1)
        report = world.sync()
        self.assertEqual((report["downloaded"], report["uploaded"]), (0, 0))
        self.assertEqual(len(world.server.sent(rb"^APPEND")), 1)
        self.assertEqual(world.words("Label"), ["sent"])
        self.assertEqual(list(world.server.messages("Label")), [world.server.raced])

    def test_an_upload_that_is_taken_for_a_known_message_loses_neither(self):
        class Sloppy(Gmail):
            """Messages of one Message-ID are one."""
            def find_octets(self, name, octets):
                named = word_of(octets)
                return next((u for u, kept in self.mailboxes[name].items()
                             if word_of(kept[1]) == named), None)

        world = self.start(Sloppy())
        world.mail.deliver("Label", local(message("twin")), "S", NOON)
        world.sync()
        world.mail.deliver("Label", local(message("twin", body="Other words.\n")), "S", NOON)
        for _ in range(3):
            world.sync(expect=None)
            world.ask_state("UPDATE intent SET at_ms = at_ms - 3600000")
        self.assertEqual(len(world.server.messages("Label")), 1)
        bodies = sorted(m.read().rsplit(b"\n\n", 1)[1] for m in world.mail.messages("Label"))
        self.assertEqual(bodies, [b"A few words.\n", b"Other words.\n"])
        self.assertLessEqual(len(world.server.sent(rb"^APPEND")), 4)
        rows = world.ask_state("SELECT count(*) FROM message m JOIN mailbox b ON m.mailbox = b.id "
                               "WHERE b.name = 'Label' AND m.state = 'present'")
        self.assertEqual(rows, [(1,)])


class Counting(Gmail):
    """Notes of which messages it sent the octets."""

    def __init__(self):
        self.sent_bodies = []
        super().__init__()

    def fetch_line(self, session, uid, items):
        if b"BODY.PEEK[]" in items:
            self.sent_bodies.append((session.mailbox.decode(), uid))
        return super().fetch_line(session, uid, items)


class TwinTest(unittest.TestCase):
    """A message under several labels is fetched once, and is a file under each."""

    HEAD = b"From: a@example.org\r\nMessage-ID: <same@x>\r\nSubject: t\r\n\r\n"

    def start(self, server=None, labels=("Label",), count=3, **keys):
        server = server or Counting()
        server.fill(count)
        for label in labels:
            server.make(label)
        return ScriptedWorld(self, server, **keys)

    def start_synced(self, server=None):
        """A message that is here, and got one more label there since."""
        world = self.start(server, ("Label", "[Gmail]/Trash"), roles={"trash": "[Gmail]/Trash"})
        world.sync()
        self.add_label(world, 1)
        del world.server.sent_bodies[:]
        return world

    @staticmethod
    def add_label(world, uid, label=b"Label"):
        flags, octets = world.server.messages()[uid]
        return world.server.add(label, octets, flags)

    def assert_comes_without_octets(self, world, count=1):
        report = world.sync()
        self.assertEqual((report["downloaded"], report["bodies_fetched"]), (count, 0))
        self.assertEqual(world.server.sent_bodies, [])
        world.assert_settled()

    def assert_comes_from_the_server(self, world, *bodies):
        report = world.sync()
        self.assertEqual((report["downloaded"], report["bodies_fetched"]), (1, 1))
        self.assertEqual(world.server.sent_bodies, [*bodies])

    # ---- one download

    def test_a_first_sync_fetches_each_message_once_whatever_its_labels(self):
        # Over more than one connection, and in more than one stretch of UIDs.
        server = Counting()
        labels = ("All Mail", "Important", "Work")
        world = self.start(server, labels, count=1100)
        for label in labels:
            for _, octets in list(server.messages().values())[:1050]:
                server.add(label.encode(), octets)
        report = world.sync()
        self.assertEqual(report["downloaded"], 1100 + 3 * 1050)
        self.assertEqual((report["bodies_fetched"], len(server.sent_bodies)), (1100, 1100))
        world.assert_settled()

    def test_a_label_that_is_added_costs_no_octets(self):
        world = self.start_synced()
        world.server.messages("Label")[1][0] |= {b"\\Flagged", b"Later"}
        self.assert_comes_without_octets(world)
        first = world.mail.find("INBOX", "<INBOX-1@")
        twin = world.mail.find("Label", "<INBOX-1@")
        self.assertEqual(twin.read(), first.read())
        self.assertEqual((twin.flags, twin.mtime), ({"\\Flagged", "Later"}, first.mtime))
        # Two files: who writes into one of them has not written into the other.
        self.assertEqual(os.stat(twin.path).st_nlink, 1)
        rows = world.ask_state("SELECT reason FROM history WHERE mailbox = 'Label' "
                               "AND event = 'downloaded'")
        self.assertEqual(len(rows), 1)
        self.assertTrue(rows[0][0].endswith("; copied from INBOX"), rows)

    def test_what_is_in_one_mailbox_twice_is_fetched_once(self):
        world = self.start()
        for label in (b"INBOX", b"INBOX", b"Label", b"Label"):
            self.add_label(world, 1, label)
        self.assertEqual(world.sync()["bodies_fetched"], 3)
        world.assert_settled()

    def test_a_large_message_is_copied_whole(self):
        server = Counting()
        octets = self.HEAD + b"line of words\r\n" * 100_000 + b"and no end of line"
        server.add(b"INBOX", octets)
        world = self.start(server)
        world.sync()
        server.add(b"Label", octets)
        del server.sent_bodies[:]
        self.assert_comes_without_octets(world)

    def test_the_twin_of_a_message_lives_by_itself(self):
        world = self.start_synced()
        world.sync()
        world.mail.delete(world.mail.find("INBOX", "<INBOX-1@"))
        world.sync()
        self.assertEqual(world.words("Label"), ["INBOX-1"])
        self.assertEqual(list(world.server.messages("Label")), [1])
        world.assert_settled()

    def test_a_server_without_ids_is_asked_nothing_more(self):
        class Nameless(Counting):
            capabilities = ScriptedServer.capabilities

        world = self.start(Nameless())
        self.add_label(world, 1)
        self.assertEqual(world.sync()["bodies_fetched"], 4)
        self.assertEqual([f for f in world.server.sent(rb"^UID FETCH")
                          if b"BODY.PEEK[]" not in f and b"FLAGS" not in f], [])
        world.assert_settled()

    # ---- a file that is no source is not believed, and the message comes from the server

    def test_a_source_that_vanishes_before_it_is_read_is_no_source(self):
        class Racing(Counting):
            race = None

            def hook(self, session, tag, text):
                if self.race and session.mailbox == b"Label" and b"BODY.PEEK[HEADER]" in text:
                    self.race()
                    self.race = None
                return False

        def make_link(path):
            os.unlink(path)
            os.symlink("/dev/null", path)

        for change in ("delete", "rename", "cut", "swap", "link"):
            with self.subTest(change=change):
                world = self.start_synced(Racing())
                found = world.mail.find("INBOX", "<INBOX-1@")
                content = found.read()
                world.server.race = {
                    "delete": lambda w=world, f=found: w.mail.delete(f),
                    "rename": lambda w=world, f=found: w.mail.add_letters(f, "S"),
                    "cut": lambda f=found: os.truncate(f.path, 40),
                    "swap": lambda w=world, f=found: w.mail.replace(f, f.read()[::-1]),
                    "link": lambda f=found: make_link(f.path),
                }[change]
                self.assert_comes_from_the_server(world, ("Label", 1))
                self.assertIsNone(world.server.race)
                self.assertEqual(world.mail.find("Label", "<INBOX-1@").read(), content)

    def test_a_source_that_was_edited_is_no_source(self):
        world = self.start_synced()
        found = world.mail.find("INBOX", "<INBOX-1@")
        content = found.read()
        with open(found.path, "ab") as out:
            out.write(b"A note of mine.\n")
        report = world.sync()
        self.assertEqual((report["bodies_fetched"], report["uploaded"]), (1, 1))
        self.assertEqual(world.server.sent_bodies[0], ("Label", 1))
        self.assertEqual(world.words("Label"), ["INBOX-1"])
        self.assertEqual(world.mail.find("Label", "<INBOX-1@").read(), content)

    def test_a_source_whose_edit_does_not_show_is_read_and_is_no_source(self):
        world = self.start_synced()
        found = world.mail.find("INBOX", "<INBOX-1@")
        content, stat = found.read(), os.stat(found.path)
        with open(found.path, "r+b") as out:
            out.write(content.replace(b"words", b"sword"))
        os.utime(found.path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        self.assert_comes_from_the_server(world, ("Label", 1))
        self.assertEqual(world.mail.find("Label", "<INBOX-1@").read(), content)

    def test_one_id_of_different_messages_makes_none_of_them_another(self):
        class Constant(Counting):
            @staticmethod
            def number_of(_octets):
                return 42

        other = self.HEAD.replace(b"Subject: t", b"Subject: u")
        for name, octets in (("header", other + b"words\r\n"),
                             ("size", self.HEAD + b"more words\r\n")):
            for both_new in (True, False):
                with self.subTest(differs=name, both_new=both_new):
                    server = Constant()
                    server.add(b"INBOX", self.HEAD + b"words\r\n")
                    world = self.start(server, count=1)
                    if not both_new:
                        world.sync()
                    server.add(b"Label", octets)
                    world.sync()
                    self.assertIn(("Label", 1), server.sent_bodies)
                    self.assertEqual(len(server.sent_bodies), 3)
                    world.assert_settled()

    def test_what_cannot_be_had_under_one_uid_is_fetched_under_the_others(self):
        class Poisoned(Counting):
            """Hands the message out under one of its labels alone."""

            def on_uid_fetch(self, session, tag, text):
                bad = b"BODY.PEEK[]" in text and 1 in self.uids(session, text.split(b" ")[2])
                if bad and session.mailbox == b"INBOX":
                    session.say(tag + b" NO [UNAVAILABLE] not now")
                else:
                    super().on_uid_fetch(session, tag, text)

        for labels in ([b"Label"], [b"INBOX", b"INBOX"], [b"Label", b"INBOX", b"INBOX"]):
            with self.subTest(labels=labels):
                world = self.start(Poisoned(), count=2)
                for label in labels:
                    self.add_label(world, 1, label)
                report = world.sync(expect=PARTLY)
                self.assertEqual((report["downloaded"], report["quarantined"]),
                                 (1 + len(labels), 1))
                words = world.words() + world.words("Label")
                self.assertEqual(sorted(words), ["INBOX-1"] * len(labels) + ["INBOX-2"])

    # ---- a crash

    def test_a_sync_that_dies_while_it_copies_loses_and_doubles_nothing(self):
        need_steps()
        for step in ("delivery.written", "delivery.placed", "delivery.flushed",
                     "download.recorded", "plan.executed"):
            with self.subTest(step=step):
                world = self.start_synced()
                world.mail.settle()
                run = world.sterna.die_at(step, "sync")
                self.assertEqual(run.code, -9, run)
                self.assertEqual(world.server.sent_bodies, [])
                world.sync()
                self.assertEqual(world.words("Label"), ["INBOX-1"])
                self.assertEqual(world.server.sent_bodies, [])
                self.assertEqual(world.server.sent(rb"^APPEND"), [])
                world.assert_settled()


if __name__ == "__main__":
    unittest.main()
