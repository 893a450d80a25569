# SPDX-License-Identifier: Apache-2.0
"""What both users did to each message since both sides last agreed, and what must come of it: the
rules of tests/simulation/ledger.h and ledger.cc, word for word. Change both or none.

A token that nobody deleted is on each side exactly once, in the same mailbox, with the same flags
and octets. Where only one side touched something (its place, one of its flags, its life), the
outcome is known; where both did, they only have to agree.
"""
import collections
from dataclasses import dataclass, field

LOCAL, REMOTE = 0, 1
NO_TOKEN = "(no token)"
JUDGED_FLAGS = ("\\Seen", "\\Flagged", "\\Answered", "\\Draft", "\\Deleted", "$Forwarded", "work",
                "later")


@dataclass(frozen=True)
class Copy:
    """A message as one side shows it; lines end with CRLF."""
    token: str
    mailbox: str
    flags: frozenset
    octets: bytes = field(repr=False)


@dataclass(frozen=True)
class Wrong:
    kind: str
    text: str


@dataclass
class _Deeds:
    flags: dict = field(default_factory=dict)
    turns: collections.Counter = field(default_factory=collections.Counter)
    moved_to: str | None = None
    deleted: bool = False
    trashed: bool = False
    moot: set = field(default_factory=set)      # flags of what was deleted and then came back
    is_back: bool = False       # which this one did: its flags came from the other side

    def take_up(self):
        """Whoever does something to it has not deleted it, or has it back."""
        if self.deleted or self.trashed:
            self.moot.update(self.flags)
            self.flags.clear()
            self.deleted = self.trashed = False
            self.is_back = True

    def any(self):
        return bool(self.flags) or self.moved_to is not None or self.deleted


@dataclass
class _Life:
    mailbox: str
    flags: frozenset
    open: bool = False             # whether it lives
    vague: bool = False            # where it is and with which flags
    twice: bool = False            # it may be there more than once, the same on both sides
    bearer: int | None = None      # None: both sides agreed since
    binned: bool = False           # moved to the Trash
    trashed: bool = False          # deleted here, once
    moved_before: bool = False     # that
    deeds: tuple = field(default_factory=lambda: (_Deeds(), _Deeds()))


def _by_token(copies):
    found = collections.defaultdict(list)
    for copy in copies:
        found[copy.token].append(copy)
    return found


@dataclass(frozen=True)
class Trash:
    """Where the policy moves the messages of files that are deleted here."""
    mailbox: str
    by_copy: bool = False          # the server cannot move


class Ledger:
    def __init__(self, trash=None):
        self._trash = trash
        self._lives = {}
        self._broken = False
        self._adopting = False      # set back, and no sync came to its end since
        self._in_doubt = False      # and each since held a mailbox that a backup lacks

    # ---- what was done

    def born(self, side, token, mailbox, flags):
        self._lives[token] = _Life(mailbox, flags, bearer=side)

    def broken(self):
        """Until both sides agree again, what was done may not have been recorded."""
        self._broken = True

    @property
    def is_broken(self):
        return self._broken

    def flagged(self, side, token, flag, on):
        by = self._lives[token].deeds[side]
        by.take_up()
        by.flags[flag] = on
        by.turns[flag] += 1

    def moved(self, side, token, mailbox):
        life = self._lives[token]
        life.deeds[side].take_up()
        life.deeds[side].moved_to = mailbox
        life.binned = life.binned or self._is_trash(mailbox)
        # Nobody knows any more where it came from.
        in_doubt = self._in_doubt and side == LOCAL
        life.twice = life.twice or self._adopting or in_doubt

    def deleted(self, side, token):
        life = self._lives[token]
        life.deeds[side].deleted = True
        # A backup brought its file back in an old place, where it waits for a mailbox that is held.
        waits = self._in_doubt and side == REMOTE
        life.open = life.open or self._adopting or waits

    def _is_trash(self, mailbox):
        return self._trash is not None and mailbox == self._trash.mailbox

    def removed(self, token, mailbox):
        """Its file, in that mailbox: deleted by the policy, or put into the Trash."""
        life = self._lives[token]
        is_bin, was_bin = self._is_trash(mailbox), self._is_trash(life.mailbox)
        if self._trash is None or (is_bin and was_bin and not life.binned):
            self.deleted(LOCAL, token)
            return
        # The server may not have it yet, or where it was before; from the Trash it goes for good.
        if is_bin or was_bin or life.binned or life.bearer == LOCAL:
            self.deleted(LOCAL, token)
            life.open = life.vague = life.trashed = True
            return
        by = life.deeds[LOCAL]
        life.moved_before = life.moved_before or (by.moved_to is not None and not by.trashed)
        by.moved_to = self._trash.mailbox
        by.trashed = life.trashed = life.binned = True
        life.vague = life.vague or self._adopting         # an absence that is not believed

    def left_open(self, token):
        """Deleted while nobody could know that it was there, or brought back by a person: both
        sides only have to agree whether it lives; of what is in the Trash, where."""
        if token not in self._lives:
            return
        life = self._lives[token]
        if life.trashed and not self.is_deleted(token):
            life.vague = True
        else:
            life.open = True

    def set_back(self, local, remote, is_anywhere):
        """A part of the world is what it was before: what was done since counts for nothing, and
        what is there again may live. Each message is to be once on each side, all the same."""
        self._broken = self._adopting = self._in_doubt = True
        self._lives = {token: life for token, life in self._lives.items() if is_anywhere(token)}
        for token, life in self._lives.items():
            life.open = life.open or self.is_deleted(token)
            life.twice = life.twice or any(by.moved_to is not None for by in life.deeds)
            # What lies in the Trash does not keep a restored file from being had again (rule 17).
            life.twice = life.twice or life.binned or self._is_trash(life.mailbox)
            life.vague = True
        for copy in [*local, *remote]:
            if copy.token != NO_TOKEN and copy.token not in self._lives:
                self._lives[copy.token] = _Life(copy.mailbox, copy.flags, open=True, vague=True)

    def synced(self, holds_a_mailbox):
        self._adopting = False
        self._in_doubt = self._in_doubt and holds_a_mailbox

    def knows(self, token):
        return token in self._lives

    def tokens(self):
        return list(self._lives)

    def is_deleted(self, token):
        return token not in self._lives or any(by.deleted for by in self._lives[token].deeds)

    def is_removed(self, token):
        """Here, and nobody wanted it any more."""
        return self.is_deleted(token) or self._lives[token].deeds[LOCAL].trashed

    def _may_be_twice(self, life):
        """Without MOVE, a move or a removal that a sync dies amid, and that is taken back or done
        otherwise then, can leave one copy more in the Trash (docs/safety.md, section 5)."""
        here, there = life.deeds
        moved = life.moved_before or there.moved_to is not None \
            or (here.moved_to is not None and not here.trashed)
        return life.twice or (self._trash is not None and self._trash.by_copy and self._broken
                              and moved)

    def must_live(self, token):
        """Known, and nobody deleted it."""
        return (token in self._lives and not self._lives[token].open
                and not self.is_deleted(token))

    # ---- what must come of it

    def _is_ambiguous(self, life, flag):
        """Docs/safety.md, section 3: a flag is changed on the other side first and recorded then.
        If the sync dies in between and the flag is switched back, the change that was carried over
        looks like one that was made there."""
        def switched_back(side):
            # What the local user's file was born with is in the intent of its upload; what another
            # one was fetched with, nobody knows before it is recorded.
            unknown = life.bearer in (REMOTE, side) or life.deeds[side].is_back
            with_birth = unknown and flag in life.flags
            turns = life.deeds[side].turns[flag]
            return turns > 0 and turns + with_birth > 1
        moot = any(flag in by.moot for by in life.deeds)
        return moot or (self._broken and (switched_back(LOCAL) or switched_back(REMOTE)))

    def _check_pair(self, token, life, local, remote):
        here, there = life.deeds
        if local.mailbox != remote.mailbox:
            yield Wrong("apart", f"{token}: in {local.mailbox} locally and in {remote.mailbox} on "
                        "the server")
        moves = [by.moved_to for by in life.deeds if by.moved_to is not None]
        moved_and_deleted = any(by.moved_to is not None and by.deleted for by in life.deeds)
        # Whoever changed what was deleted here has it back.
        disputed = life.trashed and there.any()
        if not life.vague and not disputed and len(moves) < 2 and not moved_and_deleted:
            wanted = moves[0] if moves else life.mailbox
            if remote.mailbox != wanted:
                yield Wrong("misplaced", f"{token}: in {remote.mailbox} instead of {wanted}")
        if local.flags != remote.flags:
            yield Wrong("flags", f"{token}: flags ({' '.join(sorted(local.flags))}) locally and "
                        f"({' '.join(sorted(remote.flags))}) on the server")
        for flag in JUDGED_FLAGS:
            one, other = flag in here.flags, flag in there.flags
            if life.vague or (one and other) or self._is_ambiguous(life, flag):
                continue
            # The mark of a removal goes along when its message is moved amid that (docs/safety.md,
            # section 5).
            if flag == "\\Deleted" and (here.deleted or here.is_back) \
                    and there.moved_to is not None:
                continue
            # What was marked and deleted before any sync looked is known to nobody.
            if (one and (here.deleted or here.trashed)) or (other and there.deleted):
                continue
            # Nor what is marked while its copy is in the Trash already; and what is removed is
            # marked.
            if life.trashed and self._trash.by_copy and (other or flag == "\\Deleted"):
                continue
            wanted = here.flags[flag] if one else there.flags[flag] if other \
                else flag in life.flags
            if (flag in remote.flags) != wanted:
                yield Wrong("flags", f"{token}: {flag} should be {'set' if wanted else 'clear'}")
        if local.octets != remote.octets:
            yield Wrong("octets", f"{token}: other octets")

    def _check_life(self, token, life, local, remote):
        here, there = len(local), len(remote)
        by_local, by_remote = life.deeds
        deleted = by_local.deleted or by_remote.deleted
        # A file that followed its message in a sync that died, before that was recorded, looks like
        # one that the user moved (docs/safety.md, section 5).
        followed = self._broken and by_remote.moved_to and by_remote.deleted
        disputed = life.open or followed or (by_local.deleted != by_remote.deleted and
                                             (by_remote if by_local.deleted else by_local).any())
        if self._may_be_twice(life):
            right = here == there and (here > 0 or deleted or life.open)
        elif not deleted:
            right = here == there == 1
        elif not disputed:
            right = here == there == 0
        else:
            right = here == there and here <= 1
        if not right:
            kind = ("lost" if not deleted and (here == 0 or there == 0)
                    else "undead" if deleted and not disputed else "doubled")
            why = ("nobody deleted it" if not deleted else "it was deleted" if not disputed
                   else "deleted on one side, changed on the other")
            yield Wrong(kind, f"{token}: {here} times here and {there} times on the server ({why})")
        elif here == 1:
            yield from self._check_pair(token, life, local[0], remote[0])

    def check(self, local, remote):
        """What is wrong with two sides at rest; empty if nothing is."""
        here, there = _by_token(local), _by_token(remote)
        wrong = [Wrong("undead", f"{token}: came back from the dead")
                 for copies in (here, there) for token in copies
                 if token != NO_TOKEN and token not in self._lives]
        for token, life in sorted(self._lives.items()):
            wrong += self._check_life(token, life, here[token], there[token])
        return wrong

    def settle(self, agreed):
        """Both sides agree on this: later deeds start from here."""
        self._lives.clear()
        self._broken = self._adopting = self._in_doubt = False
        for copy in agreed:
            if copy.token != NO_TOKEN:
                again = copy.token in self._lives
                self._lives[copy.token] = _Life(copy.mailbox, copy.flags, vague=again, twice=again)
