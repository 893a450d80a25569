# SPDX-License-Identifier: Apache-2.0
"""The faults as data: the *.toml files beside this one.

    name         what the fault is called, once in all files
    rules        the rules of docs/safety.md that it takes away, or a part of them
    removes      what goes wrong with it, in words
    file         the source that it changes, below src
    find         the text that is replaced; it stands there exactly once
    replace      what takes its place: the smallest change that removes the rule, and still builds
    tests        unit-test programs that may find it: rooms, or "races", what the simulation's
                 program has beside its seeds
    integration  modules, classes or tests below tests.integration that may find it
    beyond       why the simulation cannot find it; without that key it is tried first

A fault is one that a careless hand could make. Where `find` or `replace` begins with a line end, it
is left out, as TOML does.
"""
import os
import re
import tomllib
from dataclasses import dataclass, field

RULES = range(1, 26)
HERE = os.path.dirname(os.path.abspath(__file__))
RACES = "races"
_KEYS = {"name", "rules", "removes", "file", "find", "replace", "tests", "integration", "beyond"}
_OPTIONAL = {"tests", "integration", "beyond"}
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")


class BadRecord(Exception):
    """A record that cannot be applied, or that says too little."""


@dataclass(frozen=True)
class Fault:
    name: str
    rules: tuple
    removes: str
    file: str
    find: str
    replace: str
    tests: tuple = ()
    integration: tuple = ()
    beyond: str = ""
    source: str = field(default="", compare=False)      # the file of the record

    @property
    def room(self):
        return self.file.split("/")[1]

    def apply(self, text):
        """The source with the fault in it."""
        count = text.count(self.find)
        if count != 1:
            raise BadRecord(f"{self.name}: its text is {count} times in {self.file}, not once")
        return text.replace(self.find, self.replace)


def _fault(entry, source):
    name = entry.get("name", "(no name)")
    missing = _KEYS - _OPTIONAL - entry.keys()
    unknown = entry.keys() - _KEYS
    if missing or unknown:
        raise BadRecord(f"{source}: {name}: missing {sorted(missing)}, unknown {sorted(unknown)}")
    if not _NAME.match(name):
        raise BadRecord(f"{source}: {name}: not a name")
    if not entry["rules"] or not set(entry["rules"]) <= set(RULES):
        raise BadRecord(f"{source}: {name}: rules are from {RULES[0]} to {RULES[-1]}")
    if not entry["find"].strip() or entry["find"] == entry["replace"]:
        raise BadRecord(f"{source}: {name}: nothing is replaced")
    if not entry["file"].startswith("src/"):
        raise BadRecord(f"{source}: {name}: {entry['file']} is no source of the program")
    lists = {key: tuple(entry[key]) for key in ("rules", "tests", "integration") if key in entry}
    return Fault(**{**entry, **lists}, source=source)


def load(directory=HERE):
    """All faults, in the order of their first rule."""
    faults = []
    for name in sorted(os.listdir(directory)):
        if not name.endswith(".toml"):
            continue
        with open(os.path.join(directory, name), "rb") as file:
            document = tomllib.load(file)
        faults += [_fault(entry, name) for entry in document.get("fault", ())]
    names = [fault.name for fault in faults]
    for name in names:
        if names.count(name) > 1:
            raise BadRecord(f"{name}: two faults have that name")
    return sorted(faults, key=lambda fault: (fault.rules, fault.source))


def titles(root):
    """What docs/safety.md calls the rules, by number."""
    with open(os.path.join(root, "docs", "safety.md"), encoding="utf-8") as file:
        found = re.findall(r"^\*\*(\d+)\. (.+?)\.\*\*", file.read(), flags=re.M)
    return {int(number): title for number, title in found}


def wrong(root, faults):
    """What keeps these faults from being tried on the tree at `root`, in words."""
    found = []
    covered = {rule for fault in faults for rule in fault.rules}
    found += [f"rule {rule} has no fault" for rule in RULES if rule not in covered]
    for fault in faults:
        try:
            with open(os.path.join(root, fault.file), encoding="utf-8") as file:
                fault.apply(file.read())
        except FileNotFoundError:
            found.append(f"{fault.name}: there is no {fault.file}")
        except BadRecord as error:
            found.append(str(error))
        found += [f"{fault.name}: {what}" for what in _missing_tests(root, fault)]
    return found


def _missing_tests(root, fault):
    for room in fault.tests:
        if room != RACES and not os.path.isdir(os.path.join(root, "tests", room)):
            yield f"there are no unit tests of {room}"
    for name in fault.integration:
        module, *rest = name.split(".")
        path = os.path.join(root, "tests", "integration", f"{module}.py")
        if not os.path.exists(path):
            yield f"there is no tests.integration.{module}"
            continue
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for what in rest:
            if not re.search(rf"^\s*(class|def) {what}\b", text, flags=re.M):
                yield f"{module} has no {what}"
    if fault.beyond and not fault.tests and not fault.integration:
        yield "nothing is said to find it"
