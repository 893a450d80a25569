# SPDX-License-Identifier: Apache-2.0
"""Who comes from another synchronizer: its configuration is imported, the Maildir that it filled is
adopted, and no message is fetched that is there. The real programs fill it from a real Dovecot.
"""
import collections
import hashlib
import json
import os
import pathlib
import pty
import shutil
import subprocess

from tests.support.case import IntegrationCase
from tests.support.dovecot import PASSWORD
from tests.support.imap_client import encode_name
from tests.support.messages import NOON, local, message, word_of
from tests.support.sterna import BAD_CONFIG, DONE, FAILED, HELD, binary

FLAGS = ([], ["\\Seen"], ["\\Seen", "\\Answered"], ["\\Flagged"], ["\\Seen", "\\Draft"],
         ["\\Seen", "\\Flagged", "$Label1"])
MAILBOXES = {"INBOX": 120, "Archive/2025": 60, "Archive/2025/Q1": 20, "Entwürfe": 15,
             "Entwürfe/Größe & Maß": 10, "Lists/dev": 40, "日本語": 5, "Trash": 3}
NOTHING = ("downloaded", "uploaded", "flags_out", "moved_in", "moved_out", "deleted_in",
           "deleted_out", "bodies_fetched", "held", "quarantined")
RC = ("IMAPStore far\nHost h\nUser u\nPass s3cret\nSSLType IMAPS\n\n"
      "MaildirStore near\nInbox ~/Mail\n\nChannel c\nFar :far:\nNear :near:\n")


def nested(name):
    """A mailbox's folder where names stand as they are on the wire."""
    return "/".join(encode_name(part) for part in name.split("/"))


def joined(separator, before=""):
    return lambda name: before + separator.join(encode_name(part) for part in name.split("/"))


def letters_of(name):
    return "".join(sorted(c for c in name.partition(":2,")[2] if c.isupper()))


class ImportCase(IntegrationCase):
    storage = "mdbox"

    def setUp(self):
        self.w = self.world(transport="direct", trash=False, storage=self.storage)
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
        # This version takes every line of it.
        self.assertNotIn("stands as a comment", " ".join(run.stderr.split()))
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


class MbsyncCase(ImportCase):
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


class MbsyncTest(MbsyncCase):
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

    def test_an_inbox_outside_is_linked(self):
        self.configure("Path ~/Mail/\nInbox ~/Inbox\nSubFolders Verbatim\n")
        self.run_mbsync()
        command = self.import_from("mbsync").stdout.split("first sync: ")[1].splitlines()[0]
        self.tool("sh", "-c", command)
        self.come_over(nested, "mbsync")

    def test_legacy_folders_are_renamed(self):
        self.configure("Path ~/Mail/\nInbox ~/Mail/INBOX\nSubFolders Legacy\n")
        self.run_mbsync()
        printed = self.import_from("mbsync").stdout.splitlines()
        moves = [line.removeprefix("#") for line in printed if line.startswith("#   mv ")]
        self.assertEqual(len(moves), 4)
        self.tool("sh", "-c", f"cd {self.root}\n" + "\n".join(moves))
        self.come_over(nested, "mbsync")

    def test_channels_of_single_mailboxes(self):
        """And of one direction, one by one."""
        path = self.configure("Path ~/Mail/\nInbox ~/Mail/inbox\nSubFolders Verbatim\n")
        with open(path, encoding="utf-8") as file:
            text = file.read().replace("Patterns *", "Patterns * !Lists/dev !Trash")
        for number, (there, here) in enumerate((("Lists/dev", "lists"), ("Trash", "waste"))):
            text += (f"\nChannel c{number}\nFar :acc-remote:{there}\nNear :acc-local:{here}\n"
                     "Create Both\nExpunge Both\nSyncState *\n")
        self.write(".mbsyncrc", text)
        self.run_mbsync()
        own = {"INBOX": "inbox", "Lists/dev": "lists", "Trash": "waste"}
        self.come_over(lambda name: own.get(name, nested(name)), "mbsync")

    def test_what_a_limit_left_out_is_fetched_and_placeholders_are_held(self):
        self.configure("Path ~/Mail/\nInbox ~/Mail/INBOX\nSubFolders Verbatim\n",
                       "MaxSize 100k\nMaxMessages 100")
        self.run_mbsync()
        here = sum(len(files) for name in MAILBOXES
                   for files in self.messages(nested(name)).values())
        run = self.w.sterna.run("import", "mbsync")
        self.assertIn('\n# max_size = "100K"', run.stdout)
        self.assertIn("[placeholder]", run.stderr)
        self.w.sterna.accounts = {"acc": {}}
        self.w.sterna.write_raw_config(f'state_dir = "{self.w.sterna.state}"\n{run.stdout}')
        report = self.sync(expect=HELD)
        missing = sum(MAILBOXES.values()) + 1 - here
        self.assertEqual((report["uploaded"], report["held"]), (0, 1))
        self.assertEqual(report["bodies_fetched"], missing + 1)
        self.w.sterna.run("held", "apply", "acc")
        self.verify()
        self.assertEqual(self.w.words_on_server("INBOX").count("big"), 1)


class CommandTest(ImportCase):
    """What a user sees who has no configuration yet."""

    def test_a_file_that_gets_a_password_is_closed_to_others(self):
        self.write(".mbsyncrc", RC)
        path = f"{self.w.dir}/printed.toml"
        with open(path, "w", encoding="utf-8") as out:
            os.chmod(path, 0o644)
            done = subprocess.run([binary(), "import", "mbsync"], stdout=out, timeout=60,
                                  stderr=subprocess.PIPE, env=self.w.sterna.environment())
        self.assertEqual(done.returncode, 0)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        with open(path, encoding="utf-8") as file:
            self.assertIn('\npassword = "s3cret"\n', file.read())
        self.assertNotIn(b"s3cret", done.stderr)
        self.assertIn(b"0600", done.stderr)

    def test_a_terminal_does_not_get_the_password(self):
        self.write(".mbsyncrc", RC)
        ours, theirs = pty.openpty()
        done = subprocess.run([binary(), "import", "mbsync"], stdout=theirs, stderr=theirs,
                              timeout=60, env=self.w.sterna.environment())
        os.close(theirs)
        with open(ours, "rb") as terminal:
            shown = terminal.read1()
        self.assertEqual(done.returncode, 0)
        self.assertNotIn(b"s3cret", shown)
        self.assertIn(b"# password", shown)
        self.assertIn(b"sterna import mbsync --write", shown)

    def sterna(self, *arguments, expect=DONE):
        """Without a configuration of the test."""
        done = subprocess.run([binary(), *arguments], capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, env=self.w.sterna.environment())
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done

    def config(self, name):
        return pathlib.Path(self.w.dir, "home/.config/sterna", name)

    def test_it_writes_a_file_that_nobody_else_can_read(self):
        self.write(".mbsyncrc", RC)
        done = self.sterna("import", "mbsync", "--write")
        path = self.config("config.toml")
        self.assertEqual(done.stdout, "")
        self.assertIn(f"The configuration is in {path}\n", done.stderr)
        self.assertIn("mode 0600", " ".join(done.stderr.split()))
        self.assertNotIn("s3cret", done.stderr)
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(path.parent.stat().st_mode & 0o777, 0o700)
        self.assertIn('\npassword = "s3cret"\n', path.read_text())
        self.assertEqual(self.sterna("__accounts").stdout, "far\n")

    def test_it_writes_beside_a_configuration_and_never_over_one(self):
        self.write(".mbsyncrc", RC)
        first = '[account.own]\nuser = "u"\nhost = "h"\nmaildir = "~/Own"\n'
        self.config("").mkdir(parents=True)
        self.config("config.toml").write_text(first)
        done = self.sterna("import", "mbsync", "--write")
        path = self.config("config.d/mbsync.toml")
        self.assertIn(f"The configuration is in {path}\n", done.stderr)
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertCountEqual(self.sterna("__accounts").stdout.split(), ["own", "far"])
        written = path.read_text()
        again = self.sterna("import", "mbsync", "--write", expect=FAILED)
        self.assertIn(f"{path} is there already", again.stderr)
        self.assertEqual(path.read_text(), written)
        self.assertEqual(self.config("config.toml").read_text(), first)

    def test_it_writes_nothing_that_does_not_fit_to_what_is_there(self):
        self.write(".mbsyncrc", RC)
        self.config("").mkdir(parents=True)
        self.config("config.toml").write_text(
            '[account.far]\nuser = "u"\nhost = "h"\nmaildir = "~/Own"\n')
        done = self.sterna("import", "mbsync", "--write", expect=BAD_CONFIG)
        self.assertIn(f"{self.config('config.d/mbsync.toml')}:", done.stderr)
        self.assertIn(f"`far` is already set in {self.config('config.toml')}:1",
                      " ".join(done.stderr.split()))
        self.assertFalse(self.config("config.d").exists())

    def test_it_writes_the_file_that_is_named_and_no_password_elsewhere(self):
        self.write(".mbsyncrc", RC)
        path = f"{self.w.dir}/home/own.toml"
        done = self.sterna("-c", path, "--json", "import", "mbsync", "--write")
        self.assertIn(f"The configuration is in {path}\n", done.stderr)
        self.assertNotIn("s3cret", done.stdout + done.stderr)
        self.assertIn("[account.far]", json.loads(done.stdout)["configuration"])
        self.assertIn("s3cret", pathlib.Path(path).read_text())
        self.assertFalse(self.config("").exists())
        again = self.sterna("-c", path, "import", "mbsync", "--write", expect=FAILED)
        self.assertIn("is there already", again.stderr)

    def test_where_there_is_nothing_both_places_are_named(self):
        for tool, places in (("mbsync", (".config/isyncrc", ".mbsyncrc")),
                             ("offlineimap", (".config/offlineimap/config", ".offlineimaprc"))):
            run = self.w.sterna.run("import", tool, expect=1)
            for place in places:
                self.assertIn(f"{self.w.dir}/home/{place}", run.stderr)

    def test_what_is_no_configuration_is_named(self):
        path = self.write("rc", "hello\n")
        for tool in ("mbsync", "offlineimap"):
            self.assertIn(path, self.w.sterna.run("import", tool, path, expect=BAD_CONFIG).stderr)


class OfflineImapCase(ImportCase):
    def setUp(self):
        self.need("offlineimap")
        super().setUp()

    def configure(self, local="", remote=""):
        self.write(".offlineimap.py", f"import subprocess\n\n\ndef get_pass(account):\n"
                   f"    return subprocess.check_output(['echo', '{PASSWORD}']).strip()\n")
        self.write(".offlineimaprc", f"""# as people write it
[general]
accounts = acc
pythonfile = ~/.offlineimap.py
ui = basic

[Account acc]
localrepository = acc-local
remoterepository = acc-remote

[Repository acc-local]
type = Maildir
localfolders = ~/Mail
{local}

[Repository acc-remote]
type = IMAP
remotehost = 127.0.0.1
remoteport = {self.w.server.port}
remoteuser = {self.w.user}
remotepasseval = get_pass("acc")
ssl = no
starttls = no
auth_mechanisms = LOGIN
maxconnections = 2
{remote}
""")

    def run_offlineimap(self):
        self.tool("offlineimap", "-o", "-c", f"{self.w.dir}/home/.offlineimaprc")


class OfflineImapTest(OfflineImapCase):
    def test_folders_joined_by_dots(self):
        self.configure()
        self.run_offlineimap()
        self.come_over(joined("."), "offlineimap")

    def test_folders_in_folders(self):
        self.configure("sep = /")
        self.run_offlineimap()
        self.come_over(nested, "offlineimap")

    def test_names_that_were_translated(self):
        self.configure("nametrans = lambda f: {'sent': 'Lists/dev'}.get(f, f)",
                       "nametrans = lambda f: {'Lists/dev': 'sent'}.get(f, f)")
        self.run_offlineimap()
        self.come_over(lambda name: "sent" if name == "Lists/dev" else joined(".")(name),
                       "offlineimap")


class CourierTest(OfflineImapTest):
    """All mailboxes of the server are below INBOX, and separated by dots."""
    storage = "courier"

    def test_folders_in_folders(self):
        self.configure("sep = /", r"nametrans = lambda f: re.sub(r'^INBOX\.', '', f)" "\n")
        self.run_offlineimap()
        self.come_over(nested, "offlineimap")

    def test_folders_joined_by_dots(self):
        self.configure()
        self.run_offlineimap()
        self.come_over(lambda name: "INBOX" if name == "INBOX" else joined(".", "INBOX.")(name),
                       "offlineimap")

    def test_names_that_were_translated(self):
        """To those of Maildir++."""
        self.configure("", r"nametrans = lambda foldername: re.sub(r'^INBOX\.*', '.', foldername)")
        self.run_offlineimap()
        self.come_over(lambda name: "" if name == "INBOX" else joined(".", ".")(name),
                       "offlineimap")

if __name__ == "__main__":
    import unittest
    unittest.main()
