# SPDX-License-Identifier: Apache-2.0
"""A server that attacks: the opening of the line, what it says beside the point, and numbers that
lie. What it sends too much of is in hostile_amounts_test, names of mailboxes in hostile_names_test.
"""
import contextlib
import os
import pty
import re
import select
import sqlite3
import time
import unittest

from tests.support.hostile import EVIL, HostileWorld, Starttls
from tests.support.messages import NOON, local, message
from tests.support.scripted import UIDVALIDITY, ScriptedServer
from tests.support.sterna import DONE, FAILED, HELD, LOGIN, PARTLY, binary

ANY = (DONE, PARTLY, HELD)
HEAD = b"From: a@example.org\r\nMessage-ID: <%s@x>\r\nSubject: t\r\n\r\n"


class OpeningTest(unittest.TestCase):
    """CVE-2011-0411 and the thirty like it, CVE-2020-12398, CVE-2020-14093, CVE-2020-14954,
    CVE-2020-28896, CVE-2021-29969, CVE-2021-38370, CVE-2021-39272."""

    def assert_nothing_was_given_away(self, server):
        self.assertEqual(server.sent(rb"^(?!STARTTLS|CAPABILITY|LOGOUT)"), [])

    def test_a_line_that_becomes_encrypted_is_an_ordinary_one(self):
        server = Starttls(self)
        server.fill(3)
        world = server.world(self)
        world.sync()
        self.assertEqual(len(world.mail.messages("INBOX")), 3)

    def test_plain_text_behind_the_ok_to_starttls_ends_the_line(self):
        class Injecting(Starttls):
            def on_starttls(self, session, tag, text):
                session.say(tag + b" OK begin", b"* CAPABILITY IMAP4rev1 AUTH=PLAIN",
                            b"s3 OK logged in")
                self.begin_tls(session)

        server = Injecting(self)
        server.world(self).attack("STARTTLS|before TLS")
        self.assert_nothing_was_given_away(server)

    def test_a_login_skipped_before_starttls_is_refused(self):
        class Preauthenticated(Starttls):
            def greet(self, session):
                session.say(b"* PREAUTH [CAPABILITY IMAP4rev1] hello friend")

        server = Preauthenticated(self)
        server.fill(3)
        world = server.world(self)
        world.attack("skipped the login before the line was encrypted")
        self.assert_nothing_was_given_away(server)
        self.assertEqual(world.mail.mailboxes(), [])

    def test_what_was_said_before_starttls_is_forgotten(self):
        class Promising(Starttls):
            capabilities = b"IMAP4rev1 STARTTLS AUTH=PLAIN AUTH=LOGIN SASL-IR"
            inside = b"IMAP4rev1 LOGINDISABLED"

            def greet(self, session):
                super().greet(session)
                session.say(b'* LIST () "/" "planted"', b"* 7 EXISTS",
                            b"* 1 FETCH (UID 1 FLAGS ())")

        server = Promising(self)
        world = server.world(self)
        world.attack("login", expect=PARTLY)
        self.assert_nothing_was_given_away(server)
        self.assertEqual(world.mail.mailboxes(), [])

    def test_a_handshake_that_never_begins_ends_in_seconds(self):
        class Mute(Starttls):
            def begin_tls(self, session):
                while session.client.recv(4096):
                    pass

        server = Mute(self)
        world = server.world(self)
        world.attack("no TLS handshake", seconds=40)
        self.assert_nothing_was_given_away(server)

    def test_a_referral_is_followed_nowhere(self):
        """RFC 2221: who names another host does not get the password sent there."""
        other = ScriptedServer()
        self.addCleanup(other.close)
        code = b"[REFERRAL imap://u;AUTH=PLAIN@127.0.0.1:%d/]" % other.port

        class Greeting(ScriptedServer):
            def greet(self, session):
                session.say(b"* BYE %s go there" % code)

        class Login(ScriptedServer):
            def on_authenticate(self, session, tag, _text):
                session.say(tag + b" NO %s go there" % code)

        class Select(ScriptedServer):
            def on_select(self, session, tag, _text):
                session.say(tag + b" NO %s go there" % code)

        for server in (Greeting(), Login(), Select()):
            with self.subTest(type(server).__name__):
                server.fill(1)
                HostileWorld(self, server).attack("go there", expect=PARTLY)
        self.assertEqual(other.connections, 0)

    def test_a_server_that_always_says_bye_is_left_alone(self):
        class Leaving(ScriptedServer):
            def on_list(self, session, tag, text):
                session.say(*[b"* BYE not today"] * 1000)
                session.end()

        server = Leaving()
        HostileWorld(self, server).attack("not today")
        self.assertLessEqual(server.connections, 4)

    def test_challenges_without_end_are_not_answered_without_end(self):
        class Curious(ScriptedServer):
            def on_authenticate(self, session, tag, _text):
                for _ in range(1000):
                    session.say(b"+ " + b"QUFB" * 10_000)
                    if not session.file.readline():
                        return
                session.say(tag + b" NO enough")

        server = Curious()
        world = HostileWorld(self, server)
        world.sync(expect=(LOGIN, PARTLY), seconds=30)
        self.assertEqual(world.mail.mailboxes(), [])

    def test_answers_to_what_was_not_asked_end_the_line(self):
        for answer in (b"s999 OK done", b"x OK done", b"* s3 OK in\r\ns0 BAD no", b" OK done",
                       b"s4294967297 OK done"):
            class Hasty(ScriptedServer):
                said = answer

                def on_list(self, session, tag, text):
                    session.say(self.said)
                    super().on_list(session, tag, text)

            with self.subTest(answer):
                world = HostileWorld(self, Hasty())
                world.attack("was not sent|cannot be understood")


class NumbersTest(unittest.TestCase):
    """CVE-2018-14350, CVE-2018-14351, CVE-2018-14358, CVE-2021-32055, CVE-2021-3657, CVE-2026-4371
    and CVE-2026-92240: numbers that are negative, huge, none, or of nothing that is there."""

    HUGE = (b"0", b"-1", b"2147483648", b"4294967295", b"4294967296", b"9223372036854775808",
            b"18446744073709551615", b"99999999999999999999", b"", b"x", b"1e9", b"0x10", b"+3")

    def lied_to(self, lines=(), fetched=None, capabilities=b""):
        """A world in step, whose server lies from then on. What was synced before stays."""
        class Liar(ScriptedServer):
            lying = False

            def on_select(self, session, tag, text):
                if not self.lying:
                    super().on_select(session, tag, text)
                    return
                said = session.say
                session.say = lambda *all_lines: said(*all_lines[:-1], *lines, all_lines[-1])
                super().on_select(session, tag, text)
                session.say = said

            def fetch_line(self, session, uid, items):
                line = super().fetch_line(session, uid, items)
                return fetched(line) if fetched and self.lying else line

        server = Liar()
        server.capabilities += capabilities
        server.fill(3)
        world = HostileWorld(self, server)
        world.sync()
        server.lying = True
        server.fill(1)
        return world

    def assert_kept(self, world):
        """Whatever was said since, the three first messages are here and there."""
        found = b"".join(m.read() for m in world.mail.messages("INBOX"))
        for uid in (1, 2, 3):
            self.assertEqual(found.count(b"<INBOX-%d@x>" % uid), 1)
        self.assertEqual(world.server.sent(rb"^(APPEND|UID STORE|UID MOVE|UID EXPUNGE)"), [])

    def check(self, what, **keys):
        with self.subTest(what):
            world = self.lied_to(**keys)
            for _ in range(2):
                world.sync(expect=ANY, seconds=30)
            self.assert_kept(world)

    def test_exists(self):
        for number in self.HUGE:
            self.check(number, lines=[b"* %s EXISTS" % number])

    def test_uidnext(self):
        for number in self.HUGE:
            self.check(number, lines=[b"* OK [UIDNEXT %s] ." % number])

    def test_uidvalidity(self):
        for number in self.HUGE:
            self.check(number, lines=[b"* OK [UIDVALIDITY %s] ." % number])

    def test_highestmodseq(self):
        for number in self.HUGE:
            self.check(number, lines=[b"* OK [HIGHESTMODSEQ %s] ." % number],
                       capabilities=b" CONDSTORE")

    def test_expunged_numbers(self):
        for number in self.HUGE:
            self.check(number, lines=[b"* %s EXPUNGE" % number])

    def test_numbers_of_a_fetch(self):
        for number in self.HUGE:
            self.check(number, lines=[b"* %s FETCH (FLAGS (\\Deleted))" % number])
            self.check(b"UID " + number,
                       lines=[b"* 1 FETCH (UID %s FLAGS (\\Deleted))" % number])

    def test_mod_sequences_of_messages(self):
        for number in self.HUGE:
            self.check(number, capabilities=b" CONDSTORE",
                       fetched=lambda line, n=number: line[:-1] + b" MODSEQ (%s))" % n)

    def test_sizes(self):
        for number in self.HUGE:
            self.check(number, fetched=lambda line, n=number: re.sub(
                rb"RFC822\.SIZE \d+", b"RFC822.SIZE %s" % n, line))

    def test_sets_of_what_vanished(self):
        for numbers in (b"1:4294967295", b"4294967295:1", b"1,", b",1", b"1:*", b"*", b"0:3", b"",
                        b"1:2:3", b"(1:3)", b"{5}\r\n1,2,3", b"1:99999999999999999999"):
            for kind in (b"VANISHED ", b"VANISHED (EARLIER) "):
                self.check(kind + numbers, lines=[b"* " + kind + numbers],
                           capabilities=b" CONDSTORE QRESYNC")

    def test_literals_where_numbers_should_be(self):
        for announced in (b"{-1}", b"{4294967296}", b"{99999999999999999999}", b"{2147483649}",
                          b"{18446744073709551615}", b"{}", b"{x}", b"{0x10}", b"{1 }"):
            self.check(announced, lines=[b"* STATUS " + announced])
            self.check(b"body " + announced, fetched=lambda line, a=announced: re.sub(
                rb"BODY\[\] \{\d+\}", b"BODY[] " + a, line))

    def test_dates(self):
        for date in (b'"01-Jan-0000 00:00:00 +0000"', b'"01-Jan-99999 00:00:00 +0000"',
                     b'"31-Feb-2024 25:61:61 +9999"', b'"00-Xyz-2024 00:00:00 +0000"', b'""',
                     b'"01-Jan--999 00:00:00 +0000"', b"NIL", b"0", b'"' + b"9" * 100_000 + b'"',
                     b'"31-Dec-9999 23:59:59 -1200"', b'"%n%n%n%n%s%s%s%s"'):
            with self.subTest(date[:40]):
                world = self.lied_to(fetched=lambda line, d=date: re.sub(
                    rb'INTERNALDATE "[^"]*"', lambda _: b"INTERNALDATE " + d, line))
                world.sync(expect=ANY)
                self.assertEqual(len(world.mail.messages("INBOX")), 4)
                self.assert_kept(world)

    def test_a_date_that_nanoseconds_cannot_tell(self):
        for date in (b"01-Jan-2263", b"31-Dec-9999"):
            with self.subTest(date):
                world = self.lied_to(fetched=lambda line, date=date: re.sub(
                    rb'INTERNALDATE "01-Jan-2024', b'INTERNALDATE "' + date, line))
                world.sync()
                late = [m for m in world.mail.messages("INBOX") if os.stat(m.path).st_mtime > 2e9]
                self.assertEqual(len(late), 1, "clamped, by us or by the file system, not negative")
                path = f"{world.sterna.state}/{EVIL}/state.db"
                with contextlib.closing(sqlite3.connect(path)) as state:
                    negative = "SELECT count(*) FROM message WHERE mtime_ns < 0"
                    self.assertEqual(state.execute(negative).fetchall(), [(0,)])
                self.assert_kept(world)


class DoubtingWorld(HostileWorld):
    def pass_time(self, seconds=120):
        """What is in doubt is looked for again, what failed is tried again."""
        path = f"{self.sterna.state}/{EVIL}/state.db"
        with contextlib.closing(sqlite3.connect(path)) as state, state:
            state.execute("UPDATE intent SET at_ms = at_ms - ?", (seconds * 1000,))
            state.execute("UPDATE failure SET next_try_ms = next_try_ms - ?", (seconds * 1000,))


class CodesTest(unittest.TestCase):
    """CVE-2021-3578: APPENDUID and COPYUID that lie about what was done."""

    SETS = (b"%d 1" % UIDVALIDITY, b"%d 0" % UIDVALIDITY, b"0 9", b"%d 9" % (UIDVALIDITY + 1),
            b"%d 1:4294967295" % UIDVALIDITY, b"%d 4294967295" % UIDVALIDITY, b"%d" % UIDVALIDITY,
            b"99999999999999999999 9", b"-7 -9", b"%d 9,9,9,9" % UIDVALIDITY, b"")

    def assert_each_once(self, world, mailbox, words):
        """On both sides, after the doubts were looked at."""
        for _ in range(4):
            world.sync(expect=ANY)
            world.pass_time()
        there = [octets for _, octets in world.server.messages(mailbox).values()]
        here = [m.read() for m in world.mail.messages(mailbox)]
        for word in words:
            for side in (there, here):
                self.assertEqual(sum(b"<%s@" % word.encode() in octets for octets in side), 1, word)

    def test_what_an_appenduid_says_loses_and_doubles_nothing(self):
        for numbers in self.SETS:
            class Liar(ScriptedServer):
                said = numbers

                def on_append(self, session, tag, text):
                    keep, session.say = session.say, lambda *_: None
                    super().on_append(session, tag, text)
                    session.say = keep
                    session.say(tag + b" OK [APPENDUID %s] stored" % self.said)

            with self.subTest(numbers):
                server = Liar()
                server.fill(2)
                world = DoubtingWorld(self, server)
                world.sync()
                world.mail.deliver("INBOX", local(message("ours")), "S", NOON)
                world.sync(expect=ANY)
                self.assert_each_once(world, "INBOX", ["ours", "INBOX-1", "INBOX-2"])

    def test_what_a_copyuid_says_loses_and_doubles_nothing(self):
        ranges = (b"1 1", b"1 0", b"1 9:12", b"1:4294967295 1:4294967295", b"2 9", b"", b"x y",
                  b"1:2 4294967295:4294967294", b"0 0", b"1 -1", b"1,1,1 7,8,9")
        for numbers in ranges:
            class Liar(ScriptedServer):
                said = numbers

                def _copy(self, session, text, uids):
                    super()._copy(session, text, uids)
                    return b"[COPYUID %d %s]" % (UIDVALIDITY, self.said)

            with self.subTest(numbers):
                server = Liar()
                server.fill(2)
                server.fill(1, "Work")
                world = DoubtingWorld(self, server)
                world.sync()
                world.mail.move(world.mail.find("INBOX", "<INBOX-1@"), "Work")
                world.sync(expect=ANY)
                self.assert_each_once(world, "Work", ["INBOX-1", "Work-1"])
                self.assertEqual(len(server.messages()), 1)


class TextTest(unittest.TestCase):
    """CVE-2001-0473, CVE-2021-36386: text of the server as a format, and on the terminal."""

    POISON = (b"%n%n%s%s%s {} {0} {:>999999999} \x1b]0;owned\x07\x1b[2J\x1b[31m \x9b31m "
              b"\xc2\x9b31m \xe2\x80\xaegnp.exe \xff\xfe\x80 \x08\x08\x08 $(touch owned) "
              b"`touch owned`")

    def poisoned(self):
        poison = self.POISON
        name = b"box " + poison

        class Poisoned(ScriptedServer):
            def greet(self, session):
                session.say(b"* OK [CAPABILITY %s ID X%%n%%s] %s" % (self.capabilities, poison))

            def on_authenticate(self, session, tag, text):
                session.say(b"* OK [ALERT] " + poison, b'* ID ("name" "%s")' % poison,
                            tag + b" OK [CAPABILITY %s ID] %s" % (self.capabilities, poison))

            def on_select(self, session, tag, text):
                session.say(b"* OK [ALERT] " + poison, b"* NO " + poison, b"* BAD " + poison,
                            b"* OK [%s] x" % poison.replace(b"]", b""), b"* junk((( " + poison)
                super().on_select(session, tag, text)

            def on_append(self, session, tag, text):
                session.say(tag + b" NO [CANNOT] " + poison)

            def on_uid_store(self, session, tag, text):
                session.say(tag + b" NO " + poison)

            def on_create(self, session, tag, text):
                session.say(tag + b" NO [%s] %s" % (poison.replace(b"]", b""), poison))

        server = Poisoned()
        server.mailboxes[name], server.next_uid[name] = {}, 1
        server.fill(3)
        octets = HEAD % poison.replace(b" ", b"") + poison + b"\r\n"
        server.add(name, octets, [b"\\Seen", b"$kw%n%s\x1b[31m", b"../../x"])
        return server

    COMMANDS = (("sync",), ("status",), ("mailboxes", EVIL), ("history", EVIL), ("held", "list"),
                ("verify", EVIL), ("check", EVIL), ("sync", "--dry-run"))

    def test_no_text_of_the_server_reaches_the_terminal_as_it_is(self):
        world = HostileWorld(self, self.poisoned())
        world.sync(expect=ANY)
        world.mail.deliver("INBOX", local(message("ours")), "S", NOON)
        world.mail.deliver("new %n%s", local(message("new")), "S", NOON)
        world.mail.add_letters(world.mail.messages("INBOX")[0], "F")
        said = ""
        for command in self.COMMANDS:
            for options in ((), ("-v", "-v"), ("--json",)):
                with self.subTest(command, options=options):
                    run = world.run(*command, options=("--no-input", *options),
                                    expect=(DONE, FAILED, PARTLY, HELD))
                    self.assertLess(len(run.stdout) + len(run.stderr), 300_000)
                    said += run.stdout + run.stderr
        self.assertIn(r"\x1b]0;owned\x07", said)
        self.assertIn(r"\u001b]0;owned\u0007", said)

    def test_nor_the_progress_on_a_terminal(self):
        server = self.poisoned()
        at_once = server.fetch_line

        def slowly(*arguments):
            time.sleep(0.3)     # a sync of no time shows no progress
            return at_once(*arguments)
        server.fetch_line = slowly
        world = HostileWorld(self, server)
        said = self.on_a_terminal(world, "sync")
        self.assertIn(b"\x1b[K", said, "there is a line of progress")
        self.assertNotRegex(said, rb"owned\x07|\x1b\[2J|\x9b|\xe2\x80\xae|[\x00-\x07\x0b\x0c]")

    @staticmethod
    def on_a_terminal(world, *arguments):
        """All that a command writes, its own colours and all."""
        child, terminal = pty.fork()
        if child == 0:
            environment = {**world.sterna.environment(), "TERM": "xterm"}
            os.execve(binary(), [binary(), "-c", world.sterna.config, *arguments], environment)
        said = b""
        while select.select([terminal], [], [], 60)[0]:
            try:
                piece = os.read(terminal, 1 << 16)
            except OSError:        # the other end is closed
                break
            if not piece:
                break
            said += piece
        os.close(terminal)
        os.waitpid(child, 0)
        return said

    def test_the_account_and_the_mailbox_are_named(self):
        class Refusing(ScriptedServer):
            def on_select(self, session, tag, text):
                if b"Work" in text:
                    session.say(tag + b" NO %n%n%n\x1b[31m")
                else:
                    super().on_select(session, tag, text)

        server = Refusing()
        server.fill(2)
        server.fill(1, "Work")
        world = HostileWorld(self, server)
        run = world.attack(r"^sterna: account evil: mailbox Work: .*%n%n%n\\x1b\[31m$",
                           expect=PARTLY)
        self.assertEqual(len(world.complaints(run)), 1)
        self.assertEqual(len(world.mail.messages("INBOX")), 2)


if __name__ == "__main__":
    unittest.main()
