# SPDX-License-Identifier: Apache-2.0
"""The units of systemd are sound, and caged as docs/daemon.md says. They are installed below a
directory of the test's own, from a build directory that was configured."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from left_out import leave_out

CMAKE = os.environ.get("STERNA_CMAKE", "cmake")
BUILD = os.environ.get("STERNA_BUILD")
# What systemd calls exposure, from 0 to 10: below 2.0, in its tenths.
EXPOSURE_MAX = 19
UNITS = ("system/sterna.service", "system/sterna@.service", "user/sterna.service")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class UnitsTest(unittest.TestCase):
    def setUp(self):
        if not BUILD:
            leave_out(self, "STERNA_BUILD names a build directory")
        if not shutil.which("systemd-analyze"):
            leave_out(self, "systemd is not installed")
        self.prefix = tempfile.mkdtemp(prefix="sterna-units-")
        self.addCleanup(shutil.rmtree, self.prefix)
        self.install(self.prefix)
        os.mkdir(self.at("bin"))
        with open(self.at("bin/sterna"), "w", encoding="utf-8") as program:
            program.write("#!/bin/sh\n")
        os.chmod(self.at("bin/sterna"), 0o755)

    @staticmethod
    def install(prefix, **environment):
        subprocess.run([CMAKE, f"-DCMAKE_INSTALL_PREFIX={prefix}",
                        "-DCMAKE_INSTALL_COMPONENT=systemd", "-P",
                        os.path.join(BUILD, "systemd", "cmake_install.cmake")],
                       env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, check=True)

    def at(self, *below):
        return os.path.join(self.prefix, *below)

    def analyze(self, *arguments):
        """What systemd-analyze says, which must be well."""
        ran = subprocess.run(["systemd-analyze", *arguments], text=True, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                             env={**os.environ, "XDG_RUNTIME_DIR": self.prefix,
                                  "SYSTEMD_COLORS": "0"})
        self.assertEqual(ran.returncode, 0, ran.stdout)
        return ran.stdout

    def unit(self, name):
        """The path of a unit that can be started: an instance of a template."""
        path = self.at("lib/systemd", name)
        if "@" not in name:
            return path
        instance = path.replace("@", "@work")
        shutil.copy(path, instance)
        return instance

    def manager(self, name):
        return ["--user"] if name.startswith("user/") else []

    def test_systemd_understands_all_of_them(self):
        for name in UNITS:
            with self.subTest(name):
                said = self.analyze("verify", *self.manager(name), "--man=no",
                                    "--recursive-errors=no", self.unit(name))
                self.assertEqual(said, "")

    def test_those_of_the_system_are_caged(self):
        for name in UNITS[:2]:
            with self.subTest(name):
                self.analyze("security", "--offline=true", f"--threshold={EXPOSURE_MAX}",
                             self.unit(name))

    def test_that_of_a_user_is_caged_with_the_drop_in(self):
        unit = self.unit("user/sterna.service")
        drop_in = self.at("share/doc/sterna/sterna.service.d")
        shutil.copytree(drop_in, unit + ".d")
        self.analyze("security", "--user", "--offline=true", f"--threshold={EXPOSURE_MAX}", unit)

    def test_they_start_the_program_of_their_prefix(self):
        for name in UNITS:
            with self.subTest(name):
                text = read(self.at("lib/systemd", name))
                self.assertIn(f"\nExecStart={self.prefix}/bin/sterna run", text)
                self.assertNotIn("@bindir@", text)
        with tempfile.TemporaryDirectory() as root:
            self.install("/usr", DESTDIR=root)
            self.assertIn("\nExecStart=/usr/bin/sterna run\n",
                          read(os.path.join(root, "usr/lib/systemd/user/sterna.service")))
            package = os.path.join(root, "_CPack_Packages/Linux/DEB/sterna/usr")
            self.install(package)
            self.assertIn("\nExecStart=/usr/bin/sterna run\n",
                          read(os.path.join(package, "lib/systemd/user/sterna.service")))

    def test_that_of_a_user_leaves_the_state_where_it_is(self):
        # systemd 252 puts the StateDirectory of a user into ~/.config: the state would seem lost.
        for path in ("lib/systemd/user/sterna.service",
                     "share/doc/sterna/sterna.service.d/hardened.conf"):
            self.assertFalse(re.search(r"^StateDirectory", read(self.at(path)), re.M), path)

    def test_the_user_of_the_system_units_is_described(self):
        self.assertRegex(read(self.at("lib/sysusers.d/sterna.conf")), r"(?m)^u sterna ")
        for name in UNITS[:2]:
            self.assertIn("\nUser=sterna\n", read(self.at("lib/systemd", name)))


if __name__ == "__main__":
    unittest.main()
