# SPDX-License-Identifier: Apache-2.0
"""What is put into the Maildir arrives on the server: once, whole, dated, with its flags."""
import os
import shutil
import subprocess
import unittest

from tests.support.case import IntegrationCase, over
from tests.support.dovecot import MAIN_PROFILES
from tests.support.messages import DAY, NOON, local, message
from tests.support.sterna import NETWORK, PARTLY


def birth_ns(path):
    """When the file was made, which Python does not tell; 0 where the file system does not."""
    seconds, text = subprocess.run(["stat", "--format=%W %w", path], check=True, text=True,
                                   stdout=subprocess.PIPE).stdout.split(" ", 1)
    return int(seconds) * 10**9 + int(text.split(".")[1][:9]) if int(seconds) else 0


class PushTest(IntegrationCase):
    @over(MAIN_PROFILES)
    def test_new_files_are_uploaded(self, world):
        world.fill("INBOX", 2)
        world.sync()
        world.mail.deliver("INBOX", local(message("fresh")), None, NOON)
        world.mail.deliver("INBOX", local(message("sent")), "RS", NOON + DAY)
        world.mail.deliver("INBOX", local(message("draft", "Dear all,\n")), "DS", NOON - DAY)
        report = world.sync()
        self.assertEqual(report["uploaded"], 3)
        self.assertEqual(report["bodies_fetched"], 0)
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_new_files_and_new_messages_in_one_sync(self, world):
        world.fill("INBOX", 2)
        world.sync()
        world.fill("INBOX", 3, "theirs")
        for number in range(3):
            world.mail.deliver("INBOX", local(message(f"ours{number}")), "S", NOON)
        report = world.sync()
        self.assertEqual((report["downloaded"], report["uploaded"]), (3, 3))
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_a_filled_maildir_goes_to_an_empty_server(self, world):
        for mailbox in ("INBOX", "Work", "Work/2026", "Ελλάδα"):
            for number in range(4):
                word = f"{mailbox.replace('/', '.').encode().hex()}{number}"
                world.mail.deliver(mailbox, local(message(word)), "S", NOON + number)
        report = world.sync()
        self.assertEqual((report["uploaded"], report["downloaded"]), (16, 0))
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_the_same_message_twice_is_two_messages(self, world):
        world.sync()
        for _ in range(2):
            world.mail.deliver("INBOX", local(message("twin")), "S", NOON)
        self.assertEqual(world.sync()["uploaded"], 2)
        self.assertEqual(world.words_on_server("INBOX"), ["twin", "twin"])
        world.assert_settled()

    def test_a_hard_link_is_one_more_name_of_a_message(self):
        world = self.world()
        world.fill("INBOX", 2)
        world.sync()
        found = world.mail.find("INBOX", "<m0@")
        link = os.path.join(os.path.dirname(found.path), "1700000009.link.host:2,S")
        os.link(found.path, link)
        for _ in range(2):
            self.assertEqual(world.sync()["uploaded"], 0)
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1"])
        world.mail.delete(found)        # the other name is the message's by now
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1"])
        os.unlink(link)
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["m1"])
        world.assert_settled()

    def test_a_second_copy_delivered_later_is_a_second_message(self):
        world = self.world()
        world.mail.deliver("INBOX", local(message("twin")), "S", NOON)
        world.sync()
        world.mail.deliver("INBOX", local(message("twin")), "S", NOON)
        self.assertEqual(world.sync()["uploaded"], 1)
        self.assertEqual(world.words_on_server("INBOX"), ["twin", "twin"])
        world.assert_settled()

    def test_the_same_new_message_on_both_sides_is_paired(self):
        world = self.world()
        world.fill("INBOX", 1)
        world.sync()
        world.imap.append("INBOX", message("both"), ["\\Seen"], NOON)
        world.mail.deliver("INBOX", local(message("both")), "F", NOON)
        report = world.sync()
        self.assertEqual(report["uploaded"], 0)
        self.assertEqual(world.words_on_server("INBOX"), ["both", "m0"])
        self.assertEqual(world.words_local("INBOX"), ["both", "m0"])
        self.assertEqual(world.mail.find("INBOX", "<both@").flags, {"\\Seen", "\\Flagged"})
        world.assert_settled()

    def test_files_with_crlf_are_sent_as_they_are_and_never_rewritten(self):
        world = self.world()
        path = world.mail.deliver("INBOX", message("crlf"), "S", NOON)
        world.sync()
        with open(path, "rb") as file:
            self.assertEqual(file.read(), message("crlf"))
        (found,) = world.imap.fetch_all("INBOX")
        self.assertEqual(found.body, message("crlf"))
        world.assert_quiet()

    def test_line_ends_become_crlf_on_the_wire(self):
        world = self.world(storage="maildir")
        world.mail.deliver("INBOX", local(message("lf")), "S", NOON)
        world.sync()
        (found,) = world.imap.fetch_all("INBOX")
        self.assertEqual(found.body, message("lf"))

    def test_a_file_name_does_not_change_when_it_is_uploaded(self):
        world = self.world()
        path = world.mail.deliver("INBOX", local(message("one")), "S", NOON)
        world.sync()
        self.assertTrue(os.path.exists(path))

    def test_dates_that_a_server_refuses_do_not_stop_the_message(self):
        world = self.world()
        for number, date in enumerate((0, 1, -DAY, 4_102_444_800)):
            world.mail.deliver("INBOX", local(message(f"d{number}")), "S", date)
        world.sync()
        self.assertEqual(len(world.words_on_server("INBOX")), 4)
        world.assert_in_step(ignore=("date",))
        world.assert_quiet()

    def test_many_files_at_once(self):
        world = self.world()
        for number in range(700):
            world.mail.deliver("INBOX", local(message(f"n{number}")), "S", NOON + number)
        self.assertEqual(world.sync()["uploaded"], 700)
        world.assert_settled()

    @over([*MAIN_PROFILES, "no-uidplus"])
    def test_a_draft_saved_again_and_again_is_one_draft(self, world):
        world.imap.create("Drafts")
        world.sync()
        path = world.mail.deliver("Drafts", local(message("draft", "One.\n")), "DS", NOON)
        world.sync()
        # The second is as long as the first: its header and its size do not tell.
        for words in ("Two.\n", "One. Two. Three.\n", "All of it.\n"):
            os.unlink(path)
            path = world.mail.deliver("Drafts", local(message("draft", words)), "DS", NOON)
            world.sync()
            draft, = world.imap.fetch_all("Drafts")
            self.assertIn(words.strip().encode(), draft.body)
        world.assert_settled()

    def test_an_edit_in_place_that_changes_neither_header_nor_size_is_one(self):
        world = self.world()
        world.mail.deliver("INBOX", local(message("note", "One.\n")), "S", NOON)
        world.imap.append("INBOX", message("news", "One.\n"))
        world.sync()
        for one in world.mail.messages("INBOX"):
            with open(one.path, "r+b") as file:
                octets = file.read()
                file.seek(0)
                file.write(octets.replace(b"One.", b"Two."))
        self.assertEqual(world.sync()["uploaded"], 2)
        self.assertEqual([one.body.endswith(b"Two.\r\n") for one in world.imap.fetch_all("INBOX")],
                         [True, True])
        world.assert_settled()

    def test_a_folder_that_is_a_copy_of_itself_by_now_is_no_edit(self):
        world = self.world()
        world.fill("Work", 10, "w")
        world.sync()
        world.mail.settle()
        old, new = (f"{world.mail.folder('Work')}{suffix}" for suffix in ("", ".new"))
        subprocess.run(["cp", "-a", old, new], check=True)
        shutil.rmtree(old)
        os.rename(new, old)
        report = world.sync()
        self.assertEqual((report["uploaded"], report["deleted_out"], report["downloaded"]),
                         (0, 0, 0))
        self.assertEqual(world.words_on_server("Trash"), [])
        world.assert_settled()

    @over([*MAIN_PROFILES, "no-uidplus"])
    def test_an_edited_file_replaces_its_message(self, world):
        world.fill("INBOX", 2)
        world.sync()
        edited = world.mail.find("INBOX", "<m0@")
        world.mail.replace(edited, edited.read() + b"A line more.\n")
        world.sync()
        bodies = [m.body for m in world.imap.fetch_all("INBOX")]
        self.assertEqual(len(bodies), 2)
        self.assertEqual(sum(b"A line more." in body for body in bodies), 1)
        self.assertEqual(world.words_on_server("Trash"), ["m0"])
        world.sync()
        world.assert_settled()

    def test_a_copy_that_stands_still_is_not_sent_before_it_is_whole(self):
        world = self.world()
        world.fill("INBOX", 1)
        world.sync()
        text = local(message("slow", "words\n" * 500))
        path = world.mail.deliver("INBOX", text[:1000], "S")
        with open(path, "ab") as copy:
            self.assertEqual(world.sync()["uploaded"], 0)
            self.assertEqual(world.words_on_server("INBOX"), ["m0"])
            copy.write(text[1000:])
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "slow"])
        world.assert_settled()

    def test_an_edited_copy_that_stands_still_replaces_nothing_before_it_is_whole(self):
        world = self.world()
        world.fill("INBOX", 1)
        world.sync()
        edited = world.mail.find("INBOX", "<m0@")
        text = edited.read() + b"A line more.\n"
        world.mail.replace(edited, text[:-5])
        with open(edited.path, "ab") as copy:
            self.assertEqual(world.sync()["uploaded"], 0)
            copy.write(text[-5:])
        world.sync()
        world.sync()
        (body,) = [m.body for m in world.imap.fetch_all("INBOX")]
        self.assertTrue(body.rstrip().endswith(b"A line more."))
        world.assert_settled()

    def test_what_an_edit_replaces_is_kept_whatever_deletions_do(self):
        for policy in ("trash", "expunge", "ignore"):
            for trash in (True, False):
                with self.subTest(policy=policy, trash=trash):
                    world = self.world(local_delete=policy, trash=trash)
                    world.fill("INBOX", 2)
                    world.sync()
                    edited = world.mail.find("INBOX", "<m0@")
                    before = edited.read()
                    world.mail.replace(edited, before + b"A line more.\n")
                    world.sync()
                    world.sync()
                    self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1"])
                    if trash:
                        self.assertEqual(world.words_on_server("Trash"), ["m0"])
                        self.assertEqual(world.undo_area(), [])
                    else:
                        self.assertEqual(world.undo_area(), [before])
                    world.assert_settled()

    def test_an_emptied_file_is_repaired_from_the_server(self):
        world = self.world()
        world.fill("INBOX", 1)
        world.sync()
        world.mail.replace(world.mail.find("INBOX", "<m0@"), b"")
        world.sync()
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["m0"])
        self.assertEqual(world.words_on_server("Trash"), [])
        world.assert_settled()

    def begin_repair(self, world):
        """As a process leaves it that died when it had written down that this file is damaged."""
        world.fill("INBOX", 1)
        world.sync()
        damaged = world.mail.find("INBOX", "<m0@")
        world.mail.replace(damaged, b"Subject: torn\n")
        now = os.stat(damaged.path)
        world.ask_state("UPDATE message SET state = 'wanted', dev = ?, ino = ?, size = ?, "
                        "mtime_ns = ?, btime_ns = ?", now.st_dev, now.st_ino, now.st_size,
                        now.st_mtime_ns, birth_ns(damaged.path))
        return damaged.path

    def assert_repaired(self, world):
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["m0"])
        self.assertEqual(world.words_on_server("Trash"), [])
        self.assertEqual(world.words_local("INBOX"), ["m0"])
        self.assertEqual(world.undo_area(), [b"Subject: torn\n"])
        world.assert_settled()

    def test_a_repair_that_died_before_the_damaged_file_went_is_finished(self):
        world = self.world()
        self.begin_repair(world)
        self.assert_repaired(world)

    def test_a_repair_that_died_after_the_damaged_file_went_is_finished(self):
        world = self.world()
        path = self.begin_repair(world)
        area = f"{world.sterna.state}/{world.name}/undo"
        os.mkdir(area)
        os.rename(path, f"{area}/{'0' * 32}")
        self.assert_repaired(world)

    def test_an_edit_whose_answer_was_lost_replaces_its_message_once(self):
        world = self.world()
        world.fill("INBOX", 2)
        world.sync()
        edited = world.mail.find("INBOX", "<m0@")
        world.mail.replace(edited, edited.read() + b"A line more.\n")
        world.wire.lose_reply(rb"^APPEND")
        world.sync(expect=(PARTLY, NETWORK))
        world.wire.cut_before(rb"^UID MOVE")    # while the old one is to leave
        world.sync(expect=(PARTLY, NETWORK))
        self.assertEqual(world.ask_state("SELECT count(*) FROM message GROUP BY base_name"),
                         [(1,)] * 3)
        world.sync()        # what is left to do is a deletion
        bodies = [m.body for m in world.imap.fetch_all("INBOX")]
        self.assertEqual([b"A line more." in body for body in bodies], [False, True])
        self.assertEqual(world.words_on_server("Trash"), ["m0"])
        world.assert_settled()

    def test_what_is_no_message_is_left_alone(self):
        world = self.world()
        world.fill("INBOX", 1)
        world.sync()
        folder = world.mail.folder("INBOX")
        os.mkdir(f"{folder}/cur/a-directory")
        os.symlink("/nonexistent", f"{folder}/cur/dangling:2,S")
        with open(f"{folder}/cur/.hidden", "wb") as out:
            out.write(b"x")
        with open(f"{folder}/notes.txt", "wb") as out:
            out.write(b"x")
        world.sync(expect=(0, 3))
        self.assertEqual(world.words_on_server("INBOX"), ["m0"])
        self.assertTrue(os.path.islink(f"{folder}/cur/dangling:2,S"))

    def test_a_message_that_the_server_refuses_does_not_stop_the_others(self):
        world = self.world()
        world.sync()
        # All of them together, and then the first of them by itself.
        world.wire.refuse(rb"^APPEND", b"NO [LIMIT] not this one")
        world.wire.refuse(rb"^APPEND", b"NO [LIMIT] not this one")
        world.sterna.set(world.name, connections=1)
        for number in range(3):
            world.mail.deliver("INBOX", local(message(f"n{number}")), "S", NOON + number)
        report = world.sync(expect=3)
        self.assertIn(world.name, report["stderr"])
        self.assertIn("INBOX", report["stderr"])
        for _ in range(2):
            world.sync(expect=(0, 3))
        self.assertLessEqual({"n1", "n2"}, set(world.words_on_server("INBOX")))
        self.assertEqual(world.words_local("INBOX"), ["n0", "n1", "n2"])
        self.assertEqual(len(world.words_on_server("INBOX")),
                         len(set(world.words_on_server("INBOX"))))


class InPlaceTest(IntegrationCase):
    """A file is written where it is, as some editors do: neither its name nor its inode changes."""

    def write_in_place(self, world, word):
        found = world.mail.find("INBOX", f"<{word}@")
        with open(found.path, "ab") as file:
            file.write(b"A line more.\n")

    def live_on(self, world, days):
        """So much time went by in which there was a sync every day."""
        world.ask_state("INSERT OR REPLACE INTO fact VALUES ('lived_ms', ?)",
                        str(days * 86_400_000))

    def sync_days(self, world):
        """Until the turn of every mailbox has come."""
        counts = {"uploaded": 0, "deleted_out": 0}
        for day in range(1, 4):
            self.live_on(world, 10 * day)
            report = world.sync()
            counts = {name: count + report[name] for name, count in counts.items()}
        return counts

    def assert_edited(self, world):
        world.sync()
        bodies = [m.body for m in world.imap.fetch_all("INBOX")]
        self.assertEqual(sum(b"A line more." in body for body in bodies), 1)
        self.assertEqual(world.words_on_server("Trash"), ["m0"])
        world.assert_settled()

    def test_an_edit_in_place_is_seen_in_its_turn(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.sync()
        self.write_in_place(world, "m0")
        self.assertEqual(self.sync_days(world)["uploaded"], 1)
        self.assert_edited(world)

    def test_an_edit_in_place_is_seen_where_something_else_happened(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.sync()
        self.write_in_place(world, "m0")
        world.mail.add_letters(world.mail.find("INBOX", "<m1@"), "S")
        self.assertEqual(world.sync()["uploaded"], 1)
        self.assert_edited(world)

    def test_another_time_alone_is_no_edit(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.sync()
        for found in world.mail.messages("INBOX"):
            os.utime(found.path, (NOON - 5, NOON - 5))
        self.assertEqual(self.sync_days(world), {"uploaded": 0, "deleted_out": 0})
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1", "m2"])

    def test_a_file_emptied_in_place_is_repaired(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.sync()
        os.truncate(world.mail.find("INBOX", "<m0@").path, 0)
        self.sync_days(world)
        self.assertEqual(world.words_local("INBOX"), ["m0", "m1", "m2"])
        self.assertEqual(world.words_on_server("Trash"), [])
        world.assert_settled()


if __name__ == "__main__":
    unittest.main()
