# SPDX-License-Identifier: Apache-2.0
"""The two users of a script, with the habits that they have in the simulation (local_user.cc,
remote_user.cc there): one in a real Maildir, one with a client of a real server.

A sync works on the same mail meanwhile: what is not there any more when a hand reaches for it was
not done, and the ledger hears nothing of it.
"""
import collections
import os
import re
import time
from dataclasses import dataclass

from tests.replay.deed import token_of
from tests.replay.ledger import LOCAL, REMOTE, Copy
from tests.support.imap_client import ImapError
from tests.support.maildir import LETTERS

READERS = ".reader"        # how names that the reader gives end
LOCK = "dovecot-uidlist.lock"
LOCK_WAIT_S = 3
_LETTER_OF = {flag: letter for letter, flag in LETTERS.items()}
# A name that Sterna gives to what it downloads.
_ORIGIN = re.compile(r"\d+\.S[0-9a-f]{16}M\d+V\d+U\d+(C\d+)?\.sterna\Z")


def is_sternas(base):
    return _ORIGIN.match(base.partition(",")[0]) is not None


@dataclass
class Found:
    copy: Copy
    where: object           # the path of a file, or a UID

    @property
    def token(self):
        return self.copy.token


class Hand:
    """`world` has the ledger, the story, the time and what the state is asked for."""
    side = None

    def __init__(self, world):
        self.world = world
        self.ledger = world.ledger

    def act(self, what, deed):
        """False: there is no deed of that name."""
        if what in ("deliver", "make"):
            getattr(self, what)(deed)
        elif what in ("flag", "move", "remove"):
            found = deed.pick(self.sole(), lambda one: one.token)
            if found:
                getattr(self, what)(deed, found)
        else:
            return False
        return True

    def found(self):
        raise NotImplementedError

    def copies(self):
        return [one.copy for one in self.found()]

    def sole(self):
        """What the ledger knows and what is here once."""
        found = self.found()
        counts = collections.Counter(one.token for one in found)
        return [one for one in found if counts[one.token] == 1 and self.ledger.knows(one.token)]

    def tell(self, words):
        self.world.tell(f"{'local' if self.side == LOCAL else 'remote'}: {words}")


class LocalHand(Hand):
    side = LOCAL

    def __init__(self, world, mail):
        super().__init__(world)
        self.mail = mail
        self._moves = 0

    def found(self):
        for _ in range(20):
            try:
                return self._look()
            except (FileNotFoundError, NotADirectoryError):      # a sync was faster
                time.sleep(0.002)
        return self._look()

    def _look(self):
        found = []
        for mailbox in self.mail.mailboxes():
            for one in self.mail.messages(mailbox):
                octets = one.read().replace(b"\n", b"\r\n")
                found.append(Found(Copy(token_of(octets), mailbox, one.flags, octets), one.path))
        return found

    def bases_of(self, token):
        return [self._base(one.where) for one in self.found() if one.token == token]

    def token_of_base(self, base):
        return next((one.token for one in self.found() if self._base(one.where) == base), "")

    def remove_base(self, base):
        for one in self.found():
            if self._base(one.where) == base:
                os.unlink(one.where)
                return

    @staticmethod
    def _base(path):
        return os.path.basename(path).partition(":2,")[0]

    def whole_mailboxes(self):
        """That mail can be delivered to."""
        return [name for name in self.mail.mailboxes()
                if all(os.path.isdir(f"{self.mail.folder(name)}/{part}") for part in
                       ("cur", "new", "tmp"))]

    def clean_up(self):
        """After a backup was restored, which may be of a folder that was half made."""
        for top, directories, _ in os.walk(self.mail.root):
            if {"cur", "new", "tmp"} & set(directories):
                for part in ("cur", "new", "tmp"):
                    os.makedirs(f"{top}/{part}", exist_ok=True)
                for name in os.listdir(f"{top}/tmp"):
                    os.unlink(f"{top}/tmp/{name}")

    # ---- names and letters

    def _letters(self, mailbox, flags):
        """With the letters of keywords, for which the file that names them may grow."""
        table = {word.lower(): letter for letter, word in self.mail.keywords(mailbox).items()}
        letters = []
        for flag in sorted(flags):
            letter = _LETTER_OF.get(flag) or table.get(flag.lower()) \
                or self._name_keyword(mailbox, flag)
            letters.append(letter)
        return "".join(sorted(letters))

    def _name_keyword(self, mailbox, keyword):
        """Under the lock that Dovecot takes for it, as Sterna does."""
        lock = f"{self.mail.folder(mailbox)}/{LOCK}"
        until = time.monotonic() + LOCK_WAIT_S
        while True:
            try:
                os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
                break
            except FileExistsError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.005)
        try:
            known = self.mail.keywords(mailbox)
            letter = next((c for c, word in known.items() if word.lower() == keyword.lower()), None)
            if not letter:
                letter = next(c for c in "abcdefghijklmnopqrstuvwxyz" if c not in known)
                self.mail.name_keyword(mailbox, letter, keyword)
            return letter
        finally:
            os.unlink(lock)

    def _path(self, mailbox, base, flags):
        return f"{self.mail.folder(mailbox)}/cur/{base}:2,{self._letters(mailbox, flags)}"

    # ---- deeds

    def deliver(self, deed):
        names = self.whole_mailboxes()
        if not names:
            return
        mailbox = deed.pick(names)
        flags = deed.flags()
        base = f"{self.world.now_s}.{deed.token}{READERS}"
        letters = self._letters(mailbox, flags) if flags else None
        self.mail.deliver(mailbox, deed.message().replace(b"\r\n", b"\n"), letters,
                          self.world.now_s, base)
        self.ledger.born(LOCAL, deed.token, mailbox, flags)
        self.tell(f"{deed.token} into {mailbox} ({' '.join(sorted(flags))})")

    def make(self, deed):
        name = deed.mailbox_name()
        self.mail.create(name)
        self.tell(f"mailbox {name}")

    def flag(self, deed, one):
        flag = deed.flag()
        flags = one.copy.flags ^ {flag}
        os.rename(one.where, self._path(one.copy.mailbox, self._base(one.where), flags))
        self.ledger.flagged(LOCAL, one.token, flag, flag in flags)
        self.tell(f"{one.token} {'sets' if flag in flags else 'clears'} {flag}")

    def move(self, deed, one):
        """As a reader that knows nothing of keywords does it, the name stays: only where letters
        mean the same in both mailboxes. One that knows them, such as Dovecot, gives a new name with
        the letters of the new mailbox."""
        source, target = one.copy.mailbox, deed.pick(self.mail.mailboxes())
        if target == source:
            return
        base = self._base(one.where)
        if self.mail.keywords(target) != self.mail.keywords(source) or deed.chance.chance(20):
            # Its name is all that says where a file came from that no row knows yet
            # (docs/safety.md, section 5).
            if is_sternas(base) and not self.world.is_recorded(base):
                return
            self._moves += 1
            base = f"{self.world.now_s}.{one.token}.moved{self._moves}"
        os.rename(one.where, self._path(target, base, one.copy.flags))
        self.ledger.moved(LOCAL, one.token, target)
        self.tell(f"{one.token} from {source} to {target}")

    def remove(self, _, one):
        """A file that was placed and not recorded before the sync died cannot be missed: it may as
        well never have been placed."""
        base = self._base(one.where)
        unknown = is_sternas(base) and not self.world.is_recorded(base)
        os.unlink(one.where)
        self.ledger.removed(one.token, one.copy.mailbox)
        if unknown:
            self.ledger.left_open(one.token)
        self.tell(f"{one.token} deleted in {one.copy.mailbox}")


class RemoteHand(Hand):
    side = REMOTE

    def __init__(self, world, connect):
        super().__init__(world)
        self._connect = connect
        self.imap = connect()

    def close(self):
        self.imap.close()

    def act(self, what, deed):
        try:
            return super().act(what, deed)
        except (ImapError, EOFError) as error:
            self.tell(f"{what} was refused: {str(error)[:100]}")
            self.reconnect()
            return True
        finally:
            self.imap.leave()

    def reconnect(self):
        self.imap.close()
        self.imap = self._connect()

    def found(self):
        for attempt in range(5):
            try:
                return self._look()
            except (ImapError, EOFError):      # it still does what a dead client asked for
                time.sleep(0.05 * (attempt + 1))
                self.reconnect()
        return self._look()

    def _look(self):
        found = [Found(Copy(token_of(one.body), mailbox, one.flags, one.body), one.uid)
                 for mailbox in self.imap.mailboxes() for one in self.imap.fetch_all(mailbox)]
        self.imap.leave()
        return found

    def wire_of(self, mailbox):
        """How the script chooses: by the name that the server has."""
        return mailbox.replace("/", self.imap.separator)

    def pick_mailbox(self, deed):
        return deed.pick(self.imap.mailboxes(), self.wire_of)

    # ---- deeds

    def deliver(self, deed):
        mailbox = self.pick_mailbox(deed)
        flags = deed.flags()
        self.imap.append(mailbox, deed.message(), sorted(flags), self.world.now_s)
        self.ledger.born(REMOTE, deed.token, mailbox, flags)
        self.tell(f"{deed.token} into {mailbox} ({' '.join(sorted(flags))})")

    def make(self, deed):
        name = deed.mailbox_name()
        self.imap.create(name)
        self.tell(f"mailbox {name}")

    def _store(self, one, change, flag):
        """Whether it was there."""
        self.imap.select(one.copy.mailbox)
        told = self.imap.command(f"UID STORE {one.where} {change}FLAGS ({flag})")
        return any(b" FETCH " in line and b"UID %d" % one.where in line for line in told)

    def flag(self, deed, one):
        flag = deed.flag()
        on = flag not in one.copy.flags
        if self._store(one, "+" if on else "-", flag):
            self.ledger.flagged(REMOTE, one.token, flag, on)
            self.tell(f"{one.token} {'sets' if on else 'clears'} {flag}")

    def move(self, deed, one):
        target = self.pick_mailbox(deed)
        if target == one.copy.mailbox:
            return
        told = self.imap.move(one.copy.mailbox, one.where, target)
        if any(b"COPYUID" in line for line in [*told, self.imap.last]):
            self.ledger.moved(REMOTE, one.token, target)
            self.tell(f"{one.token} from {one.copy.mailbox} to {target}")

    def remove(self, _, one):
        """What was sent, and of which nobody here knows that it arrived, cannot be missed."""
        in_doubt = self.world.is_in_doubt(one.token)
        if not self._store(one, "+", "\\Deleted"):
            return
        self.imap.command(f"UID EXPUNGE {one.where}")
        self.ledger.deleted(REMOTE, one.token)
        if in_doubt:
            self.ledger.left_open(one.token)
        self.tell(f"{one.token} deleted in {one.copy.mailbox}")
