# SPDX-License-Identifier: Apache-2.0
"""What makes a mailbox, or a message, the same one: its content, not its numbers."""
import unittest

from tests.support.case import IntegrationCase
from tests.support.messages import NOON, local, message
from tests.support.scripted import ScriptedServer, ScriptedWorld
from tests.support.sterna import HELD


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


if __name__ == "__main__":
    unittest.main()
