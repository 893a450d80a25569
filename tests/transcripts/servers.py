# SPDX-License-Identifier: Apache-2.0
"""The servers whose answers are recorded: each private, below one directory, on loopback or a pipe.

Dovecot is the one that the integration tests use. Cyrus and Courier cannot be installed beside it
(all three provide imap-server), so they run from where scripts/other-servers unpacked them:
$STERNA_OTHER_SERVERS, else build/servers. Each has new_user() and connect(user), which returns a
Line on which nobody logged in yet; with `preauthenticated` somebody did. `dated`: what a mailbox
made in the same second as another one has for UIDVALIDITY is not told from it.
"""
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time

from tests.support import dovecot

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UNPACKED = os.environ.get("STERNA_OTHER_SERVERS", f"{ROOT}/build/servers")


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


_IMAPD_CONF = """\
configdirectory: {dir}/config
partition-default: {dir}/mail
defaultpartition: default
mboxlist_db_path: {dir}/config/mailboxes.db
idlesocket: {dir}/config/socket/idle
lmtpsocket: {dir}/config/socket/lmtp
proc_path: {dir}/config/proc
mboxname_lockpath: {dir}/config/lock
cyrus_user: {user}
cyrus_group: {group}
admins: admin
servername: localhost
allowplaintext: yes
sasl_pwcheck_method: auxprop
altnamespace: yes
unixhierarchysep: yes
autocreate_quota: 0
autocreate_post: no
delete_mode: immediate
expunge_mode: delayed
conversations: no
duplicatesuppression: no
syslog_prefix: sterna-test
"""

_CYRUS_CONF = """\
START {{
  recover cmd="{bin}/ctl_cyrusdb -C {dir}/imapd.conf -r"
  idled cmd="{bin}/idled -C {dir}/imapd.conf"
}}
SERVICES {{
  imap cmd="{bin}/imapd -C {dir}/imapd.conf -N" listen="127.0.0.1:{port}" prefork=0
}}
EVENTS {{
}}
"""


class Cyrus:
    """Any user name logs in with any password."""

    preauthenticated, dated = False, True
    password = "any"
    settings = ""             # further lines of imapd.conf
    prefix, separator = "", "/"
    _tree = f"{UNPACKED}/cyrus"
    _bin = f"{_tree}/usr/lib/cyrus/bin"

    def __init__(self):
        self._dir = tempfile.mkdtemp(prefix="sterna-cyrus-")
        self._process, self._port, self._users = None, 0, 0

    @classmethod
    def installed(cls):
        return os.geteuid() == 0 and os.path.exists(f"{cls._bin}/imapd")

    def start(self):
        owner = pwd.getpwuid(dovecot.NOBODY)
        os.chmod(self._dir, 0o755)
        for sub in ("config", "config/socket", "config/proc", "config/lock", "config/db",
                    "config/log", "config/user", "mail"):
            os.mkdir(f"{self._dir}/{sub}")
            os.chown(f"{self._dir}/{sub}", owner.pw_uid, owner.pw_gid)
        self._port = dovecot.free_ports(1)[0]
        names = {"dir": self._dir, "bin": self._bin, "port": self._port, "user": owner.pw_name,
                 "group": "nogroup"}
        for name, text in (("imapd.conf", _IMAPD_CONF), ("cyrus.conf", _CYRUS_CONF)):
            with open(f"{self._dir}/{name}", "w", encoding="ascii") as out:
                out.write(text.format(**names))
        with open(f"{self._dir}/imapd.conf", "a", encoding="ascii") as out:
            out.write(self.settings.format(**names))
        libraries = f"{self._tree}/usr/lib/x86_64-linux-gnu"
        with open(f"{self._dir}/stderr.log", "wb") as errors:
            self._process = subprocess.Popen(
                [f"{self._bin}/master", "-C", f"{self._dir}/imapd.conf", "-M",
                 f"{self._dir}/cyrus.conf", "-p", f"{self._dir}/master.pid", "-D"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
                env={**os.environ, "LD_LIBRARY_PATH": libraries}, start_new_session=True)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                line = self.connect("")
            except OSError:
                time.sleep(0.02)
                continue
            ready = line.response().startswith(b"* OK")
            line.close()
            if ready:
                return self
        self.stop()
        raise RuntimeError("Cyrus did not start")

    def stop(self):
        if self._process:
            self._process.terminate()
            self._process.wait(20)
            self._process = None
        shutil.rmtree(self._dir, ignore_errors=True)

    def new_user(self):
        self._users += 1
        return f"ann{self._users}"

    def connect(self, _user):
        return Line(socket.create_connection(("127.0.0.1", self._port), 20))


class Courier:
    """Its imapd alone, a process a connection, as one runs it over ssh: PREAUTH, no daemon."""

    preauthenticated, dated = True, True
    password = "any"
    prefix, separator = "INBOX.", "."
    _tree = f"{UNPACKED}/courier"
    _settings = {
        "IMAP_CAPABILITY": "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT "
                           "THREAD=REFERENCES SORT QUOTA IDLE",
        "IMAP_KEYWORDS": "1", "IMAP_ACL": "0", "IMAP_IDLE_TIMEOUT": "1",
        "IMAP_MAILBOX_SANITY_CHECK": "1", "IMAP_CHECK_ALL_FOLDERS": "0",
        "IMAP_OBSOLETE_CLIENT": "0", "IMAP_USELOCKS": "0", "IMAP_ENHANCEDIDLE": "0",
        "IMAP_TRASHFOLDERNAME": "Trash", "IMAP_MOVE_EXPUNGE_TO_TRASH": "0",
    }

    def __init__(self):
        self._dir = tempfile.mkdtemp(prefix="sterna-courier-")
        self._users = 0
        libraries = [f"{self._tree}/usr/lib", f"{self._tree}/usr/lib/x86_64-linux-gnu"]
        self._environment = {"PATH": os.environ["PATH"], "TZ": "UTC",
                             "LD_LIBRARY_PATH": ":".join(libraries), **self._settings}

    @classmethod
    def installed(cls):
        return os.path.exists(f"{cls._tree}/usr/bin/imapd")

    def start(self):
        return self

    def stop(self):
        shutil.rmtree(self._dir, ignore_errors=True)

    def new_user(self):
        self._users += 1
        user = f"ann{self._users}"
        os.mkdir(f"{self._dir}/{user}")
        subprocess.run([f"{self._tree}/usr/bin/maildirmake.courier",
                        f"{self._dir}/{user}/Maildir"], env=self._environment, check=True)
        return user

    def connect(self, user):
        ours, theirs = socket.socketpair()
        home = f"{self._dir}/{user}"
        with theirs, open(f"{home}/stderr.log", "ab") as errors:
            process = subprocess.Popen(
                [f"{self._tree}/usr/bin/imapd", "Maildir"], cwd=home, stdin=theirs, stdout=theirs,
                stderr=errors, env={**self._environment, "HOME": home, "AUTHENTICATED": user})
        return Line(ours, process)


SERVERS = {"dovecot": Dovecot, "dovecot-maildir": DovecotMaildir, "cyrus": Cyrus,
           "courier": Courier}
