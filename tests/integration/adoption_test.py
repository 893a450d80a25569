# SPDX-License-Identifier: Apache-2.0
"""Adoption: mail that is already here is paired with what is there, not sent or fetched again."""
import os
import shutil
import subprocess
import unittest

from tests.support.case import IntegrationCase, over
from tests.support.dovecot import MAIN_PROFILES, PASSWORD
from tests.support.messages import NOON, local, message
from tests.support.sterna import HELD


def copy_by_hand(world, mailbox, names=None):
    """Puts the server's messages into the Maildir under names of nobody."""
    for number, found in enumerate(world.imap.fetch_all(mailbox)):
        letters = "".join(c for c, flag in (("F", "\\Flagged"), ("S", "\\Seen"))
                          if flag in found.flags)
        base = names(found.uid) if names else f"{NOON + number}.hand{number}.host"
        world.mail.deliver(mailbox, local(found.body), letters, found.internaldate, base=base)


class FilledMaildirTest(IntegrationCase):
    @over(MAIN_PROFILES)
    def test_a_maildir_filled_by_hand_is_adopted(self, world):
        world.fill("INBOX", 20, flags=["\\Seen"])
        world.fill("Archive", 10, "a", ["\\Flagged"])
        for mailbox in ("INBOX", "Archive"):
            copy_by_hand(world, mailbox)
        report = world.sync()
        self.assertEqual((report["uploaded"], report["downloaded"]), (0, 0))
        self.assertEqual(report["bodies_fetched"], 0)
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_adoption_takes_what_each_side_lacks(self, world):
        world.fill("INBOX", 10)
        copy_by_hand(world, "INBOX")
        world.fill("INBOX", 3, "theirs")
        for number in range(2):
            world.mail.deliver("INBOX", local(message(f"ours{number}")), "S", NOON)
        report = world.sync()
        self.assertEqual((report["uploaded"], report["downloaded"]), (2, 3))
        self.assertEqual(len(world.words_on_server("INBOX")), 15)
        world.assert_settled()

    def test_flags_of_both_sides_are_united(self):
        world = self.world()
        uids = world.fill("INBOX", 3, flags=["\\Seen"])
        copy_by_hand(world, "INBOX")
        world.imap.store("INBOX", uids[0], "+", ["\\Answered"])
        world.mail.set_letters(world.mail.find("INBOX", "<m0@"), "F")
        world.sync()
        self.assertEqual(world.mail.find("INBOX", "<m0@").flags,
                         {"\\Seen", "\\Answered", "\\Flagged"})
        world.assert_settled()

    def test_twins_are_paired_one_to_one(self):
        world = self.world()
        for number in range(3):
            world.imap.append("INBOX", message("twin"), [], NOON + number)
        copy_by_hand(world, "INBOX")
        world.mail.deliver("INBOX", local(message("twin")), "", NOON + 9)
        report = world.sync(expect=HELD)    # a surplus copy is a person's decision (rule 17)
        self.assertEqual((report["uploaded"], report["downloaded"]), (0, 0))
        self.assertEqual(len(world.imap.uids("INBOX")), 3)
        self.assertEqual(len(world.mail.messages("INBOX")), 4)

    def test_the_same_message_id_with_other_words_is_another_message(self):
        world = self.world()
        world.imap.append("INBOX", message("same", "The words there.\n"), [], NOON)
        world.mail.deliver("INBOX", local(message("same", "The words here.\n")), "", NOON)
        world.sync()
        self.assertEqual(len(world.imap.uids("INBOX")), 2)
        self.assertEqual(len(world.mail.messages("INBOX")), 2)
        world.assert_settled()

    def test_the_marks_of_another_synchronizer_are_understood(self):
        world = self.world()
        world.fill("INBOX", 10)
        world.imap.expunge("INBOX", world.imap.uids("INBOX")[:2])
        copy_by_hand(world, "INBOX", lambda uid: f"1767268800.{uid}_1.host,U={uid}")
        report = world.sync()
        self.assertEqual((report["uploaded"], report["bodies_fetched"]), (0, 0))
        world.assert_settled()

    def test_a_marked_file_that_is_on_no_server_any_more_is_held(self):
        world = self.world()
        world.fill("INBOX", 3)
        copy_by_hand(world, "INBOX", lambda uid: f"1767268800.{uid}_1.host,U={uid}")
        world.imap.expunge("INBOX", world.imap.uids("INBOX")[0])
        report = world.sync(expect=6)
        self.assertEqual(report["held"], 1)
        self.assertEqual(world.words_on_server("INBOX"), ["m1", "m2"])
        self.assertEqual(world.words_local("INBOX"), ["m0", "m1", "m2"])
        world.sterna.run("held", "restore")
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1", "m2"])
        world.assert_settled()

    def test_a_file_whose_message_moved_on_the_server_takes_its_place(self):
        world = self.world()
        world.fill("INBOX", 3)
        copy_by_hand(world, "INBOX", lambda uid: f"1767268800.{uid}_1.host,U={uid}")
        world.imap.create("Archive")
        world.imap.move("INBOX", world.imap.uids("INBOX")[0], "Archive")
        world.sync()
        self.assertEqual(world.words_local("Archive"), ["m0"])
        self.assertEqual(world.words_local("INBOX"), ["m1", "m2"])
        self.assertEqual(world.words_on_server("Archive"), ["m0"])

    def test_a_maildir_of_mbsync_is_adopted(self):
        if not shutil.which("mbsync"):
            self.skipTest("mbsync is not installed")
        world = self.world()
        world.fill("INBOX", 25, flags=["\\Seen"])
        world.fill("Archive/2025", 10, "a")
        root = world.mail.root
        os.makedirs(root)
        rc = f"{world.dir}/mbsyncrc"
        with open(rc, "w", encoding="ascii") as out:
            out.write(f"CopyArrivalDate yes\n\nIMAPStore far\nHost 127.0.0.1\n"
                      f"Port {world.server.port}\nUser {world.user}\nPass {PASSWORD}\n"
                      f"SSLType None\nAuthMechs LOGIN\n\nMaildirStore near\nPath {root}/\n"
                      f"Inbox {root}/INBOX\nSubFolders Verbatim\n\nChannel all\nFar :far:\n"
                      f"Near :near:\nPatterns *\nCreate Near\nSync Pull\nSyncState *\n")
        subprocess.run(["mbsync", "-q", "-c", rc, "all"], check=True, capture_output=True,
                       env={**os.environ, "HOME": world.dir})
        report = world.sync()
        self.assertEqual((report["uploaded"], report["bodies_fetched"]), (0, 0))
        world.assert_settled(ignore=("x-tuid",))


class LastingTest(IntegrationCase):
    """An adoption in which something waits goes on; what was paired is synced all the same."""

    def test_a_read_only_mailbox_with_a_file_of_its_own(self):
        world = self.world()
        uids = world.fill("Shared", 6)
        world.wire.lie(rb"READ-WRITE", b"READ-ONLY")
        world.mail.deliver("Shared", local(message("extra")), "S", NOON)
        world.sync()
        world.imap.expunge("Shared", uids[:3])
        world.sync()
        self.assertEqual(world.words_local("Shared"), ["extra", "m3", "m4", "m5"])
        self.assertEqual(world.words_on_server("Shared"), ["m3", "m4", "m5"])

    def test_an_orphan_and_a_first_sync_that_was_cut(self):
        world = self.world()
        world.fill("INBOX", 40)
        world.mail.deliver("INBOX", local(message("old")), "S", NOON, base="16.1.host,U=99")
        world.wire.cut_download_after(26000)
        world.sync(expect=None, may_miss=True)
        fetched = [m for m in world.mail.messages("INBOX") if ".sterna" in m.name]
        self.assertGreater(len(fetched), 1)
        world.mail.delete(fetched[0])
        for _ in range(2):
            world.sync(expect=HELD)
        self.assertEqual(len(world.imap.uids("INBOX")), 39)
        world.imap.expunge("INBOX", world.imap.uids("INBOX")[-3:])
        world.sync(expect=HELD)
        self.assertEqual(len(world.imap.uids("INBOX")), 36)
        self.assertEqual(len(world.mail.messages("INBOX")), 37)
        self.assertEqual(world.ask_state("SELECT * FROM fact WHERE key GLOB 'compared:*'"), [])
        ((kind,),) = world.ask_state("SELECT kind FROM held")
        self.assertEqual(kind, "orphan")


class LostStateTest(IntegrationCase):
    @over(MAIN_PROFILES)
    def test_a_lost_state_is_rebuilt_without_moving_a_body(self, world):
        world.fill("INBOX", 20, flags=["\\Seen"])
        world.fill("Archive", 5, "a", ["work"])
        world.sync()
        shutil.rmtree(world.sterna.state)
        report = world.sync()
        self.assertEqual((report["uploaded"], report["bodies_fetched"]), (0, 0))
        world.assert_settled()

    def test_a_lost_state_deletes_nothing_and_uploads_nothing_that_was_deleted(self):
        world = self.world()
        uids = world.fill("INBOX", 6)
        world.sync()
        shutil.rmtree(world.sterna.state)
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        world.imap.expunge("INBOX", uids[1])
        world.imap.create("Archive")
        world.imap.move("INBOX", uids[2], "Archive")
        world.sync(expect=(0, 6))
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m3", "m4", "m5"])
        self.assertEqual(world.words_on_server("Archive"), ["m2"])
        self.assertIn("m0", world.words_local("INBOX"))
        self.assertIn("m1", world.words_local("INBOX"))

    def test_a_restored_backup_of_the_state_deletes_nothing(self):
        world = self.world()
        world.fill("INBOX", 6)
        world.sync()
        backup = f"{world.dir}/backup"
        shutil.copytree(world.sterna.state, backup)
        world.fill("INBOX", 6, "later")
        world.mail.deliver("INBOX", local(message("mine")), "S", NOON)
        world.sync()
        shutil.rmtree(world.sterna.state)
        shutil.copytree(backup, world.sterna.state)
        world.sync()
        world.sync()
        self.assertEqual(len(world.words_on_server("INBOX")), 13)
        world.assert_settled()


class NewValidityTest(IntegrationCase):
    def renumber(self, world, mailbox):
        validity = world.imap.status(mailbox)["UIDVALIDITY"]
        world.server.doveadm("mailbox", "update", "--uid-validity", str(validity + 7),
                             "-u", world.user, mailbox)
        world.reconnect()
        self.assertEqual(world.imap.status(mailbox)["UIDVALIDITY"], validity + 7)

    @over(MAIN_PROFILES)
    def test_a_changed_uidvalidity_moves_no_body_and_doubles_nothing(self, world):
        world.fill("INBOX", 20, flags=["\\Seen"])
        world.fill("Work", 5, "w")
        world.sync()
        self.renumber(world, "INBOX")
        report = world.sync()
        self.assertEqual((report["uploaded"], report["bodies_fetched"]), (0, 0))
        self.assertEqual((report["deleted_in"], report["deleted_out"]), (0, 0))
        world.assert_settled()

    def went_back(self, column, by):
        """A world whose base knows a higher number than the server has, and one file less."""
        world = self.world()
        world.fill("INBOX", 5)
        world.sync()
        world.ask_state(f"UPDATE mailbox SET {column} = {column} + ? WHERE name = 'INBOX'", by)
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        return world

    def test_where_numbers_went_backwards_no_uid_is_believed(self):
        for column in ("uid_next", "highest_modseq"):
            with self.subTest(column):
                world = self.went_back(column, 1000)
                report = world.sync()
                self.assertEqual((report["uploaded"], report["bodies_fetched"]), (0, 1))
                words = [f"m{n}" for n in range(5)]
                self.assertEqual(world.words_on_server("INBOX"), words)
                self.assertEqual(world.words_on_server("Trash"), [])
                self.assertEqual(world.words_local("INBOX"), words)
                world.assert_settled()

    def test_a_count_that_went_backwards_is_counted_again(self):
        world = self.went_back("messages", 2)
        world.sync()
        self.assertEqual(world.words_local("INBOX"), ["m1", "m2", "m3", "m4"])
        self.assertEqual(world.words_on_server("Trash"), ["m0"])
        world.assert_settled()

    def test_changes_of_both_sides_survive_a_changed_uidvalidity(self):
        world = self.world()
        world.fill("INBOX", 10)
        world.sync()
        self.renumber(world, "INBOX")
        world.mail.add_letters(world.mail.find("INBOX", "<m3@"), "F")
        world.imap.store("INBOX", world.imap.uids("INBOX")[4], "+", ["\\Seen"])
        world.mail.deliver("INBOX", local(message("ours")), "S", NOON)
        world.fill("INBOX", 1, "theirs")
        world.sync()
        world.sync()
        self.assertEqual(len(world.words_on_server("INBOX")), 12)
        self.assertIn("\\Flagged", world.mail.find("INBOX", "<m3@").flags)
        world.assert_settled()

    def test_a_mailbox_deleted_and_made_again_on_the_server(self):
        world = self.world()
        world.fill("Work", 4, "w")
        world.sync()
        world.imap.delete("Work")
        world.fill("Work", 2, "w")
        world.fill("Work", 1, "new")
        world.sync(expect=6)
        self.assertEqual(world.words_on_server("Work"), ["new0", "w0", "w1"])
        self.assertLessEqual({"new0", "w0", "w1"}, set(world.words_local("Work")))
        self.assertEqual(len(world.words_local("Work")), len(set(world.words_local("Work"))))


if __name__ == "__main__":
    unittest.main()
