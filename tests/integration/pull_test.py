# SPDX-License-Identifier: Apache-2.0
"""What is on the server arrives in the Maildir: once, whole, dated, in the right place."""
import os
import re
import threading
import unittest

from tests.support.case import IntegrationCase, over
from tests.support.dovecot import MAIN_PROFILES
from tests.support.maildir import digest_tree
from tests.support.messages import DAY, NOON, local, message
from tests.support.scripted import ScriptedServer, ScriptedWorld


class PullTest(IntegrationCase):
    @over(MAIN_PROFILES)
    def test_first_sync_brings_everything(self, world):
        world.fill("INBOX", 5, "inbox")
        world.fill("Archive/2025", 3, "old", ["\\Seen", "\\Answered"])
        world.fill("Lists/開発", 2, "list", ["\\Flagged", "work", "$Forwarded"])
        report = world.sync()
        self.assertEqual(report["downloaded"], 10)
        self.assertEqual(report["bodies_fetched"], 10)
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_new_messages_arrive_later(self, world):
        world.fill("INBOX", 3)
        world.sync()
        world.fill("INBOX", 4, "later")
        report = world.sync()
        self.assertEqual((report["downloaded"], report["bodies_fetched"]), (4, 4))
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_a_message_replaced_by_another_is_noticed_although_the_count_is_the_same(self, world):
        uids = world.fill("INBOX", 3)
        world.sync()
        world.imap.expunge("INBOX", uids[0])
        world.fill("INBOX", 1, "other")
        world.sync()
        self.assertEqual(world.words_local("INBOX"), ["m1", "m2", "other0"])
        world.assert_settled()

    def test_every_transport_carries_the_same(self):
        for transport in ("tls", "starttls", "direct"):
            with self.subTest(transport):
                world = self.world(transport=transport)
                world.fill("INBOX", 20)
                world.sync()
                world.assert_settled()

    def test_a_certificate_for_an_address_is_accepted_for_that_address(self):
        world = self.world(transport="tls", host="127.0.0.1")
        world.fill("INBOX", 2)
        world.sync()
        world.assert_in_step()

    def test_compression_carries_the_same(self):
        world = self.world(transport="direct", compress="yes")
        world.fill("INBOX", 20)
        world.imap.append("INBOX", message("zip", "all the same\n" * 20000), [], NOON)
        world.sync()
        world.assert_settled()
        world.mail.deliver("INBOX", local(message("up", "there and back\n" * 20000)), "S", NOON)
        world.sync()
        world.assert_settled()

    def test_one_connection_is_enough(self):
        world = self.world(connections=1)
        for mailbox in ("INBOX", "A", "B", "C"):
            world.fill(mailbox, 4, mailbox.lower())
        world.sync()
        world.assert_settled()

    def test_unflagged_messages_go_to_new_and_others_to_cur(self):
        world = self.world()
        world.imap.append("INBOX", message("plain"), [], NOON)
        world.imap.append("INBOX", message("seen"), ["\\Seen"], NOON)
        world.imap.append("INBOX", message("tagged"), ["work"], NOON)
        world.sync()
        places = {word: world.mail.find("INBOX", f"<{word}@").place
                  for word in ("plain", "seen", "tagged")}
        self.assertEqual(places, {"plain": "new", "seen": "cur", "tagged": "cur"})

    def test_the_date_of_arrival_is_the_time_of_the_file(self):
        world = self.world()
        dates = [86400, 1_000_000_000, NOON - 400 * DAY, NOON]
        for number, date in enumerate(dates):
            world.imap.append("INBOX", message(f"d{number}"), [], date)
        world.sync()
        self.assertEqual([world.mail.find("INBOX", f"<d{n}@").mtime for n in range(4)], dates)

    def test_names_of_files_are_those_of_a_maildir(self):
        world = self.world()
        world.fill("INBOX", 3, flags=["\\Seen", "\\Answered"])
        world.sync()
        for found in world.mail.messages("INBOX"):
            self.assertRegex(found.name, r"^[!-.0-9;-~]{1,200}:2,RS$")

    def test_several_thousand_bytes_above_the_streaming_size(self):
        world = self.world()
        for size in (255 << 10, 256 << 10, 257 << 10, 1 << 20, 9 << 20):
            body = ("0123456789abcde\n" * (size // 16 + 1))[:size]
            world.imap.append("INBOX", message(f"s{size}", body + "\n"), [], NOON)
        world.sync()
        world.assert_settled()

    def test_accounts_are_synced_beside_one_another(self):
        first = self.world(name="ann")
        second = self.world(name="bob", sterna=first.sterna)
        first.fill("INBOX", 3, "a")
        second.fill("INBOX", 4, "b")
        reports = first.sterna.sync()
        self.assertEqual({n: r["downloaded"] for n, r in reports.items()}, {"ann": 3, "bob": 4})
        first.assert_in_step()
        second.assert_in_step()

    def test_each_account_goes_on_while_the_other_waits_for_its_server(self):
        both = threading.Barrier(2, timeout=30)

        class Waiting(ScriptedServer):
            def on_select(self, session, tag, text):
                both.wait()
                super().on_select(session, tag, text)

        servers = Waiting(), Waiting()
        for server in servers:
            server.fill(1)
            self.addCleanup(server.close)
        world = ScriptedWorld(self, servers[0])
        world.sterna.add_account("other", user="u", password="p", maildir=f"{world.dir}/other",
                                 host="127.0.0.1", port=servers[1].port, tls={"mode": "none"})
        reports = world.sterna.sync()
        self.assertEqual([r["downloaded"] for r in reports.values()], [1, 1])

    def test_a_target_limits_the_sync(self):
        first = self.world(name="ann")
        second = self.world(name="bob", sterna=first.sterna)
        first.fill("INBOX", 1, "a")
        first.fill("Work", 1, "w")
        second.fill("INBOX", 1, "b")
        first.sterna.run("sync", "ann/Work")
        self.assertEqual(first.words_local("Work"), ["w0"])
        self.assertEqual(first.words_local("INBOX"), [])
        first.sterna.run("sync", "ann")
        first.assert_in_step()
        self.assertEqual(second.mail.mailboxes(), [])

    def test_nothing_is_left_behind_in_the_maildir(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.sync()
        names = {os.path.basename(path) for path in digest_tree(world.mail.root)}
        self.assertIn(".sterna", names)
        allowed = {".sterna", "INBOX", "Trash", "cur", "new", "tmp", "dovecot-keywords"}
        strangers = {n for n in names - allowed
                     if n not in {m.name for m in world.mail.messages("INBOX")}}
        self.assertEqual(strangers, set())


class OrderTest(IntegrationCase):
    """What a first pull brings first."""

    COUNTS = {"Alpha": 3, "INBOX": 200, "Zebra": 5, "Between": 150}

    def fetched(self, **keys):
        """(mailbox, first UID, last UID) of each command that asks for bodies."""
        world = self.world(**keys)
        for box, count in self.COUNTS.items():
            if box != "INBOX":
                world.imap.create(box)
            world.imap.append_many(box, [(message(f"{box}{n}"), [], NOON + n)
                                         for n in range(count)])
        world.sync()
        world.assert_in_step()
        selected, found = None, []
        for command in world.wire.commands:
            if (select := re.match(rb'SELECT "([^"]*)"', command)):
                selected = select[1].decode()
            elif (fetch := re.match(rb"UID FETCH (\d+):(\d+) .*BODY\.PEEK\[\]", command)):
                found.append((selected, int(fetch[1]), int(fetch[2])))
        return found

    def test_inbox_comes_first_and_then_small_mailboxes(self):
        order = [box for box, _, _ in self.fetched(connections=1)]
        self.assertEqual(list(dict.fromkeys(order)), ["INBOX", "Alpha", "Zebra", "Between"])

    def test_inbox_comes_first_over_several_connections_too(self):
        self.COUNTS = {**self.COUNTS, "Between": 300}     # enough for a second one
        self.assertEqual(self.fetched(connections=4)[0][0], "INBOX")

    def test_the_newest_messages_come_first(self):
        fetched = self.fetched(connections=1)
        for mailbox in ("INBOX", "Between"):
            windows = [(first, last) for box, first, last in fetched if box == mailbox]
            self.assertGreater(len(windows), 2)
            self.assertEqual(windows, sorted(windows, reverse=True))
            self.assertEqual((windows[0][1], windows[-1][0]), (self.COUNTS[mailbox], 1))


class PullOnlyTest(IntegrationCase):
    def test_direction_pull_sends_nothing_and_remembers_nothing(self):
        world = self.world(direction="pull")
        world.fill("INBOX", 3)
        world.sync()
        gone = world.mail.find("INBOX", "<m0@")
        world.mail.delete(gone)
        world.mail.add_letters(world.mail.find("INBOX", "<m1@"), "F")
        world.mail.deliver("INBOX", local(message("mine")), "S", NOON)
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1", "m2"])
        self.assertEqual({f for m in world.imap.fetch_all("INBOX") for f in m.flags}, set())
        world.sterna.set(world.name, direction="both")
        world.sync()
        self.assertEqual(len(world.words_on_server("INBOX")), 3)
        self.assertIn("m0", world.words_on_server("INBOX"))

    def test_direction_push_changes_nothing_locally(self):
        world = self.world()
        world.fill("INBOX", 2)
        world.sync()
        world.sterna.set(world.name, direction="push")
        world.fill("INBOX", 2, "unwanted")
        world.mail.deliver("INBOX", local(message("mine")), "S", NOON)
        world.sync()
        self.assertEqual(world.words_local("INBOX"), ["m0", "m1", "mine"])
        self.assertIn("mine", world.words_on_server("INBOX"))


if __name__ == "__main__":
    unittest.main()
