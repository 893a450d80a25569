# SPDX-License-Identifier: Apache-2.0
"""The synchronizers that can be tortured, each set to carry everything over, durably.

What a tool does not claim to do is not asked of it, as its attributes say. What it is judged by is
the same for all of them (judge.py).
"""
import contextlib
import mmap
import os
import shutil
import signal
import sqlite3
import subprocess

from tests.support import sterna
from tests.support.dovecot import PASSWORD

SYNC_S_MAX = 600


class Ran:
    """One run of a tool and what came of it."""

    def __init__(self, code, output, hung=False):
        self.code, self.output, self.hung = code, output, hung

    @property
    def was_killed(self):
        return self.code == -signal.SIGKILL and not self.hung


class Tool:
    name = ""
    exact = False                       # conflicts end as the tables of docs/safety.md say
    has_trash = False                   # what is deleted here goes to the server's Trash
    follows_renames = False             # of mailboxes
    removes_mailboxes = False
    pairs_what_both_have = False        # in a first sync
    keeps_names = False                 # a file may be moved under its own name
    notices_content = False             # a file may get another content under its own name
    lives_with_the_unsettled = False    # people may touch what a sync that died left unrecorded
    steps = False                       # it can be killed at named steps
    done = (0,)
    cut_short = None                    # exits after a cut line; None: any
    span_s = 1.0                        # a kill at random comes within so long

    def __init__(self, place):
        self.place = place
        self.process = None

    def command(self):
        raise NotImplementedError

    def environment(self):
        return {"HOME": self.place.dir}

    def start(self, die_at=None):
        del die_at
        self.process = subprocess.Popen(
            self.command(), env={**_clean_environment(), **self.environment()},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, encoding="utf-8", errors="replace", start_new_session=True)

    def wait(self):
        hung = False
        try:
            output, _ = self.process.communicate(timeout=SYNC_S_MAX)
        except subprocess.TimeoutExpired:
            hung = True
            self.kill()
            output, _ = self.process.communicate()
        return Ran(self.process.returncode, output, hung)

    def kill(self):
        """And whatever it started itself."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def ask_to_stop(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()

    # ---- between syncs

    def pass_time(self):
        """What it waits for has come."""

    def put_by(self):
        """Contents that it keeps in a place of its own."""
        return []

    def questions(self, ran):
        """What it asks its user about after this sync: [(mailbox, path or None)]."""
        del ran
        return []

    def answer(self, mailbox, yes):
        raise NotImplementedError


def _clean_environment():
    return {key: value for key, value in os.environ.items()
            if not key.startswith(("XDG_", "STERNA_"))}


def _write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        os.fchmod(out.fileno(), 0o600)
        out.write(text)


class Sterna(Tool):
    name = "sterna"
    exact = has_trash = follows_renames = removes_mailboxes = True
    pairs_what_both_have = keeps_names = notices_content = lives_with_the_unsettled = True
    done = (sterna.DONE,)
    cut_short = (sterna.DONE, sterna.PARTLY, sterna.NETWORK, sterna.HELD)
    span_s = 0.6

    def __init__(self, place):
        super().__init__(place)
        self.program = sterna.Sterna(f"{place.dir}/sterna")
        if place.elsewhere:
            self.program.state = f"{place.elsewhere}/state"
        self.program.add_account(
            "acc", user=place.user, password=PASSWORD, host="127.0.0.1", port=place.port,
            maildir=place.maildir, compress="no", tls={"mode": "none"})

    @staticmethod
    def available():
        return os.access(os.environ.get("STERNA_BINARY", ""), os.X_OK)

    @staticmethod
    def version():
        return subprocess.run([sterna.binary(), "--version"], capture_output=True, text=True,
                              check=True).stdout.strip().splitlines()[0]

    @staticmethod
    def has_steps():
        """Was it built with STERNA_STEPS?"""
        with open(sterna.binary(), "rb") as file, \
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as octets:
            return octets.find(b"STERNA_DIE_AT=%s names no step") >= 0

    def command(self):
        return [sterna.binary(), "-c", self.program.config, "--no-input", "-v", "sync"]

    def environment(self):
        return {**self.program.environment(), **self._order}

    def start(self, die_at=None):
        self._order = {"STERNA_DIE_AT": die_at} if die_at else {}
        super().start()

    def _state(self, *changes):
        path = f"{self.program.state}/acc/state.db"
        if not os.path.exists(path):
            return
        with contextlib.closing(sqlite3.connect(path)) as state, state:
            tables = state.execute("SELECT name FROM sqlite_master").fetchall()
            for change in changes if ("fact",) in tables else ():      # killed before it had any
                state.execute(change)

    def pass_time(self, ms=120_000):
        """Two minutes: looks for what is in doubt, and another try of what failed."""
        self._state(f"UPDATE intent SET at_ms = at_ms - {ms}",
                    f"UPDATE failure SET next_try_ms = next_try_ms - {ms}")

    def pass_days(self):
        """Two days: what was kept long enough may go, and what the server makes of an upload is
        asked again."""
        self._state("UPDATE fact SET value = value - 172800000 "
                    "WHERE key IN ('last_sync_ms', 'last_sync_since_boot_ms', 'stored_as_sent_ms')")

    def put_by(self):
        area = f"{self.program.state}/acc/undo"
        contents = []
        for name in sorted(os.listdir(area)) if os.path.isdir(area) else ():
            with open(f"{area}/{name}", "rb") as file:
                contents.append(file.read())
        return contents

    def questions(self, ran):
        if ran.code not in (sterna.HELD, sterna.PARTLY):
            return []
        held = self.program.command_json("held", "list")["held"]
        return [(one["mailbox"], one["path"]) for one in held]

    def answer(self, mailbox, yes):
        self.program.run("held", "apply" if yes else "restore", f"acc/{mailbox}", expect=None)


class Mbsync(Tool):
    """It propagates deletions and new messages, so a message that both sides moved is in both
    places, and one under its old name in another mailbox would confuse it (its manual: U=)."""
    name = "mbsync"
    span_s = 1.0

    def __init__(self, place):
        super().__init__(place)
        _write(f"{place.dir}/mbsyncrc", f"""FSync yes
CopyArrivalDate yes

IMAPStore far
Host 127.0.0.1
Port {place.port}
User {place.user}
Pass {PASSWORD}
SSLType None
AuthMechs LOGIN
Timeout 20
DisableExtension COMPRESS=DEFLATE

MaildirStore near
Path {place.maildir}/
Inbox {place.maildir}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Remove None
Expunge Both
Sync All
SyncState *
""")
        os.makedirs(place.maildir, exist_ok=True)

    @staticmethod
    def available():
        return shutil.which("mbsync")

    @staticmethod
    def version():
        done = subprocess.run(["mbsync", "--version"], capture_output=True, text=True, check=True)
        return (done.stdout + done.stderr).strip().splitlines()[0]

    def command(self):
        return ["mbsync", "-c", f"{self.place.dir}/mbsyncrc", "all"]


class OfflineImap(Tool):
    name = "offlineimap"
    span_s = 2.5

    def __init__(self, place):
        super().__init__(place)
        _write(f"{place.dir}/offlineimaprc", f"""[general]
accounts = acc
metadata = {place.dir}/offlineimap
ui = basic
fsync = True
socktimeout = 20

[Account acc]
localrepository = here
remoterepository = there

[Repository here]
type = Maildir
localfolders = {place.maildir}
sep = /
utime_from_header = no

[Repository there]
type = IMAP
remotehost = 127.0.0.1
remoteport = {place.port}
remoteuser = {place.user}
remotepass = {PASSWORD}
ssl = no
starttls = no
auth_mechanisms = LOGIN
maxconnections = 2
""")

    @staticmethod
    def available():
        return shutil.which("offlineimap")

    @staticmethod
    def version():
        return "offlineimap " + subprocess.run(
            ["offlineimap", "--version"], capture_output=True, text=True,
            check=True).stdout.strip()

    def command(self):
        return ["offlineimap", "-o", "-c", f"{self.place.dir}/offlineimaprc"]


TOOLS = {tool.name: tool for tool in (Sterna, Mbsync, OfflineImap)}
