# SPDX-License-Identifier: Apache-2.0
"""Mailboxes that are held as a whole: deleted on one side, with mail in them on the other."""
import os

from tests.support.broken import CUT, BrokenCase
from tests.support.case import IntegrationCase, need_steps, over
from tests.support.dovecot import MAIN_PROFILES
from tests.support.messages import NOON, local, message
from tests.support.sterna import DONE, HELD, PARTLY

WORDS = ["m0", "m1", "m2"]


class Scene:
    """What the tests below begin with; a mixin for test cases."""

    def gone_here(self, world):
        world.fill("Full", 3)
        world.sync()
        world.mail.remove("Full")
        return world.sync(expect=HELD)

    def gone_there(self, world):
        world.fill("Full", 3)
        world.sync()
        world.imap.delete("Full")
        return world.sync(expect=HELD)

    def held(self, world):
        return world.sterna.command_json("held", "list")["held"]

    def decide(self, world, action, expect=DONE):
        world.mail.settle()
        return world.sterna.run("held", action, f"{world.name}/Full", expect=expect)

    def assert_nothing_doubled(self, world):
        everywhere = [w for box in world.imap.mailboxes() for w in world.words_on_server(box)]
        self.assertEqual(len(everywhere), len(set(everywhere)), everywhere)


class ListedTest(Scene, IntegrationCase):
    def test_a_mailbox_that_is_gone_here_is_in_the_list(self):
        world = self.world()
        report = self.gone_here(world)
        self.assertEqual(report["held"], 1)
        (row,) = self.held(world)
        self.assertEqual((row["kind"], row["mailbox"]), ("mailbox_remote", "Full"))
        self.assertIn("3 messages", row["reason"])
        self.assertTrue(row["since"])
        (state,) = world.sterna.command_json("status")["accounts"]
        self.assertEqual(state["held"], 1)
        self.assertIn("Full", world.sterna.run("held").stdout)
        world.sync(expect=HELD)
        self.assertEqual(self.held(world), [row])

    def test_a_mailbox_that_is_gone_from_the_server_is_in_the_list(self):
        world = self.world()
        report = self.gone_there(world)
        self.assertEqual(report["held"], 1)
        (row,) = self.held(world)
        self.assertEqual((row["kind"], row["mailbox"]), ("mailbox_local", "Full"))
        self.assertIn("3 messages", row["reason"])

    def test_a_dry_run_counts_it(self):
        world = self.world()
        world.fill("Full", 3)
        world.sync()
        world.mail.remove("Full")
        world.sterna.run("sync", "--dry-run", expect=HELD)
        self.assertEqual(self.held(world), [])

    def test_a_mailbox_that_comes_back_is_held_no_more(self):
        world = self.world()
        world.fill("Full", 3)
        world.sync()
        os.rename(world.mail.folder("Full"), f"{world.dir}/aside")
        world.sync(expect=HELD)
        os.rename(f"{world.dir}/aside", world.mail.folder("Full"))
        world.sync()
        self.assertEqual(self.held(world), [])
        world.assert_settled()

    def test_deletions_elsewhere_go_on_meanwhile(self):
        world = self.world()
        world.fill("INBOX", 2, "i")
        self.gone_here(world)
        world.mail.delete(world.mail.find("INBOX", "<i0@"))
        world.sync(expect=HELD)
        self.assertEqual(world.words_on_server("INBOX"), ["i1"])
        self.assertEqual(world.words_on_server("Trash"), ["i0"])

    def test_what_the_policy_keeps_can_only_come_back(self):
        world = self.world(direction="pull")
        self.gone_here(world)
        (row,) = self.held(world)
        self.assertEqual(row["kind"], "mailbox_kept")
        self.decide(world, "apply", expect=(DONE, HELD))
        world.sync(expect=HELD)
        self.assertEqual(world.words_on_server("Full"), WORDS)
        self.decide(world, "restore")
        self.assertEqual(world.words_local("Full"), WORDS)


class AppliedTest(Scene, IntegrationCase):
    @over(MAIN_PROFILES)
    def test_applied_on_the_server(self, world):
        self.gone_here(world)
        self.decide(world, "apply")
        self.assertNotIn("Full", world.imap.mailboxes())
        self.assertEqual(world.words_on_server("Trash"), WORDS)
        self.assertEqual(self.held(world), [])
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_applied_here(self, world):
        self.gone_there(world)
        self.decide(world, "apply")
        self.assertNotIn("Full", world.mail.mailboxes())
        self.assertEqual(len(world.undo_area()), 3)
        self.assertEqual(self.held(world), [])
        world.assert_settled()

    def test_without_a_trash_the_messages_are_kept_here(self):
        world = self.world(trash=False)
        self.gone_here(world)
        self.decide(world, "apply")
        self.assertNotIn("Full", world.imap.mailboxes())
        self.assertEqual(len(world.undo_area()), 3)
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_new_mail_on_the_server_stays(self, world):
        self.gone_here(world)
        world.fill("Full", 1, "late")
        self.decide(world, "apply")
        world.sync()
        self.assertEqual(world.words_local("Full"), ["late0"])
        self.assertEqual(world.words_on_server("Trash"), WORDS)
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_new_mail_here_stays(self, world):
        self.gone_there(world)
        world.mail.deliver("Full", local(message("late")), "S", NOON)
        self.decide(world, "apply")
        world.sync()
        self.assertEqual(world.words_on_server("Full"), ["late"])
        self.assertEqual(len(world.undo_area()), 3)
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_edits_of_what_was_there_stay(self, world):
        """What no server ever had is new mail; what has another time or inode alone is not."""
        world.fill("Full", 4)
        world.sync()
        world.imap.delete("Full")
        world.sync(expect=HELD)
        in_place, replaced, touched, copied = (
            world.mail.find("Full", f"<m{number}@") for number in range(4))
        with open(in_place.path, "ab") as draft:
            draft.write(b"Written here.\n")
        world.mail.replace(replaced, replaced.read() + b"A line more.\n")
        os.utime(touched.path, (NOON, NOON))
        world.mail.replace(copied, copied.read())
        edits = sorted(file.read() for file in (in_place, replaced))
        self.decide(world, "apply")
        self.assertEqual(sorted(file.read() for file in world.mail.messages("Full")), edits)
        world.sync()
        self.assertEqual(world.words_on_server("Full"), ["m0", "m1"])
        self.assertEqual(len(world.undo_area()), 2)
        self.assertEqual(self.held(world), [])
        world.assert_settled()

    def test_an_older_copy_in_the_trash_is_not_that_of_a_removal_that_was_cut(self):
        need_steps()
        for keys in ({}, {"mailboxes": ["*", "!Trash"]}):
            for step in ("delete_out.intended", "delete_out.copied"):
                with self.subTest(step, keys=keys):
                    world = self.world("no-move", **keys)
                    world.imap.create("Full")
                    for mailbox in ("Full", "Full", "Trash"):
                        world.imap.append(mailbox, message("twin"), [], NOON)
                    world.sync()
                    world.mail.remove("Full")
                    world.sync(expect=HELD)
                    world.mail.settle()
                    world.sterna.die_at(step, "held", "apply", f"{world.name}/Full")
                    self.assertEqual(len(world.imap.uids("Full")), 2)
                    world.sync()
                    self.assertEqual(world.words_on_server("Trash"), ["twin"] * 3)
                    self.assertNotIn("Full", world.imap.mailboxes())

    def test_a_decision_means_nothing_once_the_mailbox_is_back(self):
        world = self.world()
        world.fill("Full", 3)
        world.sync()
        os.rename(world.mail.folder("Full"), f"{world.dir}/aside")
        world.sync(expect=HELD)
        world.wire.cut_before(rb"^LIST")
        self.decide(world, "apply", expect=None)
        os.rename(f"{world.dir}/aside", world.mail.folder("Full"))
        world.sync()
        world.mail.remove("Full")
        world.sync(expect=HELD)
        self.assertEqual(world.words_on_server("Full"), WORDS)

    @over(MAIN_PROFILES)
    def test_files_that_were_moved_out_before_are_followed(self, world):
        world.fill("Full", 3)
        world.imap.create("Archive")
        world.sync()
        for word in ("m0", "m1"):
            world.mail.move(world.mail.find("Full", f"<{word}@"), "Archive")
        world.mail.remove("Full")
        world.sync(expect=HELD)
        self.decide(world, "apply")
        world.sync()
        self.assertEqual(world.words_on_server("Archive"), ["m0", "m1"])
        self.assertEqual(world.words_local("Archive"), ["m0", "m1"])
        self.assertEqual(world.words_on_server("Trash"), ["m2"])
        self.assertNotIn("Full", world.imap.mailboxes())
        world.assert_settled()

    def test_below_a_mailbox_that_goes_another_one_stays(self):
        world = self.world()
        world.fill("Full/child", 1, "c")
        self.gone_there(world)
        self.decide(world, "apply")
        self.assertEqual(world.words_local("Full/child"), ["c0"])
        self.assertEqual(world.words_on_server("Full/child"), ["c0"])
        self.assertNotIn("Full", world.mail.mailboxes())
        world.assert_quiet()


class AboveOthersTest(Scene, IntegrationCase):
    """Some servers delete what lies below a mailbox along with it (RFC 3501 section 6.3.4)."""

    @over(MAIN_PROFILES)
    def test_a_mailbox_waits_for_the_mail_that_is_held_below_it(self, world):
        world.imap.create("Top")
        world.fill("Top/child", 1, "c")
        world.sync()
        world.mail.remove("Top")
        world.sync(expect=HELD)
        self.assertEqual(world.wire.sent(rb"^DELETE"), [])
        (row,) = self.held(world)
        self.assertEqual(row["mailbox"], "Top/child")
        world.sterna.run("held", "apply", f"{world.name}/Top/child")
        world.sync()
        self.assertEqual(world.wire.sent(rb"^DELETE"),
                         [b'DELETE "Top/child"', b'DELETE "Top"'])
        self.assertEqual(world.words_on_server("Trash"), ["c0"])
        world.assert_settled()

    @over(MAIN_PROFILES, mailboxes=["*", "!Top/secret"])
    def test_a_mailbox_is_kept_above_one_that_is_not_synced(self, world):
        world.imap.create("Top")
        world.fill("Top/secret", 1, "s")
        world.sync()
        world.mail.remove("Top")
        world.sync(expect=HELD)
        (row,) = self.held(world)
        self.assertEqual((row["kind"], row["mailbox"]), ("mailbox_kept", "Top"))
        self.assertIn("Top/secret", row["reason"])
        self.assertEqual(world.wire.sent(rb"^DELETE"), [])
        world.imap.delete("Top/secret")
        world.sync()
        self.assertEqual(world.wire.sent(rb"^DELETE"), [b'DELETE "Top"'])

    def test_a_mailbox_is_kept_above_what_the_server_tells_of_and_does_not_list(self):
        world = self.world()
        world.imap.create("Top")
        world.fill("Top/hidden", 1, "h")
        world.wire.lie(rb'^\* (LIST|STATUS) .*Top/hidden')
        world.sync()
        world.mail.remove("Top")
        world.sync(expect=HELD)
        (row,) = self.held(world)
        self.assertEqual(row["mailbox"], "Top")
        self.assertEqual(world.wire.sent(rb"^DELETE"), [])
        self.assertEqual(world.words_on_server("Top/hidden"), ["h0"])


class RestoredTest(Scene, IntegrationCase):
    @over(MAIN_PROFILES)
    def test_restored_here(self, world):
        self.gone_here(world)
        self.decide(world, "restore")
        self.assertEqual(world.words_local("Full"), WORDS)
        self.assertEqual(world.words_on_server("Full"), WORDS)
        self.assertEqual(self.held(world), [])
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_restored_on_the_server(self, world):
        self.gone_there(world)
        self.decide(world, "restore")
        self.assertEqual(world.words_local("Full"), WORDS)
        self.assertEqual(world.words_on_server("Full"), WORDS)
        self.assertEqual(self.held(world), [])
        world.assert_settled()

    def test_new_mail_comes_along(self):
        world = self.world()
        self.gone_here(world)
        world.fill("Full", 1, "late")
        self.decide(world, "restore")
        self.assertEqual(world.words_local("Full"), ["late0", *WORDS])
        world.assert_settled()

    def test_an_inbox_is_restored(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.sync()
        world.mail.remove("INBOX")
        world.sync(expect=HELD)
        world.sterna.run("held", "restore", f"{world.name}/INBOX")
        self.assertEqual(world.words_local("INBOX"), WORDS)
        world.assert_settled()

    def test_create_none_restores_all_the_same(self):
        world = self.world(create="none")
        world.fill("Full", 3)
        world.mail.create("INBOX")
        world.mail.create("Full")
        world.sync(expect=(DONE, PARTLY))
        world.mail.remove("Full")
        world.sync(expect=HELD)
        self.decide(world, "restore")
        self.assertEqual(world.words_local("Full"), WORDS)


class InterruptedTest(Scene, BrokenCase):
    """A decision whose sync was cut anywhere is carried out by the next ones."""

    PLACES = {
        ("here", "apply"): (rb"^UID (SEARCH|FETCH)", rb"^UID (MOVE|COPY)", rb"^STATUS",
                            rb"^DELETE"),
        ("here", "restore"): (rb"^UID FETCH",),
        ("there", "apply"): (rb"^LOGOUT",),
        ("there", "restore"): (rb"^CREATE", rb"^SUBSCRIBE", rb"^APPEND"),
    }
    WANTED = {
        ("here", "apply"): {"Trash": WORDS},
        ("here", "restore"): {"Full": WORDS, "Trash": []},
        ("there", "apply"): {"Trash": []},
        ("there", "restore"): {"Full": WORDS, "Trash": []},
    }

    def interrupt(self, profile, breaks):
        for what, places in self.PLACES.items():
            for place in places:
                world = self.world(profile)
                self.gone_here(world) if what[0] == "here" else self.gone_there(world)
                breaks(world, place)
                self.decide(world, what[1], expect=(*CUT, -9))
                world.wire.on_command = None
                self.expect(world, (profile, *what, place), self.WANTED[what])
        self.assert_converged()
        for what, world, wanted in self.broken:
            with self.subTest(what):
                self.assertEqual(self.held(world), [])
                self.assertEqual("Full" in world.imap.mailboxes(), "Full" in wanted)
                self.assertEqual("Full" in world.mail.mailboxes(), "Full" in wanted)
                self.assert_nothing_doubled(world)

    def test_cut_before_a_command(self):
        self.interrupt("full", lambda world, place: world.wire.cut_before(place))

    def test_a_lost_reply(self):
        for profile in ("full", "bare"):
            self.interrupt(profile, lambda world, place: world.wire.lose_reply(place))
