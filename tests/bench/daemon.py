# SPDX-License-Identifier: Apache-2.0
"""What a daemon costs, and how late it is.

    python3 -m tests.bench.daemon latency [--events 200] [--rtt 0,50]
    python3 -m tests.bench.daemon many [--accounts 1000] [--events 100] [--idle 60]
    python3 -m tests.bench.daemon fairness [--messages 50000]

STERNA_BINARY names the program, else it is build/release/src/cli/sterna. Servers and proxies are
private ones on loopback, over TLS. `latency` compares with what a bare IDLE connection sees through
the same proxy in the same run; `many` raises the system's limits of inotify where it may;
`fairness` compares how late one account's pushes are beside another one's first sync with what they
are without it.
"""
import argparse
import collections
import contextlib
import glob
import json
import os
import random
import resource
import signal
import socket
import ssl
import statistics
import subprocess
import tempfile
import threading
import time

from tests.support import dovecot
from tests.support.door import Door
from tests.support.dovecot import Dovecot, PASSWORD

MESSAGE = b"From: a@example.org\r\nSubject: event\r\n\r\nbody\r\n"
PAUSE_S = 0.7           # Dovecot tells of what happened within half a second at once
SETTLING_MS = 250


class DelayedLine:
    """A proxy on loopback that holds each octet for half a round trip in either direction."""

    def __init__(self, target, rtt_ms):
        self.target, self.half = target, rtt_ms / 2000
        self.open = set()
        self.door = Door(self._relay)
        self.port = self.door.port

    def _relay(self, near):
        try:
            far = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            near.close()
            return
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.open.add(one)
        for one, other in ((near, far), (far, near)):
            threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def cut(self):
        """Every line, wherever it is; what is connected later is another one."""
        for one in list(self.open):
            self.open.discard(one)
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _carry(self, source, target):
        queue, ready = collections.deque(), threading.Condition()

        def deliver():
            while True:
                with ready:
                    while not queue:
                        ready.wait()
                    due, octets = queue.popleft()
                time.sleep(max(0, due - time.monotonic()))
                try:
                    if not octets:
                        target.shutdown(socket.SHUT_WR)
                        return
                    target.sendall(octets)
                except OSError:
                    return

        threading.Thread(target=deliver, daemon=True).start()
        octets = b"-"
        while octets:
            try:
                octets = source.recv(65536)
            except OSError:
                octets = b""
            with ready:
                queue.append((time.monotonic() + self.half, octets))
                ready.notify()
        self.open.discard(source)


class BareIdle:
    """When a connection that does nothing else sees EXISTS."""

    def __init__(self, port, ca, user):
        self.seen = []
        context = ssl.create_default_context(cafile=ca)
        self.line = context.wrap_socket(socket.create_connection(("127.0.0.1", port)),
                                        server_hostname="127.0.0.1")
        self.file = self.line.makefile("rb")
        self.file.readline()
        self.line.sendall(f"a LOGIN {user} {PASSWORD}\r\nb SELECT INBOX\r\n".encode())
        while not self.file.readline().startswith(b"b OK"):
            pass
        self.line.sendall(b"c IDLE\r\n")
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        try:
            for line in self.file:
                if line.rstrip().endswith(b"EXISTS"):
                    self.seen.append(time.monotonic())
        except OSError:
            return


class Living:
    """A daemon with these accounts: (name, user, host, port)."""

    def __init__(self, directory, ca, accounts, defaults=""):
        self.dir = directory
        text = f'state_dir = "{directory}/state"\n[defaults]\npassword = "{PASSWORD}"\n'
        text += f'tls = {{ ca_file = "{ca}" }}\n' + defaults
        text += "".join(self._account(*one) for one in accounts)
        self.config = f"{directory}/config.toml"
        with open(os.open(self.config, os.O_CREAT | os.O_WRONLY, 0o600), "w",
                  encoding="ascii") as out:
            out.write(text)
        program = os.environ.get("STERNA_BINARY", "build/release/src/cli/sterna")
        self.program = os.path.abspath(program)
        self.log = open(f"{directory}/log", "wb")
        self.process = subprocess.Popen([self.program, "-c", self.config, "run"],
                                        stdout=self.log, stderr=self.log)

    def _account(self, name, user, host, port):
        return (f'[account.{name}]\nuser = "{user}"\nhost = "{host}"\nport = {port}\n'
                f'maildir = "{self.dir}/Mail/{name}"\n')

    def add(self, *account):
        """One more account for the daemon that runs."""
        with open(self.config, "a", encoding="ascii") as out:
            out.write(self._account(*account))
        self.process.send_signal(signal.SIGHUP)

    def files(self, name="acc", mailbox="INBOX"):
        place = f"{self.dir}/Mail/{name}/{mailbox}"
        return sorted(glob.glob(f"{place}/cur/*") + glob.glob(f"{place}/new/*"))

    def status(self):
        done = subprocess.run([self.program, "-c", self.config, "status", "--json"],
                              capture_output=True, text=True)
        return json.loads(done.stdout)["accounts"]

    def memory_mib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            values = dict(line.split(":", 1) for line in status)
        return {key: int(values[key].split()[0]) // 1024 for key in ("VmRSS", "VmHWM")}

    def cpu_s(self):
        tasks = f"/proc/{self.process.pid}/task"
        total = 0
        for task in os.listdir(tasks):
            with open(f"{tasks}/{task}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
        return total / 1e9

    def switches(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return sum(int(line.split()[1]) for line in status if "ctxt_switches" in line)

    def stop(self):
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(20)
        self.log.close()
        return time.monotonic() - began


def until(condition, limit=30, pause=0.001):
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("nothing came of it")
        time.sleep(pause)
    return time.monotonic()


def line_of(what, milliseconds, limit):
    ordered = sorted(milliseconds)
    p95 = ordered[max(0, round(len(ordered) * 0.95) - 1)]
    print(f"{what:18} {len(ordered):4} events   median {statistics.median(ordered):8.1f}   "
          f"p95 {p95:8.1f}   max {ordered[-1]:8.1f}   limit {limit:6.0f} ms   "
          f"{'met' if p95 <= limit else 'NOT MET'}", flush=True)


def letters(path, flip):
    base, _, info = os.path.basename(path).partition(":2,")
    return f"{os.path.dirname(os.path.dirname(path))}/cur/{base}:2," + "".join(
        sorted(set(info) ^ {flip}))


def latency(events, rtt):
    with Dovecot() as server, tempfile.TemporaryDirectory() as directory:
        user = server.new_user()
        client = server.client(user)
        client.create("Other")
        for _ in range(3):
            client.append("INBOX", MESSAGE)
        proxy = DelayedLine(server.tls_port, rtt)
        daemon = Living(directory, server.ca, [("acc", user, "127.0.0.1", proxy.port)])
        until(lambda: len(daemon.files()) == 3)
        bare = BareIdle(proxy.port, server.ca, user)
        time.sleep(2)
        print(f"--- {rtt} ms of round trip")
        late = []
        for _ in range(events):
            have, seen = len(daemon.files()), len(bare.seen)
            client.append("INBOX", MESSAGE)
            came = until(lambda n=have: len(daemon.files()) > n)
            until(lambda n=seen: len(bare.seen) > n)
            late.append((came - bare.seen[-1]) * 1000)
            time.sleep(PAUSE_S)
        line_of("server to file", late, rtt + 20)

        def measure(what, act, done, trips):
            times = []
            for turn in range(events):
                act(turn)
                began = time.monotonic()
                times.append((until(lambda t=turn: done(t), pause=0.002) - began) * 1000)
                time.sleep(PAUSE_S)
            line_of(what, times, SETTLING_MS + trips * rtt + 20)

        def flagged():
            return len(client.uids("INBOX", "FLAGGED"))

        goal = {}

        def flip(turn):
            path = daemon.files()[turn % 3]
            goal["flagged"] = flagged() + (-1 if "F" in path.rpartition(":2,")[2] else 1)
            os.rename(path, letters(path, "F"))
        measure("flag out", flip, lambda _: flagged() == goal["flagged"], 1)

        inbox = f"{directory}/Mail/acc/INBOX"

        def deliver(turn):
            goal["count"] = len(client.uids("INBOX")) + 1
            with open(f"{inbox}/tmp/{turn}.bench", "wb") as file:
                file.write(MESSAGE.replace(b"\r", b"") + str(turn).encode())
            os.rename(f"{inbox}/tmp/{turn}.bench", f"{inbox}/new/{turn}.bench")
        measure("new out", deliver, lambda _: len(client.uids("INBOX")) == goal["count"], 3)

        def move(_):
            goal["moved"] = len(client.uids("Other")) + 1
            path = daemon.files()[0]
            os.rename(path, f"{directory}/Mail/acc/Other/cur/{os.path.basename(path)}")
        measure("move out", move, lambda _: len(client.uids("Other")) == goal["moved"], 3)

        count = len(client.uids("INBOX"))
        os.unlink(daemon.files()[0])
        began = time.monotonic()
        gone = until(lambda: len(client.uids("INBOX")) < count, 60)
        line_of("deletion out", [(gone - began) * 1000], 20_000)
        daemon.stop()


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
                with open(f"{inbox}/tmp/{delivered}.bench", "wb") as file:
                    file.write(MESSAGE.replace(b"\r", b"") + str(delivered).encode())
                os.rename(f"{inbox}/tmp/{delivered}.bench", f"{inbox}/new/{delivered}.bench")
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
