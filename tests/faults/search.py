# SPDX-License-Identifier: Apache-2.0
"""Whether tests find what is wrong: the first seed of the simulation that fails, the first unit
test, the first test against a server."""
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

REPLAY = re.compile(r"STERNA_SIM_SEED=(\d+)")
WRONG = re.compile(r"^WRONG (.*)$")
FAILED_UNIT = re.compile(r"^\[  FAILED  \] ([\w./]+)", re.M)
FAILED_MODULE = re.compile(r"^(?:FAIL|ERROR): (\S+) \(([^)]*)\)", re.M)

FIRST_CHUNK = 8         # seeds a process; most faults are found by few
LAST_CHUNK = 200
SEED_S = 60             # one seed takes a fraction of a second
UNIT_S = 900
MODULE_S = 1800


def environment(**more):
    """Without what replays one seed or makes others."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("STERNA_S")}
    return {**clean, "PYTHONDONTWRITEBYTECODE": "1", **more}


@dataclass
class Seeds:
    """What became of a range of seeds: those that failed, with what was wrong, and whether it came
    to its end."""
    failed: dict = field(default_factory=dict)
    ended: bool = True
    words: str = ""     # if it did not


def read_failures(output):
    """Seed -> what was wrong first."""
    failed, wrong = {}, ""
    for line in output.splitlines():
        if found := WRONG.match(line.strip()):
            wrong = wrong or found[1]
        elif found := REPLAY.search(line):
            failed.setdefault(int(found[1]), wrong or "it fails")
            wrong = ""
    return failed


def _run(command, timeout, cwd=None, **variables):
    """(exit status or None, output)"""
    try:
        done = subprocess.run(command, cwd=cwd, env=environment(**variables), timeout=timeout,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    except subprocess.TimeoutExpired as late:
        said = late.stdout or b""
        return None, said.decode(errors="replace") if isinstance(said, bytes) else said
    return done.returncode, done.stdout


def _how_it_ended(status, output):
    if status is None:
        return "it does not end"
    said = [line for line in output.splitlines() if line.strip()]
    return f"it ends with status {status}" + (f": {said[-1].strip()}" if said else "")


class Simulation:
    """The seeds of a simulation program, as many processes at a time as `jobs` says."""

    def __init__(self, program, jobs):
        self.program = program
        self.jobs = jobs

    def run_range(self, first, count):
        status, output = _run([self.program, "--gtest_filter=Seeds/*", "--gtest_brief=1"],
                              120 + SEED_S * count / 10, STERNA_SIM_FIRST=str(first),
                              STERNA_SIM_SEEDS=str(count))
        failed = {seed: words for seed, words in read_failures(output).items()
                  if first <= seed < first + count}
        ended = status == 0 or (status == 1 and bool(failed))
        return Seeds(failed, ended, "" if ended else _how_it_ended(status, output))

    def run_seed(self, seed):
        """What is wrong with it, or None."""
        status, output = _run([self.program, "--gtest_filter=Seeds/*", "--gtest_brief=1"],
                              120 + SEED_S, STERNA_SIM_SEED=str(seed))
        if status == 0:
            return None
        return read_failures(output).get(seed) or _how_it_ended(status, output)

    def chunks(self, first, end):
        """(first, count) of what is run at a time, larger and larger."""
        size = FIRST_CHUNK * self.jobs
        while first < end:
            count = min(size, end - first)
            yield first, count
            first += count
            size = min(2 * size, LAST_CHUNK * self.jobs)

    def first_failure(self, first, count):
        """(seed, what is wrong) of a chunk, or None."""
        share = -(-count // self.jobs)
        parts = [(begin, min(share, first + count - begin))
                 for begin in range(first, first + count, share)]
        with ThreadPoolExecutor(self.jobs) as pool:
            outcomes = list(pool.map(lambda part: self.run_range(*part), parts))
        best = None
        for (begin, size), outcome in zip(parts, outcomes):
            found = self._first_of(begin, size, outcome)
            if found and (best is None or found[0] < best[0]):
                best = found
        return best

    def _first_of(self, begin, size, outcome):
        if outcome.ended:
            return min(outcome.failed.items(), default=None)
        # Died on the way: seed by seed, up to one that is known to fail.
        last = min(outcome.failed, default=begin + size)
        for seed in range(begin, last):
            if words := self.run_seed(seed):
                return seed, words
        return min(outcome.failed.items(), default=None)


def run_units(program, races=False):
    """What a unit-test program finds, or None."""
    command = [program, "--gtest_brief=1", "--gtest_fail_fast"]
    if races:
        command.append("--gtest_filter=-Seeds/*")
    status, output = _run(command, UNIT_S)
    if status == 0:
        return None
    failed = FAILED_UNIT.search(output)
    return failed[1] if failed else _how_it_ended(status, output)


def run_modules(root, sterna, names):
    """What integration tests find, or None. What fails once only is chance."""
    for name in names:
        command = [sys.executable, "-m", "unittest", "-f", f"tests.integration.{name}"]
        for attempt in range(2):
            status, output = _run(command, MODULE_S, cwd=root, STERNA_BINARY=sterna)
            if status == 0:
                break
            failed = FAILED_MODULE.search(output)
            words = failed[2].removeprefix("tests.integration.") if failed else name
            if attempt:
                return words
    return None
