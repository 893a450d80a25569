# SPDX-License-Identifier: Apache-2.0
"""What single rules of safety.md keep from happening, where nothing else shows it: each test fails
if its rule is taken away (tests/faults)."""
import os
import re
import shutil
import time
import unittest

from tests.support.broken import CUT
from tests.support.case import IntegrationCase
from tests.support.messages import NOON, local, message
from tests.support.sterna import HELD, PARTLY

HOUR_S = 3600


class OrderTest(IntegrationCase):
    """Rules 3, 7 and 17: a step that fails leaves what the next one would need."""

    def refuse_records(self, world, table):
        """What is done from now on cannot be recorded there, as if the process died before."""
        world.ask_state(f"CREATE TRIGGER refusal BEFORE INSERT ON {table} "
                        "BEGIN SELECT RAISE(ABORT, 'not now'); END")

    def take_records(self, world):
        world.ask_state("DROP TRIGGER refusal")

    def test_a_repair_that_was_done_and_not_recorded_deletes_nothing(self):
        world = self.world(local_delete="expunge")
        world.fill("INBOX", 2)
        world.sync()
        world.mail.replace(world.mail.find("INBOX", "<m0@"), b"")
        self.refuse_records(world, "history")
        world.sync(expect=None)
        self.assertEqual(world.words_local("INBOX"), ["m1"])
        self.take_records(world)
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1"])
        world.assert_settled()

    def test_a_removal_that_came_no_further_than_its_intent_is_finished(self):
        world = self.world()
        uids = world.fill("INBOX", 3)
        world.sync()
        world.wait_for_stamp()
        world.imap.expunge("INBOX", uids[0])
        # A sync that is killed now has changed nothing in the directory.
        world.ask_state("INSERT INTO passing SELECT mailbox, uid, 'dropping' FROM message "
                        "WHERE uid = ?", uids[0])
        world.imap.leave()
        world.sterna.sync()
        self.assertEqual(world.words_local("INBOX"), ["m1", "m2"])
        self.assertEqual(len(world.undo_area()), 1)
        world.assert_settled()

    def test_a_repair_that_came_no_further_than_its_intent_is_finished(self):
        world = self.world()
        uids = world.fill("INBOX", 3)
        world.sync()
        world.wait_for_stamp()
        found = world.mail.find("INBOX", "<m0@")
        os.truncate(found.path, 0)
        world.ask_state("UPDATE message SET state = 'wanted', size = 0, mtime_ns = ? "
                        "WHERE uid = ?", os.stat(found.path).st_mtime_ns, uids[0])
        world.sterna.sync()
        self.assertEqual(world.words_local("INBOX"), ["m0", "m1", "m2"])
        self.assertEqual(world.undo_area(), [b""])
        world.assert_settled()

    def test_a_removal_that_stopped_half_way_is_called_off_when_the_file_is_back(self):
        world = self.world(local_delete="expunge")
        uids = world.fill("INBOX", 2, flags=["\\Seen"])
        world.sync()
        found = world.mail.find("INBOX", "<m0@")
        aside = f"{world.dir}/aside"
        os.rename(found.path, aside)
        world.wire.cut_before(rb"^UID EXPUNGE")
        world.sync(expect=CUT)
        self.assertIn("\\Deleted", world.imap.flags("INBOX", uids[0]))
        os.rename(aside, found.path)
        world.sync()
        self.assertEqual(world.imap.flags("INBOX", uids[0]), {"\\Seen"})
        self.assertEqual(world.mail.find("INBOX", "<m0@").letters, "S")
        world.assert_settled()

    def test_what_cannot_be_kept_is_not_expunged(self):
        world = self.world(trash=False)
        world.fill("INBOX", 2)
        world.sync()
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        world.wire.refuse(rb"^UID FETCH .*BODY", b"NO cannot render it")
        world.sync(expect=PARTLY)
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1"])
        world.pass_time(HOUR_S)
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["m1"])
        self.assertEqual([b"<m0@test.example>" in kept for kept in world.undo_area()], [True])

    def test_what_the_trash_does_not_take_is_not_expunged(self):
        world = self.world("no-move")
        world.fill("INBOX", 2)
        world.sync()
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        world.wire.refuse(rb"^UID COPY", b"NO [OVERQUOTA] full")
        world.sync(expect=PARTLY)
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1"])
        self.assertEqual(world.words_on_server("Trash"), [])

    def test_no_deletion_follows_a_failure(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.sync()
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        world.mail.deliver("INBOX", local(message("new")), "S", NOON)
        world.wire.refuse(rb"^APPEND", b"NO [LIMIT] not this one")
        self.assertEqual(world.sync(expect=PARTLY)["deleted_out"], 0)
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1", "m2"])


class ContentTest(IntegrationCase):
    """Rules 9 and 10: a name of ours says little, and nothing of what is in the file."""

    def test_a_file_of_another_tree_says_nothing_of_this_one(self):
        world = self.world(name="one")
        other = self.world(name="two", sterna=world.sterna)
        world.fill("INBOX", 2, "one")
        other.fill("INBOX", 2, "two")
        world.sterna.sync()
        found = other.mail.find("INBOX", "<two0@")
        shutil.copy2(found.path, f"{world.mail.folder('INBOX')}/{found.place}/{found.name}")
        world.mail.settle()
        world.sterna.run("sync", "one")
        self.assertEqual(world.words_on_server("INBOX"), ["one0", "one1", "two0"])

    def test_a_message_is_not_taken_to_be_in_a_file_that_has_its_name(self):
        world = self.world()
        world.fill("INBOX", 2)
        world.sync()
        with open(world.mail.find("INBOX", "<m0@").path, "ab") as file:
            file.write(b"A line more.\n")
        shutil.rmtree(world.sterna.state)
        world.sync(expect=(0, HELD))
        bodies = [m.read() for m in world.mail.messages("INBOX") if b"<m0@" in m.read()]
        self.assertEqual(sorted(b"A line more." in body for body in bodies), [False, True])


    def test_a_new_file_is_not_taken_for_the_one_whose_inode_it_got(self):
        world = self.world()
        uids = world.fill("INBOX", 2)
        world.sync()
        gone = world.mail.find("INBOX", "<m0@")
        with open(gone.path, "wb") as file:     # another message in the same inode, as if by chance
            file.write(local(message("fresh", "Other words, and more of them.\n")))
        os.rename(gone.path, f"{os.path.dirname(gone.path)}/17.fresh.testhost")
        world.imap.store("INBOX", uids[0], "+", ["\\Answered"])
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["fresh", "m1"])
        self.assertEqual(world.mail.find("INBOX", "<fresh@").flags, frozenset())
        world.sync()
        world.assert_settled()


class IdentityTest(IntegrationCase):
    """Rules 11 and 22: a UID, and a yes that names one, mean nothing for another message."""

    def test_flags_are_not_said_to_a_mailbox_that_took_the_name_meanwhile(self):
        world = self.world()
        for box in ("Alpha", "Beta"):
            world.fill(box, 1, box.lower())
        world.sync()
        for box in ("Alpha", "Beta"):
            world.mail.add_letters(world.mail.find(box, f"<{box.lower()}0@"), "F")
        done = []

        def exchange(command):
            if command.startswith(b"UID STORE") and not done:
                done.append(command)
                other.delete("Beta")
                other.create("Beta")
                other.append("Beta", message("stranger"), (), NOON)
        with world.server.client(world.user) as other:
            world.wire.on_command = exchange
            world.sync(expect=None)
            world.wire.on_command = None
        self.assertTrue(done)
        self.assertEqual(world.words_on_server("Beta"), ["stranger"])
        self.assertEqual(world.imap.flags("Beta", world.imap.uids("Beta")[0]), set())

    def test_a_message_of_equal_size_and_another_date_stays(self):
        world = self.world()
        world.fill("INBOX", 3, "i")
        world.fill("Zoo", 3, "z")
        world.imap.append("INBOX", message("alpha"), (), NOON)
        world.imap.append("Zoo", message("gamma"), (), NOON + HOUR_S)
        world.sync()
        # As after a restored server: the base knows another message under INBOX's UID 4.
        columns = ("identity_size, header_digest, message_id, body_digest, remote_size, "
                   "internal_date")
        inbox = "(SELECT id FROM mailbox WHERE name = 'INBOX')"
        world.ask_state(f"UPDATE message SET ({columns}) = (SELECT {columns} FROM message WHERE "
                        f"mailbox <> {inbox} AND uid = 4), email_id = '' "
                        f"WHERE mailbox = {inbox} AND uid = 4")
        world.mail.delete(world.mail.find("INBOX", "<alpha@"))
        world.sync(expect=PARTLY)
        self.assertIn("alpha", world.words_on_server("INBOX"))
        self.assertEqual(world.words_on_server("Trash"), [])

    def test_a_yes_does_not_outlive_the_numbers_that_it_named(self):
        world = self.world()
        world.fill("INBOX", 100)
        world.sync()
        words = [f"m{n}" for n in range(60)]

        def delete():
            for word in words:
                world.mail.delete(world.mail.find("INBOX", f"<{word}@"))
        delete()
        world.sync(expect=HELD)
        world.ask_state("INSERT INTO approval SELECT mailbox, uid, uidvalidity FROM held")
        world.ask_state("UPDATE mailbox SET uid_next = uid_next + 1000 WHERE name = 'INBOX'")
        world.sync()
        self.assertEqual(len(world.words_local("INBOX")), 100)
        delete()
        self.assertEqual(world.sync(expect=HELD)["held"], 60)
        self.assertEqual(len(world.imap.uids("INBOX")), 100)


class StampTest(IntegrationCase):
    """Rule 23: programs set times back."""

    def test_a_directory_whose_time_was_set_back_is_listed(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.sync()
        world.wait_for_stamp()
        cur = f"{world.mail.folder('INBOX')}/cur"
        before = os.stat(cur)
        world.mail.deliver("INBOX", local(message("mine")), "S", NOON)
        os.utime(cur, ns=(before.st_atime_ns, before.st_mtime_ns))
        self.assertEqual(world.sterna.sync()["uploaded"], 1)


class HiddenTest(IntegrationCase):
    """A server that is behind itself counts a message that it does not list yet."""

    def hide(self, world):
        world.wire.lie(rb"^\* 4 FETCH .*$", b"")
        world.wire.lie(rb"^(\* SEARCH 1 2 3) 4", rb"\1")

    def hidden(self):
        world = self.world("bare")
        world.fill("INBOX", 3)
        world.sync()
        world.imap.append("INBOX", message("same"), [], NOON)
        world.mail.deliver("INBOX", local(message("same")), "", NOON)
        self.hide(world)
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1", "m2", "same"])
        return world

    def test_what_may_be_among_it_is_not_sent(self):
        world = self.hidden()
        world.wire.be_honest()
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1", "m2", "same"])
        world.assert_settled()

    def test_one_that_never_lists_it_keeps_nothing_here_for_good(self):
        world = self.hidden()
        world.ask_state("UPDATE fact SET value = value - 3600000 WHERE key LIKE 'hides:%'")
        world.mail.deliver("INBOX", local(message("new")), "", NOON)
        world.sync(expect=None)
        self.assertIn("new", world.words_on_server("INBOX"))


class PlaceholderTest(IntegrationCase):
    """Rule 18: what mbsync left in the place of a large message is no message."""

    TEXT = ("Having a size of 2.2MiB, this message is over the MaxSize limit.\n"
            "Flag it and sync again (Sync mode ReNew) to fetch its real contents.\n")

    def placeholder(self, word):
        return message(word, self.TEXT, "[placeholder] About " + word)

    def test_it_is_not_sent_whatever_its_name(self):
        world = self.world()
        world.fill("INBOX", 2)
        world.sync()
        world.mail.deliver("INBOX", local(self.placeholder("big")), "S")
        report = world.sync(expect=HELD)
        self.assertEqual((report["held"], report["uploaded"]), (1, 0))
        self.assertIn("server only", world.sterna.run("held").stdout)
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1"])
        world.sterna.run("held", "apply")
        world.sync()
        self.assertEqual(world.words_local("INBOX"), ["m0", "m1"])
        world.assert_settled()

    def test_the_user_may_insist(self):
        world = self.world()
        world.sync()
        world.mail.deliver("INBOX", local(self.placeholder("big")), "S")
        world.sync(expect=HELD)
        world.sterna.run("held", "restore")
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["big"])
        world.assert_settled()

    def test_one_that_the_server_has_is_a_message_like_others(self):
        world = self.world()
        world.imap.create("A")
        world.imap.append("INBOX", self.placeholder("big"), [], NOON)
        world.sync()
        found = world.mail.find("INBOX", "<big@")
        world.mail.deliver("A", found.read(), "S", NOON)
        world.mail.delete(found)
        report = world.sync()
        self.assertEqual((report["moved_out"], report["held"]), (1, 0))
        self.assertEqual(world.words_on_server("A"), ["big"])
        world.assert_settled()


class SentTest(IntegrationCase):
    """A server that stores what it is given to send: its copy has other octets, and comes late."""

    def sent(self, role_of="Sent"):
        world = self.world()
        world.imap.create(role_of)
        world.sync()
        world.mail.deliver(role_of, local(message("out")), "S")
        return world

    def test_the_servers_copy_and_the_mail_programs_are_one(self):
        world = self.sent()
        self.assertEqual([w["count"] for w in world.sync()["waiting"]], [1])
        world.imap.append("Sent", b"Received: from x\r\n" + message("out"), ["\\Seen"])
        world.sync()
        self.assertEqual(world.words_on_server("Sent"), ["out"])
        self.assertEqual(world.words_local("Sent"), ["out"])
        world.assert_quiet()

    def test_what_the_server_does_not_store_is_sent_after_a_minute(self):
        world = self.sent()
        world.sync()
        self.assertEqual(world.words_on_server("Sent"), [])
        found = world.mail.find("Sent", "<out@")
        os.utime(found.path, (time.time() - 60, time.time() - 60))
        self.assertEqual(world.sync()["uploaded"], 1)
        world.assert_settled()

    def test_elsewhere_nothing_waits(self):
        world = self.sent("Outgoing")
        self.assertEqual(world.sync()["uploaded"], 1)
        world.assert_settled()


class DoubtTest(IntegrationCase):
    """Rules 12 and 25: how long it takes before something is tried again."""

    def test_three_looks_take_a_minute(self):
        world = self.world()
        world.sync()
        world.mail.deliver("INBOX", local(message("mine")), "S", NOON)
        world.wire.cut_before(rb"^APPEND")
        world.sync(expect=CUT)
        for _ in range(4):
            self.assertEqual(world.sync()["uploaded"], 0)
        for _ in range(4):
            world.pass_time(HOUR_S)
            world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["mine"])
        world.assert_settled()

    def test_each_failure_makes_the_pause_longer(self):
        world = self.world()
        world.sync()
        world.mail.deliver("INBOX", local(message("poison")), "S", NOON)
        times = []
        for _ in range(3):
            world.wire.refuse(rb"^APPEND", b"NO [LIMIT] not this one")
            world.sync(expect=PARTLY)
            times += world.ask_state("SELECT next_try_ms FROM failure")[0]
            world.ask_state("UPDATE failure SET next_try_ms = 0")
        # A minute, two, four.
        self.assertGreater(times[1] - times[0], 50_000)
        self.assertGreater(times[2] - times[1], 100_000)


class TreeTest(IntegrationCase):
    """Rules 14 and 16: whose tree it is, and what a disk brings back."""

    def test_a_state_that_the_maildir_was_given_to_another_one_since_stops(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.sync()
        backup = shutil.copytree(world.sterna.state, f"{world.dir}/backup")
        shutil.rmtree(world.sterna.state)
        world.sync()
        shutil.rmtree(world.sterna.state)
        shutil.copytree(backup, world.sterna.state)
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        world.sync(expect=HELD)
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1", "m2"])

    def test_a_maildir_of_another_machine_stops(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.sync()
        marker = f"{world.mail.root}/.sterna"
        with open(marker, encoding="utf-8") as file:
            text = re.sub(r"^machine .*\n", "", file.read(), flags=re.M)
        with open(marker, "w", encoding="utf-8") as file:
            file.write(text + "machine elsewhere\n")
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        world.sync(expect=HELD)
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1", "m2"])

    def test_a_file_that_a_disk_brings_back_is_held(self):
        world = self.world()
        uids = world.fill("INBOX", 3)
        world.sync()
        path = world.mail.find("INBOX", "<m0@").path
        world.imap.expunge("INBOX", uids[0])
        world.sync()
        area = f"{world.sterna.state}/{world.name}/undo"
        # The machine lost its power, and with it that the file was renamed.
        os.rename(f"{area}/{os.listdir(area)[0]}", path)
        world.ask_state("UPDATE fact SET value = 'before' WHERE key = 'boot_id'")
        world.ask_state("UPDATE tombstone SET boot_id = 'before'")
        report = world.sync(expect=HELD)
        self.assertEqual((report["uploaded"], report["held"]), (0, 1))
        self.assertEqual(world.words_on_server("INBOX"), ["m1", "m2"])


if __name__ == "__main__":
    unittest.main()
