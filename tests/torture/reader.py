# SPDX-License-Identifier: Apache-2.0
"""The person on the Maildir's side, with a mail reader that knows nothing of a synchronizer.

Each change is one rename, as readers do it, so that it was done or was not.
"""
import collections
import ctypes
import os
import re
from dataclasses import dataclass

from tests.support.maildir import LETTERS, Maildir
from tests.support.messages import local
from tests.torture.judge import token_of
from tests.torture.ledger import READER
from tests.torture.person import Person, write

_LIBC = ctypes.CDLL(None, use_errno=True)
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_LETTER = {word: letter for letter, word in LETTERS.items()}


def _exchange(one, other):
    """Both files change their names with one another; False if one is not there."""
    return _LIBC.renameat2(_AT_FDCWD, one.encode(), _AT_FDCWD, other.encode(),
                           _RENAME_EXCHANGE) == 0


@dataclass
class File:
    path: str

    @property
    def name(self):
        return os.path.basename(self.path)

    @property
    def base(self):
        return self.name.partition(":2,")[0]

    @property
    def letters(self):
        return self.name.partition(":2,")[2]

    @property
    def place(self):
        return os.path.basename(os.path.dirname(self.path))


class Reader(Person):
    side = READER

    def __init__(self, ledger, tool, fresh, root):
        super().__init__(ledger, tool, fresh)
        self.mail = Maildir(root)
        self.made = 0
        self.remove_directory = os.rmdir

    def do(self, deed, dice):
        try:
            return super().do(deed, dice)
        except FileNotFoundError as error:
            self.ledger.tell(f"{self.side}: {deed}: gone meanwhile: {error.filename}")
            return False

    # ---- looking

    def mailboxes(self):
        try:
            return self.mail.mailboxes()
        except FileNotFoundError:      # one of them is just renamed
            return self.mail.mailboxes()

    def files(self, mailbox):
        for sub in ("new", "cur"):
            directory = os.path.join(self.mail.folder(mailbox), sub)
            for entry in sorted(os.listdir(directory)) if os.path.isdir(directory) else ():
                if not entry.startswith("."):
                    yield File(os.path.join(directory, entry))

    def index(self):
        found = collections.defaultdict(list)
        for mailbox in self.mailboxes():
            for file in self.files(mailbox):
                try:
                    with open(file.path, "rb") as one:
                        content = one.read(2000)
                except FileNotFoundError:
                    continue
                found[token_of(content)].append((mailbox, file))
        return found

    def may_rename(self, box):
        """A directory without most of its files is another mailbox (docs/safety.md, rule 15)."""
        return super().may_rename(box) and all(
            self.ledger.has_most_of_it(one) for one in (box, *self.ledger.tree_of(box)))

    # ---- hands

    def _base(self):
        self.made += 1
        return f"{1_700_000_000 + self.made}.R{self.made}P{os.getpid()}.testhost"

    def _deliver(self, mailbox, data, letters, date):
        """Into a folder that is there; a reader makes none by itself."""
        folder, base = self.mail.folder(mailbox), self._base()
        tmp = os.path.join(folder, "tmp", base)
        with open(tmp, "wb") as out:
            out.write(local(data))
        os.utime(tmp, (date, date))
        entry = f"new/{base}" if letters is None else f"cur/{base}:2,{letters}"
        path = os.path.join(folder, entry)
        os.rename(tmp, path)
        return path

    def _put(self, file, box, dice, copy):
        """Moves a file under its own name or, as mutt does, under a new one."""
        folder = self.mail.folder(box.name_among(self.mailboxes()))
        keeps_name = self.tool.keeps_names and dice.random() < 0.5
        unrecorded = copy.maker != READER and not self.ledger.is_settled(copy)
        base = file.base if keeps_name or unrecorded else self._base()
        info = file.name[len(file.base):]
        os.rename(file.path, os.path.join(folder, file.place, base + info))

    def _replace(self, file, content, date):
        """Another inode under the same name, if the name is still there."""
        tmp = os.path.join(os.path.dirname(os.path.dirname(file.path)), "tmp", self._base())
        with open(tmp, "wb") as out:
            out.write(content)
        os.utime(tmp, (date, date))
        exchanged = _exchange(tmp, file.path)
        os.unlink(tmp)
        if not exchanged:
            raise FileNotFoundError(2, "renamed meanwhile", file.path)

    # ---- messages

    def write_mail(self, dice, large=False):
        name = self.name_of(self.ledger.box(dice.choice(("INBOX", "Archive", "Work"))))
        if not name:
            return None
        token, data, date = self.write(dice, "own", large=large)
        letters = dice.choice((None, "S", "FS", ""))
        self._deliver(name, data, letters, date)
        self.ledger.add_copy(token, self.content(data), self.ledger.box(name), READER,
                             {LETTERS[letter]: True for letter in letters or ""})
        return f"{token} written to {name}, {len(data)} octets"

    def write_large(self, dice):
        return self.write_mail(dice, large=True)

    def flag(self, dice):
        flag = dice.choice(("\\Seen", "\\Seen", "\\Flagged", "\\Answered"))
        found = self.some(dice, lambda copy: self.may_flag(copy, flag))
        if not found or found[1].is_trash:
            return None
        copy, box, file = found
        value = not copy.flags.get(flag, False)
        letters = set(file.letters) - {_LETTER[flag]} | ({_LETTER[flag]} if value else set())
        folder = os.path.dirname(os.path.dirname(file.path))
        os.rename(file.path, os.path.join(folder, "cur",
                                          f"{file.base}:2,{''.join(sorted(letters))}"))
        self.ledger.set_flag(copy, READER, flag, value)
        return f"{copy.token} in {box.name}: {flag} {'set' if value else 'cleared'}"

    def move(self, dice, target=None):
        found = self.some(dice, self.may_place)
        if not found or found[1].is_trash:
            return None
        copy, box, file = found
        target = target or self.target(dice, box)
        if target is None:
            return None
        self._put(file, target, dice, copy)
        self.ledger.move(copy, READER, box, target)
        return f"{copy.token} moved from {box.name} to {target.name}"

    def move_from_inbox(self, dice):
        inbox = self.ledger.box("INBOX")
        found = self.some(dice, lambda copy: self.may_place(copy) and copy.box is inbox
                          and not copy.acts)
        target = self.target(dice, inbox)
        if not found or target is None:
            return None
        copy, box, file = found
        self._put(file, target, dice, copy)
        self.ledger.move(copy, READER, box, target)
        return f"{copy.token} moved from {box.name} to {target.name}"

    def trash(self, dice):
        target = self.ledger.find_box("Trash")
        return self.move(dice, target) if target and self.name_of(target) else None

    def delete(self, dice):
        found = self.some(dice, self.may_place)
        if not found:
            return None
        copy, box, file = found
        os.unlink(file.path)
        self.ledger.move(copy, READER, box, None)
        return f"{copy.token} deleted in {box.name}"

    def copy(self, dice, deletes_later=False):
        found = self.some(dice, lambda copy: self.ledger.is_settled(copy) and not copy.acts
                          and not copy.flagged_by and self.may_place(copy))
        if not found or found[1].is_trash:
            return None
        copy, box, file = found
        target = self.target(dice, box)
        if target is None:
            return None
        folder = self.mail.folder(target.name_among(self.mailboxes()))
        with open(file.path, "rb") as one:
            content = one.read()
        tmp = os.path.join(folder, "tmp", self._base())
        with open(tmp, "wb") as out:
            out.write(content)
        date = os.stat(file.path).st_mtime
        os.utime(tmp, (date, date))
        info = file.name[len(file.base):]
        os.rename(tmp, os.path.join(folder, file.place, os.path.basename(tmp) + info))
        self.ledger.add_copy(copy.token, copy.content, target, READER, copy.flags, copy)
        copy.frozen = True
        copy.leaves = deletes_later
        return f"{copy.token} copied from {box.name} to {target.name}"

    def file_a_copy_first(self, dice):
        """As afew does: the copy now, and the original another time."""
        return self.copy(dice, deletes_later=True)

    def delete_what_was_copied(self, dice):
        leaving = [copy for copy in self.ledger.copies if copy.leaves]
        if not leaving:
            return None
        copy = dice.choice(leaving)
        found = [(mailbox, file) for mailbox, file in self.find(copy.token)
                 if self.ledger.find_box(mailbox) is copy.box]
        if len(found) != 1:
            return None
        os.unlink(found[0][1].path)
        copy.leaves = False
        self.ledger.move(copy, READER, copy.box, None)
        return f"{copy.token} deleted in {copy.box.name}, of which a copy was filed"

    def delete_a_twin(self, dice):
        twins = [copy for copy in self.ledger.copies
                 if copy.token.startswith("twinr") and not copy.frozen and not copy.acts]
        if not twins:
            return None
        copy = dice.choice(twins)
        found = self.find(copy.token)
        if len(found) != 2:
            return None
        os.unlink(found[0][1].path)
        self.ledger.move(copy, READER, copy.box, None)
        for other in self.ledger.of(copy.token):
            other.frozen = True
        return f"one of two {copy.token} deleted in {copy.box.name}"

    def damage(self, dice):
        """A file is empty, as after a fault of the disk."""
        found = self.some(dice, lambda copy: self.ledger.is_settled(copy) and not copy.acts
                          and copy.box.name == "Archive" and not copy.flagged_by)
        if not found:
            return None
        copy, box, file = found
        self._replace(file, b"", os.stat(file.path).st_mtime)
        copy.frozen = True
        return f"{copy.token} in {box.name} damaged: its file is empty"

    # ---- drafts

    def save_draft(self, dice):
        name = self.name_of(self.ledger.box("Drafts"))
        if not name:
            return None
        token, data, date = self.write(dice, "draft")
        self._deliver(name, data, "DS", date)
        self.ledger.add_copy(token, self.content(data), self.ledger.box("Drafts"), READER,
                             {"\\Seen": True})
        return f"{token} saved in Drafts"

    def save_draft_again(self, dice):
        """Under the same name, or under another one."""
        found = self.some(dice, lambda copy: copy.token.startswith("draft") and not copy.acts and
                          (self.ledger.is_settled(copy) or copy.maker == READER))
        if not found:
            return None
        copy, box, file = found
        word = copy.token.split(".")[0]
        token = f"{word}.{len(self.ledger.tokens())}here"
        data, date = write(token, dice, word)
        in_place = self.tool.notices_content and dice.random() < 0.5
        if in_place:
            self._replace(file, local(data), date)
        else:
            self._deliver("Drafts", data, "DS", date)
            self._unlink_by_base(file)
        # The flags are in the name.
        flags = copy.flags if in_place else {"\\Seen": True}
        self.ledger.add_copy(token, self.content(data), box, READER, flags)
        self.ledger.move(copy, READER, box, None)
        how = "under the same name" if in_place else "under a new name"
        return f"{copy.token} saved again as {token} {how}"

    def _unlink_by_base(self, file):
        """Whatever its flags are by now."""
        folder = os.path.dirname(os.path.dirname(file.path))
        for sub in ("cur", "new"):
            for entry in os.listdir(os.path.join(folder, sub)):
                if re.split(":2,", entry)[0] == file.base:
                    os.unlink(os.path.join(folder, sub, entry))

    # ---- mailboxes

    def new_folder(self, dice):
        name = self.new_box_name(dice)
        if name in self.mailboxes():
            return None
        self.mail.create(name)
        box = self.ledger.add_box(name, READER)
        token, data, date = self.write(dice, "filed")
        self._deliver(name, data, "S", date)
        self.ledger.add_copy(token, self.content(data), box, READER, {"\\Seen": True})
        return f"mailbox {name} made, and {token} filed there"

    def rename_folder(self, dice):
        box, name = self.choose_to_rename(dice)
        if not box:
            return None
        old = box.name
        os.rename(self.mail.folder(old), self.mail.folder(name))
        self.ledger.rename_box(box, name, READER)
        return f"mailbox {old} renamed to {name}"

    def remove_folder(self, dice):
        del dice
        box = self.ledger.box("Empty2")
        folder = self.mail.folder(box.name)
        if box.removed or not os.path.isdir(folder):
            return None
        for sub in ("cur", "new", "tmp"):
            self.remove_directory(os.path.join(folder, sub))
        for entry in os.listdir(folder):
            os.unlink(os.path.join(folder, entry))
        self.remove_directory(folder)
        box.removed = True
        return f"mailbox {box.name} removed"
