# SPDX-License-Identifier: Apache-2.0
"""Mail programs of other people, scripted, on the Maildir that Sterna syncs: neomutt, notmuch, mu
and Dovecot; and what must be true of all of them once they rest.

All of them run as one ordinary user, Sterna included: Dovecot serves nobody's mail as root.
"""
import collections
import contextlib
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from tests.support import sterna
from tests.support.case import World, word_of
from tests.support.dovecot import NOBODY, Dovecot
from tests.support.maildir import Maildir
from tests.support.messages import message_id
from tests.support.oracle import differences, server_state

DROP = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
SYNCS_MAX = 8
_program = None


def as_user(*command):
    """The command as the ordinary user whose mail it is."""
    return [*(DROP if os.geteuid() == 0 else ()), *command]


def give(path):
    """To that user, with all that is below."""
    if os.geteuid() != 0:
        return
    for top, directories, files in os.walk(path):
        for name in [".", *directories, *files]:
            os.chown(os.path.join(top, name), NOBODY, NOBODY)


def program():
    """Sterna where that user can reach it."""
    global _program
    if not _program:
        _program = tempfile.mkdtemp(prefix="sterna-test-")
        os.chmod(_program, 0o755)
        shutil.copy(sterna.binary(), f"{_program}/sterna")
    return f"{_program}/sterna"


def forget_program():
    """At the end of a module: the copy is large."""
    global _program
    if _program:
        shutil.rmtree(_program, ignore_errors=True)
    _program = None


class ReadersWorld(World):
    """A World whose Maildir belongs to the ordinary user, at `root` if that is given. `ledger` has
    what must be where in the end: mailbox -> word -> flags."""

    def __init__(self, test, root=None, **keys):
        super().__init__(test, transport="direct", **keys)
        self.ledger = collections.defaultdict(dict)
        # Copied first and deleted later: two deeds, where a sync comes between.
        self.may_be_in_trash = set()
        if root:
            self.mail = Maildir(root, keys.get("layout", "fs"), keys.get("inbox"))
            self.sterna.set(self.name, maildir=root)
        self.home = f"{self.dir}/home"
        os.makedirs(self.home)
        os.makedirs(self.mail.root, exist_ok=True)
        os.chmod(self.dir, 0o755)
        self.sterna.program = program()
        self.sterna.before = as_user()
        give(self.dir)
        give(self.mail.root)

    def run(self, *command, may_end=(0,), **environment):
        """A program of the user. What it says, or a failure."""
        done = subprocess.run(
            as_user(*command), capture_output=True, text=True, errors="replace", timeout=60,
            cwd=self.home,
            env={**os.environ, "HOME": self.home, "LC_ALL": "C.UTF-8", **environment})
        if done.returncode not in may_end:
            raise AssertionError(f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def put(self, mailbox, word, flags=()):
        """On the server, and in the ledger."""
        self.fill(mailbox, 1, word, flags)
        self.ledger[mailbox][word + "0"] = set(flags)

    def moved(self, word, source, target, **change):
        self.ledger[target][word] = self.ledger[source].pop(word)
        self.flagged(target, word, **change)

    def flagged(self, mailbox, word, add=(), remove=()):
        flags = self.ledger[mailbox][word]
        flags.update(add)
        flags.difference_update(remove)

    @contextlib.contextmanager
    def syncing(self):
        """Sterna, over and over, while others work. It fails at nothing."""
        stop = threading.Event()
        problems = []

        def loop():
            while not stop.is_set():
                try:
                    self.sterna.run("sync")
                except AssertionError as problem:
                    problems.append(problem)
                    return
                stop.wait(0.05)

        thread = threading.Thread(target=loop)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
        if problems:
            raise problems[0]

    # ---- the end

    def come_to_rest(self):
        """Syncs until both sides are in step, and the ledger holds for both."""
        for _ in range(SYNCS_MAX):
            self.sync()
            if not differences(self.imap, self.mail, ("saved",)):
                break
        self.assert_settled(ignore=("saved",))
        wrong = list(self.against_ledger())
        if wrong:
            self.test.fail("\n".join([*wrong, "", self.sterna.run("history").stdout]))

    def against_ledger(self):
        """What the server has, and should not, or has not."""
        for mailbox in sorted({*self.imap.mailboxes(), *self.ledger}):
            expected = dict(self.ledger[mailbox])
            for one in self.imap.fetch_all(mailbox):
                word = word_of(one.body)
                if word in expected:
                    if expected[word] != set(one.flags):
                        yield f"{mailbox}: {word} has {set(one.flags)}, not {expected[word]}"
                    del expected[word]
                elif not (mailbox == "Trash" and word in self.may_be_in_trash):
                    yield f"{mailbox}: {word} is there, and should not, or twice"
            yield from (f"{mailbox}: {word} is not there" for word in expected)

    def files(self):
        """path -> (word, letters) of all that is in the Maildir."""
        return {one.path: (word_of(one.read()), one.letters)
                for mailbox in self.mail.mailboxes() for one in self.mail.messages(mailbox)}


class Neomutt:
    """Started anew for every few keys, as it were by somebody in a hurry."""

    _SETTINGS = """\
set folder = "{root}"
set spoolfile = "{inbox}"
set mbox_type = Maildir
set record = ""
set postponed = ""
set delete = yes
set quit = yes
set confirmappend = no
set confirmcreate = no
set move = no
set wait_key = no
set beep = no
set sleep_time = 0
set mark_old = no
set resolve = no
set header_cache = "{home}/neomutt-cache"
set status_format = "it-has-%m-messages"
"""

    def __init__(self, world):
        self.world = world
        self.settings = f"{world.home}/neomuttrc"
        with open(self.settings, "w", encoding="utf-8") as out:
            out.write(self._SETTINGS.format(root=world.mail.root, home=world.home,
                                            inbox=world.mail.folder("INBOX")))
        give(world.home)

    def folder(self, mailbox):
        return self.world.mail.folder(mailbox)

    def act(self, mailbox, word, keys):
        self.press(mailbox, f"<limit>~i {word}@<enter>{keys}<limit>~A<enter><sync-mailbox><quit>")

    def press(self, mailbox, keys, *options):
        """What was on the screen."""
        command = as_user("neomutt", "-n", "-F", self.settings, "-f", self.folder(mailbox),
                          *options, "-e", f'push "{keys}"')
        child, terminal = pty.fork()
        if child == 0:
            environment = {**os.environ, "TERM": "xterm", "HOME": self.world.home,
                           "LC_ALL": "C.UTF-8", "LINES": "40", "COLUMNS": "120"}
            os.execvpe(command[0], command, environment)
        said, deadline = b"", time.monotonic() + 60
        while time.monotonic() < deadline:
            if not select.select([terminal], [], [], 0.2)[0]:
                continue
            try:
                piece = os.read(terminal, 1 << 16)
            except OSError:        # it is gone
                break
            if not piece:
                break
            said += piece
        else:
            os.kill(child, signal.SIGKILL)
        os.close(terminal)
        _, status = os.waitpid(child, 0)
        if status != 0:
            raise AssertionError(f"neomutt: {status}, at {keys}\n{said[-2000:]!r}")
        return said.decode("utf-8", "replace")

    def assert_agrees(self):
        """It keeps no state but a cache of headers: what it counts is what there is. It only reads,
        since it would purge what others marked as deleted."""
        for mailbox in self.world.mail.mailboxes():
            count = len(self.world.mail.messages(mailbox))
            self.world.test.assertIn(f"it-has-{count}-messages",
                                     self.press(mailbox, "<refresh><quit>", "-R"), mailbox)


class Notmuch:
    """With maildir.synchronize_flags: its tags become letters of files, and the other way round."""

    _CONFIG = """\
[database]
path={root}
[user]
name=Ann Example
primary_email=ann@example.org
[new]
tags=
ignore=dovecot-keywords;dovecot-uidlist;dovecot-uidvalidity;/dovecot.*/;subscriptions;maildirfolder
[maildir]
synchronize_flags=true
"""
    TAGS = {"flagged": "F", "replied": "R", "passed": "P", "draft": "D"}

    def __init__(self, world):
        self.world = world
        self.config = f"{world.home}/notmuch-config"
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(self._CONFIG.format(root=world.mail.root))
        give(world.home)
        self.new()

    def run(self, *arguments, **options):
        return self.world.run("notmuch", *arguments, NOTMUCH_CONFIG=self.config, **options)

    def new(self):
        """Where files are renamed while it looks, it asks to be run again (EX_TEMPFAIL): whoever
        does so soon enough."""
        self.run("new", "--quiet", may_end=(0, os.EX_TEMPFAIL))

    def tag(self, word, *changes):
        self.files(word)
        self.run("tag", *changes, "--", f"id:{message_id(word)[1:-1]}")

    def files(self, word):
        """Of the message, as they are called now: another reader may have renamed them."""
        for _ in range(10):
            found = self.run("search", "--output=files", f"id:{message_id(word)[1:-1]}")
            files = [path for path in found.splitlines() if os.path.exists(path)]
            if files:
                return files
            self.new()
        raise AssertionError(f"notmuch finds no file of {word}")

    def mv(self, word, mailbox):
        """As people write it: notmuch search --output=files ... | xargs -I{} mv {} TARGET/cur"""
        self.world.mail.create(mailbox)
        give(self.world.mail.folder(mailbox))
        for path in self.files(word):
            self.world.run("mv", path, f"{self.world.mail.folder(mailbox)}/cur/")
        self.new()

    def file_away(self, word, mailbox, pause=0.0):
        """As afew does: a copy under a name of its own, and the original goes once all are copied.
        """
        for path in self.files(word):
            letters = path.partition(":2,")[2]
            name = f"{int(time.time())}.A{os.getpid()}{word}.afew:2,{letters}"
            self.world.run("cp", "-p", path, f"{self.world.mail.folder(mailbox)}/cur/{name}")
            time.sleep(pause)
            self.world.run("rm", path)
        self.new()

    def rm(self, word):
        for path in self.files(word):
            self.world.run("rm", path)
        self.new()

    def assert_agrees(self):
        """After `notmuch new` it knows every file and no other, and each message by its letters."""
        self.run("new", "--quiet")
        known = set(self.run("search", "--output=files", "*").splitlines())
        files = self.world.files()
        self.world.test.assertEqual(known, set(files))
        letters = collections.defaultdict(set)
        for word, of_file in files.values():
            letters[word] |= set(of_file)
        for word, there in letters.items():
            told = self.run("search", "--output=tags", f"id:{message_id(word)[1:-1]}").split()
            expected = {tag for tag, letter in self.TAGS.items() if letter in there}
            if "S" not in there:
                expected.add("unread")
            shown = set(told) & {*self.TAGS, "unread"}
            # Of several files, it wants all to be read, and any to be flagged.
            if sum(w == word for w, _ in files.values()) > 1:
                expected.discard("unread")
                shown.discard("unread")
            self.world.test.assertEqual(shown, expected, word)


class Mu:
    """As mu4e uses it: one `mu server` that is spoken to."""

    def __init__(self, world):
        self.world = world
        self.place = f"{world.home}/mu"
        self.run("init", f"--maildir={world.mail.root}")
        self.index()

    def run(self, command, *arguments):
        return self.world.run("mu", command, f"--muhome={self.place}", "--quiet", *arguments)

    def index(self):
        self.run("index")

    def maildir(self, mailbox):
        below = os.path.relpath(self.world.mail.folder(mailbox), self.world.mail.root)
        return "/" if below == "." else f"/{below}"

    def ask(self, expression, tries=5):
        """An expression of Lisp. What it knows of a file that was renamed meanwhile is old, and is
        read anew."""
        self.index()
        done = subprocess.run(
            as_user("mu", "server", f"--muhome={self.place}"), input=expression + "\n",
            capture_output=True, text=True, errors="replace", timeout=60,
            env={**os.environ, "HOME": self.world.home, "LC_ALL": "C.UTF-8"})
        if ":error" not in done.stdout and done.returncode == 0:
            return done.stdout
        if tries > 1:
            return self.ask(expression, tries - 1)
        raise AssertionError(f"mu server: {expression}\n{done.stdout}\n{done.stderr}")

    def move(self, word, flags=None, mailbox=None):
        """Flags as mu4e writes them: "+F-N+S". In another mailbox the file gets another name."""
        target = f' :maildir "{self.maildir(mailbox)}" :rename t' if mailbox else ""
        change = f' :flags "{flags}"' if flags else ""
        self.ask(f'(move :msgid "{message_id(word)[1:-1]}"{target}{change})')

    def remove(self, word):
        found = self.ask(f'(find :query "msgid:{message_id(word)[1:-1]}" :threads nil '
                         ':sortfield :date :descending t :maxnum 1 :skip-dups nil '
                         ':include-related nil)')
        docid = re.search(r":docid (\d+)", found)[1]
        self.ask(f"(remove :docid {docid})")

    def assert_agrees(self):
        self.index()
        found = {os.path.normpath(path) for path in self.run("find", "", "--fields=l").splitlines()}
        self.world.test.assertEqual(found, set(self.world.files()))


class DovecotReader:
    """A Dovecot whose mail is the Maildir: `imap` is a client of it. Made before the world, since
    it says where the Maildir is."""

    def __init__(self, test, layout):
        self.dovecot = Dovecot(storage="maildir" if layout == "fs" else "maildir++").start()
        test.addCleanup(self.dovecot.stop)
        self.test = test
        self.user = "reader"
        self.root = f"{self.dovecot.home(self.user)}/Maildir"
        os.makedirs(self.root)
        self.dovecot.give(self.dovecot.home(self.user))
        self._client = None

    @property
    def imap(self):
        if not self._client:
            self._client = self.dovecot.client(self.user)
            self.test.addCleanup(self._client.close)
        return self._client

    def uid(self, mailbox, word):
        return self.imap.uid_of(mailbox, message_id(word))

    def assert_agrees(self, world):
        """Two servers with one Maildir between them show the same, whoever asks. The letter P means
        nothing to Dovecot, and stays."""
        self.imap.leave()
        here, there = (
            {name: collections.Counter((digest, tuple(w for w in words if w != "$forwarded"), date)
                                       for digest, words, date in found.elements())
             for name, found in server_state(imap, ("saved",)).items()}
            for imap in (self.imap, world.imap))
        self.test.assertEqual(sorted(here), sorted(there))
        for name, found in here.items():
            self.test.assertEqual((found - there[name], there[name] - found),
                                  (collections.Counter(), collections.Counter()), name)
