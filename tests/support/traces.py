# SPDX-License-Identifier: Apache-2.0
"""Where a secret leaves traces that others can read: in base64, in the memory of a process, in
command lines and environments.
"""
import base64
import contextlib
import os
import pathlib
import shutil
import subprocess
import unittest

from tests.support.case import leave_out
from tests.support.preloaded import compiled

# No matter of a tool or a right, so that it is left out everywhere.
unless_sanitized = unittest.skipIf(os.environ.get("STERNA_SANITIZED"),
                                   "the shadow memory of sanitizers fills any disk")

# Writes down what can be seen of it and of who started it; then it does what it is told.
_WITNESS = """\
#!/bin/sh
{{ for one in $$ $PPID; do cat /proc/$one/cmdline /proc/$one/environ; done; }} \
>> {seen} 2> /dev/null
exec "$@"
"""


def spellings(secret):
    """The secret, and what it looks like within base64, whatever stands before it."""
    yield secret.encode()
    for before in range(3):
        text = base64.b64encode(b"x" * before + secret.encode())
        yield text[4 if before else 0:-4]


def places(secret, octets):
    """What stands around each trace of it."""
    found = []
    for spelling in spellings(secret):
        at = octets.find(spelling)
        while at >= 0:
            end = at + len(spelling)
            found.append(b"%s[...]%s" % (octets[max(0, at - 48):at], octets[end:end + 24]))
            at = octets.find(spelling, end)
    return found


def write_program(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as out:
        out.write(text)
    os.chmod(path, 0o755)
    return path


def make_witness(path, seen):
    """A program to start others by; `seen` grows by what each looked like."""
    return write_program(path, _WITNESS.format(seen=seen))


# ---- what a process shows

def family(pid):
    """The process, and all that descend from it."""
    parents = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def shown_by(pid):
    """Command lines and environments of a family. The environment of what is not dumpable is for
    root alone."""
    shown = b""
    for one in family(pid):
        for name in ("cmdline", "environ"):
            with contextlib.suppress(PermissionError if one == pid else OSError):
                shown += pathlib.Path(f"/proc/{one}/{name}").read_bytes()
    return shown


# ---- what lies in its memory

def need_dumps():
    if os.geteuid() != 0 or not shutil.which("gcore"):
        leave_out("a dump takes root, and gcore, which gdb brings")


def keep_what_is_freed(sterna):
    """Of what it starts from now on, a dump has all that was freed without being overwritten: else
    it is chance what memory is used again."""
    sterna.extra_environment["LD_PRELOAD"] = compiled("freed", sterna.dir)


def dump_of(pid, directory):
    """The memory of a process, as an administrator's debugger writes it."""
    done = subprocess.run(["gcore", "-o", f"{directory}/core", str(pid)], capture_output=True,
                          text=True, cwd=directory)
    core = pathlib.Path(f"{directory}/core.{pid}")
    if not core.exists():
        raise AssertionError(f"no dump: {done.stdout}{done.stderr}")
    octets = core.read_bytes()
    core.unlink()
    return octets
