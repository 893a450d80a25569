# SPDX-License-Identifier: Apache-2.0
"""A server that locks the account for what goes beyond so many MB a day: much is spread over days,
and what is little comes meanwhile."""
import re
import unittest

from tests.support.daemon import Daemon
from tests.support.messages import local, message
from tests.support.scripted import ScriptedServer, ScriptedWorld
from tests.support.sterna import PARTLY

MB = 1_000_000
WORDS = b"w" * 8000
REFUSAL = b" NO Account exceeded command or bandwidth limits. (Failure)"


class CountsTheDay(ScriptedServer):
    """Locks as Gmail does."""

    download_max = 20 * MB
    upload_max = 1 * MB

    def __init__(self):
        self.fetched = self.taken = 0
        self.refused = []
        super().__init__()

    def next_day(self):
        self.fetched = self.taken = 0

    def fetch_line(self, session, uid, items):
        line = super().fetch_line(session, uid, items)
        self.fetched += len(line)
        return line

    def hook(self, session, tag, text):
        self.taken += len(text) if text.startswith(b"APPEND") else 0
        if self.fetched <= self.download_max and self.taken <= self.upload_max:
            return False
        self.refused.append(text[:40])
        session.say(tag + REFUSAL)
        return True


class AllowanceTest(unittest.TestCase):
    def world(self, **keys):
        server = CountsTheDay()
        return server, ScriptedWorld(self, server, quirks={"download_mb_a_day": 20,
                                                           "upload_mb_a_day": 1}, **keys)

    @staticmethod
    def next_day(world):
        """For both: what was counted is a day older."""
        world.server.next_day()
        for key in ("fetched_by_hour", "sent_by_hour"):
            for (value,) in world.ask_state(f"SELECT value FROM fact WHERE key = '{key}'"):
                older = re.sub(r"(\d+):", lambda hour: f"{int(hour[1]) - 25}:", value)
                world.ask_state(f"UPDATE fact SET value = '{older}' WHERE key = '{key}'")

    @staticmethod
    def count(world, name="INBOX"):
        return len(world.mail.messages(name))

    @staticmethod
    def deliver(world, count):
        for i in range(count):
            world.mail.deliver("INBOX", local(message(f"m{i}", body="w" * 800 + "\n")))

    def assert_told(self, report, done):
        self.assertEqual(len(report["errors"]), 1, report["errors"])
        [error] = report["errors"]
        self.assertEqual(error["code"], "day_limit")
        self.assertRegex(error["message"], rf"of the \d+ MB .* are {done}; the rest follows from "
                         r"\d{4}-\d\d-\d\d \d\d:\d\d on")

    def test_a_large_account_comes_over_some_days(self):
        server, world = self.world()
        server.fill(3000, body=WORDS)
        server.fill(60, "small", body=WORDS)
        report = world.sync(expect=PARTLY)
        self.assert_told(report, "fetched")
        first = self.count(world)
        self.assertGreater(first, 1700)
        self.assertLess(first, 2000)
        newest = sorted(server.messages())[-first:]
        self.assertEqual({f"INBOX-{uid}" for uid in newest}, set(world.words()))

        # The next sync takes no more of it,
        self.assert_told(world.sync(expect=PARTLY), "fetched")
        self.assertEqual(self.count(world), first)
        # but what arrives, flags and what leaves here.
        server.fill(3)
        server.messages()[newest[0]][0].add(b"\\Flagged")
        self.deliver(world, 1)
        report = world.sync(expect=PARTLY)
        self.assertEqual((report["downloaded"], report["flags_in"], report["uploaded"]), (3, 1, 1))
        self.assertEqual(self.count(world), first + 4)

        self.next_day(world)
        world.sync()
        self.assertEqual(self.count(world), 3004)
        self.assertEqual(self.count(world, "small"), 60)
        self.assertEqual(server.refused, [])
        world.assert_settled()

    def test_what_is_sent_is_spread_as_well(self):
        server, world = self.world()
        world.sync()
        self.deliver(world, 1000)
        report = world.sync(expect=PARTLY)
        self.assert_told(report, "sent")
        self.assertEqual(report["uploaded"], len(server.messages()))
        self.assertGreater(report["uploaded"], 600)
        self.assertLess(report["uploaded"], 1000)
        self.assertEqual(world.sync(expect=PARTLY)["uploaded"], 0)
        self.assertEqual(world.ask_state("SELECT * FROM intent"), [])
        self.assertEqual(world.ask_state("SELECT * FROM failure"), [])
        self.next_day(world)
        world.sync()
        self.assertEqual(server.refused, [])
        world.assert_settled()

    def test_nothing_leaves_the_server_while_what_it_may_have_become_waits(self):
        server, world = self.world()
        server.fill(5)
        world.sync()
        self.deliver(world, 1000)
        world.sync(expect=PARTLY)
        world.mail.delete(world.mail.find("INBOX", b"INBOX-2@x"))
        world.sync(expect=PARTLY)
        self.assertIn(2, server.messages())
        self.next_day(world)
        world.sync()
        self.assertNotIn(2, server.messages())
        world.assert_settled()

    def test_nothing_leaves_the_maildir_while_what_it_may_have_become_waits(self):
        server, world = self.world()
        server.fill(3, "other")
        world.sync()
        server.fill(3000, "much", body=WORDS)
        world.sync(expect=PARTLY)
        del server.messages("other")[2]
        for _ in range(2):
            server.commands.clear()
            report = world.sync(expect=PARTLY)
            self.assert_told(report, "fetched")
            self.assertEqual(report["deleted_in"], 0)
            self.assertEqual(server.sent(rb'^SELECT "?much'), [], "it was listed again")
        self.assertEqual(self.count(world, "other"), 3)
        self.next_day(world)
        self.assertEqual(world.sync()["deleted_in"], 1)
        world.assert_settled()

    def test_large_messages_are_not_asked_for_beyond_it(self):
        server, world = self.world()
        server.fill(40, body=b"w" * MB)
        self.assert_told(world.sync(expect=PARTLY), "fetched")
        self.assertGreaterEqual(self.count(world), 15)
        self.assertLess(self.count(world), 20)
        self.assertEqual(server.refused, [])

    def test_what_arrives_in_an_empty_mailbox_or_a_new_one_comes_meanwhile(self):
        server, world = self.world()
        server.fill(1)
        world.sync()
        server.messages().clear()
        world.sync()
        server.fill(3000, "much", body=WORDS)
        world.sync(expect=PARTLY)
        server.fill(1)
        server.fill(50, "late")
        self.assert_told(world.sync(expect=PARTLY), "fetched")
        self.assertEqual(world.words(), ["INBOX-2"])
        self.assertEqual(set(world.words("late")), {f"late-{uid}" for uid in range(41, 51)})
        server.fill(2, "late")
        world.sync(expect=PARTLY)
        self.assertEqual(self.count(world, "late"), 12)
        self.next_day(world)
        world.sync()
        world.assert_settled()

    def test_the_daemon_goes_on_with_the_rest_of_the_account(self):
        server, world = self.world(poll_interval="1m")
        server.fill(3000, "much", body=WORDS)
        server.fill(1, "other")
        selected = rb'^SELECT "?%s'
        with Daemon(world.sterna) as daemon:
            daemon.wait(lambda: "lets through in a day" in str(daemon.accounts()["acc"]["error"]),
                        "word of the limit")
            daemon.wait_at_rest("acc")
            looks, looks_at_other = (len(server.sent(selected % name)) for name in
                                     (b"much", b"other"))
            # A round of polling asks for what is whole,
            server.fill(1, "other")
            daemon.wait(lambda: self.count(world, "other") == 2, "message", limit=60)
            self.assertGreater(len(server.sent(selected % b"other")), looks_at_other)
            self.assertEqual(len(server.sent(selected % b"much")), looks)
            # and for the rest where something is done there, or a person wants it.
            came = self.count(world, "much")
            world.mail.add_letters(world.mail.messages("much")[-1], "F")
            daemon.wait(lambda: any(rb"\Flagged" in flags
                                    for flags, _ in list(server.messages("much").values())),
                        "flag")
            server.fill(1, "much")
            world.sterna.run("sync", expect=PARTLY)
            self.assertEqual(self.count(world, "much"), came + 1)
        self.assertEqual(server.refused, [])


if __name__ == "__main__":
    unittest.main()
