#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The checks find what they are for."""
import os
import tempfile
import unittest

import lint

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"


class LintTest(unittest.TestCase):
    def findings(self, path, text):
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(os.path.dirname(f"{root}/{path}"), exist_ok=True)
            with open(f"{root}/{path}", "w", encoding="utf-8") as out:
                out.write(text)
            return list(lint.check(root))

    def assert_found(self, path, text, word):
        found = self.findings(path, text)
        self.assertEqual(len(found), 1, found)
        self.assertIn(word, found[0])

    def test_a_good_file_has_no_findings(self):
        text = SPDX + '#include "plan.h"\n#include "sterna/model/flags.h"\n'
        self.assertEqual(self.findings("src/sync/plan.cc", text), [])

    def test_a_closed_door_is_found(self):
        self.assert_found("src/sync/plan.cc", SPDX + '#include "sterna/imap/parser.h"\n',
                          "sync must not enter imap")
        self.assert_found("include/sterna/imap/a.h",
                          SPDX + '#pragma once\n#include "sterna/io/clock.h"\n',
                          "imap must not enter io")

    def test_a_step_that_nothing_says_is_found(self):
        steps = '#pragma once\nconst char* const kSteps[] = {\n    "a.said",\n    "a.not",\n};\n'
        with tempfile.TemporaryDirectory() as root:
            for path, text in (("include/sterna/base/step.h", steps),
                               ("src/sync/plan.cc", 'void f() { at_step("a.said"); }\n')):
                os.makedirs(os.path.dirname(f"{root}/{path}"))
                with open(f"{root}/{path}", "w", encoding="utf-8") as out:
                    out.write(SPDX + text)
            found = list(lint.check(root))
        self.assertEqual(len(found), 1, found)
        self.assertIn("a.not", found[0])

    def test_a_module_that_ctest_does_not_know_is_found(self):
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(f"{root}/{lint.MODULES}")
            for name, text in (("CMakeLists.txt", "foreach(module known\n  twins)\n"),
                               ("known_test.py", ""), ("twins_test.py", ""), ("new_test.py", "")):
                with open(f"{root}/{lint.MODULES}/{name}", "w", encoding="utf-8") as out:
                    out.write(text)
            found = list(lint.check_modules(root))
        self.assertEqual(len(found), 1, found)
        self.assertIn("new_test.py", found[0])

    def test_a_loaded_library_without_its_package_is_found(self):
        package = 'set(CPACK_DEBIAN_PACKAGE_DEPENDS "liba1, libb2")\n'
        loads = 'Library a({"liba.so.1", "is there", "liba1"});\n' \
                'Library c({"libc.so.3",\n           "is not", "libc3"});\n'
        with tempfile.TemporaryDirectory() as root:
            for path, text in (("cmake/install.cmake", "#" + SPDX[2:] + package),
                               ("src/net/loads.cc", SPDX + loads)):
                os.makedirs(os.path.dirname(f"{root}/{path}"))
                with open(f"{root}/{path}", "w", encoding="utf-8") as out:
                    out.write(text)
            found = list(lint.check(root))
        self.assertEqual(len(found), 1, found)
        self.assertIn("libc3", found[0])

    def test_a_rule_that_is_none_is_found(self):
        rule, none = "ru" + "le", f"no {'ru' + 'le'} "
        for text in (f"// As it was ({rule} 26).\n", f"// As it was ({rule}s 3, 9 and 26).\n",
                     f"// As it was ({rule}\n// 26).\n", f"// As it was ({rule}s 3,\n// 26).\n"):
            with self.subTest(text):
                self.assert_found("src/sync/a.cc", SPDX + text, f"{none}26")
        self.assert_found("docs/decisions/0001-a.md", f"As it was ({rule} 0).\n", f"{none}0")
        self.assertEqual(self.findings("docs/a.md", f"Both ({rule}s 4 to 7, and 25; 26).\n"), [])

    def test_the_ground_stands_on_nothing(self):
        self.assert_found("src/base/a.cc", SPDX + '#include "sterna/model/flags.h"\n',
                          "base must not enter model")

    def test_a_private_header_of_another_room_is_found(self):
        self.assert_found("src/account/a.cc", SPDX + '#include "imap/lexer.h"\n',
                          "private to imap")

    def test_a_library_outside_its_room_is_found(self):
        self.assert_found("src/account/a.cc", SPDX + "#include <uv.h>\n", "belongs to")

    def test_manners(self):
        cases = {
            "no SPDX": "int x;\n",
            "a tab": SPDX + "int\tx;\n",
            "101 columns": SPDX + "/" * 101 + "\n",
            "white space": SPDX + "int x; \n",
            "more than 600": SPDX + "\n" * 600,
            "no newline": SPDX + "int x;",
            "unfinished": SPDX + "// " + "TO" + "DO later\n",
        }
        for word, text in cases.items():
            with self.subTest(word):
                self.assert_found("src/sync/a.cc", text, word)

    def test_a_header_needs_its_guard(self):
        self.assert_found("include/sterna/sync/a.h", SPDX + "int x;\n", "#pragma once")


if __name__ == "__main__":
    unittest.main()
