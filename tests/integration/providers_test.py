# SPDX-License-Identifier: Apache-2.0
"""Each provider's personality (tests/support/personalities.py), and one life with it: everything
comes down; both sides change in every way; the line is cut and the program is killed amid it; and
it goes on until both sides agree. Nothing is lost or doubled, nothing is sent that the provider
does not offer, and no limit of its is passed.
"""
import unittest

from tests.support import personalities
from tests.support.case import IntegrationCase, need_steps
from tests.support.hosts import bear_name
from tests.support.messages import NOON, local, message, word_of
from tests.support.scripted import ScriptedWorld
from tests.support.sterna import DONE, NETWORK, PARTLY

SYNCS_MAX = 6
COUNTS = ("downloaded", "uploaded", "flags_in", "flags_out", "moved_in", "moved_out",
          "deleted_in", "deleted_out", "bodies_fetched", "held", "quarantined")


class ProviderCase(IntegrationCase):
    def start(self, personality, **keys):
        """A world in step with a server that has a few messages."""
        server = personality()
        server.deliver("INBOX", *(f"m{n}" for n in range(10)))
        server.deliver(server.work, "w0", "w1")
        world = ScriptedWorld(self, server, preset=personality.preset, **keys)
        if personality.host:
            bear_name(self, world.sterna, personality.host)
        self.addCleanup(lambda: self.assertEqual(server.violations, [], personality.provider))
        return world

    # ---- what both sides have

    @staticmethod
    def there(world, expected):
        server = world.server
        return {name: sorted((word_of(octets), flags_of(flags))
                             for flags, octets in server.at(name).values())
                for name in expected if server.wire(name) in server.mailboxes}

    @staticmethod
    def here(world):
        return {name: sorted((word_of(m.read()), m.flags) for m in world.mail.messages(name))
                for name in world.mail.mailboxes()}

    def in_step(self, world, expected):
        """Both sides have these words, and the same flags; `expected` is every mailbox here."""
        there, here = self.there(world, expected), self.here(world)
        words = {name: [word for word, _ in rows] for name, rows in there.items()}
        return there == here and words == expected

    def go_on(self, world, expected):
        """Syncs until both sides are as expected; then another one finds nothing to do."""
        for _ in range(SYNCS_MAX):
            world.sync(expect=(DONE, PARTLY))
            if self.in_step(world, expected):
                break
            world.ask_state("UPDATE intent SET at_ms = at_ms - 120000")
            world.ask_state("UPDATE failure SET next_try_ms = next_try_ms - 120000")
        self.maxDiff = None
        self.assertEqual(self.there(world, expected), self.here(world))
        self.assertTrue(self.in_step(world, expected), self.here(world))
        world.sync()
        self.assert_quiet(world)
        self.assertTrue(self.in_step(world, expected), self.here(world))

    def assert_quiet(self, world):
        del world.server.commands[:]
        report = world.sync()
        self.assertEqual({count: report[count] for count in COUNTS}, dict.fromkeys(COUNTS, 0))
        self.assertEqual(world.server.sent(rb"^(APPEND|CREATE|DELETE|RENAME|EXPUNGE)"
                                           rb"|^UID (STORE|COPY|MOVE|EXPUNGE)|BODY"), [])


def flags_there(world, word):
    return flags_of(world.server.messages()[world.server.find("INBOX", word)][0])


def flags_of(flags):
    return frozenset(flag.decode() for flag in flags if flag != b"\\Recent")


class Life:
    """One life with one personality."""

    personality = None
    cut_amid = rb"^UID FETCH .*BODY\.PEEK\[\]"
    dies_at = "upload.answered"
    connections_most = 4
    first = DONE                # the status of the first sync

    def test_a_life_with_it(self):
        world = self.start(self.personality)
        server = world.server
        world.sync(expect=self.first)
        work, trash, below = server.work, server.trash, server.below
        self.go_on(world, {"INBOX": [f"m{n}" for n in range(10)], work: ["w0", "w1"], trash: []})
        self.look_at_first(world)
        self.change_there(server)
        self.change_here(world)
        self.be_cut(world)
        with self.subTest("killed"):    # the life goes on where that is left out
            need_steps()
            self.be_killed(world)
        self.go_on(world, {"INBOX": sorted(["m0", "m1", "m4", "m5", "m8", "m9", "o0", "t0"]),
                           work: ["m2", "m6", "w0", "w1"], trash: ["m7"],
                           f"{below}Theirs": ["x0"], f"{below}Ours": ["y0"]})
        self.look_at_last(world)
        self.assertLessEqual(server.open_most, self.connections_most)

    def change_there(self, server):
        server.deliver("INBOX", "t0")
        server.flag("INBOX", "m0", b"\\Flagged")
        if server.has_keywords:
            server.flag("INBOX", "m1", b"Later")
        server.move("INBOX", "m2", server.work)
        server.delete("INBOX", "m3")
        server.make_mailbox(f"{server.below}Theirs")
        server.deliver(f"{server.below}Theirs", "x0")

    def change_here(self, world):
        mail, server = world.mail, world.server
        mail.deliver("INBOX", local(message("o0")), "S", NOON)
        mail.set_letters(mail.find("INBOX", "<m4@"), "FS")
        if server.has_keywords:
            mail.name_keyword("INBOX", "z", "Ours")
            mail.set_letters(mail.find("INBOX", "<m5@"), "Sz")
        mail.move(mail.find("INBOX", "<m6@"), server.work)
        mail.delete(mail.find("INBOX", "<m7@"))
        mail.deliver(f"{server.below}Ours", local(message("y0")), "", NOON)

    def be_cut(self, world):
        world.server.cut_amid(self.cut_amid)
        world.sync(expect=(DONE, PARTLY, NETWORK))
        self.assertTrue(world.server.was_cut(), self.cut_amid)

    def be_killed(self, world):
        world.mail.settle()
        world.ask_state("UPDATE intent SET at_ms = at_ms - 120000")
        run = world.sterna.die_at(self.dies_at, "sync")
        self.assertEqual(run.code, -9, f"{self.dies_at}: {run}")

    def look_at_first(self, world):
        """What else must be, when everything came down."""

    def look_at_last(self, world):
        """What else must be, in the end."""


class Rewriting:
    """What the server makes of an upload is another message than what was sent."""

    def test_an_upload_whose_answer_was_lost_is_not_sent_again(self):
        world = self.start(self.personality)
        world.sync()
        world.mail.deliver("INBOX", local(message("o0")), "S", NOON)
        world.server.cut_amid(rb"^APPEND")
        world.sync(expect=(PARTLY, NETWORK))
        self.assertTrue(world.server.was_cut())
        words = [f"m{n}" for n in range(10)] + ["o0"]
        self.go_on(world, {**self.here_words(world), "INBOX": words})
        world.sterna.run("verify", "--deep", expect=DONE)

    def test_flags_that_an_append_loses_follow(self):
        world = self.start(self.personality)
        world.sync()
        world.mail.deliver("INBOX", local(message("o0")), "FS", NOON)
        world.sync()
        self.assertEqual(flags_there(world, "o0"), {"\\Flagged", "\\Seen"})
        self.assertEqual(world.mail.find("INBOX", "<o0@").letters, "FS")
        self.assert_quiet(world)

    def here_words(self, world):
        return {name: [word for word, _ in rows] for name, rows in self.here(world).items()}


class GmailTest(Life, ProviderCase):
    personality = personalities.Gmail
    connections_most = 5

    def look_at_last(self, world):
        server = world.server
        # What another client expunged lost its label; what went here went to Trash, not from it.
        all_mail = {word_of(octets) for _, octets in server.mailboxes[server.all_mail].values()}
        self.assertIn("m3", all_mail)
        self.assertNotIn("m7", all_mail)
        self.assertEqual(server.sent(rb"STORE.*Deleted|QRESYNC"), [])

    def test_a_flag_under_one_label_is_one_under_all(self):
        world = self.start(self.personality)
        server = world.server
        server.copy_one(b"INBOX", server.find("INBOX", "m1"), b"Work")
        report = world.sync()
        self.assertEqual((report["downloaded"], report["bodies_fetched"]), (13, 12))
        world.mail.add_letters(world.mail.find("INBOX", "<m1@"), "F")
        for _ in range(2):
            world.sync()
        self.assertIn("F", world.mail.find("Work", "<m1@").letters)
        self.assert_quiet(world)


class ExchangeTest(Rewriting, Life, ProviderCase):
    personality = personalities.Exchange
    dies_at = "upload.answered"

    def test_a_text_in_place_of_a_message_is_not_taken_for_it(self):
        world = self.start(self.personality)
        uid = world.server.add(b"INBOX", self.personality.substitute)
        report = world.sync(expect=PARTLY)
        self.assertEqual(report["quarantined"], 1)
        self.assertIn("cannot render", report["stderr"])
        self.assertEqual(len(world.mail.messages("INBOX")), 10)
        world.server.messages()[uid][1] = message("rendered")
        world.ask_state("UPDATE failure SET next_try_ms = 0")
        self.assertEqual(world.sync()["downloaded"], 1)
        self.assertIn("rendered", world.words())

    def test_a_text_in_place_of_a_message_is_no_copy_for_which_it_may_go(self):
        class Unrendered(personalities.Exchange):
            lost = None

            def fetch_line(self, session, uid, items):
                messages = self.mailboxes[session.mailbox]
                if b"BODY.PEEK[]" not in items or messages[uid][1] != self.lost:
                    return super().fetch_line(session, uid, items)
                # Its size, and what is asked of its header, are still its own.
                try:
                    messages[uid][1] = self.substitute
                    return super().fetch_line(session, uid, items)
                finally:
                    messages[uid][1] = self.lost

        world = self.start(Unrendered)
        server = world.server
        del server.mailboxes[server.wire(server.trash)]     # what goes here is kept in undo
        world.sync()
        uid = server.find("INBOX", "m3")
        server.lost = server.messages()[uid][1]
        world.mail.delete(world.mail.find("INBOX", "<m3@"))
        report = world.sync(expect=PARTLY)
        self.assertEqual(report["quarantined"], 1)
        self.assertIn("cannot render", report["stderr"])
        self.assertIn(uid, server.messages())
        self.assertEqual(server.sent(rb"^UID EXPUNGE"), [])
        self.assertEqual(world.ask_state("SELECT * FROM undo"), [])
        server.lost = None
        world.ask_state("UPDATE failure SET next_try_ms = 0")
        world.sync()
        self.assertNotIn(uid, server.messages())
        self.assertEqual(len(world.ask_state("SELECT * FROM undo")), 1)

    def test_deletions_go_to_the_trash_whatever_its_language(self):
        class Polish(personalities.Exchange):
            trash = "Elementy usunięte"

        world = self.start(Polish)
        world.sync()
        world.mail.delete(world.mail.find("INBOX", "<m1@"))
        world.sync()
        self.assertTrue(world.server.find(Polish.trash, "m1"))
        self.assertIn(f"trash = {Polish.trash}", world.sterna.run("check", expect=DONE).stdout)

    def test_calendars_stay_out_whatever_their_language(self):
        world = self.start(self.personality)
        for name in ("Kalender", "Kalender/Feste", "Kontakte", "Aufgaben", "Calendrier"):
            world.server.make(name)
            world.server.add(name.encode(), self.personality.substitute)
        world.sync()
        self.assertNotIn("Kalender", world.mail.mailboxes())
        self.assertEqual(world.server.sent(rb'^(SELECT|EXAMINE) "?(Kal|Kon|Auf|Cal|Con)'), [])


class YahooTest(Life, ProviderCase):
    personality = personalities.Yahoo
    cut_amid = rb"^CREATE"
    dies_at = "move_out.answered"
    connections_most = 2

    def test_a_message_that_never_comes_keeps_no_other(self):
        class Poisoned(personalities.Yahoo):
            def on_uid_fetch(self, session, tag, text):
                bad = b"BODY.PEEK[]" in text and 5 in self.uids(session, text.split(b" ")[2])
                if bad and session.mailbox == b"INBOX":
                    session.say(tag + b" NO [UNAVAILABLE] UID FETCH Server error")
                else:
                    super().on_uid_fetch(session, tag, text)

        world = self.start(Poisoned)
        report = world.sync(expect=PARTLY)
        self.assertEqual(report["quarantined"], 1)
        self.assertEqual(world.words(), [f"m{n}" for n in range(10) if n != 4])
        self.assertEqual(world.sync()["bodies_fetched"], 0)


class ICloudTest(Life, ProviderCase):
    personality = personalities.ICloud
    cut_amid = rb"^UID MOVE"
    dies_at = "upload.intended"

    def look_at_last(self, world):
        self.assertEqual(world.server.sent(rb"QRESYNC|VANISHED|ENVELOPE"), [])

    def test_a_message_about_capabilities_comes_as_it_is(self):
        world = self.start(self.personality)
        octets = message("word", "CAPABILITY IMAP4rev1 is what it says.\n")
        world.server.add(b"INBOX", octets)
        world.sync()
        self.assertEqual(world.mail.find("INBOX", "<word@").read(), local(octets))


class CourierTest(Life, ProviderCase):
    personality = personalities.Courier
    dies_at = "upload.recorded"


class ZimbraTest(Life, ProviderCase):
    personality = personalities.Zimbra
    cut_amid = rb"^CREATE"
    dies_at = "download.recorded"

    def test_a_keyword_that_it_cannot_hold_keeps_no_message(self):
        world = self.start(self.personality)
        world.sync()
        world.mail.name_keyword("INBOX", "y", "to:do")
        world.mail.name_keyword("INBOX", "z", "Ours")
        world.mail.deliver("INBOX", local(message("o0")), "Syz", NOON)
        world.mail.deliver("INBOX", local(message("o1")), "Sz", NOON)
        report = world.sync(expect=PARTLY)
        self.assertEqual((report["uploaded"], report["quarantined"]), (2, 1))
        world.sync(expect=(DONE, PARTLY))
        self.assertEqual(flags_there(world, "o0"), {"\\Seen", "Ours"})
        self.assertEqual(flags_there(world, "o1"), {"\\Seen", "Ours"})
        self.assertEqual(world.mail.find("INBOX", "<o0@").letters, "Syz")


class ProtonBridgeTest(Rewriting, Life, ProviderCase):
    personality = personalities.ProtonBridge
    cut_amid = rb"^CREATE"
    dies_at = "flags_out.answered"

    def look_at_last(self, world):
        self.assertEqual(world.server.sent(rb"^UID EXPUNGE"), [])

    def test_an_update_that_renumbers_everything_moves_no_message(self):
        world = self.start(self.personality)
        world.sync()
        world.server.renumber()
        for _ in range(3):
            report = world.sync()
            for count in ("uploaded", "deleted_in", "deleted_out", "bodies_fetched"):
                self.assertEqual(report[count], 0, count)
        self.assertEqual(world.words(), [f"m{n}" for n in range(10)])

    def test_what_is_no_message_to_it_keeps_no_other(self):
        world = self.start(self.personality)
        world.sync()
        world.mail.deliver("INBOX", b"Subject: a note\n\nWords.\n", "S", NOON)
        world.mail.deliver("INBOX", local(message("o0")), "S", NOON)
        self.assertEqual(world.sync(expect=PARTLY)["uploaded"], 1)
        self.assertEqual(world.sync()["quarantined"], 1)


class HMailServerTest(Life, ProviderCase):
    personality = personalities.HMailServer
    dies_at = "expunge.marked"
    connections_most = 2


class DominoTest(Life, ProviderCase):
    personality = personalities.Domino
    dies_at = "upload.recorded"

    def look_at_first(self, world):
        # A date that is none is that of the header.
        times = {m.mtime for m in world.mail.messages("INBOX")}
        self.assertIn(NOON, times)


class NetEaseTest(Life, ProviderCase):
    personality = personalities.NetEase
    cut_amid = rb"^CREATE"
    dies_at = "move_out.copied"
    connections_most = 2


class QQTest(Life, ProviderCase):
    personality = personalities.QQ
    cut_amid = rb"^UID STORE"
    connections_most = 1


class YandexTest(Life, ProviderCase):
    personality = personalities.Yandex
    cut_amid = rb"^UID MOVE"
    dies_at = "flags_out.answered"
    connections_most = 2
    first = PARTLY              # a search fails there, and stops no other mailbox


class JamesTest(Life, ProviderCase):
    personality = personalities.James
    cut_amid = rb"^UID MOVE"
    dies_at = "delete_in.intended"


class AllTest(unittest.TestCase):
    def test_each_personality_has_a_life(self):
        lived = {case.personality for case in Life.__subclasses__()}
        self.assertEqual(lived, set(personalities.ALL))


if __name__ == "__main__":
    unittest.main()
