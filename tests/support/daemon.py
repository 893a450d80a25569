# SPDX-License-Identifier: Apache-2.0
"""A daemon beside a World: `sterna run`, what it says, and waiting until it has done its work."""
import json
import os
import signal
import socket
import subprocess
import tempfile
import time

from tests.support import oracle
from tests.support.sterna import binary

AT_REST = ("watching", "polling")


class BootClock:
    """The machine's sleep, as a program with `environment` takes it; only builds with STERNA_STEPS
    do."""

    def __init__(self, directory):
        self._fifo = f"{directory}/slept"
        os.mkfifo(self._fifo, 0o600)
        self.environment = {"STERNA_SLEPT": self._fifo}

    def jump(self):
        """By an hour. An error where nobody hears of it."""
        fifo = os.open(self._fifo, os.O_WRONLY | os.O_NONBLOCK)
        os.write(fifo, b".")
        os.close(fifo)


class Daemon:
    """with Daemon(world.sterna): ... It is stopped in order, which must succeed within 5 s."""

    def __init__(self, sterna, *options, accounts=()):
        self.sterna = sterna
        self.options = options
        self.accounts_kept = accounts
        self.process = None
        self.log = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        try:
            self.stop()
        except AssertionError:
            if kind is None:
                raise
        if kind is not None:
            print(self.said())
        self.log.close()

    def start(self):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [*self.sterna.before, self.sterna.program or binary(), "-c", self.sterna.config,
             *self.options, "run", *self.accounts_kept],
            env=self.sterna.environment(), stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log)
        self.wait(lambda: os.path.exists(self.socket), "a control socket")

    @property
    def socket(self):
        return f"{self.sterna.state}/control.sock"

    def stop(self, number=signal.SIGTERM, limit=5):
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(limit)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"it did not stop in {limit} s:\n{self.said()}") from None
        if self.process.returncode != 0:
            raise AssertionError(f"it ended with {self.process.returncode}:\n{self.said()}")

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def said(self):
        # The daemon writes at the same offset: it is left where it is.
        octets = os.pread(self.log.fileno(), os.fstat(self.log.fileno()).st_size, 0)
        return octets.decode("utf-8", "replace")

    def wait(self, condition, what, limit=30):
        end = time.monotonic() + limit
        while not condition():
            if self.process.poll() is not None:
                raise AssertionError(f"it ended with {self.process.returncode}:\n{self.said()}")
            if time.monotonic() > end:
                raise AssertionError(f"no {what} in {limit} s:\n{self.said()}")
            time.sleep(0.05)

    # ---- what it tells

    def accounts(self):
        rows = self.sterna.command_json("status")["accounts"]
        return {row["name"]: row for row in rows}

    def wait_for_state(self, name, *states, limit=30):
        self.wait(lambda: self.accounts()[name]["state"] in states, f"{states} of {name}", limit)

    def is_at_rest(self, name):
        row = self.accounts()[name]
        return row["state"] in AT_REST and row["pending"] == 0

    def wait_at_rest(self, name, limit=30):
        self.wait(lambda: self.is_at_rest(name), f"rest of {name}", limit)

    def wait_in_step(self, world, limit=30):
        """Until both sides agree and the account says that it is at rest."""
        world.imap.leave()
        found = []

        def in_step():
            found[:] = oracle.differences(world.imap, world.mail)
            world.imap.leave()
            return not found and self.is_at_rest(world.name)
        try:
            self.wait(in_step, "agreement", limit)
        except AssertionError as failed:
            raise AssertionError(f"{found}\n{failed}") from None

    # ---- its protocol, by hand

    def connect(self):
        return Control(self.socket)


class Control:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(path)
        self.lines = self.socket.makefile("rb")
        self.hello = self.read()
        self.last = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.lines.close()
        self.socket.close()

    def read(self):
        line = self.lines.readline()
        return json.loads(line) if line else None

    def send(self, octets):
        self.socket.sendall(octets)

    def ask(self, op, **fields):
        """The answer; what else comes meanwhile is left out."""
        self.last += 1
        self.send(json.dumps({"id": self.last, "op": op, **fields}).encode() + b"\n")
        while True:
            answer = self.read()
            if answer is None or (answer.get("id") == self.last and "ok" in answer):
                return answer
