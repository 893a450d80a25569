# SPDX-License-Identifier: Apache-2.0
"""A server that sends too much: lines, literals, lists, sets and streams without end, in bounded
memory and time. What it says beside the point is in hostile_test.
"""
import os
import signal
import time
import unittest

from tests.support.hostile import EVIL, MIB, Deflating, HostileWorld
from tests.support.messages import NOON, local, message
from tests.support.scripted import ScriptedServer
from tests.support.sterna import DONE, HELD, PARTLY

ANY = (DONE, PARTLY, HELD)
FOUR_THOUSAND_MILLION = 4_294_967_295


def pour(session, octets, piece=b"a" * MIB):
    """So many octets, all alike, or until the other side has had enough."""
    for _ in range(octets // len(piece)):
        session.client.sendall(piece)


def answering(command, flood, base=ScriptedServer, then=True):
    """A server that calls flood(self, session, tag) before it answers a command, if it does."""
    class Flooding(base):
        flooding = True

        def hook(self, session, tag, text):
            if text.upper().startswith(command) and self.flooding:
                flood(self, session, tag)
                return not then
            return False

    return Flooding()


class AmountsCase(unittest.TestCase):
    def filled(self, server, count=3, **keys):
        """A world whose hostile server has so many messages."""
        server.fill(count)
        return HostileWorld(self, server, **keys)

    def borne(self, server, count=3, **bounds):
        """A world that was synced, whatever else the server said: its messages are there."""
        world = self.filled(server, count)
        world.sync(expect=ANY, **bounds)
        self.assertEqual(len(world.mail.messages("INBOX")), count)
        return world


class LinesTest(AmountsCase):
    """CVE-2025-43857, CVE-2026-27857, CVE-2021-3657, CVE-2021-44143."""

    def attack(self, says, command, flood, **bounds):
        self.filled(answering(command, flood, then=False)).attack(says, **bounds)

    def test_a_line_without_end_ends_the_connection(self):
        beginnings = {
            b"LIST": (b'* LIST () "/" "', b"* ", b"* OK [", b"* OK ", b"s3 OK ", b"+ ",
                      b"* CAPABILITY ", b"* NAMESPACE (((((("),
            b"UID SEARCH": (b"* SEARCH ", b"* ESEARCH (TAG "),
            b"UID FETCH": (b"* 1 FETCH (FLAGS (", b'* 1 FETCH (BODY[] "', b"* 1 FETCH (BODY["),
            b"SELECT": (b"* OK [PERMANENTFLAGS (", b"* FLAGS ("),
        }
        for command, all_of_them in beginnings.items():
            for beginning in all_of_them:
                def flood(_server, session, _tag, said=beginning):
                    session.client.sendall(said)
                    pour(session, 100 * MIB)

                with self.subTest(beginning):
                    self.attack("longer than it may be", command, flood)

    def test_so_does_a_greeting_without_end(self):
        class Greeting(ScriptedServer):
            def greet(self, session):
                session.client.sendall(b"* OK ")
                pour(session, 100 * MIB)

        HostileWorld(self, Greeting()).attack("longer than it may be")

    def test_a_literal_is_no_more_than_it_may_be(self):
        for size in (b"4294967296", b"107374182400", b"18446744073709551615",
                     b"99999999999999999999"):
            for place in (b"* LIST () \"/\" {%s}\r\n", b"* 1 FETCH (UID 1 BODY[] {%s}\r\n",
                          b"* 1 FETCH (UID 1 BODY[] ~{%s+}\r\n"):
                def drip(_server, session, _tag, said=place % size):
                    session.client.sendall(said)
                    for _ in range(100):
                        session.client.sendall(b".")
                        time.sleep(0.1)

                with self.subTest(place % size):
                    self.attack("literal larger than it may be", b"UID FETCH", drip, seconds=10)

    def test_literals_within_one_response_are_counted(self):
        def flood(_server, session, _tag):
            session.client.sendall(b"* LIST () \"/\" ")
            pour(session, 10 * MIB, b"{0}\r\n{1}\r\nx" * 1000)

        self.attack("too many literals", b"LIST", flood)

    def test_literals_within_one_response_are_weighed(self):
        def flood(_server, session, _tag):
            session.client.sendall(b"* LIST () \"/\" ")
            pour(session, 100 * MIB, (b"{200000}\r\n" + b"x" * 200_000) * 5)
            session.say(b"")

        self.borne(answering(b"LIST", flood))

    def test_nesting_costs_no_stack(self):
        for beginning, end in ((b"* 1 FETCH (UID 1 BODYSTRUCTURE ", b")"), (b"* LIST ", b""),
                               (b"* STATUS INBOX ", b""), (b"* NAMESPACE ", b""),
                               (b"* X-ODD ", b""), (b"* OK [X ", b"] ."), (b"* ID ", b""),
                               (b'* LIST () "/" x ("CHILDINFO" ', b")")):
            for depth in (100_000, 4_000_000):
                def flood(_server, session, _tag, a=beginning, z=end, n=depth):
                    session.say(a + b"(" * n + b")" * n + z)
                    session.say(a + b"(" * n)

                with self.subTest(beginning, depth=depth):
                    self.borne(answering(b"UID FETCH", flood))

    def test_a_response_of_a_million_things_is_not_understood(self):
        many = {
            "keywords": b"* 1 FETCH (UID 1 FLAGS (" + b" ".join(
                b"%06x" % n for n in range(1_000_000, 0, -1)) + b"))",
            "bodies": b"* 1 FETCH (UID 1" + b' BODY[] ""' * 800_000 + b")",
            "literals": b"\r\n".join([b"* 1 FETCH (UID 1" + b" X {0}\r\n" * 8000 + b")"] * 20),
            "namespaces": b"* NAMESPACE (" + b'("a" "/")' * 900_000 + b") NIL NIL",
            "fields": b"* ID (" + b'"" "" ' * 1_300_000 + b")",
            "children": b'* LIST () "/" INBOX ("CHILDINFO" (' + b'"" ' * 2_500_000 + b"))",
            "commas": b"* ESEARCH (TAG \"x\") UID ALL " + b"," * 8_000_000,
            "copies": b"* OK [COPYUID 7 %s1 %s1] ." % (b"1," * 2_000_000, b"1," * 2_000_000),
            "flags": b"* OK [PERMANENTFLAGS (" + b" ".join(
                b"%06x" % n for n in range(1_000_000, 0, -1)) + b")] .",
            "capabilities": b"* CAPABILITY " + b" ".join(b"X%06d" % n for n in range(1_000_000)),
        }
        for name, line in many.items():
            with self.subTest(name):
                self.borne(answering(b"UID FETCH",
                                     lambda _, session, _tag, said=line: session.say(said)),
                           seconds=20)


class StreamsTest(AmountsCase):
    """What never ends ends the line; what only takes long does not."""

    def flooded(self, command, lines):
        """A world whose server says these lines over and over, and nothing else."""
        piece = b"".join(line + b"\r\n" for line in lines)
        piece *= max(1, MIB // len(piece))

        def flood(_server, session, _tag):
            while True:
                session.client.sendall(piece)

        return self.filled(answering(command, flood))

    def test_chatter_without_end(self):
        text = b"x" * 30_000
        for line in (b"* OK [ALERT] " + text, b"* NO " + text, b"* X-ODD " + text,
                     b"* STATUS ((( " + text, b"+ " + text):
            with self.subTest(line[:20]):
                world = self.flooded(b"UID SEARCH", [line])
                run = world.attack("without end what it was not asked for", seconds=120)
                self.assertLess(len(run.stderr), 100_000)

    def test_bodies_that_nobody_asked_for_without_end(self):
        body = b"* 9 FETCH (UID 99 BODY[] {500000}\r\n" + b"x" * 500_000 + b")"
        world = self.flooded(b"UID FETCH", [body])
        world.attack("without end what it was not asked for", seconds=120)
        self.assertEqual(world.mail.messages("INBOX"), [])

    def test_literals_that_are_thrown_away_without_end(self):
        world = self.flooded(b"UID SEARCH", [b"* X-ODD {500000}\r\n" + b"x" * 500_000])
        world.attack("without end what it was not asked for", seconds=120)

    def test_capabilities_and_alerts_in_the_opening(self):
        class Chatty(ScriptedServer):
            def on_authenticate(self, session, tag, text):
                for number in range(100):
                    session.say(*(b"* CAPABILITY IMAP4rev1 X%d" % (number * 500 + n)
                                  for n in range(500)),
                                *[b"* OK [ALERT] \x1b[31mread this\x1b[0m"] * 500)
                super().on_authenticate(session, tag, text)

        world = self.filled(Chatty())
        run = world.sync(seconds=30)
        self.assertEqual(run.stderr, "")
        self.assertEqual(len(world.mail.messages("INBOX")), 3)

    def test_lines_that_make_no_sense_do_not_fill_the_log(self):
        def flood(_server, session, _tag):
            for _ in range(100):
                session.say(*[b"* (( \x1b[31m"] * 1000)

        run = self.filled(answering(b"UID SEARCH", flood)).sync(expect=ANY)
        self.assertLess(len(run.stderr.splitlines()), 50)

    def test_sets_in_the_worst_order_take_no_time(self):
        kinds = {b"UID SEARCH": b"* SEARCH %d", b"SELECT": b"* VANISHED (EARLIER) %d"}
        for command, line in kinds.items():
            def flood(_server, session, _tag, said=line):
                for first in range(0, 200_000, 1000):
                    session.say(*(said % (4_000_000_000 - 2 * (first + n)) for n in range(1000)))

            with self.subTest(command):
                server = answering(command, flood)
                server.capabilities += b" CONDSTORE QRESYNC"
                self.filled(server).sync(expect=ANY, seconds=40)

    def test_more_sets_than_there_can_be_end_the_line(self):
        class Endless(ScriptedServer):
            def on_uid_search(self, session, tag, text):
                for first in range(1, 2**32, 2_000_000):
                    numbers = range(first, first + 2_000_000, 2)
                    session.say(b"* SEARCH " + b" ".join(b"%d" % n for n in numbers[:700_000]))

        self.filled(Endless()).attack("finds more messages than can be", octets=256 * MIB)

    def test_a_mailbox_of_four_thousand_million_messages_is_not_counted_out(self):
        class Boaster(ScriptedServer):
            def on_select(self, session, tag, text):
                session.mailbox = b"INBOX"
                session.say(b"* FLAGS ()", b"* %d EXISTS" % FOUR_THOUSAND_MILLION,
                            b"* OK [UIDVALIDITY 7] .",
                            b"* OK [UIDNEXT %d] ." % FOUR_THOUSAND_MILLION, tag + b" OK selected")

            def on_uid_search(self, session, tag, text):
                session.say(b'* ESEARCH (TAG "%s") UID ALL 1:4294967294,4294967295' % tag,
                            tag + b" OK done")

            def on_uid_fetch(self, session, tag, text):
                session.say(tag + b" OK done")

        server = Boaster()
        world = HostileWorld(self, server)
        world.attack("mailbox INBOX: .* hands out none", expect=PARTLY, seconds=30)
        self.assertLess(len(server.commands), 200)

    def known(self, server):
        """A world that was synced before its server became what it is."""
        server.flooding = False
        world = self.filled(server, 1)
        world.sync()
        server.flooding = True
        return world

    def test_endless_flags_of_one_message_stay_small(self):
        def flood(_server, session, _tag):
            piece = [b"* 1 FETCH (UID 1 FLAGS (aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa))"] * 2000
            for _ in range(500):
                session.say(*piece)

        world = self.known(answering(b"UID FETCH 1:* (UID FLAGS", flood))
        world.server.messages()[1][0] = {b"\\Seen"}
        world.sync(expect=ANY)
        self.assertEqual(world.mail.messages("INBOX")[0].letters, "S")

    def test_more_messages_than_exist_end_the_line(self):
        def flood(_server, session, _tag):
            for first in range(1, 2**32, 2000):
                session.say(*(b"* 1 FETCH (UID %d FLAGS ())" % (first + n) for n in range(2000)))

        world = self.known(answering(b"UID FETCH", flood))
        world.attack("more messages than there are")

    def test_nor_does_exists_excuse_them(self):
        words = b" ".join(b"keyword-%06d" % n for n in range(900))

        class Boaster(ScriptedServer):
            def on_select(self, session, tag, text):
                said = session.say
                if self.flooding:
                    session.say = lambda *lines: said(
                        *(line for line in lines if not line.endswith(b"EXISTS")))
                    said(b"* %d EXISTS" % FOUR_THOUSAND_MILLION)
                super().on_select(session, tag, text)
                session.say = said

            def on_uid_fetch(self, session, tag, text):
                if not self.flooding:
                    super().on_uid_fetch(session, tag, text)
                    return
                for uid in range(1, 2**32):
                    session.say(b"* %d FETCH (UID %d FLAGS (%s))" % (uid, uid, words))

        world = self.known(Boaster())
        world.server.fill(1)
        world.attack("more messages than there are", octets=512 * MIB)

    def test_an_endless_list_ends_the_line(self):
        class Endless(ScriptedServer):
            def on_list(self, session, tag, text):
                for first in range(0, 2**32, 2000):
                    session.say(*(b'* LIST () "/" "box%d"' % (first + n) for n in range(2000)))

        HostileWorld(self, Endless()).attack("mailboxes", octets=128 * MIB)

    def test_so_do_endless_names(self):
        for told in (b'* LIST () "/" "%06d%s"', b'* STATUS "%06d%s" (MESSAGES 1)',
                     b'* LIST () "/" "%06d" ("OLDNAME" ("%s"))'):
            class Endless(ScriptedServer):
                line = told

                def on_list(self, session, tag, text):
                    for number in range(100_000):
                        session.say(self.line % (number, b"n" * MIB))

            with self.subTest(told):
                HostileWorld(self, Endless()).attack("endless names", octets=128 * MIB)


class BodiesTest(AmountsCase):
    def synced(self, octets, fetch_line=None, expect=DONE, **bounds):
        class Bending(ScriptedServer):
            capabilities = ScriptedServer.capabilities + b" OBJECTID"

            def fetch_line(self, session, uid, items):
                line = super().fetch_line(session, uid, items)
                return fetch_line(line) if fetch_line else line

        server = Bending()
        for one in octets:
            server.add(b"INBOX", one)
        world = HostileWorld(self, server)
        world.sync(expect=expect, **bounds)
        return world

    def test_headers_without_measure(self):
        head = b"From: a@example.org\r\n"
        world = self.synced([
            head + b"Message-ID: <" + b"m" * MIB + b"@x>\r\n\r\nwords\r\n",
            head + b"X-Odd: x\r\n" * 1_000_000 + b"\r\nwords\r\n",
            head + b"Subject: " + b"no end" * 5_000_000,
            b"\r\n\r\n", b"", b"\0" * MIB, b"\n" * MIB, b"\r" * (100 * MIB), b"(" * MIB,
        ], expect=ANY)
        self.assertGreaterEqual(len(world.mail.messages("INBOX")), 8)
        world.sync(expect=ANY)
        self.assertEqual(world.server.sent(rb"^APPEND"), [])

    def test_a_header_without_end_is_not_held(self):
        def large_header(line):
            size = line.find(b"BODY[HEADER]")
            return line if size < 0 else line[:size] + b"BODY[HEADER] {%d}\r\n%s)" % (
                200 * MIB, b"x" * 200 * MIB)

        world = self.synced([message("m")], large_header)
        os.unlink(world.mail.messages("INBOX")[0].path)
        os.remove(f"{world.sterna.state}/{EVIL}/state.db")
        world.mail.deliver("INBOX", local(message("m")), "S", NOON)
        world.sync(expect=ANY)

    def test_object_ids_keywords_and_sections_without_measure(self):
        long = b"M" * (4 * MIB)
        bends = {
            "emailid": lambda line: line[:-1] + b" EMAILID (" + long + b"))",
            "threadid": lambda line: line[:-1] + b" THREADID (" + long + b"))",
            "section": lambda line: line[:-1] + b" BODY[" + long + b"] NIL)",
            "keyword": lambda line: line.replace(b"FLAGS (", b"FLAGS (" + long + b" "),
        }
        for name, bend in bends.items():
            with self.subTest(name):
                # Each of them held, the 40 would take 160 MiB.
                self.synced([message(f"m{n}") for n in range(40)], bend, expect=ANY)

    def test_keywords_are_no_paths(self):
        words = [b"../../x", b"/etc/passwd", b"..", b"cur", b"a/b", b"%n%s", b"`id`", b"-rf", b"'"]

        server = ScriptedServer()
        server.add(b"INBOX", message("m"), words)
        world = self.filled(server, 0)
        world.sync(expect=ANY)
        self.assertEqual(len(world.mail.messages("INBOX")), 1)


class DeflateTest(AmountsCase):
    """CVE-2026-73209, and bombs of a thousand to one."""

    def world(self, server):
        return self.filled(server, 1, compress="yes")

    def test_a_compressed_line_is_an_ordinary_one(self):
        world = self.world(Deflating())
        world.sync()
        self.assertEqual(len(world.mail.messages("INBOX")), 1)
        self.assertTrue(world.server.sent(rb"^COMPRESS"))

    def test_a_line_that_unfolds_ends_the_connection(self):
        class Bomb(Deflating):
            def on_list(self, session, tag, text):
                for _ in range(200):
                    session.client.sendall(session.deflate.compress(b"* OK " + b"a" * MIB))

        self.world(Bomb()).attack("longer than it may be")

    def test_a_body_that_unfolds_is_not_held(self):
        server = Deflating()
        server.add(b"INBOX", message("large") + b"0" * (80 * MIB))
        world = self.world(server)
        world.sync(expect=ANY)
        self.assertEqual(len(world.mail.messages("INBOX")), 2)

    def test_a_damaged_stream_ends_the_connection(self):
        class Damaged(Deflating):
            def on_list(self, session, tag, text):
                session.client.sendall(b"\xff" * 1000)

        self.world(Damaged()).attack("compressed stream is damaged")

    def test_blocks_that_unfold_to_nothing_harm_nobody_else(self):
        class Nothing(Deflating):
            def on_list(self, session, tag, text):
                piece = b"\x00\x00\x00\xff\xff" * 200_000
                while True:
                    session.client.sendall(piece)

        world = self.world(Nothing())
        process = world.sterna.start("sync", options=("--no-input",))
        deadline = time.monotonic() + 60
        while len(world.good_mail.messages("INBOX")) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        world.assert_friend_unharmed()
        world.sterna.signal(signal.SIGTERM)     # is heard, although there is always more to read
        run = world.sterna.finish(process, 30)
        self.assertEqual(run.code, 130, run)


if __name__ == "__main__":
    unittest.main()
