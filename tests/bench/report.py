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


@dataclass(frozen=True)
class Target:
    scenario: str
    against: str         # a tool, or "MiB" for peak memory
    most: float


TARGETS = [
    *(Target(s, "mbsync", 0.5) for s in ("S1", "S2", "S3", "S5", "S9", "S10b", "S10")),
    *(Target(s, "mbsync", 0.75) for s in ("S4", "S7")),
    Target("S6", "mbsync", 1.0), Target("S6", "bare", 1.5), Target("S10", "bare", 1.5),
    Target("S1", "MiB", 24), Target("S9", "MiB", 24),
]


class Report:
    """`runs` is a list of records with scenario, tool, wall, rss_kb, rc and disagreement."""

    def __init__(self, runs, sizes):
        self.sizes = sizes
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

    def cell(self, scenario, tool):
        wall = self.median(scenario, tool)
        if wall is None:
            return ""
        bare = self.median(scenario, "bare")
        ratio = f" ({wall / bare:.1f}x)" if bare and tool != "bare" else ""
        return f"{wall:.3f}{ratio}" + (" FAILED" if self.failed(scenario, tool) else "")

    def verdicts(self):
        """(target, figure, met) of every target that was measured."""
        for target in TARGETS:
            wall = self.median(target.scenario, "sterna")
            if wall is None:
                continue
            if target.against == "MiB":
                figure = self.median(target.scenario, "sterna", "rss_kb") / 1024
            elif self.median(target.scenario, target.against):
                figure = wall / self.median(target.scenario, target.against)
            else:
                continue
            yield target, figure, figure <= target.most and not self.failed(target.scenario,
                                                                           "sterna")

    def markdown(self):
        lines = ["| scenario | " + " | ".join(f"{t} s" for t in self.tools) + " | sterna MiB |",
                 "|---|" + "---:|" * (len(self.tools) + 1)]
        for scenario, text in SCENARIOS.items():
            if not any(s == scenario for s, _ in self.by):
                continue
            memory = self.median(scenario, "sterna", "rss_kb")
            cells = [self.cell(scenario, tool) for tool in self.tools]
            cells.append(f"{memory / 1024:.1f}" if memory else "")
            lines.append(f"| {scenario} {text.format(**self.sizes)} | " + " | ".join(cells) + " |")
        lines += ["", "Medians of wall seconds; in brackets, times the bare client, which moves "
                  "the same bytes and synchronizes nothing.", "",
                  "| target | at most | measured | |", "|---|---:|---:|---|"]
        for target, figure, met in self.verdicts():
            what = "peak MiB" if target.against == "MiB" else f"of {target.against}'s time"
            lines.append(f"| {target.scenario}, {what} | {target.most:g} | {figure:.2f} | "
                         f"{'pass' if met else 'FAIL'} |")
        return "\n".join(lines) + "\n"

    def passed(self):
        return all(met for _, _, met in self.verdicts())
