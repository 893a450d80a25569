# SPDX-License-Identifier: Apache-2.0
"""Fifty ordinary days of one person with a phone (the server) and a mail reader (the Maildir).

Nothing here is a disaster, so nothing may be held, parked or fail. A ledger has what every mailbox
must hold, and every evening both sides hold exactly that. Caution that stops people on ordinary
days is a defect like any other. The dice are seeded; STERNA_SEED chooses other days, STERNA_LONG
adds other servers.
"""
import os
import random
import re
import unittest
from collections import Counter, defaultdict

from tests.support.case import IntegrationCase, word_of
from tests.support.dovecot import PROFILES
from tests.support.messages import DAY, NOON, local, message

DAYS = 50
OTHER_DAYS = DAYS if os.environ.get("STERNA_LONG") else 12
SEED = int(os.environ.get("STERNA_SEED", "1"))


class Life:
    def __init__(self, world, seed, days):
        self.world = world
        self.seed = seed
        self.days = days
        self.ledger = defaultdict(Counter)      # mailbox -> words
        self.kills = 0
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
            word = self.word(kind)
            self.ledger[mailbox][word] += 1
            self.world.imap.append(mailbox, message(word, body), flags,
                                   NOON + self.day * DAY + self.count)

    def local(self, mailbox="INBOX"):
        return self.world.mail.messages(mailbox)

    def there(self, mailbox):
        """UID -> word, as the server has them."""
        self.world.imap.examine(mailbox)
        lines = self.world.imap.command(
            "UID FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
        return {int(re.search(rb"UID (\d+)", line)[1]): word_of(line) for line in lines
                if b" FETCH " in line}

    def write(self, mailbox, word, letters="S", body="A few words.\n", date=0):
        self.ledger[mailbox][word] += 1
        return self.world.mail.deliver(mailbox, local(message(word, body)), letters,
                                       NOON + self.day * DAY + date)

    def note_move(self, words, mailbox, target):
        self.ledger[mailbox] -= Counter(words)
        self.ledger[target] += Counter(words)

    def move(self, found, target, mailbox="INBOX"):
        self.note_move([word_of(found.read())], mailbox, target)
        self.world.mail.move(found, target)

    def delete(self, found, mailbox="INBOX"):
        self.note_move([word_of(found.read())], mailbox, "Trash")
        self.world.mail.delete(found)

    def move_on_the_phone(self, count, target):
        known = self.there("INBOX")
        uids = self.some(sorted(known), count)
        if uids:
            self.note_move([known[uid] for uid in uids], "INBOX", target)
            self.world.imap.move("INBOX", uids, target)

    def some(self, found, count):
        return self.dice.sample(found, min(count, len(found)))

    def sync(self):
        report = self.world.sync()
        test = self.world.test
        test.assertEqual((report["exit"], report["held"], report["quarantined"]), (0, 0, 0),
                         f"day {self.day}, seed {self.seed}: {report}")

    def sleep(self):
        # Fifty days pass in minutes: for the brake, a night is between what it counted and today.
        if os.path.isdir(f"{self.world.sterna.state}/{self.world.name}"):
            self.world.ask_state("UPDATE removal SET at_ms = at_ms - 86400000")

    def evening(self):
        mail, imap = self.world.mail, self.world.imap
        for box in {*self.ledger, *mail.mailboxes(), *imap.mailboxes()}:
            here = Counter(word_of(found.read()) for found in mail.messages(box))
            there = Counter(self.there(box).values()) if box in imap.mailboxes() else Counter()
            for side, found in (("here", here), ("there", there)):
                missing, surplus = self.ledger[box] - found, found - self.ledger[box]
                self.world.test.assertFalse(
                    missing or surplus, f"day {self.day}, seed {self.seed}, {box} {side}: "
                    f"missing {dict(missing)}, too many {dict(surplus)}")

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
            self.delete(found)

    def delete_on_the_phone(self):
        self.move_on_the_phone(8, "Trash")

    def empty_the_trash(self):
        self.ledger["Trash"].clear()
        for found in self.local("Trash"):
            self.world.mail.delete(found)

    def empty_the_trash_on_the_phone(self):
        self.ledger["Trash"].clear()
        uids = self.world.imap.uids("Trash")
        if uids:
            self.world.imap.expunge("Trash", uids)

    def clear_an_inbox_of_forty(self):
        missing = 40 - len(self.local())
        if missing > 0:
            self.arrive(missing)
            self.sync()
        for found in self.some(self.local(), 40):
            self.delete(found)

    def empty_a_full_trash_and_delete_a_thread(self):
        self.arrive(90, "Trash", "trash")
        self.arrive(12)
        self.sync()
        self.empty_the_trash()
        self.sync()
        self.delete_a_thread()
        self.sync()

    def archive_the_inbox(self):
        for found in self.local():
            self.move(found, "Archive")

    def archive_on_the_phone(self):
        self.move_on_the_phone(15, "Archive")

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
            new = self.word("Project ")
            self.ledger[new] = self.ledger.pop(names[0])
            self.world.mail.rename(names[0], new)
        else:
            self.write(self.word("Project "), self.word("plan"))

    def rename_a_folder_on_the_phone(self):
        names = [n for n in self.world.imap.mailboxes() if n.startswith("Project")]
        if names:
            new = self.word("Project ")
            self.ledger[new] = self.ledger.pop(names[0])
            self.world.imap.rename(names[0], new)

    def save_a_draft_five_times(self):
        word, path = self.word("draft"), None
        for turn in range(5):
            if path:
                os.unlink(path)
                self.note_move([word], "Drafts", "Trash")
            path = self.write("Drafts", word, "DS", "One more line.\n" * (turn + 1), turn)
            self.sync()
        os.unlink(path)
        self.note_move([word], "Drafts", "Trash")
        self.write("Sent", word, body="All of it.\n")

    def restart_in_the_middle(self):
        move = b"UID COPY" if "MOVE" in PROFILES[self.world.profile] else b"UID MOVE"
        pattern = (b"BODY", b"APPEND", move, b"UID STORE")[self.kills % 4]
        self.kills += 1
        self.arrive(15)
        self.sync()
        found = self.some(self.local(), 10)
        for one in found[:5]:
            self.world.mail.set_letters(one, "" if "F" in one.letters else "F")
        for one in found[5:]:
            self.move(one, "Archive")
        for _ in range(3):
            self.write("Sent", self.word("answer"))
        self.arrive(15)
        killed = []

        def watch(command):
            if pattern in command and not killed:
                killed.append(command)
                self.world.sterna.signal()
        self.world.mail.settle()
        self.world.wire.on_command = watch
        run = self.world.sterna.finish(self.world.sterna.start("sync"))
        self.world.wire.on_command = None
        self.world.test.assertEqual(run.code, -9, f"{pattern}: {run}")
        for _ in range(4):      # what is in doubt is looked for over a minute
            self.sync()
            self.world.pass_time(120)

    def a_new_folder_with_mail(self):
        self.world.mail.create(f"Keep/{self.day}")
        for found in self.some(self.local(), 3):
            self.move(found, f"Keep/{self.day}")

    def empty_a_folder_and_remove_it(self):
        names = [n for n in self.world.mail.mailboxes() if n.startswith("Keep/")]
        if names:
            for found in self.local(names[0]):
                self.move(found, "Archive", names[0])
            self.sync()
            self.world.mail.remove(names[0])

    def label_and_answer(self):
        self.world.mail.name_keyword("INBOX", "a", "later")
        for found in self.some(self.local(), 4):
            self.world.mail.add_letters(found, "RSa")
        self.write("Sent", self.word("answer"))

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
        self.empty_a_full_trash_and_delete_a_thread()
        agenda = []
        for self.day in range(self.days):
            self.sleep()
            if not agenda:
                agenda = self.dice.sample(everything, len(everything))
            self.morning_mail()
            self.sync()
            for _ in range(min(3, len(agenda))):
                agenda.pop()()
                self.sync()
            self.sync()
            self.evening()
            if self.day % 5 == 4:
                self.world.assert_in_step()


class OrdinaryDaysTest(IntegrationCase):
    def test_fifty_ordinary_days(self):
        self.live(self.world(), SEED)

    def test_other_days_with_mod_sequences_only(self):
        self.live(self.world("condstore"), SEED + 1, OTHER_DAYS)

    def test_other_days_without_uidplus_and_move(self):
        self.live(self.world("no-uidplus-no-move"), SEED + 2, OTHER_DAYS)

    def live(self, world, seed, days=DAYS):
        for mailbox in ("Archive", "Drafts", "Sent", "Junk", "Lists/dev"):
            world.imap.create(mailbox)
        world.fill("Archive", 60, "old", ["\\Seen"])
        life = Life(world, seed, days)
        life.ledger["Archive"].update(f"old{number}" for number in range(60))
        life.live()
        world.sync()
        world.assert_settled()


if __name__ == "__main__":
    unittest.main()
