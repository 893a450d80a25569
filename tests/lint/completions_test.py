# SPDX-License-Identifier: Apache-2.0
"""Completions are installed where the shells of Debian look for them, below either prefix. Needs a
build directory that was configured, and nothing that was built."""
import os
import subprocess
import tempfile
import unittest

from left_out import leave_out

CMAKE = os.environ.get("STERNA_CMAKE", "cmake")
BUILD = os.environ.get("STERNA_BUILD")


class CompletionsTest(unittest.TestCase):
    def setUp(self):
        if not BUILD:
            leave_out(self, "STERNA_BUILD names a build directory")

    def installed(self, prefix):
        with tempfile.TemporaryDirectory() as root:
            subprocess.run([CMAKE, f"-DCMAKE_INSTALL_PREFIX={prefix}",
                            "-DCMAKE_INSTALL_COMPONENT=completions", "-P",
                            os.path.join(BUILD, "src", "cli", "cmake_install.cmake")],
                           env={**os.environ, "DESTDIR": root}, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, check=True)
            return sorted(os.path.join(os.path.relpath(top, root), name)
                          for top, _, names in os.walk(root) for name in names)

    def test_they_are_where_the_shells_look(self):
        for prefix, zsh in (("usr", "vendor-completions"), ("usr/local", "site-functions")):
            with self.subTest(prefix):
                self.assertEqual(self.installed(f"/{prefix}"),
                                 [f"{prefix}/share/bash-completion/completions/sterna",
                                  f"{prefix}/share/fish/vendor_completions.d/sterna.fish",
                                  f"{prefix}/share/zsh/{zsh}/_sterna"])


if __name__ == "__main__":
    unittest.main()
