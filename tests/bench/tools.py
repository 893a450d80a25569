# SPDX-License-Identifier: Apache-2.0
"""The synchronizers that are compared, each set to do the same work as durably as Sterna does.

A tool gets a Place: dir (configuration and state), maildir (mailbox "Lists/a" must come to lie in
maildir/Lists/a/{cur,new,tmp}, INBOX in maildir/INBOX), user and port.
"""
import os
import shutil
import subprocess
from dataclasses import dataclass

from tests.support.dovecot import NOBODY, PASSWORD
from tests.support.sterna import toml_account


@dataclass
class Place:
    dir: str
    user: str
    port: int

    @property
    def maildir(self):
        return f"{self.dir}/mail"


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        os.fchmod(out.fileno(), 0o600)
        out.write(text)


def first_line(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().splitlines()[0]


class Sterna:
    name = "sterna"

    def __init__(self, binary):
        self.binary = binary

    def available(self):
        return os.access(self.binary, os.X_OK)

    def version(self):
        return first_line(self.binary, "--version")

    def configure(self, place):
        write(f"{place.dir}/sterna.toml",
              f'state_dir = "{place.dir}/state"\n'
              + toml_account("bench", {
                  "host": "127.0.0.1", "port": place.port, "user": place.user,
                  "password": PASSWORD, "maildir": place.maildir, "inbox": "INBOX",
                  "fsync": True, "compress": "no", "local_delete": "expunge",
                  "hold_deletions": {"share": 1.0, "at_least": 1000000},
                  "tls": {"mode": "none"}}))

    def command(self, place):
        return [self.binary, "-c", f"{place.dir}/sterna.toml", "sync"]

    def environment(self, place):
        return {"HOME": place.dir}


class Mbsync:
    name = "mbsync"

    def available(self):
        return shutil.which("mbsync")

    def version(self):
        return first_line("mbsync", "--version")

    def configure(self, place):
        write(f"{place.dir}/mbsyncrc", f"""FSync yes
CopyArrivalDate yes

IMAPStore far
Host 127.0.0.1
Port {place.port}
User {place.user}
Pass {PASSWORD}
SSLType None
AuthMechs LOGIN
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

    def command(self, place):
        return ["mbsync", "-q", "-c", f"{place.dir}/mbsyncrc", "all"]

    def environment(self, place):
        return {"HOME": place.dir}


class Interimap:
    """Its local side is a Dovecot imap process, counted as part of it."""
    name = "interimap"

    def available(self):
        return shutil.which("interimap")

    def version(self):
        return first_line("interimap", "--version")

    def configure(self, place):
        write(f"{place.dir}/local.conf", f"""ssl = no
mail_location = maildir:{place.maildir}:LAYOUT=fs:INBOX={place.maildir}/INBOX
mail_fsync = optimized
base_dir = {place.dir}/run
log_path = {place.dir}/local.log
mail_home = {place.dir}
first_valid_uid = 0
namespace {{
  inbox = yes
  separator = /
}}
""")
        drop = ""
        if os.geteuid() == 0:       # Dovecot's imap serves no pipe as root
            os.chmod(f"{place.dir}/local.conf", 0o644)
            drop = f"setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups "
            os.chown(place.dir, NOBODY, NOBODY)
            os.chown(place.maildir, NOBODY, NOBODY)
        write(f"{place.dir}/interimap.conf", f"""database = {place.dir}/interimap.db
[local]
type = tunnel
command = {drop}doveadm -c {place.dir}/local.conf exec imap
null-stderr = NO

[remote]
type = imap
STARTTLS = NO
host = 127.0.0.1
port = {place.port}
username = {place.user}
password = {PASSWORD}
compress = NO
""")

    def command(self, place):
        return ["interimap", "-q", f"--config={place.dir}/interimap.conf"]

    def environment(self, place):
        return {"HOME": place.dir, "USER": "bench", "XDG_CONFIG_HOME": place.dir,
                "XDG_DATA_HOME": place.dir}
