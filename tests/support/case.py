# SPDX-License-Identifier: Apache-2.0
"""The frame of every integration test: one Dovecot a process, one world a situation.

A World is a fresh user on the server, a fresh Maildir, a fresh state and the program between
them. @over(PROFILES) runs a test once for every profile, each in a world of its own; behind the
wire, so a command that the profile's server does not offer fails the test.
"""
import atexit
import contextlib
import functools
import os
import pathlib
import shutil
import sqlite3
import tempfile
import unittest
import zlib

from tests.support import oracle
from tests.support.dovecot import PASSWORD, PROFILES, Dovecot
from tests.support.maildir import Maildir, digest_tree
from tests.support.messages import NOON, message, word_of
from tests.support.sterna import Sterna
from tests.support.wire import Wire

_servers = {}


def server(storage="mdbox"):
    """The Dovecot of this process, started at the first call."""
    if storage not in _servers:
        _servers[storage] = Dovecot(storage=storage).start()
        atexit.register(_servers[storage].stop)
    return _servers[storage]


class World:
    """`imap` is the user's other client, `mail` the Maildir, `sterna` the program; `at` is another
    server than this process's Dovecot."""

    def __init__(self, test, profile="full", transport="wire", storage="mdbox", user=None,
                 name="acc", sterna=None, trash=True, at=None, **keys):
        self.test = test
        self.profile = profile
        self.name = name
        self.server = at or server(storage)
        self.user = user or self.server.new_user()
        self.imap = None
        self.reconnect()
        if trash and user is None:
            self.imap.create("Trash", "\\Trash")
        self.dir = tempfile.mkdtemp(prefix="sterna-test-")
        test.addCleanup(shutil.rmtree, self.dir, True)
        self.wire = None
        self.sterna = sterna or Sterna(f"{self.dir}/sterna")
        self.mail = Maildir(f"{self.dir}/mail", keys.get("layout", "fs"), keys.get("inbox"))
        account = {"user": self.user, "password": PASSWORD, "maildir": self.mail.root,
                   "compress": "no", **self._connection(transport), **keys}
        self.sterna.add_account(name, **account)

    def _connection(self, transport):
        if transport == "tls":
            return {"host": "localhost", "port": self.server.tls_port,
                    "tls": {"ca_file": self.server.ca}}
        if transport == "starttls":
            return {"host": "localhost", "port": self.server.port,
                    "tls": {"mode": "starttls", "ca_file": self.server.ca}}
        if transport == "plain":
            return {"host": "127.0.0.1", "port": self.server.port, "tls": {"mode": "none"}}
        if transport == "direct":
            return {"host": self.server.address(self.profile), "port": self.server.port,
                    "tls": {"mode": "none"}}
        self.wire = Wire(self.server.address(self.profile), self.server.port,
                         PROFILES[self.profile])
        self.test.addCleanup(self.wire.close)
        self.test.addCleanup(self.assert_orders_used)
        return {"host": "127.0.0.1", "port": self.wire.port, "tls": {"mode": "none"}}

    # ---- what one does with it

    def reconnect(self):
        """The user's other client starts anew."""
        if self.imap:
            self.imap.close()
        self.imap = self.server.client(self.user)
        self.test.addCleanup(self.imap.close)

    def sync(self, *targets, expect=0, timeout=300, may_miss=False):
        """Lets the Maildir settle, syncs, and checks that only offered commands were used, and that
        what the wire was to do came about, unless it may miss."""
        if os.path.isdir(self.mail.root):
            self.mail.settle()
        if self.imap:
            self.imap.leave()
        report = self.sterna.sync(*targets, expect=expect, timeout=timeout)
        if self.wire:
            self.test.assertEqual(self.wire.violations, [], f"profile {self.profile}")
            self.assert_orders_used(may_miss)
        return report

    def assert_orders_used(self, may_miss=False):
        """A cut, a loss or a refusal that never happened tests nothing."""
        unused = self.wire.take_back_unused()
        if unused and not may_miss:
            self.test.fail(f"never happened (profile {self.profile}): {unused}")

    def pass_time(self, seconds):
        """For what the base waits for, so much time has passed: looks for what is in doubt, and
        another try of what failed."""
        self.ask_state("UPDATE intent SET at_ms = at_ms - ?", seconds * 1000)
        self.ask_state("UPDATE failure SET next_try_ms = next_try_ms - ?", seconds * 1000)

    def wait_for_stamp(self, mailbox="INBOX"):
        """Syncs until the directory's stamp is believed, whatever the file system's clock is."""
        for _ in range(500):
            self.imap.leave()
            self.sterna.sync()
            if self.ask_state("SELECT stamp FROM mailbox WHERE name = ?", mailbox) != [("",)]:
                return
        self.test.fail(f"no stamp of {mailbox} was ever believed")

    def fill(self, mailbox="INBOX", count=3, prefix="m", flags=(), first=NOON):
        """Messages on the server: PREFIX0, PREFIX1, ... Returns their UIDs."""
        if mailbox not in self.imap.mailboxes():
            self.imap.create(mailbox)
        return [self.imap.append(mailbox, message(f"{prefix}{i}"), flags, first + i)
                for i in range(count)]

    def assert_in_step(self, ignore=(), skip=()):
        found = oracle.differences(self.imap, self.mail, ignore, skip)
        if found:
            self.test.fail(f"not in step (profile {self.profile}):\n  " + "\n  ".join(found))

    def assert_quiet(self):
        """Another sync finds nothing to do and touches nothing."""
        before = (oracle.server_fingerprint(self.imap), digest_tree(self.mail.root, times=False))
        report = self.sync()
        after = (oracle.server_fingerprint(self.imap), digest_tree(self.mail.root, times=False))
        self.test.assertEqual(before, after)
        for count in ("downloaded", "uploaded", "flags_in", "flags_out", "moved_in", "moved_out",
                      "deleted_in", "deleted_out", "bodies_fetched", "held", "quarantined"):
            self.test.assertEqual(report[count], 0, count)
        return report

    def assert_settled(self, **ignore):
        """In step, and the next sync agrees."""
        self.assert_in_step(**ignore)
        self.assert_quiet()

    def undo_area(self):
        """The contents of the files that are kept there."""
        area = f"{self.sterna.state}/{self.name}/undo"
        names = sorted(os.listdir(area)) if os.path.isdir(area) else []
        return [pathlib.Path(area, name).read_bytes() for name in names]

    def ask_state(self, sql, *values):
        """Rows of the base, or a change of it behind the program's back."""
        path = f"{self.sterna.state}/{self.name}/state.db"
        with contextlib.closing(sqlite3.connect(path)) as state, state:
            return state.execute(sql, values).fetchall()

    def words_on_server(self, mailbox):
        """Which messages are there, by the word in their Message-ID, sorted."""
        return sorted(word_of(m.body) for m in self.imap.fetch_all(mailbox))

    def words_local(self, mailbox):
        return sorted(word_of(m.read()) for m in self.mail.messages(mailbox))


def trade(side, one="A", other="B"):
    """Two mailboxes of the server, or of the Maildir, get each other's name."""
    side.rename(one, "X")
    side.rename(other, one)
    side.rename("X", other)


def _taken(profiles, test):
    """All of them, or under sanitizers, which watch the program and not what it comes to, one, by
    the test's name: each has its turn somewhere. With STERNA_ALL_PROFILES all there, too."""
    names = list(profiles)
    if os.environ.get("STERNA_SANITIZED") and not os.environ.get("STERNA_ALL_PROFILES"):
        return [names[zlib.crc32(test.__qualname__.encode()) % len(names)]]
    return names


def over(profiles, **keys):
    """Decorates test(self, world): once for each profile, in a world of its own, with `keys`."""
    def decorate(test):
        @functools.wraps(test)
        def run_all(self):
            for profile in _taken(profiles, test):
                with self.subTest(profile=profile):
                    test(self, self.world(profile, **keys))
        return run_all
    return decorate


def leave_out(reason):
    """Where everything must be there, what was left out is a failure."""
    if os.environ.get("STERNA_NO_SKIP"):
        raise AssertionError(f"{reason}; with an empty STERNA_NO_SKIP it is left out")
    raise unittest.SkipTest(reason)


def need_steps():
    """What is killed at a named step takes a build that has them."""
    if os.environ.get("STERNA_WITH_STEPS") == "OFF":
        leave_out("built without steps")


class IntegrationCase(unittest.TestCase):
    maxDiff = 4000

    def skipTest(self, reason):
        leave_out(reason)

    def world(self, profile="full", **keys):
        return World(self, profile, **keys)
