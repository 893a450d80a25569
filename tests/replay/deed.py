# SPDX-License-Identifier: Apache-2.0
"""How a step of a script becomes a deed: the same dice, messages, names and choices as in the
simulation (seeded_random.h, diary.cc there), as far as there is the same to choose from."""
from tests.replay.ledger import NO_TOKEN

_MASK = (1 << 64) - 1
FLAGS = ("\\Seen", "\\Flagged", "\\Answered", "\\Draft", "$Forwarded", "work", "later")


class Dice:
    """SplitMix64."""

    def __init__(self, seed):
        self._state = seed & _MASK

    def next(self):
        self._state = (self._state + 0x9e3779b97f4a7c15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94d049bb133111eb) & _MASK
        return mixed ^ (mixed >> 31)

    def below(self, limit):
        return self.next() % limit

    def chance(self, percent):
        return self.below(100) < percent


class Deed:
    def __init__(self, step_id, dice):
        self.id, self._dice = step_id, dice
        self.chance = Dice(dice)
        self.token = f"t{step_id}"      # of a message that it makes

    def mailbox_name(self):
        return f"Lists/m{self.id}" if self.chance.chance(30) else f"m{self.id}"

    def message(self):
        """Lines end with CRLF."""
        lines = ["From: Ann <ann@example.org>", "To: Bob <bob@example.org>",
                 f"Subject: About {self.token}"]
        if self.chance.chance(80):
            lines.append(f"Message-ID: <{self.token}@example.org>")
        lines += [f"X-Token: {self.token}", ""]
        count = 3000 if self.chance.chance(3) else self.chance.below(20)
        lines += [f"line {self.chance.next():x}" for _ in range(count)]
        return "".join(line + "\r\n" for line in lines).encode()

    def flags(self):
        flags = set()
        while self.chance.chance(35):
            flags.add(self.flag())
        return frozenset(flags)

    def flag(self):
        return FLAGS[self.chance.below(len(FLAGS))]

    def rank(self, name):
        """FNV-1a, then mixed."""
        number = 0xcbf29ce484222325
        for octet in name.encode():
            number = ((number ^ octet) * 0x100000001b3) & _MASK
        return Dice(number ^ self._dice).next()

    def pick(self, things, name_of=str):
        return min(things, key=lambda thing: self.rank(name_of(thing)), default=None)


def token_of(octets):
    _, field, rest = octets.partition(b"X-Token: ")
    lines = rest.splitlines()
    whole = field and lines and len(lines[0]) < len(rest)      # else the file was cut
    return lines[0].decode("ascii", "replace") if whole else NO_TOKEN
