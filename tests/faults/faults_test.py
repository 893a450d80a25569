# SPDX-License-Identifier: Apache-2.0
"""The records fit the tree, each rule has one, the page has them all, and the search counts
rightly."""
import os
import re
import stat
import tempfile
import unittest
from types import SimpleNamespace

from tests.faults import bite, records, results, scratch, search, table
from tests.faults.records import BadRecord, Fault

ROOT = bite.PROJECT

# Seeds that fail, and one that kills the process, as the program of the simulation tells them.
PROGRAM = """#!/usr/bin/env python3
import os, sys
if "--gtest_filter=-Seeds/*" in sys.argv:
    print("[  FAILED  ] Stage.Falls (3 ms)")
    sys.exit(1)
one = os.environ.get("STERNA_SIM_SEED")
first = int(one or os.environ["STERNA_SIM_FIRST"])
count = 1 if one else int(os.environ["STERNA_SIM_SEEDS"])
failed = False
for seed in range(first, first + count):
    if seed in {deadly}:
        print("assertion failed: alive", flush=True)
        os.abort()
    if seed in {failing}:
        failed = True
        print(f"  local: something\\nWRONG t{{seed}}: lost\\nWRONG more")
        print(f"replay: STERNA_SIM_SEED={{seed}} sterna_simulation_test")
sys.exit(failed)
"""


class TreeTest(unittest.TestCase):
    """What rots when sources change."""

    def setUp(self):
        self.faults = records.load()

    def test_every_fault_can_be_put_in_and_every_rule_has_one(self):
        self.assertEqual(records.wrong(ROOT, self.faults), [])

    def test_the_rules_have_the_names_of_the_page(self):
        self.assertEqual(sorted(records.titles(ROOT)), list(records.RULES))

    def test_the_page_has_every_fault_and_no_other(self):
        with open(os.path.join(ROOT, table.PAGE), encoding="utf-8") as file:
            told = re.findall(r"^\| `([a-z0-9-]+)`<br>", file.read(), flags=re.M)
        self.assertEqual(sorted(told), sorted(fault.name for fault in self.faults),
                         "run scripts/bite --table")

    def test_no_fault_is_the_same_as_another(self):
        changes = [(fault.file, fault.find, fault.replace) for fault in self.faults]
        self.assertEqual(len(changes), len(set(changes)))


def fault(**more):
    return Fault(**{"name": "one", "rules": (1,), "removes": "it", "file": "src/sync/a.cc",
                    "find": "x", "replace": "y", **more})


class RecordTest(unittest.TestCase):
    def load(self, text):
        with tempfile.TemporaryDirectory() as directory:
            with open(f"{directory}/some.toml", "w", encoding="utf-8") as file:
                file.write(text)
            return records.load(directory)

    def test_a_text_is_replaced_where_it_is_once(self):
        self.assertEqual(fault().apply("a x b"), "a y b")
        for text in ("nothing", "x and x"):
            with self.assertRaises(BadRecord):
                fault().apply(text)

    def test_a_record_says_all_that_is_needed(self):
        good = ("[[fault]]\nname = 'a-b'\nrules = [3]\nremoves = 'r'\nfile = 'src/sync/a.cc'\n"
                "find = 'x'\nreplace = ''\n")
        self.assertEqual(self.load(good)[0].rules, (3,))
        for bad in (good.replace("name = 'a-b'\n", ""), good.replace("a-b", "A B"),
                    good.replace("[3]", "[26]"), good.replace("find = 'x'", "find = ' '"),
                    good.replace("src/", "tests/"), good + "more = 1\n", good + good):
            with self.subTest(bad), self.assertRaises(BadRecord):
                self.load(bad)

    def test_a_tree_without_the_text_is_told(self):
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(f"{root}/src/sync")
            told = " ".join(records.wrong(root, [fault(integration=("none_test",))]))
            self.assertIn("there is no src/sync/a.cc", told)
            self.assertIn("rule 2 has no fault", told)
            self.assertIn("no tests.integration.none_test", told)


def write_program(path, failing=(), deadly=()):
    with open(path, "w", encoding="utf-8") as file:
        file.write(PROGRAM.format(failing=set(failing) or "()", deadly=set(deadly) or "()"))
    os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
    return path


class SearchTest(unittest.TestCase):
    def program(self, **how):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        return write_program(f"{directory.name}/program", **how)

    def first(self, end=100, jobs=2, **how):
        simulation = search.Simulation(self.program(**how), jobs)
        for first, count in simulation.chunks(0, end):
            if found := simulation.first_failure(first, count):
                return found
        return None

    def test_the_lowest_seed_that_fails_is_told(self):
        self.assertEqual(self.first(failing=(41, 7, 12)), (7, "t7: lost"))
        self.assertIsNone(self.first())

    def test_what_dies_is_looked_at_seed_by_seed(self):
        seed, words = self.first(deadly=(5,), failing=(9,))
        self.assertEqual(seed, 5)
        self.assertIn("assertion failed: alive", words)
        self.assertEqual(self.first(deadly=(9,), failing=(3,))[0], 3)

    def test_chunks_cover_all_seeds_once(self):
        for begin, end in ((0, 2000), (250, 251), (40, 40)):
            seeds = [seed for first, count in search.Simulation("", 3).chunks(begin, end)
                     for seed in range(first, first + count)]
            self.assertEqual(seeds, list(range(begin, end)))

    def test_the_failed_unit_test_is_named(self):
        self.assertEqual(search.run_units(self.program(), races=True), "Stage.Falls")

    def test_what_replays_one_seed_is_not_passed_on(self):
        os.environ["STERNA_SIM_SEED"] = "17"
        self.addCleanup(os.environ.pop, "STERNA_SIM_SEED")
        self.assertNotIn("STERNA_SIM_SEED", search.environment())


class FakeTree:
    """Whose programs fail as the fault that is in it says; without any they pass, but for the seeds
    of `rotten`."""

    def __init__(self, directory, rotten=()):
        self.directory = directory
        self.rotten = rotten
        self.fault = None
        self.built = []

    def put(self, chosen):
        self.fault = chosen

    def build(self, *targets):
        self.built.append((self.fault.name if self.fault else None, *targets))
        if self.fault and self.fault.replace == "no C++":
            raise scratch.DoesNotBuild("error: expected expression")

    def program(self, target):
        path = f"{self.directory}/{target}"
        seed = self.fault.replace.removeprefix("seed ") if self.fault else ""
        return write_program(path, failing=[int(seed)] if seed.isdigit() else self.rotten)

    def keep_base(self, target):
        return write_program(f"{self.directory}/base.{target}", failing=self.rotten)

    def base(self, target):
        return f"{self.directory}/base.{target}"


class BiteTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.known = results.Results(f"{self.directory}/results.json", FakeKeys("now"))

    def bite(self, *faults, **how):
        options = SimpleNamespace(seeds=60, minutes=None, beyond=False, jobs=2)
        one = bite.Bite(options, list(faults), self.known, FakeTree(self.directory, **how))
        one.say = lambda *_: None
        return one

    def test_seeds_are_counted_and_the_rest_is_left_to_others(self):
        found, hidden = fault(replace="seed 41"), fault(name="two", find="z", replace="seed 61")
        self.bite(found, hidden).run()
        self.assertEqual(self.known.found(found)[1]["seeds"], 42)
        self.assertEqual(self.known.get("simulation", hidden)["tried"], 60)
        self.assertTrue(table.Verdict(hidden, self.known).survives)
        again = self.bite(found, hidden)
        again.run()
        self.assertEqual(again.tree.built, [])

    def test_what_fails_without_a_fault_proves_nothing(self):
        with self.assertRaisesRegex(bite.Broken, "seed 3 fails without any fault"):
            self.bite(fault(replace="seed 3"), rotten=(3,)).run()

    def test_a_fault_that_does_not_build_is_no_fault(self):
        with self.assertRaisesRegex(bite.Broken, "one does not build"):
            self.bite(fault(replace="no C++")).run()

    def test_time_that_is_up_leaves_the_rest(self):
        late = self.bite(fault())
        late.ends = 0
        with self.assertRaises(bite.OutOfTime):
            late.run()
        self.assertEqual(late.tree.built, [])


class ScratchTest(unittest.TestCase):
    def test_what_is_the_same_is_left_alone_and_what_went_goes(self):
        with tempfile.TemporaryDirectory() as root:
            for name, text in (("a", "1"), ("below/b", "2"), (".git/c", "3")):
                os.makedirs(os.path.dirname(f"{root}/from/{name}"), exist_ok=True)
                with open(f"{root}/from/{name}", "w", encoding="utf-8") as file:
                    file.write(text)
            scratch.mirror(f"{root}/from", f"{root}/to")
            self.assertFalse(os.path.exists(f"{root}/to/.git"))
            os.utime(f"{root}/to/a", (1, 1))
            os.unlink(f"{root}/from/below/b")
            scratch.mirror(f"{root}/from", f"{root}/to")
            self.assertEqual(os.stat(f"{root}/to/a").st_mtime, 1)
            self.assertFalse(os.path.exists(f"{root}/to/below/b"))

    def test_one_fault_is_in_the_tree_at_a_time(self):
        with tempfile.TemporaryDirectory() as root:
            tree = scratch.Scratch(f"{root}/project", f"{root}/work", 1)
            os.makedirs(f"{root}/project/src/sync")
            for name in ("a", "b"):
                with open(f"{root}/project/src/sync/{name}.cc", "w", encoding="utf-8") as file:
                    file.write("x\n")
            scratch.mirror(tree.project, tree.root)

            def text(name):
                with open(f"{tree.root}/src/sync/{name}.cc", encoding="utf-8") as file:
                    return file.read()
            for chosen, expected in ((fault(), ("y\n", "x\n")), (fault(), ("y\n", "x\n")),
                                     (fault(name="two", file="src/sync/b.cc"), ("x\n", "y\n")),
                                     (None, ("x\n", "x\n"))):
                tree.put(chosen)
                self.assertEqual((text("a"), text("b")), expected)


class FakeKeys:
    """Everything was made with `sources`."""

    def __init__(self, sources):
        self.sources = sources

    def fault(self, of):
        return of.find

    def step(self, step, of):
        return f"{self.sources} {step}/{of.find}"


class ResultsTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = f"{directory.name}/results.json"

    def results(self, sources="now", **how):
        return results.Results(self.path, FakeKeys(sources), **how)

    def test_what_was_found_counts_for_its_sources(self):
        self.results().put("tests", fault(), found="Some.Test")
        self.assertEqual(self.results().found(fault())[1]["found"], "Some.Test")
        self.assertIsNone(self.results("later").found(fault()))
        self.assertIsNotNone(self.results("later", trust_old=True).found(fault()))
        self.assertIsNone(self.results("later", trust_old=True).found(fault(find="z")))

    def test_what_was_not_found_is_never_old_news(self):
        self.results().put("tests", fault(), found=None)
        self.assertEqual(self.results("later", trust_old=True).get("tests", fault()), {})

    def test_keys_follow_the_sources_of_their_rooms(self):
        keys = results.Keys(ROOT)
        self.assertEqual(keys.unit("races"), keys.simulation())
        self.assertNotEqual(keys.unit("sync"), keys.unit("store"))
        self.assertIn("imap", results.rooms_below("account"))
        self.assertNotIn("account", results.rooms_below("imap"))

    def verdict(self, **more):
        return table.Verdict(fault(**more), self.results())

    def test_a_fault_survives_when_all_that_may_find_it_was_tried(self):
        self.assertFalse(self.verdict(tests=("sync",)).survives)
        self.results().put("simulation", fault(), found=None, tried=2000)
        self.assertFalse(self.verdict(tests=("sync",)).survives)
        self.assertTrue(self.verdict().survives)
        self.results().put("tests", fault(), found=None)
        self.assertTrue(self.verdict(tests=("sync",)).survives)
        self.assertEqual(self.verdict().seeds, "> 2,000")
        self.results().put("simulation", fault(), found="lost", seed=41, seeds=42, tried=42)
        self.assertFalse(self.verdict().survives)
        self.assertEqual((self.verdict().seeds, self.verdict().by), ("42", "the simulation: lost"))

    def test_the_tables_tell_what_is_known(self):
        known = self.results()
        known.put("simulation", fault(), found="t1 | lost", seed=4, seeds=5, tried=5)
        page = table.page(ROOT, [fault(rules=(1, 3))], known)
        self.assertIn("| it | 5 | the simulation: t1 \\| lost |", page)
        self.assertIn("Also `one`.", page)
        self.assertIn("1 faults. Found: 1 by simulation", page)
        summary = table.summary(ROOT, [fault(rules=(1, 3))], known)
        self.assertRegex(summary, r"\| 1\. .* \| 1 \| 5 \| 0 \| 0 \| 0 \| 0 \|")

    def test_what_was_not_tried_is_not_told_as_a_number(self):
        known = self.results()
        one, two = fault(tests=("sync",)), fault(name="two", find="z", beyond="no", tests=("sync",))
        self.assertRegex(table.summary(ROOT, [one, two], known),
                         r"\| 1\. .* \| 2 \|( not tried \|){4} 2 \|")
        page = table.page(ROOT, [one, two], known)
        self.assertIn("2 faults, **none of them tried**", page)
        self.assertIn("| it | not tried | not tried |", page)
        self.assertIn("| it | - | not tried (no) |", page)
        known.put("simulation", one, found=None, tried=2000)
        self.assertIn("| it | > 2,000 | not by simulation; unit tests not tried |",
                      table.page(ROOT, [one], known))
        known.put("tests", one, found=None)
        known.put("tests", two, found="Some.Test")
        self.assertRegex(table.summary(ROOT, [one, two], known),
                         r"\| 1\. .* \| 2 \| - \| 1 \| 0 \| 1 \| 0 \|")
        self.assertIn("1 survive, 0 not tried.", table.page(ROOT, [one, two], known))

    def test_a_search_goes_on_where_it_stopped(self):
        options = SimpleNamespace(seeds=2000, minutes=None, beyond=False)
        one = bite.Bite(options, [fault()], self.results(), None)
        self.assertEqual(one.pending("simulation"), [fault()])
        one.known.put("simulation", fault(), found=None, tried=500)
        self.assertEqual(one.pending("simulation"), [fault()])
        one.known.put("simulation", fault(), found=None, tried=2000)
        self.assertEqual(one.pending("simulation"), [])

    def test_what_the_simulation_cannot_find_is_left_to_others(self):
        one = fault(beyond="no power is lost", tests=("sync",))
        for beyond, pending in ((False, []), (True, [one])):
            options = SimpleNamespace(seeds=10, minutes=None, beyond=beyond)
            bites = bite.Bite(options, [one], self.results(), None)
            self.assertEqual(bites.pending("simulation"), pending)
            self.assertEqual(bites.pending("tests"), [one])


if __name__ == "__main__":
    unittest.main()
