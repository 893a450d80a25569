# SPDX-License-Identifier: Apache-2.0
"""A fixed slice of scripts/kill-rounds, and whether its judge would see a synchronizer that loses
or doubles a message."""
import os
import shutil
import tempfile
import unittest

from tests.torture import rounds
from tests.torture.round import Round, Setting, setting_of
from tests.torture.tools import Sterna

SEED, SLICE = 1, range(1, 13)
PROFILES = rounds.DEFAULT_PROFILES.split(",")


class Careless(Sterna):
    """Sterna, with a bug: what it has done to one message once it is let alone."""

    def wait(self):
        ran = super().wait()
        if ran.code == 0 and not os.path.exists(f"{self.place.dir}/spoilt"):
            directory = f"{self.place.maildir}/INBOX/cur"
            self.spoil(directory, f"{directory}/{sorted(os.listdir(directory))[0]}")
            with open(f"{self.place.dir}/spoilt", "w", encoding="ascii"):
                pass
        return ran

    def spoil(self, directory, path):
        raise NotImplementedError


class Loser(Careless):
    def spoil(self, directory, path):
        os.unlink(path)


class Doubler(Careless):
    def spoil(self, directory, path):
        shutil.copy2(path, f"{directory}/1.copy.testhost:2,S")


class KillRoundsTest(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="kill-rounds-")
        os.chmod(self.dir, 0o755)

    def tearDown(self):
        if os.path.isdir(self.dir) and not os.listdir(self.dir):      # else it is evidence
            os.rmdir(self.dir)

    def test_a_slice_without_violations(self):
        violated = []
        with_steps = Sterna.has_steps()
        for number in SLICE:
            outcome = rounds.play((SEED, number, "sterna", PROFILES, with_steps, self.dir, False))
            if outcome.violations:
                violated.append(f"{outcome.setting}: {outcome.violations}\n{outcome.kept}")
        self.assertEqual(violated, [])

    def test_the_program_has_its_steps_where_they_were_asked_for(self):
        asked = os.environ.get("STERNA_WITH_STEPS")
        if asked:      # not by hand
            self.assertEqual(Sterna.has_steps(), asked == "ON")

    def test_a_synchronizer_that_loses_or_doubles_is_found(self):
        for careless, kinds in ((Loser, {"lost", "missing", "misplaced"}), (Doubler, {"doubled"})):
            with self.subTest(careless.__name__):
                setting = Setting(SEED, 1, "sterna", "full", blows=[])
                place = f"{self.dir}/{careless.__name__}"
                outcome = Round(setting, careless, place).play()
                shutil.rmtree(place)
                self.assertTrue(outcome.violations)
                self.assertLessEqual({kind for kind, _ in outcome.violations}, kinds)

    def test_a_round_follows_from_its_number(self):
        for number in range(1, 60):
            one, other = (str(vars(setting_of(7, number, Sterna, PROFILES, True)))
                          for _ in range(2))
            self.assertEqual(one, other)


if __name__ == "__main__":
    unittest.main()
