# SPDX-License-Identifier: Apache-2.0
"""The brake and the marker: a disaster on one side stops before it reaches the other."""
import contextlib
import fcntl
import os
import pty
import shutil
import subprocess
import unittest

from tests.support.case import IntegrationCase, need_steps, over
from tests.support.dovecot import MAIN_PROFILES, free_ports
from tests.support.messages import NOON, local, message
from tests.support.sterna import FAILED, HELD, LOCKED, PARTLY, USAGE, binary


class BrakeTest(IntegrationCase):
    def filled(self, world, count=100):
        uids = world.fill("INBOX", count)
        world.fill("Work", 5, "w")
        world.sync()
        return uids

    def delete_here(self, world, count, mailbox="INBOX"):
        for found in world.mail.messages(mailbox)[:count]:
            world.mail.delete(found)

    @over(MAIN_PROFILES)
    def test_a_mass_deletion_here_is_held_whole(self, world):
        self.filled(world)
        self.delete_here(world, 80)
        report = world.sync(expect=HELD)
        self.assertEqual((report["held"], report["deleted_out"]), (80, 0))
        self.assertEqual(len(world.imap.uids("INBOX")), 100)
        self.assertEqual(world.words_on_server("Trash"), [])
        self.assertIn(world.name, report["stderr"])
        self.assertEqual(world.sync(expect=HELD)["held"], 80)

    @over(MAIN_PROFILES)
    def test_a_mass_deletion_on_the_server_is_held_whole(self, world):
        uids = self.filled(world)
        world.imap.expunge("INBOX", uids[:80])
        report = world.sync(expect=HELD)
        self.assertEqual((report["held"], report["deleted_in"]), (80, 0))
        self.assertEqual(len(world.mail.messages("INBOX")), 100)

    def test_a_sync_of_another_mailbox_leaves_it_held(self):
        world = self.world()
        self.filled(world)
        self.delete_here(world, 80)
        world.sync(expect=HELD)
        listed = world.sterna.run("held").stdout
        self.assertEqual(world.sync(f"{world.name}/Work", expect=HELD)["held"], 80)
        self.assertEqual(world.sterna.run("held").stdout, listed)
        world.sterna.run("held", "apply")
        self.assertEqual(len(world.imap.uids("INBOX")), 20)

    def test_a_mailbox_that_could_not_be_looked_at_keeps_what_is_held_in_it(self):
        world = self.world()
        self.filled(world)
        self.delete_here(world, 80)
        world.sync(expect=HELD)
        world.fill("INBOX", 1, "later")
        listed = world.sterna.run("held").stdout
        for _ in range(20):
            world.wire.refuse(rb'^SELECT "?INBOX')
        world.sync(expect=PARTLY, may_miss=True)
        self.assertEqual(world.sterna.run("held").stdout, listed)
        report = world.sync(expect=HELD)
        self.assertEqual((report["held"], report["downloaded"]), (80, 1))

    @over(MAIN_PROFILES)
    def test_held_apply_does_it(self, world):
        self.filled(world)
        self.delete_here(world, 80)
        world.sync(expect=HELD)
        world.sterna.run("held", "apply")
        world.sync()
        self.assertEqual(len(world.imap.uids("INBOX")), 20)
        self.assertEqual(len(world.imap.uids("Trash")), 80)
        world.sync()
        world.assert_settled()

    def test_held_apply_that_is_answered_no_says_that_nothing_was_changed(self):
        world = self.world()
        self.filled(world)
        self.delete_here(world, 80)
        world.sync(expect=HELD)
        here, there = pty.openpty()
        self.addCleanup(os.close, here)
        os.write(here, b"n\n")
        run = subprocess.run([binary(), "-c", world.sterna.config, "held", "apply"], stdin=there,
                             stdout=subprocess.DEVNULL, stderr=there, timeout=60, check=False,
                             env=world.sterna.environment())
        os.close(there)
        self.assertEqual(run.returncode, FAILED)
        said = b""
        with contextlib.suppress(OSError):  # the other end is closed, and all of it is read
            while piece := os.read(here, 4096):
                said += piece
        self.assertIn(b"nothing was changed", said)
        self.assertEqual(len(world.imap.uids("INBOX")), 100)

    @over(MAIN_PROFILES)
    def test_held_apply_of_what_the_server_deleted(self, world):
        uids = self.filled(world)
        world.imap.expunge("INBOX", uids[:80])
        world.sync(expect=HELD)
        world.sterna.run("held", "apply", f"{world.name}/INBOX")
        world.sync()
        self.assertEqual(len(world.mail.messages("INBOX")), 20)
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_held_restore_brings_the_files_back(self, world):
        self.filled(world)
        self.delete_here(world, 80)
        world.sync(expect=HELD)
        world.sterna.run("held", "restore")
        world.sync()
        self.assertEqual(len(world.mail.messages("INBOX")), 100)
        self.assertEqual(len(world.imap.uids("INBOX")), 100)
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_held_restore_brings_the_servers_messages_back(self, world):
        uids = self.filled(world)
        world.imap.expunge("INBOX", uids[:80])
        world.sync(expect=HELD)
        world.sterna.run("held", "restore")
        world.sync()
        self.assertEqual(len(world.imap.uids("INBOX")), 100)
        self.assertEqual(len(world.mail.messages("INBOX")), 100)
        world.assert_settled()

    def test_single_messages_are_decided_by_number_message_id_and_file(self):
        world = self.world()
        uids = self.filled(world)
        world.imap.expunge("INBOX", uids[:80])
        world.sync(expect=HELD)
        rows = world.sterna.run("held", "list", "--json").json()["held"]
        self.assertEqual(len(rows), 80)
        world.sterna.run("held", "apply", world.name, str(rows[0]["id"]), rows[1]["message_id"],
                         rows[2]["path"], expect=HELD)
        left = world.sterna.run("held", "list", "--json").json()["held"]
        self.assertEqual([row["id"] for row in left], [row["id"] for row in rows[3:]])
        self.assertEqual(len(world.mail.messages("INBOX")), 97)
        world.sterna.run("held", "restore", f"{world.name}/INBOX", str(left[0]["id"]),
                         expect=HELD)
        self.assertEqual(len(world.imap.uids("INBOX")), 21)
        run = world.sterna.run("held", "apply", world.name, str(rows[0]["id"]), expect=USAGE)
        self.assertIn("is not held", run.stderr)
        world.sterna.run("held", "apply", f"{world.name}/INBOX")
        world.sync()
        world.assert_settled()

    def test_the_rest_of_the_mailbox_goes_on_while_something_is_held(self):
        world = self.world()
        self.filled(world)
        self.delete_here(world, 80)
        world.sync(expect=HELD)
        world.fill("INBOX", 2, "theirs")
        world.mail.deliver("INBOX", local(message("ours")), "S", NOON)
        kept = world.mail.messages("INBOX")[0]
        world.mail.add_letters(kept, "F")
        report = world.sync(expect=HELD)
        self.assertEqual((report["downloaded"], report["uploaded"], report["held"]), (2, 1, 80))
        self.assertEqual(len(world.imap.uids("INBOX", "FLAGGED")), 1)

    def test_a_deletion_in_portions_counts_as_one(self):
        world = self.world()
        self.filled(world, 120)
        worst = 0
        for _ in range(8):
            self.delete_here(world, 15)
            world.sync(expect=(0, HELD))
            worst = len(world.imap.uids("Trash"))
        self.assertLess(worst, 60)
        world.sync(expect=HELD)

    def die_in_portions(self, world, step, remove):
        """Eight times fifteen of 120 go, and each sync is killed at that step."""
        self.filled(world, 120)
        for number in range(8):
            remove(number)
            world.mail.settle()
            world.sterna.die_at(step, "sync")
        world.sync(expect=HELD)

    def removed(self, world, step):
        """Counted of what one sync, killed at that step if there is one, and the next ones do."""
        world.mail.settle()
        if step:
            world.sterna.die_at(step, "sync")
        for _ in range(3):
            world.sync(expect=None)
            world.pass_time(30)
        return world.ask_state("SELECT side, count FROM removal")

    def test_what_a_move_leaves_behind_is_no_deletion(self):
        need_steps()
        for step in (None, "delete_out.answered"):
            with self.subTest(step):
                world = self.world("no-move")
                self.filled(world, 3)
                file = world.mail.find("INBOX", "<m1@")
                world.mail.move(file, "Work")
                world.mail.settle()
                world.sterna.die_at("move_out.copied", "sync")
                self.assertIn("m1", world.words_on_server("Work"))
                world.mail.move(world.mail.find("Work", "<m1@"), "INBOX")
                self.assertEqual(self.removed(world, step), [])
                self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1", "m2"])
                self.assertNotIn("m1", world.words_on_server("Work"))

    def test_what_an_edit_replaces_is_no_deletion(self):
        world = self.world()
        self.filled(world, 3)
        file = world.mail.find("INBOX", "<m1@")
        world.mail.replace(file, file.read() + b"More.\n")
        self.assertEqual(self.removed(world, None), [])
        self.assertEqual(world.words_on_server("Trash"), ["m1"])

    def test_a_deletion_in_portions_counts_as_one_where_each_sync_dies(self):
        need_steps()
        for profile, step in (("full", "delete_out.intended"), ("full", "delete_out.answered"),
                              ("no-move", "delete_out.copied")):
            with self.subTest(step):
                world = self.world(profile)
                self.die_in_portions(world, step, lambda _, to=world: self.delete_here(to, 15))
                self.assertEqual(len(world.imap.uids("Trash")), 45)
                self.assertEqual(len(world.imap.uids("INBOX")), 75)

    def test_a_deletion_on_the_server_in_portions_where_each_sync_dies(self):
        need_steps()
        for step in ("delete_in.intended", "delete_in.flushed"):
            with self.subTest(step):
                world = self.world()
                self.die_in_portions(world, step, lambda _, to=world: to.imap.expunge(
                    "INBOX", to.imap.uids("INBOX")[:15]))
                self.assertEqual(len(world.mail.messages("INBOX")), 75)

    def test_what_is_flagged_deleted_in_portions_where_each_sync_dies(self):
        need_steps()
        world = self.world(expunge_flagged=True)

        def flag(number):
            for found in world.mail.messages("INBOX")[-15 * (number + 1):][:15]:
                world.mail.add_letters(found, "T")

        self.die_in_portions(world, "delete_out.answered", flag)
        self.assertEqual(len(world.imap.uids("INBOX")), 75)

    def test_files_that_return_dissolve_what_was_held(self):
        world = self.world()
        self.filled(world)
        aside = f"{world.dir}/aside"
        os.mkdir(aside)
        gone = world.mail.messages("INBOX")[:80]
        for found in gone:
            os.rename(found.path, f"{aside}/{found.name}")
        world.sync(expect=HELD)
        for found in gone:
            os.rename(f"{aside}/{found.name}", found.path)
        report = world.sync()
        self.assertEqual((report["held"], report["uploaded"]), (0, 0))
        world.assert_settled()

    def test_trash_and_junk_are_emptied_without_a_question(self):
        world = self.world()
        world.fill("Trash", 90, "t")
        world.fill("Junk", 90, "j")
        world.sync()
        self.delete_here(world, 90, "Trash")
        world.imap.expunge("Junk", world.imap.uids("Junk"))
        world.sync()
        self.assertEqual(world.imap.uids("Trash"), [])
        self.assertEqual(world.mail.messages("Junk"), [])

    def test_a_deletion_after_the_trash_was_emptied_is_an_ordinary_day(self):
        world = self.world()
        self.filled(world)
        world.fill("Trash", 90, "t")
        world.sync()
        self.delete_here(world, 90, "Trash")
        world.sync()
        self.delete_here(world, 1)
        self.assertEqual(world.sync()["deleted_out"], 1)
        world.assert_settled()

    def test_what_was_approved_does_not_count_against_the_next_deletion(self):
        world = self.world()
        uids = self.filled(world)
        self.delete_here(world, 60)
        world.sync(expect=HELD)
        world.sterna.run("held", "apply")
        world.sync()
        self.delete_here(world, 1)
        self.assertEqual(world.sync()["deleted_out"], 1)
        world.imap.expunge("INBOX", world.imap.uids("INBOX")[:1])
        self.assertEqual(world.sync()["deleted_in"], 1)
        self.assertEqual(len(world.imap.uids("INBOX")), len(uids) - 62)
        world.assert_settled()

    def test_the_brake_can_be_switched_off(self):
        world = self.world(hold_deletions={"share": 1.0, "at_least": 1000000})
        self.filled(world)
        self.delete_here(world, 90)
        world.sync()
        self.assertEqual(len(world.imap.uids("INBOX")), 10)

    def test_forty_of_forty_is_an_ordinary_day(self):
        world = self.world()
        world.fill("INBOX", 40)
        world.sync()
        self.delete_here(world, 40)
        world.sync()
        self.assertEqual(world.imap.uids("INBOX"), [])

    def test_moving_many_is_no_deletion(self):
        world = self.world()
        self.filled(world, 200)
        world.imap.create("Archive")
        world.sync()
        for found in world.mail.messages("INBOX")[:90]:
            world.mail.move(found, "Archive")
        world.sync()
        world.imap.move("INBOX", world.imap.uids("INBOX")[:90], "Archive")
        world.sync()
        self.assertEqual(len(world.imap.uids("Archive")), 180)
        world.assert_settled()

    def test_a_tree_copied_without_its_flags_is_held(self):
        world = self.world()
        uids = world.fill("INBOX", 100, flags=["\\Seen"])
        world.sync()
        for found in world.mail.messages("INBOX"):
            os.rename(found.path, found.path.partition(":2,")[0])
        report = world.sync(expect=HELD)
        self.assertEqual(report["flags_out"], 0)
        self.assertEqual(len(world.imap.uids("INBOX", "SEEN")), len(uids))

    def lose_infos(self, world, count, mailbox="INBOX"):
        seen = [m for m in world.mail.messages(mailbox) if ":2," in m.name]
        for found in seen[:count]:
            os.rename(found.path, found.path.partition(":2,")[0])

    def test_flags_lost_in_portions_count_as_one(self):
        world = self.world()
        world.fill("INBOX", 100, flags=["\\Seen"])
        world.sync()
        for _ in range(6):
            self.lose_infos(world, 15)
            world.sync(expect=(0, HELD))
        self.assertGreater(len(world.imap.uids("INBOX", "SEEN")), 50)
        world.sync(expect=HELD)

    def test_flags_lost_in_many_mailboxes_count_as_one(self):
        world = self.world()
        for name in ("One", "Two", "Three"):
            world.fill(name, 30, name, flags=["\\Seen"])
        world.sync()
        for name in ("One", "Two", "Three"):
            self.lose_infos(world, 30, name)
        self.assertEqual(world.sync(expect=HELD)["flags_out"], 0)
        world.sterna.run("held", "apply")
        world.sync()
        self.assertEqual(world.imap.uids("One", "SEEN"), [])
        world.assert_settled()

    def test_marking_many_unread_is_believed(self):
        world = self.world()
        world.fill("INBOX", 100, flags=["\\Seen"])
        world.sync()
        for found in world.mail.messages("INBOX"):
            world.mail.set_letters(found, "")
        world.sync()
        self.assertEqual(world.imap.uids("INBOX", "SEEN"), [])
        world.assert_settled()

    def test_held_list_names_every_message(self):
        world = self.world()
        self.filled(world)
        self.delete_here(world, 80)
        world.sync(expect=HELD)
        run = world.sterna.run("held", "list", options=("--no-input", "--json"))
        rows = [o for o in run.objects() if "mailbox" in o] or run.json()["held"]
        self.assertEqual(len(rows), 80)
        for row in rows:
            for key in ("account", "mailbox", "uid", "path", "reason", "since"):
                self.assertIn(key, row)
        text = world.sterna.run("held").stdout
        self.assertIn("INBOX", text)
        self.assertIn("80", text)


class MarkerTest(IntegrationCase):
    def test_an_unmounted_disk_deletes_nothing(self):
        world = self.world()
        world.fill("INBOX", 10)
        world.sync()
        shutil.move(world.mail.root, f"{world.dir}/unmounted")
        os.mkdir(world.mail.root)
        run = world.sterna.run("sync", expect=HELD)
        self.assertIn(world.name, run.stderr)
        self.assertIn("adopt", run.stderr)
        self.assertEqual(os.listdir(world.mail.root), [])
        self.assertEqual(len(world.imap.uids("INBOX")), 10)
        os.rmdir(world.mail.root)
        shutil.move(f"{world.dir}/unmounted", world.mail.root)
        world.assert_quiet()

    def test_a_maildir_in_which_another_state_is_at_work_is_left_alone(self):
        world = self.world()
        world.fill("INBOX", 2)
        world.sync()
        world.fill("INBOX", 1, "later")
        root = os.open(world.mail.root, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(root, fcntl.LOCK_EX)
        run = world.sterna.run("sync", expect=LOCKED)
        self.assertIn(world.mail.root, run.stderr)
        self.assertEqual(len(world.mail.messages("INBOX")), 2)
        world.sterna.run("sync", "--dry-run")
        os.close(root)
        world.sync()
        world.assert_settled()

    def test_a_folder_of_strangers_in_its_place_freezes_the_mailbox(self):
        world = self.world()
        world.fill("Work", 10)
        world.sync()
        place, known = world.mail.folder("Work"), f"{world.dir}/known"
        shutil.move(place, known)
        world.mail.create("Work")
        for i in range(12):
            world.mail.deliver("Work", local(message(f"stranger{i}")), "S", NOON)
        report = world.sync(expect=HELD)
        self.assertIn("Work", report["stderr"])
        self.assertEqual(len(world.imap.uids("Work")), 10)
        self.assertEqual(world.imap.uids("Trash"), [])
        shutil.rmtree(place)
        shutil.move(known, place)
        world.assert_quiet()

    def test_a_folder_made_anew_around_its_files_is_the_mailbox(self):
        world = self.world()
        world.fill("Work", 10)
        world.sync()
        found, place = world.mail.messages("Work"), world.mail.folder("Work")
        shutil.move(place, f"{world.dir}/before")
        world.mail.create("Work")
        for one in found[1:]:
            os.rename(f"{world.dir}/before/{one.place}/{one.name}",
                      f"{place}/{one.place}/{one.name}")
        self.assertEqual(world.sync()["deleted_out"], 1)
        world.assert_settled()

    def test_a_missing_maildir_deletes_nothing(self):
        world = self.world()
        world.fill("INBOX", 10)
        world.sync()
        shutil.rmtree(world.mail.root)
        world.sterna.run("sync", expect=HELD)
        self.assertEqual(len(world.imap.uids("INBOX")), 10)

    def test_a_missing_marker_stops_the_account_until_adopt(self):
        world = self.world()
        world.fill("INBOX", 10)
        world.sync()
        os.unlink(f"{world.mail.root}/.sterna")
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        world.fill("INBOX", 1, "late")
        world.sync(expect=HELD)
        self.assertEqual(len(world.words_local("INBOX")), 9)
        run = world.sterna.run("adopt", world.name)
        self.assertIn("no marker; 9 messages in", run.stdout)
        world.sync()
        self.assertIn("m0", world.words_on_server("INBOX"))
        self.assertEqual(world.words_on_server("Trash"), [])
        self.assertEqual(len(world.words_local("INBOX")), 11)
        world.assert_settled()

    def test_adopt_where_nothing_is_wrong_changes_nothing(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.sync()
        before = world.ask_state("SELECT * FROM fact ORDER BY 1")
        run = world.sterna.run("adopt", world.name)
        self.assertIn("nothing is wrong, and nothing was changed", run.stdout)
        self.assertEqual(world.ask_state("SELECT * FROM fact ORDER BY 1"), before)
        self.assertFalse(world.sterna.command_json("adopt", world.name)["changed"])
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["m1", "m2"])

    def test_the_maildir_of_another_account_is_refused(self):
        world = self.world(name="one")
        other = self.world(name="two", sterna=world.sterna)
        world.fill("INBOX", 5, "one")
        other.fill("INBOX", 5, "two")
        world.sterna.sync()
        shutil.rmtree(world.mail.root)
        shutil.copytree(other.mail.root, world.mail.root)
        world.sterna.run("sync", "one", expect=HELD)
        self.assertEqual(world.words_on_server("INBOX"), [f"one{n}" for n in range(5)])

    def test_status_says_held(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.sync()
        os.unlink(f"{world.mail.root}/.sterna")
        world.sync(expect=HELD)
        (row,) = world.sterna.command_json("status")["accounts"]
        self.assertEqual(row["state"], "held")



if __name__ == "__main__":
    unittest.main()
