# SPDX-License-Identifier: Apache-2.0
"""A desktop's keyring (Secret Service) without the desktop: GNOME's, on a bus of its own."""
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time


class Keyring:
    """Where it is, `environment` says. The one password opens it again."""

    def __init__(self, test):
        self.dir = tempfile.mkdtemp(prefix="sterna-keyring-")
        test.addCleanup(shutil.rmtree, self.dir, True)
        self._processes = []
        test.addCleanup(self.stop)
        self.environment = {"XDG_DATA_HOME": f"{self.dir}/share", "XDG_RUNTIME_DIR": self.dir}

    def _start(self, *command):
        unset = ("DISPLAY", "WAYLAND_DISPLAY")
        environment = {name: value for name, value in os.environ.items() if name not in unset}
        one = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, env=environment | self.environment,
                               start_new_session=True)
        self._processes.append(one)
        return one

    def start(self, locked=False):
        bus = self._start("dbus-daemon", "--session", "--nofork", "--nopidfile",
                          "--print-address=1", f"--address=unix:dir={self.dir}")
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().decode().strip()
        options = [] if locked else ["--unlock"]
        ring = self._start("gnome-keyring-daemon", "--foreground", "--components=secrets", *options)
        with contextlib.suppress(BrokenPipeError):
            ring.stdin.write(b"" if locked else b"opens the ring")
            ring.stdin.close()
        end = time.monotonic() + 10
        while self._ask_bus("GetNameOwner") != 0:
            if time.monotonic() > end:
                raise AssertionError("no keyring came up")
            time.sleep(0.05)

    def _ask_bus(self, method):
        return subprocess.run(
            ["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus",
             "/org/freedesktop/DBus", f"org.freedesktop.DBus.{method}",
             "string:org.freedesktop.secrets"],
            env=os.environ | self.environment, capture_output=True, check=False).returncode

    def put(self, account, password):
        subprocess.run(["secret-tool", "store", f"--label=Mail of {account}", "service", "sterna",
                        "account", account], input=password.encode(), check=True,
                       env=os.environ | self.environment, timeout=30)

    def stop(self):
        while self._processes:
            one = self._processes.pop()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(one.pid, signal.SIGTERM)
            one.stdout.close()
            one.wait(10)
