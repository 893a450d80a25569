# SPDX-License-Identifier: Apache-2.0
"""Takes out of answers what differs from one recording to the next.

A UIDVALIDITY becomes v1, v2, ... in the order in which they come, a mod-sequence m1, m2, ... by its
rank among those of its mailbox, a MAILBOXID id1, ...; a date of today becomes "now"; figures of
time go, and what Dovecot says by the clock so that an idle connection lives.
"""
import re
import time

_UIDVALIDITY = re.compile(r"(UIDVALIDITY|APPENDUID|COPYUID) (\d+)")
_MODSEQ = re.compile(r"(MODSEQ) (\(?)(\d+)")
_MAILBOXID = re.compile(r"MAILBOXID \(([^)]+)\)")
_STATUS = re.compile(r'\* STATUS (?:"([^"]*)"|(\S+)) \(')
_NOISE = [
    (re.compile(r" \(\d+\.\d+ \+ [^()]* secs\)"), ""),
    (re.compile(r" \(\d+\.\d+ secs?( \d+ calls)?\)"), ""),
    (re.compile(r"(?<= msgs) in \d+\.\d+ secs(?=\))"), ""),
    (re.compile(r" \[\d{4}-\d\d-\d\d [\d:]{8}\]"), ""),
    (re.compile(r'(?<=TAG )"t\d+"'), '"tag"'),
    (re.compile(r" SESSIONID=<[^>]*>"), ""),
    (re.compile(r'(?<="os-version" )"[^"]*"'), '"this"'),
    (re.compile(r'(?<="environment" )"[^"]*"'), '"this"'),
]


_ALIVE = b"* OK Still here"


class _Names:
    """v1 for the first value, and so on."""

    def __init__(self, letters):
        self._letters, self._names = letters, {}

    def __call__(self, value):
        return self._names.setdefault(value, f"{self._letters}{len(self._names) + 1}")


def _mailbox_of(answer, step):
    found = _STATUS.match(answer)
    return (found[1] or found[2]).lower() if found else step.mailbox


def _text(answer):
    text = answer.decode("latin-1")
    text = text.replace("\r", "\\r").replace("\n", "\\n")
    return "".join(c if " " <= c <= "~" else f"\\x{ord(c):02x}" for c in text)


def dates_around(now):
    """A pattern of the dates of that day, and of those beside it. A day below 10 has a space before
    it, or a zero (RFC 3501 section 9, date-day-fixed)."""
    days = (time.gmtime(now + shift) for shift in (-86400, 0, 86400))
    return "|".join(f"[ 0]?{day.tm_mday}-{time.strftime('%b-%Y', day)}" for day in days)


def normalise(steps, user):
    """Replaces each step's answers by text."""
    now = re.compile(rf'"(?:{dates_around(time.time())}) [^"]*"')
    ranks = {}
    for step in steps:
        step.answers = [_text(answer) for answer in step.answers if answer != _ALIVE]
        for answer in step.answers:
            for found in _MODSEQ.finditer(answer):
                ranks.setdefault(_mailbox_of(answer, step), set()).add(int(found[3]))
    ranks = {mailbox: sorted(values) for mailbox, values in ranks.items()}
    uidvalidity, mailbox_id = _Names("v"), _Names("id")

    def one(answer, step):
        own = ranks.get(_mailbox_of(answer, step), [])
        answer = _MODSEQ.sub(lambda m: f"{m[1]} {m[2]}m{own.index(int(m[3])) + 1}", answer)
        answer = _UIDVALIDITY.sub(lambda m: f"{m[1]} {uidvalidity(m[2])}", answer)
        answer = _MAILBOXID.sub(lambda m: f"MAILBOXID ({mailbox_id(m[1])})", answer)
        answer = now.sub('"now"', answer).replace(user, "{user}")
        for pattern, instead in _NOISE:
            answer = pattern.sub(instead, answer)
        return answer

    for step in steps:
        step.answers = [one(answer, step) for answer in step.answers]
    return steps
