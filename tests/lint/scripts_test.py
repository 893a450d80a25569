# SPDX-License-Identifier: Apache-2.0
"""Every script of scripts/ says what it does, and what is wrong with its options, before it
installs or builds anything."""
import os
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRIPTS = os.path.join(ROOT, "scripts")
# What would change the machine, or take long.
WORK = ("apt-get", "sudo", "dpkg-query", "cmake", "ninja", "ctest")
STUB = '#!/bin/sh\necho "${0##*/} $*" >>"$STERNA_CALLS"\nexit 1\n'

WITHOUT_VALUE = [("test", option) for option in ("--preset", "--label", "-R", "-E", "-j")]
WITHOUT_VALUE += [("fuzz", "--seconds"), ("bench", "--reps"), ("bench", "--groups"),
                  ("bite", "--only"), ("bite", "--seeds"), ("kill-rounds", "--round"),
                  ("kill-rounds", "--tool"), ("kill-rounds", "--keep"),
                  ("power-loss", "--round"), ("power-loss", "--forget"),
                  ("replay-seeds", "--random"), ("replay-seeds", "--seeds"),
                  ("replay-seeds", "--script"), ("seeds", "--minutes"), ("seeds", "--kind")]
UNKNOWN = [(name, "--nonsense") for name in ("bench", "bite", "fuzz", "install-deps",
                                             "kill-rounds", "other-servers", "power-loss",
                                             "quickstart", "replay-seeds", "seeds", "test")]
NO_NUMBER = [("test", "-j", "many"), ("fuzz", "--seconds", "1m"), ("bench", "--reps", "x"),
             ("bite", "--rule", "x"), ("kill-rounds", "--rounds", "x"),
             ("kill-rounds", "--tool", "none"), ("power-loss", "--seed", "x"),
             ("power-loss", "--forget", "none"), ("replay-seeds", "--seeds", "1-"),
             ("replay-seeds", "--random", "x"), ("seeds", "--until", "x"),
             ("seeds", "--kind", "none")]


def executables():
    return [name for name in sorted(os.listdir(SCRIPTS))
            if os.access(os.path.join(SCRIPTS, name), os.X_OK)]


class ScriptsTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.calls = os.path.join(directory.name, "calls")
        for name in WORK:
            path = os.path.join(directory.name, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(STUB)
            os.chmod(path, 0o755)
        self.environment = {**os.environ, "STERNA_CALLS": self.calls,
                            "PATH": f"{directory.name}:{os.environ['PATH']}"}

    def run_script(self, name, *arguments, there=ROOT):
        path = os.path.relpath(os.path.join(SCRIPTS, name), there)
        done = subprocess.run([f"./{path}", *arguments], cwd=there, env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=50, check=False)
        self.assertFalse(os.path.exists(self.calls), f"{name} {arguments} began to work")
        return done

    def test_each_says_what_it_does_from_any_directory(self):
        self.assertEqual(executables(), [name for name, _ in UNKNOWN])
        for name in executables():
            for option, there in (("--help", ROOT), ("-h", SCRIPTS)):
                with self.subTest(name, option=option):
                    done = self.run_script(name, option, there=there)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))
                    self.assertIn(f"scripts/{name}", done.stdout)

    def test_an_option_without_its_value_is_wrong_usage(self):
        for name, option in WITHOUT_VALUE:
            with self.subTest(name, option=option):
                done = self.run_script(name, option)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(option, done.stderr)
                self.assertNotIn("unbound", done.stderr)

    def test_a_program_that_is_not_there_is_wrong_usage(self):
        self.environment["STERNA"] = os.path.join(ROOT, "no", "sterna")
        done = self.run_script("quickstart")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("no/sterna", done.stderr)

    def test_what_is_no_option_and_no_number_is_wrong_usage(self):
        for name, *arguments in UNKNOWN + NO_NUMBER:
            with self.subTest(name, arguments=arguments):
                done = self.run_script(name, *arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertNotEqual(done.stderr, "")


if __name__ == "__main__":
    unittest.main()
