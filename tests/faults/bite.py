# SPDX-License-Identifier: Apache-2.0
"""Puts deliberate faults into a copy of the tree, one at a time, and counts what it takes until a
test fails: seeds of the simulation first, then the unit tests and the integration tests that the
record names. A fault that nothing finds survives, and fails the run.

    scripts/bite [--only NAME]... [--rule N]... [--seeds 2000] [--jobs 2] [--minutes N]
                 [--beyond] [--again] [--trust-old] [--list] [--table]

  --only       this fault; --rule: those of this rule
  --seeds      how many seeds are tried before the simulation is said not to find it
  --jobs       processes at a time
  --minutes    begins nothing new after that; the rest is left to the next run
  --beyond     tries the simulation also where the record says that it cannot find it
  --again      forgets what is known of the chosen faults
  --trust-old  believes what was found with other sources, where record and file are the same
  --list       says what is known, and tries nothing
  --table      writes docs/faults.md and the table of docs/testing.md from what is known, and tries
               nothing

What is known is kept in build/bite. Exit status: 0 all are found, 1 some survive, 2 a fault does
not build, or a test fails without any fault, 3 something is left to the next run.
"""
import argparse
import os
import sys
import time

from tests.faults import records, results, scratch, search, table

PROJECT = os.path.dirname(os.path.dirname(records.HERE))
SOUND, SURVIVES, BROKEN, UNFINISHED = 0, 1, 2, 3


class Broken(Exception):
    """The tree does not stand as it is: nothing that is found means anything."""


class OutOfTime(Exception):
    pass


class Bite:
    def __init__(self, options, faults, known, tree):
        self.options = options
        self.faults = faults
        self.known = known
        self.tree = tree
        self.ends = time.monotonic() + options.minutes * 60 if options.minutes else None

    def say(self, fault, words):
        print(f"rule {','.join(map(str, fault.rules)):<6} {fault.name:<40} {words}", flush=True)

    def check_time(self):
        if self.ends is not None and time.monotonic() >= self.ends:
            raise OutOfTime

    # ---- what is left to do

    def uses(self, step, fault):
        found = self.known.found(fault)
        if step == "simulation":
            if self.options.beyond and fault.beyond:
                return not found or found[0] != step
            return not found and not fault.beyond
        return not found and bool(fault.tests if step == "tests" else fault.integration)

    def is_done(self, step, fault):
        known = self.known.get(step, fault)
        if step == "simulation" and known and known["found"] is None:
            return known["tried"] >= self.options.seeds
        return bool(known)

    def pending(self, step):
        return [fault for fault in self.faults
                if self.uses(step, fault) and not self.is_done(step, fault)]

    def run(self):
        for step, begin, attempt in (("simulation", self.begin_simulation, self.try_seeds),
                                     ("tests", self.begin_units, self.try_units),
                                     ("integration", self.begin_modules, self.try_modules)):
            faults = self.pending(step)
            if not faults:
                continue
            self.check_time()
            self.tree.put(None)
            begin(faults)
            for fault in faults:
                self.check_time()
                self.tree.put(fault)
                attempt(fault)

    def build(self, fault, *targets):
        try:
            self.tree.build(*targets)
        except scratch.DoesNotBuild as error:
            raise Broken(f"{fault.name} does not build:\n{error}") from None

    # ---- seeds

    def begin_simulation(self, _faults):
        self.tree.build(scratch.SIMULATION)
        self.tree.keep_base(scratch.SIMULATION)

    def try_seeds(self, fault):
        self.build(fault, scratch.SIMULATION)
        simulation = search.Simulation(self.tree.program(scratch.SIMULATION), self.options.jobs)
        tried = self.known.get("simulation", fault).get("tried", 0)
        for first, count in simulation.chunks(tried, self.options.seeds):
            found = simulation.first_failure(first, count)
            if found:
                return self.note_seed(fault, *found)
            self.known.put("simulation", fault, found=None, tried=first + count)
            if self.ends is not None and time.monotonic() >= self.ends:
                raise OutOfTime
        return self.say(fault, f"not found by {self.options.seeds} seeds")

    def note_seed(self, fault, seed, words):
        base = search.Simulation(self.tree.base(scratch.SIMULATION), 1)
        if wrong := base.run_seed(seed):
            raise Broken(f"seed {seed} fails without any fault: {wrong}")
        self.known.put("simulation", fault, found=words, seed=seed, seeds=seed + 1, tried=seed + 1)
        self.say(fault, f"found by seed {seed}: {words}")

    # ---- unit tests

    @staticmethod
    def target_of(room):
        return scratch.SIMULATION if room == records.RACES else f"sterna_{room}_test"

    def begin_units(self, faults):
        rooms = sorted({room for fault in faults for room in fault.tests})
        unsound = [room for room in rooms
                   if not self.known.base_is_sound(room, self.known.keys.unit(room))]
        if not unsound:
            return
        self.tree.build(*{self.target_of(room) for room in unsound})
        for room in unsound:
            program = self.tree.program(self.target_of(room))
            if wrong := search.run_units(program, room == records.RACES):
                raise Broken(f"the unit tests of {room} fail without any fault: {wrong}")
            self.known.note_sound_base(room, self.known.keys.unit(room))

    def try_units(self, fault):
        self.build(fault, *{self.target_of(room) for room in fault.tests})
        found = None
        for room in fault.tests:
            program = self.tree.program(self.target_of(room))
            found = found or search.run_units(program, room == records.RACES)
        self.known.put("tests", fault, found=found)
        self.say(fault, f"found by {found}" if found else "not found by unit tests")

    # ---- integration tests

    def begin_modules(self, faults):
        names = sorted({name for fault in faults for name in fault.integration})
        unsound = [name for name in names
                   if not self.known.base_is_sound(name, self.known.keys.modules([name]))]
        if not unsound:
            return
        self.tree.build("sterna")
        for name in unsound:
            if wrong := search.run_modules(self.tree.root, self.tree.sterna, [name]):
                raise Broken(f"{wrong} fails without any fault")
            self.known.note_sound_base(name, self.known.keys.modules([name]))

    def try_modules(self, fault):
        self.build(fault, "sterna")
        found = search.run_modules(self.tree.root, self.tree.sterna, fault.integration)
        self.known.put("integration", fault, found=found)
        self.say(fault, f"found by {found}" if found else "not found by integration tests")


def parse(arguments):
    head, _, rest = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(prog="scripts/bite", description=head, epilog=rest,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--rule", action="append", type=int, default=[], metavar="N")
    parser.add_argument("--seeds", type=int, default=2000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--minutes", type=float)
    for name in ("beyond", "again", "trust-old", "list", "table"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--work", default=os.path.join(PROJECT, "build", "bite"))
    return parser.parse_args(arguments)


def choose(faults, options):
    unknown = set(options.only) - {fault.name for fault in faults}
    if unknown:
        raise records.BadRecord(f"no such fault: {', '.join(sorted(unknown))}")
    return [fault for fault in faults
            if (not options.only or fault.name in options.only)
            and (not options.rule or set(options.rule) & set(fault.rules))]


def judge(faults, known):
    """The exit status, and a line for each fault that is not found."""
    verdicts = [table.Verdict(fault, known) for fault in faults]
    for verdict in verdicts:
        if not verdict.found:
            print(f"{verdict.fault.name}: {'SURVIVED' if verdict.survives else 'not tried'}")
        elif verdict.step == "simulation" and verdict.fault.beyond:
            print(f"{verdict.fault.name}: the simulation finds it: `beyond` is not true any more")
    found = sum(verdict.found for verdict in verdicts)
    print(f"{found} of {len(verdicts)} faults are found")
    if any(verdict.survives for verdict in verdicts):
        return SURVIVES
    return SOUND if found == len(verdicts) else UNFINISHED


def main(arguments=None):
    options = parse(arguments)
    everything = records.load()
    if wrong := records.wrong(PROJECT, everything):
        print("\n".join(wrong), file=sys.stderr)
        return BROKEN
    chosen = choose(everything, options)
    os.makedirs(options.work, exist_ok=True)
    known = results.Results(os.path.join(options.work, "results.json"), results.Keys(PROJECT),
                            options.trust_old)
    if options.list:
        for fault in chosen:
            verdict = table.Verdict(fault, known)
            print(f"{fault.name:<40} {verdict.seeds:>8}  {verdict.by}")
        return judge(chosen, known)
    if options.table:
        table.write(PROJECT, everything, known)
        return judge(everything, known)
    if options.again:
        for fault in chosen:
            known.forget(fault)
    tree = scratch.Scratch(PROJECT, options.work, options.jobs)
    try:
        tree.open()
        Bite(options, chosen, known, tree).run()
    except (Broken, scratch.DoesNotBuild) as error:
        print(error, file=sys.stderr)
        return BROKEN
    except (OutOfTime, KeyboardInterrupt):
        print("the rest is left to the next run")
    finally:
        table.write(PROJECT, everything, known)
    return judge(chosen, known)


if __name__ == "__main__":
    sys.exit(main())
