# SPDX-License-Identifier: Apache-2.0
"""A daemon for a long while: random changes on both sides, a server that restarts and gets another
certificate, lines that are cut, a process that stands still, hooks that fail or hang, a disk that
is full for some seconds. At the end `verify --deep` must find no difference, and nothing may have
grown.

    python3 -m tests.endurance.soak [--minutes 60] [--seed 1]

STERNA_BINARY names the program, else it is build/release/src/cli/sterna. The disk is a small one of
its own, which takes root; nobody else's is filled.
"""
import argparse
import collections
import contextlib
import errno
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

from tests.bench.living import DelayedLine, Living
from tests.support import certificates
from tests.support.dovecot import Dovecot
from tests.support.imap_client import ImapError

MAILBOXES = ("INBOX", "m1", "m2")
RTT_MS = 4
REST_LIMIT_S = 180
MEMORY_GROWTH_MIB = 16
DISK_MIB = 64
DEEDS = {"arrives": 12, "delivered": 6, "flagged there": 6, "flagged here": 6, "moved there": 6,
         "moved here": 6, "deleted there": 6, "deleted here": 8, "edited": 6, "synced by hand": 4,
         "server restarted": 2, "stood still": 2, "lines cut": 3, "hook broken": 2,
         "certificate changed": 1, "disk full": 1}
# What the hooks do next: they end well, fail, or hang until they are ended for it.
HOOKS = ("exit 0", "exit 3", "sleep 60")
HOOK_CONFIG = """[hooks]
timeout = "2s"
after_change = ["sh", "{0}/hook.sh"]
before_sync = ["sh", "{0}/hook.sh"]
"""


@contextlib.contextmanager
def small_disk():
    """A directory on a disk of its own, so that it can be filled."""
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "soak", directory],
                       check=True)
        try:
            yield directory
        finally:
            subprocess.run(["umount", "--lazy", directory], check=True)


class Soak:
    def __init__(self, server, directory, seed):
        self.server, self.dice = server, random.Random(seed)
        self.user = server.new_user()
        self.connect()
        for name in (*MAILBOXES[1:], "Trash"):
            self.client.create(name)
        self.line = DelayedLine("127.0.0.1", server.tls_port, RTT_MS)
        self.hook = f"{directory}/hook.sh"
        self.set_hook(HOOKS[0])
        self.daemon = Living(directory, server.ca,
                             [("acc", self.user, "127.0.0.1", self.line.port)],
                             "hold_deletions = { share = 1.0, at_least = 1000000 }\n"
                             + HOOK_CONFIG.format(directory))
        self.done = collections.Counter()
        self.count = 0

    def connect(self):
        for _ in range(50):
            with contextlib.suppress(OSError, EOFError):
                self.client = self.server.client(self.user)
                return
            time.sleep(0.1)
        raise RuntimeError("the server does not come back:\n" + self.server.log())

    def set_hook(self, command):
        with open(self.hook, "w", encoding="ascii") as out:
            out.write(command + "\n")

    def change_certificate(self):
        """The authority signs another key, as a renewal does; the server reads it when told."""
        certificates.renew(f"{self.server.dir}/tls", "good")
        self.server.doveadm("reload")

    def fill_disk(self):
        filler = f"{self.daemon.dir}/filler"
        try:
            with open(filler, "wb", buffering=0) as out:
                while out.write(bytes(1 << 16)):
                    pass
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
        try:
            self.much_arrives(1 + self.dice.random() * 4)
        finally:
            os.unlink(filler)

    def much_arrives(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.count += 1
            self.client.append(self.dice.choice(MAILBOXES), self.message())
            time.sleep(0.3)

    def path(self, mailbox, place, name):
        return f"{self.daemon.dir}/Mail/acc/{mailbox}/{place}/{name}"

    def message(self):
        return (f"Subject: {self.count}\r\nMessage-ID: <{self.count}@example.org>\r\n\r\n"
                f"body {self.count}\r\n").encode()

    def some_uid(self, mailbox):
        uids = self.client.uids(mailbox)
        return [self.dice.choice(uids)] if uids else []

    def there(self, deed, mailbox, other):
        uids = self.some_uid(mailbox)
        if deed == "arrives":
            self.client.append(mailbox, self.message())
        elif not uids:
            return
        elif deed == "flagged there":
            self.client.store(mailbox, uids, self.dice.choice("+-"), ["\\Flagged"])
        elif deed == "moved there":
            self.client.move(mailbox, uids, other)
        else:
            self.client.store(mailbox, uids, "+", ["\\Deleted"])
            self.client.expunge(mailbox, uids)

    def here(self, deed, mailbox, other):
        if deed == "delivered":
            name = f"{self.count}.soak"
            with open(self.path(mailbox, "tmp", name), "wb") as file:
                file.write(self.message().replace(b"\r", b""))
            os.rename(self.path(mailbox, "tmp", name), self.path(mailbox, "new", name))
            return
        files = self.daemon.files(mailbox=mailbox)
        if not files:
            return
        file = self.dice.choice(files)
        base, _, letters = os.path.basename(file).partition(":2,")
        if deed == "flagged here":
            letters = "".join(sorted(set(letters) ^ {"S"}))
            os.rename(file, self.path(mailbox, "cur", f"{base}:2,{letters}"))
        elif deed == "moved here":
            os.rename(file, self.path(other, "cur", f"{base}:2,{letters}"))
        elif deed == "edited":
            with open(file, "ab") as out:
                out.write(f"edit {self.count}\n".encode())
        else:
            os.unlink(file)

    def act(self):
        self.count += 1
        deed = self.dice.choices(list(DEEDS), list(DEEDS.values()))[0]
        mailbox, other = self.dice.sample(MAILBOXES, 2)
        self.done[deed] += 1
        if deed == "server restarted":
            self.server.pause()
            time.sleep(self.dice.random() * 3)
            self.server.resume()
            self.connect()
        elif deed == "stood still":
            self.daemon.process.send_signal(signal.SIGSTOP)
            try:
                self.much_arrives(self.dice.random() * 4)
            finally:
                self.daemon.process.send_signal(signal.SIGCONT)
        elif deed == "synced by hand":
            self.run("sync")
        elif deed == "lines cut":
            self.line.cut()
        elif deed == "hook broken":
            self.set_hook(self.dice.choice(HOOKS))
        elif deed == "certificate changed":
            self.change_certificate()
        elif deed == "disk full":
            self.fill_disk()
        elif deed.endswith("there") or deed == "arrives":
            self.there(deed, mailbox, other)
        else:
            self.here(deed, mailbox, other)

    def run(self, *arguments):
        return subprocess.run([self.daemon.program, "-c", self.daemon.config, *arguments],
                              capture_output=True, text=True)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.daemon.process.pid}/fd"))

    def comes_to_rest(self):
        end = time.monotonic() + REST_LIMIT_S
        time.sleep(15)
        while time.monotonic() < end:
            (account,) = self.daemon.status()
            if account["pending"] == 0 and account["state"] in ("watching", "polling"):
                return True
            time.sleep(1)
        print("it does not come to rest:", account)
        return False


def soak(minutes, seed):
    with Dovecot() as server, small_disk() as directory:
        one = Soak(server, directory, seed)
        time.sleep(3)
        memory, descriptors = one.daemon.memory_mib()["VmRSS"], one.descriptors()
        end = time.monotonic() + minutes * 60
        while time.monotonic() < end:
            try:
                one.act()
            except (FileNotFoundError, FileExistsError, ImapError):
                pass          # the other side was faster
            except (EOFError, ConnectionError):
                one.connect()  # the server ends its lines when it starts, or reads its files, anew
            time.sleep(one.dice.random() * 0.5)
        one.set_hook(HOOKS[0])
        good = one.comes_to_rest()
        verified = one.run("verify", "--deep")
        grown = one.daemon.memory_mib()["VmRSS"] - memory
        print(dict(one.done))
        print(verified.stdout, verified.stderr, sep="")
        print(f"memory {memory} MiB, grown by {grown}; descriptors {descriptors}, now "
              f"{one.descriptors()}; logged in: {server.doveadm('who').count(one.user)}")
        good = good and verified.returncode == 0 and grown <= MEMORY_GROWTH_MIB
        good = good and one.descriptors() <= descriptors + 2 and one.daemon.stop() < 5
        return good and one.daemon.process.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sys.exit(0 if soak(options.minutes, options.seed) else 1)


if __name__ == "__main__":
    main()
