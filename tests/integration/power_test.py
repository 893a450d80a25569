# SPDX-License-Identifier: Apache-2.0
"""The machine goes down: what a lost power did is not the user's hand, and what the user did before
is not damage."""
import itertools
import os
import shutil
import subprocess
import unittest

from tests.support.case import IntegrationCase
from tests.support.messages import NOON, local, message
from tests.support.sterna import HELD, NETWORK


class PowerCase(IntegrationCase):
    def restart(self, world):
        """The next sync finds that the machine was started anew since."""
        world.ask_state("UPDATE fact SET value = 'before' WHERE key = 'boot_id'")
        world.ask_state("UPDATE fact SET value = substr(value, 1, instr(value, ' ')) || 'before' "
                        "WHERE key = 'unflushed'")
        world.ask_state("UPDATE tombstone SET boot_id = 'before'")


class UnflushedTest(PowerCase):
    """`fsync = false`: rows are on the disk before their files are."""

    def pull_and_die(self, mailbox="INBOX", **keys):
        """Four messages are fetched, and the sync is killed before its end."""
        world = self.world(fsync=False, **keys)
        if mailbox != "INBOX":
            world.imap.create(mailbox)
        world.sync()
        world.fill(mailbox, 4)
        world.wire.on_command = lambda text: text == b"LOGOUT" and world.sterna.signal()
        world.sterna.finish(world.sterna.start("sync"))
        world.wire.on_command = None
        self.assertEqual(len(world.words_local(mailbox)), 4)
        return world

    def lose_some(self, world):
        """One file never reached the disk, of one only its name did, and one was cut."""
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        os.truncate(world.mail.find("INBOX", "<m1@").path, 0)
        cut = world.mail.find("INBOX", "<m2@")
        os.truncate(cut.path, len(cut.read()) - 5)
        self.restart(world)

    def assert_whole(self, world, mailbox="INBOX"):
        world.sync()
        world.sync()
        self.assertEqual(world.words_on_server(mailbox), ["m0", "m1", "m2", "m3"])
        self.assertEqual(world.words_local(mailbox), ["m0", "m1", "m2", "m3"])
        self.assertEqual(world.words_on_server("Trash"), [])
        world.assert_settled()

    def test_files_that_went_with_the_power_are_fetched_again(self):
        world = self.pull_and_die()
        self.lose_some(world)
        self.assert_whole(world)

    def test_also_where_a_deletion_would_be_for_good(self):
        world = self.pull_and_die(local_delete="expunge")
        self.lose_some(world)
        self.assert_whole(world)

    def test_a_sync_that_looked_at_nothing_settles_no_doubt(self):
        world = self.pull_and_die(local_delete="expunge")
        self.lose_some(world)
        world.wire.cut_before(rb"^LIST ")
        world.sync(expect=NETWORK)
        self.assert_whole(world)

    def test_a_mailbox_that_was_not_there_keeps_its_doubt(self):
        world = self.pull_and_die(local_delete="expunge", mailbox="A")
        inode = os.stat(world.mail.folder("A")).st_ino
        self.restart(world)
        os.rename(world.mail.folder("A"), f"{world.dir}/away")
        world.sync(expect=HELD)
        world.fill("INBOX", 1, "other")
        world.sync(expect=HELD)
        world.mail.delete(world.mail.find("INBOX", "<other0@"))
        self.assertEqual(world.sync(expect=HELD)["deleted_out"], 1)
        os.rename(f"{world.dir}/away", world.mail.folder("A"))
        self.assertEqual(os.stat(world.mail.folder("A")).st_ino, inode)
        world.mail.delete(world.mail.find("A", "<m0@"))
        self.assert_whole(world, "A")
        self.assertEqual(world.ask_state("SELECT * FROM fact WHERE key LIKE 'unflushed%'"), [])

    def test_a_cut_file_is_found_though_its_directory_did_not_change(self):
        world = self.pull_and_die()
        world.sync()                  # stamps are known now, and files flushed
        world.ask_state("INSERT INTO fact VALUES ('unflushed', '0 before')")
        cut = world.mail.find("INBOX", "<m2@")
        os.truncate(cut.path, 0)
        self.assert_whole(world)

    def test_after_a_clean_end_a_deletion_is_one(self):
        world = self.world(fsync=False)
        world.fill("INBOX", 3)
        world.sync()
        self.assertEqual(world.ask_state("SELECT * FROM fact WHERE key = 'unflushed'"), [])
        self.restart(world)
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        self.assertEqual(world.sync()["deleted_out"], 1)
        self.assertEqual(world.words_on_server("Trash"), ["m0"])

    def test_a_file_that_the_user_moved_after_the_restart_is_not_missed(self):
        world = self.pull_and_die()
        self.restart(world)
        world.mail.move(world.mail.find("INBOX", "<m0@"), "Work")
        self.assertEqual(world.sync()["moved_out"], 1)
        self.assertEqual(world.words_on_server("Work"), ["m0"])
        self.assertEqual(world.words_local("INBOX"), ["m1", "m2", "m3"])


class EditedBeforeRestartTest(PowerCase):
    def edited(self, change):
        world = self.world()
        world.fill("INBOX", 2)
        world.sync()
        old = world.mail.find("INBOX", "<m0@")
        world.mail.replace(old, change(old.read()))
        self.restart(world)
        world.sync()
        world.sync()
        return world

    def test_an_edit_is_kept_beside_its_message(self):
        world = self.edited(lambda text: text + b"A line more.\n")
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m0", "m1"])
        bodies = [m.body for m in world.imap.fetch_all("INBOX")]
        self.assertEqual(sum(b"A line more." in body for body in bodies), 1)
        self.assertEqual((world.words_on_server("Trash"), world.undo_area()), ([], []))
        world.assert_settled()

    def test_a_file_that_was_cut_is_repaired(self):
        for change in (lambda text: text[:-5], lambda text: b"", lambda text: b"\0" * len(text)):
            world = self.edited(change)
            self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1"])
            self.assertEqual(len(world.undo_area()), 1)
            world.assert_settled()


class WreckTest(PowerCase):
    """A message was fetched, its name was on the disk, its octets and its row were not."""

    def leave(self, world, uid, content):
        name = world.mail.find("INBOX", "<m0@").base.replace("U1.", f"U{uid}.")
        with open(f"{world.mail.folder('INBOX')}/new/{name}", "xb") as out:
            out.write(content)
        self.restart(world)

    def test_it_is_fetched_again_and_nobody_is_asked(self):
        whole = len(local(message("new0")))
        zeros = b"\0" * 40 + b"\n\n" + b"\0" * (whole - 42)
        for content, direction in ((b"", "both"), (zeros, "both"), (b"\0" * 30, "pull")):
            with self.subTest((content[-1:], direction)):
                world = self.world(direction=direction)
                world.fill("INBOX", 1)
                world.sync()
                (uid,) = world.fill("INBOX", 1, "new")
                self.leave(world, uid, content)
                world.sync()
                self.assertEqual(world.undo_area(), [content])
                self.assertEqual(world.words_on_server("INBOX"), ["m0", "new0"])
                world.assert_settled()

    def test_without_a_message_on_the_server_it_is_held(self):
        world = self.world()
        world.fill("INBOX", 1)
        world.sync()
        for uid, content in ((7, b""), (8, b"no header at all")):
            self.leave(world, uid, content)
        self.assertEqual(world.sync(expect=HELD)["held"], 2)
        self.assertEqual(world.undo_area(), [])

    def test_without_a_restart_it_is_held(self):
        world = self.world()
        world.fill("INBOX", 1)
        world.sync()
        name = world.mail.find("INBOX", "<m0@").base
        with open(f"{world.mail.folder('INBOX')}/new/{name.replace('U1.', 'U7.')}", "xb"):
            pass
        world.sync(expect=HELD)


class BroughtBackTest(PowerCase):
    """A removal that the disk took back: the name and the inode are those of before."""

    def take_away(self, world, found):
        """Removes the file; returns what brings it back."""
        aside = f"{world.dir}/aside"
        os.link(found.path, aside)
        os.unlink(found.path)
        return lambda: os.rename(aside, found.path)

    def assert_held(self, world, mailbox, words):
        for _ in range(2):
            report = world.sync(expect=HELD)
            self.assertEqual((report["uploaded"], report["held"]), (0, 1))
        world.sterna.run("held", "apply", world.name)
        world.sync()
        self.assertEqual(len(world.undo_area()), 1)
        self.assertEqual(world.words_on_server(mailbox), words)
        world.assert_settled()

    def test_by_a_removal_that_was_not_recorded(self):
        world = self.world(local_delete="expunge")
        uids = world.fill("INBOX", 3)
        world.sync()
        bring_back = self.take_away(world, world.mail.find("INBOX", "<m0@"))
        world.mail.settle()
        world.wire.on_command = lambda text: b"EXPUNGE" in text and world.sterna.signal()
        world.sterna.finish(world.sterna.start("sync"))
        world.wire.on_command = None
        world.imap.expunge("INBOX", uids[0])
        bring_back()
        self.restart(world)
        self.assert_held(world, "INBOX", ["m1", "m2"])

    def test_a_backup_brings_back_once_more_what_was_held_and_applied(self):
        world = self.world(local_delete="expunge")
        world.fill("INBOX", 3)
        world.sync()
        found = world.mail.find("INBOX", "<m0@")
        bring_back = self.take_away(world, found)
        world.sync()
        bring_back()
        self.restart(world)
        world.sync(expect=HELD)
        backup = f"{world.dir}/backup"
        subprocess.run(["cp", "-a", world.mail.root, backup], check=True)
        world.sterna.run("held", "apply", world.name)
        world.sync()
        place = os.path.relpath(found.path, world.mail.root)
        for name in (place, ".sterna"):
            subprocess.run(["cp", "-a", f"{backup}/{name}", f"{world.mail.root}/{name}"],
                           check=True)
        for _ in range(2):
            report = world.sync(expect=HELD)
            self.assertEqual((report["uploaded"], report["held"]), (0, 1))
        self.assertEqual(world.words_on_server("INBOX"), ["m1", "m2"])

    def test_with_the_stamp_of_its_directory(self):
        world = self.world(local_delete="expunge")
        uids = world.fill("INBOX", 3)
        world.sync()
        world.wait_for_stamp()
        world.ask_state("INSERT INTO passing SELECT mailbox, uid, 'deleting' FROM message "
                        "WHERE uid = ?", uids[0])
        world.imap.expunge("INBOX", uids[0])
        self.restart(world)
        world.imap.leave()
        self.assertEqual(world.sterna.sync(expect=HELD)["uploaded"], 0)
        self.assert_held(world, "INBOX", ["m1", "m2"])

    def test_by_a_program_that_saved_the_message_elsewhere(self):
        for ours, kept in itertools.product((True, False), repeat=2):
            with self.subTest(ours=ours, kept=kept):
                world = self.world()
                world.fill("INBOX", 1, "m1")
                world.imap.create("Work")
                world.sync()
                if ours:
                    world.fill("INBOX", 1)
                else:
                    world.mail.deliver("INBOX", local(message("m0")), "S", NOON)
                world.sync()
                found = world.mail.find("INBOX", "<m0@")
                name = found.name if kept else "17.saved.testhost"
                shutil.copy2(found.path, f"{world.mail.folder('Work')}/cur/{name}")
                bring_back = self.take_away(world, found)
                self.assertEqual(world.sync()["moved_out"], 1)
                bring_back()
                self.restart(world)
                self.assert_held(world, "Work", ["m0"])
                self.assertEqual(world.words_on_server("INBOX"), ["m10"])

    def test_by_a_move_that_followed_the_server(self):
        world = self.world()
        uids = world.fill("INBOX", 2)
        world.imap.create("Work")
        world.sync()
        found = world.mail.find("INBOX", "<m0@")
        os.link(found.path, f"{world.dir}/aside")
        world.imap.move("INBOX", uids[:1], "Work")
        self.assertEqual(world.sync()["moved_in"], 1)
        os.rename(f"{world.dir}/aside", found.path)
        self.restart(world)
        self.assert_held(world, "Work", ["m0"])

    def test_a_backup_that_brings_back_what_was_moved_doubles_nothing(self):
        world = self.world()
        world.fill("INBOX", 2)
        world.imap.create("Work")
        world.sync()
        shutil.copytree(world.mail.root, f"{world.dir}/backup", symlinks=True)
        world.mail.move(world.mail.find("INBOX", "<m0@"), "Work")
        self.assertEqual(world.sync()["moved_out"], 1)
        shutil.rmtree(world.mail.root)
        shutil.copytree(f"{world.dir}/backup", world.mail.root, symlinks=True)
        world.sync(expect=(0, HELD))
        world.sync(expect=(0, HELD))
        self.assertEqual(world.words_on_server("INBOX") + world.words_on_server("Work"),
                         ["m1", "m0"])


class LateMountTest(PowerCase):
    """The disk of a mailbox is not there yet when the first sync after the restart begins."""

    def start_without(self, world, mailbox):
        self.restart(world)
        folder = world.mail.folder(mailbox)
        os.rename(folder, f"{world.dir}/unmounted")
        os.mkdir(folder)
        world.sync(expect=HELD)

    def mount(self, world, mailbox):
        folder = world.mail.folder(mailbox)
        os.rmdir(folder)
        os.rename(f"{world.dir}/unmounted", folder)

    def mount_late(self, world, mailbox="A"):
        self.start_without(world, mailbox)
        self.mount(world, mailbox)

    def test_what_it_brings_back_is_held(self):
        world = self.world()
        world.fill("A", 3)
        world.sync()
        found = world.mail.find("A", "<m0@")
        os.link(found.path, f"{world.dir}/aside")
        os.unlink(found.path)
        world.sync()
        os.rename(f"{world.dir}/aside", found.path)
        self.mount_late(world)
        report = world.sync(expect=HELD)
        self.assertEqual((report["uploaded"], report["held"]), (0, 1))
        self.assertEqual(world.words_on_server("A"), ["m1", "m2"])

    def one_that_was_moved_is_back(self, count):
        """Of that many in A the first one, which is in B, too."""
        world = self.world()
        world.fill("A", count)
        world.imap.create("B")
        world.sync()
        found = world.mail.find("A", "<m0@")
        os.link(found.path, f"{world.dir}/aside")
        world.mail.move(found, "B")
        world.sync()
        os.rename(f"{world.dir}/aside", found.path)
        return world

    def test_what_was_moved_there_and_is_back_is_held_when_it_is_seen(self):
        world = self.one_that_was_moved_is_back(2)
        self.mount_late(world, "B")
        report = world.sync(expect=HELD)
        self.assertEqual((report["uploaded"], report["held"]), (0, 1))
        self.assertEqual((world.words_on_server("A"), world.words_on_server("B")),
                         (["m1"], ["m0"]))

    def test_where_what_it_brought_back_waits_an_edit_is_one(self):
        world = self.one_that_was_moved_is_back(3)
        self.start_without(world, "B")
        shorter = world.mail.find("A", "<m1@")
        edit = shorter.read()[:-5]
        world.mail.replace(shorter, edit)
        world.sync(expect=HELD)
        self.assertEqual(world.words_on_server("A"), ["m1", "m2"])
        self.assertEqual(world.undo_area(), [])
        self.assertEqual(world.mail.find("A", "<m1@").read(), edit)
        self.mount(world, "B")
        report = world.sync(expect=HELD)
        self.assertEqual((report["uploaded"], report["held"]), (0, 1))
        self.assertEqual((world.words_on_server("A"), world.words_on_server("B")),
                         (["m1", "m2"], ["m0"]))

    def test_what_it_cut_is_repaired(self):
        world = self.world()
        world.fill("A", 3)
        world.sync()
        found = world.mail.find("A", "<m0@")
        world.mail.replace(found, found.read()[:-5])
        self.mount_late(world)
        world.sync()
        self.assertEqual(world.words_on_server("A"), ["m0", "m1", "m2"])
        self.assertEqual((world.words_on_server("Trash"), len(world.undo_area())), ([], 1))
        world.assert_settled()

    def test_once_it_was_seen_an_edit_is_one(self):
        world = self.world()
        world.fill("A", 3)
        world.sync()
        self.mount_late(world)
        world.sync()
        self.assertEqual(world.ask_state("SELECT * FROM fact WHERE key LIKE '%_restart'"), [])
        found = world.mail.find("A", "<m0@")
        world.mail.replace(found, found.read() + b"A line more.\n")
        world.sync()
        self.assertEqual(world.words_on_server("A"), ["m0", "m1", "m2"])
        self.assertEqual(world.words_on_server("Trash"), ["m0"])


class CutRemovalTest(IntegrationCase):
    """A folder goes after its mailbox, and the sync dies amid it."""

    def begin(self, gone):
        world = self.world()
        world.imap.create("A")
        world.sync()
        world.imap.delete("A")
        world.ask_state("INSERT INTO fact SELECT 'removing:' || id, 'yes' FROM mailbox "
                        "WHERE name = 'A'")
        for part in gone:
            os.rmdir(f"{world.mail.folder('A')}/{part}")
        return world

    def test_it_is_finished(self):
        for gone in (["cur"], ["cur", "new", "tmp"], ["tmp"]):
            with self.subTest(gone):
                world = self.begin(gone)
                world.sync()
                self.assertFalse(os.path.exists(world.mail.folder("A")))
                world.assert_settled()
                world.imap.create("A")
                world.sync()
                self.assertIn("A", world.mail.mailboxes())
                world.assert_settled()

    def test_it_waits_for_a_delivery_that_comes_to_nothing(self):
        world = self.begin(["cur"])
        delivery = f"{world.mail.folder('A')}/tmp/1700000000.1.host"
        with open(delivery, "wb"):
            pass
        world.sync(expect=HELD)
        os.unlink(delivery)
        world.sync()
        self.assertFalse(os.path.exists(world.mail.folder("A")))
        world.assert_settled()

    def test_not_if_mail_came_to_it(self):
        world = self.begin(["tmp"])
        world.mail.deliver("A", local(message("m0")), "S", NOON)
        os.rmdir(f"{world.mail.folder('A')}/tmp")
        world.sync(expect=HELD)
        self.assertEqual(len(world.words_local("A")), 1)
        world.mail.create("A")
        world.sync()
        world.sync()
        self.assertEqual(world.words_on_server("A"), ["m0"])
        world.assert_settled()


class RestoredMaildirTest(IntegrationCase):
    """A backup of the Maildir takes its place: what came since is not deleted."""

    def back_up(self, world):
        shutil.copytree(world.mail.root, f"{world.dir}/backup", symlinks=True)

    def restore(self, world):
        shutil.rmtree(world.mail.root)
        shutil.copytree(f"{world.dir}/backup", world.mail.root, symlinks=True)

    def assert_nothing_went(self, world, words):
        self.assertEqual(world.sync()["deleted_out"], 0)
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), words)
        self.assertEqual(world.words_local("INBOX"), words)
        self.assertEqual(world.words_on_server("Trash"), [])
        world.assert_settled()

    def test_older_than_mail_that_was_fetched(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.sync()
        self.back_up(world)
        world.fill("INBOX", 2, "new")
        world.sync()
        self.restore(world)
        self.assert_nothing_went(world, ["m0", "m1", "m2", "new0", "new1"])

    def test_older_than_mail_that_was_sent(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.sync()
        self.back_up(world)
        world.mail.deliver("INBOX", local(message("mine")), "S", NOON)
        world.sync()
        self.restore(world)
        self.assert_nothing_went(world, ["m0", "m1", "m2", "mine"])

    def test_older_than_a_sync_that_died_before_it_told_the_marker(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.sync()
        self.back_up(world)
        world.fill("INBOX", 2, "new")
        world.wire.on_command = lambda text: text == b"LOGOUT" and world.sterna.signal()
        world.sterna.finish(world.sterna.start("sync"))
        world.wire.on_command = None
        world.sync()
        self.restore(world)
        self.assert_nothing_went(world, ["m0", "m1", "m2", "new0", "new1"])

    def test_a_sync_that_changes_nothing_leaves_the_marker_alone(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.sync()
        marker = os.stat(f"{world.mail.root}/.sterna")
        world.sync()
        self.assertEqual(os.stat(f"{world.mail.root}/.sterna").st_ino, marker.st_ino)


if __name__ == "__main__":
    unittest.main()
