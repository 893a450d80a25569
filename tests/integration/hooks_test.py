# SPDX-License-Identifier: Apache-2.0
"""Hooks of a daemon that runs: what they are told, that no hook's tool makes a loop, with notmuch
and mu as people use them; and the file of figures."""
import json
import os
import re
import shutil
import signal
import stat

from tests.support.case import IntegrationCase
from tests.support.readers import Mu, Notmuch, ReadersWorld, forget_program
from tests.support.running import Running, until

SEEN, FLAGGED = "\\Seen", "\\Flagged"


def tearDownModule():
    forget_program()


# Notes a run whole, in one file a run: what else is in the environment, and the input.
NOTE = """\
number=$(ls {runs} | grep -c '[.]json$')
env > {runs}/$number.env
cat > {runs}/$number.new && mv {runs}/$number.new {runs}/$number.json
"""


class Runs:
    """What the runs of a hook were told, in their order."""

    def __init__(self, world):
        self.directory = f"{world.dir}/runs"
        os.makedirs(self.directory)
        os.chmod(self.directory, 0o777)

    def note(self, then=""):
        """The text of a hook."""
        return NOTE.format(runs=self.directory) + then

    def count(self):
        return sum(name.endswith(".json") for name in os.listdir(self.directory))

    def wait_for(self, count):
        until(f"{count} runs", lambda: self.count() >= count)
        return self

    def changes(self, number):
        with open(f"{self.directory}/{number}.json", encoding="utf-8") as file:
            return json.loads(file.read())

    def text(self, number):
        with open(f"{self.directory}/{number}.env", encoding="utf-8") as file:
            return file.read()

    def variable(self, number, name):
        found = re.search(rf"^{name}=(.*)$", self.text(number), re.M)
        return found[1] if found else None

    def counts(self, number):
        return tuple(int(self.variable(number, name))
                     for name in ("STERNA_NEW", "STERNA_DELETED", "STERNA_CHANGED"))


class HooksCase(IntegrationCase):
    def hooked(self, world, **hooks):
        world.sterna.top["hooks"] = {"debounce": "0s", **hooks}
        world.sterna.write_config()


class ToldTest(HooksCase):
    def test_what_changed_here(self):
        world = self.world(transport="direct")
        runs = Runs(world)
        world.fill("INBOX", 1, "first")
        self.hooked(world, after_change=runs.note())
        with Running(world, NOTIFY_SOCKET="@sterna-test", WATCHDOG_USEC="60000000") as daemon:
            daemon.wait_for_rest()
            runs.wait_for(1)
            self.assertEqual(runs.counts(0), (1, 0, 0))
            self.assertEqual(runs.variable(0, "STERNA_EVENT"), "after_change")
            self.assertEqual(runs.variable(0, "STERNA_ACCOUNT"), "acc")
            self.assertEqual(runs.variable(0, "STERNA_MAILBOXES"), "INBOX")
            for secret in ("NOTIFY_SOCKET", "WATCHDOG_USEC",
                           world.sterna.accounts["acc"]["password"]):
                self.assertNotIn(secret, runs.text(0))
            [added] = runs.changes(0)
            self.assertEqual(added["event"], "added")
            self.assertEqual(added["mailbox"], "INBOX")
            self.assertEqual(added["path"], world.mail.messages("INBOX")[0].path)

            uid = world.imap.uid_of("INBOX", "<first0@test.example>")
            world.imap.store("INBOX", uid, "+", [SEEN])
            runs.wait_for(2)
            self.assertEqual(runs.counts(1), (0, 0, 1))
            [flags] = runs.changes(1)
            self.assertEqual((flags["event"], flags["old_path"]), ("flags", added["path"]))
            self.assertEqual(flags["path"], world.mail.messages("INBOX")[0].path)

            world.imap.expunge("INBOX", uid)
            runs.wait_for(3)
            self.assertEqual(runs.counts(2), (0, 1, 0))
            [removed] = runs.changes(2)
            self.assertEqual((removed["event"], removed["path"]), ("removed", flags["path"]))

    def test_nothing_of_what_was_changed_here_by_others(self):
        world = self.world(transport="direct")
        runs = Runs(world)
        self.hooked(world, after_change=runs.note())
        with Running(world) as daemon:
            daemon.wait_for_rest()
            world.mail.deliver("INBOX", b"Message-ID: <mine@test.example>\n\nmine\n", "")
            until("the message on the server",
                  lambda: world.imap.uids("INBOX") or world.imap.leave())
            daemon.wait_for_rest()
            world.fill("INBOX", 1, "theirs")
            runs.wait_for(1)
            self.assertEqual([one["path"] for one in runs.changes(0)],
                             [world.mail.find("INBOX", "theirs0").path])

    def test_new_mail_but_not_in_the_trash(self):
        world = self.world(transport="direct")
        runs = Runs(world)
        self.hooked(world, new_mail=runs.note())
        with Running(world) as daemon:
            daemon.wait_for_rest()
            world.fill("Trash", 1, "rubbish")
            until("it is here", lambda: world.mail.messages("Trash"))
            daemon.wait_for_rest()
            world.fill("INBOX", 1, "mail")
            runs.wait_for(1)
            daemon.wait_for_rest()
        self.assertEqual([runs.variable(n, "STERNA_MAILBOXES") for n in range(runs.count())],
                         ["INBOX"])

    def test_before_a_sync_is_waited_for(self):
        world = self.world(transport="direct")
        world.fill("INBOX", 1, "m")
        runs = Runs(world)
        self.hooked(world, before_sync=runs.note(
            f"ls {world.mail.root}/INBOX/new {world.mail.root}/INBOX/cur > {world.dir}/seen 2>&1"))
        with Running(world) as daemon:
            runs.wait_for(1)
            daemon.wait_for_rest()
        with open(f"{world.dir}/seen", encoding="utf-8") as seen:
            self.assertNotIn(".M", seen.read())
        self.assertEqual(world.words_local("INBOX"), ["m0"])

    def test_a_login_that_is_refused_once(self):
        world = self.world(transport="direct", password="wrong")
        runs = Runs(world)
        self.hooked(world, needs_auth=runs.note())
        with Running(world) as daemon:
            daemon.wait_for_state("needs-auth")
            runs.wait_for(1)
            self.assertEqual(runs.variable(0, "STERNA_EVENT"), "needs_auth")
            self.assertIn("acc", runs.variable(0, "STERNA_MESSAGE"))
            self.assertEqual(runs.changes(0), [])
        self.assertEqual(runs.count(), 1)

    def test_what_is_held(self):
        world = self.world(transport="direct",
                           hold_deletions={"share": 0.3, "at_least": 3, "within": "1h"})
        world.fill("INBOX", 5)
        world.sync()
        runs = Runs(world)
        self.hooked(world, held=runs.note())
        with Running(world) as daemon:
            daemon.wait_for_rest()
            world.imap.expunge("INBOX", world.imap.uids("INBOX"))
            runs.wait_for(1)
            self.assertEqual(runs.variable(0, "STERNA_EVENT"), "held")
            self.assertIn("5 messages wait for a decision", runs.variable(0, "STERNA_MESSAGE"))
            daemon.wait_for_state("watching", "polling")
        self.assertEqual(len(world.mail.messages("INBOX")), 5)


class FailingTest(HooksCase):
    def test_a_hook_that_fails_stops_nothing_and_is_named(self):
        world = self.world(transport="direct")
        self.hooked(world, after_change="echo no such index; exit 4")
        with Running(world) as daemon:
            for number in range(2):
                world.fill("INBOX", 1, f"m{number}")
                until("the mail", lambda n=number: len(world.mail.messages("INBOX")) > n)
                until("the warning", lambda n=number: daemon.log().count("status 4") > n)
            self.assertIn("no such index", daemon.log())
            self.assertRegex(daemon.log(), "acc.*after_change")

    def test_a_hook_that_hangs_is_ended_with_what_it_started(self):
        world = self.world(transport="direct")
        self.hooked(world, timeout="1s",
                    after_change=f"sleep 1000 & echo $! > {world.dir}/pid; wait")
        with Running(world) as daemon:
            world.fill("INBOX", 1)
            until("the warning", lambda: "did not end within" in daemon.log())
            with open(f"{world.dir}/pid", encoding="utf-8") as file:
                pid = int(file.read())
            until("its end", lambda: not self.runs(pid))
            world.fill("INBOX", 1, "later")
            until("the mail", lambda: len(world.mail.messages("INBOX")) == 2)

    @staticmethod
    def runs(pid):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                return file.read().rpartition(")")[2].split()[0] != "Z"
        except FileNotFoundError:
            return False

    def test_a_daemon_that_stops_waits_for_no_hook(self):
        world = self.world(transport="direct")
        self.hooked(world, after_change=f"touch {world.dir}/began; sleep 1000")
        with Running(world):
            world.fill("INBOX", 1)
            until("the hook", lambda: os.path.exists(f"{world.dir}/began"))

    def test_a_reload_takes_hooks_that_are_new(self):
        world = self.world(transport="direct")
        runs = Runs(world)
        with Running(world) as daemon:
            daemon.wait_for_rest()
            self.hooked(world, after_change=runs.note())
            daemon.signal(signal.SIGHUP)
            until("the reload", lambda: "reloaded" in daemon.log())
            daemon.wait_for_rest()
            world.fill("INBOX", 1)
            runs.wait_for(1)
            self.assertEqual(runs.counts(0), (1, 0, 0))


class IndexersTest(HooksCase):
    """The recipes of docs/daemon.md."""

    def indexed(self, needs, hook, reader):
        if not shutil.which(needs):
            self.skipTest(f"{needs} is not installed")
        world = ReadersWorld(self)
        world.put("INBOX", "old", [SEEN])
        world.sync()
        world.reader = reader(world)
        world.runs = Runs(world)
        self.hooked(world, after_change=world.runs.note(hook(world.reader)))
        return world

    def flags_on_server(self, world, word):
        uid = world.imap.uid_of("INBOX", f"<{word}@test.example>")
        return world.imap.flags("INBOX", uid)

    def assert_no_loop(self, world, daemon, number):
        """Nothing but what the server brings leads to a run: the next one is about that alone."""
        daemon.wait_for_rest()
        world.put("INBOX", "after", [SEEN])
        world.runs.wait_for(number + 1)
        daemon.wait_for_rest()
        self.assertEqual(world.runs.count(), number + 1)
        self.assertEqual(world.runs.counts(number), (1, 0, 0))

    def test_notmuch(self):
        world = self.indexed(
            "notmuch", lambda reader: f"export NOTMUCH_CONFIG={reader.config}\n"
            "notmuch new --quiet || notmuch new --quiet", Notmuch)
        with Running(world) as daemon:
            daemon.wait_for_rest()
            world.put("INBOX", "fresh")
            world.runs.wait_for(1)
            query = ("search", "--output=files", "id:fresh0@test.example")
            until("notmuch knows it", lambda: world.reader.run(*query).strip())
            # It renames the file: that goes to the server, and comes not back.
            world.reader.run("tag", "-unread", "+flagged", "--", "id:fresh0@test.example")
            until("the flags on the server",
                  lambda: {SEEN, FLAGGED} <= set(self.flags_on_server(world, "fresh0")))
            world.flagged("INBOX", "fresh0", [SEEN, FLAGGED])
            self.assert_no_loop(world, daemon, 1)
            # And what the server says reaches its tags.
            uid = world.imap.uid_of("INBOX", "<fresh0@test.example>")
            world.imap.store("INBOX", uid, "-", [FLAGGED])
            world.flagged("INBOX", "fresh0", remove=[FLAGGED])
            until("notmuch knows of the flag",
                  lambda: not world.reader.run("search", "tag:flagged").strip())
        world.come_to_rest()

    def test_mu(self):
        world = self.indexed(
            "mu", lambda reader: f"mu index --quiet --lazy-check --muhome={reader.place} || true",
            Mu)
        with Running(world) as daemon:
            daemon.wait_for_rest()
            world.put("INBOX", "fresh")
            world.runs.wait_for(1)
            until("mu knows it", lambda: "fresh0" in self.found_by_mu(world))
            world.reader.move("fresh0", "+S-u-N")
            until("the flag on the server",
                  lambda: SEEN in self.flags_on_server(world, "fresh0"))
            world.flagged("INBOX", "fresh0", [SEEN])
            self.assert_no_loop(world, daemon, 1)
        world.come_to_rest()

    @staticmethod
    def found_by_mu(world):
        # It answers with a status of its own where nothing is found, or while it is indexed.
        return world.run("mu", "find", f"--muhome={world.reader.place}", "--fields=i",
                         "msgid:fresh0@test.example", may_end=range(256))


class MetricsTest(HooksCase):
    def figures(self, world):
        try:
            with open(f"{world.dir}/sterna.prom", encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def test_the_file_follows_the_daemon(self):
        world = self.world(transport="direct")
        world.fill("INBOX", 3)
        world.sterna.top["metrics"] = {"textfile": f"{world.dir}/sterna.prom"}
        world.sterna.write_config()
        with Running(world) as daemon:
            daemon.wait_for_rest()
            until("the account is up",
                  lambda: 'sterna_account_up{account="acc"} 1' in self.figures(world))
            until("its mail is counted", lambda: (
                'sterna_messages_total{account="acc",direction="in",operation="new"} 3'
                in self.figures(world)))
            mode = os.stat(f"{world.dir}/sterna.prom").st_mode
            self.assertEqual(stat.S_IMODE(mode), 0o644)
            said = world.sterna.run("status", "--metrics").stdout
            self.assertIn('sterna_account_up{account="acc"} 1', said)
            self.assertEqual(self.families(said), self.families(self.figures(world)))
        self.assertIn('sterna_account_up{account="acc"} 0', self.figures(world))
        self.assertIn('{account="acc",state="stopped"} 1', self.figures(world))
        said = world.sterna.run("status", "--metrics").stdout
        self.assertIn('sterna_account_up{account="acc"} 0', said)
        self.assertRegex(said, r'sterna_database_bytes\{account="acc"\} [1-9]')
        self.assertEqual(self.families(said), self.families(self.figures(world)))

    @staticmethod
    def families(text):
        return re.findall(r"^# TYPE (\S+)", text, re.M)
