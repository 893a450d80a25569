# SPDX-License-Identifier: Apache-2.0
"""The tools of the other tests, tested: an oracle that sees nothing proves nothing."""
import os
import tempfile
import unittest

from tests.support import oracle
from tests.support.case import server
from tests.support.dovecot import PASSWORD, PROFILES
from tests.support.imap_client import Imap, ImapError, decode_name, encode_name
from tests.support.maildir import Maildir, escape_component, unescape
from tests.support.messages import NOON, local, message
from tests.support.wire import Wire


class OracleTest(unittest.TestCase):
    def setUp(self):
        self.user = server().new_user()
        self.imap = server().client(self.user)
        self.addCleanup(self.imap.close)
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.mail = Maildir(scratch.name)
        self.imap.append("INBOX", message("one"), ["\\Seen", "work"], NOON)
        self.mail.create("INBOX")
        self.mail.name_keyword("INBOX", "a", "work")

    def deliver(self, data=None, letters="Sa", mtime=NOON):
        return self.mail.deliver("INBOX", data or local(message("one")), letters, mtime)

    def test_equal_sides_are_in_step(self):
        self.deliver()
        self.assertEqual(oracle.differences(self.imap, self.mail), [])

    def test_every_kind_of_difference_is_seen(self):
        for difference in ({"letters": "S"}, {"letters": "Fa"}, {"mtime": NOON + 1},
                           {"data": local(message("one", "Other words.\n"))}):
            path = self.deliver(**difference)
            self.assertEqual(len(oracle.differences(self.imap, self.mail)), 2, difference)
            os.unlink(path)

    def test_a_doubled_message_is_seen(self):
        self.deliver()
        self.deliver()
        (line,) = oracle.differences(self.imap, self.mail)
        self.assertIn("only local: 1 x", line)

    def test_a_mailbox_of_one_side_is_seen(self):
        self.deliver()
        self.imap.create("日本/Elsewhere")
        self.assertEqual(len(oracle.differences(self.imap, self.mail)), 1)

    def test_a_file_left_in_tmp_is_seen(self):
        self.deliver()
        open(f"{self.mail.folder('INBOX')}/tmp/x", "wb").close()
        self.assertEqual(len(oracle.differences(self.imap, self.mail)), 1)


class NamesTest(unittest.TestCase):
    def test_names_go_both_ways(self):
        for name in ("plain", "a & b", "日本語", "Входящие/Κόσμος", "🗻 mixed & é", "tilde~"):
            self.assertEqual(decode_name(encode_name(name)), name)
        self.assertEqual(encode_name("台北"), "&U,BTFw-")

    def test_escaped_components_go_both_ways(self):
        for name in ("plain", ".hidden", "..", "cur", "100%", "bell\x07", "日本"):
            self.assertEqual(unescape(escape_component(name)), name)
        self.assertEqual(escape_component(".."), "%2E.")


class WireTest(unittest.TestCase):
    def connect(self, profile="full", missing=()):
        self.wire = Wire(server().address(profile), server().port, missing or PROFILES[profile])
        self.addCleanup(self.wire.close)
        self.user = server().new_user()
        client = Imap("127.0.0.1", self.wire.port, self.user, PASSWORD)
        self.addCleanup(client.close)
        return client

    def test_what_is_offered_passes(self):
        client = self.connect()
        self.assertEqual(client.append("INBOX", message("one"), [], NOON), 1)
        client.select("INBOX")
        client.command("UID STORE 1 +FLAGS (\\Deleted)")
        client.command("UID EXPUNGE 1")
        self.assertEqual(self.wire.violations, [])
        self.assertEqual(len(self.wire.sent(rb"^UID (STORE|EXPUNGE)")), 2)

    def test_what_is_not_offered_is_refused(self):
        for command in ("UID EXPUNGE 1", "UID MOVE 1 INBOX", "ENABLE CONDSTORE", "NAMESPACE",
                        'LIST "" "*" RETURN (STATUS (MESSAGES))', "STATUS INBOX (HIGHESTMODSEQ)",
                        "UID SEARCH RETURN (ALL) ALL", "APPEND INBOX {3+}\r\nabc"):
            client = self.connect("bare")
            client.select("INBOX")
            with self.assertRaisesRegex(ImapError, "not offered", msg=command):
                client.command(command)

    def test_codes_of_what_is_missing_are_taken_out(self):
        client = self.connect("bare")
        client.command("APPEND INBOX {6}\r\nA: b\r\n")
        self.assertNotIn(b"APPENDUID", client.last)
        lines = b"".join(client.command("SELECT INBOX"))
        self.assertNotIn(b"HIGHESTMODSEQ", lines)

    def test_what_is_missing_is_not_among_what_the_server_can_do(self):
        client = self.connect(missing=("MOVE", "LITERAL+"))
        said = [client.greeting, client.last, *client.command("CAPABILITY")]
        for words in (line.replace(b"]", b" ").split() for line in said):
            self.assertIn(b"IMAP4rev1", words)
            self.assertFalse({b"MOVE", b"LITERAL+"}.intersection(words), words)

    def test_a_name_in_quotes_is_not_a_command(self):
        client = self.connect("bare")
        client.command('CREATE "MOVE QRESYNC"')
        self.assertEqual(self.wire.violations, [])

    def test_a_lost_reply_is_of_a_command_that_was_carried_out(self):
        client = self.connect()
        self.wire.lose_reply(rb"^APPEND")
        with self.assertRaises((EOFError, OSError)):
            client.append("INBOX", message("one"))
        with server().client(self.user) as other:
            self.assertEqual(len(other.uids("INBOX")), 1)

    def test_a_cut_before_a_command_keeps_it_from_the_server(self):
        client = self.connect()
        self.wire.cut_before(rb"^APPEND")
        with self.assertRaises((EOFError, OSError)):
            client.append("INBOX", message("one"))
        with server().client(self.user) as other:
            self.assertEqual(len(other.uids("INBOX")), 0)


if __name__ == "__main__":
    unittest.main()
