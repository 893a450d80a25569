# SPDX-License-Identifier: Apache-2.0
"""A Maildir tree as a mail reader sees it: the user's hands in the tests.

Knows the layouts fs and maildir++, the escapes of names that a path cannot hold (%XX) and the
letters of keywords (dovecot-keywords). Contents are bytes with LF, as they are on the disk.
"""
import hashlib
import os
import re
import shutil
import time
from dataclasses import dataclass

from tests.support.imap_client import decode_name, encode_name

LETTERS = {"D": "\\Draft", "F": "\\Flagged", "P": "$Forwarded", "R": "\\Answered", "S": "\\Seen",
           "T": "\\Deleted"}
QUIET_S = 30      # how far settle() puts the directories' last change back


@dataclass
class LocalMessage:
    path: str
    flags: frozenset           # IMAP's words; an unnamed letter appears as "?x"
    mtime: int

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
        """new or cur."""
        return os.path.basename(os.path.dirname(self.path))

    def read(self):
        with open(self.path, "rb") as file:
            return file.read()


def escape_component(text):
    """One component of a mailbox name as a directory's name, in layout fs."""
    if text in ("cur", "new", "tmp"):
        return f"%{ord(text[0]):02X}{text[1:]}"
    text = re.sub(r"[%/\x00-\x1f\x7f]", lambda m: f"%{ord(m[0]):02X}", text)
    return "%2E" + text[1:] if text.startswith(".") else text


def unescape(text):
    raw = re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), os.fsencode(text))
    return raw.decode("utf-8", "surrogateescape")


class Maildir:
    def __init__(self, root, layout="fs", inbox=None):
        self.root = root
        self.layout = layout
        self.inbox = inbox if inbox is not None else ("INBOX" if layout == "fs" else "")
        self._made = 0

    # ---- mailboxes

    def folder(self, name):
        """The directory of a mailbox, there or not."""
        if name == "INBOX":
            return os.path.join(self.root, self.inbox) if self.inbox else self.root
        if self.layout == "fs":
            return os.path.join(self.root, *map(escape_component, name.split("/")))
        return os.path.join(self.root, "." + ".".join(encode_name(p) for p in name.split("/")))

    def create(self, name):
        for sub in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(self.folder(name), sub), exist_ok=True)

    def remove(self, name):
        shutil.rmtree(self.folder(name))

    def rename(self, old, new):
        os.makedirs(os.path.dirname(self.folder(new)), exist_ok=True)
        os.rename(self.folder(old), self.folder(new))

    def mailboxes(self):
        if not os.path.isdir(self.root):
            return []
        found = {}
        if self.layout == "maildir++":
            if os.path.isdir(f"{self.root}/cur"):
                found["INBOX"] = self.root
            for entry in os.listdir(self.root):
                if entry.startswith(".") and os.path.isdir(f"{self.root}/{entry}/cur"):
                    parts = entry[1:].split(".")
                    found["/".join(decode_name(unescape(p)) for p in parts)] = entry
            return sorted(found)
        root = ["INBOX"] if not self.inbox and os.path.isdir(f"{self.root}/cur") else []
        return sorted([*root, *self._walk(self.root, "")])

    def _walk(self, directory, name):
        for entry in os.listdir(directory):
            path = os.path.join(directory, entry)
            if entry in ("cur", "new", "tmp") or entry.startswith(".") or not os.path.isdir(path):
                continue
            full = f"{name}/{unescape(entry)}" if name else unescape(entry)
            if os.path.isdir(f"{path}/cur"):
                yield "INBOX" if self.inbox and path == self.folder("INBOX") else full
            yield from self._walk(path, full)

    # ---- messages

    def messages(self, name):
        keywords = self.keywords(name)
        found = []
        for sub in ("new", "cur"):
            directory = os.path.join(self.folder(name), sub)
            for entry in os.listdir(directory) if os.path.isdir(directory) else ():
                if entry.startswith("."):
                    continue
                path = os.path.join(directory, entry)
                letters = entry.partition(":2,")[2]
                flags = frozenset(LETTERS.get(c) or keywords.get(c, f"?{c}") for c in letters)
                found.append(LocalMessage(path, flags, int(os.stat(path).st_mtime)))
        return sorted(found, key=lambda m: m.path)

    def find(self, name, text):
        """The one message of a mailbox that contains this text (str or bytes)."""
        wanted = text.encode() if isinstance(text, str) else text
        found = [m for m in self.messages(name) if wanted in m.read()]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} messages in {name} contain {wanted!r}")
        return found[0]

    def keywords(self, name):
        """Letter -> keyword, from dovecot-keywords."""
        path = os.path.join(self.folder(name), "dovecot-keywords")
        if not os.path.exists(path):
            return {}
        with open(path, encoding="utf-8") as file:
            rows = [line.rstrip("\n").split(" ", 1) for line in file if line.strip()]
        return {chr(ord("a") + int(number)): word for number, word in rows}

    def name_keyword(self, name, letter, word):
        """Writes one more line of dovecot-keywords, as Dovecot would."""
        rows = {**self.keywords(name), letter: word}
        text = "".join(f"{ord(c) - ord('a')} {w}\n" for c, w in sorted(rows.items()))
        path = os.path.join(self.folder(name), "dovecot-keywords")
        with open(path + ".new", "w", encoding="utf-8") as out:
            out.write(text)
        os.rename(path + ".new", path)

    def deliver(self, name, data, letters=None, mtime=None, base=None):
        """A delivery agent puts a message there: in new/, or with letters ("" too) in cur/."""
        self.create(name)
        self._made += 1
        base = base or f"{1_700_000_000 + self._made}.M{self._made}P{os.getpid()}.testhost"
        tmp = os.path.join(self.folder(name), "tmp", base)
        with open(tmp, "wb") as out:
            out.write(data)
        if mtime is not None:
            os.utime(tmp, (mtime, mtime))
        entry = f"new/{base}" if letters is None else f"cur/{base}:2,{letters}"
        path = os.path.join(self.folder(name), entry)
        os.rename(tmp, path)
        return path

    def set_letters(self, message, letters):
        """A reader changes flags: a rename into cur/."""
        folder = os.path.dirname(os.path.dirname(message.path))
        path = os.path.join(folder, "cur", f"{message.base}:2,{''.join(sorted(set(letters)))}")
        os.rename(message.path, path)
        return path

    def add_letters(self, message, letters):
        return self.set_letters(message, message.letters + letters)

    def move(self, message, target, base=None):
        """A reader moves a message: the same name elsewhere, or mutt-like a new name and inode."""
        self.create(target)
        info = message.name[len(message.base):]
        entry = f"{message.place}/{base or message.base}{info}"
        path = os.path.join(self.folder(target), entry)
        if base:
            shutil.copy2(message.path, path)
            os.unlink(message.path)
        else:
            os.rename(message.path, path)
        return path

    def save(self, message, target, keep=False, edit=lambda data: data):
        """A mail program like neomutt saves a message: it writes it anew, with the length of the
        body in the header, and deletes the one that was there."""
        self._made += 1
        head, _, body = edit(message.read()).partition(b"\n\n")
        lines = [line for line in head.split(b"\n")
                 if not line.startswith((b"Content-Length:", b"Status:", b"X-Status:"))]
        lines.append(b"Content-Length: %d" % len(body))
        path = self.deliver(target, b"\n".join(lines) + b"\n\n" + body, message.letters,
                            base=f"{1_700_000_000 + self._made}.R{self._made}.testhost")
        if not keep:
            self.delete(message)
        return path

    def copy(self, message, target):
        self._made += 1
        self.create(target)
        info = message.name[len(message.base):]
        path = os.path.join(self.folder(target), message.place, f"17.C{self._made}.testhost{info}")
        shutil.copy2(message.path, path)
        return path

    def delete(self, message):
        os.unlink(message.path)

    def replace(self, message, data):
        """An editor writes a changed message under the same name: a new inode."""
        beside = message.path.replace("/cur/", "/tmp/").replace("/new/", "/tmp/")
        with open(beside, "wb") as out:
            out.write(data)
        os.rename(beside, message.path)

    def settle(self):
        """Puts the last change of every directory back in time, so that no test has to wait until
        a deletion has become quiet."""
        then = time.time() - QUIET_S
        for top, directories, _ in os.walk(self.root):
            for sub in {"cur", "new"}.intersection(directories):
                os.utime(os.path.join(top, sub), (then, then))


def digest_tree(path, times=True, skip=()):
    """Name -> what is there: kind, content and, if asked, mtime. Equal means bit by bit equal."""
    found = {}
    for top, directories, files in os.walk(path):
        directories.sort()
        for entry in directories + files:
            full = os.path.join(top, entry)
            if any(re.search(pattern, full) for pattern in skip):
                continue
            info = os.lstat(full)
            content = b"directory"
            if entry in files:
                with open(full, "rb") as file:
                    content = file.read()
            stamp = info.st_mtime_ns if times else 0
            found[os.path.relpath(full, path)] = (
                oct(info.st_mode), hashlib.sha256(content).hexdigest(), stamp)
    return found
