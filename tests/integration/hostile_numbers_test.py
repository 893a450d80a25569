# SPDX-License-Identifier: Apache-2.0
"""A server whose numbers lie: of messages, UIDs, mod-sequences, sizes and dates, and the codes that
say what was done.
"""
import contextlib
import os
import re
import sqlite3
import unittest

from tests.support.hostile import EVIL, HostileWorld
from tests.support.messages import NOON, local, message
from tests.support.scripted import UIDVALIDITY, ScriptedServer
from tests.support.sterna import DONE, HELD, PARTLY

ANY = (DONE, PARTLY, HELD)


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


if __name__ == "__main__":
    unittest.main()
