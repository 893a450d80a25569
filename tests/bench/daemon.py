# SPDX-License-Identifier: Apache-2.0
"""What a daemon costs, and how late it is.

    python3 -m tests.bench.daemon latency [--events 200] [--deletions 20] [--rtt 0,50]
                                          [--profile no-notify] [--peers mbsync,interimap]
    python3 -m tests.bench.daemon many [--accounts 1000] [--events 100] [--idle 60]
    python3 -m tests.bench.daemon fairness [--messages 50000]

STERNA_BINARY names the program, else it is build/release/src/cli/sterna. Servers and proxies are
private ones on loopback, over TLS. The status is 1 where a limit was not met (limits.py has them).

`latency` compares with what a bare IDLE connection sees through the same proxy, and measures
a watcher that runs mbsync, and InterIMAP, in the same run; `--profile no-notify` is a server with
IDLE alone, and a peer that is not installed fails the run unless `--peers` leaves it out.
`many` raises the system's limits of inotify where it may.
`fairness` compares how late one account's pushes are beside another one's first sync with what they
are without it.
"""
import argparse
import collections
import contextlib
import os
import random
import resource
import sys
import tempfile
import time

from tests.bench.latency import Daemon, latency
from tests.bench.limits import Judge, p95
from tests.bench.living import MESSAGE, Living, deliver, until
from tests.bench.watchers import PEERS, can_run
from tests.support import dovecot
from tests.support.dovecot import PROFILES, Dovecot


def watchers(peers, judge):
    """Sterna's daemon, and those of the peers that are installed."""
    found = [Daemon]
    for peer in filter(None, peers.split(",")):
        if can_run(peer):
            found.append(PEERS[peer])
        else:
            print(f"{peer} is not installed, and not measured (scripts/install-deps --bench)")
            judge.good = False
    return found


def raise_limits():
    for name, value in (("max_user_instances", 65535), ("max_user_watches", 4_000_000)):
        try:
            with open(f"/proc/sys/fs/inotify/{name}", "w", encoding="ascii") as file:
                file.write(str(value))
        except OSError as error:
            print(f"fs.inotify.{name} stays as it is: {error}")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def many(accounts, events, idle_s, judge):
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
            judge.times("new mail", late, 1500)
        print(f"{daemon.memory_mib()} MiB; stopped in {daemon.stop():.2f} s")


FAIR_MS = 200
FAIR_EVENTS_MIN = 10


def fairness(messages, judge):
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
        judge.times("alone", alone)
        judge.times("beside a first one", beside, p95(alone) + FAIR_MS)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("latency")
    one.add_argument("--events", type=int, default=200, help="of each kind")
    one.add_argument("--deletions", type=int, default=20, help="each takes eleven seconds")
    one.add_argument("--rtt", default="0,50", help="milliseconds, several with commas")
    one.add_argument("--profile", choices=PROFILES, default="full", help="what the server offers")
    one.add_argument("--peers", default=",".join(PEERS), help="who else is measured, with commas")
    one = commands.add_parser("many")
    one.add_argument("--accounts", type=int, default=1000)
    one.add_argument("--events", type=int, default=100)
    one.add_argument("--idle", type=int, default=60, help="seconds")
    one = commands.add_parser("fairness")
    one.add_argument("--messages", type=int, default=50000)
    options = parser.parse_args()
    judge = Judge()
    if options.command == "many":
        many(options.accounts, options.events, options.idle, judge)
    elif options.command == "fairness":
        fairness(options.messages, judge)
    else:
        latency(watchers(options.peers, judge), options, judge)
    sys.exit(0 if judge.good else 1)


if __name__ == "__main__":
    main()
