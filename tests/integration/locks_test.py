# SPDX-License-Identifier: Apache-2.0
"""One process at a time has a state: when it takes the lock, and what the others hear."""
import fcntl
import os
import time
import unittest

from tests.support.case import IntegrationCase
from tests.support.sterna import LOCKED, LOGIN


def is_locked(path):
    """Whether somebody holds flock(2) on it. To try it would be to disturb."""
    inode = os.stat(path).st_ino
    with open("/proc/locks", encoding="ascii") as file:
        return any(line.split()[1] == "FLOCK" and int(line.split()[5].split(":")[2]) == inode
                   for line in file if "->" not in line)


class LockTest(IntegrationCase):
    def test_a_second_instance_does_not_disturb_the_first(self):
        world = self.world()
        world.fill("INBOX", 3)
        codes = []

        def second(command):
            if command.startswith(b"UID FETCH") and not codes:
                codes.append(world.sterna.run("sync", expect=None).code)
        world.wire.on_command = second
        world.sterna.run("sync")
        self.assertEqual(codes, [11])
        world.assert_settled()

    def test_the_lock_is_taken_while_the_server_takes_its_time_for_the_login(self):
        world = self.world()
        world.fill("INBOX", 1)
        world.sync()
        path = f"{world.sterna.state}/{world.name}/lock"
        seen = []

        def login(command):
            if not command.startswith(b"AUTHENTICATE"):
                return
            deadline = time.monotonic() + 20
            while not is_locked(path) and time.monotonic() < deadline:
                time.sleep(0.005)
            seen.append(is_locked(path))
        world.wire.on_command = login
        world.sync()
        self.assertEqual(seen, [True])
        self.assertFalse(is_locked(path))

    def test_who_lacks_the_lock_hears_of_it_whatever_the_login_says(self):
        world = self.world()
        world.fill("INBOX", 1)
        world.sync()
        world.sterna.set(world.name, password="wrong")
        with open(f"{world.sterna.state}/{world.name}/lock", "ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assertTrue(is_locked(lock.name))
            world.sterna.run("sync", expect=LOCKED)
        world.sterna.run("sync", expect=LOGIN)

    def test_a_lock_of_a_dead_process_is_taken_over(self):
        world = self.world()
        world.fill("INBOX", 3)
        killed = []

        def kill(command):
            if command.startswith(b"UID FETCH") and not killed:
                killed.append(command)
                world.sterna.signal()
        world.wire.on_command = kill
        run = world.sterna.finish(world.sterna.start("sync"))
        self.assertEqual(run.code, -9, str(run))
        world.wire.on_command = None
        world.sync()
        world.assert_settled()


if __name__ == "__main__":
    unittest.main()
