# SPDX-License-Identifier: Apache-2.0
"""What makes a mailbox, or a message, the same one: its content, not its numbers."""
import unittest

from tests.support.case import IntegrationCase
from tests.support.messages import NOON, local, message
from tests.support.scripted import ScriptedServer, ScriptedWorld
from tests.support.sterna import HELD, PARTLY


class Numbered(ScriptedServer):
    """Each mailbox has a UIDVALIDITY of its own, but for those of which a test says otherwise."""

    def __init__(self):
        self.validities = {}
        super().__init__()

    def uidvalidity(self, name):
        return self.validities.setdefault(name, 100 + len(self.validities))

    def rename(self, old, new):
        for table in (self.mailboxes, self.next_uid, self.validities):
            table[new.encode()] = table.pop(old.encode())

    def replace(self, old, new, body):
        """Another mailbox, which has nothing in common with the old one but its numbers."""
        count = len(self.mailboxes.pop(old.encode()))
        validity = self.uidvalidity(old.encode())
        self.fill(count, new, body)
        self.validities[new.encode()] = validity


def bodies(world, name):
    return sorted(one.read().split(b"\n\n")[1] for one in world.mail.messages(name))


class MailboxTest(unittest.TestCase):
    def world(self, server, count):
        server.fill(1)
        server.fill(count, "Alpha", b"alpha")
        world = ScriptedWorld(self, server)
        world.sync()
        return world

    def assert_not_renamed(self, world, count):
        for _ in range(3):
            world.sync(expect=HELD)
        self.assertEqual(bodies(world, "Alpha"), [b"alpha\n"] * count)
        self.assertEqual(bodies(world, "Beta"), [b"betas\n"] * count)
        self.assertIn("Alpha", world.sterna.run("held", expect=None).stdout)

    def test_one_uidvalidity_for_all_makes_no_rename_of_equal_counts(self):
        server = ScriptedServer()
        world = self.world(server, 2)
        del server.mailboxes[b"Alpha"]
        server.fill(2, "Beta", b"betas")
        self.assert_not_renamed(world, 2)

    def test_equal_numbers_and_other_mail_make_no_rename(self):
        server = Numbered()
        world = self.world(server, 20)
        server.replace("Alpha", "Beta", b"betas")
        self.assert_not_renamed(world, 20)

    def test_one_other_message_among_those_that_are_compared_makes_no_rename(self):
        server = Numbered()
        world = self.world(server, 8)
        server.rename("Alpha", "Beta")
        _flags, octets = server.mailboxes[b"Beta"][5]
        server.mailboxes[b"Beta"][5][1] = octets.replace(b"Subject: t", b"Subject: u")
        for _ in range(2):
            world.sync(expect=HELD)
        self.assertEqual(len(world.mail.messages("Alpha")), 8)
        self.assertEqual(len(world.mail.messages("Beta")), 8)

    def test_equal_numbers_and_the_same_mail_make_a_rename(self):
        for count in (1, 2, 30):
            with self.subTest(count):
                server = Numbered()
                world = self.world(server, count)
                names = {one.name for one in world.mail.messages("Alpha")}
                server.rename("Alpha", "Beta")
                del server.commands[:]
                world.sync()
                self.assertEqual({one.name for one in world.mail.messages("Beta")}, names)
                self.assertNotIn("Alpha", world.mail.mailboxes())
                self.assertEqual(server.sent(rb"BODY\.PEEK\[\]"), [])
                compared = set()
                for command in server.sent(rb"^UID FETCH .*HEADER"):
                    compared |= {int(uid) for part in command.split(b" ")[2].split(b",")
                                 for uid in part.split(b":")}
                self.assertLessEqual(compared, set(range(1, count + 1)))
                self.assertIn(1, compared)
                self.assertIn(count, compared)


class MessageTest(IntegrationCase):
    """A file and its message may differ: each side is asked about what it has itself."""

    def paired(self, *mailboxes):
        world = self.world()
        for name in ("Sent", *mailboxes):
            world.imap.create(name)
        world.sync()
        raw = message("sent")
        world.imap.append("Sent", b"X-Server: adds this\r\n" + raw, ["\\Seen"], NOON)
        world.mail.deliver("Sent", local(raw), "S", NOON + 60)
        world.sync()
        self.assertEqual(len(world.mail.messages("Sent")), 1)
        self.assertEqual(world.words_on_server("Sent"), ["sent"])
        return world

    def test_a_message_paired_by_its_message_id_can_be_deleted_here(self):
        world = self.paired()
        world.mail.delete(world.mail.messages("Sent")[0])
        world.sync()
        self.assertEqual(world.words_on_server("Sent"), [])
        self.assertEqual(world.words_on_server("Trash"), ["sent"])
        self.assertEqual(world.sync()["quarantined"], 0)

    def test_a_message_paired_by_its_message_id_can_be_moved_here(self):
        world = self.paired("Archive")
        world.mail.move(world.mail.messages("Sent")[0], "Archive")
        report = world.sync()
        self.assertEqual((report["moved_out"], report["uploaded"]), (1, 0))
        self.assertEqual(world.words_on_server("Sent"), [])
        self.assertEqual(world.words_on_server("Archive"), ["sent"])
        # What is known of it went along.
        world.mail.delete(world.mail.messages("Archive")[0])
        world.sync()
        self.assertEqual(world.words_on_server("Archive"), [])

    def test_a_message_paired_by_its_message_id_can_be_moved_on_the_server(self):
        world = self.paired("Archive")
        world.imap.move("Sent", world.imap.uids("Sent"), "Archive")
        report = world.sync()
        self.assertEqual((report["moved_in"], report["bodies_fetched"]), (1, 0))
        self.assertEqual(world.words_local("Archive"), ["sent"])
        self.assertEqual(world.mail.messages("Sent"), [])
        world.mail.delete(world.mail.messages("Archive")[0])
        world.sync()
        self.assertEqual(world.words_on_server("Archive"), [])

    def test_another_message_under_its_uid_is_still_told_apart(self):
        world = self.paired()
        world.ask_state("UPDATE message SET remote_header = zeroblob(32), remote_size = 1")
        world.mail.delete(world.mail.messages("Sent")[0])
        world.sync(expect=PARTLY)
        self.assertEqual(world.words_on_server("Sent"), ["sent"])


class Rewriting(ScriptedServer):
    def add(self, name, octets, flags=()):
        if not octets.startswith(b"X-Stored"):
            octets = b"X-Stored: here\r\n" + octets
        return super().add(name, octets, flags)


class RewritingTest(unittest.TestCase):
    def world(self):
        server = Rewriting()
        for name in ("Drafts", "Trash"):
            server.make(name)
        world = ScriptedWorld(self, server)
        world.sync()
        return server, world

    def test_a_draft_that_is_saved_three_times_is_one_draft(self):
        server, world = self.world()
        for number in range(3):
            for old in world.mail.messages("Drafts"):
                world.mail.delete(old)
            text = local(message("draft", f"version {number}\n"))
            world.mail.deliver("Drafts", text, "DS", NOON + number)
            for _ in range(2):
                world.sync()
        (_flags, octets), = server.messages("Drafts").values()
        self.assertIn(b"version 2", octets)
        self.assertEqual(len(server.messages("Trash")), 2)

    def test_all_of_many_can_be_deleted(self):
        server, world = self.world()
        for number in range(130):
            world.mail.deliver("Drafts", local(message(f"d{number}")), "DS", NOON + number)
        world.sync()
        self.assertEqual(world.ask_state("SELECT count(*) FROM message WHERE mailbox = (SELECT id "
                                         "FROM mailbox WHERE name = 'Drafts') AND "
                                         "remote_header IS NULL"), [(0,)])
        for old in world.mail.messages("Drafts")[:10]:
            world.mail.delete(old)
        world.sync()
        self.assertEqual(len(server.messages("Drafts")), 120)
        self.assertEqual(len(server.messages("Trash")), 10)


if __name__ == "__main__":
    unittest.main()
