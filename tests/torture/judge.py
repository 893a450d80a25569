# SPDX-License-Identifier: Apache-2.0
"""Are the two sides what the ledger says they may be? Knows nothing of any synchronizer's state.

A View is what one side has: mailbox -> list of Found. A violation has a kind:

    lost         on no side, and nobody deleted it
    missing      on one side only, and nobody deleted it
    doubled      more often than it was made
    came back    though it was deleted
    misplaced    where nobody put it
    damaged      not the octets that were written
    flags        other flags than people set
    apart        the two sides differ in anything else
    mailbox      one too many, too few, or by a name that it has no more
    unrest       the synchronizer came to no end
    broke        the synchronizer ended as it must not
"""
import collections
import hashlib
import itertools
import re
from dataclasses import dataclass

from tests.torture.ledger import Content

KINDS = ("lost", "missing", "doubled", "came back", "misplaced", "damaged", "flags", "apart",
         "mailbox", "unrest", "broke")
JUDGED_FLAGS = ("\\Seen", "\\Flagged", "\\Answered")
_TOKEN = re.compile(rb"^Subject: About (\S+)\r?$", re.M)
# What mbsync and OfflineIMAP add to the header of what they copy.
_ADDED = re.compile(rb"^(X-TUID|X-OfflineIMAP[^:]*): [^\n]*\n", re.M | re.I)


@dataclass(frozen=True)
class Found:
    token: str
    digest: str
    flags: frozenset


@dataclass(frozen=True)
class Violation:
    kind: str
    text: str

    def __str__(self):
        return f"{self.kind}: {self.text}"


def token_of(content):
    found = _TOKEN.search(content.split(b"\n\n", 1)[0].split(b"\r\n\r\n", 1)[0])
    return found[1].decode() if found else "?" + repr(content[:30])


def digest_of(content):
    """Of what was written: line ends and what tools add to a header left out."""
    head, empty, body = content.replace(b"\r\n", b"\n").partition(b"\n\n")
    head = _ADDED.sub(b"", head + b"\n")
    return hashlib.sha256(head + empty + body).hexdigest()[:16]


def content_of(data):
    return Content(digest_of(data), len(data))


def view_of_server(imap):
    return {name: [Found(token_of(m.body), digest_of(m.body), m.flags)
                   for m in imap.fetch_all(name)] for name in imap.mailboxes()}


def view_of_maildir(mail):
    view = {}
    for name in mail.mailboxes():
        view[name] = []
        for one in mail.messages(name):
            content = one.read()
            view[name].append(Found(token_of(content), digest_of(content), one.flags))
    return view


def places(view):
    """token -> mailboxes in which it is, one entry a copy."""
    found = collections.defaultdict(list)
    for mailbox, messages in view.items():
        for message in messages:
            found[message.token].append(mailbox)
    return found


def same_places(one, other):
    """The same mailboxes, and in each the same messages with the same flags."""
    def content(view):
        return {mailbox: collections.Counter((m.token, m.flags) for m in messages)
                for mailbox, messages in view.items()}
    return content(one) == content(other)


class Judgement:
    """violations, and by which rules it was no violation: rule -> how often."""

    def __init__(self, ledger, there, here):
        self.ledger, self.there, self.here = ledger, there, here
        self.violations = []
        self.rules = collections.Counter()
        self._judge_places()
        self._judge_contents()
        self._judge_flags()
        self._judge_mailboxes()
        if not self.violations:
            self._judge_likeness()

    def _add(self, kind, text):
        self.violations.append(Violation(kind, text))

    # ---- where each message is

    def _judge_places(self):
        there, here = places(self.there), places(self.here)
        for token in self.ledger.tokens():
            allowed = self.ledger.allowed_together(token)
            for side, found in (("server", there), ("Maildir", here)):
                boxes = self._boxes(found.get(token, []))
                if boxes in allowed:
                    self.rules.update(allowed[boxes] if side == "server" else ())
                    continue
                other = (here if side == "server" else there).get(token, [])
                kind = self._kind(boxes, allowed, other)
                wanted = " or ".join(self._names(one) for one in sorted(
                    allowed, key=lambda one: (len(one), self._names(one))))
                self._add(kind, f"{token}: on the {side} in {self._names(boxes)}, "
                                f"and not in {wanted}")
        for side, found in (("server", there), ("Maildir", here)):
            for token in sorted(set(found) - set(self.ledger.tokens())):
                self._add("doubled", f"{token}: nobody wrote it, on the {side} in {found[token]}")

    def _boxes(self, names):
        boxes = [self.ledger.find_box(name) or name for name in names]
        return tuple(sorted(boxes, key=lambda box: getattr(box, "name", box)))

    @staticmethod
    def _names(boxes):
        return ", ".join(getattr(box, "name", box) for box in boxes) or "no mailbox"

    @staticmethod
    def _kind(boxes, allowed, other):
        sizes = [len(one) for one in allowed]
        if len(boxes) < min(sizes):
            return "missing" if len(other) >= min(sizes) else "lost"
        if len(boxes) > max(sizes):
            return "doubled" if max(sizes) else "came back"
        return "misplaced"

    # ---- what is in it

    def _judge_contents(self):
        known = collections.defaultdict(set)
        for copy in self.ledger.copies:
            known[copy.token].add(copy.content.digest)
        for side, view in (("server", self.there), ("Maildir", self.here)):
            for mailbox, messages in view.items():
                for message in messages:
                    if message.token in known and message.digest not in known[message.token]:
                        self._add("damaged", f"{message.token}: on the {side} in {mailbox}")

    def _judge_flags(self):
        for copy in self.ledger.copies:
            if len(self.ledger.of(copy.token)) > 1:
                continue
            for side, view in (("server", self.there), ("Maildir", self.here)):
                for message in itertools.chain.from_iterable(view.values()):
                    if message.token == copy.token:
                        self._judge_flags_of(copy, side, message)

    def _judge_flags_of(self, copy, side, message):
        for flag in JUDGED_FLAGS:
            if not self.ledger.is_flag_sure(copy, flag):
                continue
            if (flag in message.flags) != copy.flags.get(flag, False):
                who = copy.flagged_by.get(flag, "its maker")
                change = "set" if copy.flags.get(flag) else "cleared"
                self._add("flags", f"{copy.token}: {flag} was {change} by {who}, and is not so on "
                                   f"the {side}")

    # ---- mailboxes

    def _judge_mailboxes(self):
        for side, view in (("server", self.there), ("Maildir", self.here)):
            for name in view:
                box = self.ledger.find_box(name)
                if box is None:
                    self._add("mailbox", f"{name}: nobody made it, on the {side}")
                elif box.name != name and not (box.was_asked_about and view[name]):
                    self._add("mailbox", f"{name}: still on the {side}, is {box.name} now")
                elif box.removed and not view[name]:
                    self._add("mailbox", f"{name}: was removed, and is on the {side}")
            for box in self.ledger.boxes:
                if not box.removed and not box.name_among(view):
                    self._add("mailbox", f"{box.name}: not on the {side}")

    def _judge_likeness(self):
        if same_places(self.there, self.here):
            return
        for mailbox in sorted(self.there.keys() | self.here.keys()):
            there, here = (collections.Counter((m.token, " ".join(sorted(m.flags)))
                                               for m in view.get(mailbox, []))
                           for view in (self.there, self.here))
            for side, extra in (("server", there - here), ("Maildir", here - there)):
                for one in sorted(extra):
                    self._add("apart", f"{mailbox}: only on the {side}: {one}")


def vanished(ledger, views, kept=()):
    """Tokens that nobody deleted and that are whole nowhere: not on a side, nor in `kept`, the
    contents of files that were put by. The promise holds at every moment, also after a crash."""
    digests = {(copy.token, copy.content.digest) for copy in ledger.copies}
    whole = {message.token for view in views for messages in view.values()
             for message in messages if (message.token, message.digest) in digests}
    whole |= {token_of(content) for content in kept
              if (token_of(content), digest_of(content)) in digests}
    return [token for token in ledger.tokens()
            if token not in whole and not ledger.may_be_gone(token)]
