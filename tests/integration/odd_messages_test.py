# SPDX-License-Identifier: Apache-2.0
"""Messages that no standard allows and every mailbox has: kept byte for byte, both ways."""
import os
import unittest

from tests.support.case import IntegrationCase
from tests.support.messages import NOON, message

HEAD = b"Subject: odd\r\nMessage-ID: <odd@test.example>\r\n\r\n"
ODD = {
    "no header": b"only words, no header at all\r\n",
    "no body": b"Subject: nothing follows\r\n\r\n",
    "header without the empty line": b"Subject: unfinished\r\nFrom: a@b.example\r\n",
    "one byte": b"x",
    "one line end": b"\r\n",
    "no last line end": HEAD + b"the end",
    "bare CR": HEAD + b"one\rtwo\r\rthree\r\n",
    "8-bit header": b"Subject: caf\xe9 \xff\xfe\r\n\r\nbody\r\n",
    "8-bit body": HEAD + bytes(range(128, 256)) * 20 + b"\r\n",
    "UTF-8 header": "Subject: Grüße 日本語\r\n\r\nbody\r\n".encode(),
    "a line of a megabyte": HEAD + b"x" * (1 << 20) + b"\r\n",
    "a header of a megabyte": b"Subject: " + b"y" * (1 << 20) + b"\r\n\r\nbody\r\n",
    "many header lines": b"".join(b"X-%d: z\r\n" % n for n in range(20000)) + b"\r\nbody\r\n",
    "mbox line first": b"From ann Thu Jan  1 00:00:00 2026\r\nSubject: mbox\r\n\r\nbody\r\n",
    "mbox line inside": HEAD + b"From here on\r\n>From there\r\n",
    "looks like IMAP": HEAD + b"* 1 EXPUNGE\r\na1 OK done\r\n{100}\r\n)\r\n",
    "a dot alone": HEAD + b"one\r\n.\r\ntwo\r\n",
    "only line ends": b"\r\n" * 1000,
    "control bytes": HEAD + bytes(range(1, 9)) + b"\x0b\x0c\x1b\x7f\r\n",
    "no Message-ID": b"Subject: nameless\r\nFrom: a@b.example\r\n\r\nbody\r\n",
    "two Message-IDs": b"Message-ID: <a@x>\r\nMessage-ID: <b@x>\r\n\r\nbody\r\n",
    "broken MIME": HEAD.replace(b"\r\n\r\n", b"\r\nContent-Type: multipart/mixed\r\n\r\n")
                   + b"--\r\n--\r\n",
}


class OddMessagesTest(IntegrationCase):
    def test_odd_messages_arrive_here_as_they_are(self):
        world = self.world()
        for number, data in enumerate(ODD.values()):
            world.imap.append("INBOX", data, [], NOON + number)
        world.sync()
        by_date = {m.mtime - NOON: m.read() for m in world.mail.messages("INBOX")}
        for number, (what, data) in enumerate(ODD.items()):
            with self.subTest(what):
                self.assertEqual(by_date.get(number), data.replace(b"\r\n", b"\n"))
        world.assert_settled()

    def test_odd_files_arrive_on_the_server_as_they_are(self):
        world = self.world()
        world.sync()
        for number, data in enumerate(ODD.values()):
            world.mail.deliver("INBOX", data.replace(b"\r\n", b"\n"), "S", NOON + number)
        world.sync()
        by_date = {m.internaldate - NOON: m.body for m in world.imap.fetch_all("INBOX")}
        for number, (what, data) in enumerate(ODD.items()):
            with self.subTest(what):
                self.assertEqual(by_date.get(number), data)
        world.assert_quiet()

    def test_an_empty_file_is_reported_and_harms_nothing(self):
        world = self.world()
        world.sync()
        path = world.mail.deliver("INBOX", b"", "S", NOON)
        world.mail.deliver("INBOX", message("good").replace(b"\r\n", b"\n"), "S", NOON)
        world.mail.deliver("Work", message("neighbour").replace(b"\r\n", b"\n"), "S", NOON)
        report = world.sync(expect=3)
        self.assertRegex(report["stderr"], "account acc: mailbox INBOX: .*zero byte message")
        self.assertEqual(world.words_on_server("INBOX"), ["good"])
        self.assertEqual(world.words_on_server("Work"), ["neighbour"])
        self.assertEqual(os.stat(path).st_size, 0)

    def test_a_nul_byte(self):
        world = self.world()
        world.sync()
        data = b"Subject: nul\nMessage-ID: <nul@test.example>\n\none\x00two\n"
        path = world.mail.deliver("INBOX", data, "S", NOON)
        world.mail.deliver("INBOX", message("good").replace(b"\r\n", b"\n"), "S", NOON)
        self.assertEqual(world.sync()["uploaded"], 2)
        self.assertEqual(world.words_on_server("INBOX"), ["good", "nul"])
        # Dovecot stores 0x80 instead, in a literal8 of BINARY, too: the file here stays as it was.
        (stored,) = [m.body for m in world.imap.fetch_all("INBOX") if b"<nul@" in m.body]
        self.assertEqual(stored, data.replace(b"\x00", b"\x80").replace(b"\n", b"\r\n"))
        with open(path, "rb") as file:
            self.assertEqual(file.read(), data)
        world.assert_quiet()
        verified = world.sterna.run("verify", "--deep")
        self.assertIn("note: the same but for NUL, which the server does not keep", verified.stdout)

    def test_a_message_that_the_server_stores_differently_is_not_sent_twice(self):
        world = self.world()
        world.sync()
        data = HEAD.replace(b"\r\n", b"\n") + b"Dovecot drops a CR at the end\r"
        path = world.mail.deliver("INBOX", data, "S", NOON)
        for _ in range(3):
            world.sync()
        self.assertEqual(len(world.imap.uids("INBOX")), 1)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), data)

    def test_bare_line_feeds_in_a_crlf_file(self):
        world = self.world()
        world.sync()
        mixed = b"Subject: mixed\r\nMessage-ID: <mixed@test.example>\r\n\r\none\ntwo\r\nthree\n"
        path = world.mail.deliver("INBOX", mixed, "S", NOON)
        world.sync()
        with open(path, "rb") as file:
            self.assertEqual(file.read(), mixed)
        (found,) = world.imap.fetch_all("INBOX")
        self.assertEqual(found.body, mixed.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        world.assert_quiet()


class StoredOddlyTest(IntegrationCase):
    """What APPEND would not let through, but a server's own store may hold."""

    def test_messages_put_into_the_servers_store_by_hand(self):
        world = self.world(storage="maildir")
        world.fill("INBOX", 1)
        store = f"{world.server.home(world.user)}/Maildir"
        inbox = f"{store}/cur" if os.path.isdir(f"{store}/cur") else f"{store}/INBOX/cur"
        raw = {"empty": b"", "lf": b"Subject: lf\n\nbody\n", "nul": HEAD + b"a\x00b\r\n",
               "mixed": HEAD + b"one\ntwo\r\nthree\rfour\n"}
        for name, data in raw.items():
            path = f"{inbox}/1767268800.{name}.host:2,S"
            with open(path, "wb") as out:
                out.write(data)
            os.utime(path, (NOON, NOON))
            world.server.give(path)
        self.assertEqual(len(world.imap.uids("INBOX")), 5)
        self.assertEqual(world.sync()["downloaded"], 5)
        self.assertEqual(len(world.mail.messages("INBOX")), 5)
        self.assertEqual(world.sync()["bodies_fetched"], 0)
        self.assertEqual(len(world.imap.uids("INBOX")), 5)
        world.assert_in_step()


if __name__ == "__main__":
    unittest.main()
