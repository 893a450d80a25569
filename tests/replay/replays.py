# SPDX-License-Identifier: Apache-2.0
"""Seeds of the simulation, many of them, on a real Dovecot.

    python3 -m tests.replay.replays --seeds 0-99 [--jobs 2]
    python3 -m tests.replay.replays --random 50 --seed 7
    python3 -m tests.replay.replays --script FILE

Sterna is STERNA_BINARY; STERNA_SIMULATION prints the scripts. Each seed that finds a violation says
what is wrong, and leaves its script, story and trees below --keep. Exit 1 if any did.
"""
import argparse
import collections
import random
import re
import sys

from tests.replay import script
from tests.replay.player import play
from tests.torture.rounds import kept_in, outcomes
from tests.torture.tools import Sterna

RANDOM_MAX = 1_000_000


def options_of(arguments):
    parser = argparse.ArgumentParser(prog="replay-seeds", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seeds", help="FIRST-LAST, or one")
    parser.add_argument("--random", type=int, help="so many, by chance")
    parser.add_argument("--seed", type=int, default=1, help="of that chance")
    parser.add_argument("--script", help="a file with one script or several, instead of seeds")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep", help="directory for what is left of violations")
    parser.add_argument("--keep-all", action="store_true", help="keep what is left of all")
    options = parser.parse_args(arguments)
    if options.seeds and not re.fullmatch(r"\d+(-\d+)?", options.seeds):
        parser.error(f"--seeds takes FIRST-LAST, not {options.seeds}")
    if not Sterna.available():
        parser.error("Sterna is not there; it is named by STERNA_BINARY")
    return options


def scripts_of(options):
    if options.script:
        with open(options.script, encoding="utf-8") as file:
            return script.parse(file.read())
    if options.random:
        dice = random.Random(options.seed)
        return [one for seed in sorted(dice.sample(range(RANDOM_MAX), options.random))
                for one in script.of_seeds(seed)]
    first, _, last = (options.seeds or "0-19").partition("-")
    return script.of_seeds(int(first), int(last or first) - int(first) + 1)


def tell(outcome):
    mark = "VIOLATION" if outcome.wrong else "ok"
    faults = ", ".join(f"{count} x {kind}" for kind, count in sorted(outcome.faults.items())
                       if kind != "nothing")
    print(f"{outcome.seed:7} {mark:9} {outcome.seconds:5.1f} s  {outcome.deeds} deeds, "
          f"{outcome.syncs} syncs{'; ' if faults else ''}{faults}", flush=True)
    for one in outcome.wrong:
        print(f"        {one.kind}: {one.text}")
    if outcome.kept:
        print(f"        script, story and trees: {outcome.kept}", flush=True)


def summary_of(played):
    deeds, amid, syncs = (sum(getattr(one, what) for one in played)
                          for what in ("deeds", "amid", "syncs"))
    yield f"\n{len(played)} seeds, {deeds} deeds, {amid} of them amid a sync, {syncs} syncs"
    for title, what in (("what befell a sync", "faults"), ("left out", "left_out")):
        counts = sum((getattr(one, what) for one in played), collections.Counter())
        yield f"{title}: " + ", ".join(f"{count} x {kind}" for kind, count in
                                       sorted(counts.items()))
    violated = sorted(one.seed for one in played if one.wrong)
    yield f"seeds with a violation: {', '.join(map(str, violated)) or 'none'}"


def main(arguments=None):
    options = options_of(arguments)
    if not Sterna.has_steps():
        print("this program has no named steps (STERNA_STEPS): kills at moments only")
    played = []
    with kept_in(options.keep, "replay-seeds") as keep:
        jobs = [(one, keep, options.keep_all) for one in scripts_of(options)]
        for outcome in outcomes(play, jobs, options.jobs):
            played.append(outcome)
            tell(outcome)
    print("\n".join(summary_of(played)))
    return 1 if any(one.wrong for one in played) else 0


if __name__ == "__main__":
    sys.exit(main())
