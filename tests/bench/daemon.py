# SPDX-License-Identifier: Apache-2.0
"""What a daemon costs, and how late it is.

    python3 -m tests.bench.daemon latency [--events 200] [--deletions 20] [--rtt 0,50]
                                          [--profile no-notify] [--peers mbsync,interimap]
                                          [--peer-events 50]
    python3 -m tests.bench.daemon many [--accounts 1000] [--events 100] [--idle 600]
    python3 -m tests.bench.daemon fairness [--messages 50000] [--events 40]

STERNA_BINARY names the program, else it is build/release/src/cli/sterna. Servers and proxies are
private ones on loopback, over TLS. The status is 1 where a limit was not met (limits.py has them).

`latency` compares with what a bare IDLE connection sees through the same proxy, and measures
a watcher that runs mbsync, and InterIMAP, in the same run; `--profile no-notify` is a server with
IDLE alone, and a peer that is not installed fails the run unless `--peers` leaves it out.
`many` lets accounts be idle, and judges 10 and 1000 of them; it raises the system's limits of
inotify where it may. `fairness` compares how late one account's changes are, both ways, beside
another one's first sync with what they are without it.
"""
import argparse
import sys

from tests.bench.fairness import fairness
from tests.bench.idle import many
from tests.bench.latency import Daemon, latency
from tests.bench.limits import Judge
from tests.bench.watchers import PEERS, can_run
from tests.support.dovecot import PROFILES


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


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("latency")
    one.add_argument("--events", type=int, default=200, help="of each kind")
    one.add_argument("--peer-events", type=int, default=50, help="as many of a peer at most")
    one.add_argument("--deletions", type=int, default=20, help="each takes eleven seconds")
    one.add_argument("--rtt", default="0,50", help="milliseconds, several with commas")
    one.add_argument("--profile", choices=PROFILES, default="full", help="what the server offers")
    one.add_argument("--peers", default=",".join(PEERS), help="who else is measured, with commas")
    one = commands.add_parser("many")
    one.add_argument("--accounts", type=int, default=1000)
    one.add_argument("--events", type=int, default=100)
    one.add_argument("--idle", type=int, default=600, help="seconds")
    one.add_argument("--profile", choices=PROFILES, default="full", help="what the server offers")
    one = commands.add_parser("fairness")
    one.add_argument("--messages", type=int, default=50000, help="of a first sync")
    one.add_argument("--events", type=int, default=40, help="each way")
    options = parser.parse_args()
    judge = Judge()
    if options.command == "many":
        many(options, judge)
    elif options.command == "fairness":
        fairness(options, judge)
    else:
        latency(watchers(options.peers, judge), options, judge)
    sys.exit(0 if judge.good else 1)


if __name__ == "__main__":
    main()
