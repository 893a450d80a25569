# SPDX-License-Identifier: Apache-2.0
"""A fixed slice of scripts/power-loss, and whether its judge would see a flush that is left out."""
import os
import shutil
import tempfile
import unittest

from tests.integration.kill_rounds_test import PROFILES
from tests.powerloss import recorder, rounds
from tests.powerloss.round import setting_of
from tests.support.case import IntegrationCase
from tests.torture.tools import Sterna

SEED, SLICE = 1, range(1, 9)
# Which rounds miss it, if flushes of this kind do nothing; one of them is enough, since what runs
# at the same time is not the same each time.
MISSED = {"place": (20, 4, 17), "folder": (2, 16, 18)}


class PowerLossTest(IntegrationCase):
    def setUp(self):
        if not recorder.compiler():
            self.skipTest("needs a C compiler")
        self.dir = tempfile.mkdtemp(prefix="power-loss-")
        os.chmod(self.dir, 0o755)

    def tearDown(self):
        if os.path.isdir(self.dir) and not os.listdir(self.dir):      # else it is evidence
            os.rmdir(self.dir)

    def play(self, number, forget=""):
        return rounds.play((SEED, number, PROFILES, Sterna.has_steps(), self.dir, False, forget))

    def test_a_slice_without_violations(self):
        violated = []
        for number in SLICE:
            outcome = self.play(number)
            if outcome.violations:
                violated.append(f"{outcome.setting}: {outcome.violations}\n{outcome.kept}")
        self.assertEqual(violated, [])

    def test_a_flush_that_is_left_out_is_found(self):
        for kind, numbers in MISSED.items():
            with self.subTest(kind):
                outcomes = (self.play(number, kind) for number in numbers)
                outcome = next((one for one in outcomes if one.violations), None)
                self.assertIsNotNone(outcome)
                self.assertNotIn("harness", {found for found, _ in outcome.violations},
                                 outcome.violations)
                shutil.rmtree(outcome.kept)

    def test_a_round_follows_from_its_number(self):
        for number in range(1, 60):
            one, other = (str(vars(setting_of(7, number, PROFILES, True))) for _ in range(2))
            self.assertEqual(one, other)


if __name__ == "__main__":
    unittest.main()
