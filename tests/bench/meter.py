# SPDX-License-Identifier: Apache-2.0
"""Runs a program under measure, if asked through the delaying relay, and returns its figures."""
import json
import os
import signal
import subprocess

from tests.support.dovecot import free_ports

HERE = os.path.dirname(os.path.abspath(__file__))
RTT_MS = 50
TIMEOUT_S = 1200


class Meter:
    def __init__(self, work):
        self.work = work
        self.bin = f"{work}/bin"
        os.makedirs(self.bin, exist_ok=True)
        for name in ("measure", "delayproxy", "bare"):
            subprocess.run(["clang-19", "-O2", "-o", f"{self.bin}/{name}", f"{HERE}/{name}.c"],
                           check=True)

    def run(self, command, environment=None):
        """wall, user, sys in seconds, rss_kb, rc; `log` holds the end of the output if rc is not
        0."""
        os.sync()
        report, log = f"{self.work}/measure.json", f"{self.work}/last-run.log"
        with open(log, "wb") as out:
            subprocess.run([f"{self.bin}/measure", report, *command],
                           env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL,
                           stdout=out, stderr=subprocess.STDOUT, timeout=TIMEOUT_S, check=False)
        with open(report, encoding="ascii") as file:
            figures = json.load(file)
        if figures["rc"]:
            with open(log, encoding="utf-8", errors="replace") as file:
                figures["log"] = file.read()[-600:]
        return figures

    def relay(self, port):
        return Relay(self, port)


class Relay:
    """with meter.relay(port) as relay: ... relay.port is RTT_MS away; relay.figures() after it."""

    def __init__(self, meter, target):
        self.report = f"{meter.work}/relay.json"
        (self.port,) = free_ports(1)
        self._process = subprocess.Popen(
            [f"{meter.bin}/delayproxy", str(self.port), str(target), str(RTT_MS), self.report],
            stdout=subprocess.PIPE)
        self._process.stdout.readline()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()
        self._process.stdout.close()

    def figures(self):
        """up, down in bytes, conns, turns (round trips waited for), turns_max of one connection."""
        with open(self.report, encoding="ascii") as file:
            return json.load(file)
