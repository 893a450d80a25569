#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what no compiler checks: the doors between the rooms, and the manners of a file.

    lint.py ROOT        prints one line a finding, exit 1 if there is any

The doors are those of docs/architecture.md: a room includes only what DOORS names, itself, and
model and base. The manners: an SPDX line, no tabs, no line over 100 columns, no file over 600
lines, #pragma once in headers, no unfinished business. The packages: Debian's gets to know of what
is loaded by name. The steps: what base/step.h lists is said
somewhere in src, or no test could ever kill the program there. The rules: those of docs/safety.md
that code and pages speak of are there. The modules: ctest runs each of the integration tests.
"""
import os
import re
import sys

GROUND = {"base", "model"}
DOORS = {
    "cli": {"daemon", "account", "oauth", "net", "discover", "config", "importer"},
    "daemon": {"account", "net", "config", "io", "coro"},
    "net": {"io", "coro"},
    "account": {"sync", "imap", "maildir", "store", "auth", "io", "coro"},
    "sync": set(),
    "imap": set(),
    "maildir": {"io", "coro"},
    "store": set(),
    "auth": set(),
    "oauth": {"io", "coro"},
    "config": set(),
    "importer": set(),
    "discover": {"io", "coro"},
    "io": {"coro"},
    "coro": set(),
    "model": set(),
    "base": set(),
}
# base is the ground: it stands on nothing, and model only on it.
NEVER = {("base", "model"), ("coro", "model")}

# Rooms that must not see a library, because what it does would come in with it.
CLOSED_HEADERS = {
    r"<uv\.h>": {"net", "daemon"},
    r"<sqlite3\.h>": {"store"},
    r"<openssl/": {"net", "auth", "oauth", "base"},
    r"<curl/": {"net"},
    r"<stringprep\.h>": {"auth"},
    r"<expat\.h>": {"discover"},
    r"<libpsl\.h>": {"discover"},
    r"<toml\+\+/": {"config"},
    r"<CLI/": {"cli"},
    r"<spdlog/": {"base"},
}

STEPS = "include/sterna/base/step.h"
PACKAGE = "cmake/install.cmake"
MODULES = "tests/integration"
LOADED = re.compile(r'\bLibrary \w+\(\{\s*"([^"]+)",\s*"[^"]+",\s*"([^"]+)"\}')
LINE_COLUMNS_MAX = 100
FILE_LINES_MAX = 600
CODE = (".h", ".cc", ".c", ".py", ".cmake", ".sh", ".inc", ".in", ".conf")
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK"))
                        + r")\b")
RULES_MAX = 25
RULES = re.compile(r"\brules?\s+(\d+(?:(?:,\s+|\s+and\s+|,\s+and\s+|\s+to\s+)\d+)*)")
SKIPPED_DIRECTORIES = {".git", "build", "quickstart", "__pycache__", "corpus", "golden"}
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|(<[^>]+>))', re.M)


def is_script(path):
    if os.path.splitext(path)[1]:
        return False
    with open(path, "rb") as file:
        return file.read(2) == b"#!"


def sources(root):
    """Paths below the root, relative to it, of every file with manners to check."""
    for top, directories, files in os.walk(root):
        directories[:] = sorted(set(directories) - SKIPPED_DIRECTORIES)
        for name in sorted(files):
            path = os.path.join(top, name)
            if name.endswith(CODE) or name == "CMakeLists.txt" or is_script(path):
                yield os.path.relpath(path, root)


def room_of(path):
    """The room that a file of include/sterna or src belongs to, else None."""
    found = re.match(r"(?:include/sterna|src)/([a-z_]+)/", path)
    return found[1] if found else None


def room_of_include(room, included):
    """The room that an include of a file in `room` enters, else None."""
    found = re.match(r"(?:sterna/|src/)?([a-z_]+)/", included)
    if found and found[1] in DOORS:
        return found[1]
    return room if "/" not in included else None


def check_doors(path, text):
    room = room_of(path)
    if room is None:
        return
    if room not in DOORS:
        yield f"{path}: {room} is no room of docs/architecture.md"
        return
    for found in INCLUDE.finditer(text):
        own, library = found[1], found[2]
        line = text.count("\n", 0, found.start()) + 1
        if own:
            entered = room_of_include(room, own)
            if entered and not may_enter(room, entered):
                yield f"{path}:{line}: {room} must not enter {entered} ({own})"
            if entered and entered != room and not own.startswith("sterna/"):
                yield f"{path}:{line}: {own} is private to {entered}"
        for pattern, rooms in CLOSED_HEADERS.items():
            if library and re.match(pattern, library) and room not in rooms:
                yield f"{path}:{line}: {library} belongs to {', '.join(sorted(rooms))} alone"


def may_enter(room, entered):
    if (room, entered) in NEVER:
        return False
    return entered == room or entered in GROUND or entered in DOORS[room]


def check_manners(path, text):
    lines = text.split("\n")
    head = "\n".join(lines[:3])
    if "SPDX-License-Identifier: Apache-2.0" not in head:
        yield f"{path}:1: no SPDX line"
    if len(lines) - 1 > FILE_LINES_MAX:
        yield f"{path}: {len(lines) - 1} lines, more than {FILE_LINES_MAX}"
    if path.endswith(".h") and "#pragma once\n" not in text:
        yield f"{path}: no #pragma once"
    if text and not text.endswith("\n"):
        yield f"{path}: no newline at the end"
    for number, line in enumerate(lines, 1):
        if "\t" in line:
            yield f"{path}:{number}: a tab"
        if len(line) > LINE_COLUMNS_MAX:
            yield f"{path}:{number}: {len(line)} columns"
        if line != line.rstrip():
            yield f"{path}:{number}: white space at the end"
        if UNFINISHED.search(line):
            yield f"{path}:{number}: unfinished business: {line.strip()[:60]}"


def check_rules(path, text):
    # A line of a comment may end between the word and its number.
    joined = re.sub(r"\n[ \t]*(?://|#)?", lambda found: "\n" + " " * (len(found[0]) - 1), text)
    for found in RULES.finditer(joined):
        for number in re.findall(r"\d+", found[1]):
            if not 1 <= int(number) <= RULES_MAX:
                line = text.count("\n", 0, found.start()) + 1
                yield f"{path}:{line}: docs/safety.md has no rule {number}"


def pages(root):
    """The prose in which rules are spoken of, too."""
    for top, directories, files in os.walk(os.path.join(root, "docs")):
        directories.sort()
        for name in sorted(files):
            if name.endswith(".md"):
                yield os.path.relpath(os.path.join(top, name), root)


def check_steps(root):
    path = os.path.join(root, STEPS)
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as file:
        listed = re.findall(r'^ +"([^"]+)",', file.read(), re.M)
    said = set()
    for source in sources(root):
        if source.startswith("src/"):
            with open(os.path.join(root, source), encoding="utf-8") as file:
                said.update(re.findall(r'\bat_step\("([^"]+)"\)', file.read()))
    for name in listed:
        if name not in said:
            yield f"{STEPS}: nothing says at_step(\"{name}\")"


def check_packages(root):
    path = os.path.join(root, PACKAGE)
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as file:
        depends = re.search(r"CPACK_DEBIAN_PACKAGE_DEPENDS\s+\"([^\"]*)\"", file.read())
    named = re.split(r"[,|\s]+", depends[1]) if depends else []
    for source in sources(root):
        if source.startswith("src/"):
            with open(os.path.join(root, source), encoding="utf-8") as file:
                for library, package in LOADED.findall(file.read()):
                    if package not in named:
                        yield f"{source}: {library} is loaded, and {PACKAGE} lacks {package}"


def check_modules(root):
    path = os.path.join(root, MODULES, "CMakeLists.txt")
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as file:
        listed = re.search(r"foreach\(module ([^)]*)\)", file.read())[1].split()
    for name in sorted(os.listdir(os.path.join(root, MODULES))):
        if name.endswith("_test.py") and name.removesuffix("_test.py") not in listed:
            yield f"{MODULES}/{name}: ctest knows no such module"


def check(root):
    for path in sources(root):
        with open(os.path.join(root, path), encoding="utf-8") as file:
            text = file.read()
        yield from check_manners(path, text)
        yield from check_doors(path, text)
        yield from check_rules(path, text)
    for path in pages(root):
        with open(os.path.join(root, path), encoding="utf-8") as file:
            yield from check_rules(path, file.read())
    yield from check_packages(root)
    yield from check_steps(root)
    yield from check_modules(root)


def main():
    findings = list(check(sys.argv[1]))
    print("\n".join(findings) if findings else "no findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
