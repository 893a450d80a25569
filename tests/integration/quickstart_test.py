# SPDX-License-Identifier: Apache-2.0
"""scripts/quickstart, as a newcomer runs it, but with the program that is there: in a copy of what
it needs, so that neither the tree nor a quickstart/ of somebody's own is touched."""
import ctypes
import glob
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from tests.support.maildir import Maildir, digest_tree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LEFT_LIMIT_S = 20
PR_SET_CHILD_SUBREAPER = 36


def children():
    found = set()
    for path in glob.glob("/proc/self/task/*/children"):
        with open(path, encoding="ascii") as file:
            found.update(map(int, file.read().split()))
    return found


def left_running(before):
    """Our children that were not there before, by command line, once they had time to end; those
    that did not are ended."""
    deadline = time.monotonic() + LEFT_LIMIT_S
    while (left := {child for child in children() - before
                    if os.waitpid(child, os.WNOHANG) == (0, 0)}):
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    found = []
    for child in left:
        with open(f"/proc/{child}/cmdline", encoding="utf-8") as file:
            found.append(file.read().replace("\0", " "))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return found


class QuickstartTest(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="sterna-test-")
        self.addCleanup(shutil.rmtree, self.dir, True)
        os.chmod(self.dir, 0o755)   # mail processes come to it as nobody
        self.project = f"{self.dir}/project"
        for part in ("scripts", "tests/support"):
            shutil.copytree(f"{ROOT}/{part}", f"{self.project}/{part}",
                            ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(f"{ROOT}/tests/__init__.py", f"{self.project}/tests")
        for name in ("home", "tmp"):
            os.mkdir(f"{self.dir}/{name}")
        # What loses its parent is ours.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)

    def run_it(self):
        keep = {name: value for name, value in os.environ.items()
                if not name.startswith(("STERNA_", "XDG_"))}
        return subprocess.run(
            [f"{self.project}/scripts/quickstart"], cwd=self.dir, text=True, timeout=300,
            check=False, stdin=subprocess.DEVNULL, capture_output=True,
            env={**keep, "STERNA": os.path.abspath(os.environ["STERNA_BINARY"]),
                 "HOME": f"{self.dir}/home", "TMPDIR": f"{self.dir}/tmp",
                 "PYTHONPATH": self.project})

    def assert_in_order(self, text, *patterns):
        at = 0
        for pattern in patterns:
            found = re.compile(pattern, re.M).search(text, at)
            self.assertIsNotNone(found, f"{pattern} is not in what follows\n{text[at:]}")
            at = found.end()

    def test_it_shows_both_directions_and_leaves_nothing_behind(self):
        before, others = digest_tree(self.dir), children()
        done = self.run_it()
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertEqual(left_running(others), [])
        after = digest_tree(self.dir, skip=("/project/quickstart",))
        for name in ("project", "tmp"):     # of what lies in them
            del before[name], after[name]
        self.assertEqual(after, before)
        self.check_story(done.stdout)
        self.check_mail()
        # A daemon of the user's own has nothing to do with it.
        with open(f"{self.project}/quickstart/sterna.toml", encoding="utf-8") as file:
            self.assertIn(f'control_socket = "{self.project}/quickstart/control.sock"\n',
                          file.read())

    def check_story(self, said):
        self.assert_in_order(
            said, r"^1\. A private mail server", r"ann: \d+ messages in \d+ mailboxes",
            r"^2\. The first sync", r"ann: \d+ files in \d+ folders",
            r"^3\. Both sides change", "On the server:", "ann gets a message",
            "ann moves 3 messages", "ann deletes 2 messages", "In the Maildirs:",
            "ann reads 3 messages", "ann saves a draft", "ann moves a message to Семья",
            "ann deletes a newsletter", "bob files a note in a new folder",
            r"^4\. The second sync", r"\$ sterna sync --dry-run", r"\$ sterna sync$",
            r"^5\. What happened", r"\$ sterna status", r"\$ sterna history ann",
            r"\$ sterna mailboxes ann", r"\$ sterna verify --deep",
            r"ann: the same on both sides", r"bob: the same on both sides",
            r"^6\. And nothing more to do", r"ann: nothing to do", r"^Your own mail",
            r"sterna init")
        planned = said[said.index("4. The second sync"):said.index("5. What happened")]
        happened = said[said.index("$ sterna history"):said.index("$ sterna mailboxes")]
        for wanted in (r"INBOX +download +1 ", r"INBOX +pull flags +2 ", r"INBOX +push flags +3 ",
                       r"Drafts +upload +1 ", r"Семья +move out +1 ",
                       r"Newsletters +delete out +1 ",
                       r"Reisen/Lofoten 2026 +create local ", r"Ideas +create remote "):
            self.assertRegex(planned, wanted)
        for wanted in (r"Reisen/Lofoten 2026 +3 +moved from INBOX +local ",
                       r"Drafts +\d+ +uploaded .* remote ", r"Newsletters +1 +moved to Trash ",
                       r"Junk +1 +deleted .* local ", r"Семья +\d+ +moved from INBOX +remote "):
            self.assertRegex(happened, wanted)

    def check_mail(self):
        ann, bob = (Maildir(f"{self.project}/quickstart/mail/{owner}") for owner in ("ann", "bob"))
        self.assertEqual(len(ann.messages("Reisen/Lofoten 2026")), 3)
        self.assertIsNotNone(ann.find("INBOX", "<yuki.to.ann@"))
        self.assertIsNotNone(bob.find("INBOX", "<ann.to.bob@"))


if __name__ == "__main__":
    unittest.main()
