# SPDX-License-Identifier: Apache-2.0
"""Backups that take the place of a Maildir, or of a folder in it: what came since is not deleted,
and what went since does not come back."""
import os
import shutil
import subprocess
import unittest

from tests.support.case import IntegrationCase
from tests.support.messages import NOON, local, message
from tests.support.sterna import HELD, NETWORK, PARTLY

A = [f"a{i}" for i in range(6)]
WEEK = ["week0", "week1", "week2"]


def copy(source, target):
    """As a restore does: what it has is of other inodes, and as old as it was."""
    subprocess.run(["cp", "-a", source, target], check=True)


class RestoredCase(IntegrationCase):
    def a_week_after_the_backup(self):
        """A has nine messages on both sides, and six in the backup."""
        world = self.world(local_delete="expunge")
        world.fill("INBOX", 2)
        world.fill("A", 6, "a")
        world.sync()
        copy(world.mail.root, self.backup(world))
        world.fill("A", 3, "week")
        world.sync()
        world.assert_settled()
        return world

    def backup(self, world, below=""):
        return f"{world.dir}/backup{below}"

    def restore(self, world, *names):
        """These of the backup, and nothing else."""
        shutil.rmtree(world.mail.root)
        os.mkdir(world.mail.root)
        for name in names or os.listdir(self.backup(world)):
            copy(self.backup(world, "/" + name), f"{world.mail.root}/{name}")

    def restore_in_the_tree(self, world):
        """As rsync --delete does: directories, and files that are as they were, stay."""
        for place, _, names in os.walk(world.mail.root):
            before = self.backup(world, place[len(world.mail.root):])
            for name in names:
                if not os.path.exists(f"{before}/{name}"):
                    os.unlink(f"{place}/{name}")
        copy(self.backup(world, "/.sterna"), world.mail.root)

    def sync(self, world, *arguments):
        return world.sync(*arguments, expect=(0, HELD))

    def assert_nothing_went(self, world):
        self.assertEqual(world.words_on_server("A"), A + WEEK)
        self.assertEqual(world.words_local("A"), A + WEEK)
        world.assert_settled()


class RestoredMaildirTest(RestoredCase):
    def test_what_a_sync_sent_that_died_before_it_told_the_marker_was_not_deleted(self):
        world = self.world(local_delete="expunge")
        world.fill("INBOX", 3)
        world.sync()
        copy(world.mail.root, self.backup(world))
        world.mail.deliver("INBOX", local(message("mine")), "S", NOON)
        world.sterna.die_at("epoch.announced", "sync")
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1", "m2", "mine"])
        self.restore_in_the_tree(world)
        self.sync(world)
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1", "m2", "mine"])
        world.assert_settled()

    def test_after_a_sync_that_died_so_what_is_deleted_goes(self):
        world = self.world(local_delete="expunge")
        world.fill("INBOX", 3)
        world.sync()
        world.mail.deliver("INBOX", local(message("mine")), "S", NOON)
        world.sterna.die_at("epoch.announced", "sync")
        world.mail.delete(world.mail.find("INBOX", "<m1@"))
        self.assertEqual(world.sync()["deleted_out"], 1)
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m2", "mine"])
        world.assert_settled()

    def test_a_folder_that_is_restored_after_the_others_loses_nothing(self):
        world = self.a_week_after_the_backup()
        self.restore(world, ".sterna", "INBOX")
        self.sync(world)
        copy(self.backup(world, "/A"), world.mail.folder("A"))
        self.sync(world)
        self.assert_nothing_went(world)

    def test_a_folder_that_is_not_asked_for_first_loses_nothing(self):
        world = self.a_week_after_the_backup()
        self.restore(world)
        self.sync(world, "acc/INBOX")
        self.assertEqual(world.words_on_server("A"), A + WEEK)
        self.sync(world)
        self.assert_nothing_went(world)

    def test_a_folder_that_is_missing_and_not_asked_for_loses_nothing(self):
        world = self.a_week_after_the_backup()
        self.restore(world, ".sterna", "INBOX")
        self.sync(world, "acc/INBOX")
        self.sync(world)
        copy(self.backup(world, "/A"), world.mail.folder("A"))
        self.sync(world, "acc/INBOX")
        self.sync(world)
        self.assert_nothing_went(world)

    def test_a_folder_that_the_server_refuses_to_open_first_loses_nothing(self):
        world = self.a_week_after_the_backup()
        self.restore(world)
        world.wire.refuse(rb'^SELECT "?A"?', b"NO [UNAVAILABLE] try later")
        world.sync(expect=(0, PARTLY, HELD))
        self.sync(world)
        self.assert_nothing_went(world)

    def test_a_sync_that_is_cut_off_leaves_the_rest_to_the_next(self):
        world = self.a_week_after_the_backup()
        self.restore(world)
        world.wire.cut_before(rb"^LIST ")
        world.sync(expect=NETWORK)
        world.wire.cut_before(rb'^SELECT "?A"?')
        world.sync(expect=NETWORK)
        self.sync(world)
        self.assert_nothing_went(world)

    def test_a_folder_of_which_little_is_restored_yet_is_filled_from_the_server(self):
        world = self.a_week_after_the_backup()
        self.restore(world, ".sterna", "INBOX")
        world.mail.create("A")
        files = sorted(os.listdir(self.backup(world, "/A/new")))
        for name in files[:2]:
            copy(self.backup(world, "/A/new/" + name), world.mail.folder("A") + "/new")
        self.sync(world)
        self.assert_nothing_went(world)

    def test_a_mailbox_that_was_made_since_stays(self):
        world = self.world()
        world.fill("INBOX", 2)
        world.sync()
        copy(world.mail.root, self.backup(world))
        world.imap.create("There")
        world.mail.create("Here")
        world.sync()
        self.restore(world)
        world.sync()
        self.assertLess({"Here", "There"}, set(world.imap.mailboxes()))
        world.assert_settled()

    def test_what_was_deleted_since_is_held_and_not_sent(self):
        world = self.world()
        uids = world.fill("INBOX", 4)
        world.mail.deliver("INBOX", local(message("mine")), "S", NOON)
        world.sync()
        copy(world.mail.root, self.backup(world))
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        world.mail.delete(world.mail.find("INBOX", "<mine@"))
        world.imap.expunge("INBOX", [uids[1]])
        self.sync(world)
        self.restore(world)
        for _ in range(3):
            self.sync(world)
            self.assertEqual(world.words_on_server("INBOX"), ["m2", "m3"])
            self.assertEqual(world.words_on_server("Trash"), ["m0", "mine"])
        held = world.sterna.run("held", "list", "-v", expect=(0, HELD)).stdout
        self.assertIn(".sterna", held)
        self.assertIn("m1", world.words_local("INBOX"))
        world.sterna.run("held", "restore", "acc", expect=(0, HELD))
        self.sync(world)
        self.assertEqual(world.words_on_server("INBOX"), ["m1", "m2", "m3"])
        world.assert_settled()

    def test_one_file_too_many_that_was_held_and_applied_is_not_sent(self):
        world = self.world(local_delete="expunge")
        world.fill("INBOX", 1)
        for name in ("17001.one", "17002.two"):
            world.mail.deliver("INBOX", local(message("m0")), "S", NOON, base=name)
        self.assertEqual(world.sync(expect=HELD)["held"], 1)
        copy(world.mail.root, self.backup(world))
        world.sterna.run("held", "apply", "acc")
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), [])
        for name in sorted(os.listdir(self.backup(world, "/INBOX/cur"))):
            copy(self.backup(world, "/INBOX/cur/" + name), world.mail.folder("INBOX") + "/cur")
        copy(self.backup(world, "/.sterna"), world.mail.root)
        for _ in range(2):
            self.assertEqual(world.sync(expect=HELD)["held"], 2)
            self.assertEqual(world.words_on_server("INBOX"), [])

    def test_what_is_deleted_and_brought_back_later_is_sent(self):
        world = self.a_week_after_the_backup()
        self.restore(world)
        self.sync(world)
        one = world.mail.find("A", "<a0@")
        shutil.copy2(one.path, f"{world.dir}/kept")
        world.mail.delete(one)
        self.sync(world)
        self.assertEqual(world.words_on_server("A"), A[1:] + WEEK)
        shutil.copy2(f"{world.dir}/kept", one.path)
        self.sync(world)
        self.assert_nothing_went(world)


class RestoredFolderTest(RestoredCase):
    """The Maildir is as it was, and so is its marker."""

    def restore_in_place(self, world):
        copy(self.backup(world, "/A"), world.mail.folder("A"))

    def test_a_backup_beside_the_folder_that_was_moved_away(self):
        world = self.a_week_after_the_backup()
        os.rename(world.mail.folder("A"), f"{world.dir}/damaged")
        self.restore_in_place(world)
        self.sync(world)
        self.assert_nothing_went(world)

    def test_a_backup_that_got_the_inodes_of_what_was_removed(self):
        world = self.a_week_after_the_backup()
        before = os.stat(world.mail.folder("A") + "/cur")
        shutil.rmtree(world.mail.folder("A"))
        self.restore_in_place(world)
        now = os.stat(world.mail.folder("A") + "/cur")
        world.ask_state("UPDATE mailbox SET cur_dev = ?, cur_ino = ? WHERE cur_ino = ?",
                        now.st_dev, now.st_ino, before.st_ino)
        self.sync(world)
        self.assert_nothing_went(world)

    def test_another_mailbox_is_synced_first(self):
        world = self.a_week_after_the_backup()
        os.rename(world.mail.folder("A"), f"{world.dir}/damaged")
        self.restore_in_place(world)
        self.sync(world, "acc/INBOX")
        self.sync(world)
        self.assert_nothing_went(world)

    def test_what_was_deleted_since_is_held_and_not_sent(self):
        world = self.world()
        world.fill("A", 4, "a")
        world.sync()
        copy(world.mail.root, self.backup(world))
        world.mail.delete(world.mail.find("A", "<a0@"))
        self.sync(world)
        os.rename(world.mail.folder("A"), f"{world.dir}/damaged")
        self.restore_in_place(world)
        for _ in range(2):
            self.sync(world)
            self.assertEqual(world.words_on_server("A"), ["a1", "a2", "a3"])

    def test_a_copy_of_all_that_is_known_is_the_mailbox(self):
        world = self.a_week_after_the_backup()
        os.rename(world.mail.folder("A"), f"{world.dir}/before")
        copy(f"{world.dir}/before", world.mail.folder("A"))
        world.assert_settled()
        world.mail.delete(world.mail.find("A", "<a0@"))
        self.sync(world)
        self.assertEqual(world.words_on_server("A"), A[1:] + WEEK)

    def test_a_folder_of_which_little_is_known_is_taken_when_it_is_adopted(self):
        world = self.a_week_after_the_backup()
        os.rename(world.mail.folder("A"), f"{world.dir}/damaged")
        world.mail.create("A")
        files = sorted(os.listdir(self.backup(world, "/A/new")))
        for name in files[:2]:
            copy(self.backup(world, "/A/new/" + name), world.mail.folder("A") + "/new")
        self.assertIn("sterna adopt", world.sync(expect=HELD)["stderr"])
        adopted = world.sterna.run("adopt", "acc").stdout
        self.assertIn("directory of A is taken", adopted)
        self.sync(world)
        self.assert_nothing_went(world)
        self.assertIn("nothing is wrong", world.sterna.run("adopt", "acc").stdout)

    def test_a_folder_without_its_cur_is_made_whole_when_it_is_adopted(self):
        world = self.a_week_after_the_backup()
        shutil.rmtree(world.mail.folder("A") + "/cur")
        self.assertIn("sterna adopt", world.sync(expect=HELD)["stderr"])
        self.assertIn("directory of A is taken", world.sterna.run("adopt", "acc").stdout)
        self.sync(world)
        self.assert_nothing_went(world)


class UsedInodeTest(RestoredCase):
    """A directory that has the number which the cur of a mailbox without mail had."""

    def world_with_used_inode(self, **facts):
        world = self.world()
        world.imap.create("X")
        world.fill("A", 3, "a")
        world.sync()
        ino = os.stat(world.mail.folder("A") + "/cur").st_ino
        self.assertNotEqual(ino, 0)
        copy(world.mail.root, self.backup(world))
        self.restore(world)
        ino = os.stat(world.mail.folder("A") + "/cur").st_ino
        world.ask_state("UPDATE mailbox SET cur_ino = ? WHERE name = 'X'", ino)
        for column, value in facts.items():
            world.ask_state(f"UPDATE mailbox SET {column} = ? WHERE name = 'X'", value)
        return world

    def test_where_births_are_known(self):
        world = self.world_with_used_inode()
        world.assert_settled()

    def test_where_births_are_not_known(self):
        world = self.world_with_used_inode(cur_btime_ns=0)
        world.assert_settled()

    def test_an_empty_folder_that_is_renamed_is_renamed_there(self):
        world = self.world()
        world.imap.create("X")
        world.sync()
        os.rename(world.mail.folder("X"), world.mail.folder("Y"))
        self.sync(world)
        self.assertIn("Y", world.imap.mailboxes())
        self.assertNotIn("X", world.imap.mailboxes())


if __name__ == "__main__":
    unittest.main()
