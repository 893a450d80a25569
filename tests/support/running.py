# SPDX-License-Identifier: Apache-2.0
"""A daemon that runs beside a test: `sterna run`, from its start to its end."""
import os
import signal
import subprocess
import time

from tests.support.sterna import binary


def until(what, holds, timeout=30):
    """Waits until `holds()` gives something, and returns it."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        result = holds()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError(f"in {timeout} s it did not come about: {what}")


class Running:
    """As a context: ends the daemon, and asks that it ends well and soon."""

    def __init__(self, world, *options, **environment):
        self.world = world
        self.log_path = f"{world.dir}/daemon.log"
        sterna = world.sterna
        sterna.top.setdefault("control_socket", f"{world.dir}/control.sock")
        sterna.write_config()
        self.command = [*sterna.before, sterna.program or binary(), "-c", sterna.config,
                        *options, "run"]
        self.environment = {**sterna.environment(), **environment}

    def __enter__(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command, env=self.environment, stdout=log,
                                            stdin=subprocess.DEVNULL, stderr=log)
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = "none, it was killed"
        if kind is None and code != 0:
            raise AssertionError(f"the daemon ended with {code}\n{self.log()}")

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def signal(self, number):
        self.process.send_signal(number)

    def account(self, name=None):
        """What `status` says of it."""
        if self.process.poll() is not None:
            raise AssertionError(f"the daemon ended with {self.process.returncode}\n{self.log()}")
        run = self.world.sterna.run("status", options=("--no-input", "--json"), expect=None)
        accounts = {one["name"]: one for one in run.json()["accounts"]}
        return accounts[name or self.world.name]

    def wait_for_state(self, *states, name=None):
        return until(f"state {states}\n{self.log()}",
                     lambda: self.account(name)["state"] in states)

    def wait_for_rest(self, name=None):
        def at_rest():
            account = self.account(name)
            return account["state"] in ("watching", "polling") and account["pending"] == 0
        try:
            until("rest", at_rest)
        except AssertionError as problem:
            raise AssertionError(f"{problem}\n{self.log()}") from None


def exists(path):
    return lambda: os.path.exists(path)
