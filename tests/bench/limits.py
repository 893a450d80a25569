# SPDX-License-Identifier: Apache-2.0
"""What the daemon may take, and the judge of it.

What was promised is here; what it is configured to wait for is in the program, and read there, so
that a limit follows what users get.
"""
import math
import pathlib
import re
import statistics

# Promised, in milliseconds: how long a reader's burst may settle, and what one change may take
# beyond that and its round trips.
SETTLING_MAX_MS = 250
SLACK_MS = 20
# What another account's first sync may add, and how late new mail to one of many is.
FAIR_MS = 200
NEW_MAIL_MS = 1500
# What so many accounts take while nothing happens: resident memory, CPU an hour, wake-ups while
# neither side says anything.
IDLE = {10: {"mib": 24, "cpu_s": 1, "unexplained": 0}, 1000: {"mib": 192}}

_SETTINGS = pathlib.Path(__file__).parents[2] / "src/cli/settings_from_config.cc"
_UNITS_MS = {"milliseconds": 1, "seconds": 1000}


def configured_ms(name):
    """A constant of the daemon's settings."""
    found = re.search(rf"^constexpr std::chrono::(\w+) {name}{{(\d+)}};",
                      _SETTINGS.read_text(encoding="utf-8"), re.MULTILINE)
    if not found:
        raise RuntimeError(f"{_SETTINGS} has no {name}")
    return int(found[2]) * _UNITS_MS[found[1]]


def settling_ms():
    return configured_ms("kDaemonSettles")


def quiet_ms():
    return configured_ms("kDaemonQuiet")


def latency_limits(rtt_ms):
    """The latest p95 of each kind of change, in milliseconds. A deletion takes as much as a move,
    for it is proven, copied and carried out, one after the other."""
    one = rtt_ms + SLACK_MS
    three = 3 * rtt_ms + SLACK_MS
    settling = settling_ms()
    return {"server to file": one, "flag out": settling + one, "new out": settling + three,
            "move out": settling + three, "deletion out": quiet_ms() + settling + three}


def p95(values):
    """The least of them that 95 in 100 do not exceed."""
    return sorted(values)[math.ceil(len(values) * 0.95) - 1]


class Judge:
    """Prints figures, those with a limit beside it; `good` as long as all of these are met."""

    def __init__(self):
        self.good = True

    def times(self, what, milliseconds, limit=None):
        late = p95(milliseconds)
        self._say(f"{what:18} {len(milliseconds):4} events   "
                  f"median {statistics.median(milliseconds):8.1f}   p95 {late:8.1f}   "
                  f"max {max(milliseconds):8.1f}", late, limit, "ms")

    def figure(self, what, value, limit, unit):
        self._say(f"{what}: {value:.4g} {unit}", value, limit, unit)

    def claim(self, what, holds):
        self.good = self.good and holds
        print(f"{what}: {'yes' if holds else 'NO'}", flush=True)

    def _say(self, line, value, limit, unit):
        if limit is not None:
            met = value <= limit
            self.good = self.good and met
            line += f"   limit {limit:g} {unit}   {'met' if met else 'NOT MET'}"
        print(line, flush=True)
