#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every source is laid out as clang-format 19 and .clang-format have it; other versions differ."""
import os
import shutil
import subprocess
import tempfile
import unittest

import lint
from left_out import leave_out

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FORMATTER = "clang-format-19"
SUFFIXES = (".h", ".cc", ".c")


def sources(root):
    for directory, names, files in os.walk(root):
        names[:] = [name for name in names if name not in lint.SKIPPED_DIRECTORIES]
        yield from (os.path.join(directory, file) for file in files if file.endswith(SUFFIXES))


def out_of_format(files):
    """Those of `files` that the formatter would change."""
    done = subprocess.run([FORMATTER, f"--style=file:{ROOT}/.clang-format", "--dry-run", *files],
                          capture_output=True, text=True, check=True)
    return sorted({line.split(":", 1)[0] for line in done.stderr.splitlines()
                   if "[-Wclang-format-violations]" in line})


class FormatTest(unittest.TestCase):
    def setUp(self):
        if not shutil.which(FORMATTER):
            leave_out(self, f"no {FORMATTER}; scripts/install-deps --tests installs it")

    def test_every_source_is_in_format(self):
        files = sorted(sources(ROOT))
        self.assertGreater(len(files), 300)
        found = [os.path.relpath(path, ROOT) for path in out_of_format(files)]
        self.assertEqual(found, [], f"{FORMATTER} -i mends them")

    def test_a_source_that_is_not_is_found(self):
        with tempfile.TemporaryDirectory() as directory:
            good, bad = f"{directory}/good.cc", f"{directory}/bad.cc"
            for path, text in ((good, "int one();\n"), (bad, "int  one( );\n")):
                with open(path, "w", encoding="utf-8") as out:
                    out.write(text)
            self.assertEqual(out_of_format([good, bad]), [bad])


if __name__ == "__main__":
    unittest.main()
