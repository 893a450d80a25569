# SPDX-License-Identifier: Apache-2.0
"""Kill rounds, many of them.

    python3 -m tests.torture.rounds --tool sterna --rounds 1000 --seed 1 [--jobs 2]
    python3 -m tests.torture.rounds --seed 1 --round 17        that one alone, its trees kept

Sterna is STERNA_BINARY. Each round that finds a violation says its number and its story, and leaves
its trees below --keep. Exit 1 if any did.
"""
import argparse
import collections
import contextlib
import dataclasses
import json
import multiprocessing
import os
import sys
import tempfile
import traceback

from tests.support.dovecot import PROFILES
from tests.torture import blow, steps
from tests.torture.judge import KINDS
from tests.torture.round import Outcome, Round, setting_of
from tests.torture.tools import TOOLS

DEFAULT_PROFILES = "full,condstore,no-uidplus-no-move,bare"


def parser_of(prog, description):
    """With the options of all that goes in rounds."""
    parser = argparse.ArgumentParser(prog=prog, description=description.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1, help="number of the first round")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--round", type=int, help="only this one; its trees are kept")
    parser.add_argument("--profiles", default=DEFAULT_PROFILES)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep", help="directory for the trees of violations")
    return parser


def parsed(parser, arguments):
    options = parser.parse_args(arguments)
    options.profiles = options.profiles.split(",")
    unknown = [profile for profile in options.profiles if profile not in PROFILES]
    if unknown:
        parser.error(f"no such profile: {', '.join(unknown)}")
    return options


@contextlib.contextmanager
def kept_in(directory, prog):
    """A directory for what is left of violations, for other users, too; gone if nothing is."""
    directory = os.path.abspath(directory or tempfile.mkdtemp(prefix=f"{prog}-"))
    os.makedirs(directory, exist_ok=True)
    os.chmod(directory, 0o755)
    yield directory
    if not os.listdir(directory):
        os.rmdir(directory)


def options_of(arguments):
    parser = parser_of("kill-rounds", __doc__)
    parser.add_argument("--tool", choices=sorted(TOOLS), default="sterna")
    parser.add_argument("--report", help="file for one JSON object a round")
    options = parsed(parser, arguments)
    if not TOOLS[options.tool].available():
        parser.error(f"{options.tool} is not there; Sterna is named by STERNA_BINARY")
    return options


def has_steps(tool_class):
    return tool_class.name == "sterna" and tool_class.has_steps()


def play(job):
    """One round, in whatever process; a fault of the harness itself is told, too."""
    seed, number, tool_name, profiles, with_steps, keep, keep_always = job
    tool_class = TOOLS[tool_name]
    setting = setting_of(seed, number, tool_class, profiles, with_steps)
    try:
        directory = f"{keep}/{tool_name}-{seed}-{number}"
        return Round(setting, tool_class, directory, keep_always).play()
    except Exception:      # the other rounds go on
        return fault_of_harness(setting, number)


def fault_of_harness(setting, number):
    return Outcome(str(setting), number, [], [("harness", traceback.format_exc())], {}, 0, 0, 0)


def numbers_of(options):
    return ([options.round] if options.round is not None
            else range(options.first, options.first + options.rounds))


def outcomes(play_one, jobs, processes):
    """Of all jobs, as they come."""
    if processes == 1:
        yield from map(play_one, jobs)
        return
    pool = multiprocessing.get_context("spawn").Pool(processes)
    try:
        yield from pool.imap_unordered(play_one, jobs)
    finally:
        pool.close()      # each stops its Dovecot at its end
        pool.join()


class Summary:
    def __init__(self, version):
        self.version = version
        self.rounds = self.asked = self.syncs = 0
        self.violated = []
        self.kinds = collections.Counter()         # rounds in which there was one of the kind
        self.blows = collections.Counter()         # that fell
        self.missed = collections.Counter()
        self.steps = collections.Counter()
        self.rules = collections.Counter()

    def add(self, outcome):
        self.rounds += 1
        self.asked += outcome.asked
        self.syncs += outcome.syncs
        self.rules.update(outcome.rules)
        for kind, step, met in outcome.blows:
            (self.blows if met or kind == blow.NOTHING else self.missed)[kind] += 1
            if step and met:
                self.steps[step.partition(":")[0]] += 1
        if outcome.violations:
            self.violated.append(outcome.number)
            self.kinds.update({kind for kind, _ in outcome.violations})

    def lines(self, with_steps):
        yield ""
        yield f"{self.version}: {self.rounds} rounds, {self.syncs} syncs"
        yield ""
        yield "| what happened to a sync | times | came too late |"
        yield "|---|---|---|"
        for kind in (*blow.KILLS, blow.CUT, blow.NOTHING):
            yield f"| {kind} | {self.blows[kind]} | {self.missed[kind]} |"
        if with_steps:
            missing = [name for name in steps.names() if not self.steps[name]]
            yield ""
            yield f"Steps at which it died: {len(steps.names()) - len(missing)} of " \
                  f"{len(steps.names())}" + (f"; never at {', '.join(missing)}" if missing else "")
        yield ""
        yield "| violation | rounds |"
        yield "|---|---|"
        for kind in (*KINDS, "harness"):
            if kind in KINDS or self.kinds[kind]:
                yield f"| {kind} | {self.kinds[kind]} |"
        yield f"| any | {len(self.violated)} |"
        yield ""
        yield f"Deletions that the user was asked about: {self.asked}."
        for rule, times in sorted(self.rules.items()):
            yield f"No violation, {times} times: {rule}."
        if self.violated:
            yield ""
            yield f"Rounds with a violation: {', '.join(map(str, sorted(self.violated)))}"


def tell(outcome):
    mark = "VIOLATION" if outcome.violations else "ok"
    print(f"{outcome.number:5} {mark:9} {outcome.seconds:5.1f} s  {outcome.setting}; "
          + "; ".join(f"{step or kind}{'' if met or kind == blow.NOTHING else ' (too late)'}"
                      for kind, step, met in outcome.blows), flush=True)
    for kind, text in outcome.violations:
        print(f"      {kind}: {text}")
    if outcome.kept:
        print(f"      trees and story: {outcome.kept}", flush=True)


def main(arguments=None):
    options = options_of(arguments)
    tool_class = TOOLS[options.tool]
    with_steps = has_steps(tool_class)
    if tool_class.name == "sterna" and not with_steps:
        print("this program has no named steps (STERNA_STEPS): kills at random only")
    summary = Summary(tool_class.version())
    report = open(options.report, "a", encoding="utf-8") if options.report else None
    with kept_in(options.keep, "kill-rounds") as keep:
        jobs = [(options.seed, number, options.tool, options.profiles, with_steps, keep,
                 options.round is not None) for number in numbers_of(options)]
        for outcome in outcomes(play, jobs, options.jobs):
            summary.add(outcome)
            tell(outcome)
            if report:
                report.write(json.dumps(dataclasses.asdict(outcome)) + "\n")
                report.flush()
    print("\n".join(summary.lines(with_steps)))
    return 1 if summary.violated else 0


if __name__ == "__main__":
    sys.exit(main())
