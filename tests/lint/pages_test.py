#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the pages say of the tree, as far as it can be compared: links lead somewhere, and what CI
leaves out under sanitizers is what docs/testing.md says."""
import os
import re
import subprocess
import tempfile
import unittest

import lint
from left_out import leave_out

CMAKE = os.environ.get("STERNA_CMAKE", "cmake")
BUILD = os.environ.get("STERNA_BUILD")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LINK = re.compile(r"\]\(([^()\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.M | re.S)
HEADING = re.compile(r"^#+ (.*)$", re.M)
README_LINES_MAX = 50


def read(path, root=ROOT):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def pages(root=ROOT):
    for top, names, files in os.walk(root):
        names[:] = [name for name in names if name not in lint.SKIPPED_DIRECTORIES]
        yield from (os.path.relpath(os.path.join(top, file), root)
                    for file in files if file.endswith(".md"))


def anchors(text):
    """Of the headings, as the usual renderers make them."""
    for heading in HEADING.findall(FENCE.sub("", text)):
        words = re.sub(r"[^\w\- ]", "", heading.lower())
        yield words.replace(" ", "-")


def dead_links(root):
    for page in pages(root):
        for link in LINK.findall(FENCE.sub("", read(page, root))):
            if re.match(r"[a-z]+:", link):
                continue
            path, _, anchor = link.partition("#")
            target = os.path.normpath(os.path.join(os.path.dirname(page), path or
                                                   os.path.basename(page)))
            if not os.path.exists(os.path.join(root, target)):
                yield f"{page}: {link}"
            elif anchor and anchor not in anchors(read(target, root)):
                yield f"{page}: {link}: no such heading"


class InstalledTest(unittest.TestCase):
    """Needs a build directory that was configured, and nothing that was built."""

    def test_links_lead_somewhere_from_where_pages_are_installed(self):
        if not BUILD:
            leave_out(self, "STERNA_BUILD names a build directory")
        with tempfile.TemporaryDirectory() as root:
            subprocess.run([CMAKE, "-DCMAKE_INSTALL_PREFIX=/usr/local",
                            "-DCMAKE_INSTALL_COMPONENT=doc", "-P",
                            os.path.join(BUILD, "cmake_install.cmake")],
                           env={**os.environ, "DESTDIR": root}, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, check=True)
            docs = os.path.join(root, "usr/local/share/doc/sterna")
            self.assertEqual(list(dead_links(docs)), [])
            self.assertLess({"README.md", "docs/start.md", "docs/security.md"}, set(pages(docs)))
            self.assertIn("tls_certificate_test.cc", read("docs/security.md", docs))
            self.assertIn("](docs/start.md)", read("README.md", docs))


class PagesTest(unittest.TestCase):
    def test_links_lead_somewhere(self):
        self.assertEqual(list(dead_links(ROOT)), [])

    def test_a_newcomer_sees_the_readme_on_one_screen(self):
        lines = read("README.md").splitlines()
        self.assertLessEqual(len(lines), README_LINES_MAX)
        self.assertEqual([line for line in lines if len(line) > lint.LINE_COLUMNS_MAX], [])
        self.assertIn("\nscripts/quickstart ", "\n".join(lines))
        self.assertIn("\nscripts/test ", "\n".join(lines))

    def test_each_key_of_json_is_said_and_no_other(self):
        keys = set(re.findall(r"""(?:\{|\[)"([a-z_]+)"[],]""", read("src/cli/json.cc")))
        self.assertGreater(len(keys), 80)
        page = read("docs/scripting.md")
        told = re.findall(r"`([a-z_]+)`", page)
        self.assertEqual(keys - set(told), set())
        table = re.findall(r"^\| `[a-z].*?\|(.*)\|$", page, re.M)
        values = {"ok", "warning", "failed", "skipped"}
        self.assertEqual(set(re.findall(r"`([a-z_]+)`", "".join(table))) - keys - values, set())

    def test_what_ci_leaves_out_under_sanitizers_is_said(self):
        run = read(".ci/run")
        slow = "".join(re.findall(r"^slow\+?='([^']*)'$", run, re.M)).split("|")
        self.assertIn(r'-E "^(lint\.|integration\.($slow)\$)"', run)
        told = re.search(r"without the checks of `lint` and without the modules ([^.]*)\.",
                         read("docs/testing.md"))
        self.assertIsNotNone(told, "the sentence of docs/testing.md is gone")
        self.assertEqual(re.findall(r"`([a-z_]+)`", told[1]), slow)
        for module in slow:
            self.assertTrue(any(os.path.exists(f"{ROOT}/tests/{room}/{module}_test.py")
                                for room in ("integration", "transcripts")), module)


if __name__ == "__main__":
    unittest.main()
