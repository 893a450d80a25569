# SPDX-License-Identifier: Apache-2.0
"""Who comes from another synchronizer: its configuration is imported, the Maildir that it filled is
adopted, and no message is fetched that is there. The real programs fill it from a real Dovecot.
"""
import collections
import hashlib
import os
import shutil
import subprocess

from tests.support.case import IntegrationCase
from tests.support.dovecot import PASSWORD
from tests.support.imap_client import encode_name
from tests.support.messages import NOON, local, message, word_of

FLAGS = ([], ["\\Seen"], ["\\Seen", "\\Answered"], ["\\Flagged"], ["\\Seen", "\\Draft"],
         ["\\Seen", "\\Flagged", "$Label1"])
MAILBOXES = {"INBOX": 120, "Archive/2025": 60, "Archive/2025/Q1": 20, "Entwürfe": 15,
             "Entwürfe/Größe & Maß": 10, "Lists/dev": 40, "日本語": 5, "Trash": 3}
NOTHING = ("downloaded", "uploaded", "flags_out", "moved_in", "moved_out", "deleted_in",
           "deleted_out", "bodies_fetched", "held", "quarantined")


def nested(name):
    """A mailbox's folder where names stand as they are on the wire."""
    return "/".join(encode_name(part) for part in name.split("/"))


def joined(separator, before=""):
    return lambda name: before + separator.join(encode_name(part) for part in name.split("/"))


def letters_of(name):
    return "".join(sorted(c for c in name.partition(":2,")[2] if c.isupper()))


class ImportCase(IntegrationCase):
    def setUp(self):
        self.w = self.world(transport="direct", trash=False)
        self.root = f"{self.w.dir}/home/Mail"
        os.makedirs(f"{self.w.dir}/home")
        self.w.sterna.extra_environment = {"HOME": f"{self.w.dir}/home"}
        number = 0
        for name, count in MAILBOXES.items():
            if name not in self.w.imap.mailboxes():
                self.w.imap.create(name)
            for i in range(count):
                number += 1
                self.w.imap.append(name, message(f"{number}"), FLAGS[i % len(FLAGS)], NOON + i)
        self.w.imap.append("INBOX", message("big", "A line of a large message.\n" * 20000),
                           ["\\Seen"], NOON)

    # ---- the other program

    def tool(self, *command, expect=0):
        self.w.imap.leave()
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              env={**os.environ, "HOME": f"{self.w.dir}/home"}, timeout=120)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)

    def need(self, program):
        if not shutil.which(program):
            self.skipTest(f"{program} is not installed")

    def write(self, name, text):
        path = f"{self.w.dir}/home/{name}"
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    # ---- what is on the disk

    def messages(self, folder):
        """Word of the message -> [(digest, letters, path)]."""
        found = collections.defaultdict(list)
        for sub in ("new", "cur"):
            directory = os.path.join(self.root, folder, sub)
            for name in sorted(os.listdir(directory)):
                path = os.path.join(directory, name)
                with open(path, "rb") as file:
                    content = file.read()
                found[word_of(content)].append(
                    (hashlib.sha256(content).hexdigest(), letters_of(name), path))
        return found

    def everything(self, folder_of):
        return {name: {word: [(digest, letters) for digest, letters, _ in files]
                       for word, files in self.messages(folder_of(name)).items()}
                for name in MAILBOXES}

    def folders(self):
        return sorted(os.path.relpath(top, self.root)
                      for top, directories, _ in os.walk(self.root) if "cur" in directories)

    # ---- the way over

    def import_from(self, tool, file=None, account="acc"):
        """Prints, loads and takes the configuration; gives what was said beside it."""
        run = self.w.sterna.run("import", tool, *([file] if file else []))
        self.assertNotIn("comment", run.stderr)          # this version takes every line of it
        self.w.sterna.accounts = {account: {}}
        self.w.sterna.write_raw_config(f'state_dir = "{self.w.sterna.state}"\n{run.stdout}')
        return run

    def settle(self):
        self.w.mail.root = self.root
        self.w.mail.settle()
        self.w.imap.leave()

    def sync(self, expect=0):
        self.settle()
        return self.w.sterna.sync(expect=expect)

    def verify(self):
        self.settle()
        self.w.sterna.run("verify", "--deep")

    def come_over(self, folder_of, tool, file=None):
        """From the first import to a second sync, with changes on both sides between."""
        before, folders = self.everything(folder_of), self.folders()
        on_server = {name: sorted((m.uid, tuple(sorted(m.flags)))
                                  for m in self.w.imap.fetch_all(name)) for name in MAILBOXES}
        said = self.import_from(tool, file)
        report = self.sync()
        self.assertEqual({key: report[key] for key in NOTHING}, dict.fromkeys(NOTHING, 0), said)
        self.assertEqual(self.everything(folder_of), before)
        self.assertEqual(self.folders(), folders)
        self.assertEqual(sorted(self.w.imap.mailboxes()), sorted(MAILBOXES))
        for name, messages in on_server.items():
            self.assertEqual(sorted((m.uid, tuple(sorted(m.flags)))
                                    for m in self.w.imap.fetch_all(name)), messages)
        self.verify()
        self.change_both(folder_of)

    def change_both(self, folder_of):
        drafts, imap = "Entwürfe", self.w.imap
        mine = self.messages(folder_of(drafts))
        words = sorted(mine, key=int)
        (_, _, flagged), (_, _, deleted) = mine[words[0]][0], mine[words[1]][0]
        os.rename(flagged, flagged.replace("/new/", "/cur/").partition(":2,")[0] + ":2,FS")
        os.unlink(deleted)
        self.deliver(folder_of("Lists/dev"), "ours")
        (theirs,) = [m for m in imap.fetch_all(drafts) if word_of(m.body) == words[2]]
        imap.store(drafts, theirs.uid, "+", ["\\Answered"])
        imap.append("日本語", message("theirs"), [], NOON)
        imap.expunge("Archive/2025", imap.uids("Archive/2025")[0])
        report = self.sync()
        counted = ("downloaded", "uploaded", "deleted_in", "deleted_out", "bodies_fetched")
        # What went to the Trash there is fetched into ours.
        self.assertEqual([report[key] for key in counted], [2, 1, 1, 1, 2])
        self.assertIn("theirs", self.messages(folder_of("日本語")))
        self.assertIn("R", self.messages(folder_of(drafts))[words[2]][0][1])
        self.assertEqual(len(self.messages(folder_of("Archive/2025"))), 59)
        self.assertEqual(self.w.words_on_server("Lists/dev").count("ours"), 1)
        self.assertEqual(self.w.words_on_server("Trash").count(words[1]), 1)
        flags = {word_of(m.body): m.flags for m in imap.fetch_all(drafts)}
        self.assertLessEqual({"\\Flagged", "\\Seen"}, set(flags[words[0]]))
        self.verify()
        self.assertEqual(sorted(imap.mailboxes()), sorted(MAILBOXES))

    def deliver(self, folder, word):
        with open(os.path.join(self.root, folder, "cur", f"17.{word}.host:2,S"), "wb") as out:
            out.write(local(message(word)))


class MbsyncTest(ImportCase):
    def setUp(self):
        self.need("mbsync")
        super().setUp()

    def configure(self, store, channel="", name=".mbsyncrc"):
        return self.write(name, f"""# as people write it
IMAPAccount acc
Host 127.0.0.1
Port {self.w.server.port}
User {self.w.user}
PassCmd "echo {PASSWORD}"
SSLType None
AuthMechs LOGIN

IMAPStore acc-remote
Account acc

MaildirStore acc-local
{store}
Channel acc
Far :acc-remote:
Near :acc-local:
Patterns *
Create Both
Expunge Both
SyncState *
{channel}
""")

    def run_mbsync(self):
        os.makedirs(self.root, exist_ok=True)
        self.tool("mbsync", "-c", f"{self.w.dir}/home/.mbsyncrc", "-a")

    def test_verbatim(self):
        self.configure("Path ~/Mail/\nInbox ~/Mail/INBOX\nSubFolders Verbatim\n")
        self.run_mbsync()
        self.come_over(nested, "mbsync")

    def test_maildirpp(self):
        self.configure("Inbox ~/Mail\nSubFolders Maildir++\n")
        self.run_mbsync()
        self.come_over(lambda name: "" if name == "INBOX" else joined(".", ".")(name), "mbsync")

    def test_flattened(self):
        self.configure("Path ~/Mail/\nInbox ~/Mail/Inbox\nFlatten .\n", "CopyArrivalDate yes")
        self.run_mbsync()
        self.come_over(lambda name: "Inbox" if name == "INBOX" else joined(".")(name), "mbsync")


if __name__ == "__main__":
    import unittest
    unittest.main()
