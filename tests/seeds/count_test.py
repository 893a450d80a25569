# SPDX-License-Identifier: Apache-2.0
import contextlib
import io
import os
import stat
import tempfile
import unittest

from tests.seeds import count


class CountTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.dir = directory.name
        self.path = f"{self.dir}/passed.json"

    def passed(self):
        return count.Passed(self.path)

    def program(self, body):
        path = f"{self.dir}/program"
        with open(path, "w", encoding="ascii") as out:
            out.write("#!/bin/bash\n" + body)
        os.chmod(path, stat.S_IRWXU)
        return path

    def test_runs_add_up_while_the_sources_stay(self):
        self.passed().add("one", "lives", 0, 1000, [], "day")
        self.passed().add("one", "lives", 1000, 1000, [], "day")
        self.passed().add("one", "close-ups", 2000, 1000, [2017], "day")
        self.assertEqual(self.passed().of("one", "lives"), (2000, []))
        self.assertEqual(self.passed().of("one", "close-ups"), (1000, [2017]))
        self.assertEqual(self.passed().of("other", "lives"), (0, []))
        self.assertEqual(len(self.passed().ranges), 2)

    def test_no_run_takes_seeds_that_another_had_whatever_the_sources_were(self):
        self.passed().add("one", "lives", 5000, 1000, [], "day")
        self.assertEqual(self.passed().next_first("lives"), 6000)
        self.assertEqual(self.passed().next_first("close-ups"), 0)

    def test_it_ends_when_enough_were_played_and_each_once(self):
        program = self.program(
            f'echo "$STERNA_SIM_FIRST $STERNA_SIM_SEEDS $1" >> {self.dir}/told\n')
        options = count.parse(["--until", "5000", "--jobs", "2", "--program", program])
        count.run(options, self.passed(), "one")
        self.assertEqual(self.passed().of("one", "lives"), (5000, []))
        with open(f"{self.dir}/told", encoding="ascii") as file:
            told = sorted(file.read().splitlines())
        self.assertEqual(told, [f"{n * 1000} 1000 --gtest_filter=Seeds/*" for n in range(5)])

    def test_a_seed_that_fails_is_kept(self):
        program = self.program('echo "replay: STERNA_SIM_SEED=17 sterna_simulation_test"\nexit 1\n')
        options = count.parse(["--until", "1000", "--jobs", "1", "--program", program])
        with contextlib.redirect_stdout(io.StringIO()) as out:
            count.run(options, self.passed(), "one")
            self.assertFalse(count.report(self.passed(), "one"))
        self.assertEqual(self.passed().of("one", "lives"), (1000, [17]))
        self.assertIn("1 failed: [17]", out.getvalue())

    def test_a_program_that_breaks_off_has_passed_nothing(self):
        for body in ("kill -9 $$\n", "exit 3\n"):
            options = count.parse(["--until", "1000", "--jobs", "1",
                                   "--program", self.program(body)])
            with self.assertRaises(RuntimeError):
                count.run(options, self.passed(), "one")
            self.assertEqual(self.passed().of("one", "lives"), (0, []))


if __name__ == "__main__":
    unittest.main()
