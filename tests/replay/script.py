# SPDX-License-Identifier: Apache-2.0
"""What the simulation plays (tests/simulation/script.h): its scripts as values, and as the text
that its test program prints of seeds."""
import os
import pathlib
import re
import subprocess
from dataclasses import dataclass, field


@dataclass
class Step:
    id: int
    what: str                                   # "local.flag", "sync"
    given: dict = field(default_factory=dict)   # "dice", "at" ...

    def number(self, key):
        return self.given.get(key, 0)

    def __str__(self):
        return " ".join([str(self.id), self.what,
                         *(f"{key}={value}" for key, value in sorted(self.given.items()))])


@dataclass
class Script:
    seed: int = 0
    features: frozenset = frozenset()           # of server, line and disk
    steps: list = field(default_factory=list)

    def __str__(self):
        head = f"seed {self.seed}\n{' '.join(['with', *sorted(self.features)])}\n"
        return head + "".join(f"{step}\n" for step in self.steps)


_STEP = re.compile(r"(\d+) ([a-z.-]+)((?: [a-z_]+=\d+)*)\Z")


def parse(text):
    """All scripts of a text. Lines between them that are none of theirs are left out: the test
    program has its own."""
    scripts = []
    for line in text.splitlines():
        found = _STEP.match(line)
        if line.startswith("seed "):
            scripts.append(Script(int(line[5:])))
        elif scripts and (line == "with" or line.startswith("with ")):
            scripts[-1].features = frozenset(line.split()[1:])
        elif scripts and found:
            given = dict(word.split("=") for word in found[3].split())
            scripts[-1].steps.append(
                Step(int(found[1]), found[2], {key: int(n) for key, n in given.items()}))
    return scripts


def simulation():
    """The simulation's test program: STERNA_SIMULATION, or that of the build of STERNA_BINARY."""
    path = os.environ.get("STERNA_SIMULATION")
    if not path:
        build = pathlib.Path(os.environ.get("STERNA_BINARY", "")).absolute().parents[2]
        path = str(build / "tests/simulation/sterna_simulation_test")
    if not os.access(path, os.X_OK):
        raise RuntimeError(f"STERNA_SIMULATION must name sterna_simulation_test; {path} is none")
    return path


def of_seeds(first, count=1):
    """The scripts of so many seeds, in their order."""
    environment = {key: value for key, value in os.environ.items()
                   if not key.startswith("STERNA_SIM")}
    environment.update(STERNA_SIM_PRINT="1", STERNA_SIM_FIRST=str(first),
                       STERNA_SIM_SEEDS=str(count))
    done = subprocess.run([simulation(), "--gtest_filter=Seeds/*"], env=environment, check=True,
                          capture_output=True, text=True)
    scripts = sorted(parse(done.stdout), key=lambda script: script.seed)
    if [script.seed for script in scripts] != list(range(first, first + count)):
        raise RuntimeError(f"not the scripts of {count} seeds from {first}: {done.stdout[:300]}")
    return scripts
