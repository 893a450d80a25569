# SPDX-License-Identifier: Apache-2.0
"""Two configurations and one control socket: a daemon's account is another's only if it has the
same state. And one configuration that the daemon has not read again."""
import json
import os
import signal
import socket
import subprocess
import threading
import time
import unittest

from tests.support.case import IntegrationCase
from tests.support.daemon import Daemon
from tests.support.messages import NOON, message
from tests.support.sterna import HELD, Sterna, binary


class TwoCase(IntegrationCase):
    def start(self, world):
        daemon = Daemon(world.sterna)
        daemon.__enter__()
        self.addCleanup(daemon.__exit__, None)
        daemon.wait_in_step(world)
        return daemon

    def two(self):
        """The world of the daemon, and one that meets its socket; an account of one name each."""
        living = self.world(name="home")
        living.fill("INBOX", 3, "theirs")
        other = self.world(name="home")
        self.share_socket(living, other.sterna)
        return living, other

    @staticmethod
    def share_socket(living, sterna):
        sterna.top["control_socket"] = f"{living.sterna.state}/control.sock"
        sterna.write_config()

    @staticmethod
    def life(daemon, name="home"):
        with daemon.connect() as control:
            lives = control.ask("status")["accounts"]
        return next(one["life"] for one in lives if one["account"] == name)

    def syncs_at_rest(self, daemon, world):
        """How many there were, once no further one follows by itself."""
        daemon.wait(lambda: self.life(daemon)["counters"]["syncs"] >= 2, "second sync")
        daemon.wait_in_step(world)
        return self.life(daemon)["counters"]["syncs"]


class OtherStateTest(TwoCase):
    def test_a_sync_is_of_the_account_that_is_meant(self):
        living, other = self.two()
        daemon = self.start(living)
        before = self.syncs_at_rest(daemon, living)
        other.fill("INBOX", 2, "ours")
        report = other.sterna.sync("home")
        self.assertEqual((report["downloaded"], report["stderr"]), (2, ""))
        self.assertEqual(other.words_local("INBOX"), ["ours0", "ours1"])
        other.fill("INBOX", 1, "later")
        other.sterna.sync("home/INBOX")
        self.assertIn("later0", other.words_local("INBOX"))
        self.assertEqual(self.life(daemon)["counters"]["syncs"], before)

    def test_a_pause_and_its_end_are_too(self):
        living, other = self.two()
        daemon = self.start(living)
        for names in (("home",), ()):
            with self.subTest(names=names):
                other.sterna.run("pause", *names)
                self.assertNotEqual(self.life(daemon)["state"], "paused")
                living.sterna.run("pause")
                daemon.wait_for_state("home", "paused")
                other.sterna.run("resume", *names)
                self.assertEqual(self.life(daemon)["state"], "paused")
                living.sterna.run("resume")
                daemon.wait_in_step(living)

    def test_status_and_mailboxes_show_what_is_known_of_it_here(self):
        living, other = self.two()
        daemon = self.start(living)
        other.fill("INBOX", 1)
        other.sterna.sync()
        daemon.wait(lambda: "INBOX" in self.life(daemon)["pushed"], "watch")
        (row,) = other.sterna.command_json("status")["accounts"]
        self.assertEqual(row["state"], "stopped")
        self.assertIn("home: the daemon does not know it", other.sterna.run("status").stdout)
        rows = other.sterna.command_json("mailboxes", "home")["mailboxes"]
        self.assertEqual([row["pushed"] for row in rows], [False] * len(rows))
        self.assertIn(daemon.accounts()["home"]["state"], ("watching", "polling"))

    def test_status_that_watches_hears_nothing_of_the_other(self):
        living, other = self.two()
        daemon = self.start(living)
        process = subprocess.Popen(
            [binary(), "-c", other.sterna.config, "status", "--watch"], text=True,
            env=other.sterna.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        said = process.stdout.readline()
        for state in ("pause", "resume"):
            living.sterna.run(state)
            time.sleep(1)
        self.assertIn("home: stopped", said)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.stdout.read(), "")
        self.assertTrue(daemon.is_at_rest("home"))

    def test_what_is_held_is_decided_and_carried_out_in_one_place(self):
        living, other = self.two()
        other.fill("INBOX", 100)
        other.sync()
        for found in other.mail.messages("INBOX")[:80]:
            other.mail.delete(found)
        other.sync(expect=HELD)
        daemon = self.start(living)
        before = self.syncs_at_rest(daemon, living)
        other.sterna.run("held", "apply", "home")
        other.imap.leave()
        self.assertEqual(len(other.words_on_server("INBOX")), 20)
        self.assertEqual(self.life(daemon)["counters"]["syncs"], before)
        self.assertEqual(len(living.words_on_server("INBOX")), 3)

    def test_undo_and_adopt_take_nothing_from_the_other(self):
        living, other = self.two()
        other.fill("INBOX", 3)
        other.sync()
        other.imap.expunge("INBOX", other.imap.uids("INBOX")[0])
        other.sync()
        daemon = self.start(living)
        before = self.syncs_at_rest(daemon, living)
        (line,) = other.sterna.command_json("undo", "list")["undo"]
        other.sterna.run("undo", "restore", "home", str(line["id"]))
        self.assertEqual(len(other.mail.messages("INBOX")), 3)
        other.sterna.run("adopt", "home")
        # The end of a loan is followed by a look at everything.
        time.sleep(1)
        self.assertEqual(self.life(daemon)["counters"]["syncs"], before)

    def test_one_who_says_nothing_of_it_is_answered_as_ever(self):
        living, _ = self.two()
        daemon = self.start(living)
        with daemon.connect() as control:
            self.assertEqual(control.hello["revision"], 1)
            for op in ("status", "sync", "pause", "resume"):
                self.assertTrue(control.ask(op, accounts=["home"])["ok"], op)
                here = control.ask(op, accounts=["home"], state_dir=living.sterna.state)
                self.assertTrue(here["ok"], op)
                elsewhere = control.ask(op, accounts=["home"], state_dir=living.dir)
                self.assertEqual(elsewhere["error"]["code"], "not_found", op)
            self.assertEqual(control.ask("status", state_dir=living.dir)["accounts"], [])


class SameStateTest(TwoCase):
    def copy(self, world, state, *names):
        """Another configuration with these accounts of that one, and another path of its state."""
        sterna = Sterna(f"{world.dir}/copy")
        sterna.state = state
        for name in names:
            sterna.add_account(name, **world.sterna.accounts[name])
        self.share_socket(world, sterna)
        return sterna

    def test_another_path_to_the_state_is_the_same_account(self):
        living, _ = self.two()
        daemon = self.start(living)
        link = f"{living.dir}/link"
        os.symlink(living.sterna.state, link)
        copy = self.copy(living, link, "home")
        (row,) = copy.command_json("status")["accounts"]
        self.assertEqual(row["state"], daemon.accounts()["home"]["state"])
        self.assertEqual(copy.sync()["stderr"], "")

    def test_a_resume_of_all_is_of_all_that_this_configuration_has(self):
        living = self.world(name="home")
        living.fill("INBOX", 1)
        work = self.world(name="work", sterna=living.sterna)
        daemon = self.start(living)
        daemon.wait_in_step(work)
        copy = self.copy(living, living.sterna.state, "home")
        living.sterna.run("pause")
        for name in ("home", "work"):
            daemon.wait_for_state(name, "paused")
        copy.run("resume")
        daemon.wait_in_step(living)
        self.assertEqual(self.life(daemon, "work")["state"], "paused")


class EarlierDaemonTest(TwoCase):
    """One that refuses what was added to the protocol since."""

    def serve(self, listener, lines):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as stream:
                stream.write(b'{"sterna":"0.1.0","protocol":1}\n')
                stream.flush()
                for line in stream:
                    lines.append(json.loads(line))
                    answer = {"id": lines[-1]["id"], "ok": True, "accounts": []}
                    stream.write(json.dumps(answer).encode() + b"\n")
                    stream.flush()

    def test_it_is_asked_as_it_always_was(self):
        world = self.world(name="home")
        world.fill("INBOX", 1)
        world.sync()
        lines = []
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"{world.sterna.state}/control.sock")
            listener.listen()
            serving = threading.Thread(target=self.serve, args=(listener, lines))
            serving.start()
            for command in (("pause",), ("resume",), ("resume", "home"), ("status",)):
                world.sterna.run(*command)
            listener.shutdown(socket.SHUT_RDWR)
        serving.join()
        for line in lines:
            del line["id"]
        self.assertEqual(lines, [
            {"op": "pause", "accounts": ["home"]}, {"op": "resume"},
            {"op": "resume", "accounts": ["home"]}, {"op": "status"}])


class OldSettingsTest(TwoCase):
    WORD = "home: the daemon still has the configuration as it last read it"

    def test_who_changed_a_setting_and_not_the_daemon_is_told(self):
        world = self.world(name="home")
        world.fill("INBOX", 1)
        daemon = self.start(world)
        for command in (("sync",), ("check", "--offline")):
            self.assertNotIn("still has", world.sterna.run(*command).stderr)
        world.sterna.set("home", direction="pull")
        for command in (("sync",), ("sync", "home/INBOX"), ("check", "--offline")):
            said = world.sterna.run(*command).stderr
            self.assertEqual(said.count(self.WORD), 1, said)
            self.assertEqual(said.count("\n"), 1, said)
            self.assertIn("systemctl --user reload sterna", said)
        self.assertEqual(world.sterna.run("sync", options=("--no-input", "-q")).stderr, "")
        daemon.reload()
        daemon.wait(lambda: "reloaded" in daemon.said(), "word of the reload")
        self.assertEqual(world.sterna.run("sync").stderr, "")

    def test_those_of_several_accounts_are_one_line(self):
        world = self.world(name="home")
        world.fill("INBOX", 1)
        self.world(name="third", sterna=world.sterna)
        self.world(name="work", sterna=world.sterna)
        self.start(world)
        for name in ("home", "work"):
            world.sterna.set(name, poll_interval="7m")
        said = world.sterna.run("sync").stderr
        self.assertEqual(said.count("\n"), 1, said)
        self.assertIn(": home, work: the daemon", said)
        world.imap.append("INBOX", message("after"), [], NOON)
        world.imap.leave()
        world.sterna.sync()
        self.assertIn("after", world.words_local("INBOX"))

    def test_a_password_is_not_compared(self):
        world = self.world(name="home")
        world.fill("INBOX", 1)
        self.start(world)
        world.sterna.set("home", password="another")
        self.assertEqual(world.sterna.run("sync").stderr, "")


if __name__ == "__main__":
    unittest.main()
