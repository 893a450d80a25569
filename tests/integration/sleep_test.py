# SPDX-License-Identifier: Apache-2.0
"""A machine that sleeps: what a daemon does about its lines when it wakes."""
import signal
import unittest

from tests.support.case import IntegrationCase, need_steps, over
from tests.support.daemon import BootClock, Daemon
from tests.support.messages import NOON, message

BESIDE = ("Lists/a", "Lists/b")     # lines of their own where there is no NOTIFY
LINES = {"full": 1, "no-notify": 1 + len(BESIDE)}
# Five, and what a machine that runs other tests adds; that it is five, tests on virtual time show
# (tests/account/watching_test.cc).
REPLACED_S = 5 + 3
NOOP = rb"^NOOP$"


class SleepTest(IntegrationCase):
    def setUp(self):
        need_steps()

    def wakeful(self, world):
        """A daemon whose lines are all there, and the clock that lets it sleep."""
        for mailbox in BESIDE:
            world.imap.create(mailbox)
        clock = BootClock(world.dir)
        world.sterna.extra_environment.update(clock.environment)
        daemon = self.enterContext(Daemon(world.sterna))
        daemon.wait_in_step(world)
        daemon.wait(lambda: self.lines(world, daemon) == LINES[world.profile], "lines")
        world.wire.forget()
        return daemon, clock

    @staticmethod
    def lines(world, daemon):
        return daemon.accounts()[world.name]["connections"]

    @over(LINES, watch=["INBOX", "Lists/*"], poll_interval="1h")
    def test_each_line_is_asked_at_once_and_stays_if_it_answers(self, world):
        daemon, clock = self.wakeful(world)
        clock.jump()
        # A busy machine may notice it twice.
        daemon.wait(lambda: len(world.wire.sent(NOOP)) >= LINES[world.profile], "questions",
                    REPLACED_S)
        daemon.wait_in_step(world)
        self.assertEqual(world.wire.connections, 0)

    @over(LINES, watch=["INBOX", "Lists/*"], poll_interval="1h")
    def test_lines_that_were_cut_meanwhile_are_replaced(self, world):
        self.sleep_through(world, world.wire.cut_now, REPLACED_S)

    @over(LINES, watch=["INBOX", "Lists/*"], poll_interval="1h")
    def test_lines_that_died_unnoticed_are_replaced(self, world):
        self.sleep_through(world, world.wire.fall_silent, REPLACED_S)

    def sleep_through(self, world, event, limit):
        daemon, clock = self.wakeful(world)
        daemon.process.send_signal(signal.SIGSTOP)
        event()
        world.imap.append("INBOX", message("missed"), [], NOON)
        daemon.process.send_signal(signal.SIGCONT)
        clock.jump()
        daemon.wait(lambda: world.wire.connections >= LINES[world.profile], "new lines", limit)
        daemon.wait(lambda: "missed" in world.words_local("INBOX"), "what was missed", 10)
        daemon.wait_in_step(world)
        self.assertEqual(self.lines(world, daemon), LINES[world.profile])


if __name__ == "__main__":
    unittest.main()
