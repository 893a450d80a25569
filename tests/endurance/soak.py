# SPDX-License-Identifier: Apache-2.0
"""A daemon for a long while: random changes on both sides, a server that restarts, a process that
stands still. At the end `verify --deep` must find no difference, and nothing may have grown.

    python3 -m tests.endurance.soak [--minutes 60] [--seed 1]

STERNA_BINARY names the program, else it is build/release/src/cli/sterna.
"""
import argparse
import collections
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

from tests.bench.daemon import DelayedLine, Living
from tests.support.dovecot import Dovecot
from tests.support.imap_client import ImapError

MAILBOXES = ("INBOX", "m1", "m2")
RTT_MS = 4
REST_LIMIT_S = 180
MEMORY_GROWTH_MIB = 16
DEEDS = {"arrives": 6, "delivered": 3, "flagged there": 3, "flagged here": 3, "moved there": 3,
         "moved here": 3, "deleted there": 3, "deleted here": 4, "edited": 3, "synced by hand": 2,
         "server restarted": 1, "stood still": 1}


class Soak:
    def __init__(self, server, directory, seed):
        self.server, self.dice = server, random.Random(seed)
        self.user = server.new_user()
        self.client = server.client(self.user)
        for name in (*MAILBOXES[1:], "Trash"):
            self.client.create(name)
        line = DelayedLine(server.tls_port, RTT_MS)
        self.daemon = Living(directory, server.ca, [("acc", self.user, "127.0.0.1", line.port)],
                             "hold_deletions = { share = 1.0, at_least = 1000000 }\n")
        self.done = collections.Counter()
        self.count = 0

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
            self.client = self.server.client(self.user)
        elif deed == "stood still":
            self.daemon.process.send_signal(signal.SIGSTOP)
            time.sleep(self.dice.random() * 4)
            self.daemon.process.send_signal(signal.SIGCONT)
        elif deed == "synced by hand":
            self.run("sync")
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
    with Dovecot() as server, tempfile.TemporaryDirectory() as directory:
        one = Soak(server, directory, seed)
        time.sleep(3)
        memory, descriptors = one.daemon.memory_mib()["VmRSS"], one.descriptors()
        end = time.monotonic() + minutes * 60
        while time.monotonic() < end:
            try:
                one.act()
            except (FileNotFoundError, FileExistsError, ImapError):
                pass          # the other side was faster
            time.sleep(one.dice.random() * 0.5)
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
