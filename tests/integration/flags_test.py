# SPDX-License-Identifier: Apache-2.0
"""Flags and keywords: both ways, merged flag by flag, never at the cost of one another."""
import unittest

from tests.support.case import IntegrationCase, over
from tests.support.dovecot import MAIN_PROFILES
from tests.support.messages import NOON, local, message
from tests.support.scripted import ScriptedServer, ScriptedWorld
from tests.support.sterna import PARTLY

SYSTEM = {"\\Seen": "S", "\\Answered": "R", "\\Flagged": "F", "\\Draft": "D", "\\Deleted": "T"}


class FlagsTest(IntegrationCase):
    @over(MAIN_PROFILES)
    def test_flags_set_on_the_server_arrive(self, world):
        uids = world.fill("INBOX", 8)
        world.sync()
        for uid, flag in zip(uids, [*SYSTEM, "$Forwarded"]):
            world.imap.store("INBOX", uid, "+", [flag])
        report = world.sync()
        self.assertEqual(report["flags_in"], 6)
        self.assertEqual(report["bodies_fetched"], 0)
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_flags_cleared_on_the_server_are_cleared_here(self, world):
        uids = world.fill("INBOX", 3, flags=["\\Seen", "\\Flagged", "work"])
        world.sync()
        world.imap.store("INBOX", uids[0], "-", ["\\Seen"])
        world.imap.store("INBOX", uids[1], "-", ["work"])
        world.imap.store("INBOX", uids[2], "", [])
        self.assertEqual(world.sync()["flags_in"], 3)
        self.assertEqual(world.mail.find("INBOX", "<m2@").flags, frozenset())
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_flags_set_here_arrive_on_the_server(self, world):
        world.fill("INBOX", 7)
        world.sync()
        for number, letter in enumerate([*SYSTEM.values(), "P"]):
            world.mail.add_letters(world.mail.find("INBOX", f"<m{number}@"), letter)
        report = world.sync()
        self.assertEqual(report["flags_out"], 6)
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_flags_cleared_here_are_cleared_on_the_server(self, world):
        world.fill("INBOX", 3, flags=["\\Seen", "\\Flagged", "\\Answered"])
        world.sync()
        world.mail.set_letters(world.mail.find("INBOX", "<m0@"), "FR")
        world.mail.set_letters(world.mail.find("INBOX", "<m1@"), "")
        self.assertEqual(world.sync()["flags_out"], 2)
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_both_sides_change_different_flags_of_one_message(self, world):
        uid = world.fill("INBOX", 1, flags=["\\Flagged"])[0]
        world.sync()
        world.imap.store("INBOX", uid, "+", ["\\Answered"])
        world.mail.set_letters(world.mail.find("INBOX", "<m0@"), "S")
        world.sync()
        self.assertEqual(world.mail.find("INBOX", "<m0@").flags, {"\\Seen", "\\Answered"})
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_both_sides_make_the_same_change(self, world):
        uid = world.fill("INBOX", 1)[0]
        world.sync()
        world.imap.store("INBOX", uid, "+", ["\\Seen"])
        world.mail.add_letters(world.mail.find("INBOX", "<m0@"), "S")
        report = world.sync()
        self.assertEqual((report["flags_in"], report["flags_out"]), (0, 0))
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_many_flags_at_once(self, world):
        uids = world.fill("INBOX", 60)
        world.sync()
        world.imap.store("INBOX", uids[:20], "+", ["\\Seen"])
        for number in range(30, 60):
            world.mail.add_letters(world.mail.find("INBOX", f"<m{number}@"), "F")
        report = world.sync()
        self.assertEqual((report["flags_in"], report["flags_out"]), (20, 30))
        world.assert_settled()
        self.assertLessEqual(len(world.wire.sent(rb"^UID STORE")), 3)

    def test_read_in_new_without_a_flag_is_no_change(self):
        world = self.world()
        world.fill("INBOX", 1)
        world.sync()
        world.mail.set_letters(world.mail.find("INBOX", "<m0@"), "")
        report = world.sync()
        self.assertEqual((report["flags_in"], report["flags_out"]), (0, 0))
        self.assertEqual(world.mail.find("INBOX", "<m0@").place, "cur")

    def test_an_unknown_capital_letter_stays(self):
        world = self.world()
        uid = world.fill("INBOX", 1)[0]
        world.sync()
        world.mail.set_letters(world.mail.find("INBOX", "<m0@"), "SX")
        world.sync()
        world.imap.store("INBOX", uid, "+", ["\\Flagged"])
        world.sync()
        self.assertEqual(world.mail.find("INBOX", "<m0@").letters, "FSX")
        self.assertEqual(world.imap.flags("INBOX", uid), {"\\Seen", "\\Flagged"})

    def test_deleted_is_a_flag_and_nothing_is_expunged(self):
        world = self.world()
        uids = world.fill("INBOX", 2)
        world.sync()
        world.mail.add_letters(world.mail.find("INBOX", "<m0@"), "T")
        world.imap.store("INBOX", uids[1], "+", ["\\Deleted"])
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1"])
        self.assertEqual(world.words_local("INBOX"), ["m0", "m1"])
        world.assert_settled()

    def test_flags_of_files_in_new_are_believed(self):
        world = self.world()
        world.sync()
        world.mail.deliver("INBOX", local(message("odd")), None, NOON, base="1.odd.host:2,FS")
        world.sync()
        (found,) = world.imap.fetch_all("INBOX")
        self.assertEqual(found.flags, {"\\Flagged", "\\Seen"})


class GarbledServerTest(IntegrationCase):
    """A server that tells of a change in a line that cannot be read."""

    @over(MAIN_PROFILES)
    def test_the_change_is_asked_for_again(self, world):
        uids = world.fill("INBOX", 3)
        world.sync()
        world.wire.lie(rb"^(\* 2 FETCH \(.*FLAGS) \(([^)]*)\)", rb"\1 \2")
        world.imap.store("INBOX", uids[1], "+", ["\\Seen"])
        self.assertIn("INBOX", str(world.sync(expect=PARTLY)["errors"]))
        self.assertEqual(len(world.words_local("INBOX")), 3)
        world.wire.be_honest()
        world.sync()
        self.assertEqual(world.mail.find("INBOX", "<m1@").flags, {"\\Seen"})
        world.assert_settled()


class SplitAnswerTest(IntegrationCase):
    """A server that tells flags, and not beside what else it was asked for (RFC 3501 section
    7.4.2)."""

    def world_of_such(self, profile):
        world = self.world(profile)
        world.fill("INBOX", 2, flags=["\\Seen", "\\Flagged"])
        world.wire.lie(rb"FLAGS \([^)]*\) (?=INTERNALDATE)", b" ")
        return world

    def assert_flagged(self, world):
        self.assertEqual([m.letters for m in world.mail.messages("INBOX")], ["FS", "FS"])
        self.assertEqual([m.flags for m in world.imap.fetch_all("INBOX")],
                         [{"\\Seen", "\\Flagged"}] * 2)
        world.assert_settled()

    def test_flags_of_what_is_fetched_arrive(self):
        for profile in MAIN_PROFILES:
            with self.subTest(profile=profile):
                world = self.world_of_such(profile)
                world.sync()
                self.assert_flagged(world)

    def test_flags_of_what_is_paired_arrive(self):
        for profile in MAIN_PROFILES:
            with self.subTest(profile=profile):
                world = self.world_of_such(profile)
                for number in range(2):
                    world.mail.deliver("INBOX", local(message(f"m{number}")), "", NOON + number)
                report = world.sync()
                self.assertEqual((report["bodies_fetched"], report["uploaded"]), (0, 0))
                self.assert_flagged(world)


class LearningServerTest(IntegrationCase):
    """A server that could not store a keyword when it was set here, and can later."""

    def set_unstorable(self, world):
        uids = world.fill("INBOX", 3)
        world.wire.lie(rb"\[PERMANENTFLAGS \([^)]*\)\]", rb"[PERMANENTFLAGS (\\Seen \\Flagged)]")
        world.sync()
        world.mail.name_keyword("INBOX", "a", "urgent")
        world.mail.add_letters(world.mail.find("INBOX", "<m0@"), "a")
        world.sync()
        self.assertEqual(self.flags_there(world, uids[0]), frozenset())
        return uids

    @staticmethod
    def flags_there(world, uid):
        return {m.uid: m.flags for m in world.imap.fetch_all("INBOX")}[uid]

    @over(MAIN_PROFILES)
    def test_what_it_learns_to_store_is_told_to_it(self, world):
        uids = self.set_unstorable(world)
        world.wire.be_honest()
        world.fill("INBOX", 1, "late")
        world.sync()
        self.assertEqual(self.flags_there(world, uids[0]), {"urgent"})
        world.assert_settled()
        world.imap.store("INBOX", uids[0], "-", ["urgent"])
        world.sync()
        self.assertEqual(world.mail.find("INBOX", "<m0@").flags, frozenset())
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_a_change_there_meanwhile_does_not_take_it_away(self, world):
        uids = self.set_unstorable(world)
        world.imap.store("INBOX", uids[0], "+", ["\\Seen"])
        world.sync()
        self.assertEqual(world.mail.find("INBOX", "<m0@").flags, {"\\Seen", "urgent"})
        world.wire.be_honest()
        world.imap.store("INBOX", uids[0], "+", ["\\Flagged"])
        world.sync()
        self.assertEqual(self.flags_there(world, uids[0]), {"\\Seen", "\\Flagged", "urgent"})
        world.assert_settled()


class UnstoredFlagTest(unittest.TestCase):
    """A system flag that the server takes with OK and does not keep."""

    class Forgetful(ScriptedServer):
        permanent_flags = rb"\Seen \Flagged \Deleted \*"

        def on_uid_store(self, session, tag, text):
            super().on_uid_store(session, tag, text.replace(b"\\Answered", b""))

    def test_it_is_not_taken_away_here(self):
        server = self.Forgetful()
        server.fill(2)
        world = ScriptedWorld(self, server)
        world.sync()
        world.mail.add_letters(world.mail.find("INBOX", "<INBOX-1@"), "RS")
        for _ in range(3):
            world.sync()
            self.assertEqual(world.mail.find("INBOX", "<INBOX-1@").flags,
                             {"\\Answered", "\\Seen"})
        self.assertEqual(server.messages()[1][0], {b"\\Seen"})
        self.assertEqual(server.sent(rb"^UID STORE .*Answered"), [])
        world.sterna.run("verify")

    def test_of_an_upload_it_stays_with_the_file(self):
        server = self.Forgetful()
        server.make("Trash")
        world = ScriptedWorld(self, server)
        world.sync()
        world.mail.deliver("INBOX", local(message("answered")), "RS", NOON)
        for _ in range(3):
            world.sync()
            self.assertEqual(world.mail.find("INBOX", "<answered@").flags,
                             {"\\Answered", "\\Seen"})
        self.assertEqual(server.messages()[1][0], {b"\\Seen"})


class KeywordsTest(IntegrationCase):
    @over(MAIN_PROFILES)
    def test_keywords_of_the_server_arrive_with_their_names(self, world):
        uids = world.fill("INBOX", 3)
        world.sync()
        world.imap.store("INBOX", uids[0], "+", ["work", "$Label1"])
        world.imap.store("INBOX", uids[1], "+", ["work"])
        world.sync()
        self.assertEqual(world.mail.find("INBOX", "<m0@").flags, {"work", "$Label1"})
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_keywords_set_here_arrive_on_the_server(self, world):
        world.fill("INBOX", 2)
        world.sync()
        world.mail.name_keyword("INBOX", "a", "urgent")
        world.mail.name_keyword("INBOX", "b", "Reise")
        world.mail.add_letters(world.mail.find("INBOX", "<m0@"), "ab")
        world.sync()
        world.assert_settled()
        flags = {m.uid: m.flags for m in world.imap.fetch_all("INBOX")}
        self.assertIn(frozenset({"urgent", "Reise"}), flags.values())

    @over([*MAIN_PROFILES, "no-uidplus"])
    def test_keywords_cleared_here_are_cleared_on_the_server(self, world):
        world.fill("INBOX", 3, flags=["work", "\\Seen"])
        world.sync()
        world.mail.set_letters(world.mail.find("INBOX", "<m0@"), "S")
        world.mail.set_letters(world.mail.find("INBOX", "<m1@"), "")
        self.assertEqual(world.sync()["flags_out"], 2)
        flags = [m.flags for m in world.imap.fetch_all("INBOX", bodies=False)]
        self.assertEqual(flags, [{"\\Seen"}, set(), {"\\Seen", "work"}])
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_a_keyword_that_is_no_atom_stays_here_and_stops_nothing(self, world):
        world.fill("INBOX", 3)
        world.fill("Work", 1, "w")
        world.sync()
        for letter, word in zip("abc", ("we(ird", "größe", "plain")):
            world.mail.name_keyword("INBOX", letter, word)
        world.mail.add_letters(world.mail.find("INBOX", "<m0@"), "Sab")
        world.mail.deliver("INBOX", local(message("fresh")), "Sac", NOON)
        world.mail.deliver("Work", local(message("other")), "S", NOON)
        self.assertEqual(world.sync()["uploaded"], 2)
        flags = [m.flags for m in world.imap.fetch_all("INBOX")]
        self.assertEqual((flags[0], flags[-1]), ({"\\Seen"}, {"\\Seen", "plain"}))
        world.sync()
        world.imap.store("INBOX", 1, "+", ["\\Flagged"])
        world.sync()
        self.assertEqual(world.mail.find("INBOX", "<m0@").letters, "FSab")
        self.assertEqual(world.mail.find("INBOX", "<fresh@").letters, "Sac")
        world.sterna.run("verify")

    def test_letters_are_per_mailbox_and_never_change_their_meaning(self):
        world = self.world()
        one = world.fill("INBOX", 2)
        other = world.fill("Work", 2, "w")
        world.imap.store("INBOX", one[0], "+", ["alpha"])
        world.imap.store("INBOX", one[1], "+", ["beta"])
        world.imap.store("Work", other[0], "+", ["beta"])
        world.sync()
        before = {box: world.mail.keywords(box) for box in ("INBOX", "Work")}
        world.imap.store("Work", other[1], "+", ["alpha", "gamma"])
        world.imap.store("INBOX", one[0], "-", ["alpha"])
        world.imap.store("INBOX", one[0], "+", ["delta"])
        world.sync()
        for box, words in before.items():
            self.assertLessEqual(words.items(), world.mail.keywords(box).items())
        world.assert_settled()

    def test_more_keywords_than_letters(self):
        world = self.world()
        uids = world.fill("INBOX", 30)
        for number, uid in enumerate(uids):
            world.imap.store("INBOX", uid, "+", [f"key{number}"])
        world.sync()
        self.assertEqual(len(world.mail.keywords("INBOX")), 26)
        report = world.sync()
        self.assertEqual((report["flags_in"], report["flags_out"]), (0, 0))
        on_server = {f for m in world.imap.fetch_all("INBOX") for f in m.flags}
        self.assertEqual(on_server, {f"key{n}" for n in range(30)})

    def test_a_renamed_file_keeps_the_keywords_that_it_cannot_show(self):
        world = self.world()
        words = [f"k{n:02}" for n in range(30)]
        world.fill("INBOX", 1, flags=words)
        world.imap.create("Archive")
        world.sync()
        self.assertEqual(len(world.mail.keywords("INBOX")), 26)
        world.mail.add_letters(world.mail.find("INBOX", "<m0@"), "S")
        world.sync()
        self.assertEqual(set(world.imap.fetch_all("INBOX")[0].flags), {*words, "\\Seen"})
        world.mail.set_letters(world.mail.find("INBOX", "<m0@"), "S")
        world.sync()
        shown = set(world.mail.keywords("INBOX").values())
        self.assertEqual(set(world.imap.fetch_all("INBOX")[0].flags),
                         {*words, "\\Seen"} - shown)
        world.mail.move(world.mail.find("INBOX", "<m0@"), "Archive")
        world.sync()
        self.assertEqual(set(world.imap.fetch_all("Archive")[0].flags),
                         {*words, "\\Seen"} - shown)
        world.assert_settled()

    def test_a_letter_without_a_name_is_no_keyword_and_stays(self):
        world = self.world()
        world.fill("INBOX", 1)
        world.sync()
        world.mail.add_letters(world.mail.find("INBOX", "<m0@"), "Sq")
        world.sync()
        self.assertEqual(world.mail.find("INBOX", "<m0@").letters, "Sq")
        (found,) = world.imap.fetch_all("INBOX")
        self.assertEqual(found.flags, {"\\Seen"})

    def test_a_moved_file_gets_the_letters_of_its_new_mailbox(self):
        world = self.world()
        uid = world.fill("INBOX", 1)[0]
        other = world.fill("Work", 1, "w")[0]
        world.imap.store("INBOX", uid, "+", ["alpha", "beta"])
        world.imap.store("Work", other, "+", ["gamma", "beta"])
        world.sync()
        world.imap.move("INBOX", uid, "Work")
        world.sync()
        self.assertEqual(world.mail.find("Work", "<m0@").flags, {"alpha", "beta"})
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_a_message_moved_here_takes_its_keywords_along(self, world):
        uid = world.fill("INBOX", 1, flags=["\\Seen"])[0]
        world.imap.store("INBOX", uid, "+", ["alpha", "beta"])
        world.imap.create("Work")
        world.sync()
        world.mail.move(world.mail.find("INBOX", "<m0@"), "Work")
        world.sync()
        self.assertEqual(world.mail.find("Work", "<m0@").flags, {"\\Seen", "alpha", "beta"})
        (found,) = world.imap.fetch_all("Work")
        self.assertEqual(found.flags, {"\\Seen", "alpha", "beta"})
        world.assert_settled()

    def test_letters_are_looked_up_while_their_mailbox_is_compared(self):
        """A long listing is compared on a worker. For a sanitizer to see what the two share."""
        world = self.world()
        keywords = [f"a-keyword-too-long-to-be-kept-in-place-{number:02}" for number in range(12)]
        world.imap.append_many("INBOX", [(message(f"m{number}"), keywords, NOON + number)
                                         for number in range(2500)])
        world.imap.create("Work")
        world.sync()
        for turn in range(3):
            files = world.mail.messages("INBOX")
            for file in files[:50]:
                world.mail.move(file, "Work")
            for file in files[50:]:
                world.mail.set_letters(file, file.letters.replace("S", "") + "S" * (1 - turn % 2))
            world.sync()
        self.assertEqual(len(world.imap.uids("INBOX", "SEEN")), 2350)
        moved = world.imap.fetch_all("Work", bodies=False)
        self.assertEqual(len(moved), 150)
        for one in moved:
            self.assertEqual(one.flags - {"\\Seen"}, set(keywords))


if __name__ == "__main__":
    unittest.main()
