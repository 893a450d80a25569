# SPDX-License-Identifier: Apache-2.0
"""A server that asks to be left alone for a while: what it says is what is waited, by all
connections of the account and whoever comes next, and said; what was done stays done, and the rest
comes then.
"""
import contextlib
import datetime
import os
import re
import time
import unittest

from tests.support.daemon import Daemon
from tests.support.messages import NOON, local, message
from tests.support.scripted import ScriptedServer, ScriptedWorld
from tests.support.sterna import DONE, HELD, LOGIN, NETWORK, PARTLY
from tests.support.throttling import (HINT, WAIT_MS, AmidChanges, FiveMinutes, Idling,
                                      ThrottledMessage, Throttling)

NAME = "acc"


class AtLogin(Throttling):
    pattern, answer = b"AUTHENTICATE", b"BAD " + HINT % WAIT_MS


class AmidFetch(ScriptedServer):
    """Gives two bodies, and no more that day."""

    busy = True

    def on_uid_fetch(self, session, tag, text):
        if not self.busy or b"BODY.PEEK[]" not in text:
            super().on_uid_fetch(session, tag, text)
            return
        for uid in self.uids(session, text.split(b" ")[2])[:2]:
            session.say(self.fetch_line(session, uid, text))
        session.say(tag + b" NO Account exceeded command or bandwidth limits. (Failure)")


class Bye(Throttling):
    pattern, answer = b"LIST", b"BYE Down for maintenance, try again in 3 seconds"


def seconds_of(text):
    """Since the epoch, of a time as JSON has it: with milliseconds, unless there are none."""
    return int(datetime.datetime.fromisoformat(text).timestamp())


def life_of(daemon):
    """As the daemon itself knows it, without a look at the disk."""
    with daemon.connect() as control:
        return control.ask("status")["accounts"][0]["life"]


class SyncTest(unittest.TestCase):
    def assert_told(self, world, *words):
        world.server.busy = True
        connections = world.server.connections
        run = world.sterna.run("sync", expect=NETWORK)
        for word in (NAME, *words):
            self.assertIn(word, run.stderr)
        self.assertEqual(world.server.connections, connections + 1, "it knocked again")
        world.server.busy = False

    def test_it_ends_as_where_there_is_no_network(self):
        for server, words in ((AtLogin(), ("login", "3000 milliseconds")),
                              (Bye(), ("closes the connection", "maintenance"))):
            with self.subTest(type(server).__name__):
                server.fill(3)
                world = ScriptedWorld(self, server)
                world.sync()
                self.assert_told(world, *words)
                world.sterna.run("resume", NAME)
                server.fill(2)
                self.assertEqual(world.sync()["downloaded"], 2)


    def test_what_came_before_stays_and_the_rest_comes_then(self):
        server = AmidFetch()
        server.fill(30)
        world = ScriptedWorld(self, server)
        run = world.sterna.run("sync", expect=(PARTLY, NETWORK))
        self.assertIn("bandwidth limits", run.stderr)
        self.assertEqual(len(server.sent(rb"BODY\.PEEK\[\]")), 1, "it asked for more")
        self.assertEqual(len(world.mail.messages("INBOX")), 2)
        server.busy = False
        world.sterna.run("resume", NAME)
        self.assertEqual(world.sync()["downloaded"], 28)
        world.assert_settled()

    def assert_left_alone(self, world, commands_max):
        """A sync that is refused: no more than what was on its way, one line, nothing parked."""
        server = world.server
        server.busy = True
        world.mail.settle()
        run = world.sterna.run("sync", expect=(PARTLY, NETWORK))
        self.assertLessEqual(len(server.sent(server.pattern)), commands_max, "it asked for more")
        self.assertEqual(run.stderr.count("milliseconds"), 1, run.stderr)
        self.assertEqual(world.ask_state("SELECT * FROM failure"), [])
        server.busy = False
        world.sterna.run("resume", NAME)
        world.sync()
        world.assert_settled()

    def test_uploads_stop(self):
        world = ScriptedWorld(self, AmidChanges(b"APPEND"))
        world.sync()
        for number in range(60):
            world.mail.deliver("INBOX", local(message(f"mine{number}")), "S", NOON)
        self.assert_left_alone(world, 2 + 16)  # so many are on their way at a time
        self.assertEqual(len(world.server.messages()), 60)

    def test_flags_stop(self):
        server = AmidChanges(b"UID STORE")
        server.fill(20)
        world = ScriptedWorld(self, server)
        world.sync()
        for number, mail in enumerate(world.mail.messages("INBOX")):
            world.mail.set_letters(mail, ("F", "S", "R", "FS")[number % 4])
        self.assert_left_alone(world, 4)  # as many as there are kinds of changes
        self.assertEqual(sum(b"\\Seen" in flags for flags, _ in server.messages().values()), 10)

    def test_removals_and_moves_stop(self):
        for pattern in (b"UID EXPUNGE", b"UID MOVE"):
            with self.subTest(pattern):
                server = AmidChanges(pattern)
                server.taken = 0
                server.fill(4)
                server.make("Other")
                server.make("Third")
                world = ScriptedWorld(self, server)
                world.sync()
                mails = world.mail.messages("INBOX")
                world.mail.delete(mails[0])
                for mail, target in zip(mails[1:3], ("Other", "Third")):
                    world.mail.move(mail, target)
                self.assert_left_alone(world, 1)

    def test_a_mark_that_could_not_be_taken_back_is_not_forgotten(self):
        """The message was marked, its EXPUNGE refused, and its file comes back meanwhile."""
        server = AmidChanges(b"UID EXPUNGE")
        server.taken = 0
        server.fill(3)
        world = ScriptedWorld(self, server, local_delete="expunge")
        world.sync()
        mail = world.mail.messages("INBOX")[0]
        aside = f"{world.dir}/aside"
        os.rename(mail.path, aside)
        world.mail.settle()
        server.busy = True
        world.sterna.run("sync", expect=(PARTLY, NETWORK))
        self.assertEqual(sum(rb"\Deleted" in flags for flags, _ in server.messages().values()), 1)
        os.rename(aside, mail.path)
        server.busy = False
        world.sterna.run("resume", NAME)
        for _ in range(3):
            world.sync()
        self.assertEqual(len(server.messages()), 3)
        self.assertEqual([flags for flags, _ in server.messages().values()
                          if rb"\Deleted" in flags], [])
        self.assertEqual([m.letters for m in world.mail.messages("INBOX") if "T" in m.letters], [])
        world.assert_settled()

    def test_who_hangs_up_behind_it_is_left_alone_all_the_same(self):
        class HangsUp(AmidChanges):
            def hook(self, session, tag, text):
                refused = super().hook(session, tag, text)
                if refused:
                    session.end()
                return refused

        world = ScriptedWorld(self, HangsUp(b"APPEND"))
        world.sync()
        for number in range(3):
            world.mail.deliver("INBOX", local(message(f"mine{number}")), "S", NOON)
        self.assert_left_alone(world, 3)

    def test_one_message_that_is_refused_so_stops_no_other(self):
        server = ThrottledMessage()
        server.fill(6)
        world = ScriptedWorld(self, server)
        run = world.sterna.run("sync", expect=PARTLY)
        self.assertIn("Server Unavailable", run.stderr)
        self.assertEqual(len(world.mail.messages("INBOX")), 5)
        server.refused = False
        world.ask_state("UPDATE failure SET next_try_ms = 0")
        self.assertEqual(world.sync()["downloaded"], 1)
        world.assert_settled()


class Waiting(unittest.TestCase):
    """What is written of a wait."""

    @staticmethod
    def file(world):
        return f"{world.sterna.state}/{NAME}/wait"

    def written(self, world):
        with open(self.file(world), encoding="utf-8") as file:
            until, said = file.read().splitlines()
        return int(until), said

    def write(self, world, content):
        with open(self.file(world), "w", encoding="utf-8") as file:
            file.write(content)

    def hold(self, world):
        """80 deletions that wait for a decision."""
        world.sync()
        for mail in world.mail.messages("INBOX")[:80]:
            world.mail.delete(mail)
        world.sync(expect=HELD)

    def assert_forgotten(self, world):
        self.assertFalse(os.path.exists(self.file(world)))


class NextSyncTest(Waiting):
    def told(self, server=None):
        """A world whose server has just said that it is busy, and is so no more."""
        server = server or FiveMinutes()
        server.fill(3)
        world = ScriptedWorld(self, server)
        server.busy = True
        world.sterna.run("sync", expect=NETWORK)
        server.busy = False
        return world

    def assert_does_not_knock(self, world, *options):
        """It says when to come again, and what ends the wait."""
        before = self.written(world)
        connections = world.server.connections
        run = world.sterna.run("sync", *options, expect=NETWORK)
        self.assertEqual(world.server.connections, connections, "it knocked")
        self.assertEqual(self.written(world), before, "the wait became another one")
        left, at = re.search(r"again in (\d+) seconds, at \S+ (\d\d:\d\d)", run.stderr).groups()
        self.assertGreater(int(left), 200)
        self.assertLessEqual(int(left), 300)
        self.assertEqual(at, time.strftime("%H:%M", time.localtime(before[0] // 1000)))
        self.assertIn("Busy, try again in 5 minutes", run.stderr)
        self.assertIn(f"sterna resume {NAME}", run.stderr)

    def assert_knocks(self, world):
        self.assertEqual(world.sync()["downloaded"], 3)
        self.assert_forgotten(world)

    def test_it_does_not_knock_before_the_time(self):
        began = time.time() * 1000
        world = self.told()
        until, said = self.written(world)
        self.assertGreaterEqual(until, int(began) + 300_000)
        self.assertLessEqual(until, time.time() * 1000 + 300_000)
        self.assertIn("Busy, try again in 5 minutes", said)
        self.assert_does_not_knock(world)
        self.assert_does_not_knock(world)
        self.assert_does_not_knock(world, "--dry-run")
        self.assert_does_not_knock(world, f"{NAME}/INBOX")

    def test_it_does_so_after_the_time(self):
        world = self.told()
        self.write(world, f"{int(time.time() * 1000) - 1}\nBusy\n")
        self.assert_knocks(world)

    def test_the_wait_is_as_long_as_the_server_said(self):
        world = self.told(AtLogin())
        while world.sterna.run("sync", expect=(DONE, NETWORK)).code != DONE:
            self.assertEqual(world.server.connections, 1, "it knocked")
            time.sleep(0.2)
        first, second = world.server.knocks[:2]
        self.assertGreaterEqual(second - first, WAIT_MS / 1000)
        self.assertEqual(len(world.mail.messages("INBOX")), 3)
        self.assert_forgotten(world)

    def test_a_resume_by_name_ends_it(self):
        world = self.told()
        talkative = ("--no-input", "-v")
        run = world.sterna.run("resume", options=talkative)
        self.assertIn(f"{NAME}: left alone until", run.stdout)
        self.assert_does_not_knock(world)
        run = world.sterna.run("resume", NAME, options=talkative)
        self.assertIn(f"{NAME}: goes on", run.stdout)
        self.assert_forgotten(world)
        self.assert_knocks(world)

    def test_the_status_says_so(self):
        world = self.told()
        until, _ = self.written(world)
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(until // 1000))
        text = world.sterna.run("status").stdout
        self.assertIn(f"{NAME}: left alone until {at}", text)
        self.assertIn(f"sterna resume {NAME}", text)
        (account,) = world.sterna.command_json("status")["accounts"]
        self.assertEqual(account["state"], "stopped")
        self.assertEqual(seconds_of(account["next_try"]), until // 1000)
        world.sterna.run("resume", NAME)
        (account,) = world.sterna.command_json("status")["accounts"]
        self.assertNotIn("next_try", account)

    def test_a_check_says_so_and_knocks(self):
        world = self.told()
        connections = world.server.connections
        before = self.written(world)
        (account,) = world.sterna.command_json("check")["accounts"]
        checks = {line["what"]: line for line in account["checks"]}
        self.assertEqual(checks["wait"]["status"], "warning")
        self.assertIn("Busy, try again in 5 minutes", checks["wait"]["detail"])
        self.assertIn(f"sterna resume {NAME}", checks["wait"]["hint"])
        self.assertEqual(checks["login"]["status"], "ok")
        self.assertEqual(world.server.connections, connections + 1)
        self.assertEqual(self.written(world), before)
        world.sterna.run("resume", NAME)
        (account,) = world.sterna.command_json("check")["accounts"]
        self.assertNotIn("wait", [line["what"] for line in account["checks"]])

    def test_a_sync_that_ended_otherwise_does_not(self):
        world = self.told()
        until, _ = self.written(world)
        self.write(world, f"{until - 300_000}\nBusy\n")
        world.sterna.set(NAME, password=None, password_command="false")
        world.sterna.run("sync", expect=LOGIN)
        self.assertEqual(self.written(world), (until - 300_000, "Busy"))

    def test_what_no_server_can_have_said_keeps_nobody_waiting(self):
        for content, words in ((f"{int(time.time() * 1000) + 2 * 3_600_000}\nBusy\n", ""),
                               ("tomorrow\n", "holds no time"), ("", "holds no time")):
            with self.subTest(content):
                world = self.told()
                self.write(world, content)
                run = world.sterna.run("sync")
                self.assertIn(words, run.stderr)
                self.assertEqual(len(world.mail.messages("INBOX")), 3)
                self.assert_forgotten(world)

    def test_a_dry_run_leaves_no_word(self):
        server = FiveMinutes()
        world = ScriptedWorld(self, server)
        world.sync()
        server.busy = True
        world.sterna.run("sync", "--dry-run", expect=NETWORK)
        self.assert_forgotten(world)


class DaemonTest(Waiting):
    def live(self, server):
        server.fill(3)
        world = ScriptedWorld(self, server)
        daemon = self.enterContext(Daemon(world.sterna))
        daemon.wait(lambda: len(world.mail.messages("INBOX")) == 3, "three messages")
        return world, daemon

    def assert_waits(self, world, daemon, *words):
        """Told at the first knock; nobody knocks again before the time that was named."""
        server = world.server
        server.busy = True
        server.cut_all()
        world.mail.deliver("INBOX", local(message("mine")), "S", NOON)
        daemon.wait_for_state(NAME, "backoff")
        told = server.knocks[-1]
        account = world.sterna.command_json("status")["accounts"][0]
        for word in words:
            self.assertIn(word, str(account))
        daemon.wait(lambda: server.knocks[-1] > told, "another knock")
        self.assertGreaterEqual(server.knocks[-1] - told, WAIT_MS / 1000)
        server.busy = False
        server.fill(2)
        daemon.wait(lambda: len(server.messages()) == 6, "what was written here")
        daemon.wait(lambda: len(world.mail.messages("INBOX")) == 6, "what came there")

    def kill_while_it_waits(self, server):
        """Told, killed, and started again; with who had knocked before that."""
        world, daemon = self.live(server)
        server.busy = True
        server.cut_all()
        world.mail.deliver("INBOX", local(message("mine")), "S", NOON)
        daemon.wait_for_state(NAME, "backoff")
        daemon.process.kill()
        daemon.process.wait()
        knocks = list(server.knocks)
        server.busy = False
        os.unlink(daemon.socket)
        daemon.start()
        return world, daemon, knocks

    def test_it_does_not_knock_when_it_is_started_again(self):
        server = FiveMinutes()
        world, daemon, knocks = self.kill_while_it_waits(server)
        daemon.wait_for_state(NAME, "backoff")
        account = daemon.accounts()[NAME]
        self.assertRegex(account["error"], r"again in \d+ seconds, at \S+ \d\d:\d\d")
        self.assertIsNotNone(account["next_try"])
        time.sleep(1)
        self.assertEqual(server.knocks, knocks, "it knocked")

        # A person may, and is told as ever.
        server.busy = True
        run = world.sterna.run("sync", expect=NETWORK)
        self.assertEqual(len(server.knocks), len(knocks) + 1)
        self.assertIn("try again in 5 minutes", run.stderr)
        server.busy = False
        world.sterna.run("resume", NAME)
        daemon.wait(lambda: len(server.messages()) == 4, "what was written here")
        daemon.wait_at_rest(NAME)
        self.assert_forgotten(world)

    def test_what_is_held_is_known_though_it_may_not_begin(self):
        server = FiveMinutes()
        server.fill(100)
        world = ScriptedWorld(self, server)
        self.hold(world)
        self.write(world, f"{int(time.time() * 1000) + 300_000}\nBusy\n")
        knocks = list(server.knocks)
        with Daemon(world.sterna) as daemon:
            daemon.wait_for_state(NAME, "backoff")
            self.assertEqual(life_of(daemon)["held"], 80)
        self.assertEqual(server.knocks, knocks, "it knocked")

    def test_it_knocks_again_when_what_is_left_is_over(self):
        server = AtLogin()
        world, daemon, knocks = self.kill_while_it_waits(server)
        daemon.wait(lambda: len(server.messages()) == 4, "what was written here")
        after = server.knocks[len(knocks)]
        self.assertGreaterEqual(after - knocks[-1], WAIT_MS / 1000)
        daemon.wait_at_rest(NAME)
        self.assert_forgotten(world)

    def test_it_waits_as_told_at_its_login(self):
        world, daemon = self.live(AtLogin())
        self.assert_waits(world, daemon, "3000 milliseconds")

    def test_a_bye_that_says_so_is_no_line_that_was_cut(self):
        world, daemon = self.live(Bye())
        self.assert_waits(world, daemon, "maintenance")


class IdleTest(Waiting):
    """The server says so to a line that listens, while nobody syncs."""

    TEN_MINUTES = b"Down for maintenance, try again in 10 minutes"

    def live(self, count=3, **keys):
        server = Idling()
        server.fill(count)
        server.make("Other")
        world = ScriptedWorld(self, server, **keys)
        if count == 100:
            self.hold(world)
        daemon = self.enterContext(Daemon(world.sterna))
        daemon.wait(lambda: server.idlers(b"INBOX"), "a line that listens")
        return world, daemon

    def assert_told(self, world, daemon, mailbox):
        server = world.server
        daemon.wait(lambda: server.idlers(mailbox), "a line that listens")
        knocks = list(server.knocks)
        began = time.time()
        server.say_bye(mailbox, self.TEN_MINUTES)
        daemon.wait_for_state(NAME, "backoff")
        account = daemon.accounts()[NAME]
        self.assertIn("try again in 10 minutes", account["error"])
        self.assertGreaterEqual(seconds_of(account["next_try"]), int(began) + 600)
        self.assertIsNone(account["push_by"])
        until, said = self.written(world)
        self.assertGreaterEqual(until, int(began * 1000) + 600_000)
        self.assertIn("try again in 10 minutes", said)
        world.mail.deliver("INBOX", local(message("mine")), "S", NOON)
        time.sleep(1.5)
        self.assertEqual(server.knocks, knocks, "it knocked")
        world.sterna.run("resume", NAME)
        daemon.wait(lambda: len(server.messages()) == 4, "what was written here")
        daemon.wait_at_rest(NAME)
        self.assert_forgotten(world)

    def test_the_main_line_is_told(self):
        self.assert_told(*self.live(), b"INBOX")

    def test_a_line_beside_is_told_for_all(self):
        world, daemon = self.live(watch=["INBOX", "Other"])
        self.assert_told(world, daemon, b"Other")
        daemon.wait(lambda: world.server.idlers(b"Other"), "a line beside, anew")

    def test_it_comes_back_after_the_time(self):
        world, daemon = self.live()
        told = time.monotonic()
        knocks = len(world.server.knocks)
        world.server.say_bye(b"INBOX", b"Down for maintenance, try again in 3 seconds")
        daemon.wait(lambda: len(world.server.knocks) > knocks, "another knock")
        self.assertGreaterEqual(world.server.knocks[knocks] - told, WAIT_MS / 1000)
        daemon.wait_at_rest(NAME)
        self.assert_forgotten(world)

    def test_a_bye_that_names_no_reason_to_wait_is_a_line_that_was_lost(self):
        world, daemon = self.live(watch=["INBOX", "Other"])
        for mailbox in (b"INBOX", b"Other"):
            daemon.wait(lambda name=mailbox: world.server.idlers(name), "a line that listens")
            knocks = len(world.server.knocks)
            world.server.say_bye(mailbox, b"Good night")
            daemon.wait(lambda: len(world.server.knocks) > knocks, "another knock")
            daemon.wait(lambda name=mailbox: world.server.idlers(name), "a line that listens")
            self.assert_forgotten(world)

    def test_what_is_held_stays_known_while_it_waits(self):
        world, daemon = self.live(count=100)
        daemon.wait(lambda: life_of(daemon)["held"] == 80, "80 that are held")
        world.server.say_bye(b"INBOX", self.TEN_MINUTES)
        daemon.wait_for_state(NAME, "backoff")
        # A pause that ends lets it look, and what the server said stands.
        world.sterna.run("pause")
        daemon.wait_for_state(NAME, "paused")
        syncs = life_of(daemon)["counters"]["syncs"]
        knocks = len(world.server.knocks)
        world.sterna.run("resume")
        daemon.wait(lambda: life_of(daemon)["counters"]["syncs"] > syncs, "a sync")
        daemon.wait_for_state(NAME, "backoff")
        self.assertEqual(life_of(daemon)["held"], 80)
        self.assertEqual(len(world.server.knocks), knocks, "it knocked")


if __name__ == "__main__":
    unittest.main()
