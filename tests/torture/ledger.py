# SPDX-License-Identifier: Apache-2.0
"""What two people did to a mail account, and what a synchronizer may make of it.

The phone is whoever changes the server, the reader whoever changes the Maildir. Each message has a
token of its own in its subject; several copies of it have the same one. For each copy the ledger
knows who did what, in which order, and which syncs came to a good end in between. `allowed()` says
where a copy may be in the end. An alternative that is no plain consequence of what was done names
the rule of docs/safety.md that lets it be.
"""
import itertools
from dataclasses import dataclass, field

PHONE, READER = "phone", "reader"
SIDES = (PHONE, READER)

PLAIN = ""
NOT_RECORDED = "section 5: a file placed by a sync that died, and deleted before the next"
ASKED = "section 2, (e): a renamed mailbox that was not known again, and was asked about"
FIRST_SYNC = "section 5: a first sync that never ended believes no absence"
IN_DOUBT = "rule 12: an upload in doubt is sent again where nothing is found"
NEVER_SENT = "rule 7: what was never on the server needs no Trash"
VIA_TRASH = "rule 7: what was in the Trash meanwhile may leave it"
LAST_COPY = "rule 7: both deleted it; the copy in the Trash was made before that was known"
COPIED_FIRST = "rule 17: a copy first and a deletion later is a move"
LATER_WINS = "rule 24: the later one was done to what the earlier one had become"
BACK_AGAIN = "section 2: what a side moved and moved back, it did not move"
HALF_EXPUNGED = "marked \\Deleted by its user, and moved on before the expunge"
NO_MOVE = "section 5: without MOVE, a move and a removal that die can leave one more in the Trash"
RACE = "section 5: without MOVE, a copy cannot be taken back from a race of two moves"
DELETE_AND_NEW = "a move is a deletion and a new message to this tool"


@dataclass(frozen=True)
class Content:
    """Of a message, as far as it has to be known again."""
    digest: str
    octets: int


class Box:
    """A mailbox, whatever its name is by now."""

    def __init__(self, name, maker=None):
        self.names = [name]
        self.maker = maker          # the side that made it meanwhile, if one did
        self.renamer = None         # the only side that renames it
        self.renamed_at = 0
        self.was_asked_about = False
        self.removed = False

    @property
    def name(self):
        return self.names[-1]

    @property
    def is_trash(self):
        return self.name == "Trash"

    def name_among(self, names):
        """What it is called on a side that has these mailboxes; None if it is not there."""
        return next((name for name in reversed(self.names) if name in names), None)

    def __repr__(self):
        return "<" + " -> ".join(self.names) + ">"


@dataclass
class Act:
    """A copy was moved or deleted."""
    side: str
    source: Box
    target: Box | None          # None: deleted where it was
    clock: int
    half: bool = False          # marked as deleted; whether it went is not known


@dataclass
class Copy:
    token: str
    content: Content
    box: Box                    # where it was made
    maker: str                  # PHONE, READER, or both for what each had before the first sync
    clock: int
    flags: dict = field(default_factory=dict)     # of those that people change
    acts: list = field(default_factory=list)
    flagged_by: dict = field(default_factory=dict)
    frozen: bool = False        # nobody does anything more to it
    leaves: bool = False        # but delete it, since a copy of it was filed
    sibling: "Copy" = None      # what it was copied from

    def last(self, side):
        return next((act for act in reversed(self.acts) if act.side == side), None)

    def been_in(self):
        return {self.box} | {act.source for act in self.acts} | {
            act.target for act in self.acts if act.target}


@dataclass
class Policy:
    """How the tool is set, and what it promises."""
    trash: bool = True          # a file that is gone sends its message to the Trash
    has_trash: bool = True
    moves: bool = True          # the server has MOVE
    exact: bool = True          # conflicts end as the tables of safety.md say


class Ledger:
    def __init__(self, policy):
        self.policy = policy
        self.clock = 0
        self.boxes = []
        self.copies = []
        self.good = []          # (clock before, clock after) of syncs that ended in step
        self.story = []

    # ---- what happens

    def tick(self):
        self.clock += 1
        return self.clock

    def tell(self, text):
        self.story.append(f"{self.clock:4}  {text}")

    def add_box(self, name, maker=None):
        box = self.find_box(name)
        if box is None:
            box = Box(name, maker)
            self.boxes.append(box)
        return box

    def find_box(self, name):
        """The mailbox that has this name, or had it."""
        return next((box for box in self.boxes if name in box.names), None)

    def box(self, name):
        found = self.find_box(name)
        if found is None:
            raise KeyError(f"no mailbox was ever called {name!r}")
        return found

    def rename_box(self, box, name, side):
        clock = self.tick()
        for other in self.tree_of(box):
            other.names.append(name + other.name[len(box.name):])
            other.renamer, other.renamed_at = side, clock
        box.names.append(name)
        box.renamer, box.renamed_at = side, clock

    def tree_of(self, box):
        """The mailboxes below this one."""
        return [other for other in self.boxes if other.name.startswith(box.name + "/")]

    def is_quiet(self, box):
        """What is in it now was there when both sides were last alike, and nothing left it."""
        return all(self.synced_between(clock, self.clock + 1)
                   for copy in self.copies if box in copy.been_in()
                   for clock in (copy.clock, *(act.clock for act in copy.acts)))

    def has_most_of_it(self, box):
        """Of what was in it when both sides were last alike, more than half did not leave it."""
        was, left = 0, 0
        for copy in self.copies:
            late = [act for act in copy.acts if not self.synced_between(act.clock, self.clock + 1)]
            place = late[0].source if late else copy.acts[-1].target if copy.acts else copy.box
            if place is box and self.is_settled(copy):
                was, left = was + 1, left + bool(late)
        return left * 2 < was

    def is_rename_on_its_way(self, box):
        return bool(box.renamed_at) and not self.synced_between(box.renamed_at, self.clock + 1)

    def add_copy(self, token, content, box, maker, flags, sibling=None):
        copy = Copy(token, content, box, maker, self.tick(), dict(flags), sibling=sibling)
        self.copies.append(copy)
        return copy

    def move(self, copy, side, source, target, half=False):
        copy.acts.append(Act(side, source, target, self.tick(), half))

    def set_flag(self, copy, side, flag, value):
        copy.flags[flag] = value
        copy.flagged_by[flag] = side
        self.tick()

    def sync_ended_well(self, before):
        self.good.append((before, self.tick()))

    # ---- what is known of a copy

    def of(self, token):
        return [copy for copy in self.copies if copy.token == token]

    def tokens(self):
        return sorted({copy.token for copy in self.copies})

    def synced_between(self, first, second):
        return any(first < began and ended < second for began, ended in self.good)

    def is_settled(self, copy):
        """Both sides have it for sure."""
        return self.synced_between(copy.clock, self.clock + 1)

    def was_settled(self, copy, act):
        return self.synced_between(copy.clock, act.clock)

    # ---- where it may be in the end

    def allowed(self, copy):
        """Alternatives: (boxes, rule); no box means gone, two mean doubled."""
        found = self._allowed(copy)
        asked = [box for box in copy.been_in() if box.was_asked_about]
        bins = [box for box in self.boxes if asked and box.is_trash]
        return found + [((*boxes, box), ASKED) for boxes, _ in found for box in (*asked, *bins)]

    def _allowed(self, copy):
        phone, reader = copy.last(PHONE), copy.last(READER)
        if phone and reader:
            first, second = sorted((phone, reader), key=lambda act: act.clock)
            if not self.synced_between(first.clock, second.clock):
                return self._after_both(copy, phone, reader, first, second)
            return self._after(copy, second)
        act = phone or reader
        return self._after(copy, act) if act else [((copy.box,), PLAIN)]

    def _after(self, copy, act):
        if act.target:
            found = [((act.target,), PLAIN)]
        elif act.side == PHONE:
            found = [((), PLAIN)]
            if copy.maker != PHONE and not self.was_settled(copy, act):
                found.append(((act.source,), IN_DOUBT))
        else:
            found = self._after_unlinking(copy, act)
        if act.half:
            found += [((box,), HALF_EXPUNGED) for box in copy.been_in()]
        if not act.target and not self.synced_between(0, act.clock):
            found += [((box,), FIRST_SYNC) for box in copy.been_in()]
        return found + self._one_more(copy, act)

    def _after_unlinking(self, copy, act):
        been = copy.been_in()
        trash = next((box for box in self.boxes if box.is_trash), None)
        settled = self.was_settled(copy, act)
        if not self.policy.trash or all(box.is_trash for box in been):
            found = [((), PLAIN)]
        else:
            found = [((trash,), PLAIN)]
            if copy.maker == READER and not settled:
                found.append(((), NEVER_SENT))
            if any(box.is_trash for box in been):
                found.append(((), VIA_TRASH))
            if any(other.sibling is copy for other in self.copies):
                found.append(((), COPIED_FIRST))
        if copy.maker != READER and not settled:
            found += [((box,), NOT_RECORDED) for box in been]
        return found

    def _one_more(self, copy, act):
        """A death amid a move and a removal of one message, where MOVE is missing."""
        trash = next((box for box in self.boxes if box.is_trash), None)
        mixed = self.policy.trash and not self.policy.moves and len(copy.acts) > 1
        if not mixed or act.side != READER or act.target:
            return []
        return [((trash, trash), NO_MOVE)]

    def _after_both(self, copy, phone, reader, first, second):
        there, here = phone.target, reader.target
        if not self.policy.exact:
            found = self._of_deletions_and_arrivals(there, here)
        elif there and here:
            kept = here if there.is_trash else there
            found = [((kept,), PLAIN)]
        elif there:
            found = [((there,), PLAIN)]
        elif here:
            found = [((), PLAIN)] if here.is_trash else [((here,), PLAIN)]
        else:
            found = [((), PLAIN)]
            if self.policy.trash:
                trash = next(box for box in self.boxes if box.is_trash)
                found.append(((trash,), LAST_COPY))
        if self._knows(copy, first, second):
            found += [(boxes, LATER_WINS) for boxes, _ in self._after(copy, second)]
        before = self._place_before(copy, second)
        for one, other in ((phone, reader), (reader, phone)):
            if one.target is before:
                found += [(boxes, BACK_AGAIN) for boxes, _ in self._after(copy, other)]
        if phone.half:
            found += [((box,), HALF_EXPUNGED) for box in copy.been_in()]
        if not self.policy.moves:
            found += self._of_a_race(copy, phone, reader)
        return found

    @staticmethod
    def _knows(copy, first, second):
        """Was any of what led to the second one done where the first one had brought it?"""
        return first.target is not None and any(
            act.side == second.side and act.clock > first.clock and act.source is first.target
            for act in copy.acts)

    def _place_before(self, copy, act):
        """Where it was when both sides were last alike."""
        return next(one.source for one in copy.acts
                    if not self.synced_between(one.clock, act.clock))

    @staticmethod
    def _of_deletions_and_arrivals(there, here):
        places = [box for box in (there, here) if box]
        if not places:
            return [((), PLAIN)]
        found = [((box,), PLAIN) for box in places]
        return found + ([((there, here), DELETE_AND_NEW)] if len(places) == 2 else [])

    def _of_a_race(self, copy, phone, reader):
        """COPY here, MOVE there, and an expunge that comes too late."""
        trash = next((box for box in self.boxes if box.is_trash), None)
        ours = reader.target or (trash if self.policy.trash else None)
        if ours is None:
            return []
        theirs = () if phone.target is None else (phone.target,)
        return [((ours, *theirs), RACE)]

    def allowed_together(self, token):
        """For all copies of a token: {sorted boxes: rules}, the alternative with fewest rules."""
        found = {}
        for combination in itertools.product(*map(self.allowed, self.of(token))):
            boxes = tuple(sorted((box for part, _ in combination for box in part),
                                 key=lambda box: box.name))
            rules = frozenset(rule for _, rule in combination if rule)
            if boxes not in found or len(rules) < len(found[boxes]):
                found[boxes] = rules
        return found

    def may_be_gone(self, token):
        return () in self.allowed_together(token)

    def is_flag_sure(self, copy, flag):
        """A side that lost a conflict over a deletion may lose its flags with it. Of a file that is
        gone nobody can tell what its last name said; and to a tool for which a move is a deletion
        and a new message, a message that moved is gone."""
        phone, reader = copy.last(PHONE), copy.last(READER)
        who = copy.flagged_by.get(flag)
        if reader and not reader.target and who == READER:
            return False
        if not self.policy.exact and who and any(act.side != who for act in copy.acts):
            return False
        if not phone or not reader:
            return not any(act.half for act in copy.acts) and self.is_plain(copy)
        first, second = sorted((phone, reader), key=lambda act: act.clock)
        if self.synced_between(first.clock, second.clock):
            return self.is_plain(copy)
        return bool(self.policy.exact and phone.target and reader.target)

    def is_plain(self, copy):
        return all(not rule for _, rule in self.allowed(copy))
