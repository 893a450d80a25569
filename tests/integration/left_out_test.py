# SPDX-License-Identifier: Apache-2.0
"""Folders of the Maildir that the server does not get: a message that is moved into one of them
stays on the server, whatever keeps the folder from it, and everything else goes on."""
import os

from tests.support.case import IntegrationCase
from tests.support.sterna import DONE, HELD, PARTLY

BELL = "bell\x07"       # no server takes that name


class LeftOutCase(IntegrationCase):
    def start(self, beside=None, **keys):
        """m0 to m3 in INBOX, and two messages in another mailbox, which bear its first letter."""
        world = self.world(**keys)
        world.fill("INBOX", 4)
        if beside:
            world.fill(beside, 2, beside[0].lower())
        world.sync()
        return world

    def m(self, world, number, mailbox="INBOX"):
        return world.mail.find(mailbox, f"<m{number}@")

    def reasons(self, world):
        """(kind, reason) of what is held."""
        listed = world.sterna.command_json("held", "list", world.name)["held"]
        return [(row["kind"], row["reason"]) for row in listed]

    def move_out(self, world, folder="Mine", number=0):
        world.mail.move(self.m(world, number), folder)

    def put(self, world, directory):
        """m0 into a directory that no mailbox has."""
        moved = self.m(world, 0)
        os.rename(moved.path, f"{world.mail.root}/{directory}/{moved.name}")

    def assert_goes(self, world):
        """m0 is gone here, and goes to the Trash."""
        self.assertEqual(world.sync()["deleted_out"], 1)
        self.assertEqual(world.words_on_server("Trash"), ["m0"])

    def assert_only_it_stays(self, world, text, expect=HELD):
        """m0 was moved into the folder, and m1 is deleted meanwhile: m0 is held, m1 goes."""
        world.mail.delete(self.m(world, 1))
        report = world.sync(expect=expect)
        self.assertEqual((report["deleted_out"], report["held"]), (1, 1))
        for _ in range(2):
            self.assertEqual(world.words_on_server("INBOX"), ["m0", "m2", "m3"])
            self.assertEqual(world.words_on_server("Trash"), ["m1"])
            ((kind, reason),) = self.reasons(world)
            self.assertEqual(kind, "moved_away")
            self.assertIn(text, reason)
            report = world.sync(expect=HELD)
            self.assertEqual((report["deleted_out"], report["held"]), (0, 1))


class HalfFolderTest(LeftOutCase):
    def test_one_that_is_not_made_whole_is_named(self):
        for create, has_it in (("none", True), ("both", False)):
            with self.subTest(create):
                world = self.start(create=create)
                os.makedirs(f"{world.mail.root}/Half/cur")
                if has_it:
                    world.imap.create("Half")
                run = world.sterna.run("sync", expect=DONE)
                self.assertIn("mailbox Half: its folder here is not whole", run.stderr)
                self.assertIn("make cur, new and tmp in it", run.stderr)


class FoldersTest(LeftOutCase):
    def test_a_folder_whose_mailbox_the_server_refuses(self):
        world = self.start()
        self.move_out(world, BELL)
        self.assert_only_it_stays(world, "the server refuses CREATE", expect=PARTLY)

    def test_what_would_be_expunged_stays_as_well(self):
        world = self.start(local_delete="expunge")
        self.move_out(world, BELL)
        report = world.sync(expect=PARTLY)
        self.assertEqual((report["deleted_out"], report["held"]), (0, 1))
        self.assertEqual(len(world.imap.uids("INBOX")), 4)

    def test_a_folder_that_is_not_whole(self):
        world = self.start()
        os.makedirs(f"{world.mail.root}/Half/cur")
        self.put(world, "Half/cur")
        self.assert_only_it_stays(world, "lacks cur, new or tmp")

    def test_a_folder_that_the_settings_make_nowhere(self):
        world = self.start(create="local")
        self.move_out(world)
        self.assert_only_it_stays(world, "mailbox Mine is not on the server")

    def test_an_excluded_folder(self):
        world = self.start(mailboxes=["*", "!Mine"])
        self.move_out(world)
        self.assert_only_it_stays(world, "mailbox Mine is not synced")

    def test_under_a_new_name_with_a_new_inode(self):
        world = self.start(mailboxes=["*", "!Mine"])
        world.mail.move(self.m(world, 0), "Mine", base="1700000000.R1.mutt")
        self.assert_only_it_stays(world, "1700000000.R1.mutt")

    def test_a_second_spelling_of_a_mailbox(self):
        world = self.start()
        world.fill("100%", 1, "other")
        world.sync()
        spelled = world.mail.folder("100%")
        self.assertTrue(spelled.endswith("100%25"), spelled)
        for part in ("cur", "new", "tmp"):
            os.makedirs(f"{world.mail.root}/100%/{part}")
        self.put(world, "100%/cur")
        self.assert_only_it_stays(world, "no name of its own")

    def test_mail_in_an_excluded_folder_stops_no_deletion(self):
        world = self.start(mailboxes=["*", "!Mine"])
        world.mail.deliver("Mine", b"Subject: my own\n\nNo message of the server.\n", "S")
        world.mail.delete(self.m(world, 0))
        self.assert_goes(world)

    def test_what_is_moved_into_an_excluded_bin_is_deleted(self):
        for folder in ("Trash", "Junk"):
            with self.subTest(folder):
                world = self.start(mailboxes=["*", f"!{folder}"])
                self.move_out(world, folder)
                self.assert_goes(world)


class DecidedTest(LeftOutCase):
    def start(self):
        world = super().start(mailboxes=["*", "!Mine"])
        self.move_out(world)
        world.sync(expect=HELD)
        world.mail.settle()
        return world

    def test_the_user_lets_it_go(self):
        world = self.start()
        world.sterna.run("held", "apply", "acc")
        self.assertEqual(world.words_on_server("INBOX"), ["m1", "m2", "m3"])
        self.assertEqual(world.words_on_server("Trash"), ["m0"])
        self.assertEqual(world.words_local("Mine"), ["m0"])
        self.assertEqual(self.reasons(world), [])

    def test_the_user_takes_it_back(self):
        world = self.start()
        world.sterna.run("held", "restore", "acc")
        self.assertEqual(world.words_local("INBOX"), ["m0", "m1", "m2", "m3"])
        self.assertEqual(len(world.imap.uids("INBOX")), 4)
        self.assertEqual(self.reasons(world), [])

    def test_it_is_moved_back(self):
        world = self.start()
        world.mail.move(self.m(world, 0, "Mine"), "INBOX")
        self.assertEqual(world.sync()["held"], 0)
        self.assertEqual(len(world.imap.uids("INBOX")), 4)

    def test_it_is_deleted_there(self):
        world = self.start()
        world.mail.delete(self.m(world, 0, "Mine"))
        self.assert_goes(world)

    def test_the_folder_is_synced_after_all(self):
        world = self.start()
        world.sterna.set("acc", mailboxes=["*"])
        for _ in range(2):
            world.sync(expect=DONE)
        self.assertEqual(world.words_on_server("INBOX"), ["m1", "m2", "m3"])
        self.assertEqual(world.words_on_server("Mine"), ["m0"])
        self.assertEqual(world.words_on_server("Trash"), [])


class RefusedForATimeTest(LeftOutCase):
    def test_the_mailbox_is_made_later(self):
        world = self.start()
        world.wire.refuse(rb"^CREATE", b"NO too many folders")
        self.move_out(world, "Projects")
        self.assertEqual(world.sync(expect=PARTLY)["held"], 1)
        self.assertEqual(len(world.imap.uids("INBOX")), 4)
        world.pass_time(24 * 3600)
        for _ in range(2):
            world.sync()
        self.assertEqual(world.words_on_server("Projects"), ["m0"])
        self.assertEqual(world.words_on_server("INBOX"), ["m1", "m2", "m3"])
        self.assertEqual(world.words_on_server("Trash"), [])
        world.assert_settled()


class FrozenTest(LeftOutCase):
    """A mailbox whose rename the server refuses is left alone; nothing else is."""

    def renamed(self):
        world = self.start(beside="Alpha")
        world.mail.rename("Alpha", BELL)
        world.sync(expect=PARTLY)
        return world

    def test_deletions_elsewhere_go_on(self):
        world = self.renamed()
        world.mail.delete(self.m(world, 0))
        self.assert_goes(world)
        self.assertEqual(world.words_on_server("INBOX"), ["m1", "m2", "m3"])

    def test_what_is_in_it_is_not_touched(self):
        world = self.renamed()
        world.mail.delete(world.mail.find(BELL, "<a0@"))
        self.assertEqual(world.sync()["deleted_out"], 0)
        self.assertEqual(world.words_on_server("Alpha"), ["a0", "a1"])

    def test_what_is_moved_into_it_stays(self):
        world = self.renamed()
        self.move_out(world, BELL)
        self.assert_only_it_stays(world, "the server refuses RENAME")

    def test_its_new_name_is_taken_back(self):
        world = self.renamed()
        self.move_out(world, BELL)
        world.sync(expect=HELD)
        world.mail.rename(BELL, "Alpha")
        for _ in range(2):
            world.sync()
        self.assertEqual(world.words_on_server("Alpha"), ["a0", "a1", "m0"])
        self.assertEqual(world.words_on_server("Trash"), [])
        world.assert_settled()

    def test_a_mailbox_that_is_held_stops_no_deletion_elsewhere(self):
        world = self.start(beside="Full")
        world.imap.delete("Full")
        world.sync(expect=HELD)
        world.mail.delete(self.m(world, 0))
        self.assertEqual(world.sync(expect=HELD)["deleted_out"], 1)
        self.move_out(world, "Full", 1)
        report = world.sync(expect=HELD)
        self.assertEqual((report["deleted_out"], report["held"]), (0, 2))
        self.assertEqual(world.words_on_server("INBOX"), ["m1", "m2", "m3"])

    def test_a_folder_that_went_and_is_kept_on_the_server_stops_no_deletion_elsewhere(self):
        world = self.start(beside="Kept", rule=[{"match": ["Kept"], "local_delete": "ignore"}])
        world.mail.remove("Kept")
        world.sync(expect=HELD)
        world.mail.delete(self.m(world, 0))
        self.assertEqual(world.sync(expect=HELD)["deleted_out"], 1)
        self.assertEqual(world.words_on_server("Kept"), ["k0", "k1"])
