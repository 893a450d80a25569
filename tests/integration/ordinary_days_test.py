# SPDX-License-Identifier: Apache-2.0
"""Fifty ordinary days of one person with a phone (the server) and a mail reader (the Maildir).

Nothing here is a disaster, so nothing may be held, parked or fail, and every evening both sides
are in step. Caution that stops people on ordinary days is a defect like any other. The dice are
seeded; STERNA_SEED chooses other days.
"""
import os
import random
import unittest

from tests.support.case import IntegrationCase
from tests.support.messages import DAY, NOON, local, message

DAYS = 50
SEED = int(os.environ.get("STERNA_SEED", "1"))


class Life:
    def __init__(self, world, seed):
        self.world = world
        self.dice = random.Random(seed)
        self.day = 0
        self.count = 0

    # ---- hands

    def word(self, kind):
        self.count += 1
        return f"{kind}{self.count}"

    def arrive(self, count, mailbox="INBOX", kind="mail", flags=()):
        for _ in range(count):
            body = "Some words.\n" * self.dice.randrange(1, 60)
            self.world.imap.append(mailbox, message(self.word(kind), body), flags,
                                   NOON + self.day * DAY + self.count)

    def local(self, mailbox="INBOX"):
        return self.world.mail.messages(mailbox)

    def some(self, found, count):
        return self.dice.sample(found, min(count, len(found)))

    def sync(self):
        report = self.world.sync()
        test = self.world.test
        test.assertEqual((report["exit"], report["held"], report["quarantined"]), (0, 0, 0),
                         f"day {self.day}, seed {SEED}: {report}")

    def sleep(self):
        # Fifty days pass in minutes: for the brake, a night is between what it counted and today.
        if os.path.isdir(f"{self.world.sterna.state}/{self.world.name}"):
            self.world.ask_state("UPDATE removal SET at_ms = at_ms - 86400000")

    # ---- days

    def morning_mail(self):
        self.arrive(self.dice.randrange(5, 25))
        self.arrive(self.dice.randrange(0, 8), "Lists/dev", "list")

    def read_some(self):
        for found in self.some(self.local(), 12):
            self.world.mail.add_letters(found, "S")

    def read_on_the_phone(self):
        uids = self.world.imap.uids("INBOX", "UNSEEN")
        if uids:
            self.world.imap.store("INBOX", self.some(uids, 10), "+", ["\\Seen"])

    def delete_a_thread(self):
        for found in self.some(self.local(), 9):
            self.world.mail.delete(found)

    def delete_on_the_phone(self):
        uids = self.some(self.world.imap.uids("INBOX"), 8)
        if uids:
            self.world.imap.move("INBOX", uids, "Trash")

    def empty_the_trash(self):
        for found in self.local("Trash"):
            self.world.mail.delete(found)

    def empty_the_trash_on_the_phone(self):
        uids = self.world.imap.uids("Trash")
        if uids:
            self.world.imap.expunge("Trash", uids)

    def clear_an_inbox_of_forty(self):
        missing = 40 - len(self.local())
        if missing > 0:
            self.arrive(missing)
            self.sync()
        for found in self.some(self.local(), 40):
            self.world.mail.delete(found)

    def archive_the_inbox(self):
        for found in self.local():
            self.world.mail.move(found, "Archive")

    def archive_on_the_phone(self):
        uids = self.some(self.world.imap.uids("INBOX"), 15)
        if uids:
            self.world.imap.move("INBOX", uids, "Archive")

    def mark_two_hundred_read_and_unread(self):
        self.arrive(200, "Lists/dev", "bulk")
        self.sync()
        for found in self.local("Lists/dev"):
            self.world.mail.set_letters(found, "S")
        self.sync()
        for found in self.local("Lists/dev"):
            self.world.mail.set_letters(found, "")

    def rename_a_folder(self):
        names = [n for n in self.world.mail.mailboxes() if n.startswith("Project")]
        if names:
            self.world.mail.rename(names[0], self.word("Project "))
        else:
            self.world.mail.deliver(self.word("Project "), local(message(self.word("plan"))),
                                    "S", NOON)

    def rename_a_folder_on_the_phone(self):
        names = [n for n in self.world.imap.mailboxes() if n.startswith("Project")]
        if names:
            self.world.imap.rename(names[0], self.word("Project "))

    def save_a_draft_five_times(self):
        word, path = self.word("draft"), None
        for turn in range(5):
            if path:
                os.unlink(path)
            path = self.world.mail.deliver(
                "Drafts", local(message(word, "One more line.\n" * (turn + 1))), "DS",
                NOON + self.day * DAY + turn)
            self.sync()
        os.unlink(path)
        self.world.mail.deliver("Sent", local(message(word, "All of it.\n")), "S",
                                NOON + self.day * DAY)

    def restart_in_the_middle(self):
        self.arrive(15)
        killed = []

        def watch(command):
            if b"FETCH" in command and not killed:
                killed.append(command)
                self.world.sterna.signal()
        self.world.wire.on_command = watch
        self.world.sterna.finish(self.world.sterna.start("sync"))
        self.world.wire.on_command = None

    def a_new_folder_with_mail(self):
        self.world.mail.create(f"Keep/{self.day}")
        for found in self.some(self.local(), 3):
            self.world.mail.move(found, f"Keep/{self.day}")

    def empty_a_folder_and_remove_it(self):
        names = [n for n in self.world.mail.mailboxes() if n.startswith("Keep/")]
        if names:
            for found in self.local(names[0]):
                self.world.mail.move(found, "Archive")
            self.sync()
            self.world.mail.remove(names[0])

    def label_and_answer(self):
        self.world.mail.name_keyword("INBOX", "a", "later")
        for found in self.some(self.local(), 4):
            self.world.mail.add_letters(found, "RSa")
        self.world.mail.deliver("Sent", local(message(self.word("answer"))), "S",
                                NOON + self.day * DAY)

    def nothing_at_all(self):
        pass

    def live(self):
        everything = [self.read_some, self.read_on_the_phone, self.delete_a_thread,
                      self.delete_on_the_phone, self.empty_the_trash,
                      self.empty_the_trash_on_the_phone, self.clear_an_inbox_of_forty,
                      self.archive_the_inbox, self.archive_on_the_phone,
                      self.mark_two_hundred_read_and_unread, self.rename_a_folder,
                      self.rename_a_folder_on_the_phone, self.save_a_draft_five_times,
                      self.restart_in_the_middle, self.a_new_folder_with_mail,
                      self.empty_a_folder_and_remove_it, self.label_and_answer,
                      self.nothing_at_all]
        agenda = []
        for self.day in range(DAYS):
            self.sleep()
            if not agenda:
                agenda = self.dice.sample(everything, len(everything))
            self.morning_mail()
            self.sync()
            for _ in range(min(3, len(agenda))):
                agenda.pop()()
                self.sync()
            self.sync()
            if self.day % 5 == 4:
                self.world.assert_in_step()


class OrdinaryDaysTest(IntegrationCase):
    def test_fifty_ordinary_days(self):
        world = self.world()
        for mailbox in ("Archive", "Drafts", "Sent", "Junk", "Lists/dev"):
            world.imap.create(mailbox)
        world.fill("Archive", 60, "old", ["\\Seen"])
        Life(world, SEED).live()
        world.sync()
        world.assert_settled()


if __name__ == "__main__":
    unittest.main()
