# SPDX-License-Identifier: Apache-2.0
"""Runs a program and writes down what it took, for the program alone: `measured.py FILE PROGRAM
ARGUMENT...` ends as the program does and leaves its peak memory, in octets, in FILE.

A process of its own, and a small one: what wait4() says of a child counts the memory of whom it was
forked from.
"""
import ctypes
import os
import signal
import sys


def main():
    target, *command = sys.argv[1:]
    child = os.fork()
    if child == 0:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        os.execv(command[0], command)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda got, _frame: os.kill(child, got))
    _, status, usage = os.wait4(child, 0)
    with open(target, "w", encoding="ascii") as out:
        out.write(str(usage.ru_maxrss * 1024))
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main()
