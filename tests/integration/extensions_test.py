# SPDX-License-Identifier: Apache-2.0
"""Extensions that the Dovecot of these tests has not: each with a server that insists on its rules.
"""
import base64
import re
import unittest

from tests.support.messages import NOON, local, message, word_of
from tests.support.scripted import UIDVALIDITY, ScriptedServer, ScriptedWorld, as_string
from tests.support.sterna import LOGIN, PARTLY

LONG = "a line of sixty-three octets, so that a hundred are 6300 of them\n" * 100
_LITERAL = re.compile(rb"(?:\(([^)]*)\) )?(?:\"[^\"]*\" )?\{(\d+)(\+?)\}\r\n")

_LITERAL_NAME = re.compile(rb"APPEND \{(\d+)\+?\}\r\n")


class Strict(ScriptedServer):
    """Takes several messages at once (RFC 3502), and hangs up on who sends what was not offered."""

    def __init__(self):
        self.literals = []    # (octets, whether nobody waited)
        self.broken = []
        # Of those that nobody waits for (RFC 7888).
        words = self.capabilities.split()
        self.literals_max = (1 << 30 if b"LITERAL+" in words else
                             4096 if {b"LITERAL-", b"IMAP4rev2"}.intersection(words) else -1)
        super().__init__()

    def _read(self, session):
        command = ScriptedServer._read(session)
        for _, size, eager in _LITERAL.findall(command):
            self.literals.append((int(size), bool(eager)))
            if eager and int(size) > self.literals_max:
                self.broken.append(command[:80])
                session.say(b"* BYE a literal that was not asked for")
                return b""
        return command

    def on_append(self, session, tag, text):
        name = self._argument(text)
        first = self.next_uid[name]
        named = _LITERAL_NAME.match(text)
        at = named.end() + int(named[1]) if named else 0
        while (found := _LITERAL.search(text, at)):
            at = found.end() + int(found[2])
            self.add(name, text[found.end():at], (found[1] or b"").split())
        session.say(tag + b" OK [APPENDUID %d %d:%d] stored" % (UIDVALIDITY, first,
                                                               self.next_uid[name] - 1))


class LiteralMinusTest(unittest.TestCase):
    def upload(self, capabilities):
        class Server(Strict):
            pass

        Server.capabilities = capabilities
        server = Server()
        server.fill(1)
        world = ScriptedWorld(self, server)
        world.sync()
        for number in range(20):
            body = LONG if number % 5 == 0 else "A few words.\n"
            world.mail.deliver("INBOX", local(message(f"m{number}", body)), "FS"[:number % 3],
                               NOON + number)
        server.literals.clear()
        self.assertEqual(world.sync()["uploaded"], 20)
        self.assertEqual(server.broken, [])
        flags = {word_of(octets): flags for flags, octets in server.messages().values()}
        for number in range(20):
            wanted = {b"\\Flagged", b"\\Seen"} if number % 3 == 2 else (
                {b"\\Flagged"} if number % 3 else set())
            self.assertEqual(flags[f"m{number}"], wanted, number)
        world.assert_settled()
        return server

    def test_only_small_literals_are_sent_unasked(self):
        server = self.upload(ScriptedServer.capabilities.replace(b"LITERAL+", b"LITERAL-"))
        self.assertEqual(len(server.sent(rb"^APPEND")), 20)
        self.assertEqual({eager for size, eager in server.literals if size <= 4096}, {True})
        self.assertEqual({eager for size, eager in server.literals if size > 4096}, {False})

    def test_several_messages_at_once_are_sent_where_any_literal_may_be(self):
        """A refusal in the middle of a command would leave the rest of it unsaid."""
        plus = self.upload(ScriptedServer.capabilities + b" MULTIAPPEND")
        self.assertLess(len(plus.sent(rb"^APPEND")), 8)
        minus = self.upload(ScriptedServer.capabilities.replace(b"LITERAL+",
                                                                b"LITERAL- MULTIAPPEND"))
        self.assertEqual(len(minus.sent(rb"^APPEND")), 20)
        self.assertEqual({eager for size, eager in minus.literals if size > 4096}, {False})

    def test_without_either_every_literal_is_asked_for(self):
        server = self.upload(ScriptedServer.capabilities.replace(b" LITERAL+", b""))
        self.assertEqual({eager for _, eager in server.literals}, {False})


class AppendLimitTest(unittest.TestCase):
    def test_what_is_too_large_for_the_server_is_not_sent_and_named(self):
        class Limited(Strict):
            capabilities = ScriptedServer.capabilities + b" MULTIAPPEND APPENDLIMIT=2000"

        server = Limited()
        server.fill(1)
        world = ScriptedWorld(self, server)
        world.sync()
        for word, body in (("small", "words\n"), ("large", LONG), ("other", "words\n")):
            world.mail.deliver("INBOX", local(message(word, body)), "S", NOON)
        report = world.sync(expect=PARTLY)
        self.assertEqual(report["uploaded"], 2)
        self.assertIn("2.0 kB that the server takes", str(report["errors"]))
        self.assertEqual(server.sent(rb"^STATUS .*APPENDLIMIT"), [])
        self.assertEqual([size for size, _ in server.literals if size > 2000], [])
        self.assertEqual(world.sync()["quarantined"], 1)
        # The limit was raised.
        Limited.capabilities = Limited.capabilities.replace(b"=2000", b"=20000")
        world.ask_state("UPDATE failure SET next_try_ms = 0")
        self.assertEqual(world.sync()["uploaded"], 1)
        world.assert_settled()

    def told_by_status(self, limit):
        """A limit of each mailbox, or none where STATUS is refused; two messages were made here."""
        class Told(Strict):
            capabilities = ScriptedServer.capabilities + b" APPENDLIMIT"

            def status_line(self, name, text):
                line = super().status_line(name, text)
                return line[:-1] + b" APPENDLIMIT %b)" % limit if b"APPENDLIMIT" in text else line

            def on_status(self, session, tag, text):
                if b"APPENDLIMIT" in text and not limit:
                    session.say(tag + b" BAD what is that?")
                else:
                    super().on_status(session, tag, text)

        server = Told()
        server.fill(1)
        world = ScriptedWorld(self, server)
        world.sync()
        for word, body in (("large", LONG), ("small", "words\n")):
            world.mail.deliver("INBOX", local(message(word, body)), "S", NOON)
        return server, world

    def test_a_mailbox_without_a_limit_takes_all(self):
        for limit in (b"NIL", b""):
            with self.subTest(limit):
                server, world = self.told_by_status(limit)
                self.assertEqual(world.sync()["uploaded"], 2)
                self.assertEqual(len(server.sent(rb"^STATUS .*APPENDLIMIT")), 1)
                world.assert_settled()

    def test_a_mailbox_with_a_limit_of_its_own(self):
        server, world = self.told_by_status(b"2000")
        report = world.sync(expect=PARTLY)
        self.assertEqual(report["uploaded"], 1)
        self.assertIn("2.0 kB that the server takes", str(report["errors"]))
        self.assertEqual([size for size, _ in server.literals if size > 2000], [])


class StatusSizeTest(unittest.TestCase):
    """RFC 8438: the octets of a mailbox, beside its messages."""

    def told(self, capabilities):
        class Sized(ScriptedServer):
            def status_line(self, name, text):
                line = super().status_line(name, text)
                return line[:-1] + b" SIZE 1234)" if b" SIZE" in text else line

        Sized.capabilities = capabilities
        server = Sized()
        server.fill(3)
        told = ScriptedWorld(self, server).sterna.command_json("mailboxes", "acc")["mailboxes"][0]
        return server, told["messages_remote"], told["bytes_remote"]

    def test_it_is_told_with_list_and_with_status_and_not_at_all(self):
        can = ScriptedServer.capabilities + b" STATUS=SIZE"
        server, *told = self.told(can)
        self.assertEqual(told, [3, 1234])
        self.assertEqual(server.sent(rb"^STATUS"), [])
        server, *told = self.told(can.replace(b" LIST-STATUS", b""))
        self.assertEqual(told, [3, 1234])
        self.assertEqual(len(server.sent(rb"^STATUS .*\bSIZE\b")), 1)
        server, *told = self.told(ScriptedServer.capabilities)
        self.assertEqual(told, [3, None])
        self.assertEqual(server.sent(rb"\bSIZE\b"), [])


class SpecialUseTest(unittest.TestCase):
    def test_a_deletion_goes_where_the_server_says_that_the_trash_is(self):
        class Special(ScriptedServer):
            capabilities = ScriptedServer.capabilities + b" SPECIAL-USE"

            def on_list(self, session, tag, text):
                for name in list(self.mailboxes):
                    trash = name == b"Wastepaper" and b"SPECIAL-USE" in text
                    session.say(b'* LIST (%s) "/" ' % (rb"\Trash" if trash else b"")
                                + as_string(name), self.status_line(name, text))
                session.say(tag + b" OK")

        server = Special()
        server.fill(3)
        server.make("Wastepaper")
        server.make("Work")
        world = ScriptedWorld(self, server)
        world.sync()
        world.mail.delete(world.mail.messages("INBOX")[0])
        self.assertEqual(world.sync()["deleted_out"], 1)
        self.assertEqual(len(server.messages("Wastepaper")), 1)
        self.assertEqual(server.sent(rb"^UID EXPUNGE"), [])
        world.assert_settled()


class SilentSearchTest(unittest.TestCase):
    def test_a_search_that_is_answered_with_no_line_takes_nothing_away(self):
        class Silent(ScriptedServer):
            """Tells what changed, not what went: that is asked for by a SEARCH."""
            capabilities = ScriptedServer.capabilities.replace(b" ESEARCH", b" CONDSTORE")
            modseq = 1
            mute = False

            def status_line(self, name, text):
                line = super().status_line(name, text)
                told = b" HIGHESTMODSEQ %d)" % self.modseq
                return line[:-1] + told if b"HIGHESTMODSEQ" in text else line

            def on_select(self, session, tag, text):
                session.say(b"* OK [CLOSED] the one before",
                            b"* OK [HIGHESTMODSEQ %d] now" % self.modseq)
                super().on_select(session, tag, text)

            def on_uid_fetch(self, session, tag, text):
                if b"CHANGEDSINCE" in text:
                    newest = max(self.messages())
                    session.say(self.fetch_line(session, newest, text), tag + b" OK")
                else:
                    super().on_uid_fetch(session, tag, text)

            def on_uid_search(self, session, tag, text):
                if self.mute:
                    session.say(tag + b" OK")
                else:
                    super().on_uid_search(session, tag, text)

        server = Silent()
        server.fill(3)
        world = ScriptedWorld(self, server)
        world.sync()
        server.commands.clear()
        server.mute = True
        server.modseq = 2
        server.fill(1)
        del server.messages()[1]
        report = world.sync(expect=None)
        self.assertTrue(server.sent(rb"^UID SEARCH"))
        self.assertEqual((report["downloaded"], report["deleted_in"]), (0, 0))
        self.assertEqual(len(world.mail.messages("INBOX")), 3)
        server.mute = False
        report = world.sync()
        self.assertEqual((report["downloaded"], report["deleted_in"]), (1, 1))
        world.assert_settled()


class UidOnlyTest(unittest.TestCase):
    def test_it_is_never_enabled(self):
        class Server(ScriptedServer):
            capabilities = ScriptedServer.capabilities + b" UIDONLY CONDSTORE"

        server = Server()
        server.fill(3)
        world = ScriptedWorld(self, server)
        self.assertEqual(world.sync()["downloaded"], 3)
        self.assertTrue(server.sent(rb"^ENABLE"))
        self.assertEqual(server.sent(rb"UIDONLY"), [])
        world.assert_settled()


class SaslLoginTest(unittest.TestCase):
    class Old(ScriptedServer):
        """Knows the LOGIN mechanism alone, as old servers behind LOGINDISABLED do."""
        capabilities = (b"IMAP4rev1 AUTH=LOGIN LOGINDISABLED SASL-IR UIDPLUS MOVE NAMESPACE "
                        b"LITERAL+")
        known = [b"u", b"p"]

        def on_authenticate(self, session, tag, _text):
            told = []
            for prompt in (b"Username:", b"Password:"):
                session.say(b"+ " + base64.b64encode(prompt))
                told.append(base64.b64decode(session.file.readline()))
            if told == self.known:
                session.say(tag + b" OK in")
            else:
                session.say(tag + b" NO [AUTHENTICATIONFAILED] who are you")

    def test_user_and_password_are_given_when_asked_for(self):
        server = self.Old()
        server.fill(2)
        world = ScriptedWorld(self, server)
        self.assertEqual(world.sync()["downloaded"], 2)
        self.assertEqual(server.sent(rb"^(AUTHENTICATE|LOGIN)"), [b"AUTHENTICATE LOGIN"])
        world.assert_settled()

    def test_a_wrong_password_is_a_failed_login(self):
        server = self.Old()
        server.known = [b"u", b"another"]
        world = ScriptedWorld(self, server)
        run = world.sterna.run("sync", expect=LOGIN)
        self.assertIn("password", run.stderr)
        self.assertEqual(len(server.sent(rb"^AUTHENTICATE")), 1)


class Utf8(Strict):
    """Names are UTF-8, and nothing is done for who did not ENABLE what makes them so."""

    enables = b""

    def hook(self, session, tag, text):
        enabled = getattr(session, "enabled", False)
        if text.startswith(b"ENABLE ") and self.enables in text.split(b" "):
            session.enabled = True
            session.say(b"* ENABLED " + self.enables, tag + b" OK")
            return True
        free = (b"AUTHENTICATE", b"CAPABILITY", b"NAMESPACE", b"ID ", b"LOGOUT", b"NOOP")
        if enabled or text.startswith(free):
            return self.refuse(session, tag, text)
        self.broken.append(text)
        session.say(tag + b" BAD enable " + self.enables)
        return True

    def refuse(self, session, tag, text):
        """RFC 6855 section 3: no CHARSET; names that are modified UTF-7 are other names here."""
        if b"CHARSET" not in text:
            return False
        self.broken.append(text)
        session.say(tag + b" BAD")
        return True


class Utf8Only(Utf8):
    capabilities = ScriptedServer.capabilities + b" UTF8=ONLY"
    enables = b"UTF8=ACCEPT"


class Rev2Only(Utf8):
    """IMAP4rev2 (RFC 9051) and nothing else: no LSUB, no * SEARCH, no \\Recent, no LITERAL+."""

    capabilities = b"IMAP4rev2 AUTH=PLAIN"
    enables = b"IMAP4rev2"

    def refuse(self, session, tag, text):
        if text.startswith((b"LSUB", b"CHECK")) or b"RFC822.HEADER" in text:
            self.broken.append(text)
            session.say(tag + b" BAD gone with IMAP4rev1")
            return True
        if text.startswith(b"UID SEARCH") and b"RETURN" not in text:
            self.on_uid_search(session, tag, text.replace(b"UID SEARCH", b"UID SEARCH RETURN ()"))
            return True
        return super().refuse(session, tag, text)

    def on_select(self, session, tag, text):
        name = self._argument(text)
        if name in self.mailboxes:
            session.say(b'* LIST () "/" ' + as_string(name))
        super().on_select(session, tag, text)


class NamesInUtf8Test(unittest.TestCase):
    def tour(self, server):
        """Every kind of change both ways, in mailboxes that modified UTF-7 would spell."""
        server.fill(4)
        for name in ("Entwürfe", "日本語/予定", "R&D", "Müll"):
            server.make(name)
            server.add(name.encode(), message(name.encode().hex()))
        world = ScriptedWorld(self, server, roles={"trash": "Müll"})
        self.assertEqual(world.sync()["downloaded"], 8)
        self.assertEqual(world.mail.mailboxes(),
                         ["Entwürfe", "INBOX", "Müll", "R&D", "日本語/予定"])
        world.mail.deliver("Grüße/Neu", local(message("small")), "S", NOON)
        world.mail.deliver("Grüße/Neu", local(message("large", LONG)), "", NOON)
        world.mail.move(world.mail.find("INBOX", "<INBOX-1@"), "Entwürfe")
        world.mail.delete(world.mail.find("INBOX", "<INBOX-2@"))
        world.mail.add_letters(world.mail.find("INBOX", "<INBOX-3@"), "F")
        server.messages()[4][0].add(b"\\Seen")
        server.fill(1, "Entwürfe")
        world.mail.rename("R&D", "F&E Süd")
        world.sync()
        world.sync()
        self.assertEqual({name.decode() for name in server.mailboxes},
                         {"Entwürfe", "F&E Süd", "Grüße/Neu", "INBOX", "Müll", "日本語/予定"})
        self.assertEqual(len(server.messages("Entwürfe")), 3)
        self.assertEqual(len(server.messages("Müll")), 2)
        self.assertEqual(len(server.messages("Grüße/Neu")), 2)
        self.assertEqual(server.messages()[3][0], {b"\\Flagged"})
        self.assertIn("S", world.mail.find("INBOX", "<INBOX-4@").letters)
        self.assertEqual(server.broken, [])
        world.assert_settled()
        return world

    def test_a_server_that_is_utf8_only(self):
        self.tour(Utf8Only())

    def test_a_server_that_is_imap4rev2_only(self):
        server = Rev2Only()
        self.tour(server)
        self.assertEqual({eager for size, eager in server.literals if size > 4096}, {False})

    def test_a_name_that_looks_like_modified_utf7_is_taken_as_it_is(self):
        server = Utf8Only()
        server.fill(1, "Entw&APw-rfe")
        world = ScriptedWorld(self, server)
        world.sync()
        self.assertEqual(world.mail.mailboxes(), ["Entw&APw-rfe", "INBOX"])
        world.assert_settled()


if __name__ == "__main__":
    unittest.main()
