# SPDX-License-Identifier: Apache-2.0
"""What the servers answer today is what was recorded; and the recorder tells wrong steps."""
import calendar
import difflib
import os
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

from tests.support.case import leave_out
from tests.transcripts import normal, player, record, servers


class ScenarioTest(unittest.TestCase):
    def test_a_step_that_is_none_is_an_error(self):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("C1 NOOP\n")
            file.flush()
            with self.assertRaises(ValueError):
                player.read_steps(file.name)

    def test_what_varies_is_named_by_its_order(self):
        step = player.Step("C1: NOOP", mailbox="inbox")
        step.answers = [b"* OK [UIDVALIDITY 1795] valid", b"* 1 FETCH (MODSEQ (90))",
                        b"* OK [HIGHESTMODSEQ 7] highest", b"* OK Still here",
                        b"* STATUS Work (UIDVALIDITY 12)",
                        b"tag OK NOOP completed (0.001 + 0.000 secs)."]
        normal.normalise([step], "ann1")
        self.assertEqual(step.answers, [
            "* OK [UIDVALIDITY v1] valid", "* 1 FETCH (MODSEQ (m2))",
            "* OK [HIGHESTMODSEQ m1] highest", "* STATUS Work (UIDVALIDITY v2)",
            "tag OK NOOP completed."])

    def test_a_day_below_ten_is_written_in_two_ways(self):
        dates = normal.dates_around(calendar.timegm((2026, 12, 1, 1, 0, 0)))
        for today in ("30-Nov-2026", " 1-Dec-2026", "01-Dec-2026", " 2-Dec-2026"):
            self.assertRegex(today, rf"\A(?:{dates})\Z")
        for other in ("11-Dec-2026", "29-Nov-2026", "31-Dec-2026", " 1-Jan-2026"):
            self.assertNotRegex(other, rf"\A(?:{dates})\Z")

    def test_each_scenario_was_recorded_from_each_server(self):
        for server in servers.SERVERS:
            files = os.listdir(f"{record.HERE}/recorded/{server}")
            usual = sorted(name for name in files if not name.endswith(".or.txt"))
            self.assertEqual(usual, [f"{name}.txt" for name in record.scenarios()], server)

    def test_a_transcript_has_the_steps_of_its_scenario(self):
        for server in servers.SERVERS:
            for name in record.scenarios():
                ours = player.read_steps(f"{record.HERE}/scenarios/{name}.txt")
                theirs = player.read_steps(record.recorded_path(server, name))
                self.assertEqual([step.text for step in ours], [step.text for step in theirs],
                                 f"{server}/{name}: record it again")


class RecordedTest:
    """For each server one class, so that each starts once."""

    kind = ""

    @classmethod
    def setUpClass(cls):
        server = servers.SERVERS[cls.kind]
        if not server.installed():
            leave_out(f"no {cls.kind}; scripts/other-servers unpacks it")
        cls.server = server().start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def test_it_answers_as_it_was_recorded(self):
        # Where each CREATE waits for a second, several scenarios wait at once.
        pool = ThreadPoolExecutor(8 if self.server.dated else 1)
        self.addCleanup(pool.shutdown)
        scenarios = record.scenarios()
        played = [pool.submit(record.transcript, self.server, name) for name in scenarios]
        for name, play in zip(scenarios, played):
            with self.subTest(name):
                known = record.recorded(self.kind, name)
                now = play.result()
                difference = "\n".join(difflib.unified_diff(
                    known[0].splitlines(), now.splitlines(), lineterm=""))
                self.assertIn(now, known, f"{self.kind}/{name}:\n{difference}")


class DovecotTest(RecordedTest, unittest.TestCase):
    kind = "dovecot"


class DovecotMaildirTest(RecordedTest, unittest.TestCase):
    kind = "dovecot-maildir"


class CyrusTest(RecordedTest, unittest.TestCase):
    kind = "cyrus"


class CourierTest(RecordedTest, unittest.TestCase):
    kind = "courier"


if __name__ == "__main__":
    unittest.main()
