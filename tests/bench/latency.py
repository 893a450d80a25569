# SPDX-License-Identifier: Apache-2.0
"""How late what happens on one side of a watched account is on the other: Sterna's daemon, and
whoever else watches, each with a server and a line of its own."""
import contextlib
import os
import random
import tempfile
import time

from tests.bench.limits import SETTLING_MAX_MS, latency_limits, quiet_ms, settling_ms
from tests.bench.living import MESSAGE, DelayedLine, Living, deliver, files_in, letters, until
from tests.bench.watchers import BareIdle
from tests.support.dovecot import Dovecot

PAUSE_S = 0.7           # Dovecot tells of what happened within half a second at once
FIRST = 3               # messages that are there at the beginning


class Account:
    """The two sides of one, and a bare connection to its server. What is measured is in seconds."""

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

    def fill(self, messages):
        for _ in range(messages - self.count("INBOX")):
            self.client.append("INBOX", MESSAGE)
        self.in_step()

    def message_in(self):
        """Beyond what a connection that does nothing else sees."""
        have, seen = len(self.files()), len(self.bare.seen)
        self.client.append("INBOX", MESSAGE)
        came = until(lambda: len(self.files()) > have)
        until(lambda: len(self.bare.seen) > seen)
        return came - self.bare.seen[-1]

    def flag_out(self):
        path = self.files()[self.numbered % FIRST]
        self.numbered += 1
        goal = self.flagged() + (-1 if "F" in path.rpartition(":2,")[2] else 1)
        os.rename(path, letters(path, "F"))
        began = time.monotonic()
        return until(lambda: self.flagged() == goal, pause=0.002) - began

    def message_out(self, mailbox="INBOX"):
        goal = self.count(mailbox) + 1
        self.numbered += 1
        deliver(f"{self.maildir}/{mailbox}", self.numbered)
        began = time.monotonic()
        return until(lambda: self.count(mailbox) == goal, pause=0.002) - began

    def move_out(self):
        """As readers do it who know nothing of UIDs in names."""
        goal, path = self.count("Other") + 1, self.files()[0]
        info = path.rpartition(":2,")[2] if ":2," in path else ""
        os.rename(path, f"{self.maildir}/Other/cur/{time.time_ns()}.moved.bench:2,{info}")
        began = time.monotonic()
        return until(lambda: self.count("Other") == goal, pause=0.002) - began

    def deletion_out(self):
        goal = self.count("INBOX") - 1
        os.unlink(self.files()[0])
        began = time.monotonic()
        return until(lambda: self.count("INBOX") == goal, 60, 0.002) - began

    def measure(self, what, act, events, judge, limit):
        late = []
        for _ in range(events):
            self.in_step()
            late.append(act() * 1000)
        judge.times(what, late, limit)


class Daemon(Living):
    name = "sterna"

    def __init__(self, directory, ca, user, port):
        super().__init__(directory, ca, [("acc", user, "127.0.0.1", port)],
                         "hold_deletions = { share = 1.0, at_least = 1000000 }\n")
        self.maildir = f"{directory}/Mail/acc"
        until(lambda: len(self.files()) == FIRST)


def measure(watcher, rtt_ms, options, judge):
    with (Dovecot() as server, tempfile.TemporaryDirectory() as directory,
          contextlib.ExitStack() as at_end):
        os.chmod(directory, 0o755)
        user = server.new_user()
        line = DelayedLine(server.address(options.profile), server.tls_port, rtt_ms)
        client = at_end.enter_context(server.client(user))
        client.create("Other")
        for _ in range(FIRST):
            client.append("INBOX", MESSAGE)
        watched = watcher(directory, server.ca, user, line.port)
        at_end.callback(watched.stop)
        bare = BareIdle(line.port, server.ca, user)
        at_end.callback(bare.stop)
        print(watched.name, flush=True)
        account = Account(client, bare, watched.maildir)
        account.message_in()       # it watches by then
        acts = {"server to file": account.message_in, "flag out": account.flag_out,
                "new out": account.message_out, "move out": account.move_out}
        judged = watcher is Daemon
        limits = latency_limits(rtt_ms) if judged else {}
        events = options.events if judged else min(options.events, options.peer_events)
        for what, act in acts.items():
            account.measure(what, act, events, judge, limits.get(what))
        if judged and options.deletions > 0:
            account.fill(options.deletions + FIRST)
            what = "deletion out"
            account.measure(what, account.deletion_out, options.deletions, judge, limits[what])


def latency(watchers, options, judge):
    judge.figure("settling delay, as configured", settling_ms(), SETTLING_MAX_MS, "ms")
    print(f"a deletion waits for {quiet_ms()} ms of quiet; profile {options.profile}")
    for rtt_ms in map(int, options.rtt.split(",")):
        print(f"--- {rtt_ms} ms of round trip", flush=True)
        for watcher in watchers:
            measure(watcher, rtt_ms, options, judge)
