# SPDX-License-Identifier: Apache-2.0
"""A daemon for a long while: random changes on both sides, a server that restarts and gets another
certificate, lines that are cut, a process that stands still, a machine that sleeps, hooks that fail
or hang, a disk that is full for some seconds. At the end `verify --deep` must find no difference,
nothing may have grown since the first minutes, and the server must have no line too many.

    python3 -m tests.endurance.soak [--minutes 60] [--seed 1] [--profile no-notify]

STERNA_BINARY names the program, else it is build/release/src/cli/sterna; only a build with
STERNA_STEPS can be told that the machine slept. With IDLE alone (no-notify) each mailbox has a line
of its own. The disk is a small one, which takes root; nobody else's is filled.
"""
import argparse
import collections
import contextlib
import errno
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

from tests.bench.limits import Judge
from tests.bench.living import DelayedLine, Living
from tests.support import certificates
from tests.support.daemon import AT_REST, BootClock
from tests.support.dovecot import Dovecot
from tests.support.imap_client import ImapError

MAILBOXES = ("INBOX", "m1", "m2")
RTT_MS = 4
REST_LIMIT_S = 180
# What all that is done needs once is there by then, or after a sixth of a shorter run.
SETTLED_AFTER_S = 600
MEMORY_GROWTH_MIB = 4
# A line lives a little longer at the server than here.
LAST_LINE_S = 10
LINES = {"full": 1, "no-notify": len(MAILBOXES)}
DISK_MIB = 64
DEEDS = {"arrives": 12, "delivered": 6, "flagged there": 6, "flagged here": 6, "moved there": 6,
         "moved here": 6, "deleted there": 6, "deleted here": 8, "edited": 6, "synced by hand": 4,
         "server restarted": 2, "stood still": 2, "slept": 2, "lines cut": 3, "hook broken": 2,
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
    def __init__(self, server, directory, seed, profile):
        self.server, self.dice = server, random.Random(seed)
        self.user = server.new_user()
        self.connect()
        for name in (*MAILBOXES[1:], "Trash"):
            self.client.create(name)
        self.line = DelayedLine(server.address(profile), server.tls_port, RTT_MS)
        self.hook = f"{directory}/hook.sh"
        self.set_hook(HOOKS[0])
        self.clock = BootClock(directory)
        self.daemon = Living(directory, server.ca,
                             [("acc", self.user, "127.0.0.1", self.line.port)],
                             "hold_deletions = { share = 1.0, at_least = 1000000 }\n"
                             f"watch = {json.dumps(MAILBOXES)}\n" + HOOK_CONFIG.format(directory),
                             self.clock.environment)
        self.deeds = dict(DEEDS)
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

    def stand_still(self):
        self.daemon.process.send_signal(signal.SIGSTOP)
        try:
            self.much_arrives(self.dice.random() * 4)
        finally:
            self.daemon.process.send_signal(signal.SIGCONT)

    def sleep(self):
        """As a laptop does: nobody tells it that its lines died meanwhile."""
        self.line.fall_silent()
        try:
            self.stand_still()
        finally:
            self.clock.jump()

    def leave_out_sleep(self):
        """Where the program does not hear of it."""
        try:
            self.clock.jump()
        except OSError:
            print("this program has no steps (STERNA_STEPS): it is not told of any sleep")
            del self.deeds["slept"]

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
        deed = self.dice.choices(list(self.deeds), list(self.deeds.values()))[0]
        mailbox, other = self.dice.sample(MAILBOXES, 2)
        self.done[deed] += 1
        if deed == "server restarted":
            self.server.pause()
            time.sleep(self.dice.random() * 3)
            self.server.resume()
            self.connect()
        elif deed == "stood still":
            self.stand_still()
        elif deed == "slept":
            self.sleep()
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

    def live(self, seconds):
        """Then comes to rest; does it?"""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                self.act()
            except (FileNotFoundError, FileExistsError, ImapError):
                pass            # the other side was faster
            except (EOFError, ConnectionError):
                self.connect()  # the server ends its lines when it starts, or reads its files, anew
            time.sleep(self.dice.random() * 0.5)
        self.set_hook(HOOKS[0])
        return self.comes_to_rest()

    def comes_to_rest(self):
        end = time.monotonic() + REST_LIMIT_S
        time.sleep(15)
        while time.monotonic() < end:
            (account,) = self.daemon.status()
            if account["pending"] == 0 and account["state"] in AT_REST:
                time.sleep(1)       # who asked has gone
                return True
            time.sleep(1)
        print("it does not come to rest:", account)
        return False

    def lines(self):
        """Of the account, as its server counts them."""
        return self.server.doveadm("who", "-1").split().count(self.user)

    def judge(self, judge, profile, memory, descriptors):
        judge.figure(f"resident {memory} MiB, grown by", self.daemon.memory_mib()["VmRSS"] - memory,
                     MEMORY_GROWTH_MIB, "MiB")
        now = self.daemon.descriptors()
        judge.claim(f"{now.total()} descriptors as before, new {dict(now - descriptors)}, gone "
                    f"{dict(descriptors - now)}", now == descriptors)
        verified = self.run("verify", "--deep")
        print(verified.stdout, verified.stderr, sep="", end="")
        judge.claim("both sides are alike", verified.returncode == 0)
        self.client.close()
        end = time.monotonic() + LAST_LINE_S
        while self.lines() != LINES[profile] and time.monotonic() < end:
            time.sleep(0.5)
        judge.claim(f"lines at the server: {self.lines()}, expected {LINES[profile]}",
                    self.lines() == LINES[profile])
        judge.claim("stopped in five seconds", self.daemon.stop() < 5)
        judge.claim("ended well", self.daemon.process.returncode == 0)


def soak(options, judge):
    with Dovecot() as server, small_disk() as directory:
        one = Soak(server, directory, options.seed, options.profile)
        time.sleep(3)
        one.leave_out_sleep()
        seconds = options.minutes * 60
        first = min(SETTLED_AFTER_S, seconds / 6)
        judge.claim("at rest early", one.live(first))
        memory, descriptors = one.daemon.memory_mib()["VmRSS"], one.daemon.descriptors()
        judge.claim("at rest at the end", one.live(seconds - first))
        print(dict(one.done))
        one.judge(judge, options.profile, memory, descriptors)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--profile", choices=LINES, default="full", help="what the server offers")
    judge = Judge()
    soak(parser.parse_args(), judge)
    sys.exit(0 if judge.good else 1)


if __name__ == "__main__":
    main()
