# SPDX-License-Identifier: Apache-2.0
"""Ways of programs and people that take several syncs, and what servers leave unsaid: each message
is in one place in the end, on both sides."""
import itertools
import os
import re
import unittest

from tests.support.case import IntegrationCase, need_steps, over
from tests.support.dovecot import MAIN_PROFILES
from tests.support.messages import NOON, local, message, word_of
from tests.support.scripted import ScriptedServer, ScriptedWorld
from tests.support.sterna import DONE, HELD, PARTLY


class ToolsTest(IntegrationCase):
    """A message goes INBOX -> Work -> Archive -> INBOX, as this or that program moves it."""

    ROUND = ("Work", "Archive", "INBOX")

    def ready(self, world):
        for mailbox in self.ROUND[:2]:
            world.imap.create(mailbox)
        world.fill("INBOX", 3, flags=["\\Seen"])
        world.sync()

    def go_round(self, world, move):
        """move(world, file, target, sync) makes one move; syncs in between are its own affair."""
        self.ready(world)
        for target in self.ROUND:
            move(world, self.whereabouts(world), target)
            world.sync()
            self.assertEqual([m for m in ("INBOX", "Work", "Archive")
                              if "m1" in world.words_on_server(m)], [target])
            world.assert_settled()
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1", "m2"])

    def whereabouts(self, world):
        [file] = [f for m in ("INBOX", "Work", "Archive") for f in world.mail.messages(m)
                  if b"<m1@" in f.read()]
        return file

    def copy(self, world, file, target, name):
        path = f"{world.mail.folder(target)}/cur/{name}"
        with open(path, "wb") as out:
            out.write(file.read())
        os.utime(path, (file.mtime, file.mtime))

    @over(MAIN_PROFILES)
    def test_a_rename_that_keeps_the_base_name(self, world):
        """aerc, notmuch-based filters."""
        def move(world, file, target):
            os.rename(file.path, f"{world.mail.folder(target)}/cur/{file.base}:2,FS")
        self.go_round(world, move)
        self.assertIn("\\Flagged", self.whereabouts(world).flags)

    @over(MAIN_PROFILES)
    def test_a_rename_to_another_name(self, world):
        """mu4e."""
        number = itertools.count()

        def move(world, file, target):
            os.rename(file.path,
                      f"{world.mail.folder(target)}/cur/17{next(number)}.new.host:2,S")
        self.go_round(world, move)

    @over(MAIN_PROFILES)
    def test_a_copy_under_another_name_and_an_unlink(self, world):
        """mutt."""
        number = itertools.count()

        def move(world, file, target):
            self.copy(world, file, target, f"18{next(number)}.mutt.host:2,S")
            os.unlink(file.path)
        self.go_round(world, move)

    @over(MAIN_PROFILES)
    def test_a_copy_under_the_same_name_that_is_synced_before_the_unlink(self, world):
        """afew, where a sync comes in between."""
        def move(world, file, target):
            self.copy(world, file, target, file.name)
            world.sync()
            self.assertTrue(os.path.exists(file.path))
            os.unlink(file.path)
        self.go_round(world, move)

    def test_a_copy_whose_original_goes_syncs_later(self):
        def move(world, file, target):
            self.copy(world, file, target, file.name)
            for _ in range(3):
                world.sync()
            os.unlink(file.path)
        self.go_round(self.world(), move)

    def test_a_move_on_both_sides_of_a_cut_line(self):
        """Moved; the answer is lost; moved on before the next sync."""
        world = self.world()
        self.ready(world)
        world.mail.move(self.whereabouts(world), "Work")
        world.wire.lose_reply(rb"^UID MOVE")
        world.sync(expect=None, may_miss=True)
        world.mail.move(self.whereabouts(world), "Archive")
        for _ in range(4):
            world.sync(expect=None)
            world.pass_time(30)
        self.assertEqual((world.words_on_server("INBOX"), world.words_on_server("Work"),
                          world.words_on_server("Archive")), (["m0", "m2"], [], ["m1"]))
        world.assert_settled()


class TwinsTest(IntegrationCase):
    """The user really has it twice: the same octets, with and without a Message-ID."""

    WITHOUT = b"From: a@example.org\r\nSubject: twin\r\n\r\nThe same.\r\n"

    def ready(self, world, octets):
        for number in range(2):
            world.imap.append("INBOX", octets, [], NOON + number)
        world.fill("Work", 1)
        world.sync()
        self.assertEqual(len(world.mail.messages("INBOX")), 2)

    def counts(self, world, *mailboxes):
        there = [len(world.imap.uids(m)) for m in mailboxes]
        here = [len(world.mail.messages(m)) for m in mailboxes]
        self.assertEqual(there, here)
        return here

    def kinds(self):
        return (("with", message("twin")), ("without", self.WITHOUT))

    @over(MAIN_PROFILES)
    def test_one_of_them_is_deleted_here(self, world):
        for kind, octets in self.kinds():
            with self.subTest(kind):
                one = self.world(world.profile)
                self.ready(one, octets)
                one.mail.delete(one.mail.messages("INBOX")[0])
                one.sync()
                self.assertEqual(self.counts(one, "INBOX", "Trash"), [1, 1])
                one.assert_settled()

    @over(MAIN_PROFILES)
    def test_one_of_them_is_expunged_there(self, world):
        for kind, octets in self.kinds():
            with self.subTest(kind):
                one = self.world(world.profile)
                self.ready(one, octets)
                one.imap.expunge("INBOX", one.imap.uids("INBOX")[0])
                one.sync()
                self.assertEqual(self.counts(one, "INBOX"), [1])
                one.assert_settled()

    @over(MAIN_PROFILES)
    def test_one_of_them_is_moved_and_the_other_flagged(self, world):
        for kind, octets in self.kinds():
            with self.subTest(kind):
                one = self.world(world.profile)
                self.ready(one, octets)
                first, second = one.mail.messages("INBOX")
                one.mail.move(first, "Work")
                one.mail.add_letters(second, "F")
                one.sync()
                self.assertEqual(self.counts(one, "INBOX", "Work", "Trash"), [1, 2, 0])
                self.assertEqual(len(one.imap.uids("INBOX", "FLAGGED")), 1)
                one.assert_settled()

    def test_a_third_one_comes_on_each_side(self):
        for kind, octets in self.kinds():
            with self.subTest(kind):
                world = self.world()
                self.ready(world, octets)
                world.mail.deliver("INBOX", local(octets), "S", NOON + 7)
                world.sync()
                self.assertEqual(self.counts(world, "INBOX"), [3])
                world.imap.append("INBOX", octets, [], NOON + 8)
                world.sync()
                self.assertEqual(self.counts(world, "INBOX"), [4])
                world.assert_settled()


class UnsaidTest(IntegrationCase):
    """What COPYUID and APPENDUID leave out is looked for."""

    def rest(self, world):
        for _ in range(5):
            world.sync(expect=None)
            world.pass_time(30)

    def moved(self, world, said):
        world.imap.create("Work")
        world.fill("INBOX", 5)
        world.sync()
        world.wire.lie(rb"\[COPYUID (\d+) (\d+)[^ ]* (\d+)[^\]]*\]", said)
        for file in world.mail.messages("INBOX")[:3]:
            world.mail.move(file, "Work")
        self.rest(world)
        self.assertEqual(len(world.words_on_server("Work")), 3)
        self.assertEqual(len(world.words_on_server("INBOX")), 2)
        self.assertEqual(world.words_on_server("Trash"), [])
        world.assert_settled()

    def test_a_copyuid_that_names_one_of_three(self):
        for profile in ("full", "condstore", "no-move"):
            with self.subTest(profile):
                self.moved(self.world(profile), rb"[COPYUID \1 \2 \3]")

    def test_no_copyuid_at_all(self):
        for profile in ("full", "condstore", "no-move"):
            with self.subTest(profile):
                self.moved(self.world(profile), rb"[X-MOVED]")

    def test_no_appenduid(self):
        world = self.world()
        world.wire.lie(rb"\[APPENDUID [^\]]*\]", b"[X-STORED]")
        for word in ("one", "two", "two"):
            world.mail.deliver("INBOX", local(message(word)), "S", NOON)
        self.rest(world)
        self.assertEqual(world.words_on_server("INBOX"), ["one", "two", "two"])
        world.assert_settled()
        world.mail.delete(world.mail.find("INBOX", "<one@"))
        world.sync()
        self.assertEqual(world.words_on_server("Trash"), ["one"])
        world.assert_settled()


class HalfTest(unittest.TestCase):
    """A MOVE that was carried out in part (RFC 6851 section 3.3)."""

    class Halving(ScriptedServer):
        whole = False

        def on_uid_move(self, session, tag, text):
            if self.whole:
                super().on_uid_move(session, tag, text)
                return
            uids = self.uids(session, text.split()[2])
            first = re.sub(rb"(?i)(UID MOVE) \S+", rb"\1 %d" % uids[0], text)
            said = []
            say, session.say = session.say, lambda *lines: said.extend(lines)
            super().on_uid_move(session, tag, first)
            session.say = say
            session.say(*[line for line in said if not line.startswith(tag)],
                        tag + b" NO not all of them")

    def test_the_rest_follows_when_its_time_has_come(self):
        server = self.Halving()
        server.make("Work")
        for number in range(3):
            server.add(b"INBOX", message(f"m{number}"))
        world = ScriptedWorld(self, server)
        world.sync()
        for file in world.mail.messages("INBOX"):
            world.mail.move(file, "Work")
        world.sync(expect=PARTLY)
        self.assertEqual(len(server.messages("INBOX")) + len(server.messages("Work")), 3)
        server.whole = True
        for _ in range(4):
            world.ask_state("UPDATE failure SET next_try_ms = 0")
            world.ask_state("UPDATE intent SET at_ms = at_ms - 30000")
            world.sync(expect=None)
        self.assertEqual((len(server.messages("INBOX")), len(server.messages("Work"))), (0, 3))
        self.assertEqual(len(world.mail.messages("Work")), 3)


class PartTest(unittest.TestCase):
    """A COPY or a MOVE of a part of the messages that is answered OK: COPYUID names that part."""

    class Copying(ScriptedServer):
        """The first of them alone is copied."""
        capabilities = ScriptedServer.capabilities.replace(b"MOVE ", b"")
        at_a_time = 1

        def uids(self, session, text):
            found = super().uids(session, text)
            words = self.commands[-1].upper().split()[:2]
            part = words in ([b"UID", b"COPY"], [b"UID", b"MOVE"])
            return found[:self.at_a_time] if part else found

    class Moving(Copying):
        capabilities = ScriptedServer.capabilities

    class Concealing(Copying):
        """All of them are copied, and the first one is named."""
        at_a_time = None

        def _copy(self, session, text, uids):
            said = super()._copy(session, text, uids)
            return re.sub(rb"(\d+)(?:,\d+)* (\d+)[\d,]*\]", rb"\1 \2]", said)

    class ConcealingMove(Concealing):
        capabilities = ScriptedServer.capabilities

    class Echoing(Copying):
        """Two of them are copied, and COPYUID has the set that was asked for."""
        at_a_time = 2

        def _copy(self, session, text, uids):
            said = super()._copy(session, text, uids)
            return re.sub(rb"(COPYUID \d+) \S+", rb"\1 " + text.split(b" ")[2], said)

    class EchoingMove(Echoing):
        capabilities = ScriptedServer.capabilities

    class Garbling(Copying):
        """All of them are copied, and nobody can read which."""
        at_a_time = None

        def _copy(self, session, text, uids):
            return re.sub(rb"\S+\]", b"0]", super()._copy(session, text, uids))

    KINDS = (Copying, Moving, Concealing, ConcealingMove, Echoing, Garbling)

    def world(self, kind, words=("m0", "m1", "m2"), **keys):
        server = kind()
        for name in ("Work", "Trash", "Full"):
            server.make(name)
        for word in words or ():
            server.add(b"INBOX", message(word))
        world = ScriptedWorld(self, server, **keys)
        if words is not None:
            world.sync()
        return world

    def there(self, world, mailbox):
        return sorted(word_of(octets) for _, octets in world.server.messages(mailbox).values())

    def rest(self, world, target, words):
        """Nothing is nowhere meanwhile, and each is once in the target in the end."""
        for _ in range(6):
            world.sync(expect=(DONE, PARTLY))
            everywhere = [w for m in world.server.mailboxes for w in self.there(world, m.decode())]
            for word in words:
                self.assertGreaterEqual(everywhere.count(word), words.count(word))
            world.ask_state("UPDATE failure SET next_try_ms = 0")
            world.ask_state("UPDATE intent SET at_ms = at_ms - 30000")
        self.assertEqual(self.there(world, target), sorted(words))
        self.assertEqual(self.there(world, "INBOX"), [])
        self.assertEqual(world.ask_state("SELECT * FROM intent"), [])

    def delete_all(self, world, *mailboxes):
        for mailbox in mailboxes:
            for file in world.mail.messages(mailbox):
                world.mail.delete(file)

    def for_each_kind(self, target, change, **keys):
        for kind in self.KINDS:
            for words in (["m0", "m1", "m2"], ["m0"] * 3):
                with self.subTest(kind.__name__, words=words):
                    world = self.world(kind, words, **keys)
                    for file in world.mail.messages("INBOX"):
                        change(world, file)
                    self.rest(world, target, words)
                    if not keys:
                        world.assert_settled()

    def test_what_was_not_copied_to_the_trash_is_not_expunged(self):
        self.for_each_kind("Trash", lambda world, file: world.mail.delete(file))

    def test_nor_what_was_not_copied_to_a_trash_that_is_not_synced(self):
        self.for_each_kind("Trash", lambda world, file: world.mail.delete(file),
                           mailboxes=["*", "!Trash"])

    def test_what_was_not_moved_is_moved_later(self):
        self.for_each_kind("Work", lambda world, file: world.mail.move(file, "Work"))

    def test_what_a_move_that_names_nothing_left_where_it_was_is_not_lost(self):
        for words in (["m0", "m1", "m2"], ["m0"] * 3):
            with self.subTest(words=words):
                world = self.world(self.EchoingMove, words)
                self.delete_all(world, "INBOX")
                for _ in range(3):
                    world.sync(expect=(DONE, PARTLY))
                    world.ask_state("UPDATE failure SET next_try_ms = 0")
                self.assertEqual(sorted(self.there(world, "INBOX") + self.there(world, "Trash")),
                                 words)

    def test_what_was_copied_and_named_so_that_nobody_can_read_it_is_not_copied_again(self):
        for target, change in (("Trash", lambda world, file: world.mail.delete(file)),
                               ("Work", lambda world, file: world.mail.move(file, "Work"))):
            with self.subTest(target):
                world = self.world(self.Garbling)
                for file in world.mail.messages("INBOX"):
                    change(world, file)
                self.rest(world, target, ["m0", "m1", "m2"])
                self.assertEqual(len(world.server.sent(rb"^UID COPY")), 1)

    def test_a_copy_of_which_the_server_tells_nothing_may_be_the_one_that_is_looked_for(self):
        class Shy(self.Concealing):
            shy = True

            def fetch_line(self, session, uid, items):
                if self.shy and session.mailbox == b"Trash":
                    return b"* 1 FETCH (UID %d)" % uid
                return super().fetch_line(session, uid, items)

        world = self.world(Shy, mailboxes=["*", "!Trash"])
        for file in world.mail.messages("INBOX"):
            world.mail.delete(file)
        for _ in range(3):
            world.sync(expect=(DONE, PARTLY))
            world.ask_state("UPDATE failure SET next_try_ms = 0")
        world.server.shy = False
        self.rest(world, "Trash", ["m0", "m1", "m2"])
        self.assertEqual(len(world.server.sent(rb"^UID COPY")), 1)

    def test_a_mailbox_that_was_let_go_by_a_sync_that_died_behind_a_part(self):
        need_steps()
        world = self.world(self.Copying, words=())
        for _ in range(2):
            world.server.add(b"Full", message("twin"))
        world.sync()
        world.mail.remove("Full")
        world.sync(expect=HELD)
        world.mail.settle()
        world.sterna.die_at("delete_out.copied", "held", "apply", "acc/Full")
        self.assertEqual((self.there(world, "Full"), self.there(world, "Trash")),
                         (["twin"] * 2, ["twin"]))
        world.sync(expect=(DONE, PARTLY))
        self.assertEqual(self.there(world, "Trash"), ["twin"] * 2)
        self.assertNotIn(b"Full", world.server.mailboxes)

    def test_a_server_that_names_none_of_them_is_not_asked_for_ever(self):
        class Denying(self.Copying):
            at_a_time = 0
            said = b"[COPYUID 7 999 999]"

            def _copy(self, session, text, uids):
                return self.said

        class Confusing(Denying):
            said = b"[COPYUID 7 1:3 100:101]"

        for kind, (change, copies) in itertools.product(
                (Denying, Confusing),
                ((lambda world, file: world.mail.delete(file), 2),
                 (lambda world, file: world.mail.move(file, "Work"), 3))):
            with self.subTest(kind.__name__, copies=copies):
                world = self.world(kind)
                for file in world.mail.messages("INBOX"):
                    change(world, file)
                for _ in range(5):
                    world.sync(expect=(DONE, PARTLY))
                self.assertEqual(len(world.server.sent(rb"^UID COPY")), copies)
                self.assertEqual(self.there(world, "INBOX"), ["m0", "m1", "m2"])


class FilledByOthersTest(IntegrationCase):
    """Names as other programs give them, on a Maildir that they filled from this server."""

    def filled(self, world, name_of):
        world.fill("INBOX", 5, flags=["\\Seen"])
        world.fill("Work", 2, "w")
        for mailbox in ("INBOX", "Work"):
            world.mail.create(mailbox)
            for found in world.imap.fetch_all(mailbox):
                letters = "S" if "\\Seen" in found.flags else ""
                world.mail.deliver(mailbox, local(found.body), letters, found.internaldate,
                                   base=name_of(found, mailbox))

    def adopt(self, world):
        report = world.sync()
        self.assertEqual((report["uploaded"], report["bodies_fetched"], report["held"]), (0, 0, 0))
        world.assert_settled()
        file = world.mail.find("INBOX", "<m1@")
        world.mail.move(file, "Work")
        world.mail.delete(world.mail.find("INBOX", "<m2@"))
        world.sync()
        self.assertEqual(world.words_on_server("Work"), ["m1", "w0", "w1"])
        self.assertEqual(world.words_on_server("Trash"), ["m2"])
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_offlineimap(self, world):
        self.filled(world, lambda found, mailbox:
                    f"1767268800_{found.uid}.4711.host,U={found.uid},FMD5="
                    "7e33429f656f1e6e9d79b29c3f82c57e")
        self.adopt(world)

    @over(MAIN_PROFILES)
    def test_mbsync(self, world):
        self.filled(world, lambda found, mailbox:
                    f"1767268800.R{found.uid}.host,U={found.uid}")
        self.adopt(world)

    @over(MAIN_PROFILES)
    def test_dovecot(self, world):
        def name_of(found, _mailbox):
            lean = len(local(found.body))
            return f"1767268800.M{found.uid}P77.host,S={lean},W={len(found.body)}"
        self.filled(world, name_of)
        for mailbox in ("INBOX", "Work"):
            with open(f"{world.mail.folder(mailbox)}/dovecot-uidlist", "w",
                      encoding="ascii") as out:
                out.write("3 V1767268800 N9 G0123456789abcdef0123456789abcdef\n")
        self.adopt(world)

    def test_procmail_and_a_hand(self):
        world = self.world()
        self.filled(world, lambda found, mailbox: f"1767268800.{found.uid}_0.host")
        self.adopt(world)


if __name__ == "__main__":
    unittest.main()
