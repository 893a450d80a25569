# SPDX-License-Identifier: Apache-2.0
"""A server like Gmail's: a message has one X-GM-MSGID under all its labels, which are mailboxes,
and none is stored twice.
"""
import unittest

from tests.support.messages import NOON, local, message, word_of
from tests.support.personalities import GmailStore
from tests.support.scripted import ScriptedServer, ScriptedWorld


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


if __name__ == "__main__":
    unittest.main()
