# SPDX-License-Identifier: Apache-2.0
"""A daemon: both sides in step as it happens, and the commands beside it."""
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import termios
import threading
import time
import unittest

from tests.support.case import IntegrationCase
from tests.support.daemon import Daemon
from tests.support.dovecot import Dovecot, PASSWORD
from tests.support.maildir import Maildir
from tests.support.messages import NOON, local, message
from tests.support.sterna import DONE, HELD, LOCKED, binary


class DaemonCase(IntegrationCase):
    def living(self, *options, **keys):
        """A world and a daemon in it that has brought it into step."""
        world = self.world(**keys)
        world.fill("INBOX", 3)
        daemon = Daemon(world.sterna, *options)
        daemon.start()
        self.addCleanup(self.end, daemon)
        daemon.wait_in_step(world)
        return world, daemon

    @staticmethod
    def syncs(daemon):
        with daemon.connect() as control:
            (account,) = control.ask("status")["accounts"]
        return account["life"]["counters"]["syncs"]

    def wait_for_watches(self, daemon, world):
        """The first sync is followed by a look at what was not watched before it."""
        daemon.wait(lambda: self.syncs(daemon) >= 2, "second sync")
        daemon.wait_in_step(world)

    @staticmethod
    def end(daemon):
        if daemon.process.poll() is None:
            daemon.process.kill()
            daemon.process.wait()
        daemon.log.close()


class LifeTest(DaemonCase):
    def test_what_changes_on_either_side_is_brought_over(self):
        world, daemon = self.living()
        world.imap.append("INBOX", message("theirs"), [], NOON)
        daemon.wait(lambda: "theirs" in world.words_local("INBOX"), "message from the server")
        world.mail.deliver("INBOX", local(message("ours")), "S", NOON)
        daemon.wait(lambda: "ours" in world.words_on_server("INBOX"), "message from here")
        world.mail.add_letters(world.mail.messages("INBOX")[0], "F")
        world.imap.create("New")
        daemon.wait_in_step(world)
        daemon.stop()

    def test_a_deletion_waits_for_its_quiet_time_and_is_carried_out(self):
        world, daemon = self.living()
        world.mail.delete(world.mail.messages("INBOX")[0])
        began = time.monotonic()
        daemon.wait(lambda: len(world.words_on_server("INBOX")) == 2, "deletion", 40)
        self.assertGreater(time.monotonic() - began, 9)
        daemon.wait_in_step(world)

    def test_what_moves_to_another_account_arrives_there_before_it_leaves(self):
        world = self.world()
        world.fill("INBOX", 2)
        other = self.world(sterna=world.sterna, name="other")
        with Daemon(world.sterna) as daemon:
            daemon.wait_in_step(world)
            daemon.wait_in_step(other)
            moved = world.mail.find("INBOX", "m0")
            os.rename(moved.path, f"{other.mail.root}/INBOX/cur/{os.path.basename(moved.path)}")
            daemon.wait(lambda: "m0" in other.words_on_server("INBOX"), "message there")
            self.assertIn("m0", world.words_on_server("INBOX"))
            daemon.wait(lambda: world.words_on_server("INBOX") == ["m1"], "removal here", 60)

    def test_an_edit_in_place_is_sent(self):
        world, daemon = self.living()
        edited = world.mail.find("INBOX", "m1")
        with open(edited.path, "ab") as file:
            file.write(b"one more line\n")
        daemon.wait(lambda: any(b"one more line" in m.body
                                for m in world.imap.fetch_all("INBOX")), "edit on the server")
        daemon.wait_in_step(world, 40)
        self.assertEqual(len(world.words_on_server("INBOX")), 3)

    def test_what_is_watched_is_pushed_with_and_without_notify(self):
        for profile, by in (("full", "NOTIFY"), ("no-notify", "IDLE")):
            with self.subTest(profile=profile):
                world = self.world(profile, watch=["INBOX", "Lists*"], poll_interval="1h")
                world.imap.create("Lists/dev")
                world.fill("Lists/dev", 1)
                with Daemon(world.sterna) as daemon:
                    daemon.wait_in_step(world)
                    daemon.wait(lambda: {m["name"] for m in daemon.accounts()[world.name][
                        "mailboxes"] if m["pushed"]} >= {"INBOX", "Lists/dev"}, "watches")
                    self.assertEqual(daemon.accounts()[world.name]["push_by"], by)
                    for mailbox in ("Lists/dev", "INBOX"):
                        world.imap.append(mailbox, message("pushed"), [], NOON)
                        daemon.wait(lambda m=mailbox: "pushed" in world.words_local(m),
                                    f"message in {mailbox}", 10)

    def test_what_fetches_a_new_message_does_not_wait_for_the_answer_to_done(self):
        world = self.world("no-notify", poll_interval="1h")
        world.fill("INBOX", 1)
        with Daemon(world.sterna) as daemon:
            self.wait_for_watches(daemon, world)
            daemon.wait(lambda: world.wire.commands[-1] == b"IDLE", "IDLE")
            world.wire.forget()
            # No answer comes before all three are there; DONE has no tag, and no more to it.
            world.wire.hold_until_together(rb"^($|SELECT |UID FETCH .*BODY\.PEEK\[\])", 3)
            world.imap.append("INBOX", message("news"), [], NOON)
            daemon.wait(lambda: "news" in world.words_local("INBOX"), "message")
            self.assertEqual([command.split(b" ")[0] for command in world.wire.commands[:3]],
                             [b"", b"SELECT", b"UID"])
            self.assertEqual(world.wire.take_back_unused(), [])

    def test_no_more_lines_are_held_than_the_server_bears(self):
        world = self.world("no-notify", watch=["INBOX", "Lists*"], poll_interval="1h",
                           connections=8, quirks={"connections_max": 3})
        for name in ("Lists/a", "Lists/b", "Lists/c"):
            world.imap.create(name)
        with Daemon(world.sterna) as daemon:
            daemon.wait_in_step(world)
            daemon.wait(lambda: daemon.accounts()[world.name]["connections"] == 2, "two lines")
            # Another sync, after which a third one would be there.
            world.imap.append("INBOX", message("pushed"), [], NOON)
            daemon.wait(lambda: "pushed" in world.words_local("INBOX"), "message in INBOX")
            daemon.wait_in_step(world)
            account = daemon.accounts()[world.name]
            self.assertEqual(account["connections"], 2)
            self.assertEqual(sum(m["pushed"] for m in account["mailboxes"]), 2)

    def test_a_server_without_idle_is_polled(self):
        world = self.world("no-idle", poll_interval="10s")
        world.fill("INBOX", 1)
        with Daemon(world.sterna) as daemon:
            daemon.wait_in_step(world)
            self.assertEqual(daemon.accounts()[world.name]["state"], "polling")
            world.imap.append("INBOX", message("later"), [], NOON)
            daemon.wait(lambda: "later" in world.words_local("INBOX"), "message by polling", 40)

    def test_it_outlives_its_server(self):
        own = Dovecot()
        own.start()
        self.addCleanup(own.stop)
        world = self.world(transport="direct", host="127.0.0.1", port=own.port)
        with own.client(world.user) as client:
            client.append("INBOX", message("first"), [], NOON)
        with Daemon(world.sterna) as daemon:
            daemon.wait(lambda: world.words_local("INBOX") == ["first"], "first message")
            own.pause()
            daemon.wait_for_state(world.name, "offline", "backoff")
            row = daemon.accounts()[world.name]
            self.assertTrue(row["error"])
            self.assertIsNotNone(row["next_try"])
            world.mail.deliver("INBOX", local(message("offline")), "S", NOON)
            world.mail.add_letters(world.mail.find("INBOX", "first"), "F")
            self.assert_two_wait(daemon, world)
            failed = self.failed_syncs(daemon)
            daemon.wait(lambda: self.failed_syncs(daemon) > failed, "another try", 60)
            self.assert_two_wait(daemon, world)
            own.resume()
            with own.client(world.user) as client:
                daemon.wait(lambda: len(client.uids("INBOX")) == 2, "message from offline", 60)
            daemon.wait_at_rest(world.name)

    @staticmethod
    def failed_syncs(daemon):
        with daemon.connect() as control:
            (life,) = control.ask("status")["accounts"]
        return life["life"]["counters"]["syncs_failed"]

    def assert_two_wait(self, daemon, world):
        daemon.wait(lambda: daemon.accounts()[world.name]["pending"] == 2, "word of both", 10)
        self.assertIn(f"{world.name}: 2 changes wait", world.sterna.run("status").stdout)

    def test_it_stops_in_time_by_either_signal(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                world = self.world()
                world.fill("INBOX", 300)
                daemon = Daemon(world.sterna)
                daemon.start()
                self.addCleanup(self.end, daemon)
                daemon.stop(number)  # in its first sync
                self.assertFalse(os.path.exists(daemon.socket))
                world.sync()
                world.assert_settled()

    def test_a_second_one_ends_with_the_status_of_a_lock(self):
        world, daemon = self.living()
        run = world.sterna.run("run", expect=LOCKED, timeout=20)
        self.assertIn("control.sock", run.stderr)
        self.assertTrue(daemon.is_at_rest(world.name))

    def test_one_that_was_killed_is_followed_by_the_next(self):
        world, daemon = self.living()
        daemon.process.kill()
        daemon.process.wait()
        self.assertEqual(daemon.accounts()[world.name]["state"], "stopped")
        with Daemon(world.sterna) as after:
            after.wait_in_step(world)

    def test_its_socket_is_for_its_owner_alone(self):
        _, daemon = self.living()
        self.assertEqual(stat.S_IMODE(os.stat(daemon.socket).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.dirname(daemon.socket)).st_mode), 0o700)


class ReloadTest(DaemonCase):
    def add_second(self, world):
        user = world.server.new_user()
        root = tempfile.mkdtemp(prefix="sterna-test-")
        self.addCleanup(shutil.rmtree, root, True)
        world.sterna.add_account("second", user=user, password=PASSWORD, maildir=f"{root}/mail",
                                 host="127.0.0.1", port=world.server.port, tls={"mode": "none"})
        return user, Maildir(f"{root}/mail")

    def test_accounts_come_and_go_and_the_others_do_not_notice(self):
        world, daemon = self.living()
        with daemon.connect() as control:
            (before,) = control.ask("status")["accounts"]
        user, mail = self.add_second(world)
        with world.server.client(user) as client:
            client.append("INBOX", message("hello"), [], NOON)
        daemon.reload()
        daemon.wait(lambda: daemon.accounts()["second"]["state"] != "stopped", "second account")
        daemon.wait_at_rest("second")
        self.assertEqual(len(mail.messages("INBOX")), 1)
        world.sterna.accounts.pop("second")
        world.sterna.write_config()
        daemon.reload()
        daemon.wait(lambda: "account second: is ended" in daemon.said(), "end of the second")
        with daemon.connect() as control:
            lives = control.ask("status")["accounts"]
        self.assertEqual([life["account"] for life in lives], [world.name])
        logins = [life["life"]["counters"]["logins"] for life in (before, lives[0])]
        self.assertEqual(logins[0], logins[1], "it kept its line")
        daemon.stop()

    def test_a_first_hook_runs_and_no_account_begins_anew(self):
        world, daemon = self.living()
        world.sterna.top["hooks"] = {"debounce": "0s",
                                     "after_change": f"cat > {world.dir}/told"}
        world.sterna.write_config()
        daemon.reload()
        daemon.wait(lambda: "reloaded" in daemon.said(), "word of the reload")
        world.imap.append("INBOX", message("hooked"), [], NOON)
        daemon.wait(lambda: os.path.exists(f"{world.dir}/told"), "a run of the hook")
        self.assertNotIn("is ended", daemon.said())

    def test_a_configuration_with_mistakes_changes_nothing(self):
        world, daemon = self.living()
        world.sterna.write_raw_config("nonsense = 1\n")
        daemon.reload()
        daemon.wait(lambda: "nonsense" in daemon.said(), "word of the mistake")
        world.sterna.write_config()
        world.imap.append("INBOX", message("after"), [], NOON)
        daemon.wait_in_step(world)

    def test_a_changed_account_lives_by_what_it_says_now(self):
        world, daemon = self.living(mailboxes=["*", "!Work"])
        world.fill("Work", 2, "w")
        world.sterna.set(world.name, mailboxes=["*"])
        daemon.reload()
        daemon.wait_in_step(world)


class ServiceManagerTest(DaemonCase):
    """The real program, below a service manager that only listens."""

    def setUp(self):
        super().setUp()
        self.said = []
        self.directory = tempfile.mkdtemp(prefix="sterna-notify-")
        self.addCleanup(shutil.rmtree, self.directory, True)
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.manager.bind(f"{self.directory}/notify")
        self.manager.setblocking(False)

    def count(self, what):
        while True:
            try:
                self.said.extend(self.manager.recv(4096).decode().splitlines())
            except BlockingIOError:
                return sum(line.startswith(what) for line in self.said)

    def test_it_is_told_of_the_start_a_reload_and_the_end_and_fed_all_the_while(self):
        world = self.world()
        world.fill("INBOX", 1)
        world.sterna.extra_environment = {"NOTIFY_SOCKET": f"{self.directory}/notify",
                                          "WATCHDOG_USEC": "400000"}
        world.sterna.add_account("failing", user="x", password="x",
                                 maildir=f"{self.directory}/mail", host="127.0.0.1", port=1,
                                 tls={"mode": "none"})
        daemon = Daemon(world.sterna)
        daemon.start()
        self.addCleanup(self.end, daemon)
        daemon.wait(lambda: self.count("READY=1") == 1, "word that it is ready")
        daemon.wait_for_state("failing", "offline")
        daemon.wait(lambda: self.count("STATUS=2 accounts: 1 watching, 1 offline") > 0, "status")
        fed = self.count("WATCHDOG=1")
        daemon.wait(lambda: self.count("WATCHDOG=1") >= fed + 5, "food for the watchdog", 10)
        world.sterna.accounts.pop("failing")
        world.sterna.write_config()
        daemon.reload()
        daemon.wait(lambda: self.count("READY=1") == 2, "word that it is ready again")
        self.assertEqual(self.count("RELOADING=1"), 1)
        self.assertEqual(self.count("MONOTONIC_USEC="), 1)
        daemon.wait(lambda: self.count("STATUS=1 account: 1 watching") > 0, "status of the one")
        fed = self.count("WATCHDOG=1")
        daemon.wait(lambda: self.count("WATCHDOG=1") >= fed + 5, "food for the watchdog", 10)
        daemon.stop()
        self.assertEqual(self.count("STOPPING=1"), 1)


class CommandsBesideTest(DaemonCase):
    def test_status_tells_what_lives(self):
        world, daemon = self.living()
        row = daemon.accounts()[world.name]
        self.assertIn(row["state"], ("watching", "polling"))
        self.assertEqual((row["pending"], row["held"], row["quarantined"]), (0, 0, 0))
        self.assertIsNone(row["error"])
        self.assertIsNotNone(row["last_sync"])
        inbox = next(box for box in row["mailboxes"] if box["name"] == "INBOX")
        self.assertEqual(inbox["messages"], 3)
        self.assertTrue(inbox["pushed"])
        text = world.sterna.run("status").stdout
        self.assertIn(row["state"], text)
        daemon.stop()
        self.assertEqual(daemon.accounts()[world.name]["state"], "stopped")

    def test_sync_is_done_by_the_daemon_and_tells_the_same(self):
        world, daemon = self.living()
        world.sterna.run("pause")  # so that the daemon does not bring it before
        daemon.wait_for_state(world.name, "paused")
        world.fill("INBOX", 2, "late")
        world.sterna.run("resume")
        report = world.sterna.sync()
        self.assertEqual(report["exit"], 0)
        self.assertEqual(world.words_local("INBOX"), ["late0", "late1", "m0", "m1", "m2"])
        for key in ("downloaded", "uploaded", "bodies_fetched", "bytes_in", "seconds"):
            self.assertIn(key, report)
        run = world.sterna.run("sync", f"{world.name}/nope", expect=None)
        self.assertEqual(run.code, 2, run)
        self.assertIn(daemon.accounts()[world.name]["state"], ("watching", "polling"))
        plan = world.sterna.command_json("sync", "--dry-run")
        self.assertEqual(plan["exit"], 0)

    def test_sync_brings_what_came_before_it(self):
        world, _ = self.living()
        for i in range(5):
            world.imap.append("INBOX", message(f"n{i}"), [], NOON)
            world.imap.leave()
            world.sterna.sync()
            self.assertIn(f"n{i}", world.words_local("INBOX"))

    def test_sync_tells_the_counts_of_the_daemon(self):
        world, daemon = self.living(profile="no-idle", poll_interval="1h")
        self.wait_for_watches(daemon, world)
        world.fill("INBOX", 2, "late")
        run = world.sterna.run("sync", options=("--no-input", "-v"))
        self.assertRegex(run.stdout, rf"^{world.name}: .*2 new")

    def test_history_and_mailboxes_say_the_same_beside_it_and_without_it(self):
        def said():
            history = world.sterna.command_json("history", world.name)["history"]
            mailboxes = world.sterna.command_json("mailboxes", world.name)["mailboxes"]
            for row in mailboxes:
                pushed[row["mailbox"]] = row.pop("pushed")
            return history, mailboxes

        world, daemon = self.living()
        world.imap.store("INBOX", world.imap.uids("INBOX")[0], "+", ["\\Flagged"])
        daemon.wait_in_step(world)
        pushed = {}
        beside = said()
        self.assertEqual({row["mailbox"] for row in beside[1]}, {"INBOX", "Trash"})
        self.assertGreaterEqual(len(beside[0]), 4)
        self.assertTrue(pushed["INBOX"])
        # They took nothing from it.
        world.imap.append("INBOX", message("after"), [], NOON)
        daemon.wait(lambda: "after" in world.words_local("INBOX"), "message", 10)
        daemon.wait_in_step(world)
        beside = said()
        daemon.stop()
        self.assertEqual(said(), beside)
        self.assertFalse(pushed["INBOX"])

    def test_a_pause_leaves_everything_alone_with_and_without_a_daemon(self):
        world, daemon = self.living()
        world.sterna.run("pause", world.name)
        daemon.wait_for_state(world.name, "paused")
        world.imap.append("INBOX", message("later"), [], NOON)
        self.assertEqual(world.sterna.sync()["downloaded"], 0)
        daemon.stop()
        self.assertEqual(world.sterna.sync()["downloaded"], 0)
        self.assertIn("paused until it is resumed", world.sterna.run("status").stdout)
        with Daemon(world.sterna) as after:
            after.wait_for_state(world.name, "paused")
            self.assertNotIn("later", world.words_local("INBOX"))
            world.sterna.run("resume")
            after.wait_in_step(world)

    def test_a_pause_may_end_by_itself(self):
        world, daemon = self.living()
        world.sterna.run("pause", "--for", "3s")
        daemon.wait_for_state(world.name, "paused")
        world.imap.append("INBOX", message("later"), [], NOON)
        daemon.wait_in_step(world)

    def test_held_is_decided_beside_it(self):
        world = self.world()
        world.fill("INBOX", 100)
        world.sync()
        for found in world.mail.messages("INBOX")[:80]:
            world.mail.delete(found)
        world.sync(expect=HELD)
        with Daemon(world.sterna) as daemon:
            daemon.wait_at_rest(world.name)
            self.assertEqual(daemon.accounts()[world.name]["held"], 80)
            world.sterna.run("held", "restore")
            daemon.wait_in_step(world)
            self.assertEqual(len(world.mail.messages("INBOX")), 100)

    def test_undo_and_adopt_work_beside_it(self):
        world, daemon = self.living()
        world.imap.expunge("INBOX", world.imap.uids("INBOX")[0])
        daemon.wait(lambda: len(world.mail.messages("INBOX")) == 2, "deletion here")
        daemon.wait_at_rest(world.name)
        (line,) = world.sterna.command_json("undo", "list")["undo"]
        world.sterna.run("undo", "restore", world.name, str(line["id"]))
        daemon.wait(lambda: len(world.words_on_server("INBOX")) == 3, "message back")
        daemon.wait_in_step(world)
        os.rename(f"{world.mail.root}/.sterna", f"{world.mail.root}/.aside")
        world.sterna.run("sync", expect=HELD)
        daemon.wait_for_state(world.name, "held")
        world.sterna.run("adopt", world.name)
        daemon.wait_in_step(world)
        self.assertEqual(len(world.words_on_server("INBOX")), 3)


class WatchedTest(DaemonCase):
    def start(self, world, *arguments, **streams):
        process = subprocess.Popen(
            [binary(), "-c", world.sterna.config, *arguments], env=world.sterna.environment(),
            stdin=subprocess.DEVNULL, **streams)
        self.addCleanup(process.stdout.close if process.stdout else process.poll)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_without_a_terminal_it_is_a_line_a_change(self):
        world, daemon = self.living()
        process = self.start(world, "status", "--watch", stdout=subprocess.PIPE, text=True)
        self.assertRegex(process.stdout.readline(), rf" {world.name}: [a-z]+\n")
        world.sterna.run("pause")
        while "paused" not in process.stdout.readline():
            pass
        daemon.stop()
        while "stopped" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(10), DONE)

    def test_objects_for_programs(self):
        world, _ = self.living()
        process = self.start(world, "status", "--watch", "--json", stdout=subprocess.PIPE,
                             text=True)
        first = json.loads(process.stdout.readline())
        self.assertEqual(first["accounts"][0]["name"], world.name)
        world.sterna.run("pause")
        while json.loads(process.stdout.readline())["accounts"][0]["state"] != "paused":
            pass

    def test_a_sync_draws_the_progress_of_the_daemon(self):
        world, daemon = self.living(profile="no-idle", poll_interval="1h")
        self.wait_for_watches(daemon, world)
        for mailbox in ("INBOX", "Work"):
            world.fill(mailbox, 2, "late")
        fetches, seen = [], threading.Event()
        self.addCleanup(seen.set)

        def hold_the_second(command):
            if re.search(rb"^UID FETCH .*BODY\.PEEK\[\]", command):
                fetches.append(command)
                if len(fetches) == 2:
                    seen.wait(20)

        world.wire.on_command = hold_the_second
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        world.sterna.extra_environment["TERM"] = "xterm"
        process = self.start(world, "sync", stdout=subprocess.DEVNULL, stderr=slave)
        os.close(slave)
        drawn = b""
        while b"2/4 messages" not in drawn:
            drawn += os.read(master, 4096)
        os.close(master)
        seen.set()
        self.assertEqual(process.wait(20), DONE)

    def test_waybar(self):
        world, daemon = self.living()
        bar = json.loads(world.sterna.run("status", "--waybar").stdout)
        self.assertEqual((bar["text"], bar["class"]), ("ok", "ok"))
        self.assertIn(world.name, bar["tooltip"])
        daemon.stop()
        self.assertEqual(json.loads(world.sterna.run("status", "--waybar").stdout)["class"],
                         "stopped")

    def test_a_terminal_is_left_clean(self):
        world, _ = self.living()
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        world.sterna.extra_environment["TERM"] = "xterm"
        process = self.start(world, "status", "--watch", stdout=slave, stderr=slave)
        os.close(slave)
        seen = b""
        while world.name.encode() not in seen:
            seen += os.read(master, 4096)
        self.assertIn(b"\x1b[?1049h", seen)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(10), DONE)
        rest = os.read(master, 65536)
        self.assertTrue(rest.endswith(b"\x1b[?25h\x1b[?1049l"), rest)
        os.close(master)


class ProtocolTest(DaemonCase):
    def test_hostile_clients_harm_nobody(self):
        world, daemon = self.living()
        with daemon.connect() as control:
            self.assertEqual(control.hello["protocol"], 1)
            for octets in (b"\n", b"{\n", b"\xff\xfe\n", b"null\n", b"[" * 5000 + b"\n",
                           b'{"id":1,"op":"fly"}\n', b'{"id":1e99,"op":"status"}\n'):
                control.send(octets)
                self.assertFalse(control.read()["ok"], octets)
            self.assertTrue(control.ask("status")["ok"])
            try:
                control.send(b"x" * (3 << 20))
            except OSError:
                pass
        with daemon.connect() as control:
            control.send(b'{"id":1,"op":"sy')
        world.imap.append("INBOX", message("after"), [], NOON)
        daemon.wait_in_step(world)

    def test_a_subscriber_hears_of_a_sync(self):
        world, daemon = self.living()
        with daemon.connect() as control:
            self.assertEqual(control.ask("subscribe")["accounts"][0]["account"], world.name)
            world.imap.append("INBOX", message("news"), [], NOON)
            while True:
                event = control.read()
                if event.get("event") == "synced" and event["report"]["downloaded"] == 1:
                    break


if __name__ == "__main__":
    unittest.main()
