# SPDX-License-Identifier: Apache-2.0
"""Hooks of a daemon that runs: what they are told, that no hook's tool makes a loop, with notmuch
and mu as people use them; and the file of figures."""
import json
import os
import re
import shutil
import stat
import threading

from tests.support.case import IntegrationCase
from tests.support.daemon import Daemon
from tests.support.readers import Mu, Notmuch, ReadersWorld, forget_program

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

    def wait_for(self, daemon, count):
        daemon.wait(lambda: self.count() >= count, f"run number {count}")

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
        world.sterna.extra_environment = {"WATCHDOG_USEC": "60000000"}
        with Daemon(world.sterna) as daemon:
            daemon.wait_at_rest("acc")
            runs.wait_for(daemon, 1)
            self.assertEqual(runs.counts(0), (1, 0, 0))
            self.assertEqual(runs.variable(0, "STERNA_EVENT"), "after_change")
            self.assertEqual(runs.variable(0, "STERNA_ACCOUNT"), "acc")
            self.assertEqual(runs.variable(0, "STERNA_MAILBOXES"), "INBOX")
            for secret in ("WATCHDOG_USEC",
                           world.sterna.accounts["acc"]["password"]):
                self.assertNotIn(secret, runs.text(0))
            [added] = runs.changes(0)
            self.assertEqual(added["event"], "added")
            self.assertEqual(added["mailbox"], "INBOX")
            self.assertEqual(added["path"], world.mail.messages("INBOX")[0].path)

            uid = world.imap.uid_of("INBOX", "<first0@test.example>")
            world.imap.store("INBOX", uid, "+", [SEEN])
            runs.wait_for(daemon, 2)
            self.assertEqual(runs.counts(1), (0, 0, 1))
            [flags] = runs.changes(1)
            self.assertEqual((flags["event"], flags["old_path"]), ("flags", added["path"]))
            self.assertEqual(flags["path"], world.mail.messages("INBOX")[0].path)

            world.imap.expunge("INBOX", uid)
            runs.wait_for(daemon, 3)
            self.assertEqual(runs.counts(2), (0, 1, 0))
            [removed] = runs.changes(2)
            self.assertEqual((removed["event"], removed["path"]), ("removed", flags["path"]))

    def test_what_a_sync_did_that_a_pause_cut_short(self):
        world = self.world()
        runs = Runs(world)
        world.fill("INBOX", 3, "first")
        world.fill("Work", 1, "second")
        self.hooked(world, after_change=runs.note())
        over = threading.Event()
        self.addCleanup(over.set)

        def wait_for_the_pause(command):
            if re.search(rb"^(SELECT|EXAMINE) .*Work", command):
                over.wait(20)

        world.wire.on_command = wait_for_the_pause
        with Daemon(world.sterna) as daemon:
            daemon.wait(lambda: len(world.mail.messages("INBOX")) == 3, "the first mailbox")
            world.sterna.run("pause")
            daemon.wait_for_state("acc", "paused")
            over.set()
            runs.wait_for(daemon, 1)
            self.assertEqual(runs.counts(0), (3, 0, 0))
            self.assertEqual({one["path"] for one in runs.changes(0)},
                             {message.path for message in world.mail.messages("INBOX")})
            world.sterna.run("resume")
            runs.wait_for(daemon, 2)
            self.assertEqual(runs.counts(1), (1, 0, 0))

    def test_nothing_of_what_was_changed_here_by_others(self):
        world = self.world(transport="direct")
        runs = Runs(world)
        self.hooked(world, after_change=runs.note())
        with Daemon(world.sterna) as daemon:
            daemon.wait_at_rest("acc")
            world.mail.deliver("INBOX", b"Message-ID: <mine@test.example>\n\nmine\n", "")
            daemon.wait(lambda: world.imap.uids("INBOX") or world.imap.leave(),
                        "the message on the server")
            daemon.wait_at_rest("acc")
            world.fill("INBOX", 1, "theirs")
            runs.wait_for(daemon, 1)
            self.assertEqual([one["path"] for one in runs.changes(0)],
                             [world.mail.find("INBOX", "theirs0").path])

    def test_new_mail_but_not_in_the_trash(self):
        world = self.world(transport="direct")
        runs = Runs(world)
        self.hooked(world, new_mail=runs.note())
        with Daemon(world.sterna) as daemon:
            daemon.wait_at_rest("acc")
            world.fill("Trash", 1, "rubbish")
            daemon.wait(lambda: world.mail.messages("Trash"), "it is here")
            daemon.wait_at_rest("acc")
            world.fill("INBOX", 1, "mail")
            runs.wait_for(daemon, 1)
            daemon.wait_at_rest("acc")
        self.assertEqual([runs.variable(n, "STERNA_MAILBOXES") for n in range(runs.count())],
                         ["INBOX"])

    def test_before_a_sync_is_waited_for(self):
        world = self.world(transport="direct")
        world.fill("INBOX", 1, "m")
        runs = Runs(world)
        self.hooked(world, before_sync=runs.note(
            f"find {world.mail.root} -path '*/INBOX/*' -type f | wc -l >> {world.dir}/seen"))
        with Daemon(world.sterna) as daemon:
            runs.wait_for(daemon, 1)
            daemon.wait_at_rest("acc")
        with open(f"{world.dir}/seen", encoding="utf-8") as seen:
            self.assertEqual(seen.readline().strip(), "0")
        self.assertEqual(world.words_local("INBOX"), ["m0"])

    def test_a_login_that_is_refused_once(self):
        world = self.world(transport="direct", password="wrong")
        runs = Runs(world)
        self.hooked(world, needs_auth=runs.note())
        with Daemon(world.sterna) as daemon:
            daemon.wait_for_state("acc", "needs-auth")
            runs.wait_for(daemon, 1)
            self.assertEqual(runs.variable(0, "STERNA_EVENT"), "needs_auth")
            self.assertIn("refused the login", runs.variable(0, "STERNA_MESSAGE"))
            self.assertEqual(runs.changes(0), [])
        self.assertEqual(runs.count(), 1)

    def test_what_only_a_person_can_mend_once(self):
        world = self.world(transport="tls", tls={"mode": "implicit"})   # with no ca_file
        world.fill("INBOX", 1)
        world.sterna.add_account("away", user="x", password="x", maildir=f"{world.dir}/away",
                                 host="127.0.0.1", port=1, tls={"mode": "none"})
        runs = Runs(world)
        self.hooked(world, error=runs.note())
        with Daemon(world.sterna) as daemon:
            daemon.wait_for_state("acc", "error")
            daemon.wait_for_state("away", "offline")
            runs.wait_for(daemon, 1)
            self.assertEqual(runs.variable(0, "STERNA_EVENT"), "error")
            self.assertEqual(runs.variable(0, "STERNA_ACCOUNT"), "acc")
            self.assertRegex(runs.variable(0, "STERNA_MESSAGE"),
                             "unknown issuer of the server's certificate.*tls.ca_file")
            self.assertEqual(runs.changes(0), [])
            world.sterna.run("sync", expect=None)   # it fails as before
            world.sterna.set("acc", tls={"ca_file": world.server.ca})
            daemon.reload()
            daemon.wait_in_step(world)
        self.assertEqual(runs.count(), 1)

    def test_what_is_held(self):
        world = self.world(transport="direct",
                           hold_deletions={"share": 0.3, "at_least": 3, "within": "1h"})
        world.fill("INBOX", 5)
        world.sync()
        runs = Runs(world)
        self.hooked(world, held=runs.note())
        with Daemon(world.sterna) as daemon:
            daemon.wait_at_rest("acc")
            world.imap.expunge("INBOX", world.imap.uids("INBOX"))
            runs.wait_for(daemon, 1)
            self.assertEqual(runs.variable(0, "STERNA_EVENT"), "held")
            self.assertIn("5 changes wait for a decision", runs.variable(0, "STERNA_MESSAGE"))
            daemon.wait_for_state("acc", "watching", "polling")
        self.assertEqual(len(world.mail.messages("INBOX")), 5)


class FailingTest(HooksCase):
    def test_a_hook_that_fails_stops_nothing_and_is_named(self):
        world = self.world(transport="direct")
        self.hooked(world, after_change="echo no such index; exit 4")
        with Daemon(world.sterna) as daemon:
            for number in range(2):
                world.fill("INBOX", 1, f"m{number}")
                daemon.wait(lambda n=number: len(world.mail.messages("INBOX")) > n, "the mail")
                daemon.wait(lambda n=number: daemon.said().count("status 4") > n, "the warning")
            self.assertIn("no such index", daemon.said())
            self.assertRegex(daemon.said(), "acc.*after_change")

    def test_a_hook_that_hangs_is_ended_with_what_it_started(self):
        world = self.world(transport="direct")
        self.hooked(world, timeout="1s",
                    after_change=f"sleep 1000 & echo $! > {world.dir}/pid; wait")
        with Daemon(world.sterna) as daemon:
            world.fill("INBOX", 1)
            daemon.wait(lambda: "did not end within" in daemon.said(), "the warning")
            with open(f"{world.dir}/pid", encoding="utf-8") as file:
                pid = int(file.read())
            daemon.wait(lambda: not self.runs(pid), "its end")
            world.fill("INBOX", 1, "later")
            daemon.wait(lambda: len(world.mail.messages("INBOX")) == 2, "the mail")

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
        with Daemon(world.sterna) as daemon:
            world.fill("INBOX", 1)
            daemon.wait(lambda: os.path.exists(f"{world.dir}/began"), "the hook")

    def test_check_says_where_nothing_would_run_them(self):
        world = self.world(transport="direct")
        idle = "hooks run only in a daemon (sterna run)"
        self.assertNotIn(idle, world.sterna.run("check", "--offline").stderr)
        self.hooked(world, error="true")
        for options in ((), ("--json",)):
            run = world.sterna.run(*options, "check", "--offline")
            self.assertEqual(run.stderr.count(idle), 1, run.stderr)
        self.assertNotIn(idle, world.sterna.run("-q", "check", "--offline").stderr)
        with Daemon(world.sterna):
            self.assertNotIn(idle, world.sterna.run("check", "--offline").stderr)

    def test_a_reload_takes_hooks_that_are_new(self):
        world = self.world(transport="direct")
        runs = Runs(world)
        with Daemon(world.sterna) as daemon:
            daemon.wait_at_rest("acc")
            self.hooked(world, after_change=runs.note())
            daemon.reload()
            daemon.wait(lambda: "reloaded" in daemon.said(), "the reload")
            daemon.wait_at_rest("acc")
            world.fill("INBOX", 1)
            runs.wait_for(daemon, 1)
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
        daemon.wait_at_rest("acc")
        world.put("INBOX", "after", [SEEN])
        world.runs.wait_for(daemon, number + 1)
        daemon.wait_at_rest("acc")
        self.assertEqual(world.runs.count(), number + 1)
        self.assertEqual(world.runs.counts(number), (1, 0, 0))

    def test_notmuch(self):
        world = self.indexed(
            "notmuch", lambda reader: f"export NOTMUCH_CONFIG={reader.config}\n"
            "notmuch new --quiet || notmuch new --quiet", Notmuch)
        with Daemon(world.sterna) as daemon:
            daemon.wait_at_rest("acc")
            world.put("INBOX", "fresh")
            world.runs.wait_for(daemon, 1)
            query = ("search", "--output=files", "id:fresh0@test.example")
            daemon.wait(lambda: world.reader.run(*query).strip(), "notmuch knows it")
            # It renames the file: that goes to the server, and comes not back.
            world.reader.run("tag", "-unread", "+flagged", "--", "id:fresh0@test.example")
            daemon.wait(lambda: {SEEN, FLAGGED} <= set(self.flags_on_server(world, "fresh0")),
                        "the flags on the server")
            world.flagged("INBOX", "fresh0", [SEEN, FLAGGED])
            self.assert_no_loop(world, daemon, 1)
            # And what the server says reaches its tags.
            uid = world.imap.uid_of("INBOX", "<fresh0@test.example>")
            world.imap.store("INBOX", uid, "-", [FLAGGED])
            world.flagged("INBOX", "fresh0", remove=[FLAGGED])
            daemon.wait(lambda: not world.reader.run("search", "tag:flagged").strip(),
                        "notmuch knows of the flag")
        world.come_to_rest()

    def test_mu(self):
        world = self.indexed(
            "mu", lambda reader: f"mu index --quiet --lazy-check --muhome={reader.place} || true",
            Mu)
        with Daemon(world.sterna) as daemon:
            daemon.wait_at_rest("acc")
            world.put("INBOX", "fresh")
            world.runs.wait_for(daemon, 1)
            daemon.wait(lambda: "fresh0" in self.found_by_mu(world), "mu knows it")
            world.reader.move("fresh0", "+F-N+S")
            daemon.wait(lambda: {SEEN, FLAGGED} <= set(self.flags_on_server(world, "fresh0")),
                        "the flags on the server")
            world.flagged("INBOX", "fresh0", [SEEN, FLAGGED])
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
        with Daemon(world.sterna) as daemon:
            daemon.wait_at_rest("acc")
            daemon.wait(lambda: 'sterna_account_up{account="acc"} 1' in self.figures(world),
                        "the account is up")
            daemon.wait(lambda: (
                'sterna_messages_total{account="acc",direction="in",operation="new"} 3'
                in self.figures(world)), "its mail is counted")
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
