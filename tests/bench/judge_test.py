# SPDX-License-Identifier: Apache-2.0
"""The judge of the benchmarks, judged: nothing passes that was not measured."""
import unittest
from collections import Counter

from tests.bench.changes import differing
from tests.bench.report import GROUPS, SCENARIOS, TARGETS, Report

SIZES = {"core": "10,000", "big": "50,000"}


def run(scenario, tool, wall=1.0, rss_kb=10 * 1024, rc=0, disagreement=""):
    return {"scenario": scenario, "tool": tool, "wall": wall, "rss_kb": rss_kb, "rc": rc,
            "disagreement": disagreement}


def good_runs():
    """Everything measured, Sterna fast enough everywhere."""
    walls = {"sterna": 0.4, "mbsync": 1.0, "bare": 0.3}
    return [run(s, tool, wall) for s in SCENARIOS for tool, wall in walls.items()]


def without(scenario, tool):
    return [r for r in good_runs() if (r["scenario"], r["tool"]) != (scenario, tool)]


class JudgeTest(unittest.TestCase):
    def verdict(self, report, scenario, against):
        (found,) = [v for target, _, v in report.verdicts()
                    if (target.scenario, target.against) == (scenario, against)]
        return found

    def assert_not_measured(self, runs, scenario, against):
        report = Report(runs, SIZES)
        self.assertEqual(self.verdict(report, scenario, against), "not measured")
        self.assertFalse(report.passed())
        self.assertRegex(report.markdown(), rf"\| {scenario}, .*\| not measured \|")

    def test_every_target_belongs_to_a_group(self):
        measured = [s for scenarios in GROUPS.values() for s in scenarios]
        self.assertEqual(sorted(measured), sorted(SCENARIOS))
        self.assertLessEqual({t.scenario for t in TARGETS}, set(measured))

    def test_a_run_that_is_fast_enough_everywhere_passes(self):
        report = Report(good_runs(), SIZES)
        self.assertEqual(len(list(report.verdicts())), len(TARGETS))
        self.assertTrue(report.passed())

    def test_nothing_measured_is_nothing_passed(self):
        self.assertFalse(Report([], SIZES).passed())

    def test_a_missing_peer_is_not_measured(self):
        runs = [r for r in good_runs() if r["tool"] != "mbsync"]
        self.assert_not_measured(runs, "S1", "mbsync")

    def test_a_missing_figure_is_not_measured(self):
        self.assert_not_measured(without("S6", "bare"), "S6", "bare")
        self.assert_not_measured(without("S9a", "sterna"), "S9a", "MiB")

    def test_a_peer_that_failed_once_or_ended_out_of_step_is_not_measured(self):
        for trouble in ({"rc": 1}, {"disagreement": "1 only local"}):
            runs = good_runs() + [run("S3", "mbsync", 9.0, **trouble)]
            self.assert_not_measured(runs, "S3", "mbsync")

    def test_what_was_left_out_on_purpose_is_not_missed(self):
        core = [r for r in good_runs() if r["scenario"] in GROUPS["core"]
                and r["tool"] != "mbsync"]
        report = Report(core, SIZES, tools=("sterna",), groups=("core",))
        self.assertTrue(report.passed())
        self.assertEqual({t.against for t, _, _ in report.verdicts()}, {"bare", "MiB"})

    def test_a_target_that_is_missed_fails(self):
        report = Report(without("S1", "sterna") + [run("S1", "sterna", 0.6)], SIZES)
        self.assertEqual(self.verdict(report, "S1", "mbsync"), "FAIL")
        self.assertFalse(report.passed())

    def test_sterna_that_failed_anywhere_fails(self):
        for scenario in ("S1", "S8a"):
            runs = good_runs() + [run(scenario, "sterna", 0.1, disagreement="1 flags")]
            self.assertFalse(Report(runs, SIZES).passed(), scenario)

    def test_memory_is_that_of_the_greediest_run(self):
        runs = good_runs() + [run("S9a", "sterna", 0.4), run("S9a", "sterna", 0.4, 25 * 1024)]
        report = Report(runs, SIZES)
        self.assertEqual(self.verdict(report, "S9a", "MiB"), "FAIL")

    def test_a_quick_run_is_not_judged(self):
        report = Report([run("S1", "sterna", 9.0), run("S1", "mbsync", 1.0)], SIZES, quick=True)
        self.assertEqual(list(report.verdicts()), [])
        self.assertTrue(report.passed())
        self.assertIn("not judged", report.markdown())


class DifferingTest(unittest.TestCase):
    def differing(self, far, near):
        found = differing(Counter(far), Counter(near))
        return tuple(found[kind] for kind in ("only on the server", "only local", "flags"))

    def test_equal_sides(self):
        self.assertEqual(self.differing([("a", "S"), ("b", "")], [("b", ""), ("a", "S")]),
                         (0, 0, 0))

    def test_a_doubled_message(self):
        self.assertEqual(self.differing([("a", "S"), ("a", "S")], [("a", "S")]), (1, 0, 0))
        self.assertEqual(self.differing([("a", "S")], [("a", "S"), ("a", "S")]), (0, 1, 0))

    def test_other_flags(self):
        self.assertEqual(self.differing([("a", "S"), ("b", "")], [("a", ""), ("b", "")]),
                         (0, 0, 1))

    def test_a_missing_message_and_other_flags(self):
        self.assertEqual(self.differing([("a", "S"), ("b", "F")], [("b", ""), ("c", "")]),
                         (1, 1, 1))


if __name__ == "__main__":
    unittest.main()
