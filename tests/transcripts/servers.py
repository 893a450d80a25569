# SPDX-License-Identifier: Apache-2.0
"""The servers whose answers are recorded: each private, below one directory, on loopback or a pipe.

Dovecot is the one that the integration tests use; Cyrus and Courier run from where
scripts/other-servers unpacked them. Each has new_user() and connect(user), which returns a Line on
which nobody logged in yet; with `preauthenticated` somebody did. `dated`: what a mailbox made in
the same second as another one has for UIDVALIDITY is not told from it.
"""
import os
import shutil
import socket
import subprocess
import tempfile
import time

from tests.support import courier, cyrus, dovecot


class Line:
    """One connection: a socket, and of Courier the process at its other end."""

    def __init__(self, connection, process=None):
        self._socket, self._process = connection, process
        self._buffer = b""
        self.closed = False

    def send(self, octets):
        try:
            self._socket.sendall(octets)
        except OSError:
            self.closed = True

    def response(self, seconds=20):
        """The next response with its literals; b"" if none comes in time or the line ends."""
        deadline = time.monotonic() + seconds
        at = 0
        while True:
            end = self._buffer.find(b"\r\n", at)
            if end < 0:
                if not self._more(deadline):
                    return b""
                continue
            literal = self._buffer.rfind(b"{", at, end)
            if self._buffer[end - 1:end] != b"}" or literal < 0:
                whole, self._buffer = self._buffer[:end], self._buffer[end + 2:]
                return whole
            at = end + 2 + int(self._buffer[literal + 1:end - 1])
            while len(self._buffer) < at:
                if not self._more(deadline):
                    return b""

    def _more(self, deadline):
        self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            octets = self._socket.recv(1 << 16)
        except TimeoutError:
            return False
        except OSError:
            octets = b""
        self._buffer += octets
        self.closed = self.closed or not octets
        return bool(octets)

    def close(self):
        self._socket.close()
        if self._process:
            self._process.wait(10)


class Dovecot:
    """The Dovecot of the integration tests, whose messages lie in files of several."""

    storage = "mdbox"

    preauthenticated, dated = False, False
    password = dovecot.PASSWORD
    prefix, separator = "", "/"

    def __init__(self):
        self._server = dovecot.Dovecot(storage=self.storage)

    @staticmethod
    def installed():
        return shutil.which("dovecot") is not None

    def start(self):
        self._server.start()
        return self

    def stop(self):
        self._server.stop()

    def new_user(self):
        return self._server.new_user("ann")

    def connect(self, _user):
        return Line(socket.create_connection(("127.0.0.1", self._server.port), 20))


class DovecotMaildir(Dovecot):
    """With a file a message: the body of one that another session expunged is gone at once."""

    storage = "maildir"


class Cyrus(cyrus.Cyrus):
    """Any user name logs in with any password."""

    preauthenticated, dated = False, True
    password = "any"

    @classmethod
    def installed(cls):
        return not cls.lacks()

    def connect(self, _user):
        return Line(socket.create_connection(("127.0.0.1", self.port), 20))


class Courier:
    """Its imapd alone, a process a connection, as one runs it over ssh: PREAUTH, no daemon."""

    preauthenticated, dated = True, True
    password = "any"
    prefix, separator = courier.Courier.prefix, courier.Courier.separator

    def __init__(self):
        self._dir = tempfile.mkdtemp(prefix="sterna-courier-")
        self._users = 0
        self._environment = {"PATH": os.environ["PATH"], "TZ": "UTC",
                             "LD_LIBRARY_PATH": courier.LIBRARIES, **courier.SETTINGS}

    @staticmethod
    def installed():
        return os.path.exists(f"{courier.TREE}/usr/bin/imapd")

    def start(self):
        return self

    def stop(self):
        shutil.rmtree(self._dir, ignore_errors=True)

    def new_user(self):
        self._users += 1
        user = f"ann{self._users}"
        os.mkdir(f"{self._dir}/{user}")
        subprocess.run([f"{courier.TREE}/usr/bin/maildirmake.courier",
                        f"{self._dir}/{user}/Maildir"], env=self._environment, check=True)
        return user

    def connect(self, user):
        ours, theirs = socket.socketpair()
        home = f"{self._dir}/{user}"
        with theirs, open(f"{home}/stderr.log", "ab") as errors:
            process = subprocess.Popen(
                [f"{courier.TREE}/usr/bin/imapd", "Maildir"], cwd=home, stdin=theirs, stdout=theirs,
                stderr=errors, env={**self._environment, "HOME": home, "AUTHENTICATED": user})
        return Line(ours, process)


SERVERS = {"dovecot": Dovecot, "dovecot-maildir": DovecotMaildir, "cyrus": Cyrus,
           "courier": Courier}
