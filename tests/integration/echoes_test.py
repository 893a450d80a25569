# SPDX-License-Identifier: Apache-2.0
"""What a daemon changed on the server is told to it: it looks, and that is all there is to it."""
import time

from tests.integration.hooks_test import HooksCase
from tests.support.daemon import Daemon
from tests.support.messages import NOON, local, message


class DaemonCase(HooksCase):
    @staticmethod
    def hooks(world):
        with open(f"{world.dir}/before", encoding="utf-8") as file:
            return len(file.readlines())

    def counters(self, daemon):
        with daemon.connect() as control:
            (account,) = control.ask("status")["accounts"]
        return account["life"]["counters"]

    def come_to_rest(self, daemon):
        """How many syncs there were, when for a second none was added."""
        seen = [None, 0]

        def rests():
            now = self.counters(daemon)["syncs"]
            if now != seen[0]:
                seen[:] = [now, time.monotonic()]
            return time.monotonic() > seen[1] + 1
        daemon.wait(rests, "rest")
        return seen[0]


class EchoesTest(DaemonCase):
    TRIES = 4

    def setUp(self):
        world = self.marked = self.world(poll_interval="1h")
        world.fill("INBOX", self.TRIES + 1)
        world.fill("Sent", 1)
        world.sync()
        self.hooked(world, before_sync=f"date >> {world.dir}/before")

    def read(self, number):
        self.marked.mail.set_letters(self.marked.mail.find("INBOX", f"m{number}"), "S")

    def send(self, number):
        self.marked.mail.deliver("Sent", local(message(f"sent{number}")), "S", NOON)

    def assert_one_hook(self, daemon, deed):
        syncs, hooks = self.come_to_rest(daemon), self.hooks(self.marked)
        deed(0)
        daemon.wait(lambda: self.counters(daemon)["syncs"] > syncs, "sync")
        self.come_to_rest(daemon)
        self.assertEqual(self.hooks(self.marked), hooks + 1, daemon.said())

    def test_no_hook_runs_for_them(self):
        with Daemon(self.marked.sterna) as daemon:
            daemon.wait_in_step(self.marked)
            self.assert_one_hook(daemon, self.read)
            self.assert_one_hook(daemon, self.send)

    def test_what_comes_behind_them_comes_at_once(self):
        world = self.marked
        waits = []
        with Daemon(world.sterna) as daemon:
            daemon.wait_in_step(world)
            for number in range(self.TRIES):
                syncs = self.come_to_rest(daemon)
                self.read(number)
                # The change, and the look at what the server made of it.
                daemon.wait(lambda n=syncs: self.counters(daemon)["syncs"] >= n + 2, "two syncs")
                world.imap.append("INBOX", message(f"new{number}"), [], NOON)
                began = time.monotonic()
                daemon.wait(lambda n=number: f"new{n}" in world.words_local("INBOX"), "message")
                waits.append(time.monotonic() - began)
        self.assertLess(min(waits), 0.6, waits)


class SomeMailboxesTest(DaemonCase):
    def test_what_a_sync_of_one_mailbox_writes_causes_no_other(self):
        world = self.world("no-notify", poll_interval="1h")
        world.fill("INBOX", 1)
        world.fill("Sent", 1)
        world.sync()
        self.hooked(world, before_sync=f"date >> {world.dir}/before")
        with Daemon(world.sterna) as daemon:
            daemon.wait_in_step(world)
            syncs = self.come_to_rest(daemon)
            hooks = self.hooks(world)
            world.fill("Sent", 2, "more")
            self.assertEqual(world.sync("acc/Sent")["downloaded"], 2)
            self.assertEqual(self.come_to_rest(daemon), syncs + 1, daemon.said())
            self.assertEqual(self.hooks(world), hooks)
            # And what others write then is still theirs.
            world.mail.set_letters(world.mail.find("Sent", "more0"), "S")
            daemon.wait_in_step(world, 5)
            self.assertGreater(self.hooks(world), hooks)
