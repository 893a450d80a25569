# SPDX-License-Identifier: Apache-2.0
"""What a daemon costs, and how late it is.

    python3 -m tests.bench.daemon latency [--events 200] [--rtt 0,50]
    python3 -m tests.bench.daemon many [--accounts 1000] [--events 100] [--idle 60]
    python3 -m tests.bench.daemon fairness [--messages 50000]

STERNA_BINARY names the program, else it is build/release/src/cli/sterna. Servers and proxies are
private ones on loopback, over TLS. `latency` compares with what a bare IDLE connection sees through
the same proxy, and measures a watcher that runs mbsync and InterIMAP, if they are there, in the
same run; `many` raises the system's limits of inotify where it may;
`fairness` compares how late one account's pushes are beside another one's first sync with what they
are without it.
"""
import argparse
import collections
import contextlib
import os
import random
import resource
import statistics
import tempfile
import time

from tests.bench.living import MESSAGE, DelayedLine, Living, deliver, files_in, letters, until
from tests.bench.watchers import BareIdle, peers
from tests.support import dovecot
from tests.support.dovecot import Dovecot

PAUSE_S = 0.7           # Dovecot tells of what happened within half a second at once
SETTLING_MS = 250
FIRST = 3               # messages that are there at the beginning


def line_of(what, milliseconds, limit):
    ordered = sorted(milliseconds)
    p95 = ordered[max(0, round(len(ordered) * 0.95) - 1)]
    verdict = ""
    if limit is not None:
        verdict = f"   limit {limit:6.0f} ms   {'met' if p95 <= limit else 'NOT MET'}"
    print(f"{what:18} {len(ordered):4} events   median {statistics.median(ordered):8.1f}   "
          f"p95 {p95:8.1f}   max {ordered[-1]:8.1f}{verdict}", flush=True)


class Latency:
    """How late what happens on one side of a watched account is on the other."""

    def __init__(self, client, bare, maildir):
        self.client, self.bare, self.maildir = client, bare, maildir
        self.numbered = 0

    def files(self):
        return files_in(f"{self.maildir}/INBOX")

    def flagged(self):
        return len(self.client.uids("INBOX", "FLAGGED"))

    def count(self, mailbox):
        return len(self.client.uids(mailbox))

    def in_step(self):
        """What was done last may have something come after it; who looks now and then is met at any
        moment."""
        time.sleep(PAUSE_S + random.random() / 2)
        until(lambda: len(self.files()) == self.count("INBOX"))

    def message_in(self):
        """Beyond what a connection that does nothing else sees, in seconds."""
        have, seen = len(self.files()), len(self.bare.seen)
        self.client.append("INBOX", MESSAGE)
        came = until(lambda: len(self.files()) > have)
        until(lambda: len(self.bare.seen) > seen)
        return came - self.bare.seen[-1]

    def flag_out(self):
        path = self.files()[self.numbered % 3]
        self.numbered += 1
        goal = self.flagged() + (-1 if "F" in path.rpartition(":2,")[2] else 1)
        os.rename(path, letters(path, "F"))
        began = time.monotonic()
        return until(lambda: self.flagged() == goal, pause=0.002) - began

    def message_out(self):
        goal = self.count("INBOX") + 1
        self.numbered += 1
        deliver(f"{self.maildir}/INBOX", self.numbered)
        began = time.monotonic()
        return until(lambda: self.count("INBOX") == goal, pause=0.002) - began

    def move_out(self):
        """As readers do it who know nothing of UIDs in names."""
        goal, path = self.count("Other") + 1, self.files()[0]
        info = path.rpartition(":2,")[2] if ":2," in path else ""
        os.rename(path, f"{self.maildir}/Other/cur/{time.time_ns()}.moved.bench:2,{info}")
        began = time.monotonic()
        return until(lambda: self.count("Other") == goal, pause=0.002) - began

    def deletion_out(self):
        count = self.count("INBOX")
        os.unlink(self.files()[0])
        began = time.monotonic()
        return until(lambda: self.count("INBOX") < count, 60) - began

    def measure(self, events, rtt, limited):
        self.message_in()       # it watches by then
        for what, act, limit in (
                ("server to file", self.message_in, rtt + 20),
                ("flag out", self.flag_out, SETTLING_MS + rtt + 20),
                ("new out", self.message_out, SETTLING_MS + 3 * rtt + 20),
                ("move out", self.move_out, SETTLING_MS + 3 * rtt + 20)):
            late = []
            for _ in range(events):
                self.in_step()
                late.append(act() * 1000)
            line_of(what, late, limit if limited else None)
        if limited:
            self.in_step()
            line_of("deletion out", [self.deletion_out() * 1000], 20_000)


class Daemon(Living):
    name = "sterna"

    def __init__(self, directory, ca, user, port):
        super().__init__(directory, ca, [("acc", user, "127.0.0.1", port)])
        self.maildir = f"{directory}/Mail/acc"
        until(lambda: len(self.files()) == FIRST)


def latency(events, rtt):
    print(f"--- {rtt} ms of round trip", flush=True)
    for watcher in (Daemon, *peers()):
        with (Dovecot() as server, tempfile.TemporaryDirectory() as directory,
              contextlib.ExitStack() as at_end):
            os.chmod(directory, 0o755)
            user = server.new_user()
            line = DelayedLine(server.tls_port, rtt)
            client = at_end.enter_context(server.client(user))
            client.create("Other")
            for _ in range(FIRST):
                client.append("INBOX", MESSAGE)
            watched = watcher(directory, server.ca, user, line.port)
            at_end.callback(watched.stop)
            bare = BareIdle(line.port, server.ca, user)
            at_end.callback(bare.stop)
            print(watched.name, flush=True)
            Latency(client, bare, watched.maildir).measure(events, rtt, watcher is Daemon)


def raise_limits():
    for name, value in (("max_user_instances", 65535), ("max_user_watches", 4_000_000)):
        try:
            with open(f"/proc/sys/fs/inotify/{name}", "w", encoding="ascii") as file:
                file.write(str(value))
        except OSError as error:
            print(f"fs.inotify.{name} stays as it is: {error}")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def many(accounts, events, idle_s):
    raise_limits()
    # pylint: disable=protected-access
    dovecot._CONFIG = (dovecot._CONFIG.replace("process_limit = 1000", "process_limit = 5000")
                       .replace("client_limit = 4000", "client_limit = 20000")
                       .replace("client_limit = 8000", "client_limit = 40000"))
    with Dovecot() as server, tempfile.TemporaryDirectory() as directory:
        users = [server.new_user() for _ in range(accounts)]
        began = time.monotonic()
        daemon = Living(directory, server.ca, [(f"a{i}", user, "127.0.0.1", server.tls_port)
                                               for i, user in enumerate(users)])
        inboxes = [f"{directory}/Mail/a{i}/INBOX/new" for i in range(accounts)]
        until(lambda: all(map(os.path.isdir, inboxes)), 600, 0.2)
        print(f"{accounts} accounts in step after {time.monotonic() - began:.1f} s, "
              f"{daemon.cpu_s():.1f} s of CPU, {daemon.memory_mib()} MiB", flush=True)
        time.sleep(10)
        print("states:", dict(collections.Counter(one["state"] for one in daemon.status())))
        time.sleep(1)
        cpu, switches = daemon.cpu_s(), daemon.switches()
        time.sleep(idle_s)
        used = daemon.cpu_s() - cpu
        print(f"idle for {idle_s} s: {used:.3f} s of CPU ({used / idle_s * 3600:.2f} s an hour), "
              f"{(daemon.switches() - switches) / idle_s * 60:.1f} switches a minute, "
              f"{daemon.memory_mib()} MiB", flush=True)
        late = []
        for i in random.Random(1).sample(range(accounts), min(events, accounts)):
            with server.client(users[i]) as client:
                client.append("INBOX", MESSAGE)
            sent = time.monotonic()
            late.append((until(lambda n=i: os.listdir(inboxes[n])) - sent) * 1000)
        if late:
            line_of("new mail", late, 1500)
        print(f"{daemon.memory_mib()} MiB; stopped in {daemon.stop():.2f} s")


FAIR_MS = 200
FAIR_EVENTS_MIN = 10


def fairness(messages):
    with (Dovecot() as server, tempfile.TemporaryDirectory() as directory,
          contextlib.ExitStack() as at_end):
        users = {name: server.new_user() for name in ("small", "big")}
        clients = {name: server.client(user) for name, user in users.items()}
        clients["big"].append_many("INBOX", ((MESSAGE + f"{i}\r\n".encode(), [], 1_700_000_000)
                                             for i in range(messages)))
        daemon = Living(directory, server.ca,
                        [("small", users["small"], "127.0.0.1", server.tls_port)])
        at_end.callback(daemon.stop)
        inbox, new = f"{directory}/Mail/small/INBOX", f"{directory}/Mail/big/INBOX/new"
        until(lambda: os.path.isdir(inbox))
        time.sleep(2)
        delivered = 0

        def pushes(more):
            nonlocal delivered
            times = []
            while more(len(times)):
                delivered += 1
                deliver(inbox, delivered)
                began = time.monotonic()
                arrived = until(lambda: len(clients["small"].uids("INBOX")) == delivered, 120,
                                0.002)
                times.append((arrived - began) * 1000)
                time.sleep(0.2)
            return times

        alone = pushes(lambda count: count < 40)
        daemon.add("big", users["big"], "127.0.0.1", server.tls_port)
        until(lambda: os.path.isdir(new) and os.listdir(new))
        began = time.monotonic()
        beside = pushes(lambda count: count == 0 or len(os.listdir(new)) < messages)
        print(f"{messages} messages in {time.monotonic() - began:.1f} s")
        if len(beside) < FAIR_EVENTS_MIN:
            raise RuntimeError(f"{len(beside)} pushes beside it tell nothing: more --messages")
        line_of("alone", alone, SETTLING_MS + 20)
        p95 = sorted(alone)[round(len(alone) * 0.95) - 1]
        line_of("beside a first one", beside, p95 + FAIR_MS)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("latency")
    one.add_argument("--events", type=int, default=200)
    one.add_argument("--rtt", default="0,50", help="milliseconds, several with commas")
    one = commands.add_parser("many")
    one.add_argument("--accounts", type=int, default=1000)
    one.add_argument("--events", type=int, default=100)
    one.add_argument("--idle", type=int, default=60, help="seconds")
    one = commands.add_parser("fairness")
    one.add_argument("--messages", type=int, default=50000)
    options = parser.parse_args()
    if options.command == "many":
        many(options.accounts, options.events, options.idle)
    elif options.command == "fairness":
        fairness(options.messages)
    else:
        for rtt in options.rtt.split(","):
            latency(options.events, int(rtt))


if __name__ == "__main__":
    main()
