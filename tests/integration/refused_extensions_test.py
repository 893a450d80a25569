# SPDX-License-Identifier: Apache-2.0
"""What a server offers and does not understand when it is used, as behind a proxy that has a list
of its own: each extension refused, one by one.
"""
import re
import unittest

from tests.integration.capabilities_test import Tour
from tests.support.case import IntegrationCase
from tests.support.messages import NOON, local, message
from tests.support.scripted import ScriptedServer, ScriptedWorld
from tests.support.sterna import FAILED, HELD, LOGIN

_QRESYNC = rb"\(QRESYNC "
EXTENSIONS = {
    "CHILDREN": rb"^LIST .*\bCHILDREN\b",
    "CONDSTORE": rb"\b(QRESYNC|CONDSTORE|CHANGEDSINCE|MODSEQ|HIGHESTMODSEQ)\b",
    "ENABLE": rb"^ENABLE\b",
    "ESEARCH": rb"\bSEARCH RETURN\b",
    "ID": rb"^ID\b",
    "LIST-EXTENDED": rb"^LIST .*\bRETURN\b",
    "LIST-STATUS": rb"^LIST .*\bSTATUS\b",
    "MOVE": rb"^UID MOVE\b",
    "MULTIAPPEND": rb"^APPEND [^{]*\{\d+\+?\}\r\n[^{]*\{",
    "NAMESPACE": rb"^NAMESPACE\b",
    "QRESYNC": _QRESYNC,
    "QRESYNC and CHANGEDSINCE": _QRESYNC + rb"|\bCHANGEDSINCE\b",
    "QRESYNC and CONDSTORE": _QRESYNC + rb"|\(CONDSTORE\)",
    "QRESYNC and MODSEQ": _QRESYNC + rb"|\bMODSEQ\b",
    "SASL-IR": rb"^AUTHENTICATE \S+ \S",
    "SPECIAL-USE": rb"^LIST .*\bSPECIAL-USE\b",
    "UIDPLUS": rb"^UID EXPUNGE\b",
    "UIDPLUS and MOVE": rb"^UID (EXPUNGE|MOVE)\b",
}


class OneByOneTest(Tour):
    def test_every_kind_of_change_in_both_directions(self):
        for name, pattern in EXTENSIONS.items():
            with self.subTest(name):
                world = self.world(local_delete="expunge" if name == "UIDPLUS" else "trash",
                                   roles={"trash": "Trash"})
                world.wire.refuse_always(pattern)
                self.tour(world)
                if name == "MULTIAPPEND":
                    for number in range(4):
                        world.mail.deliver("INBOX", local(message(f"n{number}")), "S", NOON)
                    self.assertEqual(world.sync()["uploaded"], 4)
                self.assertTrue(world.wire.sent(pattern), "never used")

    def test_an_extension_is_asked_for_once_on_a_line(self):
        for name in ("QRESYNC", "QRESYNC and CONDSTORE", "LIST-EXTENDED"):
            with self.subTest(name):
                world = self.world()
                world.wire.refuse_always(EXTENSIONS[name])
                for number in range(8):
                    world.fill(f"Box{number}", 2, f"b{number}")
                world.sync()
                world.wire.forget()
                world.fill("Box3", 1, "new")
                world.mail.add_letters(world.mail.find("Box5", "<b50@"), "F")
                report = world.sync()
                self.assertEqual((report["downloaded"], report["flags_out"]), (1, 1))
                self.assertLess(len(world.wire.sent(rb"^(SELECT|EXAMINE)")), 8)
                world.assert_settled()


class UidExpungeTest(IntegrationCase):
    def test_what_others_marked_stays(self):
        world = self.world(local_delete="expunge")
        uids = world.fill("INBOX", 4)
        world.fill("Work", 3, "w")
        world.imap.store("INBOX", uids[2], "+", ["\\Deleted"])
        world.sync()
        world.wire.refuse_always(rb"^UID EXPUNGE")
        for name, word in (("INBOX", "m0"), ("Work", "w0"), ("Work", "w2")):
            world.mail.delete(world.mail.find(name, f"<{word}@"))
        self.assertEqual(world.sync()["deleted_out"], 3)
        self.assertEqual(len(world.wire.sent(rb"^UID EXPUNGE")), 1)
        self.assertEqual(world.words_on_server("INBOX"), ["m1", "m2", "m3"])
        self.assertEqual(world.words_on_server("Work"), ["w1"])
        self.assertIn("\\Deleted", world.imap.flags("INBOX", uids[2]))
        world.assert_settled()


class UnselectTest(IntegrationCase):
    def test_another_mailbox_is_selected_before_one_goes(self):
        world = self.world()
        world.fill("Full", 3)
        world.sync()
        world.mail.remove("Full")
        world.sync(expect=HELD)
        world.wire.refuse_always(rb"^UNSELECT")
        world.wire.forget()
        world.sterna.run("held", "apply", "acc/Full")
        self.assertNotIn("Full", world.imap.mailboxes())
        self.assertEqual(world.wire.sent(rb"^(UNSELECT|DELETE|EXAMINE)"),
                         [b"UNSELECT", b'EXAMINE "INBOX"', b'DELETE "Full"'])


class StatusTest(IntegrationCase):
    def test_mailboxes_are_counted_without_what_is_refused(self):
        world = self.world()
        world.fill("Work", 3)
        world.wire.refuse_always(rb"\bSIZE\b")
        told = world.sterna.command_json("mailboxes", "acc")["mailboxes"]
        self.assertEqual([m["messages_remote"] for m in told if m["mailbox"] == "Work"], [3])


class ListTest(unittest.TestCase):
    class Plain(ScriptedServer):
        answer = b"NO [CANNOT] no such return option"
        plain = None

        def hook(self, session, tag, text):
            answer = self.answer if b"RETURN" in text else self.plain
            if not text.startswith(b"LIST") or not answer:
                return False
            session.say(tag + b" " + answer)
            return True

    def start(self, answer, plain=None):
        server = self.Plain()
        server.answer, server.plain = answer, plain
        server.fill(2)
        server.fill(1, "Work")
        return ScriptedWorld(self, server)

    def test_a_no_to_it_leads_to_the_plain_one(self):
        for answer in (b"NO [CANNOT] no such return option", b"NO what is that"):
            with self.subTest(answer):
                world = self.start(answer)
                self.assertEqual(world.sync()["downloaded"], 3)
                world.assert_settled()
                told = world.sterna.command_json("mailboxes", "acc")["mailboxes"]
                self.assertEqual([m["messages_remote"] for m in told], [2, 1])

    def test_a_no_for_another_reason_is_one(self):
        world = self.start(b"NO [SERVERBUG] oh")
        world.sync(expect=FAILED)
        self.assertEqual(len(world.server.sent(rb"^LIST")), 1)

    def test_a_no_to_both_is_one(self):
        world = self.start(b"NO what is that", b"NO not that either")
        self.assertIn("not that either", str(world.sync(expect=FAILED)))
        self.assertEqual(len(world.server.sent(rb"^LIST")), 2)


class LoginTest(unittest.TestCase):
    class Slow(ScriptedServer):
        """Offers SASL-IR, and takes AUTHENTICATE with one word alone."""
        known = True

        def on_authenticate(self, session, tag, text):
            if len(text.split()) > 2:
                session.say(tag + b" BAD too many arguments")
                return
            if not self.known:
                session.say(tag + b" BAD no such mechanism")
                return
            session.say(b"+ ")
            session.file.readline()
            super().on_authenticate(session, tag, text)

    def test_the_password_is_sent_when_it_is_asked_for(self):
        server = self.Slow()
        server.fill(2)
        world = ScriptedWorld(self, server)
        self.assertEqual(world.sync()["downloaded"], 2)
        self.assertEqual([len(c.split()) for c in server.sent(rb"^AUTHENTICATE")], [3, 2])
        world.assert_settled()

    def test_who_does_not_understand_says_nothing_of_the_password(self):
        server = self.Slow()
        server.known = False
        run = ScriptedWorld(self, server).sterna.run("sync", expect=None)
        self.assertNotIn(run.code, (0, LOGIN))
        self.assertIn("no such mechanism", run.stderr)
        self.assertNotRegex(run.stderr, re.compile("check .*password"))
        self.assertIn('"login"', run.stderr)


if __name__ == "__main__":
    unittest.main()
