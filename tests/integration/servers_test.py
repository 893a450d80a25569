# SPDX-License-Identifier: Apache-2.0
"""The same suite on each real server: Dovecot, Cyrus and Courier. What each offers, of what is
used where it is there, is in the report at the end; what is missing has another way to the same
end, and the suite does not know which.
"""
import atexit
import shutil
import unittest

from tests.support.case import IntegrationCase, leave_out, need_steps, server
from tests.support.courier import Courier
from tests.support.cyrus import Cyrus
from tests.support.messages import NOON, local, message
from tests.support.sterna import DONE, PARTLY

EXTENSIONS = ("ACL APPENDLIMIT AUTH=PLAIN CHILDREN COMPRESS=DEFLATE CONDSTORE CREATE-SPECIAL-USE "
              "ENABLE ESEARCH ID IDLE LIST-EXTENDED LIST-STATUS LITERAL+ MOVE MULTIAPPEND "
              "NAMESPACE NOTIFY OBJECTID QRESYNC SASL-IR SEARCHRES SPECIAL-USE STATUS=SIZE UIDPLUS "
              "UNSELECT").split()
KILLED = -9
NAMES = ("Work", "Work/Projekt äöü", "Списки/日本語", "R&D", "a b.c")

_started = {}


def started(kind):
    if kind.lacks():
        leave_out(kind.lacks())
    if kind not in _started:
        _started[kind] = kind().start()
        atexit.register(_started[kind].stop)
    return _started[kind]


class Suite:
    keys = {}                   # of the account, for this server
    renames_are_known = True    # else a mailbox that was renamed there has another UIDVALIDITY

    def at(self):
        raise NotImplementedError

    def start(self, **keys):
        """A user with five messages in INBOX and two in Work, in step."""
        world = self.world(at=self.at(), transport="plain", **{**self.keys, **keys})
        world.fill("INBOX", 5)
        world.fill("Work", 2, "w")
        world.sync()
        world.assert_settled()
        return world

    def names(self):
        """A dot separates mailboxes at some, and cannot be in a name then."""
        return [n for n in NAMES if "." not in n or self.at_separator() == "/"]

    def at_separator(self):
        return getattr(self.at(), "separator", "/")

    def test_all_comes_down_and_then_nothing_is_done(self):
        world = self.start()
        self.assertEqual(world.words_local("INBOX"), ["m0", "m1", "m2", "m3", "m4"])
        self.assertEqual(world.mail.find("INBOX", "<m3@").mtime, NOON + 3)

    def test_flags_and_keywords(self):
        world = self.start()
        uid = world.imap.uid_of("INBOX", "m0@")
        world.imap.store("INBOX", uid, "+", ["\\Flagged", "\\Answered", "Later"])
        world.mail.add_letters(world.mail.find("INBOX", "<m1@"), "FS")
        world.mail.name_keyword("INBOX", "q", "Ours")
        world.mail.add_letters(world.mail.find("INBOX", "<m2@"), "q")
        report = world.sync()
        self.assertEqual((report["flags_in"], report["flags_out"]), (1, 2))
        world.assert_settled()
        world.imap.store("INBOX", uid, "-", ["\\Flagged", "Later"])
        world.mail.set_letters(world.mail.find("INBOX", "<m1@"), "")
        world.sync()
        world.assert_settled()
        self.assertEqual(world.imap.flags("INBOX", uid) - {"\\Recent"}, {"\\Answered"})

    def test_new_messages(self):
        world = self.start()
        world.fill("INBOX", 3, "theirs", ["\\Seen"])
        for number in range(3):
            world.mail.deliver("INBOX", local(message(f"ours{number}")), "F", NOON + number)
        world.mail.deliver("Work", local(message("umlaut", "Straße\n")), "S", NOON)
        report = world.sync()
        self.assertEqual((report["downloaded"], report["uploaded"]), (3, 4))
        world.assert_settled()

    def test_moves(self):
        world = self.start()
        world.imap.move("INBOX", [world.imap.uid_of("INBOX", "m0@")], "Work")
        world.mail.move(world.mail.find("INBOX", "<m1@"), "Work")
        world.mail.move(world.mail.find("Work", "<w0@"), "INBOX", base="another.name.here")
        report = world.sync()
        self.assertEqual((report["moved_in"], report["moved_out"]), (1, 2))
        self.assertEqual(report["bodies_fetched"] + report["uploaded"], 0)
        world.assert_settled()
        self.assertEqual(world.words_local("Work"), ["m0", "m1", "w1"])

    def test_deletions_by_way_of_the_trash(self):
        world = self.start()
        world.imap.expunge("INBOX", [world.imap.uid_of("INBOX", "m0@")])
        world.mail.delete(world.mail.find("INBOX", "<m1@"))
        report = world.sync()
        self.assertEqual((report["deleted_in"], report["deleted_out"]), (1, 1))
        world.sync()
        world.assert_settled()
        self.assertEqual(world.words_on_server("Trash"), ["m1"])
        self.assertEqual(world.words_on_server("INBOX"), ["m2", "m3", "m4"])

    def test_deletions_for_good(self):
        world = self.start(local_delete="expunge")
        marked = world.imap.uid_of("INBOX", "m4@")
        world.imap.store("INBOX", marked, "+", ["\\Deleted"])
        world.sync()
        world.mail.delete(world.mail.find("INBOX", "<m1@"))
        self.assertEqual(world.sync()["deleted_out"], 1)
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m2", "m3", "m4"])
        self.assertIn("\\Deleted", world.imap.flags("INBOX", marked))
        self.assertEqual(world.words_on_server("Trash"), [])

    def test_mailboxes(self):
        world = self.start()
        world.imap.leave()
        for number, name in enumerate(self.names()):
            if name != "Work":
                world.imap.create(name)
            world.imap.append(name, message(f"there{number}"), [], NOON)
        world.mail.create("Here")
        world.mail.deliver("Here", local(message("here")), "S", NOON)
        world.sync()
        world.assert_settled()
        self.assertIn("Here", world.imap.mailboxes())
        if self.renames_are_known:
            world.imap.rename("R&D", "Done")
        world.mail.rename("Here", "There")
        report = world.sync()
        self.assertEqual(report["bodies_fetched"] + report["uploaded"], 0)
        world.assert_settled()
        self.assertIn("There", world.imap.mailboxes())
        world.imap.create("Empty")
        world.sync()
        world.imap.delete("Empty")
        for _ in range(2):
            world.sync()
        self.assertNotIn("Empty", world.mail.mailboxes())

    def test_a_lost_state_costs_no_message(self):
        world = self.start()
        world.mail.deliver("INBOX", local(message("ours")), "S", NOON)
        world.sync()
        shutil.rmtree(f"{world.sterna.state}/{world.name}")
        world.sterna.run("adopt", world.name)
        report = world.sync()
        self.assertEqual((report["bodies_fetched"], report["uploaded"]), (0, 0))
        world.assert_settled()

    def test_a_kill_amid_uploads_doubles_nothing(self):
        need_steps()
        world = self.start()
        for step in ("upload.sent", "upload.answered", "upload.recorded"):
            for number in range(4):
                word = f"{step.replace('.', '')}{number}"
                world.mail.deliver("INBOX", local(message(word)), "S", NOON)
            world.mail.settle()
            run = world.sterna.die_at(step, "sync")
            self.assertEqual(run.code, KILLED, f"{step}: {run}")
            for _ in range(6):
                world.pass_time(120)
                world.sync(expect=(DONE, PARTLY))
            world.assert_settled()
            self.assertEqual(len(world.words_on_server("INBOX")),
                             len(set(world.words_on_server("INBOX"))), step)
        self.assertEqual(len(world.words_on_server("INBOX")), 17)


class DovecotTest(Suite, IntegrationCase):
    def at(self):
        return server()


class CyrusTest(Suite, IntegrationCase):
    keys = {"auth": "login"}    # it lets everybody in, and knows nobody's password
    renames_are_known = False

    def at(self):
        return started(Cyrus)


class CourierTest(Suite, IntegrationCase):
    renames_are_known = False

    def at(self):
        return started(Courier)


class ReportTest(IntegrationCase):
    def test_what_each_offers(self):
        """Printed, so that a run says what it had to do with."""
        offered = {}
        for name, at in (("Dovecot", server()), ("Cyrus", started(Cyrus)),
                         ("Courier", started(Courier))):
            with at.client(at.new_user()) as client:
                offered[name] = set(client.capabilities)
        lines = ["{:20}".format("") + "".join(f"{name:10}" for name in offered)]
        for extension in EXTENSIONS:
            lines.append(f"{extension:20}" + "".join(
                f"{'yes' if extension in has else '-':10}" for has in offered.values()))
        print("\n" + "\n".join(line.rstrip() for line in lines))
        # Each of the three ways to see changes is there: QRESYNC, and neither it nor CONDSTORE.
        self.assertIn("QRESYNC", offered["Dovecot"] & offered["Cyrus"])
        self.assertNotIn("CONDSTORE", offered["Courier"])
        for has in offered.values():
            self.assertIn("UIDPLUS", has)


if __name__ == "__main__":
    unittest.main()
