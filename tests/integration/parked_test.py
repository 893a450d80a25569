# SPDX-License-Identifier: Apache-2.0
"""What cannot be fetched or sent is parked, tried again when its time has come, and forgotten when
it is settled, whichever way."""
import os
import unittest

from tests.support.case import IntegrationCase
from tests.support.messages import NOON, local, message


class PairedAnewTest(IntegrationCase):
    """Once its mailbox is paired anew a UID means nothing, nor what was parked under it."""

    def park_a_download(self):
        world = self.world()
        world.fill("INBOX", 2)
        world.sync()
        world.fill("INBOX", 1, "late")
        for _ in range(2):      # with others, and alone
            world.wire.refuse(rb"^UID FETCH .*BODY", b"NO cannot render it")
        world.sync(expect=3)
        self.assertEqual(world.words_local("INBOX"), ["m0", "m1"])
        return world

    def assert_it_comes(self, world):
        world.sync()
        self.assertEqual(world.words_local("INBOX"), ["late0", "m0", "m1"])
        world.assert_settled()

    def test_by_another_uidvalidity(self):
        world = self.park_a_download()
        validity = world.imap.status("INBOX")["UIDVALIDITY"]
        world.server.doveadm("mailbox", "update", "--uid-validity", str(validity + 7),
                             "-u", world.user, "INBOX")
        world.reconnect()
        self.assert_it_comes(world)

    def test_by_adoption(self):
        world = self.park_a_download()
        os.unlink(f"{world.mail.root}/.sterna")
        world.sterna.run("adopt", world.name)
        self.assert_it_comes(world)


class ParkedTest(IntegrationCase):
    def let_the_pause_pass(self, world):
        self.assertGreater(len(world.ask_state("SELECT * FROM failure")), 0)
        world.ask_state("UPDATE failure SET next_try_ms = 0")

    def refuse_upload(self, world):
        world.sync()
        world.wire.refuse(rb"^APPEND", b"NO [LIMIT] not this one")
        world.mail.deliver("INBOX", local(message("poison")), "S", NOON)
        world.sync(expect=3)

    def parked(self, world):
        return world.sterna.command_json("status")["accounts"][0]["quarantined"]

    def test_is_the_message_s_error_alone(self):
        world = self.world()
        world.sync()
        for i in range(30):
            world.mail.deliver("INBOX", local(message(f"poison{i}")), "S", NOON)
            world.wire.refuse(rb"^APPEND", b"NO [NOPERM] not this one")
        world.wire.refuse(rb"^APPEND", b"NO [NOPERM] nor without its date")
        run = world.sterna.run("sync", expect=3)
        self.assertEqual(run.stderr.count("mailbox INBOX: upload "), 20, run.stderr)
        self.assertIn("10 more errors of messages\n  see them: sterna --json status\n", run.stderr)
        status = world.sterna.command_json("status")["accounts"][0]
        self.assertEqual(len(status["parked"]), 30)
        self.assertIsNone(status["error"])

    def refuse_download(self, world):
        world.sync()
        world.fill("INBOX", 1, "poison")
        for _ in range(2):      # with others, and alone
            world.wire.refuse(rb"^UID FETCH .*BODY", b"NO cannot render it")
        world.sync(expect=3)

    def test_a_refused_upload_waits_and_is_sent_when_its_time_has_come(self):
        world = self.world()
        self.refuse_upload(world)
        self.assertEqual(world.sync()["quarantined"], 1)
        self.assertEqual(self.parked(world), 1)
        self.assertEqual(world.words_on_server("INBOX"), [])
        self.let_the_pause_pass(world)
        self.assertEqual(world.sync()["uploaded"], 1)
        self.assertEqual(self.parked(world), 0)
        world.assert_settled()

    def set_clock_back(self, world):
        """What was written says a time that is years ahead."""
        world.pass_time(-11 * 365 * 86_400)

    def test_a_clock_that_was_years_ahead_parks_nothing_until_then(self):
        world = self.world()
        self.refuse_upload(world)
        self.set_clock_back(world)
        self.assertEqual(world.sync()["uploaded"], 1)
        self.assertEqual(self.parked(world), 0)
        world.assert_settled()

    def test_a_doubt_of_a_clock_that_was_years_ahead_is_resolved(self):
        world = self.world()
        world.sync()
        world.mail.deliver("INBOX", local(message("doubt")), "S", NOON)
        world.wire.cut_before(rb"^APPEND")
        world.sync(expect=None)
        self.set_clock_back(world)
        # The pauses between the looks are kept: nothing is sent again at once.
        world.sync()
        self.assertEqual(world.ask_state("SELECT looks FROM intent"), [(1,)])
        for _ in range(3):
            world.pass_time(20)
            world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["doubt"])
        world.assert_settled()

    def test_a_refused_upload_whose_file_goes_is_forgotten(self):
        world = self.world()
        self.refuse_upload(world)
        world.mail.delete(world.mail.find("INBOX", "poison@"))
        self.assertEqual(world.sync()["quarantined"], 0)
        self.assertEqual(self.parked(world), 0)
        world.assert_settled()

    def test_a_message_that_was_not_handed_out_is_fetched_when_its_time_has_come(self):
        world = self.world()
        self.refuse_download(world)
        self.assertEqual(self.parked(world), 1)
        self.assertEqual(world.sync()["bodies_fetched"], 0)
        self.let_the_pause_pass(world)
        self.assertEqual(world.sync()["downloaded"], 1)
        self.assertEqual(self.parked(world), 0)
        world.assert_settled()

    def test_a_server_that_calls_a_fetch_bad_is_asked_for_one_at_a_time(self):
        world = self.world(connections=1)
        world.fill("INBOX", 250)            # so many that several commands are under way
        world.fill("Other", 3, "o")
        world.wire.refuse(rb"^UID FETCH .*BODY", b"BAD Command Argument Error 11")
        world.sync()
        self.assertEqual(len(world.mail.messages("INBOX")), 250)
        self.assertEqual(len(world.mail.messages("Other")), 3)
        world.sync()
        world.assert_settled()

    def test_a_message_that_was_not_handed_out_and_goes_is_forgotten(self):
        world = self.world()
        self.refuse_download(world)
        world.imap.expunge("INBOX", world.imap.uids("INBOX"))
        self.assertEqual(world.sync()["quarantined"], 0)
        world.assert_settled()

    def refuse(self, world, pattern):
        world.wire.refuse(pattern, b"NO [NOPERM] no right")
        world.sterna.run("sync", expect=3)

    def delete_one(self, profile, **keys):
        world = self.world(profile, **keys)
        world.fill("INBOX", 3)
        world.sync()
        world.mail.delete(world.mail.find("INBOX", "<m1@"))
        world.mail.settle()
        return world

    def test_a_refused_expunge_waits_and_nothing_is_copied_to_the_trash_again(self):
        for profile, expunge in (("no-move", rb"^UID EXPUNGE"), ("bare", rb"^EXPUNGE")):
            with self.subTest(profile):
                world = self.delete_one(profile)
                self.refuse(world, expunge)
                for _ in range(2):
                    self.assertEqual(world.sterna.sync()["quarantined"], 1)
                self.let_the_pause_pass(world)
                self.refuse(world, expunge)
                self.let_the_pause_pass(world)
                world.sterna.sync()
                self.assertEqual(len(world.wire.sent(rb"^UID COPY")), 1)
                self.assertEqual(len(world.words_on_server("Trash")), 1)
                self.assertEqual(len(world.words_on_server("INBOX")), 2)
                self.assertEqual(self.parked(world), 0)
                world.assert_settled()

    def test_a_refused_expunge_leaves_no_mark_of_ours_behind(self):
        for profile, expunge in (("full", rb"^UID EXPUNGE"), ("bare", rb"^EXPUNGE")):
            with self.subTest(profile):
                world = self.world(profile, local_delete="expunge")
                uids = world.fill("INBOX", 4)
                world.fill("Work", 3, "w")
                world.imap.store("INBOX", uids[3:], "+", ["\\Deleted"])     # another's
                world.sync()
                found = [world.mail.find("INBOX", "<m1@"), world.mail.find("Work", "<w1@")]
                for one in found:
                    os.rename(one.path, f"{world.dir}/{one.name}")
                world.mail.settle()
                for _ in found:
                    world.wire.refuse(expunge, b"NO [NOPERM] no right")
                world.sterna.run("sync", expect=3)
                for box, marked in (("INBOX", uids[3:]), ("Work", [])):
                    left = [m.uid for m in world.imap.fetch_all(box) if "\\Deleted" in m.flags]
                    self.assertEqual(left, marked)
                world.imap.leave()
                for one in found:
                    os.rename(f"{world.dir}/{one.name}", one.path)
                world.sync()
                self.assertEqual(world.mail.find("INBOX", "<m1@").name, found[0].name)
                self.assertEqual(self.parked(world), 0)
                world.assert_settled()

    def test_a_line_cut_between_copy_and_expunge_doubles_nothing_in_the_trash(self):
        for profile in ("no-move", "bare"):
            with self.subTest(profile):
                world = self.delete_one(profile)
                world.wire.cut_before(rb"^UID STORE")
                world.sterna.run("sync", expect=None)
                world.sterna.sync()
                self.assertEqual(len(world.words_on_server("Trash")), 1)
                self.assertEqual(len(world.words_on_server("INBOX")), 2)
                world.assert_settled()

    def test_a_copy_in_a_trash_that_is_not_synced_is_found_and_not_made_again(self):
        for profile, expunge in (("no-move", rb"^UID EXPUNGE"), ("bare", rb"^EXPUNGE")):
            with self.subTest(profile):
                world = self.delete_one(profile, mailboxes=["*", "!Trash"])
                world.fill("Trash", 2, "before")
                self.refuse(world, expunge)
                world.fill("Trash", 2, "since")
                self.let_the_pause_pass(world)
                world.sterna.sync()
                self.assertEqual(len(world.wire.sent(rb"^UID COPY")), 1)
                self.assertEqual(world.words_on_server("Trash"),
                                 ["before0", "before1", "m1", "since0", "since1"])
                self.assertEqual(world.words_on_server("INBOX"), ["m0", "m2"])
                self.assertEqual(world.ask_state("SELECT * FROM intent"), [])
                world.assert_settled(skip=("Trash",))

    def test_a_line_cut_before_the_copy_to_a_trash_that_is_not_synced(self):
        for profile in ("full", "no-move", "bare"):
            with self.subTest(profile):
                world = self.delete_one(profile, mailboxes=["*", "!Trash"])
                world.wire.cut_before(rb"^UID (COPY|MOVE)")
                world.sterna.run("sync", expect=None)
                world.sterna.sync()
                self.assertEqual(world.words_on_server("Trash"), ["m1"])
                self.assertEqual(world.words_on_server("INBOX"), ["m0", "m2"])
                world.assert_settled(skip=("Trash",))

    def move_one(self):
        world = self.world("full")
        world.imap.create("Work")
        world.fill("INBOX", 3)
        world.sync()
        world.mail.move(world.mail.find("INBOX", "<m1@"), "Work")
        world.mail.settle()
        return world

    def test_a_refused_move_waits_with_one_intent_and_is_done_when_its_time_has_come(self):
        world = self.move_one()
        self.refuse(world, rb"^UID MOVE")
        self.assertEqual(world.sync()["quarantined"], 1)
        self.assertEqual(self.parked(world), 1)
        self.let_the_pause_pass(world)
        self.refuse(world, rb"^UID MOVE")
        self.assertEqual(len(world.ask_state("SELECT id FROM intent")), 1)
        self.let_the_pause_pass(world)
        world.sync()
        self.assertEqual(len(world.words_on_server("Work")), 1)
        self.assertEqual(self.parked(world), 0)
        world.assert_settled()

    def test_a_refused_move_that_the_user_takes_back_is_forgotten(self):
        world = self.move_one()
        self.refuse(world, rb"^UID MOVE")
        world.mail.move(world.mail.find("Work", "<m1@"), "INBOX")
        world.mail.settle()
        world.sync()
        self.assertEqual(self.parked(world), 0)
        world.assert_settled()

    def read_one(self):
        world = self.world("full")
        world.fill("INBOX", 3)
        world.sync()
        world.mail.add_letters(world.mail.find("INBOX", "<m0@"), "S")
        return world

    def test_refused_flags_wait_and_are_said_when_their_time_has_come(self):
        world = self.read_one()
        self.refuse(world, rb"^UID STORE")
        self.assertEqual(world.sync()["quarantined"], 1)
        self.assertEqual(self.parked(world), 1)
        self.assertEqual(len(world.wire.sent(rb"^UID STORE")), 1)
        self.let_the_pause_pass(world)
        world.sync()
        self.assertEqual(len(world.wire.sent(rb"^UID STORE")), 2)
        self.assertEqual(self.parked(world), 0)
        world.assert_settled()


class OneMailboxTest(IntegrationCase):
    """What the server refuses to do in one mailbox stops no other, whatever reason it gives."""

    def assert_inbox_goes_on(self, world, pattern, answer):
        for number in range(3):
            world.fill("INBOX", 1, f"new{number}-")
            world.wire.refuse(pattern, answer)
            world.sync(expect=None, may_miss=True)
            self.assertEqual(len(world.mail.messages("INBOX")), number + 2)

    def assert_parked(self, world, pattern, name):
        self.assertEqual(len(world.wire.sent(pattern)), 1)
        self.assertIn(name, world.sterna.run("status").stdout)

    def world_of_two(self, **keys):
        world = self.world(**keys)
        world.fill("INBOX", 1)
        world.fill("Alpha", 3, "a")
        world.sync()
        world.wire.forget()
        return world

    def test_a_limit_of_mailboxes(self):
        world = self.world_of_two()
        world.mail.create("Projects")
        self.assert_inbox_goes_on(world, rb"^CREATE", b"NO [LIMIT] no more folders")
        self.assert_parked(world, rb"^CREATE", "Projects")

    def test_a_rename_that_is_not_available(self):
        world = self.world_of_two()
        world.mail.rename("Alpha", "Beta")
        self.assert_inbox_goes_on(world, rb"^RENAME", b"NO [UNAVAILABLE] later")
        self.assert_parked(world, rb"^RENAME", "Alpha")

    def test_a_search_that_is_not_available(self):
        world = self.world_of_two(profile="condstore")
        world.imap.expunge("Alpha", world.imap.uids("Alpha")[:1])
        self.assert_inbox_goes_on(world, rb"^UID SEARCH",
                                  b"NO [UNAVAILABLE] UID SEARCH Backend error")
        world.sync()
        world.assert_settled()


class FileTest(IntegrationCase):
    """What cannot be done with a file here is parked as what a server refuses."""

    def long_name(self):
        """A file whose name has room for one flag."""
        world = self.world()
        world.fill("Archive", 1, "old")
        world.sync()
        world.mail.deliver("INBOX", local(message("long")), "S", NOON,
                           base=f"1700000000.{'x' * 237}.h")
        world.sync()
        world.imap.store("INBOX", world.imap.uids("INBOX"), "+", ["\\Flagged", "\\Answered"])
        return world

    def assert_parked(self, world, action):
        world.sync(expect=3)
        for _ in range(3):
            self.assertEqual(world.sync()["quarantined"], 1)
        self.assertEqual(world.ask_state("SELECT action, count FROM failure"), [(action, 1)])
        world.ask_state("UPDATE failure SET next_try_ms = 0")
        world.sync(expect=3)
        self.assertEqual(world.ask_state("SELECT action, count FROM failure"), [(action, 2)])

    def test_flags_that_do_not_fit_into_a_name(self):
        world = self.long_name()
        self.assert_parked(world, "flags_in")
        world.imap.store("INBOX", world.imap.uids("INBOX"), "-", ["\\Flagged", "\\Answered"])
        self.assertEqual(world.sync()["quarantined"], 0)
        world.assert_settled()

    def test_a_move_to_a_name_that_is_too_long(self):
        world = self.long_name()
        world.imap.move("INBOX", world.imap.uids("INBOX"), "Archive")
        self.assert_parked(world, "move_in")
        moved = world.imap.uids("Archive")[-1:]
        world.imap.store("Archive", moved, "-", ["\\Flagged", "\\Answered"])
        world.ask_state("UPDATE failure SET next_try_ms = 0")
        world.sync()
        self.assertEqual(world.sync()["quarantined"], 0)
        self.assertEqual(world.words_local("Archive"), ["long", "old0"])
        world.assert_settled()

    def test_others_of_the_mailbox_go_on(self):
        world = self.long_name()
        world.sync(expect=3)
        world.fill("INBOX", 2, "new", flags=["\\Seen"])
        world.sync()
        found = world.mail.find("INBOX", "<new1@")
        world.mail.delete(found)
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["long", "new0"])


if __name__ == "__main__":
    unittest.main()
