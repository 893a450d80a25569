# SPDX-License-Identifier: Apache-2.0
"""What the program flushes, in order; and a disk that fails one of the flushes.

flushes.c is compiled and loaded before the C library of the program under test.
"""
import os

from tests.support.preloaded import compiled


class Flushes:
    def __init__(self, world):
        library = compiled("flushes", world.dir)
        self._log = f"{world.dir}/flushes.log"
        self._environment = world.sterna.extra_environment
        self._environment.update(LD_PRELOAD=library, FLUSHES_LOG=self._log)

    def count_below(self, path):
        """Only flushes below it have numbers."""
        self._environment["FLUSHES_BELOW"] = path

    def fail(self, call, number, error):
        """Of each program that is started from now on, the call of that number fails so."""
        self._environment["FLUSHES_FAIL"] = f"{call} {number} {error}"

    def let_wait(self, call, number):
        """The call of that number begins when something is written into the pipe that this gives
        back, to be closed by the caller; or it is in all() as "late"."""
        path = f"{self._log}.pipe"
        os.mkfifo(path)
        self._environment["FLUSHES_AWAIT"] = f"{call} {number} {path}"
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def be_sound(self):
        self._environment.pop("FLUSHES_AWAIT", None)
        self._environment.pop("FLUSHES_FAIL", None)

    def all(self):
        """[("fsync", path), ...] since forget()."""
        if not os.path.exists(self._log):
            return []
        with open(self._log, encoding="utf-8", errors="replace") as log:
            return [tuple(line.rstrip("\n").split(" ", 1)) for line in log]

    def forget(self):
        if os.path.exists(self._log):
            os.unlink(self._log)
