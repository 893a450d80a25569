# SPDX-License-Identifier: Apache-2.0
"""The same days with extensions taken away one by one: every kind of change, both ways."""
import unittest

from tests.support.case import IntegrationCase, over
from tests.support.dovecot import ONE_BY_ONE, PROFILES
from tests.support.messages import NOON, local, message
from tests.support.sterna import HELD

# Taken away together, because servers like that exist.
TOGETHER = ("plain", "bare", "condstore")


class Tour(IntegrationCase):
    def tour(self, world):
        self.first_sync(world)
        for change in (self.server_changes, self.local_changes, self.both_change):
            change(world)
            report = world.sync()
            self.assertEqual(report["quarantined"], 0)
            world.sync()
            world.assert_in_step()
        world.assert_quiet()
        self.assertEqual(world.words_on_server("Work"), self.work)
        self.assertEqual(world.words_on_server("INBOX"), self.inbox)
        self.assertEqual(world.imap.mailboxes(),
                         ["INBOX", "Made/anew", "Made/elsewhere", "Trash", "Work"])

    def first_sync(self, world):
        self.uids = world.fill("INBOX", 24, flags=["\\Seen"])
        world.fill("Work", 4, "w")
        for name in ("Brief", "Short"):
            world.imap.create(name)
        report = world.sync()
        self.assertEqual(report["downloaded"], 28)
        world.assert_settled()

    def server_changes(self, world):
        world.fill("INBOX", 3, "theirs")
        world.imap.store("INBOX", self.uids[0], "+", ["\\Flagged", "work"])
        world.imap.store("INBOX", self.uids[1], "-", ["\\Seen"])
        world.imap.move("INBOX", self.uids[2:4], "Work")
        world.imap.expunge("INBOX", self.uids[4])
        world.fill("Made/there", 2, "t")
        world.imap.delete("Brief")

    def local_changes(self, world):
        mail = world.mail
        mail.deliver("INBOX", local(message("ours")), "FS", NOON)
        mail.deliver("Made/here", local(message("ours2")), None, NOON)
        mail.set_letters(mail.find("INBOX", "<m5@"), "RS")
        mail.name_keyword("INBOX", "z", "zeal")
        mail.add_letters(mail.find("INBOX", "<m6@"), "z")
        mail.move(mail.find("INBOX", "<m7@"), "Work")
        mail.move(mail.find("INBOX", "<m8@"), "Work", base="1.R8.mutt")
        mail.delete(mail.find("INBOX", "<m9@"))
        mail.rename("Made/there", "Made/anew")
        mail.remove("Short")

    def both_change(self, world):
        mail = world.mail
        world.imap.store("INBOX", self.uids[10], "+", ["\\Flagged"])
        mail.set_letters(mail.find("INBOX", "<m10@"), "R")
        world.imap.move("INBOX", self.uids[11], "Work")
        mail.add_letters(mail.find("INBOX", "<m11@"), "F")
        world.imap.expunge("INBOX", self.uids[12])
        mail.delete(mail.find("INBOX", "<m12@"))
        world.imap.append("INBOX", message("both"), ["\\Seen"], NOON)
        mail.deliver("INBOX", local(message("both")), "S", NOON)
        world.imap.rename("Made/here", "Made/elsewhere")

        gone = {2, 3, 4, 7, 8, 9, 11, 12}
        self.inbox = sorted([f"m{n}" for n in range(24) if n not in gone]
                            + ["theirs0", "theirs1", "theirs2", "ours", "both"])
        self.work = sorted(["w0", "w1", "w2", "w3", "m2", "m3", "m7", "m8", "m11"])


class TourTest(Tour):
    @over([*ONE_BY_ONE, *TOGETHER])
    def test_every_kind_of_change_in_both_directions(self, world):
        self.tour(world)

    def test_every_kind_of_change_in_both_directions_through_tls(self):
        for transport in ("tls", "starttls"):
            with self.subTest(transport):
                self.tour(self.world(transport=transport))


class TidyTest(IntegrationCase):
    @over(PROFILES)
    def test_only_what_is_offered_is_used_for_a_few_hundred_messages(self, world):
        world.fill("INBOX", 150)
        for number in range(100):
            world.mail.deliver("INBOX", local(message(f"n{number}")), "S", NOON + number)
        world.sync()
        self.assertEqual(len(world.imap.uids("INBOX")), 250)
        world.assert_settled()

    def test_what_is_offered_is_used(self):
        world = self.world()
        world.fill("INBOX", 20)
        world.fill("Trash", 1, "t")
        world.sync()
        uids = world.imap.uids("INBOX")
        world.imap.expunge("INBOX", uids[0])
        for number in range(20):
            world.mail.deliver("INBOX", local(message(f"n{number}")), "S", NOON + number)
        world.mail.delete(world.mail.find("INBOX", "<m3@"))
        world.mail.delete(world.mail.find("Trash", "<t0@"))
        world.wire.forget()
        world.sync()
        for pattern in (rb"^ENABLE .*QRESYNC", rb"QRESYNC \(", rb"RETURN \(.*STATUS",
                        rb"RETURN \(.*CHILDREN", rb"RETURN \(.*SPECIAL-USE", rb"^UID MOVE",
                        rb"^UID EXPUNGE", rb"^AUTHENTICATE PLAIN \S"):
            self.assertTrue(world.wire.sent(pattern), pattern)
        self.assertLessEqual(len(world.wire.sent(rb"^APPEND")), 2)      # MULTIAPPEND
        version = world.sterna.run("--version").stdout.split()[1].encode()
        self.assertEqual(world.wire.sent(rb"^ID"),
                         [b'ID ("name" "Sterna" "version" "%s")' % version])

    def test_a_mailbox_is_left_before_it_goes(self):
        world = self.world()
        world.fill("Full", 3)
        world.sync()
        world.mail.remove("Full")
        world.sync(expect=HELD)
        world.wire.forget()
        world.sterna.run("held", "apply", "acc/Full")
        self.assertNotIn("Full", world.imap.mailboxes())
        self.assertEqual(world.wire.sent(rb"^(UNSELECT|DELETE|EXAMINE)"),
                         [b"UNSELECT", b'DELETE "Full"'])


if __name__ == "__main__":
    unittest.main()
