# SPDX-License-Identifier: Apache-2.0
"""What the program did to the file system, call by call (record.c)."""
import atexit
import functools
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass

SOURCE = pathlib.Path(__file__).with_name("record.c")
# what; octets of name, other name and data; inode, directory, other directory, number
_RECORD = struct.Struct("=c3xIIIQQQQ")

CREATED, NAMELESS, WRITTEN, SIZED, LINKED, RENAMED, UNLINKED, MADE, FLUSHED, FLUSHED_ALL = (
    b"C", b"T", b"W", b"F", b"L", b"R", b"U", b"M", b"S", b"Y")
FLUSHES = (FLUSHED, FLUSHED_ALL)


@dataclass(frozen=True)
class Call:
    what: bytes
    ino: int
    directory: int
    other_directory: int
    number: int          # offset or size
    name: str
    other: str           # the new name
    data: bytes


def compiler():
    return next(filter(None, map(shutil.which, ("cc", "gcc", "clang", "clang-19"))), None)


@functools.cache
def library():
    """What the program is to load first; built once a process."""
    directory = tempfile.mkdtemp(prefix="power-loss-")
    atexit.register(shutil.rmtree, directory, True)
    path = f"{directory}/record.so"
    subprocess.run([compiler(), "-shared", "-fPIC", "-O1", "-o", path, str(SOURCE), "-ldl"],
                   check=True)
    return path


def calls(path):
    """Of one run; none if it began nothing. A last record that was cut is left out."""
    if not os.path.exists(path):
        return
    with open(path, "rb") as log:
        text = log.read()
    at = 0
    while at + _RECORD.size <= len(text):
        what, name, other, data, *numbers = _RECORD.unpack_from(text, at)
        at += _RECORD.size
        end = at + name + other + data
        if end > len(text):
            return
        yield Call(what, *numbers, os.fsdecode(text[at:at + name]),
                   os.fsdecode(text[at + name:at + name + other]), text[at + name + other:end])
        at = end
