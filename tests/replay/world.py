# SPDX-License-Identifier: Apache-2.0
"""The world that a script asks for, as far as it can be had for real: a Dovecot that offers what
the script's server offers, a line to it, a Maildir, and the program with its state."""
import contextlib
import json
import os
import shutil
import sqlite3
import tempfile

from tests.replay.hands import LOCK
from tests.support import sterna
from tests.support.case import server
from tests.support.maildir import Maildir
from tests.support.wire import Wire
from tests.torture.line import Line
from tests.torture.tools import Sterna
from tests.torture.world import OTHER_FILE_SYSTEM, Place, other_file_system_is_there

# Feature of a script -> what the server does not offer without it.
EXTENSIONS = {"condstore": ("CONDSTORE", "QRESYNC"), "qresync": ("QRESYNC",),
              "uidplus": ("UIDPLUS",), "move": ("MOVE",), "list-status": ("LIST-STATUS",),
              "esearch": ("ESEARCH", "SEARCHRES"), "literal+": ("LITERAL+",),
              "namespace": ("NAMESPACE",), "unselect": ("UNSELECT",)}
# What the simulated server never offers, and a real one in half of the worlds.
OTHERS = ("SPECIAL-USE", "STATUS=SIZE", "BINARY", "IDLE", "NOTIFY", "CHILDREN", "MULTIAPPEND", "ID",
          "SAVEDATE", "SASL-IR", "WITHIN")
# Those that no real world can have, or that make no difference to one.
UNREAL = {"coarse": "times of files as coarse as the script wants",
          "cyrus": "the manners of Cyrus",
          "no-appenduid": "answers without APPENDUID",
          "no-copyuid": "answers without COPYUID",
          "partial-copyuid": "a COPYUID that leaves one out",
          "half-move": "a MOVE that leaves one",
          "lags": "news of other clients told late",
          "message-limit": "a MESSAGELIMIT",
          "objectid": "OBJECTID"}
LOCK_STALE_MS = 600_000
DID = ("downloaded", "uploaded", "flags_in", "flags_out", "moved_in", "moved_out", "deleted_in",
       "deleted_out", "mailboxes_in", "mailboxes_out", "bodies_fetched")
NOT_IDLE = (*DID, "held", "quarantined", "errors")


def missing_in(script):
    missing = {name for feature, names in EXTENSIONS.items()
               if feature not in script.features and
               not (feature == "condstore" and "qresync" in script.features) for name in names}
    return missing.union(OTHERS if script.seed % 2 else ())


class Program(Sterna):
    """Set as in the simulation, and with its report."""
    name = "sterna, in a script"

    def __init__(self, place, local_delete):
        super().__init__(place)
        self.program.set("acc", connections=2, local_delete=local_delete,
                         hold_deletions={"share": 1.0, "at_least": 1_000_000})

    def command(self):
        return [sterna.binary(), "-c", self.program.config, "--no-input", "--json", "sync"]

    @staticmethod
    def report_of(ran):
        """None if it came to none."""
        for line in reversed(ran.output.splitlines()):
            if line.startswith("{"):
                with contextlib.suppress(ValueError):
                    return json.loads(line)["accounts"][0]
        return None

    def ask(self, sql, *values):
        """Rows of the base as it is at this moment."""
        path = f"{self.program.state}/acc/state.db"
        if not os.path.exists(path):
            return []
        with contextlib.closing(sqlite3.connect(path, timeout=10)) as state:
            try:
                return state.execute(sql, values).fetchall()
            except sqlite3.OperationalError:      # not made yet
                return []


class RealWorld:
    def __init__(self, script, directory):
        self.dir = directory
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        storage = "maildir" if "bodies-go" in script.features else "mdbox"
        self.dovecot = server(storage + ("." if "dot" in script.features else ""))
        self.user = self.dovecot.new_user("replay")
        self.wire = Wire(self.dovecot.address(), self.dovecot.port, missing_in(script))
        if "capability" not in script.features:
            self.wire.lie(rb" \[CAPABILITY [^\]]*\] ", b" ")
        self.line = Line("127.0.0.1", self.wire.port)
        self.elsewhere = None
        if "mail-apart" in script.features and other_file_system_is_there(directory):
            self.elsewhere = tempfile.mkdtemp(prefix="sterna-", dir=OTHER_FILE_SYSTEM)
        place = Place(directory, self.user, self.line.port, self.elsewhere)
        has_trash = "trash" in script.features
        if has_trash:
            with self.connect() as imap:
                imap.create("Trash")
        self.program = Program(place, "trash" if has_trash else "expunge")
        self.mail = Maildir(place.maildir)
        self.mail.create("INBOX")
        self._locks = {}      # path -> how long it has been there, in ms

    def connect(self):
        return self.dovecot.client(self.user)

    def close(self):
        self.line.close()
        self.wire.close()

    def remove(self):
        for path in (self.dir, self.dovecot.home(self.user), self.elsewhere):
            if path:
                shutil.rmtree(path, ignore_errors=True)

    # ---- time, in which nothing happens

    def pass_time(self, ms):
        self.program.pass_time(ms)
        there = {f"{self.mail.folder(name)}/{LOCK}" for name in self.mail.mailboxes()}
        self._locks = {path: self._locks.get(path, 0) + ms for path in there
                       if os.path.exists(path)}
        for path, age in self._locks.items():
            if age > LOCK_STALE_MS:      # its ctime cannot be put back
                os.unlink(path)

    # ---- what a backup has, and what a mount hides

    @property
    def _state(self):
        return f"{self.program.program.state}/acc"

    def has_marker(self):
        return os.path.exists(f"{self.mail.root}/.sterna")

    def back_up(self):
        for what, path in (("mail", self.mail.root), ("state", self._state)):
            shutil.rmtree(f"{self.dir}/backup/{what}", ignore_errors=True)
            shutil.copytree(path, f"{self.dir}/backup/{what}", symlinks=True)

    def restore(self, what):
        path = {"mail": self.mail.root, "state": self._state}[what]
        shutil.rmtree(path)
        shutil.copytree(f"{self.dir}/backup/{what}", path, symlinks=True)

    def unmount(self, leaves_directory):
        os.rename(self.mail.root, f"{self.dir}/mail.unmounted")
        if leaves_directory:
            os.mkdir(self.mail.root)

    def mount(self):
        """Whatever was done below it meanwhile is hidden."""
        if os.path.exists(self.mail.root):
            shutil.rmtree(f"{self.dir}/mail.hidden", ignore_errors=True)
            os.rename(self.mail.root, f"{self.dir}/mail.hidden")
        os.rename(f"{self.dir}/mail.unmounted", self.mail.root)

    def renumber(self, mailbox):
        """It gets another UIDVALIDITY, and none that a mailbox is given soon. Days after it last
        did, or it would be left alone (safety.md, 34)."""
        self.program.pass_days()
        with self.connect() as imap:
            wire = mailbox.replace("/", imap.separator)
            validity = imap.status(mailbox)["UIDVALIDITY"]
        self.dovecot.doveadm("mailbox", "update", "--uid-validity", str(validity + 100_000),
                             "-u", self.user, wire)
