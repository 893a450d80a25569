# SPDX-License-Identifier: Apache-2.0
"""A private Cyrus on loopback, all of it below one directory: open to every password and without
TLS, or guarded, with both. It ends with the process that started it."""
import functools
import glob
import grp
import os
import pwd
import shutil
import signal
import subprocess
import tempfile

from tests.support import certificates
from tests.support.dovecot import NOBODY, PASSWORD, free_ports
from tests.support.imap_client import Imap
from tests.support.unpacked import UNPACKED, answers, die_with_parent

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
_GUARD = """\
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {dir}/sasldb
tls_server_cert: {dir}/tls/good.pem
tls_server_key: {dir}/tls/good.key
tls_client_ca_file: {dir}/tls/ca.pem
tls_client_certs: optional
"""
_CYRUS_CONF = """\
START {{
  recover cmd="{bin}/ctl_cyrusdb -C {dir}/imapd.conf -r"
  idled cmd="{bin}/idled -C {dir}/imapd.conf"
}}
SERVICES {{
{services}}}
EVENTS {{
}}
"""
_SERVICE = '  {name} cmd="{bin}/imapd -C {dir}/imapd.conf {options}" listen="127.0.0.1:{port}"\n'


_TREE = f"{UNPACKED}/cyrus"


def _environment():
    (libraries,) = glob.glob(f"{_TREE}/usr/lib/*-linux-gnu")
    return {**os.environ, "LD_LIBRARY_PATH": libraries, "SASL_PATH": f"{libraries}/sasl2"}


class Cyrus:
    """Any user name logs in with any password."""

    prefix, separator = "", "/"
    _settings = ""
    _bin = f"{_TREE}/usr/lib/cyrus/bin"

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="sterna-cyrus-")
        self.port = self.tls_port = 0
        self._process, self._users = None, 0
        root = os.geteuid() == 0
        self._owner = pwd.getpwuid(NOBODY if root else os.getuid())
        self._group = grp.getgrgid(NOBODY if root else os.getgid()).gr_name

    @classmethod
    def lacks(cls):
        """Why it cannot run here; "" if it can."""
        there = os.path.exists(f"{cls._bin}/imapd")
        return "" if there else "no Cyrus: scripts/other-servers unpacks it"

    def start(self):
        os.chmod(self.dir, 0o755)
        for sub in ("config", "config/socket", "config/proc", "config/lock", "config/db",
                    "config/log", "config/user", "mail"):
            os.mkdir(f"{self.dir}/{sub}")
            self._give(f"{self.dir}/{sub}")
        self.port, self.tls_port = free_ports(2)
        names = {"dir": self.dir, "bin": self._bin, "user": self._owner.pw_name,
                 "group": self._group}
        names["services"] = self._services(functools.partial(_SERVICE.format, **names))
        for name, text in (("imapd.conf", _IMAPD_CONF + self._settings),
                           ("cyrus.conf", _CYRUS_CONF)):
            with open(f"{self.dir}/{name}", "w", encoding="ascii") as out:
                out.write(text.format(**names))
        with open(f"{self.dir}/stderr.log", "wb") as errors:
            self._process = subprocess.Popen(
                [f"{self._bin}/master", "-C", f"{self.dir}/imapd.conf", "-M",
                 f"{self.dir}/cyrus.conf", "-p", f"{self.dir}/master.pid", "-D"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
                env=_environment(), start_new_session=True,
                preexec_fn=functools.partial(die_with_parent, signal.SIGTERM))
        if not answers(self.port, self._process):
            log = self.log()
            self.stop()
            raise RuntimeError(f"Cyrus did not start:\n{log}")
        return self

    def stop(self):
        if self._process:
            self._process.terminate()
            self._process.wait(20)
            self._process = None
        shutil.rmtree(self.dir, ignore_errors=True)

    def log(self):
        with open(f"{self.dir}/stderr.log", encoding="utf-8", errors="replace") as file:
            return file.read()

    def new_user(self):
        self._users += 1
        return f"ann{self._users}"

    def client(self, user):
        return Imap("127.0.0.1", self.port, user, PASSWORD)

    def _services(self, service):
        return service(name="imap", options="-N", port=self.port)

    def _give(self, path):
        if os.geteuid() == 0:
            os.chown(path, self._owner.pw_uid, self._owner.pw_gid)


class GuardedCyrus(Cyrus):
    """It has TLS, and knows passwords in the clear, so that it can do each mechanism."""

    _settings = _GUARD
    _tool = f"{UNPACKED}/sasl/usr/sbin/saslpasswd2"

    def __init__(self, mechanisms="PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256",
                 versions="tls1_2 tls1_3"):
        super().__init__()
        self._settings += f"sasl_mech_list: {mechanisms}\ntls_versions: {versions}\n"
        self.tls = f"{self.dir}/tls"
        self.ca = f"{self.tls}/ca.pem"

    @classmethod
    def lacks(cls):
        there = os.path.exists(cls._tool)
        return super().lacks() or ("" if there else "no saslpasswd2: scripts/other-servers has it")

    def start(self):
        certificates.make(self.tls, ["127.0.0.1"])
        self.add_user("nobody")
        for path in (f"{self.dir}/sasldb", self.tls,
                     *(f"{self.tls}/{name}" for name in os.listdir(self.tls))):
            self._give(path)
        return super().start()

    def new_user(self):
        return self.add_user(super().new_user())

    def add_user(self, user):
        subprocess.run([self._tool, "-p", "-c", "-f", f"{self.dir}/sasldb", "-u", "localhost",
                        user], input=PASSWORD.encode(), check=True, capture_output=True,
                       env=_environment())
        return user

    def _services(self, service):
        return (service(name="imap", options="", port=self.port)
                + service(name="imaps", options="-s", port=self.tls_port))
