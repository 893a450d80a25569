# SPDX-License-Identifier: Apache-2.0
"""docs/faults.md, a line a fault, and the table in docs/testing.md, a line a rule."""
import os
import re
import statistics

from tests.faults import records

PAGE = "docs/faults.md"
SUMMARY = "docs/testing.md"
BEGIN, END = "<!-- faults: scripts/bite writes this table -->", "<!-- faults: end -->"
PLACES = {"simulation": "simulation", "tests": "unit tests", "integration": "integration tests"}
# Never a number, nor "-": nothing is known then, least of all that a fault survives.
UNTRIED = "not tried"


class Verdict:
    """What is known of one fault, in words."""

    def __init__(self, fault, results):
        self.fault = fault
        self.step, self.what = results.found(fault) or (None, {})
        self.simulation = results.get("simulation", fault)
        self.tried = {step for step in PLACES if results.get(step, fault)}

    @property
    def found(self):
        return self.step is not None

    @property
    def untried(self):
        """The steps that may find it and were not tried, in their order."""
        may = {"simulation": not self.fault.beyond, "tests": self.fault.tests,
               "integration": self.fault.integration}
        return [step for step in PLACES if may[step] and step not in self.tried]

    @property
    def survives(self):
        """Everything that may find it was tried."""
        return not self.found and not self.untried

    @property
    def is_open(self):
        """Neither found nor survived."""
        return not self.found and bool(self.untried)

    @property
    def seeds(self):
        if self.step == "simulation":
            return str(self.what["seeds"])
        if self.simulation.get("tried"):
            return f"> {self.simulation['tried']:,}"
        return "-" if self.fault.beyond else UNTRIED

    @property
    def by(self):
        if self.step == "simulation":
            return f"the simulation: {self.what['found']}"
        if self.found:
            return f"{PLACES[self.step]}: `{self.what['found']}`"
        if self.survives:
            return "**survives**"
        in_vain = [PLACES[step] for step in PLACES if step in self.tried]
        left = ", ".join(PLACES[step] for step in self.untried)
        return f"not by {', '.join(in_vain)}; {left} {UNTRIED}" if in_vain else UNTRIED


def _cell(text):
    """Text of a program in a table."""
    return re.sub(r"\s+", " ", text).replace("|", "\\|")[:200]


def page(root, faults, results):
    titles = records.titles(root)
    verdicts = [Verdict(fault, results) for fault in faults]
    lines = ["# Faults", "",
             "Each line is a deliberate fault that takes away a rule of [safety.md](safety.md), or "
             "a part of one, and what finds it. `scripts/bite` tries",
             "them and writes this page; [testing.md](testing.md) says how. \"Seeds\" is how many "
             "seeds of the simulation it takes from seed 0 on; \"-\" where the",
             "simulation cannot find it, for the reason at the end of the line. "
             f"\"{UNTRIED.capitalize()}\": not with the sources as they are; a fault \"survives\" "
             "only when all that may find it was tried.", "",
             _count(verdicts), ""]
    for rule in records.RULES:
        lines += [f"## {rule}. {titles[rule]}", "", "| fault | removes | seeds | found by |",
                  "|---|---|---:|---|"]
        for verdict in verdicts:
            if verdict.fault.rules[0] == rule:
                lines.append(_line(verdict))
        also = [f"`{f.name}`" for f in faults if rule in f.rules[1:]]
        if also:
            lines += ["", f"Also {', '.join(also)}."]
        lines.append("")
    return "\n".join(lines)


def _line(verdict):
    fault = verdict.fault
    by = _cell(verdict.by) + (f" ({fault.beyond})" if fault.beyond else "")
    return (f"| `{fault.name}`<br>[{os.path.basename(fault.file)}](../{fault.file}) | "
            f"{_cell(fault.removes)} | {verdict.seeds} | {by} |")


def _count(verdicts):
    left = sum(v.is_open for v in verdicts)
    if left == len(verdicts):
        return (f"{left} faults, **none of them tried** with the sources as they are: this page "
                "says nothing of what is found and what survives.")
    by_step = {step: [v for v in verdicts if v.step == step] for step in PLACES}
    parts = [f"{len(found)} by {PLACES[step]}" for step, found in by_step.items()]
    text = f"{len(verdicts)} faults. Found: {', '.join(parts)}."
    seeds = [v.what["seeds"] for v in by_step["simulation"]]
    if seeds:
        text += f" Seeds: {statistics.median(seeds):g} in the median, {max(seeds)} at most."
    survive = sum(v.survives for v in verdicts)
    return f"{text} {survive} survive, {left} {UNTRIED}."


def summary(root, faults, results):
    """The table between the marks."""
    titles = records.titles(root)
    lines = [BEGIN, "", "| rule | faults | found by the simulation, after so many seeds | "
             f"by unit tests | by integration tests | survive | {UNTRIED} |",
             "|---|---:|---|---:|---:|---:|---:|"]
    for rule in records.RULES:
        of_rule = [Verdict(f, results) for f in faults if rule in f.rules]
        cells = [f"{rule}. {titles[rule]}", len(of_rule), *_tried(of_rule),
                 sum(v.is_open for v in of_rule)]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join([*lines, "", END])


def _tried(verdicts):
    """By simulation, by unit tests, by integration tests, survive."""
    if all(v.is_open for v in verdicts):
        return [UNTRIED] * 4
    seeds = sorted(v.what["seeds"] for v in verdicts if v.step == "simulation")
    return [", ".join(map(str, seeds)) or "-", sum(v.step == "tests" for v in verdicts),
            sum(v.step == "integration" for v in verdicts), sum(v.survives for v in verdicts)]


def write(root, faults, results):
    text = page(root, faults, results)
    with open(os.path.join(root, PAGE), "w", encoding="utf-8") as file:
        file.write(text)
    path = os.path.join(root, SUMMARY)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise records.BadRecord(f"{SUMMARY} has no place for the table: {BEGIN} ... {END}")
    text = before + summary(root, faults, results) + after
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
