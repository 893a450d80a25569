# SPDX-License-Identifier: Apache-2.0
"""The line is cut at a chosen moment, or a reply is lost; the next syncs put all in step, and no
message is lost or doubled."""
import random
import threading
import time
import unittest

from tests.support.broken import CUT, BrokenCase
from tests.support.case import over, trade
from tests.support.dovecot import MAIN_PROFILES
from tests.support.messages import NOON, local, message
from tests.support.sterna import NETWORK, PARTLY


class CutTest(BrokenCase):
    PLACES = (rb"^LIST", rb"^SELECT|^EXAMINE", rb"FETCH .*BODY", rb"^APPEND", rb"^UID STORE",
              rb"^UID (MOVE|COPY)", rb"^ENABLE", rb"^LOGOUT")

    def test_a_line_cut_before_a_command(self):
        for place in self.PLACES:
            world = self.world()
            self.busy(world, place)
            world.wire.cut_before(place)
            world.sync(expect=CUT)
        self.assert_converged()

    def test_a_lost_reply(self):
        for profile in MAIN_PROFILES:
            for place in (rb"^APPEND", rb"^UID STORE", rb"^UID (MOVE|COPY)"):
                world = self.world(profile)
                self.busy(world, (profile, place))
                world.wire.lose_reply(place)
                world.sync(expect=CUT)
            world = self.world(profile, local_delete="expunge")
            self.busy(world, (profile, "EXPUNGE"), trash=())
            world.wire.lose_reply(rb"EXPUNGE")
            world.sync(expect=CUT)
        self.assert_converged()

    def test_two_lost_replies_to_an_upload_of_twins(self):
        world = self.world("no-multiappend", connections=1)
        world.sync()
        for _ in range(2):
            world.mail.deliver("INBOX", local(message("twin")), "S", NOON)
        world.wire.lose_reply(rb"^APPEND")
        sent = []
        asking = threading.Lock()   # the line may be cut while the wire's thread still asks

        def only_the_first(command):
            if not command.startswith(b"APPEND"):
                return
            with asking:
                sent.append(command)
                if len(sent) != 2:
                    return
                # The server reads nothing more of a line that is cut.
                while not world.words_on_server("INBOX"):
                    time.sleep(0.05)
                world.wire.cut_before(rb"^APPEND")
        world.wire.on_command = only_the_first
        world.sync(expect=CUT)
        world.wire.on_command = None
        with asking:
            self.assertEqual(world.words_on_server("INBOX"), ["twin"])
        world.ask_state("UPDATE intent SET looks = 3")
        world.wire.lose_reply(rb"^APPEND")
        world.sync(expect=CUT)
        self.expect(world, "twins", {"INBOX": ["twin", "twin"]})
        self.assert_converged()

    @over(MAIN_PROFILES)
    def test_a_download_cut_at_any_byte(self, world):
        world.fill("INBOX", 40)
        world.imap.append("INBOX", message("large", "words and words\n" * 40000), [], NOON)
        dice = random.Random(7)
        for _ in range(6):
            world.wire.cut_download_after(dice.randrange(200, 300_000))
            world.sync(expect=CUT, may_miss=True)
        world.sync()
        self.assertEqual(len(world.words_local("INBOX")), 41)
        world.assert_settled()

    def test_a_rename_of_a_mailbox_whose_reply_is_lost(self):
        world = self.world()
        world.fill("Old", 4)
        world.sync()
        world.mail.rename("Old", "New")
        world.wire.lose_reply(rb"^RENAME")
        world.sync(expect=CUT)
        for _ in range(2):
            world.sync()
        self.assertEqual(world.words_on_server("New"), ["m0", "m1", "m2", "m3"])
        self.assertNotIn("Old", world.imap.mailboxes())
        world.assert_settled()

    def test_a_trade_of_names_that_is_cut_anywhere(self):
        for profile in ("full", "bare"):
            for place in (rb'^RENAME "A" ', rb'^RENAME "B" "A"', rb'^RENAME \S+ "B"'):
                for how in ("cut_before", "lose_reply"):
                    with self.subTest(profile=profile, place=place, how=how):
                        self.trade(self.world(profile), place, how)

    def trade(self, world, place, how):
        world.fill("A", 3, "a")
        world.fill("A/sub", 1, "asub")
        world.fill("B", 2, "b")
        world.sync()
        validity = world.imap.status("A")["UIDVALIDITY"]
        trade(world.mail)
        world.fill("A", 1, "late")
        getattr(world.wire, how)(place)
        world.sync(expect=(PARTLY, NETWORK))
        for _ in range(2):
            report = world.sync()
        self.assertEqual(world.imap.mailboxes(), ["A", "B", "B/sub", "INBOX", "Trash"])
        self.assertEqual(world.words_on_server("A"), ["b0", "b1"])
        self.assertEqual(world.words_on_server("B"), ["a0", "a1", "a2", "late0"])
        self.assertEqual(world.words_on_server("B/sub"), ["asub0"])
        self.assertEqual(world.imap.status("B")["UIDVALIDITY"], validity)
        self.assertEqual(report["uploaded"], 0)
        world.assert_settled()

    def test_a_rename_whose_reply_is_lost_and_mail_that_came_since(self):
        world = self.world()
        world.fill("Old", 4)
        world.fill("Old/sub", 1, "s")
        world.sync()
        world.mail.rename("Old", "New")
        world.wire.lose_reply(rb"^RENAME")
        world.sync(expect=CUT)
        world.fill("New", 1, "late")
        report = world.sync()
        self.assertEqual((report["downloaded"], report["uploaded"], report["held"]), (1, 0, 0))
        self.assertEqual(world.words_local("New"), ["late0", "m0", "m1", "m2", "m3"])
        world.sync()
        world.assert_settled()

    def test_a_mailbox_made_or_deleted_whose_reply_is_lost(self):
        for place in (rb"^CREATE", rb"^DELETE"):
            world = self.world()
            world.imap.create("Gone")
            world.sync()
            # In this order: directories that get the numbers of others look like them, renamed.
            world.mail.deliver("Made", local(message("mine")), "S", NOON)
            world.mail.remove("Gone")
            world.wire.lose_reply(place)
            world.sync(expect=CUT)
            for _ in range(3):
                world.sync()
            self.assertEqual(world.imap.mailboxes(), ["INBOX", "Made", "Trash"])
            self.assertEqual(world.words_on_server("Made"), ["mine"])
            world.assert_settled()

    def test_a_server_that_goes_away_and_returns(self):
        world = self.world(transport="direct")
        world.fill("INBOX", 3)
        world.sync()
        world.imap.close()
        world.server.pause()
        self.addCleanup(world.server.resume)
        run = world.sterna.run("sync", expect=NETWORK)
        self.assertIn(world.name, run.stderr)
        world.server.resume()
        world.reconnect()
        world.assert_quiet()


if __name__ == "__main__":
    unittest.main()
