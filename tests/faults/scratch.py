# SPDX-License-Identifier: Apache-2.0
"""A copy of the tree to put faults into, with a build of its own, so that nothing of the project
changes. One fault is in it at a time; what a fault does not touch is not built again."""
import filecmp
import os
import shutil
import subprocess

LEFT_OUT = {".git", "build", "quickstart", "__pycache__"}
# Without debug information it links in a moment.
FLAGS = "-O1 -D_GLIBCXX_ASSERTIONS"
SIMULATION = "sterna_simulation_test"


class DoesNotBuild(Exception):
    """With the end of what the compiler said."""


def mirror(source, target):
    """Makes `target` what `source` is, and leaves alone what is so already: its times say what has
    to be built."""
    wanted = set()
    for top, directories, files in os.walk(source):
        directories[:] = sorted(set(directories) - LEFT_OUT)
        below = os.path.relpath(top, source)
        os.makedirs(os.path.join(target, below), exist_ok=True)
        for name in files:
            path = os.path.normpath(os.path.join(below, name))
            wanted.add(path)
            here, there = os.path.join(source, path), os.path.join(target, path)
            if not os.path.exists(there) or not filecmp.cmp(here, there, shallow=False):
                shutil.copyfile(here, there)
                shutil.copymode(here, there)
    for top, directories, files in os.walk(target):
        directories[:] = sorted(set(directories) - LEFT_OUT)
        for name in files:
            path = os.path.normpath(os.path.join(os.path.relpath(top, target), name))
            if path not in wanted:
                os.unlink(os.path.join(target, path))


class Scratch:
    def __init__(self, project, work, jobs):
        self.project = project
        self.root = os.path.join(work, "tree")
        self.build_dir = os.path.join(work, "build")
        self.base_dir = os.path.join(work, "base")
        self.jobs = jobs
        self.log = os.path.join(work, "build.log")
        self._fault = None

    def open(self):
        """The tree as the project has it now, configured."""
        os.makedirs(self.base_dir, exist_ok=True)
        mirror(self.project, self.root)
        launchers = []
        if shutil.which("ccache"):
            launchers = [f"-DCMAKE_{of}_COMPILER_LAUNCHER=ccache" for of in ("C", "CXX")]
        self._run(["cmake", "--preset", "dev", "-B", self.build_dir, "-DSTERNA_WERROR=ON",
                   "-DSTERNA_TESTS=ON", f"-DCMAKE_CXX_FLAGS_DEBUG={FLAGS}", *launchers])

    def put(self, fault):
        """That fault, and no other, is in the tree; None: it is the project's."""
        if self._fault is not None and self._fault != fault:
            path = self._fault.file
            shutil.copyfile(os.path.join(self.project, path), os.path.join(self.root, path))
        if fault is not None and self._fault != fault:
            path = os.path.join(self.root, fault.file)
            with open(path, encoding="utf-8") as file:
                text = fault.apply(file.read())
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        self._fault = fault

    def build(self, *targets):
        self._run(["cmake", "--build", self.build_dir, "-j", str(self.jobs), "--target", *targets])

    def program(self, target):
        room = "simulation" if target == SIMULATION else target[len("sterna_"):-len("_test")]
        return os.path.join(self.build_dir, "tests", room, target)

    @property
    def sterna(self):
        return os.path.join(self.build_dir, "src", "cli", "sterna")

    def keep_base(self, target):
        """A copy of a program without any fault, to ask later."""
        kept = os.path.join(self.base_dir, target)
        shutil.copy2(self.program(target), kept)
        return kept

    def base(self, target):
        return os.path.join(self.base_dir, target)

    def _run(self, command):
        with open(self.log, "w", encoding="utf-8") as log:
            done = subprocess.run(command, cwd=self.root, stdin=subprocess.DEVNULL, stdout=log,
                                  stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            with open(self.log, encoding="utf-8", errors="replace") as log:
                raise DoesNotBuild("".join(log.readlines()[-40:]))
