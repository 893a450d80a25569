# SPDX-License-Identifier: Apache-2.0
"""A server that attacks: the opening of the line, what it says beside the point, and text. What it
sends too much of is in hostile_amounts_test, names of mailboxes in hostile_names_test, numbers that
lie in hostile_numbers_test.
"""
import os
import pty
import select
import time
import unittest

from tests.support.hostile import EVIL, HostileWorld, Starttls
from tests.support.messages import NOON, local, message
from tests.support.scripted import ScriptedServer
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
