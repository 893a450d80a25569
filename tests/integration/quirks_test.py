# SPDX-License-Identifier: Apache-2.0
"""Habits of servers that no capability tells of (docs/imap.md): what the program does where it
recognises one. Servers are Dovecot, or one of our own, in the clothes of another; of those that
are known by their host, the loopback address bears its name.
"""
import unittest

from tests.support.case import IntegrationCase
from tests.support.hosts import bear_name
from tests.support.messages import NOON, local, message
from tests.support.scripted import ScriptedServer, ScriptedWorld
from tests.support.sterna import FAILED


class QuirksCase(IntegrationCase):
    @staticmethod
    def greet_as(world, greeting):
        world.wire.lie(rb"(\* OK \[CAPABILITY [^\]]*\]) .*", rb"\1 " + greeting + b"\r")

    def name_host(self, sterna, host):
        bear_name(self, sterna, host)


class NoUidExpungeTest(QuirksCase):
    """Proton's bridge offers UIDPLUS, and refuses UID EXPUNGE."""

    def test_a_message_goes_by_expunge_and_no_other_with_it(self):
        world = self.world(local_delete="expunge")
        self.greet_as(world, b"gluon session ID 1")
        uids = world.fill("INBOX", 4)
        world.imap.store("INBOX", uids[2], "+", ["\\Deleted"])
        world.sync()
        world.wire.forget()
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        self.assertEqual(world.sync()["deleted_out"], 1)
        self.assertEqual(world.wire.sent(rb"^UID EXPUNGE"), [])
        self.assertEqual(len(world.wire.sent(rb"^EXPUNGE")), 1)
        self.assertEqual(world.words_on_server("INBOX"), ["m1", "m2", "m3"])
        self.assertIn("\\Deleted", world.imap.flags("INBOX", uids[2]))
        world.assert_settled()

    def test_another_greeting_is_another_server(self):
        world = self.world(local_delete="expunge")
        self.greet_as(world, b"glue session ID 1")
        world.fill("INBOX", 2)
        world.sync()
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        world.sync()
        self.assertEqual(len(world.wire.sent(rb"^UID EXPUNGE")), 1)


class NoMailboxIdTest(QuirksCase):
    """Cyrus 3.6 answers STATUS (MAILBOXID) with freed memory, line ends included."""

    class Cyrus(ScriptedServer):
        capabilities = b"IMAP4rev1 OBJECTID LITERAL+"
        version = b"3.6.1"

        def greet(self, session):
            session.say(b"* OK [CAPABILITY %s] host Cyrus IMAP %s server ready"
                        % (self.capabilities, self.version))

        def status_line(self, name, text):
            line = super().status_line(name, text)
            return line[:-1] + b" MAILBOXID (\xffab\r\nc))" if b"MAILBOXID" in text else line

    def statuses(self, server):
        server.fill(3)
        world = ScriptedWorld(self, server)
        world.sync()
        self.assertEqual(len(world.mail.messages("INBOX")), 3)
        return server.sent(rb"^STATUS")

    def test_it_is_not_asked_for(self):
        statuses = self.statuses(self.Cyrus())
        self.assertTrue(statuses)
        self.assertEqual([s for s in statuses if b"MAILBOXID" in s], [])

    def test_of_a_later_version_it_is(self):
        class Later(self.Cyrus):
            version = b"3.8.1"

            def status_line(self, name, text):
                line = ScriptedServer.status_line(self, name, text)
                return line[:-1] + b" MAILBOXID (i5))" if b"MAILBOXID" in text else line

        self.assertTrue([s for s in self.statuses(Later()) if b"MAILBOXID" in s])


class SizeUnreliableTest(QuirksCase):
    """Exchange tells another RFC822.SIZE than that of what it gives."""

    def lying(self, greeting=b"The Microsoft Exchange IMAP4 service is ready.", **keys):
        world = self.world(**keys)
        self.greet_as(world, greeting)
        world.wire.lie(rb"RFC822\.SIZE (\d+)", lambda m: b"RFC822.SIZE %d" % (int(m[1]) + 77))
        return world

    def test_a_move_on_the_server_is_known_by_the_header(self):
        world = self.lying()
        uids = world.fill("INBOX", 3)
        world.imap.create("Work")
        world.sync()
        world.imap.move("INBOX", uids[1], "Work")
        report = world.sync()
        self.assertEqual((report["moved_in"], report["bodies_fetched"]), (1, 0))
        world.assert_settled()

    def test_files_that_are_there_already_are_paired_by_the_header(self):
        world = self.lying()
        world.fill("INBOX", 3)
        for number in range(3):
            world.mail.deliver("INBOX", local(message(f"m{number}")), "", NOON + number)
        report = world.sync()
        self.assertEqual((report["bodies_fetched"], report["uploaded"]), (0, 0))
        world.assert_settled()

    def test_without_the_habit_a_size_is_part_of_the_proof(self):
        world = self.lying(greeting=b"some server is ready.")
        uids = world.fill("INBOX", 3)
        world.imap.create("Work")
        world.sync()
        world.imap.move("INBOX", uids[1], "Work")
        report = world.sync()
        self.assertEqual((report["moved_in"], report["bodies_fetched"]), (0, 1))
        self.assertEqual(world.words_local("Work"), ["m1"])

    def test_an_upload_in_doubt_is_found_and_not_sent_again(self):
        world = self.lying()
        world.fill("INBOX", 1)
        world.sync()
        world.mail.deliver("INBOX", local(message("mine")), "S", NOON)
        world.wire.lose_reply(rb"^APPEND")
        world.sync(expect=None)
        world.sync()
        self.assertEqual(len(world.wire.sent(rb"^APPEND")), 1)
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "mine"])
        world.assert_settled()

    def test_deletions_go_both_ways_and_verify_agrees(self):
        world = self.lying()
        uids = world.fill("INBOX", 5)
        world.sync()
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        world.imap.expunge("INBOX", uids[1])
        report = world.sync()
        self.assertEqual((report["deleted_out"], report["deleted_in"]), (1, 1))
        world.assert_settled()
        world.sterna.run("verify")


class AppendRewritesTest(QuirksCase):
    """Exchange and Proton's bridge write a message anew, and lose what flags it came with."""

    class Rewriting(ScriptedServer):
        greeting = b"The Microsoft Exchange IMAP4 service is ready."

        def greet(self, session):
            session.say(b"* OK [CAPABILITY %s] %s" % (self.capabilities, self.greeting))

        def on_append(self, session, tag, text):
            name = self._argument(text)
            octets = text.partition(b"}\r\n")[2]
            uid = self.add(name, b"X-Written: anew\r\n" + octets.replace(b"words", b"Words"))
            session.say(tag + b" OK [APPENDUID 7 %d] stored" % uid)

    def uploaded(self, server):
        server.fill(1)
        world = ScriptedWorld(self, server)
        world.sync()
        world.mail.deliver("INBOX", local(message("mine")), "S", NOON)
        self.assertEqual(world.sync()["uploaded"], 1)
        return world

    def test_what_was_written_anew_is_neither_fetched_nor_sent_again(self):
        world = self.uploaded(self.Rewriting())
        for _ in range(2):
            report = world.sync()
            for count in ("uploaded", "downloaded", "bodies_fetched", "deleted_in"):
                self.assertEqual(report[count], 0, count)
        self.assertEqual(len(world.server.sent(rb"^APPEND")), 1)
        self.assertEqual(len(world.mail.messages("INBOX")), 2)
        self.assertIn(b"A few words.", world.mail.find("INBOX", "<mine@").read())

    def test_what_was_written_anew_goes_with_its_file(self):
        world = self.uploaded(self.Rewriting())
        world.mail.delete(world.mail.find("INBOX", "<mine@"))
        self.assertEqual(world.sync()["deleted_out"], 1)
        self.assertEqual(list(world.server.messages()), [1])

    def test_verify_expects_other_octets(self):
        world = self.uploaded(self.Rewriting())
        run = world.sterna.run("verify", "--deep", expect=None)
        self.assertIn("its octets differ", run.stdout + run.stderr)

    def test_verify_expects_none_of_another_server(self):
        server = self.Rewriting()
        server.greeting = b"some server is ready."
        world = self.uploaded(server)
        world.sterna.run("verify", "--deep", expect=FAILED)


class HostTest(QuirksCase):
    def test_icloud_has_no_qresync_whatever_it_says(self):
        world = self.world()
        self.name_host(world.sterna, "imap.mail.me.com")
        world.wire.lie(rb"\bIMAP4rev1\b", b"IMAP4rev1 XAPPLEPUSHSERVICE")
        uids = world.fill("INBOX", 5)
        world.sync()
        # What would be believed with QRESYNC, and is wrong.
        world.wire.lie(rb"^\* VANISHED.*")
        world.imap.expunge("INBOX", uids[1])
        world.imap.store("INBOX", uids[2], "+", ["\\Flagged"])
        world.fill("INBOX", 1, "late")
        report = world.sync()
        self.assertEqual((report["deleted_in"], report["downloaded"], report["flags_in"]),
                         (1, 1, 1))
        self.assertEqual(world.wire.sent(rb"QRESYNC|VANISHED"), [])
        self.assertNotEqual(world.wire.sent(rb"^ENABLE CONDSTORE"), [])
        world.assert_settled()

    def test_a_server_that_says_it_all_only_when_asked_is_asked(self):
        class Terse(ScriptedServer):
            """Behind the login's answer it leaves out what matters."""
            def on_authenticate(self, session, tag, _text):
                session.say(tag + b" OK [CAPABILITY IMAP4rev1] in")

        for host, asked in (("imap.qq.com", True), ("imap.example.org", False)):
            with self.subTest(host):
                server = Terse()
                server.fill(2)
                server.make("Trash")
                world = ScriptedWorld(self, server, roles={"trash": "Trash"})
                self.name_host(world.sterna, host)
                world.sync()
                world.mail.delete(world.mail.messages("INBOX")[0])
                world.sync()
                self.assertEqual(bool(server.sent(rb"^CAPABILITY")), asked)
                self.assertEqual(bool(server.sent(rb"^UID MOVE")), asked)
                self.assertEqual(len(server.messages("Trash")), 1)

    def test_a_server_that_lets_in_who_says_what_it_is(self):
        class Suspicious(ScriptedServer):
            """It offers no ID, and selects nothing without."""
            known = False

            def hook(self, session, tag, text):
                self.known = self.known or text.startswith(b"ID ")
                if not text.startswith((b"SELECT", b"EXAMINE")) or self.known:
                    return False
                session.say(tag + b" NO SELECT Unsafe Login. Please contact us for help")
                return True

        for host, expect in (("imap.163.com", 0), ("imap.example.org", None)):
            with self.subTest(host):
                server = Suspicious()
                server.fill(2)
                world = ScriptedWorld(self, server)
                self.name_host(world.sterna, host)
                report = world.sync(expect=expect)
                self.assertEqual(report["downloaded"], 2 if expect == 0 else 0)
                self.assertEqual(bool(server.sent(rb'^ID \("name"')), expect == 0)

    def test_who_greets_as_nobody_is_known_by_its_id(self):
        class Anonymous(ScriptedServer):
            """Its administrator changed the greeting."""
            capabilities = ScriptedServer.capabilities + b" ID"

            def on_id(self, session, tag, _text):
                session.say(b'* ID ("name" "Microsoft.Exchange.Imap4.Imap4Server" '
                            b'"version" "15.20")', tag + b" OK")

        server = Anonymous()
        server.fill(2)
        world = ScriptedWorld(self, server, quirks={"connections_max": 3})
        checks = world.sterna.command_json("check")["accounts"][0]["checks"]
        (quirks,) = [line["detail"] for line in checks if line["what"] == "quirks"]
        for switch in ("size_unreliable", "append_rewrites", "connections_max=3"):
            self.assertIn(switch, quirks)
        world.sync()
        world.assert_settled()

    def test_a_switch_that_the_user_set_goes_before_what_is_recognised(self):
        world = self.world(transport="direct", quirks={"no_qresync": True, "connections_max": 1})
        checks = world.sterna.command_json("check")["accounts"][0]["checks"]
        said = {line["what"]: line["detail"] for line in checks}
        self.assertEqual(said["quirks"], "connections_max=1, no_qresync")
        self.assertIn("CONDSTORE", said["changes"])
        world.fill(count=3)
        world.sync()
        world.assert_settled()
        world.sterna.set("acc", quirks=None)
        checks = world.sterna.command_json("check")["accounts"][0]["checks"]
        self.assertNotIn("quirks", [line["what"] for line in checks])


if __name__ == "__main__":
    unittest.main()
