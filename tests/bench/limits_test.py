# SPDX-License-Identifier: Apache-2.0
"""The limits of the daemon, and their judge: what is missed is said, and the run fails."""
import contextlib
import io
import unittest

from tests.bench.idle import unexplained
from tests.bench.limits import (SETTLING_MAX_MS, Judge, latency_limits, p95, quiet_ms,
                                settling_ms)


class LimitsTest(unittest.TestCase):
    def test_they_follow_what_is_configured(self):
        limits = latency_limits(50)
        self.assertLessEqual(settling_ms(), SETTLING_MAX_MS)
        self.assertEqual(limits["server to file"], 70)
        self.assertEqual(limits["flag out"], settling_ms() + 70)
        self.assertEqual(limits["move out"], settling_ms() + 170)
        self.assertEqual(limits["deletion out"], quiet_ms() + limits["move out"])

    def test_p95(self):
        self.assertEqual(p95([7]), 7)
        self.assertEqual(p95(range(1, 21)), 19)
        self.assertEqual(p95(range(1, 201)), 190)


class JudgeTest(unittest.TestCase):
    def said(self, judge, *figures, **named):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            judge.times("flag out", *figures, **named)
        return out.getvalue()

    def test_what_is_met_is_good(self):
        judge = Judge()
        self.assertIn("170 ms   met", self.said(judge, [100] * 19 + [900], 170))
        self.assertTrue(judge.good)

    def test_one_that_is_missed_fails_all(self):
        judge = Judge()
        self.assertIn("NOT MET", self.said(judge, [100] * 18 + [900] * 2, 170))
        self.said(judge, [1], 170)
        self.assertFalse(judge.good)

    def test_a_claim_that_does_not_hold_fails(self):
        judge = Judge()
        with contextlib.redirect_stdout(io.StringIO()):
            judge.claim("in step", True)
            self.assertTrue(judge.good)
            judge.claim("nothing leaked", False)
        self.assertFalse(judge.good)

    def test_what_has_no_limit_is_not_judged(self):
        judge = Judge()
        self.assertNotIn("limit", self.said(judge, [9000]))
        self.assertTrue(judge.good)


class WakeUpsTest(unittest.TestCase):
    def test_one_beside_which_no_line_was_used_has_no_explanation(self):
        wakes = [(10, 3), (20, 2), (30, 1)]
        self.assertEqual(unexplained(wakes, [9.5, 30.2]), 2)
        self.assertEqual(unexplained(wakes, []), 6)


if __name__ == "__main__":
    unittest.main()
