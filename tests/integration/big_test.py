# SPDX-License-Identifier: Apache-2.0
"""Much mail and large mail, in bounded memory."""
import os
import subprocess
import unittest

from tests.support.case import IntegrationCase
from tests.support.messages import NOON, local, message

MANY = int(os.environ.get("STERNA_MANY", "20000"))
FEWER = min(MANY, 20000) // 4       # on the ways that are slower
LARGE_BYTES = 100 << 20
PEAK_MB_MAX = 64        # of a debug build; tests/bench holds the release to its own figure


def peak_mb(sterna):
    """Runs one sync; its peak resident memory, by the kernel's own high-water mark. (What wait4
    reports would count this process too, whose memory the child shares until it execs.)"""
    process = sterna.start("sync", options=("--no-input",))
    peak = 0
    while process.poll() is None:
        try:
            with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
                peak = max([peak] + [int(line.split()[1]) for line in file
                                     if line.startswith("VmHWM")])
            process.wait(0.02)
        except (OSError, subprocess.TimeoutExpired):
            pass
    run = sterna.finish(process)
    if run.code != 0:
        raise AssertionError(str(run))
    return peak / 1024


class LargeMessageTest(IntegrationCase):
    def large(self, word):
        line = "0123456789abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789\n"
        return message(word, line * (LARGE_BYTES // len(line)))

    def assert_small(self, peak):
        if not os.environ.get("STERNA_SANITIZED"):      # sanitizers keep what is freed
            self.assertLess(peak, PEAK_MB_MAX)

    def test_a_hundred_megabytes_come_down(self):
        world = self.world(transport="direct")
        world.imap.append("INBOX", self.large("large"), [], NOON)
        world.fill("INBOX", 3)
        self.assert_small(peak_mb(world.sterna))
        world.assert_settled()

    def test_a_hundred_megabytes_go_up(self):
        world = self.world(transport="tls")
        world.mail.deliver("INBOX", local(self.large("large")), "S", NOON)
        world.mail.deliver("INBOX", local(message("small")), "S", NOON)
        self.assert_small(peak_mb(world.sterna))
        world.assert_settled()

    def test_the_large_one_is_cut_off_half_way(self):
        world = self.world()
        world.imap.append("INBOX", self.large("large"), [], NOON)
        world.wire.cut_download_after(50 << 20)
        world.sync(expect=(3, 5))
        self.assertEqual(world.words_local("INBOX"), [])
        world.sync()
        world.assert_settled()


class ManyMessagesTest(IntegrationCase):
    def test_many_messages_come_down_change_and_stay_in_step(self):
        world = self.world(transport="direct")
        world.imap.append_many("INBOX", ((message(f"n{n}"), ["\\Seen"] if n % 3 else [], NOON + n)
                                         for n in range(MANY)))
        report = world.sync(timeout=900)
        self.assertEqual(report["downloaded"], MANY)
        world.assert_in_step()
        report = world.sync()
        self.assertEqual((report["bodies_fetched"], report["flags_in"]), (0, 0))
        self.assertLess(report["bytes_in"], 20_000)
        uids = world.imap.uids("INBOX")
        world.imap.store("INBOX", uids[::100], "+", ["\\Flagged"])
        world.imap.expunge("INBOX", uids[50:90])
        for found in world.mail.messages("INBOX")[::200]:
            world.mail.add_letters(found, "R")
        report = world.sync()
        self.assertLess(report["bytes_in"], 200_000)
        world.sync()
        world.assert_in_step()

    def test_many_messages_by_the_plain_path(self):
        world = self.world("plain", transport="direct")
        count = FEWER
        world.imap.append_many("INBOX", ((message(f"n{n}"), [], NOON + n) for n in range(count)))
        world.sync(timeout=900)
        uids = world.imap.uids("INBOX")
        world.imap.store("INBOX", uids[::50], "+", ["\\Flagged"])
        world.imap.expunge("INBOX", uids[5:25])
        world.sync()
        world.assert_settled()

    def test_many_files_go_up(self):
        world = self.world(transport="direct")
        count = FEWER
        for number in range(count):
            world.mail.deliver("INBOX", local(message(f"n{number}")), "S" if number % 3 else "",
                               NOON + number)
        report = world.sync(timeout=900)
        self.assertEqual((report["uploaded"], report["downloaded"]), (count, 0))
        world.assert_settled()

    def test_many_mailboxes(self):
        world = self.world(transport="direct")
        for number in range(200):
            world.fill(f"Box {number // 20:02}/{number:03}", 1, f"b{number}x")
        world.sync()
        world.assert_settled()


if __name__ == "__main__":
    unittest.main()
