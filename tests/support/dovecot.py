# SPDX-License-Identifier: Apache-2.0
"""A private Dovecot on loopback, all of it below one directory.

Any user name logs in with PASSWORD; a user's mail lives in DIR/home/NAME, so tests keep apart by
taking different users. One server listens on several loopback addresses at the same two ports,
and an address decides what the server says it can do (imap_capability) or which certificate it
shows: see PROFILES. Works as root (mail processes then run as nobody) and as an ordinary user.
The server dies with the process that started it.
"""
import contextlib
import ctypes
import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from tests.support import certificates
from tests.support.imap_client import Imap

PASSWORD = "correct-horse"
NOBODY = 65534

CAPABILITIES = (
    "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE MULTIAPPEND UNSELECT CHILDREN NAMESPACE "
    "UIDPLUS LIST-EXTENDED CONDSTORE QRESYNC ESEARCH SEARCHRES WITHIN LIST-STATUS BINARY MOVE "
    "STATUS=SIZE SAVEDATE LITERAL+ NOTIFY SPECIAL-USE COMPRESS=DEFLATE").split()

# What each profile's server does not offer. The first four are the ways in which changes are found
# and made; the others take one extension away from the fullest server.
MAIN_PROFILES = {
    "full": (),
    "condstore": ("QRESYNC",),
    "plain": ("QRESYNC", "CONDSTORE"),
    "bare": ("QRESYNC", "CONDSTORE", "UIDPLUS", "MOVE", "LIST-STATUS", "LIST-EXTENDED", "ESEARCH",
             "LITERAL+", "MULTIAPPEND", "UNSELECT", "NAMESPACE", "ENABLE", "ID", "SASL-IR",
             "SPECIAL-USE", "STATUS=SIZE", "BINARY", "IDLE", "NOTIFY", "CHILDREN", "WITHIN",
             "SEARCHRES", "SAVEDATE", "COMPRESS=DEFLATE", "LOGIN-REFERRALS"),
}
ONE_BY_ONE = {
    "no-uidplus": ("UIDPLUS",),
    "no-move": ("MOVE",),
    "no-uidplus-no-move": ("UIDPLUS", "MOVE"),
    "no-list-status": ("LIST-STATUS",),
    "no-list-extended": ("LIST-EXTENDED", "LIST-STATUS"),
    "no-esearch": ("ESEARCH", "SEARCHRES"),
    "no-literal-plus": ("LITERAL+",),
    "no-multiappend": ("MULTIAPPEND",),
    "no-unselect": ("UNSELECT",),
    "no-namespace": ("NAMESPACE",),
    "no-enable": ("ENABLE", "QRESYNC", "CONDSTORE"),
    "no-id": ("ID",),
    "no-sasl-ir": ("SASL-IR",),
    "no-special-use": ("SPECIAL-USE",),
    "no-children": ("CHILDREN",),
    "no-status-size": ("STATUS=SIZE",),
    "no-idle": ("IDLE", "NOTIFY"),
    "no-notify": ("NOTIFY",),
    "no-compress": ("COMPRESS=DEFLATE",),
}
PROFILES = {**MAIN_PROFILES, **ONE_BY_ONE}

_ADDRESS = {name: f"127.0.0.{11 + i}" for i, name in enumerate(PROFILES)}
_ADDRESS["full"] = "127.0.0.1"
_CERTIFICATE_ADDRESS = {"expired": "127.0.0.101", "wronghost": "127.0.0.102"}

_CONFIG = """\
base_dir = {dir}/run
state_dir = {dir}/run/state
log_path = {dir}/dovecot.log
instance_name = sterna-test-{port}
protocols = imap
listen = {addresses}
default_process_limit = 1000
default_client_limit = 4000
default_vsz_limit = 0
shutdown_clients = yes
{internal_users}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
{no_chroot}}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={dir}/home/%u
}}
first_valid_uid = 1
mail_location = {location}
mail_fsync = never
mail_max_userip_connections = 200
mailbox_list_index = {list_index}
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
  mailbox Trash {{
    special_use = \\Trash
  }}
  mailbox Sent {{
    special_use = \\Sent
  }}
  mailbox Drafts {{
    special_use = \\Drafts
  }}
  mailbox Junk {{
    special_use = \\Junk
  }}
}}
ssl = yes
ssl_cert = <{dir}/tls/good.pem
ssl_key = <{dir}/tls/good.key
service imap-login {{
  service_count = 0
  process_min_avail = 1
{no_chroot}  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service imap {{
  process_limit = 1000
  process_min_avail = 2
  service_count = 200
}}
service stats {{
  client_limit = 8000
}}
mail_plugins = zlib
protocol imap {{
  mail_plugins = zlib imap_zlib
}}
"""

_LOCATIONS = {"mdbox": "mdbox:~/mail", "maildir": "maildir:~/Maildir:LAYOUT=fs",
              "maildir++": "maildir:~/Maildir", "courier": "maildir:~/Maildir",
              "mdbox.": "mdbox:~/mail", "maildir.": "maildir:~/Maildir"}
# What names of mailboxes begin with, and what separates them (RFC 2342): as Courier has it.
_NAMESPACES = {"courier": ("INBOX.", "."), "mdbox.": ("", "."), "maildir.": ("", ".")}


def free_ports(count):
    """Ports nobody listens on now. Another process may take one before it is used: try again."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def reachable(path):
    """Can the mail processes, which never run as root, come to this directory?"""
    if os.geteuid() != 0:
        return True
    while path != "/":
        if not os.stat(path).st_mode & 0o001 and os.stat(path).st_uid != NOBODY:
            return False
        path = os.path.dirname(path)
    return True


def _die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


class Dovecot:
    """start() ... stop(), or a with block. `storage` is mdbox, maildir, maildir++ or courier;
    with "." behind it, mailboxes are separated by dots. `extra` is configuration that comes last,
    with {dir} for the directory. `password` is everybody's."""

    def __init__(self, directory=None, storage="mdbox", extra="", password=PASSWORD):
        self._extra = extra
        self._password = password
        self._own_directory = directory is None
        self.dir = os.path.abspath(directory or tempfile.mkdtemp(prefix="sterna-dovecot-"))
        self.storage = storage
        self.prefix, self.separator = _NAMESPACES.get(storage, ("", "/"))
        self.ca = f"{self.dir}/tls/ca.pem"
        root = os.geteuid() == 0
        self._uid = NOBODY if root else os.getuid()
        self._gid = NOBODY if root else os.getgid()
        self.port = self.tls_port = 0
        self._process = None
        self._users = 0

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def address(self, profile="full"):
        return _ADDRESS[profile]

    def certificate_address(self, kind):
        return _CERTIFICATE_ADDRESS[kind]

    def new_user(self, hint="user"):
        """A user nobody had before: an empty account."""
        self._users += 1
        return f"{hint}{self._users}"

    def client(self, user):
        return Imap("127.0.0.1", self.port, user, self._password, prefix=self.prefix,
                    separator=self.separator)

    def home(self, user):
        return f"{self.dir}/home/{user}"

    def start(self, attempts=5):
        for sub in ("run", "home", "tls"):
            os.makedirs(f"{self.dir}/{sub}", exist_ok=True)
        os.chmod(self.dir, 0o755)
        os.chown(f"{self.dir}/home", self._uid, self._gid)
        if not os.path.exists(self.ca):
            certificates.make(f"{self.dir}/tls", self._addresses())
        for _ in range(attempts):
            self.port, self.tls_port = free_ports(2)
            self._write_config()
            if self._launch():
                return self
        raise RuntimeError("Dovecot did not start:\n" + self.log())

    def stop(self):
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._own_directory:
            shutil.rmtree(self.dir, ignore_errors=True)

    def pause(self):
        """The server goes away, its mail stays; resume() brings it back at the same ports."""
        self._process.terminate()
        self._process.wait(10)
        self._process = None
        # Its children hold the ports for a while, and one of them could greet for the next one.
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except ConnectionRefusedError:
                self._forget_process()
                return
            time.sleep(0.05)
        raise RuntimeError("Dovecot did not leave its port")

    def _forget_process(self):
        """A number that it left behind may be that of another process by now."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{self.dir}/run/master.pid")

    def resume(self):
        """Does nothing where it runs: a test that ends early has it as its cleanup."""
        if not self._process and not self._launch():
            raise RuntimeError("Dovecot did not come back:\n" + self.log())

    def log(self):
        text = ""
        for name in ("stderr.log", "dovecot.log"):
            if os.path.exists(f"{self.dir}/{name}"):
                with open(f"{self.dir}/{name}", encoding="utf-8", errors="replace") as file:
                    text += file.read()
        return text

    def doveadm(self, *arguments):
        done = subprocess.run(["doveadm", "-c", f"{self.dir}/dovecot.conf", *arguments],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"doveadm {arguments}: {done.stderr}")
        return done.stdout

    def give(self, path):
        """Hands a file or tree that a test made in a user's home to the mail processes."""
        if os.geteuid() != 0:
            return
        os.chown(path, self._uid, self._gid)
        for top, directories, files in os.walk(path):
            for name in directories + files:
                os.chown(os.path.join(top, name), self._uid, self._gid)

    @staticmethod
    def _addresses():
        return [*_ADDRESS.values(), *_CERTIFICATE_ADDRESS.values()]

    def _write_config(self):
        internal, no_chroot = "", ""
        if os.geteuid() != 0:
            user = pwd.getpwuid(os.getuid()).pw_name
            group = grp.getgrgid(os.getgid()).gr_name
            internal = (f"default_internal_user = {user}\ndefault_internal_group = {group}\n"
                        f"default_login_user = {user}\n")
            no_chroot = "  chroot =\n"
        text = _CONFIG.format(
            dir=self.dir, port=self.port, tls_port=self.tls_port,
            addresses=", ".join(self._addresses()), password=self._password, uid=self._uid,
            gid=self._gid, internal_users=internal, no_chroot=no_chroot,
            location=_LOCATIONS[self.storage], prefix=self.prefix, separator=self.separator,
            # An index of mailboxes does not see what others make.
            list_index="yes" if self.storage.startswith("mdbox") else "no")
        for profile, missing in PROFILES.items():
            if missing:
                offered = " ".join(c for c in CAPABILITIES if c not in missing)
                text += f"local {_ADDRESS[profile]} {{\n  imap_capability = {offered}\n}}\n"
        for kind, address in _CERTIFICATE_ADDRESS.items():
            text += (f"local {address} {{\n  ssl_cert = <{self.dir}/tls/{kind}.pem\n"
                     f"  ssl_key = <{self.dir}/tls/{kind}.key\n}}\n")
        text += self._extra.replace("{dir}", self.dir)
        with open(f"{self.dir}/dovecot.conf", "w", encoding="ascii") as out:
            out.write(text)

    def _launch(self):
        with open(f"{self.dir}/stderr.log", "wb") as errors:
            self._process = subprocess.Popen(
                ["dovecot", "-F", "-c", f"{self.dir}/dovecot.conf"], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=errors, preexec_fn=_die_with_parent)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                    if probe.recv(4).startswith(b"* OK"):
                        return True
            except OSError:
                time.sleep(0.01)
        self._process.kill()
        self._process.wait()
        self._process = None
        return False
