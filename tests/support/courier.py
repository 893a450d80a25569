# SPDX-License-Identifier: Apache-2.0
"""A private Courier on loopback: its port, its TLS and its logins, all of it below one directory.

Courier's paths are compiled in, so its daemons run in namespaces of their own, where /etc and /run
are this directory's; that needs root, or a kernel that lets everybody have namespaces. With them
everything that was started ends. Users are made before it starts, USERS_MAX of them.
"""
import os
import shutil
import subprocess
import tempfile

from tests.support import certificates
from tests.support.dovecot import NOBODY, PASSWORD, free_ports
from tests.support.imap_client import Imap
from tests.support.unpacked import UNPACKED, answers, die_with_parent

USERS_MAX = 40

# What an administrator's /etc/courier/imapd says.
SETTINGS = {
    "IMAP_CAPABILITY": "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT "
                       "THREAD=REFERENCES SORT QUOTA IDLE",
    "IMAP_KEYWORDS": "1", "IMAP_ACL": "0", "IMAP_IDLE_TIMEOUT": "1",
    "IMAP_MAILBOX_SANITY_CHECK": "1", "IMAP_CHECK_ALL_FOLDERS": "0",
    "IMAP_OBSOLETE_CLIENT": "0", "IMAP_USELOCKS": "0", "IMAP_ENHANCEDIDLE": "0",
    "IMAP_TRASHFOLDERNAME": "Trash", "IMAP_MOVE_EXPUNGE_TO_TRASH": "0",
}
TREE = f"{UNPACKED}/courier"
LIBRARIES = ":".join(f"{TREE}/usr/lib{sub}" for sub in ("", "/x86_64-linux-gnu",
                                                        "/courier-authlib"))
_LIBEXEC = f"{TREE}/usr/lib/courier"

_AUTHDAEMONRC = """\
authmodulelist="authuserdb"
daemons=2
DEBUG_LOGIN=0
DEFAULTOPTIONS=""
"""
_START = """\
set -eu
mount --bind "$DIR/etc" /etc
mount --bind "$DIR/run" /run
cd /
"$LIBEXEC/courier-authlib/authdaemond" &
listen() {
  port=$1
  shift
  "$TREE/usr/sbin/couriertcpd" -address=127.0.0.1 -maxprocs=100 -maxperip=100 -nodnslookup \\
    -noidentlookup "$port" "$@" "$LIBEXEC/courier/imaplogin" "$TREE/usr/bin/imapd" Maildir &
}
(export IMAP_TLS=1 IMAP_STARTTLS=NO; listen "$TLS_PORT" "$COURIERTLS" -server -tcpd -user=courier)
(export IMAP_STARTTLS=YES; listen "$PORT")
wait
"""


def alone():
    """The command that starts another one in namespaces of its own."""
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child",
            *([] if os.geteuid() == 0 else ["--map-root-user"])]


class Courier:
    prefix, separator = "INBOX.", "."

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="sterna-courier-")
        self.ca = f"{self.dir}/etc/tls/ca.pem"
        self.port = self.tls_port = 0
        self._process = None
        self._users = 0
        # Where only we are somebody, we are root and everybody else.
        self._uid = NOBODY if os.geteuid() == 0 else 0

    @staticmethod
    def lacks():
        """Why it cannot run here; "" if it can."""
        if not os.path.exists(f"{TREE}/usr/sbin/couriertcpd"):
            return "no Courier: scripts/other-servers unpacks it"
        try:
            subprocess.run([*alone(), "true"], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            return "Courier needs the right to mount"
        return ""

    def start(self, attempts=5):
        os.chmod(self.dir, 0o755)
        for sub in ("etc/courier", "etc/tls", "run/courier/authdaemon", "home"):
            os.makedirs(f"{self.dir}/{sub}")
        certificates.make(f"{self.dir}/etc/tls", ["127.0.0.1"])
        self._write_etc()
        for number in range(1, USERS_MAX + 1):
            self._make_home(f"user{number}")
        for _ in range(attempts):
            self.port, self.tls_port = free_ports(2)
            self._launch()
            if all(answers(port, self._process, tls) for port, tls in
                   ((self.port, None), (self.tls_port, self.ca))):
                return self
            self._end()
        log = self.log()
        self.stop()
        raise RuntimeError(f"Courier did not start:\n{log}")

    def stop(self):
        self._end()
        shutil.rmtree(self.dir, ignore_errors=True)

    def log(self):
        with open(f"{self.dir}/stderr.log", encoding="utf-8", errors="replace") as file:
            return file.read()

    def new_user(self):
        self._users += 1
        assert self._users <= USERS_MAX
        return f"user{self._users}"

    def client(self, user):
        return Imap("127.0.0.1", self.port, user, PASSWORD, prefix=self.prefix,
                    separator=self.separator)

    def _end(self):
        if self._process:
            self._process.kill()
            self._process.wait(20)
            self._process = None

    def _write_etc(self):
        etc = f"{self.dir}/etc"
        with open(f"{etc}/passwd", "w", encoding="ascii") as out:
            out.write("root:x:0:0::/:/bin/sh\n"
                      f"courier:x:{self._uid}:{self._uid}::/:/bin/sh\n"
                      f"nobody:x:{NOBODY}:{NOBODY}::/:/bin/sh\n")
        with open(f"{etc}/group", "w", encoding="ascii") as out:
            out.write(f"root:x:0:\ncourier:x:{self._uid}:\nnogroup:x:{NOBODY}:\n")
        with open(f"{etc}/nsswitch.conf", "w", encoding="ascii") as out:
            out.write("passwd: files\ngroup: files\nhosts: files\n")
        with open(f"{etc}/courier/authdaemonrc", "w", encoding="ascii") as out:
            out.write(_AUTHDAEMONRC)
        with open(f"{etc}/tls/both.pem", "w", encoding="ascii") as out:
            for name in ("good.pem", "good.key"):
                with open(f"{etc}/tls/{name}", encoding="ascii") as part:
                    out.write(part.read())
        if os.geteuid() == 0:
            os.chown(f"{etc}/tls/both.pem", self._uid, self._uid)
        secret = subprocess.run(["openssl", "passwd", "-6", PASSWORD], check=True, text=True,
                                capture_output=True).stdout.strip()
        names = [f"user{number}" for number in range(1, USERS_MAX + 1)]
        self._write_users("userdb", [
            f"{name}\tuid={self._uid}|gid={self._uid}|home={self.dir}/home/{name}"
            for name in names])
        self._write_users("userdbshadow", [f"{name}\tsystempw={secret}" for name in names])

    def _write_users(self, name, lines):
        path = f"{self.dir}/etc/courier/{name}"
        subprocess.run([f"{_LIBEXEC}/courier-authlib/makedatprog", "-", f"{path}.tmp",
                        f"{path}.dat"], input="\n".join([*lines, ".", ""]), text=True, check=True,
                       env={**os.environ, "LD_LIBRARY_PATH": LIBRARIES})

    def _make_home(self, user):
        home = f"{self.dir}/home/{user}"
        for sub in ("cur", "new", "tmp"):
            os.makedirs(f"{home}/Maildir/{sub}")
        if os.geteuid() == 0:
            for top, _, _ in os.walk(home):
                os.chown(top, self._uid, self._uid)

    def _launch(self):
        environment = {
            "PATH": os.environ["PATH"], "TZ": "UTC", "LD_LIBRARY_PATH": LIBRARIES, **SETTINGS,
            "DIR": self.dir, "TREE": TREE, "LIBEXEC": _LIBEXEC, "PORT": str(self.port),
            "TLS_PORT": str(self.tls_port), "COURIERTLS": f"{TREE}/usr/bin/couriertls",
            "TLS_CERTFILE": "/etc/tls/both.pem", "TLS_VERIFYPEER": "NONE",
            "IMAP_TLS_REQUIRED": "0", "IMAP_CAPABILITY_TLS": SETTINGS["IMAP_CAPABILITY"]
            + " AUTH=PLAIN"}
        with open(f"{self.dir}/stderr.log", "wb") as errors:
            self._process = subprocess.Popen(
                [*alone(), "sh", "-c", _START], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=errors, env=environment,
                preexec_fn=die_with_parent, start_new_session=True)
