# SPDX-License-Identifier: Apache-2.0
"""What a sync deleted here comes back from the undo area: once, with its flags, for good."""
import fcntl
import os
import pathlib
import shutil
import tempfile
import unittest

from tests.support.case import IntegrationCase, need_steps, over
from tests.support.dovecot import MAIN_PROFILES
from tests.support.messages import NOON, message, word_of
from tests.support.sterna import FAILED, LOCKED, PARTLY, USAGE


class UndoCase(IntegrationCase):
    def listed(self, world, *words):
        return world.sterna.run("undo", "list", *words, "--json").json()["undo"]

    def restore(self, world, *words, expect=0):
        run = world.sterna.run("undo", "restore", *words, "--json", expect=expect)
        return run.json()

    def expunged(self, world, flags=("\\Seen", "\\Flagged", "work"), mailbox="INBOX"):
        """Three messages, of which the middle one was expunged on the server and left."""
        uids = world.fill(mailbox, 3, flags=flags)
        world.sync()
        world.imap.expunge(mailbox, uids[1])
        world.sync()
        self.assertEqual(world.words_local(mailbox), ["m0", "m2"])

    def add_copy(self, world):
        """One more of what lies there, as each try to remove a message leaves where there is no
        Trash."""
        area = pathlib.Path(world.sterna.state, world.name, "undo")
        [name] = os.listdir(area)
        copy = name[::-1]
        shutil.copy2(area / name, area / copy)
        columns = ("mailbox, base_name, flags, size, identity_size, header_digest, message_id, "
                   "body_digest, at_ms, reason, lived_ms")
        world.ask_state(f"INSERT INTO undo (file, {columns}) SELECT ?, {columns} FROM undo", copy)
        self.assertEqual(len(self.listed(world)), 2)

    def assert_once(self, world, mailbox="INBOX", words=("m0", "m1", "m2")):
        self.assertEqual(world.words_on_server(mailbox), list(words))
        self.assertEqual(world.words_local(mailbox), list(words))
        world.assert_settled()


class RestoreTest(UndoCase):
    @over(MAIN_PROFILES)
    def test_a_message_is_back_on_both_sides_once_with_its_flags(self, world):
        self.expunged(world)
        [line] = self.listed(world)
        self.assertEqual((line["mailbox"], line["message_id"]), ("INBOX", "<m1@test.example>"))
        self.assertIn("gone", line["reason"])
        done = self.restore(world, world.name, str(line["id"]))
        self.assertEqual([one["mailbox"] for one in done["restored"]], ["INBOX"])
        self.assertEqual(self.listed(world), [])
        self.assertEqual(world.undo_area(), [])
        report = world.sync()
        self.assertEqual((report["uploaded"], report["deleted_in"], report["deleted_out"]),
                         (1, 0, 0))
        self.assert_once(world)
        [back] = [m for m in world.imap.fetch_all("INBOX") if word_of(m.body) == "m1"]
        self.assertLessEqual({"\\Seen", "\\Flagged", "work"}, set(back.flags))

    def test_it_keeps_the_flags_that_were_set_here_last(self):
        world = self.world()
        uids = world.fill("INBOX", 2)
        world.sync()
        world.mail.add_letters(world.mail.find("INBOX", "m0@"), "F")
        world.imap.expunge("INBOX", uids[0])
        world.sync()
        self.assertEqual(self.listed(world)[0]["flags"], "\\Flagged")

    def test_a_message_that_was_marked_deleted_is_not_expunged_again(self):
        world = self.world(expunge_flagged=True)
        uids = world.fill("INBOX", 2)
        world.sync()
        world.imap.store("INBOX", uids[0], "+", ["\\Deleted"])
        world.imap.expunge("INBOX", uids[0])
        world.sync()
        world.ask_state("UPDATE undo SET flags = '\\Deleted \\Seen'")
        self.restore(world, f"{world.name}/INBOX")
        world.sync()
        self.assert_once(world, words=("m0", "m1"))

    def test_by_message_id_and_by_mailbox(self):
        world = self.world()
        self.expunged(world)
        self.expunged(world, mailbox="Work")
        self.assertEqual(len(self.listed(world)), 2)
        [line] = self.listed(world, f"{world.name}/Work")
        self.assertEqual(line["mailbox"], "Work")
        self.restore(world, f"{world.name}/Work", "m1@test.example")
        self.assertEqual([left["mailbox"] for left in self.listed(world)], ["INBOX"])
        run = world.sterna.run("undo", "restore", world.name, "999", expect=USAGE)
        self.assertIn("999 is not in the undo area", run.stderr)
        world.sync()
        self.assert_once(world, "Work")

    def test_what_was_deleted_here_without_a_trash(self):
        world = self.world(trash=False)
        world.fill("INBOX", 3)
        world.sync()
        world.mail.delete(world.mail.find("INBOX", "m1@"))
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m2"])
        self.restore(world, f"{world.name}/INBOX")
        world.sync()
        self.assert_once(world)

    def test_one_whose_removal_the_server_refuses_is_there_once_in_the_end(self):
        world = self.world(trash=False)
        world.fill("INBOX", 3)
        world.sync()
        world.mail.delete(world.mail.find("INBOX", "m1@"))
        world.wire.refuse(rb"^UID EXPUNGE")
        world.sync(expect=PARTLY)
        self.restore(world, f"{world.name}/INBOX")
        for _ in range(4):
            world.sync(expect=None)
            self.assertIn("m1", world.words_on_server("INBOX"))
            world.pass_time(3600)
        self.assert_once(world)

    def test_in_layout_maildir_plus_plus(self):
        world = self.world(layout="maildir++")
        self.expunged(world)
        self.expunged(world, mailbox="Lists/dev")
        self.restore(world, world.name)
        world.sync()
        self.assert_once(world)
        self.assert_once(world, "Lists/dev")

    def test_a_message_that_the_server_has_again_is_paired(self):
        world = self.world()
        self.expunged(world)
        world.imap.append("INBOX", message("m1"), [], NOON + 1)
        self.restore(world, f"{world.name}/INBOX")
        self.assertEqual(world.sync()["uploaded"], 0)
        self.assert_once(world)

    def test_a_message_that_is_there_again_is_not_doubled(self):
        world = self.world()
        self.expunged(world)
        world.imap.append("INBOX", message("m1"), [], NOON + 1)
        world.sync()
        done = self.restore(world, f"{world.name}/INBOX", expect=FAILED)
        self.assertIn("has it already", done["errors"][0]["message"])
        self.assertEqual(len(self.listed(world)), 1)
        self.assert_once(world)

    def test_of_many_copies_one_comes_back(self):
        for words in ((), ("<m1@test.example>",)):
            with self.subTest(words):
                world = self.world()
                self.expunged(world)
                self.add_copy(world)
                done = self.restore(world, f"{world.name}/INBOX", *words, expect=PARTLY)
                self.assertEqual(len(done["restored"]), 1)
                self.assertIn("just restored", done["errors"][0]["message"])
                world.sync()
                self.assert_once(world)

    def test_a_copy_of_what_was_restored_and_not_synced_yet_stays(self):
        world = self.world()
        self.expunged(world)
        self.add_copy(world)
        first, second = (str(line["id"]) for line in self.listed(world))
        self.restore(world, world.name, first)
        done = self.restore(world, world.name, second, expect=FAILED)
        self.assertIn("has it already", done["errors"][0]["message"])
        world.sync()
        self.assert_once(world)
        self.restore(world, world.name, second, "--into", "Work")
        world.sync()
        self.assert_once(world, "Work", ["m1"])

    def test_what_was_damaged_comes_back_by_its_number_alone(self):
        world = self.world()
        world.fill("INBOX", 2)
        world.sync()
        world.mail.replace(world.mail.find("INBOX", "<m0@"), b"")
        world.sync()
        world.sync()
        [line] = self.listed(world)
        world.imap.expunge("INBOX", world.imap.fetch_all("INBOX")[0].uid)
        world.sync()
        done = self.restore(world, f"{world.name}/INBOX", expect=PARTLY)
        self.assertEqual(len(done["restored"]), 1)
        self.assertIn("damaged", done["errors"][0]["message"])
        self.assertIn("number", done["errors"][0]["hint"])
        world.sync()
        self.assert_once(world, words=["m0", "m1"])
        self.restore(world, world.name, str(line["id"]))
        self.assertEqual(len(world.mail.messages("INBOX")), 3)

    def test_it_can_be_deleted_and_restored_again(self):
        world = self.world()
        self.expunged(world)
        for _ in range(2):
            self.restore(world, f"{world.name}/INBOX")
            world.sync()
            self.assert_once(world)
            [uid] = [m.uid for m in world.imap.fetch_all("INBOX") if word_of(m.body) == "m1"]
            world.imap.expunge("INBOX", uid)
            world.sync()
            self.assertEqual(world.words_local("INBOX"), ["m0", "m2"])

    def test_a_header_cannot_write_to_the_terminal(self):
        world = self.world()
        uid = world.imap.append("INBOX", message("evil").replace(
            b"Subject: ", b"Subject: \x1b]0;owned\x07"))
        world.fill("INBOX", 2)
        world.sync()
        world.imap.expunge("INBOX", uid)
        world.sync()
        run = world.sterna.run("undo")
        self.assertIn("owned", run.stdout)
        self.assertNotIn("\x1b", run.stdout)


class GoneMailboxTest(UndoCase):
    def test_a_mailbox_that_was_deleted_meanwhile_is_made_anew(self):
        world = self.world()
        [uid] = world.fill("Lists/old", 1)
        world.sync()
        world.imap.expunge("Lists/old", uid)
        world.sync()
        world.imap.delete("Lists/old")
        world.sync()
        world.sync()
        self.assertNotIn("Lists/old", world.mail.mailboxes())
        done = self.restore(world, f"{world.name}/Lists/old")
        self.assertTrue(done["restored"][0]["mailbox_made"])
        world.sync()
        self.assert_once(world, "Lists/old", ["m0"])

    def test_where_it_must_not_be_made_there_another_one_can_be_named(self):
        world = self.world(create="local")
        [uid] = world.fill("Old", 1)
        world.sync()
        world.imap.expunge("Old", uid)
        world.sync()
        world.imap.delete("Old")
        world.sync()
        world.sync()
        done = self.restore(world, f"{world.name}/Old", expect=FAILED)
        self.assertIn("--into", done["errors"][0]["hint"])
        self.assertNotIn("Old", world.mail.mailboxes())
        self.restore(world, f"{world.name}/Old", "--into", "INBOX")
        world.sync()
        self.assert_once(world, "INBOX", ["m0"])

    def test_a_folder_that_is_missing_is_not_made_behind_the_syncs_back(self):
        world = self.world()
        self.expunged(world, mailbox="Work")
        os.rename(world.mail.folder("Work"), f"{world.dir}/elsewhere")
        done = self.restore(world, f"{world.name}/Work", expect=FAILED)
        self.assertIn("Work", done["errors"][0]["message"])
        self.assertFalse(os.path.exists(world.mail.folder("Work")))
        os.rename(f"{world.dir}/elsewhere", world.mail.folder("Work"))
        self.restore(world, f"{world.name}/Work")
        world.sync()
        self.assert_once(world, "Work")

    def test_a_maildir_that_is_not_there_restores_nothing(self):
        world = self.world()
        self.expunged(world)
        os.rename(world.mail.root, f"{world.dir}/unmounted")
        os.mkdir(world.mail.root)
        run = world.sterna.run("undo", "restore", f"{world.name}/INBOX", expect=None)
        self.assertNotEqual(run.code, 0)
        self.assertEqual(os.listdir(world.mail.root), [])
        self.assertEqual(len(world.undo_area()), 1)


class DiesTest(UndoCase):
    def setUp(self):
        need_steps()

    def test_one_that_died_before_it_was_recorded_doubles_nothing(self):
        for step in ("store.writing", "store.committed"):
            with self.subTest(step):
                world = self.world()
                self.expunged(world)
                died = world.sterna.die_at(step, "undo", "restore", f"{world.name}/INBOX")
                self.assertEqual(died.code, -9, died)
                self.assertEqual(self.listed(world), [])
                world.sterna.run("undo", "restore", f"{world.name}/INBOX")
                world.sync()
                self.assert_once(world)
                self.assertEqual(self.listed(world), [])

    def test_what_a_sync_removed_before_it_died_is_known_for_what_it_is(self):
        for step in ("delete_in.intended", "delete_in.flushed"):
            with self.subTest(step):
                world = self.world()
                uids = world.fill("INBOX", 3, flags=("\\Seen", "\\Flagged", "work"))
                world.sync()
                world.imap.expunge("INBOX", uids[1])
                self.assertEqual(world.sterna.die_at(step, "sync").code, -9)
                world.sync()
                [line] = self.listed(world)
                self.assertEqual((line["mailbox"], line["flags"]),
                                 ("INBOX", "\\Flagged \\Seen work"))
                self.restore(world, f"{world.name}/INBOX")
                world.sync()
                self.assert_once(world)

    def test_one_that_died_between_two_disks_doubles_nothing(self):
        """Wherever the second one is to put it, and wherever the user moved it meanwhile."""
        for place in ("INBOX", "Moved", "Into"):
            with self.subTest(place):
                world = self.world()
                self.expunged(world, flags=("\\Seen",))
                world.imap.create("Work")
                world.sync()
                area = f"{world.sterna.state}/{world.name}/undo"
                elsewhere = tempfile.mkdtemp(dir="/dev/shm", prefix="sterna-test-")
                self.addCleanup(shutil.rmtree, elsewhere, True)
                self.assertNotEqual(os.stat(elsewhere).st_dev, os.stat(area).st_dev)
                shutil.move(area, f"{elsewhere}/undo")
                os.symlink(f"{elsewhere}/undo", area)
                died = world.sterna.die_at("undo.copied", "undo", "restore",
                                           f"{world.name}/INBOX")
                self.assertEqual(died.code, -9, died)
                self.assertEqual(len(self.listed(world)), 1)
                into = ("--into", "Work") if place == "Into" else ()
                if place == "Moved":
                    [file] = [m for m in world.mail.messages("INBOX") if word_of(m.read()) == "m1"]
                    os.rename(file.path, os.path.join(world.mail.folder("Work"), "cur",
                                                      os.path.basename(file.path)))
                done = self.restore(world, f"{world.name}/INBOX", *into)
                where = "Work" if place == "Moved" else "INBOX"
                self.assertEqual([one["mailbox"] for one in done["restored"]], [where])
                self.assertEqual(world.undo_area(), [])
                world.sync()
                found = {name: world.words_on_server(name) for name in ("INBOX", "Work")}
                self.assertEqual(found[where].count("m1"), 1, found)
                self.assertEqual(sum(words.count("m1") for words in found.values()), 1, found)
                world.assert_settled()


class LockTest(UndoCase):
    def test_beside_a_sync_it_does_nothing(self):
        world = self.world()
        self.expunged(world)
        with open(f"{world.sterna.state}/{world.name}/lock", "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            world.sterna.run("undo", "restore", f"{world.name}/INBOX", expect=LOCKED)
        self.assertEqual(len(self.listed(world)), 1)


class PullTest(UndoCase):
    def test_where_nothing_is_sent_it_says_so(self):
        world = self.world()
        self.expunged(world)
        world.sterna.set(world.name, direction="pull")
        done = self.restore(world, f"{world.name}/INBOX")
        self.assertIn("sent", done["restored"][0]["note"])
        self.assertEqual(world.sync()["uploaded"], 0)
        self.assertEqual(world.words_local("INBOX"), ["m0", "m1", "m2"])

    def test_some_that_cannot_be_restored_keep_none_of_the_others(self):
        world = self.world()
        self.expunged(world)
        self.expunged(world, mailbox="Work")
        os.rename(world.mail.folder("Work"), f"{world.dir}/elsewhere")
        done = self.restore(world, world.name, expect=PARTLY)
        self.assertEqual((len(done["restored"]), len(done["errors"])), (1, 1))
        os.rename(f"{world.dir}/elsewhere", world.mail.folder("Work"))
        world.sync()
        self.assert_once(world)


if __name__ == "__main__":
    unittest.main()
