# SPDX-License-Identifier: Apache-2.0
"""What was tried and found, kept in build/bite/results.json, so that slices of a session add up.

A step counts for the sources that it was made with: those of the rooms in the program, of its
tests, and the record of the fault. `trust_old` believes what was found with other sources, as long
as the record and the file that it changes are the same."""
import hashlib
import json
import os

from tests.lint.lint import DOORS, GROUND

STEPS = ("simulation", "tests", "integration")
BUILD_FILES = ("CMakeLists.txt", "CMakePresets.json", "cmake")
ABOVE = {"cli", "config"}       # rooms that no unit test of a rule needs


def rooms_below(room):
    """That room and all that it stands on."""
    below, above = set(GROUND), [room]
    while above:
        one = above.pop()
        below.add(one)
        above += [door for door in DOORS[one] if door not in below and door in DOORS]
    return below


def hash_of(root, paths, endings=None):
    """Of the names and the contents of all files there."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        for name in _files(os.path.join(root, path)):
            if endings and not name.endswith(endings):
                continue
            digest.update(os.path.relpath(name, root).encode() + b"\0")
            with open(name, "rb") as file:
                digest.update(hashlib.sha256(file.read()).digest())
    return digest.hexdigest()[:16]


def _files(path):
    if os.path.isfile(path):
        yield path
    for top, directories, files in os.walk(path):
        directories[:] = sorted(set(directories) - {"__pycache__"})
        yield from (os.path.join(top, name) for name in sorted(files))


class Keys:
    """What the steps of a fault count for, by the hash of the sources."""

    def __init__(self, root):
        self.root = root
        self._known = {}

    def simulation(self):
        return self._sources("simulation", rooms_below("account"), ["tests/simulation"])

    def unit(self, room):
        if room == "races":
            return self.simulation()
        return self._sources(room, rooms_below(room) | rooms_below("net"), [f"tests/{room}"])

    def modules(self, names):
        files = sorted({f"tests/integration/{name.split('.')[0]}.py" for name in names})
        return self._sources(" ".join(files), set(DOORS) - {"daemon"}, files, python=True)

    def fault(self, fault):
        """The record, and the source that it changes."""
        words = json.dumps([fault.name, fault.file, fault.find, fault.replace])
        with open(os.path.join(self.root, fault.file), "rb") as file:
            return hashlib.sha256(words.encode() + file.read()).hexdigest()[:16]

    def step(self, step, fault):
        if step == "simulation":
            of = self.simulation()
        elif step == "tests":
            of = "+".join(self.unit(room) for room in fault.tests)
        else:
            of = self.modules(fault.integration)
        return f"{of}/{self.fault(fault)}"

    def _sources(self, name, rooms, more, python=False):
        if name not in self._known:
            paths = [f"{top}/{room}" for room in rooms for top in ("src", "include/sterna")]
            of_code = hash_of(self.root, [*paths, *more, *BUILD_FILES])
            support = hash_of(self.root, ["tests/support"], (".py",) if python else (".h", ".cc"))
            self._known[name] = f"{of_code}{support[:8]}"
        return self._known[name]


class Results:
    def __init__(self, path, keys, trust_old=False):
        self.path = path
        self.keys = keys
        self.trust_old = trust_old
        self.data = {"faults": {}, "base": {}}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.data = json.load(file)

    def save(self):
        beside = f"{self.path}.new"
        with open(beside, "w", encoding="utf-8") as file:
            json.dump(self.data, file, indent=1, sort_keys=True)
        os.replace(beside, self.path)

    def get(self, step, fault):
        """What is known of that step, if it still counts; else {}."""
        known = self.data["faults"].get(fault.name, {}).get(step, {})
        if known.get("key") == self.keys.step(step, fault):
            return known
        old = self.trust_old and known.get("found") is not None
        return known if old and known["key"].endswith("/" + self.keys.fault(fault)) else {}

    def put(self, step, fault, **what):
        entry = {"key": self.keys.step(step, fault), **what}
        self.data["faults"].setdefault(fault.name, {})[step] = entry
        self.save()

    def found(self, fault):
        """(step, what was found) or None."""
        for step in STEPS:
            known = self.get(step, fault)
            if known.get("found") is not None:
                return step, known
        return None

    def base_is_sound(self, name, key):
        return self.data["base"].get(name) == key

    def note_sound_base(self, name, key):
        self.data["base"][name] = key
        self.save()

    def forget(self, fault):
        self.data["faults"].pop(fault.name, None)
