# SPDX-License-Identifier: Apache-2.0
"""A daemon that is measured or let live for long, the line between it and its server, and what is
done in its Maildir."""
import collections
import contextlib
import glob
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

from tests.bench.watchers import hand_over
from tests.support.door import Door
from tests.support.dovecot import PASSWORD

MESSAGE = b"From: a@example.org\r\nSubject: event\r\n\r\nbody\r\n"


class DelayedLine:
    """A proxy on loopback that holds each octet for half a round trip in either direction."""

    def __init__(self, host, port, rtt_ms):
        self.target, self.half = (host, port), rtt_ms / 2000
        self.open = set()
        self.silent = set()
        self.door = Door(self._relay)
        self.port = self.door.port

    def _relay(self, near):
        try:
            far = socket.create_connection(self.target)
        except OSError:
            near.close()
            return
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.open.add(one)
        for source, target in ((near, far), (far, near)):
            threading.Thread(target=self._carry, args=(source, target, near), daemon=True).start()

    def cut(self):
        """Every line, wherever it is; what is connected later is another one."""
        for one in list(self.open):
            self.open.discard(one)
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def fall_silent(self):
        """Every line: nothing goes either way any more, and the client is not told when its server
        goes."""
        self.silent |= set(self.open)

    def _carry(self, source, target, near):
        queue, ready = collections.deque(), threading.Condition()

        def deliver():
            octets = b"-"
            while octets:
                with ready:
                    while not queue:
                        ready.wait()
                    due, octets = queue.popleft()
                time.sleep(max(0, due - time.monotonic()))
                if near in self.silent and (octets or target is near):
                    continue
                try:
                    if octets:
                        target.sendall(octets)
                    else:
                        target.shutdown(socket.SHUT_WR)
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
        if source is near:
            self.silent.discard(near)


class Living:
    """A daemon with these accounts: (name, user, host, port)."""

    def __init__(self, directory, ca, accounts, defaults="", environment=None):
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
                                        stdout=self.log, stderr=self.log,
                                        env={**os.environ, **(environment or {})})

    def _account(self, name, user, host, port):
        return (f'[account.{name}]\nuser = "{user}"\nhost = "{host}"\nport = {port}\n'
                f'maildir = "{self.dir}/Mail/{name}"\n')

    def add(self, *account):
        """One more account for the daemon that runs."""
        with open(self.config, "a", encoding="ascii") as out:
            out.write(self._account(*account))
        self.process.send_signal(signal.SIGHUP)

    def files(self, name="acc", mailbox="INBOX"):
        return files_in(f"{self.dir}/Mail/{name}/{mailbox}")

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

    def wake_ups(self):
        """Of all its threads."""
        total = 0
        for status in glob.glob(f"/proc/{self.process.pid}/task/*/status"):
            with open(status, encoding="ascii") as file:
                total += sum(int(line.split()[1]) for line in file
                             if line.startswith("voluntary_ctxt_switches"))
        return total

    def descriptors(self):
        """How many of each kind, or of which file."""
        found = collections.Counter()
        for path in glob.glob(f"/proc/{self.process.pid}/fd/*"):
            with contextlib.suppress(FileNotFoundError):
                found[re.sub(r":\[\d+]$", "", os.readlink(path))] += 1
        return found

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


def letters(path, flip):
    base, _, info = os.path.basename(path).partition(":2,")
    return f"{os.path.dirname(os.path.dirname(path))}/cur/{base}:2," + "".join(
        sorted(set(info) ^ {flip}))


def files_in(mailbox):
    return sorted(glob.glob(f"{mailbox}/cur/*") + glob.glob(f"{mailbox}/new/*"))


def deliver(mailbox, number):
    name = f"{time.time_ns()}.{number}.bench"
    with open(f"{mailbox}/tmp/{name}", "wb") as file:
        file.write(MESSAGE.replace(b"\r", b"") + str(number).encode())
    hand_over(file.name)
    os.rename(file.name, f"{mailbox}/new/{name}")
