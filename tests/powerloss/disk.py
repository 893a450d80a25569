# SPDX-License-Identifier: Apache-2.0
"""A file system that may lose its power: what it was told, what of it was flushed, and what it may
have kept of the rest.

Below one directory, on one file system. What is flushed stays: of a file its content, of a
directory the names in it. Of what is not,

    strict     each change of a name happened or did not, a later one of the same name or inode only
               if the earlier did; a rename happens as a whole. Of a file any of its writes are
               there, the last one of them cut, or octets of them are zero. As POSIX lets it be.
    ordered    names are kept in the order of their changes, up to any one, as by a journal; who
               flushes an inode flushes all changes up to the last of that inode. Of a file its
               writes are there up to any one, or none of them.

A rename is one change on every file system with a journal, and what moves a file between two
directories is flushed with either of them.
"""
import os
import stat
from dataclasses import dataclass, field

from tests.powerloss import recorder

STRICT, ORDERED = MODES = ("strict", "ordered")
# Shared memory, which is written through a mapping and means nothing after a crash.
MAPPED = "-shm"


class Mismatch(Exception):
    """What was recorded does not lead to what is there: something went past the recorder."""


@dataclass
class File:
    kept: bytes = b""
    writes: list = field(default_factory=list)     # (offset, octets), or (size, None)

    def content(self):
        return apply(self.kept, self.writes)

    def flush(self):
        self.kept, self.writes = self.content(), []


@dataclass(frozen=True)
class Change:
    """Of names; both of them for a rename."""
    ino: int
    removed: tuple = None      # (directory, name)
    added: tuple = None
    by_others: bool = False    # whose order is not known

    def names(self):
        return {one for one in (self.removed, self.added) if one}

    def inos(self):
        return {self.ino, *(directory for directory, _ in self.names())}

    def shares_with(self, other):
        return self.ino == other.ino or bool(self.names() & other.names())

    def needs(self, other):
        """Cannot be kept without it. Nobody says that a file which others moved to a directory that
        is lost was lost by a sync."""
        enters = self.by_others and self.removed and self.added and self.added[0] == other.ino
        return enters or self.shares_with(other)

    def apply(self, names):
        if self.removed:
            directory, name = self.removed
            if names.get(directory, {}).get(name) == self.ino:
                del names[directory][name]
        if self.added:
            directory, name = self.added
            names.setdefault(directory, {})[name] = self.ino


def apply(content, writes):
    text = bytearray(content)
    for at, octets in writes:
        if octets is None:
            text = text[:at].ljust(at, b"\0")
        else:
            text = text.ljust(at, b"\0")
            text[at:at + len(octets)] = octets
    return bytes(text)


@dataclass
class Image:
    """A tree: directory -> name -> inode, and the contents of files."""
    names: dict
    contents: dict


def scan(top):
    """As it is now."""
    names, contents = {}, {}
    pending = [top]
    while pending:
        path = pending.pop()
        entries = names.setdefault(os.stat(path).st_ino, {})
        for entry in os.scandir(path):
            entries[entry.name] = entry.inode()
            if entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
            elif entry.is_file(follow_symlinks=False):
                with open(entry.path, "rb") as file:
                    contents[entry.inode()] = b"" if entry.name.endswith(MAPPED) else file.read()
    return Image(names, contents)


class Disk:
    def __init__(self, top, mode):
        self.top, self.mode = top, mode
        self.root = os.stat(top).st_ino
        self.forgets = lambda disk, ino: False     # a flush that does nothing, of which inode
        self.flush_all()

    def flush_all(self):
        """All that is there now is kept."""
        now = scan(self.top)
        self.kept_names = now.names
        self.names = {directory: dict(names) for directory, names in now.names.items()}
        self.files = {ino: File(content) for ino, content in now.contents.items()}
        self.changes = []

    # ---- what is done to it

    def play(self, calls):
        """What the program did."""
        for call in calls:
            self._play(call)

    def _play(self, call):
        what, ino = call.what, call.ino
        here = (call.directory, call.name)
        if what == recorder.WRITTEN:
            self._write(ino, (call.number, call.data))
        elif what == recorder.SIZED:
            self._write(ino, (call.number, None))
        elif what == recorder.NAMELESS:
            self.files[ino] = File()
        elif what == recorder.FLUSHED:
            self._flush(ino)
        elif what == recorder.FLUSHED_ALL:
            self._flush_all()
        elif call.directory not in self.names and call.other_directory not in self.names:
            return
        elif what == recorder.CREATED:
            self.files[ino] = File()
            self._change(Change(ino, added=here))
        elif what == recorder.MADE:
            self.files.pop(ino, None)      # the number of one that never had a name
            self.names[ino] = {}
            self._change(Change(ino, added=here))
        elif what == recorder.LINKED:
            self._change(Change(ino, added=here))
        elif what == recorder.RENAMED:
            self._change(Change(ino, here, (call.other_directory, call.other)))
        elif what == recorder.UNLINKED:
            self._change(Change(ino, removed=here))

    def _write(self, ino, write):
        if ino in self.files:
            self.files[ino].writes.append(write)

    def _change(self, change):
        self.changes.append(change)
        change.apply(self.names)

    def _flush(self, ino):
        if self.forgets(self, ino):
            return
        if ino in self.files:
            self.files[ino].flush()
        if self.mode == ORDERED:
            last = max((at for at, change in enumerate(self.changes) if ino in change.inos()),
                       default=-1)
            wanted = list(range(last + 1))
        else:
            wanted = [at for at, change in enumerate(self.changes)
                      if any(ino == directory for directory, _ in change.names())]
        self._keep(self._with_earlier(wanted))

    def _flush_all(self):
        if self.forgets(self, None):
            return
        for file in self.files.values():
            file.flush()
        self._keep(range(len(self.changes)))

    def _with_earlier(self, wanted):
        """And what each of these changes builds upon."""
        found = set(wanted)
        for at in range(len(self.changes) - 1, -1, -1):
            if at in found:
                found |= {before for before in range(at)
                          if self.changes[before].shares_with(self.changes[at])}
        return found

    def _keep(self, which):
        which = set(which)
        for at, change in enumerate(self.changes):
            if at in which:
                change.apply(self.kept_names)
        self.changes = [one for at, one in enumerate(self.changes) if at not in which]

    # ---- what others did

    def meet(self, flushed=()):
        """Takes in what is there by now and was not recorded, none of it flushed but what is below
        the paths `flushed`."""
        now = scan(self.top)
        lost = {(d, n): i for d, names in self.names.items() for n, i in names.items()
                if now.names.get(d, {}).get(n) != i}
        new = {(d, n): i for d, names in now.names.items() for n, i in names.items()
               if self.names.get(d, {}).get(n) != i}
        for ino in now.names:
            self.files.pop(ino, None)
            self.names.setdefault(ino, {})
        for place, ino in sorted(new.items(), key=lambda one: one[1] not in now.names):
            if ino in now.names and ino not in lost.values():
                del new[place]
                self._change(Change(ino, added=place, by_others=True))
                continue
            old = next((one for one, other in lost.items() if other == ino), None)
            if old:
                del lost[old]
                del new[place]
                self._change(Change(ino, old, place, True))
        for place, ino in lost.items():
            if place not in new:      # else it was replaced, in one step
                self._change(Change(ino, removed=place))
        for place, ino in new.items():
            self._change(Change(ino, added=place))
        for ino, content in now.contents.items():
            if ino not in self.files:
                self.files[ino] = File(b"", [(0, content)])
            elif self.files[ino].content() != content and not self._is_mapped(ino):
                self.files[ino].writes += [(0, None), (0, content)]
        for path in flushed:
            self._flush_below(path)

    def _flush_below(self, path):
        inos = set()
        for top, _, files in os.walk(path):
            inos |= {os.stat(top).st_ino, *(os.stat(f"{top}/{one}").st_ino for one in files)}
        for ino in inos & self.files.keys():
            self.files[ino].flush()
        self._keep(self._with_earlier([at for at, change in enumerate(self.changes)
                                       if change.inos() & inos]))

    def _is_mapped(self, ino):
        return any(i == ino and name.endswith(MAPPED)
                   for names in self.names.values() for name, i in names.items())

    def check(self):
        """Is what was recorded all that was done?"""
        now = scan(self.top)
        for directory, names in now.names.items():
            if names != self.names.get(directory):
                raise Mismatch(f"{self.path_of(directory)}: {names} is there, and not "
                               f"{self.names.get(directory)}")
        for ino, content in now.contents.items():
            if not self._is_mapped(ino) and self.files[ino].content() != content:
                raise Mismatch(f"{self.path_of(ino)} has another content")

    def path_of(self, ino):
        """Below the top, as of now; None if it has no name."""
        if ino == self.root:
            return ""
        for directory, names in self.names.items():
            for name, one in names.items():
                if one == ino:
                    above = self.path_of(directory)
                    return None if above is None else f"{above}/{name}"
        return None

    # ---- what is left of it

    def unflushed(self):
        return len(self.changes) + sum(1 for file in self.files.values() if file.writes)

    def lose_power(self, dice, area_of):
        """One of the images that may be left, and what was chosen. `area_of` tells parts of the
        tree apart by path: what is kept of each is chosen apart."""
        shares, victim = {}, None
        how = dice.choice(("shares", "shares", "all but one", "only one"))
        if how == "shares":
            share = lambda ino: shares.setdefault(  # noqa: E731
                area_of(self.path_of(ino) or ""), dice.choice((0, 0, 0.5, 1, 1)))
        else:
            victims = [change.ino for change in self.changes] + [
                ino for ino, file in self.files.items() if file.writes]
            victim = dice.choice(victims) if victims else None
            share = lambda ino: float((ino == victim) == (how == "only one"))  # noqa: E731
        names = self._names_left(dice, share)
        contents = {ino: self._content_left(ino, file, dice, share(ino))
                    for ino, file in self.files.items()}
        told = f"{how} {shares or self.path_of(victim) or ''}"
        return self._reachable(names, contents), told

    def _names_left(self, dice, share):
        names = {directory: dict(entries) for directory, entries in self.kept_names.items()}
        if self.mode == ORDERED:
            kept = range(dice.choice((0, len(self.changes), dice.randint(0, len(self.changes)))))
        else:
            kept = []
            lost = []
            for at, change in enumerate(self.changes):
                if (dice.random() < share(change.ino)
                        and not any(change.needs(one) for one in lost)):
                    kept.append(at)
                else:
                    lost.append(change)
        for at in kept:
            self.changes[at].apply(names)
        return names

    def _content_left(self, ino, file, dice, share):
        if not file.writes or dice.random() < share:
            return file.content()
        writes = file.writes
        how = dice.choice(("none", "none", "first ones", "some" if self.mode == STRICT else "none",
                           "zeros" if self.mode == STRICT else "first ones"))
        if how == "none":
            return file.kept
        if how == "zeros":      # the size is kept, and not what was written
            return apply(file.kept, [(at, octets and b"\0" * len(octets))
                                     for at, octets in writes])
        if how == "some":
            return apply(file.kept, [one for one in writes if dice.random() < 0.5])
        writes = writes[:dice.randint(1, len(writes))]
        at, octets = writes[-1]
        if octets is not None:
            writes = writes[:-1] + [(at, octets[:dice.randint(0, len(octets))])]
        return apply(file.kept, writes)

    def _reachable(self, names, contents):
        found, pending = {}, [self.root]
        while pending:
            directory = pending.pop()
            found[directory] = names.get(directory, {})
            pending += [ino for ino in found[directory].values() if ino not in contents]
        used = {ino for entries in found.values() for ino in entries.values()}
        return Image(found, {ino: one for ino, one in contents.items() if ino in used})
