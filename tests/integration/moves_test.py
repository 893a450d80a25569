# SPDX-License-Identifier: Apache-2.0
"""A moved message is moved, not deleted and copied: no body travels, nothing is doubled."""
import shutil
import unittest

from tests.support.case import IntegrationCase, over
from tests.support.dovecot import MAIN_PROFILES, ONE_BY_ONE
from tests.support.messages import NOON, local, message
from tests.support.sterna import FAILED, NETWORK, PARTLY

PROFILES = {**MAIN_PROFILES, "no-move": ONE_BY_ONE["no-move"],
            "no-uidplus": ONE_BY_ONE["no-uidplus"],
            "no-uidplus-no-move": ONE_BY_ONE["no-uidplus-no-move"]}


class MovesTest(IntegrationCase):
    def setting(self, world):
        uids = world.fill("INBOX", 4, flags=["\\Seen"])
        world.fill("Archive", 2, "old")
        world.sync()
        return uids

    @over(PROFILES)
    def test_a_move_on_the_server_moves_the_file(self, world):
        uids = self.setting(world)
        world.imap.move("INBOX", uids[:2], "Archive")
        report = world.sync()
        self.assertEqual(report["bodies_fetched"], 0)
        self.assertEqual(report["moved_in"], 2)
        self.assertEqual(world.words_local("Archive"), ["m0", "m1", "old0", "old1"])
        world.assert_settled()

    @over(PROFILES)
    def test_a_moved_file_moves_the_message(self, world):
        self.setting(world)
        for word in ("<m0@", "<m1@"):
            world.mail.move(world.mail.find("INBOX", word), "Archive")
        report = world.sync()
        self.assertEqual((report["moved_out"], report["uploaded"]), (2, 0))
        self.assertEqual(world.wire.sent(rb"^APPEND"), [])
        world.assert_settled()

    @over(PROFILES)
    def test_a_move_under_a_new_name_and_inode_is_a_move(self, world):
        self.setting(world)
        world.mail.move(world.mail.find("INBOX", "<m0@"), "Archive", base="1.R42.mutt")
        report = world.sync()
        self.assertEqual((report["moved_out"], report["uploaded"]), (1, 0))
        world.assert_settled()

    @over(PROFILES)
    def test_moved_and_flagged_at_once(self, world):
        uids = self.setting(world)
        world.imap.store("INBOX", uids[0], "+", ["\\Flagged"])
        world.imap.move("INBOX", uids[0], "Archive")
        world.mail.add_letters(world.mail.find("INBOX", "<m1@"), "R")
        world.mail.move(world.mail.find("INBOX", "<m1@"), "Archive")
        world.sync()
        self.assertEqual(world.mail.find("Archive", "<m0@").flags, {"\\Seen", "\\Flagged"})
        self.assertEqual(world.mail.find("Archive", "<m1@").flags, {"\\Seen", "\\Answered"})
        world.assert_settled()

    @over(PROFILES)
    def test_moved_here_and_flagged_there(self, world):
        uids = self.setting(world)
        world.imap.store("INBOX", uids[0], "+", ["\\Flagged"])
        world.mail.move(world.mail.find("INBOX", "<m0@"), "Archive")
        world.sync()
        world.sync()
        self.assertEqual(world.mail.find("Archive", "<m0@").flags, {"\\Seen", "\\Flagged"})
        world.assert_settled()

    @over(PROFILES)
    def test_moved_on_both_sides_to_the_same_place(self, world):
        uids = self.setting(world)
        world.imap.move("INBOX", uids[0], "Archive")
        world.mail.move(world.mail.find("INBOX", "<m0@"), "Archive")
        report = world.sync()
        self.assertEqual((report["uploaded"], report["bodies_fetched"]), (0, 0))
        self.assertEqual(world.words_on_server("Archive"), ["m0", "old0", "old1"])
        world.assert_settled()

    @over(PROFILES)
    def test_moved_on_both_sides_to_different_places_takes_the_servers(self, world):
        uids = self.setting(world)
        world.imap.create("Work")
        world.sync()
        world.imap.move("INBOX", uids[0], "Work")
        world.mail.move(world.mail.find("INBOX", "<m0@"), "Archive")
        world.sync()
        world.sync()
        self.assertEqual(world.words_local("Work"), ["m0"])
        self.assertEqual(world.words_local("Archive"), ["old0", "old1"])
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_a_move_to_trash_loses_against_any_other_place(self, world):
        uids = self.setting(world)
        world.imap.move("INBOX", uids[0], "Trash")
        world.mail.move(world.mail.find("INBOX", "<m0@"), "Archive")
        world.mail.move(world.mail.find("INBOX", "<m1@"), "Trash")
        world.imap.move("INBOX", uids[1], "Archive")
        world.sync()
        world.sync()
        self.assertEqual(world.words_on_server("Archive"), ["m0", "m1", "old0", "old1"])
        self.assertEqual(world.words_on_server("Trash"), [])
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_a_move_beats_a_deletion(self, world):
        uids = self.setting(world)
        world.imap.expunge("INBOX", uids[0])
        world.mail.move(world.mail.find("INBOX", "<m0@"), "Archive")
        world.imap.move("INBOX", uids[1], "Archive")
        world.mail.delete(world.mail.find("INBOX", "<m1@"))
        world.sync()
        world.sync()
        self.assertEqual(world.words_on_server("Archive"), ["m0", "m1", "old0", "old1"])
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_a_move_to_a_mailbox_made_for_it(self, world):
        uids = self.setting(world)
        world.imap.create("Projekte/Neu")
        world.imap.move("INBOX", uids[0], "Projekte/Neu")
        world.mail.move(world.mail.find("INBOX", "<m1@"), "Клуб")
        report = world.sync()
        self.assertEqual((report["uploaded"], report["bodies_fetched"]), (0, 0))
        world.assert_settled()

    def rows(self, world):
        """Mailbox and UID of every row of the base, by the mailbox's name."""
        return sorted(world.ask_state("SELECT mailbox.name, uid FROM message JOIN mailbox "
                                      "ON mailbox.id = message.mailbox"))

    def assert_in_base_once(self, world, mailbox):
        """One row, for the message in that mailbox, and none for where it was before."""
        (uid,) = world.imap.uids(mailbox)
        self.assertEqual(self.rows(world), [(mailbox, uid)])

    def test_a_file_moved_here_whose_message_is_gone_leaves_no_row_behind(self):
        world = self.world()
        uids = world.fill("INBOX", 1)
        world.imap.create("Archive")
        world.sync()
        world.imap.expunge("INBOX", uids)
        world.mail.move(world.mail.find("INBOX", "<m0@"), "Archive")
        world.sync()
        self.assert_in_base_once(world, "Archive")
        world.assert_settled()

    def test_a_file_moved_here_whose_message_is_in_the_trash_leaves_no_row_behind(self):
        world = self.world()
        uids = world.fill("INBOX", 1)
        world.imap.create("Archive")
        world.sync()
        world.imap.move("INBOX", uids, "Trash")
        world.mail.move(world.mail.find("INBOX", "<m0@"), "Archive")
        world.sync()
        self.assertEqual(world.words_on_server("Trash"), [])
        self.assert_in_base_once(world, "Archive")
        world.assert_settled()

    def test_a_moved_file_that_goes_before_the_move_is_answered_leaves_no_row_behind(self):
        world = self.world()
        world.fill("INBOX", 1)
        world.imap.create("Archive")
        world.sync()
        world.mail.move(world.mail.find("INBOX", "<m0@"), "Archive")
        world.wire.lose_reply(rb"^UID MOVE")
        world.sync(expect=(PARTLY, NETWORK))
        world.mail.delete(world.mail.find("Archive", "<m0@"))
        world.sync()
        self.assertEqual(world.words_on_server("Archive"), [])
        self.assert_in_base_once(world, "Trash")
        world.assert_settled()

    def test_there_and_back_is_nothing(self):
        world = self.world()
        self.setting(world)
        world.mail.move(world.mail.find("INBOX", "<m0@"), "Archive")
        world.mail.move(world.mail.find("Archive", "<m0@"), "INBOX")
        report = world.sync()
        self.assertEqual((report["moved_out"], report["uploaded"], report["deleted_out"]),
                         (0, 0, 0))
        world.assert_settled()

    def test_many_moves_are_few_commands(self):
        world = self.world()
        uids = world.fill("INBOX", 300)
        world.imap.create("Archive")
        world.sync()
        world.imap.move("INBOX", uids[:150], "Archive")
        for found in world.mail.messages("INBOX"):
            if int(found.read().split(b"<m", 1)[1].split(b"@", 1)[0]) >= 200:
                world.mail.move(found, "Archive")
        report = world.sync()
        self.assertEqual((report["moved_in"], report["moved_out"]), (150, 100))
        self.assertEqual(report["bodies_fetched"], 0)
        self.assertLessEqual(len(world.wire.sent(rb"^UID MOVE")), 3)
        world.assert_settled()


class CopiesTest(IntegrationCase):
    @over(MAIN_PROFILES)
    def test_a_copied_file_is_a_copy_on_the_server(self, world):
        world.fill("INBOX", 2)
        world.imap.create("Archive")
        world.sync()
        world.mail.copy(world.mail.find("INBOX", "<m0@"), "Archive")
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1"])
        self.assertEqual(world.words_on_server("Archive"), ["m0"])
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_a_copy_on_the_server_arrives(self, world):
        uids = world.fill("INBOX", 2)
        world.imap.create("Archive")
        world.sync()
        world.imap.copy("INBOX", uids[0], "Archive")
        world.sync()
        self.assertEqual(world.words_local("INBOX"), ["m0", "m1"])
        self.assertEqual(world.words_local("Archive"), ["m0"])
        world.assert_settled()

    def test_a_copy_whose_original_goes_later_is_a_copy_and_a_deletion(self):
        world = self.world()
        world.fill("INBOX", 2)
        world.imap.create("Archive")
        world.sync()
        world.mail.copy(world.mail.find("INBOX", "<m0@"), "Archive")
        world.sync()
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        world.sync()
        self.assertEqual(world.words_on_server("Archive"), ["m0"])
        self.assertEqual(world.words_on_server("INBOX"), ["m1"])
        world.assert_settled()

    def test_twins_are_moved_one_by_one(self):
        world = self.world()
        world.imap.create("Archive")
        for _ in range(2):
            world.mail.deliver("INBOX", local(message("twin")), "S", NOON)
        world.sync()
        world.mail.move(world.mail.messages("INBOX")[0], "Archive")
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["twin"])
        self.assertEqual(world.words_on_server("Archive"), ["twin"])
        world.assert_settled()


class SavedTest(IntegrationCase):
    """A mail program such as neomutt writes a message anew when it saves it, with Content-Length
    in the header, and deletes the original."""
    IGNORE = ("saved", "date")

    def setting(self, world):
        world.fill("INBOX", 3, flags=["\\Seen"])
        world.imap.create("Archive")
        world.sync()
        world.wire.forget()

    def assert_nothing_sent(self, world, moves=1):
        self.assertEqual(world.wire.sent(rb"^APPEND"), [])
        command = rb"^UID COPY" if world.profile == "bare" else rb"^UID MOVE"
        self.assertEqual(len(world.wire.sent(command)), moves)

    def assert_clean(self, world):
        """In step but for that field, also to verify, and the next sync has nothing to do."""
        world.sterna.run("verify", "--deep", world.name)
        world.assert_settled(ignore=self.IGNORE)

    @over(MAIN_PROFILES)
    def test_a_message_saved_to_another_mailbox_is_moved(self, world):
        self.setting(world)
        world.mail.save(world.mail.find("INBOX", "<m0@"), "Archive")
        report = world.sync()
        self.assertEqual((report["moved_out"], report["uploaded"], report["deleted_out"],
                          report["bodies_fetched"]), (1, 0, 0, 0))
        self.assert_nothing_sent(world)
        self.assertEqual(world.words_on_server("Archive"), ["m0"])
        self.assertEqual(world.words_on_server("Trash"), [])
        self.assert_clean(world)

    @over(MAIN_PROFILES)
    def test_a_saved_message_moves_on_and_back(self, world):
        self.setting(world)
        world.imap.create("Work")
        world.sync()
        world.mail.save(world.mail.find("INBOX", "<m0@"), "Archive")
        world.sync()
        world.mail.move(world.mail.find("Archive", "<m0@"), "Work")
        world.sync()
        world.mail.save(world.mail.find("Work", "<m0@"), "INBOX")
        world.sync()
        self.assert_nothing_sent(world, moves=3)
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1", "m2"])
        self.assert_clean(world)
        world.imap.move("INBOX", world.imap.uids("INBOX")[-1], "Archive")
        report = world.sync()
        self.assertEqual((report["moved_in"], report["bodies_fetched"]), (1, 0))
        self.assert_clean(world)
        world.mail.delete(world.mail.find("Archive", "<m0@"))
        world.sync()
        self.assertEqual(world.words_on_server("Trash"), ["m0"])
        self.assertEqual(world.wire.sent(rb"^APPEND"), [])

    @over(MAIN_PROFILES)
    def test_a_saved_message_keeps_the_flags_of_both_sides(self, world):
        self.setting(world)
        world.imap.store("INBOX", world.imap.uids("INBOX")[0], "+", ["\\Flagged"])
        world.mail.add_letters(world.mail.find("INBOX", "<m0@"), "R")
        world.mail.save(world.mail.find("INBOX", "<m0@"), "Archive")
        world.sync()
        world.sync()
        self.assert_nothing_sent(world)
        self.assertEqual(world.mail.find("Archive", "<m0@").flags,
                         {"\\Seen", "\\Flagged", "\\Answered"})
        self.assert_clean(world)

    def test_a_saved_message_whose_move_was_cut_is_moved_once(self):
        for profile in ("full", "bare"):
            with self.subTest(profile):
                world = self.world(profile)
                self.setting(world)
                world.mail.save(world.mail.find("INBOX", "<m0@"), "Archive")
                world.wire.lose_reply(rb"^UID (MOVE|COPY)")
                world.sync(expect=(PARTLY, NETWORK))
                world.sync()
                self.assertEqual(world.words_on_server("INBOX"), ["m1", "m2"])
                self.assertEqual(world.words_on_server("Archive"), ["m0"])
                self.assert_nothing_sent(world)
                self.assert_clean(world)

    @over(MAIN_PROFILES)
    def test_a_saved_copy_is_a_copy_on_the_server(self, world):
        self.setting(world)
        world.mail.save(world.mail.find("INBOX", "<m0@"), "Archive", keep=True)
        report = world.sync()
        self.assertEqual((report["moved_out"], report["uploaded"]), (0, 1))
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1", "m2"])
        (copy,) = world.imap.fetch_all("Archive")
        self.assertEqual(local(copy.body), world.mail.find("Archive", "<m0@").read())
        world.assert_settled()

    def test_a_lost_state_pairs_saved_messages(self):
        world = self.world()
        self.setting(world)
        world.mail.save(world.mail.find("INBOX", "<m0@"), "Archive")
        world.sync()
        shutil.rmtree(world.sterna.state)
        report = world.sync()
        self.assertEqual((report["uploaded"], report["bodies_fetched"], report["held"]), (0, 0, 0))
        self.assertEqual(world.words_on_server("Archive"), ["m0"])
        self.assert_clean(world)

    def test_an_edit_of_equal_length_is_sent(self):
        world = self.world()
        self.setting(world)
        world.mail.save(world.mail.find("INBOX", "<m0@"), "INBOX",
                        edit=lambda data: data.replace(b"few words", b"new words"))
        world.sync()
        world.sync()
        bodies = [m.body for m in world.imap.fetch_all("INBOX")]
        self.assertEqual(len(bodies), 3)
        self.assertEqual(sum(b"new words" in body for body in bodies), 1)
        self.assertEqual(world.words_on_server("Trash"), ["m0"])

    def test_another_body_is_no_move(self):
        world = self.world()
        self.setting(world)
        world.mail.save(world.mail.find("INBOX", "<m0@"), "Archive",
                        edit=lambda data: data + b"One line more.\n")
        report = world.sync()
        self.assertEqual((report["moved_out"], report["uploaded"]), (0, 1))
        world.sync()
        self.assertEqual(world.words_on_server("Archive"), ["m0"])
        self.assertEqual(world.words_on_server("Trash"), ["m0"])

    def test_verify_finds_other_bytes_in_a_saved_message(self):
        world = self.world()
        self.setting(world)
        path = world.mail.save(world.mail.find("INBOX", "<m0@"), "Archive")
        world.sync()
        with open(path, "r+b") as out:
            content = out.read()
            out.seek(0)
            out.write(content.replace(b"few words", b"new words"))
        world.sterna.run("verify", "--deep", world.name, expect=FAILED)


if __name__ == "__main__":
    unittest.main()
