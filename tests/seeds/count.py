# SPDX-License-Identifier: Apache-2.0
"""Plays seeds of the simulation, slice by slice, and keeps in passed.json how many went well with
the rooms as they are (their sources, and those of the simulation): runs of several days add up, and
when a source changes, the count begins anew. No run takes seeds that an earlier one had."""
import argparse
import concurrent.futures
import datetime
import json
import os
import re
import subprocess
import sys
import threading
import time

from tests.faults.results import Keys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PASSED = os.path.join(ROOT, "tests/seeds/passed.json")
PROGRAM = "build/dev/tests/simulation/sterna_simulation_test"
SUITES = {"lives": "Seeds", "close-ups": "CloseUps"}
SLICE = 1000
FAILED = re.compile(r"^replay: STERNA_SIM_SEED=(\d+)", re.M)


class Passed:
    """Ranges of seeds, by the hash of the sources that they were played with."""

    def __init__(self, path=PASSED):
        self.path = path
        self.ranges = []
        if os.path.exists(path):
            with open(path, encoding="ascii") as file:
                self.ranges = json.load(file)

    def add(self, rooms, kind, first, count, failed, today):
        found = {"rooms": rooms, "kind": kind, "first": first, "count": count, "failed": failed,
                 "last_played": today}
        for known in self.ranges:
            same = (known["rooms"], known["kind"]) == (rooms, kind)
            if same and known["first"] + known["count"] == first:
                known["count"] += count
                known["failed"] += failed
                known["last_played"] = today
                break
        else:
            self.ranges.append(found)
        text = ",\n ".join(json.dumps(one) for one in self.ranges)
        with open(self.path + ".new", "w", encoding="ascii") as out:
            out.write(f"[{text}]\n")
        os.replace(self.path + ".new", self.path)

    def of(self, rooms, kind):
        """How many were played, and those that failed."""
        mine = [one for one in self.ranges if (one["rooms"], one["kind"]) == (rooms, kind)]
        return sum(one["count"] for one in mine), sorted(sum((one["failed"] for one in mine), []))

    def next_first(self, kind):
        ends = [one["first"] + one["count"] for one in self.ranges if one["kind"] == kind]
        return max(ends, default=0)


def play(program, kind, first, count):
    """The seeds of that slice that failed."""
    done = subprocess.run(
        [program, f"--gtest_filter={SUITES[kind]}/*", "--gtest_brief=1"],
        env={**os.environ, "STERNA_SIM_FIRST": str(first), "STERNA_SIM_SEEDS": str(count)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    failed = sorted({int(seed) for seed in FAILED.findall(done.stdout)})
    if (done.returncode != 0) != bool(failed):
        raise RuntimeError(f"{program} ended with {done.returncode}:\n{done.stdout[-2000:]}"
                           f"{done.stderr[-2000:]}")
    return failed


def run(options, passed, rooms):
    lock = threading.Lock()
    ends = time.monotonic() + options.minutes * 60
    at = passed.next_first(options.kind) if options.first is None else options.first
    done, _ = passed.of(rooms, options.kind)

    def take_part():
        nonlocal at, done
        while True:
            with lock:
                if time.monotonic() >= ends or done >= options.until:
                    return
                first, at = at, at + SLICE
                done += SLICE
            failed = play(options.program, options.kind, first, SLICE)
            with lock:
                passed.add(rooms, options.kind, first, SLICE, failed,
                           datetime.date.today().isoformat())
                for seed in failed:
                    print(f"seed {seed} failed", flush=True)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for job in [pool.submit(take_part) for _ in range(options.jobs)]:
            job.result()


def report(passed, rooms):
    """Prints what is known of the rooms; whether none failed."""
    well = True
    for kind in SUITES:
        count, failed = passed.of(rooms, kind)
        what = f"{len(failed)} failed: {failed[:20]}" if failed else "none failed"
        print(f"rooms {rooms}: {count:,} {kind} played, {what}")
        well = well and not failed
    return well


def parse(arguments):
    parser = argparse.ArgumentParser(prog="scripts/seeds", description=__doc__)
    parser.add_argument("--kind", choices=SUITES, default="lives")
    parser.add_argument("--until", type=int, default=200_000, metavar="N",
                        help="so many in all with these sources (200000)")
    parser.add_argument("--minutes", type=float, default=60, metavar="N")
    parser.add_argument("--first", type=int, metavar="SEED",
                        help="begin with that one, instead of the first that no run had")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument("--program", default=os.path.join(ROOT, PROGRAM), help=argparse.SUPPRESS)
    parser.add_argument("--status", action="store_true", help="only say what is known")
    return parser.parse_args(arguments)


def main(arguments):
    options = parse(arguments)
    passed = Passed()
    rooms = Keys(ROOT).simulation()
    if not options.status:
        run(options, passed, rooms)
        if Keys(ROOT).simulation() != rooms:
            print("the sources changed meanwhile", file=sys.stderr)
    return 0 if report(passed, rooms) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
