# SPDX-License-Identifier: Apache-2.0
"""A server whose mailboxes have names that attack: CVE-2021-20247, CVE-2018-14355, CVE-2018-14354,
CVE-2018-14357, CVE-2003-0140. What they become stays inside the Maildir, each apart from the
others, and one that cannot be synced stops no other.
"""
import os
import time
import unittest

from tests.support.hostile import EVIL, GOOD_MESSAGES, MIB, HostileWorld
from tests.support.scripted import ScriptedServer
from tests.support.sterna import DONE, HELD, PARTLY

ANY = (DONE, PARTLY, HELD)

# Each can be synced, and is another mailbox than every other.
ODD = [
    # ways out
    b"..", b".", b"../x", b"../../canary", b"../../../../../../../../../../tmp/out", b"a/../../b",
    b"/etc/passwd", b"/abs/x", b"a//b", b"..\\..\\x", b"\\x", b"C:\\Windows", b"~", b"~root",
    # the same in modified UTF-7, sound or not (RFC 3501 section 5.1.3)
    b"&AC4ALg-", b"&AC4ALgAv-y", b"&AC8-x", b"&AC4-./x", b"&Jjo!", b"&", b"&&", b"&A", b"&AGE-",
    b"&AGEAYg-", b"&//-", b"&2AA-", b"&U,BTFw-&ZeVnLIqe-", b"&AKA-", b"&ABs-[31m",
    # controls, and what turns text around
    b"tab\tname", b"esc\x1b[31mred", b"bell\x07", b"\x7f", b"\x1f", b"a\x1fb", b"\xc2\x9b31m",
    b"&IC4-gnp.exe", b"\xff\xfe", b"\xc0\xaf", b"a\x80",
    # a Maildir's own
    b"cur", b"new", b"tmp", b"x/cur", b"x/new/y", b"INBOX/cur", b".sterna", b".notmuch", b".hidden",
    b"dovecot-keywords", b"dovecot-uidlist", b"maildirfolder", b"name:2,S",
    # other systems' own, and letters that some file systems do not tell apart
    b"CON", b"nul", b"aux.txt", b"com1", b"trail.", b"trail ", b" lead", b"a:b", b"case", b"Case",
    b"CASE", b"\xc3\x84rger", b"\xc3\xa4rger", b"A\xcc\x88rger",
    # a shell, a format, an option, a pattern
    b"$(touch owned)", b"`touch owned`", b";touch owned", b"%n%s%n%s%n%s", b"%s" * 100, b"{0}{}",
    b"{5}", b"{5}x", b"-rf", b"*", b"%", b"a*", b"%2E%2E", b"%00", b'quo"te', b"it's", b"INBOX/x",
    # long ones
    b"x" * 255, b"x" * 256, b"x" * 257, b"\xe2\x82\xac" * 86, b"y" * 2000, b"/".join([b"d"] * 64),
    b"/".join([b"z" * 30] * 60),
]

# None can be synced, and the sync says so.
IMPOSSIBLE = {
    b"nul\0inside": "line end or NUL",
    b"line\nend": "line end or NUL",
    b"line\rend": "line end or NUL",
    b"a" * 10_000: "too long",
    b"b" * MIB: "too long",
    b"/".join([b"d"] * 65): "too deep",
    b"/".join([b""] * 1000): "too deep",
}


def holding(names):
    """A server with one message in each of these mailboxes, each of another content."""
    server = ScriptedServer()
    server.fill(1)
    for number, name in enumerate(names):
        server.mailboxes[name], server.next_uid[name] = {}, 1
        server.add(name, b"Message-ID: <n%d@x>\r\nSubject: t\r\n\r\nwords\r\n" % number)
    return server


def bodies_below(root):
    found = []
    for top, _, files in os.walk(root):
        if os.path.basename(top) in ("cur", "new"):
            for name in files:
                with open(os.path.join(top, name), "rb") as file:
                    found.append(file.read())
    return found


class NamesTest(unittest.TestCase):
    def assert_each_has_its_place(self, world, count):
        """One file a message, each mailbox in a directory of its own, and all of it stays."""
        bodies = bodies_below(world.mail.root)
        self.assertEqual(len(bodies), count + 1)
        self.assertEqual(len(set(bodies)), count + 1)
        world.sync()
        self.assertEqual(sorted(bodies_below(world.mail.root)), sorted(bodies))
        for command in (rb"^CREATE", rb"^APPEND", rb"^RENAME", rb"^DELETE", rb"^UID STORE"):
            self.assertEqual(world.server.sent(command), [])

    def test_odd_names_stay_inside_the_maildir(self):
        world = HostileWorld(self, holding(ODD))
        world.sync()
        self.assert_each_has_its_place(world, len(ODD))
        for command in (("mailboxes", EVIL), ("status",), ("history", EVIL)):
            for options in ((), ("--json",)):
                world.run(*command, options=("--no-input", *options), expect=ANY)

    def test_so_they_do_in_maildir_plus_plus(self):
        # The whole name is one component there: what differs beyond its length is in the digest.
        world = HostileWorld(self, holding(ODD), layout="maildir++", inbox="")
        world.sync()
        self.assert_each_has_its_place(world, len(ODD))

    def test_so_they_do_with_another_delimiter(self):
        for delimiter in (b".", b"\\\\", b"\x01", b" "):
            class Delimiting(ScriptedServer):
                character = delimiter

                def on_namespace(self, session, tag, _text):
                    session.say(b'* NAMESPACE (("" "%s")) NIL NIL' % self.character, tag + b" OK")

                def on_list(self, session, tag, text):
                    said = session.say
                    session.say = lambda *lines: said(*(line.replace(
                        b'LIST () "/"', b'LIST () "%s"' % self.character) for line in lines))
                    super().on_list(session, tag, text)
                    session.say = said

            with self.subTest(delimiter):
                server = Delimiting()
                server.fill(1)
                names = (b"..", b"../x", b"a/b", b"x.y", b"..%s..%sz" % (delimiter, delimiter))
                for name in names:
                    server.mailboxes[name], server.next_uid[name] = {}, 1
                    server.add(name, b"Subject: %d\r\n\r\n.\r\n" % len(server.mailboxes))
                world = HostileWorld(self, server)
                world.sync(expect=ANY)
                self.assertEqual(len(bodies_below(world.mail.root)), len(names) + 1)

    def test_a_delimiter_that_is_none(self):
        for told in (b'""', b'"ab"', b"NIL", b"{0}\r\n", b'"\0"', b"7"):
            class Delimiting(ScriptedServer):
                character = told

                def on_list(self, session, tag, text):
                    session.say(b"* LIST () %s odd/name" % self.character)
                    super().on_list(session, tag, text)

            with self.subTest(told):
                server = Delimiting()
                server.fill(1)
                server.fill(1, "odd/name")
                world = HostileWorld(self, server)
                world.sync(expect=ANY)
                self.assertEqual(len(world.mail.messages("INBOX")), 1)

    def test_impossible_names_are_said_and_stop_no_other(self):
        for name, why in IMPOSSIBLE.items():
            with self.subTest(name[:20]):
                server = holding([name])
                server.fill(2, "Work")
                world = HostileWorld(self, server)
                run = world.attack("mailbox .*" + why, expect=PARTLY)
                self.assertEqual(len(world.complaints(run)), 1)
                self.assertEqual(len(world.mail.messages("Work")), 2)
                self.assertEqual(world.mail.mailboxes(), ["INBOX", "Work"])

    def test_impossible_names_that_are_excluded_are_not_said(self):
        world = HostileWorld(self, holding(IMPOSSIBLE), mailboxes=["INBOX"])
        self.assertEqual(world.sync().stderr, "")

    def test_two_names_that_are_one_are_told_apart(self):
        """As octets, and in modified UTF-7. Whatever the list begins with, the sound one counts."""
        server = holding([b"\xc2\x9b31m", b"&AJs-31m"])
        world = HostileWorld(self, server)
        for _ in range(2):
            run = world.attack("another mailbox of the server has the same name", expect=PARTLY)
            self.assertEqual(len(world.complaints(run)), 1)
            self.assertIn(b"<n1@x>", b"".join(bodies_below(world.mail.root)))
            self.assertEqual(len(bodies_below(world.mail.root)), 2)
            server.mailboxes = dict(reversed(server.mailboxes.items()))

    def test_many_impossible_names_are_few_lines(self):
        world = HostileWorld(self, holding([b"n%d\0" % n for n in range(1000)]))
        run = world.attack("more mailboxes", expect=PARTLY)
        self.assertLess(len(run.stderr.splitlines()), 50)

    def test_a_mailbox_that_is_told_a_thousand_times_is_one(self):
        class Insisting(ScriptedServer):
            def on_list(self, session, tag, text):
                for _ in range(1000):
                    session.say(b'* LIST () "/" Work', b'* LIST () "." Work',
                                b'* LIST (\\Noselect) "/" Work', b'* LIST () "/" work')
                super().on_list(session, tag, text)

        server = Insisting()
        server.fill(1, "Work")
        server.fill(1, "work")
        world = HostileWorld(self, server)
        world.sync(expect=ANY)
        self.assertEqual(world.mail.mailboxes(), ["INBOX", "Work", "work"])

    def test_an_inbox_is_one_whatever_it_is_called(self):
        world = HostileWorld(self, holding([b"inbox", b"iNbOx"]))
        world.sync(expect=ANY)
        self.assertEqual(world.mail.mailboxes(), ["INBOX"])

    def test_every_role_at_once(self):
        class Ambitious(ScriptedServer):
            def on_list(self, session, tag, text):
                for name in self.mailboxes:
                    session.say(b'* LIST (\\Trash \\Junk \\Sent \\Drafts \\All \\Archive) "/" "%s"'
                                % name)
                    session.say(self.status_line(name, text))
                session.say(tag + b" OK")

        server = Ambitious()
        server.fill(1)
        server.fill(1, "Work")
        world = HostileWorld(self, server)
        world.sync(expect=ANY)
        self.assertEqual(len(world.mail.messages("Work")), 1)


class ManyTest(unittest.TestCase):
    class Crowded(ScriptedServer):
        """Many empty mailboxes, told in a few packets."""
        count = 0

        def on_list(self, session, tag, text):
            with_status = b"STATUS" in text
            for first in range(0, self.count, 1000):
                lines = []
                for number in range(first, min(first + 1000, self.count)):
                    lines.append(b'* LIST () "/" "box %d"' % number)
                    if with_status:
                        lines.append(b'* STATUS "box %d" (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7)'
                                     % number)
                session.say(*lines)
            super().on_list(session, tag, text)

        def on_select(self, session, tag, text):
            self.make(self._argument(text).decode())
            super().on_select(session, tag, text)

    def crowded(self, count):
        server = self.Crowded()
        server.count = count
        server.fill(1)
        return HostileWorld(self, server)

    def test_a_hundred_thousand_mailboxes_are_looked_at(self):
        world = self.crowded(99_000)
        run = world.run("sync", "--dry-run", octets=384 * MIB, seconds=60)
        self.assertIn("box 98999", run.stdout)

    def test_many_mailboxes_are_made_and_others_are_not_held_up(self):
        count = 1000
        world = self.crowded(count)
        process = world.sterna.start("sync", options=("--no-input",))
        made = count
        while process.poll() is None:
            if len(world.good_mail.messages("INBOX")) == GOOD_MESSAGES:
                made = len(os.listdir(world.mail.root)) if os.path.isdir(world.mail.root) else 0
                break
            time.sleep(0.01)
        run = world.sterna.finish(process, 300)
        self.assertEqual(run.code, DONE, run)
        self.assertLess(made, count // 2, "the good account waited for the hostile one")
        self.assertEqual(len(world.mail.mailboxes()), count + 1)


if __name__ == "__main__":
    unittest.main()
