# SPDX-License-Identifier: Apache-2.0
"""A world in which one server is hostile: what an attack may cost, and what it may not touch.

The hostile account is synced beside one whose server means well. After each run the memory and time
that it took, what was said, and every file around the Maildir are judged.
"""
import hashlib
import io
import os
import re
import shutil
import ssl
import sys
import tempfile
import time
import zlib

from tests.support import certificates, measured
from tests.support.maildir import Maildir
from tests.support.scripted import ScriptedServer
from tests.support.sterna import FAILED, NETWORK, PARTLY, Sterna

MIB = 1 << 20
EVIL, GOOD = "evil", "good"
GOOD_MESSAGES = 3
# The program takes 15 MiB for an ordinary sync of both accounts. A line of the server may have 8,
# and is there twice while it grows.
OCTETS_MAX = 64 * MIB
# Where the account failed as a whole, the good one makes "partly" of it.
REFUSED = (PARTLY, FAILED, NETWORK)

# Nothing of this may reach a terminal or a log: controls, what is no UTF-8, and what turns the
# order of the text around.
_CONTROL = re.compile("[\x00-\x1f\x7f]")
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e"
                     "\u2066-\u2069\ufffd]")


class HostileWorld:
    """`mail` is the Maildir of the hostile account, `server` the hostile server."""

    def __init__(self, test, server, **keys):
        self.test = test
        self.server = server
        self.friend = ScriptedServer()
        self.friend.fill(GOOD_MESSAGES)
        for one in (server, self.friend):
            test.addCleanup(one.close)
        self.dir = tempfile.mkdtemp(prefix="sterna-test-")
        test.addCleanup(shutil.rmtree, self.dir, True)
        self.place = f"{self.dir}/outer/inner"
        self.mail = Maildir(f"{self.place}/mail/{EVIL}", keys.get("layout", "fs"))
        self.good_mail = Maildir(f"{self.place}/mail/{GOOD}")
        self.sterna = Sterna(f"{self.place}/sterna")
        self.sterna.before = [sys.executable, "-I", "-S", measured.__file__, f"{self.dir}/peak"]
        plain = {"user": "u", "password": "p", "host": "127.0.0.1", "tls": {"mode": "none"},
                 "compress": "no"}
        self.sterna.add_account(EVIL, **{**plain, "maildir": self.mail.root,
                                         "port": server.port, **keys})
        self.sterna.add_account(GOOD, **plain, maildir=self.good_mail.root,
                                port=self.friend.port)
        for place in (self.dir, f"{self.dir}/outer", self.place, f"{self.place}/mail"):
            for name in ("canary", "cur/canary", "evil2"):
                os.makedirs(os.path.dirname(f"{place}/{name}"), exist_ok=True)
                with open(f"{place}/{name}", "w", encoding="ascii") as out:
                    out.write("sings")
        self._before = self._around()
        self.peak = 0
        self.seconds = 0.0

    # ---- one run

    def run(self, *arguments, expect=0, seconds=60, octets=OCTETS_MAX, options=("--no-input",)):
        """One command, and what must be true after each. Returns its Run."""
        sanitized = bool(os.environ.get("STERNA_SANITIZED"))
        for mail in (self.mail, self.good_mail):
            if os.path.isdir(mail.root):
                mail.settle()
        began = time.monotonic()
        run = self.sterna.run(*arguments, expect=expect, options=options,
                              timeout=seconds * (5 if sanitized else 1))
        self.seconds = time.monotonic() - began
        with open(f"{self.dir}/peak", encoding="ascii") as file:
            self.peak = int(file.read())
        if not sanitized:
            self.test.assertLess(self.peak, octets, "octets of memory")
        self.assert_safe(run.stdout + run.stderr)
        self.assert_nothing_outside()
        if "--dry-run" not in arguments:
            self.assert_friend_unharmed(run.stderr)
        return run

    def sync(self, **bounds):
        return self.run("sync", **bounds)

    def attack(self, says, expect=REFUSED, **bounds):
        """A sync that must end with a line about the hostile account, which `says` matches."""
        run = self.sync(expect=expect, **bounds)
        self.assert_says(run, says)
        return run

    # ---- what must be true

    def complaints(self, run):
        return [line for line in run.stderr.splitlines()
                if line.startswith(f"sterna: account {EVIL}: ")]

    def assert_says(self, run, says):
        if not any(re.search(says, line) for line in self.complaints(run)):
            self.test.fail(f"no line about the account says {says!r}: {run}")

    def assert_safe(self, text):
        found = _UNSAFE.search(text)
        if found:
            around = text[max(0, found.start() - 60):found.end() + 60]
            self.test.fail(f"not fit for a terminal: {around!r}")

    def _around(self):
        """All that is not the Maildirs' or the state's: name -> kind, mode and content."""
        found = {}
        ours = {self.mail.root, self.good_mail.root, self.sterna.state}
        for top, directories, files in os.walk(self.dir):
            directories[:] = [d for d in directories if os.path.join(top, d) not in ours]
            for name in directories + files:
                path = os.path.join(top, name)
                mode, content = os.lstat(path).st_mode, b""
                if name in files and path != f"{self.dir}/peak":
                    with open(path, "rb") as file:
                        content = file.read()
                found[path] = (mode, hashlib.sha256(content).hexdigest())
        found.pop(f"{self.dir}/peak", None)
        return found

    def assert_nothing_outside(self):
        self.test.assertEqual(self._around(), self._before)
        for top, directories, files in os.walk(self.mail.root):
            for name in directories + files:
                path = os.path.join(top, name)
                self.test.assertFalse(os.path.islink(path), path)
                self.test.assertIsNone(_CONTROL.search(name), repr(path))
            for name in files:
                known = (os.path.basename(top) in ("cur", "new", "tmp")
                         or name in (".sterna", "dovecot-keywords", "maildirfolder"))
                self.test.assertTrue(known, f"{name!r} in {top!r}")

    def assert_friend_unharmed(self, stderr=""):
        self.test.assertEqual(len(self.good_mail.messages("INBOX")), GOOD_MESSAGES)
        self.test.assertNotIn(f"sterna: account {GOOD}", stderr)


class Deflating(ScriptedServer):
    """Speaks COMPRESS=DEFLATE (RFC 4978): say() compresses from then on, session.client not."""

    capabilities = ScriptedServer.capabilities + b" COMPRESS=DEFLATE"

    def on_compress(self, session, tag, _text):
        session.say(tag + b" OK compressed from here on")
        session.deflate = zlib.compressobj(9, zlib.DEFLATED, -15)

        def say(*lines):
            octets = session.deflate.compress(b"".join(line + b"\r\n" for line in lines))
            session.client.sendall(octets + session.deflate.flush(zlib.Z_SYNC_FLUSH))

        session.say = say
        session.file = io.BufferedReader(_Inflating(session.file), 1 << 16)


class _Inflating(io.RawIOBase):
    def __init__(self, file):
        self._file = file
        self._inflate = zlib.decompressobj(-15)

    def readable(self):
        return True

    def readinto(self, buffer):
        octets = self._inflate.decompress(self._inflate.unconsumed_tail, len(buffer))
        while not octets:
            packed = self._file.read1(1 << 16)
            if not packed:
                return 0
            octets = self._inflate.decompress(packed, len(buffer))
        buffer[:len(octets)] = octets
        return len(octets)


class Starttls(ScriptedServer):
    """Offers STARTTLS, with a certificate for 127.0.0.1; `ca` is its authority."""

    capabilities = b"IMAP4rev1 STARTTLS LOGINDISABLED"
    inside = ScriptedServer.capabilities

    def __init__(self, test):
        super().__init__()
        directory = tempfile.mkdtemp(prefix="sterna-test-")
        test.addCleanup(shutil.rmtree, directory, True)
        certificates.make(directory, ["127.0.0.1"])
        self.ca = f"{directory}/ca.pem"
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(f"{directory}/good.pem", f"{directory}/good.key")

    def world(self, test):
        return HostileWorld(test, self, tls={"mode": "starttls", "ca_file": self.ca})

    def on_starttls(self, session, tag, _text):
        session.say(tag + b" OK begin")
        self.begin_tls(session)

    def begin_tls(self, session):
        session.client = self._context.wrap_socket(session.client, server_side=True)
        session.file = session.client.makefile("rb", 1 << 16)
        session.encrypted = True

    def on_capability(self, session, tag, _text):
        offered = self.inside if getattr(session, "encrypted", False) else self.capabilities
        session.say(b"* CAPABILITY " + offered, tag + b" OK")
