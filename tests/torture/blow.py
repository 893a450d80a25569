# SPDX-License-Identifier: Apache-2.0
"""What happens to a synchronizer while it runs: it is killed, its line is cut, or nothing."""
import threading
from dataclasses import dataclass

from tests.torture.line import DOWN, UP

KILL_TIME, KILL_OCTET, KILL_STEP, KILL_CALL, STOP, CUT, NOTHING = (
    "kill at a moment", "kill at an octet", "kill at a step", "kill at a call", "stop at an octet",
    "cut", "nothing")
KILLS = (KILL_TIME, KILL_OCTET, KILL_STEP)      # those of kill rounds
# What a login, a look at the mailboxes and some changes take, without any message.
TALK = {UP: 3000, DOWN: 10000}


@dataclass
class Blow:
    kind: str = NOTHING
    moment_s: float = 0
    direction: str = DOWN
    octet: int = 0
    hard: bool = False       # a cut with RST
    whole: bool = False      # all connections
    step: str = ""           # NAME or NAME:N
    call: int = 0            # its number among those that change or flush anything

    @property
    def is_kill(self):
        return self.kind in (*KILLS, KILL_CALL)

    def __str__(self):
        return {KILL_TIME: f"{self.kind}, after {self.moment_s:.3f} s",
                KILL_OCTET: f"{self.kind}, after {self.octet} octets {self.direction}",
                KILL_STEP: f"{self.kind}, {self.step}",
                KILL_CALL: f"{self.kind}, {self.call}",
                STOP: f"asked to stop after {self.octet} octets {self.direction}",
                CUT: f"cut after {self.octet} octets {self.direction}"
                     f"{', all connections' if self.whole else ''}"
                     f"{', with RST' if self.hard else ''}",
                NOTHING: "nothing"}[self.kind]


def at_step(name, turn):
    return Blow(KILL_STEP, step=f"{name}:{turn}")


def at_random(dice, span_s, octets, kinds):
    """`octets`: what is to be carried over in each direction."""
    kind = dice.choice(kinds)
    direction = dice.choice((UP, DOWN, DOWN))
    talk = dice.random() < 0.5
    most = TALK[direction] + (0 if talk else octets[direction])
    return Blow(kind, dice.uniform(0, span_s), direction, dice.randrange(1, most),
                dice.random() < 0.4, dice.random() < 0.5)


class Falling:
    """A blow that is about to fall; `met` says whether it did."""

    def __init__(self, blow, tool, line):
        self.blow, self.tool, self.line = blow, tool, line
        self.met = threading.Event()
        self._timer = None
        if blow.kind in (KILL_OCTET, STOP, CUT):
            line.at(blow.direction, blow.octet, self._strike)

    def start(self):
        blow = self.blow
        self.tool.start(blow.step if blow.kind == KILL_STEP else None)
        if blow.kind == KILL_TIME:
            self._timer = threading.Timer(blow.moment_s, self.tool.kill)
            self._timer.start()

    def wait(self):
        ran = self.tool.wait()
        if self._timer:
            self._timer.cancel()
            self._timer.join()
        if self.blow.is_kill and ran.was_killed:
            self.met.set()
        return ran

    def _strike(self, pair):
        if self.blow.kind == KILL_OCTET:
            self.tool.kill()
            return
        if self.blow.kind == STOP:
            self.met.set()
            self.tool.ask_to_stop()
            return
        self.met.set()
        if self.blow.whole:
            self.line.cut_all(self.blow.hard)
        pair.cut(self.blow.hard)
