# SPDX-License-Identifier: Apache-2.0
"""The table of a run, and whether Sterna meets what it promises."""
import statistics
from dataclasses import dataclass

SCENARIOS = {
    "S1": "initial pull, {core} messages in 8 mailboxes",
    "S2": "no-op right after it",
    "S3": "1 % flag changes on the server",
    "S4": "1 % flag changes here (renames)",
    "S5": "100 new messages on the server",
    "S6": "100 new messages here",
    "S7": "200 deletions here",
    "S8a": "50 ms round trip: initial pull, 1,000 messages",
    "S8b": "50 ms round trip: no-op",
    "S8c": "50 ms round trip: 1 % flag changes on the server",
    "S9a": "initial pull, {big} small messages in one mailbox",
    "S9": "no-op, {big} messages in one mailbox",
    "S10a": "initial pull, 200 mailboxes of 10 messages",
    "S10b": "no-op, 200 mailboxes",
    "S10": "50 ms round trip: no-op, 200 mailboxes",
}
GROUPS = {
    "core": ("S1", "S2", "S3", "S4", "S5", "S6", "S7"),
    "rtt": ("S8a", "S8b", "S8c"),
    "big": ("S9a", "S9"),
    "many": ("S10a", "S10b", "S10"),
}


@dataclass(frozen=True)
class Target:
    scenario: str
    against: str         # a tool, or "MiB" for peak memory
    most: float


TARGETS = [
    *(Target(s, "mbsync", 0.5) for s in ("S1", "S2", "S3", "S5", "S9", "S10b", "S10")),
    *(Target(s, "mbsync", 0.75) for s in ("S4", "S7")),
    Target("S6", "mbsync", 1.0), Target("S6", "bare", 1.5), Target("S10", "bare", 1.5),
    Target("S1", "MiB", 24), Target("S9a", "MiB", 24), Target("S9", "MiB", 24),
]
PASS, FAIL, UNMEASURED = "pass", "FAIL", "not measured"


class Report:
    """`runs` is a list of records with scenario, tool, wall, rss_kb, rc and disagreement. `tools`
    and `groups` are what was asked for: whatever of it has no sound figure is not measured, and a
    run with such a gap has not passed. A `quick` run is judged by none of the targets."""

    def __init__(self, runs, sizes, tools=("sterna", "mbsync"), groups=tuple(GROUPS), quick=False):
        self.sizes = sizes
        self.asked = {*tools, "bare", "MiB"}
        self.scenarios = {s for group in groups for s in GROUPS[group]}
        self.quick = quick
        self.by = {}
        for run in runs:
            self.by.setdefault((run["scenario"], run["tool"]), []).append(run)
        self.tools = [t for t in ("sterna", "mbsync", "interimap", "bare")
                      if any(tool == t for _, tool in self.by)]

    def median(self, scenario, tool, what="wall"):
        runs = self.by.get((scenario, tool))
        return statistics.median(run[what] for run in runs) if runs else None

    def failed(self, scenario, tool):
        return any(r["rc"] or r.get("disagreement") for r in self.by.get((scenario, tool), ()))

    def sound(self, scenario, tool):
        return (scenario, tool) in self.by and not self.failed(scenario, tool)

    def peak_mib(self, scenario):
        """Of the run that took most: a promise about memory is one about every run."""
        return max(run["rss_kb"] for run in self.by[(scenario, "sterna")]) / 1024

    def cell(self, scenario, tool):
        wall = self.median(scenario, tool)
        if wall is None:
            return ""
        bare = self.median(scenario, "bare")
        ratio = f" ({wall / bare:.1f}x)" if bare and tool != "bare" else ""
        return f"{wall:.3f}{ratio}" + (" FAILED" if self.failed(scenario, tool) else "")

    def verdicts(self):
        """(target, figure or None, verdict) of every target that was asked for."""
        if self.quick or "sterna" not in self.asked:
            return
        for target in TARGETS:
            if target.scenario in self.scenarios and target.against in self.asked:
                yield target, *self.verdict(target)

    def verdict(self, target):
        if (target.scenario, "sterna") not in self.by:
            return None, UNMEASURED
        if target.against == "MiB":
            figure = self.peak_mib(target.scenario)
        elif self.sound(target.scenario, target.against):
            figure = (self.median(target.scenario, "sterna")
                      / self.median(target.scenario, target.against))
        else:
            return None, UNMEASURED
        met = figure <= target.most and not self.failed(target.scenario, "sterna")
        return figure, PASS if met else FAIL

    def markdown(self):
        lines = ["| scenario | " + " | ".join(f"{t} s" for t in self.tools) + " | sterna MiB |",
                 "|---|" + "---:|" * (len(self.tools) + 1)]
        for scenario, text in SCENARIOS.items():
            if not any(s == scenario for s, _ in self.by):
                continue
            cells = [self.cell(scenario, tool) for tool in self.tools]
            cells.append(f"{self.peak_mib(scenario):.1f}" if (scenario, "sterna") in self.by
                         else "")
            lines.append(f"| {scenario} {text.format(**self.sizes)} | " + " | ".join(cells) + " |")
        lines += ["", "Medians of wall seconds; in brackets, times the bare client, which moves "
                  "the same bytes and synchronizes nothing. MiB is the most of all runs.", ""]
        if self.quick:
            return "\n".join([*lines, "A quick run is not judged."]) + "\n"
        lines += ["| target | at most | measured | |", "|---|---:|---:|---|"]
        for target, figure, verdict in self.verdicts():
            what = "peak MiB" if target.against == "MiB" else f"of {target.against}'s time"
            measured = "" if figure is None else f"{figure:.2f}"
            lines.append(f"| {target.scenario}, {what} | {target.most:g} | {measured} | "
                         f"{verdict} |")
        return "\n".join(lines) + "\n"

    def passed(self):
        """Sterna failed nowhere, and every target that was asked for is met."""
        return (not any(self.failed(*key) for key in self.by if key[1] == "sterna")
                and all(verdict == PASS for _, _, verdict in self.verdicts()))
