# SPDX-License-Identifier: Apache-2.0
"""Deletions, both ways, by the policy: the last copy is never destroyed unless one asked for it."""
import os
import re
import subprocess
import time
import unittest

from tests.support.case import IntegrationCase, over
from tests.support.dovecot import MAIN_PROFILES, ONE_BY_ONE
from tests.support.messages import NOON, local, message

PROFILES = {**MAIN_PROFILES, "no-move": ONE_BY_ONE["no-move"],
            "no-uidplus": ONE_BY_ONE["no-uidplus"],
            "no-uidplus-no-move": ONE_BY_ONE["no-uidplus-no-move"],
            "no-esearch": ONE_BY_ONE["no-esearch"]}


QUIET_S = 1.0
CLOCK_TICK_S = 0.02     # a file system's clock may lag behind


def delete_without_settling(world):
    """m0 of INBOX goes, and a sync follows at once: as seen on the wire, it was quiet before."""
    sent = []
    world.wire.on_command = lambda command: (
        sent.append(time.monotonic()) if command.startswith(b"UID MOVE") else None)
    found = world.mail.find("INBOX", "<m0@")
    before = time.monotonic()
    world.mail.delete(found)
    report = world.sterna.sync()
    world.wire.on_command = None
    world.test.assertEqual(report["deleted_out"], 1)
    world.test.assertEqual(len(sent), 1)
    world.test.assertGreaterEqual(sent[0] - before, QUIET_S - CLOCK_TICK_S)


class HidingServerTest(IntegrationCase):
    """A server that leaves a message out of its lists, though it has it."""

    def leave_out(self, world, uid, times=-1):
        world.wire.lie(rb"^\* \d+ FETCH \(.*\bUID %d\b" % uid, times=times)
        world.wire.lie(rb"^(\* SEARCH.*) %d\b" % uid, rb"\1")
        world.wire.lie(rb"^(\* ESEARCH.* UID ALL) 1:(\d+)",
                       rb"\1 1:%d,%d:\2" % (uid - 1, uid + 1))

    def assert_nothing_goes(self, world):
        world.sync(expect=(0, 3))
        self.assertEqual(world.words_local("INBOX"), ["late0", *(f"m{n}" for n in range(5))])
        self.assertEqual(world.undo_area(), [])

    def test_what_leaves_the_view_of_a_server_that_shows_the_newest_alone_is_not_gone(self):
        world = self.world("plain")
        world.wire.lie(rb"\bIMAP4rev1\b", b"IMAP4rev1 XYMHIGHESTMODSEQ")
        world.imap.append_many("INBOX", ((message(f"n{n}"), [], NOON + n) for n in range(1010)))
        world.sync()
        uids = world.imap.uids("INBOX")
        world.imap.expunge("INBOX", [uids[0], uids[1], uids[500]])
        world.sync()
        world.sync()
        here = world.words_local("INBOX")
        self.assertEqual(len(here), 1009)
        self.assertIn("n0", here)
        self.assertNotIn("n500", here)

    @over(MAIN_PROFILES)
    def test_a_list_that_is_shorter_than_the_count_proves_nothing(self, world):
        uids = world.fill("INBOX", 5)
        world.sync()
        self.leave_out(world, uids[2])
        world.imap.expunge("INBOX", uids[4])
        world.sync(expect=(0, 3))
        self.assertIn("m2", world.words_local("INBOX"))
        world.wire.be_honest()
        world.sync()
        self.assertEqual(world.words_local("INBOX"), ["m0", "m1", "m2", "m3"])
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_what_only_the_lists_leave_out_is_there_when_asked_for(self, world):
        uids = world.fill("INBOX", 5)
        world.sync()
        world.wire.lie(rb"^\* 6 EXISTS", b"* 5 EXISTS")
        # Without mod-sequences the list of all flags is the first of the lists.
        self.leave_out(world, uids[2], times=1 if world.profile in ("plain", "bare") else 0)
        world.fill("INBOX", 1, "late")
        self.assert_nothing_goes(world)


class DeletedOnServerTest(IntegrationCase):
    @over(PROFILES)
    def test_an_expunged_message_leaves_the_maildir(self, world):
        uids = world.fill("INBOX", 5)
        world.sync()
        world.imap.expunge("INBOX", [uids[0], uids[3]])
        report = world.sync()
        self.assertEqual((report["deleted_in"], report["deleted_out"]), (2, 0))
        self.assertEqual(world.words_local("INBOX"), ["m1", "m2", "m4"])
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_the_last_message_of_a_mailbox_can_go(self, world):
        uids = world.fill("INBOX", 1)
        world.sync()
        world.imap.expunge("INBOX", uids)
        world.sync()
        self.assertEqual(world.words_local("INBOX"), [])
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_expunged_there_and_changed_here(self, world):
        uids = world.fill("INBOX", 2)
        world.sync()
        world.mail.add_letters(world.mail.find("INBOX", "<m0@"), "S")
        world.imap.expunge("INBOX", uids[0])
        world.sync()
        world.sync()
        self.assertEqual(world.words_local("INBOX"), ["m1"])
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_deleted_on_both_sides(self, world):
        uids = world.fill("INBOX", 2)
        world.sync()
        world.imap.expunge("INBOX", uids[0])
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        report = world.sync()
        self.assertEqual((report["deleted_in"], report["deleted_out"]), (0, 0))
        self.assertEqual(world.words_on_server("Trash"), [])
        world.assert_settled()

    def test_what_is_deleted_locally_is_kept_in_the_undo_area(self):
        world = self.world()
        uids = world.fill("INBOX", 2)
        world.sync()
        world.imap.expunge("INBOX", uids[0])
        world.sync()
        self.assertEqual([b"<m0@test.example>" in kept for kept in world.undo_area()], [True])

    def test_remote_delete_ignore_keeps_the_file_for_good(self):
        world = self.world(remote_delete="ignore")
        uids = world.fill("INBOX", 2)
        world.sync()
        world.imap.expunge("INBOX", uids[0])
        world.sync()
        world.sterna.set(world.name, remote_delete=None)
        world.sync()
        self.assertEqual(world.words_local("INBOX"), ["m0", "m1"])
        self.assertEqual(world.words_on_server("INBOX"), ["m1"])

    def test_what_comes_back_to_a_file_that_was_kept_is_not_fetched_beside_it(self):
        world = self.world(remote_delete="ignore")
        uids = world.fill("INBOX", 3)
        world.sync()
        world.imap.expunge("INBOX", uids[0])
        world.imap.expunge("INBOX", uids[1])
        world.sync()
        world.mail.delete(world.mail.find("INBOX", "<m1@"))
        world.sync()
        for word in ("m0", "m1", "m3"):
            world.imap.append("INBOX", message(word), [], NOON)
        self.assertEqual(world.sync()["downloaded"], 2)
        self.assertEqual(world.words_local("INBOX"), ["m0", "m1", "m2", "m3"])
        present = world.ask_state("SELECT count(*) FROM message WHERE state = 'present'")
        self.assertEqual(present, [(4,)])
        world.assert_settled()


class DeletedHereTest(IntegrationCase):
    @over(PROFILES)
    def test_a_deleted_file_moves_its_message_to_trash(self, world):
        world.fill("INBOX", 4)
        world.sync()
        world.mail.delete(world.mail.find("INBOX", "<m1@"))
        report = world.sync()
        self.assertEqual((report["deleted_out"], report["deleted_in"]), (1, 0))
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m2", "m3"])
        self.assertEqual(world.words_on_server("Trash"), ["m1"])
        world.sync()
        world.assert_settled()

    @over(PROFILES)
    def test_a_file_deleted_from_trash_is_expunged(self, world):
        world.fill("Trash", 3, "t")
        world.sync()
        world.mail.delete(world.mail.find("Trash", "<t1@"))
        world.sync()
        self.assertEqual(world.words_on_server("Trash"), ["t0", "t2"])
        world.assert_settled()

    @over(PROFILES)
    def test_local_delete_expunge(self, world):
        world.sterna.set(world.name, local_delete="expunge")
        world.fill("INBOX", 4)
        world.sync()
        world.mail.delete(world.mail.find("INBOX", "<m1@"))
        world.mail.delete(world.mail.find("INBOX", "<m2@"))
        report = world.sync()
        self.assertEqual(report["deleted_out"], 2)
        self.assertEqual(report["bodies_fetched"], 0)
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m3"])
        self.assertEqual(world.words_on_server("Trash"), [])
        world.assert_settled()

    @over(PROFILES)
    def test_another_message_that_is_marked_deleted_is_not_expunged_along(self, world):
        world.sterna.set(world.name, local_delete="expunge")
        uids = world.fill("INBOX", 3)
        world.imap.store("INBOX", uids[2], "+", ["\\Deleted"])
        world.sync()
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["m1", "m2"])
        self.assertIn("\\Deleted", world.imap.flags("INBOX", uids[2]))
        world.assert_settled()

    def test_local_delete_ignore_keeps_the_message_for_good(self):
        world = self.world(local_delete="ignore")
        world.fill("INBOX", 2)
        world.sync()
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        world.sync()
        world.sterna.set(world.name, local_delete=None)
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1"])
        self.assertEqual(world.words_on_server("Trash"), [])
        self.assertEqual(world.words_local("INBOX"), ["m1"])

    def test_a_file_that_local_delete_ignored_is_its_messages_when_it_returns(self):
        world = self.world(local_delete="ignore")
        world.fill("INBOX", 2)
        world.mail.deliver("INBOX", local(message("mine")), "S", NOON)  # a name of nobody's
        world.sync()
        kept = {}
        for word in ("m0", "mine"):
            found = world.mail.find("INBOX", f"<{word}@")
            kept[word] = found.path
            os.rename(found.path, f"{world.dir}/{word}")
        world.sync()
        for word, path in kept.items():
            os.rename(f"{world.dir}/{word}", path)
        report = world.sync()
        self.assertEqual((report["uploaded"], report["held"]), (0, 0))
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1", "mine"])
        self.assertEqual({state for (state,) in world.ask_state("SELECT state FROM message")},
                         {"present"})
        world.assert_settled()

    def test_a_file_that_local_delete_ignored_is_new_when_its_message_is_gone_too(self):
        world = self.world(local_delete="ignore")
        uids = world.fill("INBOX", 2)
        world.sync()
        path = world.mail.find("INBOX", "<m0@").path
        os.rename(path, f"{world.dir}/kept")
        world.sync()
        world.imap.expunge("INBOX", uids[:1])
        world.sync()
        os.rename(f"{world.dir}/kept", path)
        self.assertEqual(world.sync()["uploaded"], 1)
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1"])
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_without_a_trash_the_message_is_kept_in_undo_before_it_is_expunged(self, world):
        world.imap.delete("Trash")
        world.fill("INBOX", 2)
        world.sync()
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["m1"])
        self.assertEqual([b"<m0@test.example>" in kept for kept in world.undo_area()], [True])

    def test_a_trash_that_is_not_synced_takes_what_is_deleted(self):
        for profile in PROFILES:
            for keys in ({"mailboxes": ["*", "!Trash"]}, {"create": "remote"}):
                with self.subTest(profile, **keys):
                    world = self.world(profile, **keys)
                    world.fill("INBOX", 2)
                    world.sync()
                    world.mail.delete(world.mail.find("INBOX", "<m0@"))
                    world.sync()
                    self.assertEqual(world.words_on_server("INBOX"), ["m1"])
                    self.assertEqual(world.words_on_server("Trash"), ["m0"])
                    self.assertEqual(world.undo_area(), [])
                    self.assertEqual(world.mail.mailboxes(), ["INBOX"])
                    world.assert_settled(skip=("Trash",))

    def test_a_trash_known_by_its_usual_name(self):
        world = self.world("no-special-use")
        world.fill("INBOX", 2)
        world.sync()
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        world.sync()
        self.assertEqual(world.words_on_server("Trash"), ["m0"])

    def test_a_trash_named_in_the_configuration(self):
        world = self.world("no-special-use", trash=False, roles={"trash": "Weg damit"})
        world.imap.create("Weg damit")
        world.fill("INBOX", 2)
        world.sync()
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        world.sync()
        self.assertEqual(world.words_on_server("Weg damit"), ["m0"])

    def test_a_deleted_file_whose_message_was_flagged_meanwhile_is_not_lost(self):
        world = self.world()
        uids = world.fill("INBOX", 2)
        world.sync()
        world.imap.store("INBOX", uids[0], "+", ["\\Flagged"])
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        world.sync()
        self.assertEqual(world.words_on_server("INBOX") + world.words_on_server("Trash"),
                         ["m1", "m0"])

    @over([*MAIN_PROFILES, "no-uidplus"], expunge_flagged=True)
    def test_expunge_flagged_expunges_what_the_user_marked(self, world):
        uids = world.fill("INBOX", 4)
        world.sync()
        world.mail.add_letters(world.mail.find("INBOX", "<m0@"), "T")
        world.imap.store("INBOX", uids[1], "+", ["\\Deleted"])
        world.sync()
        world.sync()
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["m2", "m3"])
        world.assert_settled()

    def test_an_expunge_that_expunges_nothing_is_parked(self):
        world = self.world(expunge_flagged=True)
        world.fill("INBOX", 2)
        world.sync()
        world.mail.add_letters(world.mail.find("INBOX", "<m0@"), "T")
        world.wire.refuse(rb"^UID EXPUNGE", b"OK done")
        world.wire.forget()
        world.sync(expect=3)
        self.assertEqual(len(world.wire.sent(rb"^UID EXPUNGE")), 1)
        self.assertEqual(world.sync()["quarantined"], 1)
        self.assertEqual(len(world.wire.sent(rb"^UID EXPUNGE")), 1)

    def test_a_file_that_comes_back_is_uploaded_again(self):
        world = self.world()
        world.fill("INBOX", 2)
        world.sync()
        found = world.mail.find("INBOX", "<m0@")
        content = found.read()
        world.mail.delete(found)
        world.sync()
        world.mail.deliver("INBOX", content, "S", NOON, base=found.base)
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1"])

    def test_a_deletion_and_an_arrival_in_one_sync(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.sync()
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        world.mail.deliver("INBOX", local(message("fresh")), "S", NOON)
        world.fill("INBOX", 1, "theirs")
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["fresh", "m1", "m2", "theirs0"])
        world.sync()
        world.assert_settled()

    def test_a_deletion_waits_until_the_directory_is_quiet(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.sync()
        delete_without_settling(world)
        self.assertEqual(world.words_on_server("Trash"), ["m0"])

    def test_messages_of_all_mailboxes_deleted_in_one_sync_are_few_commands(self):
        world = self.world()
        for box in ("INBOX", "A", "B"):
            world.fill(box, 60, box)
        world.sync()
        for box in ("INBOX", "A", "B"):
            for found in world.mail.messages(box)[:12]:
                world.mail.delete(found)
        report = world.sync()
        self.assertEqual(report["deleted_out"], 36)
        self.assertLessEqual(len(world.wire.sent(rb"^UID (MOVE|EXPUNGE|STORE|COPY)")), 9)
        world.sync()
        world.assert_settled()


class ProofTest(IntegrationCase):
    """Before a message goes, the server is asked what it is: in its own mailbox, whatever others
    are asked about in the same breath."""

    def test_a_message_that_only_its_header_proves_goes_with_those_of_other_mailboxes(self):
        world = self.world()
        for box in ("INBOX", "Work", "Yak", "Zoo"):
            world.fill(box, 3, box.lower())
        world.sync()
        world.mail.deliver("INBOX", local(message("epoch")), "S", mtime=0)
        self.assertEqual(world.sync()["uploaded"], 1)
        world.mail.delete(world.mail.find("INBOX", "<epoch@"))
        for box in ("Work", "Yak", "Zoo"):
            world.mail.delete(world.mail.find(box, f"<{box.lower()}1@"))
        self.assertEqual(world.sync()["deleted_out"], 4)
        self.assertNotIn("epoch", world.words_on_server("INBOX"))
        world.sync()
        world.assert_settled()

    def test_a_message_is_not_taken_for_one_of_another_mailbox_that_has_its_uid(self):
        world = self.world()
        world.fill("INBOX", 3, "i")
        world.fill("Zoo", 3, "z")
        world.imap.append("INBOX", message("foreign", body="Other.\n"), (), NOON)
        world.imap.append("Zoo", message("known", body="A body.\n"), (), NOON)
        world.sync()
        # As after a restored server: the base knows another message under INBOX's UID 4.
        columns = "identity_size, header_digest, message_id, body_digest, remote_size"
        inbox = "(SELECT id FROM mailbox WHERE name = 'INBOX')"
        world.ask_state(f"UPDATE message SET ({columns}) = (SELECT {columns} FROM message WHERE "
                        f"mailbox <> {inbox} AND uid = 4) WHERE mailbox = {inbox} AND uid = 4")
        world.mail.delete(world.mail.find("INBOX", "<foreign@"))
        world.mail.delete(world.mail.find("Zoo", "<z1@"))
        world.sync(expect=3)
        self.assertIn("foreign", world.words_on_server("INBOX"))
        self.assertEqual(world.words_on_server("Trash"), ["z1"])

    def become_another(self, world):
        """As after a restored server: INBOX's UID 4 is another message than base and Maildir know.
        Returns what they know."""
        world.fill("INBOX", 3, "i")
        world.fill("Zoo", 3, "z")
        world.imap.append("INBOX", message("foreign", body="Other.\n"), (), NOON)
        world.imap.append("Zoo", message("known", body="A body.\n"), (), NOON)
        world.sync()
        known = world.mail.find("Zoo", "<known@").read()
        path = world.mail.find("INBOX", "<foreign@").path
        with open(path, "wb") as file:
            file.write(known)
        now = os.stat(path)
        columns = "identity_size, header_digest, message_id, body_digest, remote_size"
        inbox = "(SELECT id FROM mailbox WHERE name = 'INBOX')"
        world.ask_state(f"UPDATE message SET ({columns}) = (SELECT {columns} FROM message WHERE "
                        f"mailbox <> {inbox} AND uid = 4), email_id = '', size = ?, mtime_ns = ? "
                        f"WHERE mailbox = {inbox} AND uid = 4", now.st_size, now.st_mtime_ns)
        return world.mail.find("INBOX", "<known@")

    @over({name: MAIN_PROFILES[name] for name in ("full", "plain")})
    def test_a_message_that_is_another_one_by_now_is_not_moved(self, world):
        world.imap.create("Work")
        world.mail.move(self.become_another(world), "Work")
        world.mail.move(world.mail.find("INBOX", "<i1@"), "Work")
        world.sync(expect=3)
        self.assertEqual(world.words_on_server("INBOX"), ["foreign", "i0", "i2"])
        self.assertEqual(world.words_on_server("Work"), ["i1"])
        self.assertEqual(world.sync()["quarantined"], 1)

    def test_the_question_before_a_move_takes_no_turn_of_its_own(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.imap.create("Work")
        world.sync()
        world.mail.move(world.mail.find("INBOX", "<m0@"), "Work")
        world.wire.forget()
        world.sync()
        last = [c for c in world.wire.commands if c.startswith((b"SELECT", b"UID"))]
        before = last[:last.index(world.wire.sent(rb"^UID MOVE")[0])]
        self.assertTrue(before[-2].startswith(b"SELECT") and b"RFC822.SIZE" in before[-1], before)
        self.assertEqual(len(world.wire.sent(rb"^UID FETCH.*RFC822.SIZE")), 1)

    def test_what_cannot_be_proven_is_parked(self):
        world = self.world()
        world.mail.delete(self.become_another(world))
        world.sync(expect=3)
        world.wire.forget()
        self.assertEqual(world.sync()["quarantined"], 1)
        self.assertEqual(world.wire.sent(rb"^UID FETCH 4 .*RFC822.SIZE"), [])
        self.assertIn("foreign", world.words_on_server("INBOX"))

    def test_a_deletion_waits_also_where_tmp_cannot_be_written(self):
        if os.geteuid() != 0:
            self.skipTest("only root can make a directory immutable")
        world = self.world()
        world.fill("INBOX", 3)
        world.sync()
        tmp = os.path.join(world.mail.folder("INBOX"), "tmp")
        if subprocess.run(["chattr", "+i", tmp], check=False, capture_output=True).returncode:
            self.skipTest("this file system has no immutable directories")
        self.addCleanup(subprocess.run, ["chattr", "-i", tmp], check=True)
        delete_without_settling(world)


class InARowTest(IntegrationCase):
    """Removals of several mailboxes leave in a row: the server expunges from one while the one
    before is recorded. INBOX is the last of them, Work the first."""

    def filled(self, *args, **keys):
        world = self.world(*args, **keys)
        for box in ("INBOX", "Work"):
            world.fill(box, 4, box.lower())
        world.sync()
        return world

    def delete_both(self, world, number):
        for box in ("INBOX", "Work"):
            world.mail.delete(world.mail.find(box, f"<{box.lower()}{number}@"))

    def after(self, world, first, then):
        """`then` is called once `first` was sent."""
        def watch(command):
            if re.search(first, command):
                world.wire.on_command = None
                then()
        world.wire.on_command = watch

    def test_what_was_answered_before_the_line_died_is_recorded(self):
        world = self.filled(local_delete="expunge")
        self.delete_both(world, 1)
        self.after(world, rb"^UID EXPUNGE", lambda: world.wire.lose_reply(rb"^SELECT"))
        report = world.sync(expect=(3, 5))
        self.assertEqual(report["deleted_out"], 1)
        self.assertEqual(world.words_on_server("Work"), ["work0", "work2", "work3"])
        self.assertEqual(world.ask_state("SELECT sum(count) FROM removal WHERE side = 'remote'"),
                         [(1,)])
        self.assertEqual(world.ask_state("SELECT count(*) FROM message WHERE uid = 2"), [(1,)])
        world.sync()
        world.assert_settled()

    def test_a_mailbox_that_cannot_be_selected_leaves_the_others_alone(self):
        world = self.filled()
        self.delete_both(world, 1)

        def refuse_twice():
            for _ in range(2):
                world.wire.refuse(rb"^SELECT \"?INBOX")
        self.after(world, rb"^UID (MOVE|EXPUNGE)", refuse_twice)
        report = world.sync(expect=3)
        self.assertGreaterEqual(len(world.wire.sent(rb'^SELECT "?INBOX"?$')), 3)
        self.assertEqual(report["deleted_out"], 2)      # the second by the pass after this one
        self.assertEqual(world.words_on_server("Trash"), ["inbox1", "work1"])
        world.sync()
        world.assert_settled()

    def test_a_copy_that_was_begun_is_remembered_where_nothing_can_be_selected(self):
        world = self.filled("no-move")
        world.mail.delete(world.mail.find("INBOX", "<inbox1@"))
        world.wire.lose_reply(rb"^UID COPY")
        world.sync(expect=(3, 5))
        self.assertEqual(world.words_on_server("Trash"), ["inbox1"])
        world.mail.delete(world.mail.find("Work", "<work1@"))

        def refuse_twice():
            for _ in range(2):
                world.wire.refuse(rb"^SELECT \"?INBOX")
        self.after(world, rb"^UID EXPUNGE", refuse_twice)
        world.sync(expect=3)
        self.assertIn("inbox1", world.words_on_server("INBOX"))
        world.ask_state("UPDATE failure SET next_try_ms = 0")
        for _ in range(3):
            world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["inbox0", "inbox2", "inbox3"])
        self.assertEqual(world.words_on_server("Trash"), ["inbox1", "work1"])
        world.assert_settled()


if __name__ == "__main__":
    unittest.main()
