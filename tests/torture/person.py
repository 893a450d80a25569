# SPDX-License-Identifier: Apache-2.0
"""What both people have in common: how they choose, and what they may not touch.

A deed is a method that changes one side, tells the ledger what it did, and returns a line for the
story; None if there was nothing to do it to. The synchronizer works on the same mail meanwhile:
what is not there any more when a hand reaches for it was not done.

What a sync that died may have left unrecorded is not known to be agreed ("unsettled"). There the
people keep off what docs/safety.md, section 5, names as open: files of such a sync are not renamed
on their way to another mailbox, and flags of such messages are set, not cleared.
"""
import re

from tests.support.messages import NOON, local, message
from tests.torture.judge import content_of
from tests.torture.ledger import PHONE, SIDES

TARGETS = ("INBOX", "Work", "Archive", "Lists", "Lists/dev")
# Some messages are everybody's: otherwise both people would seldom meet at the same one.
HOT, HOT_SHARE = ("m0", "m1", "m2", "m3", "w0", "w1", "a0", "d0"), 0.5
SMALL, LARGE = (1, 40), (1500, 4000)      # lines of 12 octets


def write(token, dice, word=None, large=False):
    """A new message with CRLF, and a date of its own."""
    lines = dice.randrange(*(LARGE if large else SMALL))
    body = "Some words.\n" * lines
    return message(word or token, body, f"About {token}"), NOON + dice.randrange(10**7)


class Person:
    side = None

    def __init__(self, ledger, tool, fresh):
        self.ledger = ledger
        self.tool = tool
        self.fresh = fresh      # the first sync has not ended yet

    def do(self, deed, dice):
        text = getattr(self, deed)(dice)
        self.ledger.tell(f"{self.side}: " + (text or f"nothing to do: {deed}"))
        return text is not None

    # ---- choosing

    def mailboxes(self):
        """Names on this side."""
        raise NotImplementedError

    def index(self):
        """token -> (mailbox, handle) of each message with it on this side."""
        raise NotImplementedError

    def find(self, token):
        return self.index()[token]

    def is_open(self, box):
        """May messages come to it and leave it by this side's hand? Not if this side renamed it and
        the new name is not there yet: it might not be known again."""
        return not (box.renamer == self.side and self.ledger.is_rename_on_its_way(box))

    def name_of(self, box):
        return box.name_among(self.mailboxes())

    def target(self, dice, source):
        """A mailbox to move something to."""
        names = self.mailboxes()
        boxes = [box for box in self.ledger.boxes
                 if not box.removed and box is not source and box.name_among(names)
                 and self.is_open(box)
                 and (box.names[0] in TARGETS or box.maker)]
        return dice.choice(sorted(boxes, key=lambda box: box.names[0])) if boxes else None

    def some(self, dice, fits):
        """(copy, box, handle) of a message that stands for itself alone and fits."""
        copies = [copy for copy in self.ledger.copies
                  if not copy.frozen and fits(copy) and len(self.ledger.of(copy.token)) == 1]
        index = self.index()
        copies = [copy for copy in copies if len(index[copy.token]) == 1]
        if not copies:
            return None
        hot = [copy for copy in copies if copy.token in HOT]
        copy = dice.choice(hot if hot and dice.random() < HOT_SHARE else copies)
        mailbox, handle = index[copy.token][0]
        box = self.ledger.find_box(mailbox)
        return (copy, box, handle) if box else None

    def may_place(self, copy):
        """Is this one this person's to move or to delete?"""
        if copy.token.startswith("draft") or copy.token.startswith("quiet"):
            return False
        if not all(map(self.is_open, copy.been_in())):
            return False
        if self.ledger.is_settled(copy) or copy.maker == self.side:
            return True
        if not self.tool.lives_with_the_unsettled:
            return False
        # In a first sync that never ended each message is moved by one side only (section 5), and
        # what both had before is not known to have been deleted.
        if self.fresh and not self.ledger.good:
            return copy.maker in SIDES and all(act.side == self.side for act in copy.acts)
        return True

    def may_flag(self, copy, flag):
        if flag in copy.flagged_by or copy.token.startswith("draft"):
            return False
        sure = self.ledger.is_settled(copy)
        wanted = not copy.flags.get(flag, False)
        if copy.token.startswith("quiet"):
            return sure and wanted      # paired anew, flags are united
        if sure or copy.maker == self.side:
            return sure or wanted
        return self.tool.lives_with_the_unsettled and wanted

    # ---- names

    def new_token(self, kind):
        count = sum(1 for token in self.ledger.tokens() if re.match(kind + r"\d", token))
        return f"{kind}{count}{'there' if self.side == PHONE else 'here'}"

    def new_box_name(self, dice):
        if dice.random() < 0.2:
            return "Shared"
        count = sum(1 for box in self.ledger.boxes if box.maker == self.side)
        return f"{'Phone' if self.side == PHONE else 'Reader'}{count}"

    def write(self, dice, kind, **how):
        token = self.new_token(kind)
        data, date = write(token, dice, **how)
        return token, data, date

    @staticmethod
    def content(data):
        return content_of(local(data))

    # ---- folders that may be renamed or removed by this side

    def may_rename(self, box):
        if self.fresh and not self.ledger.good:
            return False      # nobody can know yet that it is the same one
        if box.removed or box.names[0] in ("INBOX", "Trash", "Drafts", "Quiet", "Shared"):
            return False
        if box.names[0].startswith("Empty"):
            return False
        family = [other for other in self.ledger.boxes
                  if other.names[0].split("/")[0] == box.names[0].split("/")[0]]
        return all(other.renamer in (None, self.side) for other in family)

    def choose_to_rename(self, dice):
        names = self.mailboxes()
        boxes = [box for box in self.ledger.boxes
                 if self.may_rename(box) and box.name == box.name_among(names)]
        if not boxes:
            return None, None
        box = dice.choice(sorted(boxes, key=lambda box: box.names[0]))
        base = box.names[0].rpartition("/")
        name = f"{base[0]}{base[1]}{base[2]}x{len(box.names)}"
        if self.name_is_stale(box, name):
            return None, None
        return box, name

    def name_is_stale(self, box, name):
        return self.ledger.find_box(name) not in (None, box)
