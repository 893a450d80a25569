# SPDX-License-Identifier: Apache-2.0
"""Tokens of OAuth 2.0 as time passes: renewed, refused, lost, shared, and never shown."""
import base64
import json
import os
import pathlib
import signal
import subprocess
import time
import unittest

from tests.support.case import IntegrationCase
from tests.support.daemon import Daemon
from tests.support.identity_provider import CLIENT_SECRET
from tests.support.oauth_world import OAuthWorld
from tests.support.sterna import FAILED, LOGIN, NETWORK, binary
from tests.support.traces import (dump_of, keep_what_is_freed, need_dumps, places,
                                  unless_sanitized)


class OAuthCase(IntegrationCase):
    def oauth(self, **keys):
        return OAuthWorld(self, **keys)


class RefreshTest(OAuthCase):
    def test_a_rotated_token_is_stored_before_it_is_used(self):
        world = self.oauth()
        world.log_in()
        for _ in range(3):
            before = world.tokens()
            world.age(4000)
            world.sterna.sync()
            after = world.tokens()
            self.assertEqual(after["previous_refresh_token"], before["refresh_token"])
            self.assertIn(after["refresh_token"], world.provider._refresh)

    def test_trouble_of_the_endpoint_keeps_the_tokens(self):
        world = self.oauth()
        world.log_in()
        world.age(4000)
        before = world.tokens()
        for fault, expect in (("500", NETWORK), ("close", NETWORK), ("retry 3", NETWORK),
                              ("html", FAILED), ("huge", FAILED), ("nonsense", FAILED)):
            with self.subTest(fault):
                world.provider.faults = [fault]
                world.sterna.run("sync", expect=expect)
                self.assertEqual(world.tokens(), before)
        world.sterna.sync()
        self.assertEqual(world.words(), 1)

    def test_an_endpoint_that_does_not_answer(self):
        world = self.oauth()
        world.log_in()
        world.age(4000)
        before = world.tokens()
        world.provider.faults = ["hang"]
        began = time.monotonic()
        world.sterna.run("sync", expect=NETWORK)
        self.assertLess(time.monotonic() - began, 45)
        self.assertEqual(world.tokens(), before)

    def test_trouble_ahead_of_the_end_disturbs_nobody(self):
        world = self.oauth()
        world.log_in()
        world.age(3000)
        world.provider.faults = ["500"]
        world.sterna.sync()
        self.assertEqual(world.words(), 1)
        self.assertEqual(len(world.provider.asked), 2)

    def test_a_consent_that_is_gone(self):
        world = self.oauth()
        world.log_in()
        world.provider.revoke_all()
        world.age(4000)
        run = world.sterna.run("sync", expect=LOGIN)
        self.assertIn("the consent is gone", run.stderr)
        self.assertIn("sterna auth acc", run.stderr)
        self.assertTrue(world.file.exists())
        world.log_in()
        world.sterna.sync()

    def test_a_token_that_the_mail_server_refuses_is_replaced_once(self):
        world = self.oauth()
        world.provider.token_key = b"of another server"
        world.log_in()
        run = world.sterna.run("sync", expect=LOGIN)
        self.assertEqual(len(world.provider.asked), 2)
        self.assertIn("sterna auth acc", run.stderr)
        world.provider.token_key = None
        world.sterna.sync()
        self.assertEqual(len(world.provider.asked), 3)
        self.assertEqual(world.words(), 1)

    def test_many_who_want_a_token_ask_once(self):
        world = self.oauth()
        world.log_in()
        world.age(4000)
        asked = len(world.provider.asked)
        processes = [subprocess.Popen(
            [binary(), "-c", world.sterna.config, "auth", "acc", "--token"],
            env=world.sterna.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True) for _ in range(12)]
        said = {world.finish(process) for process in processes}
        self.assertEqual(len(said), 1)
        self.assertEqual(len(world.provider.asked), asked + 1)

    def test_killed_between_the_answer_and_the_file(self):
        for rotates in (False, True):
            with self.subTest(rotates=rotates):
                world = self.oauth()
                world.provider.rotates = rotates
                world.log_in()
                world.age(4000)
                before = world.tokens()

                def kill(handler, form, world=world):
                    status, answer = world.provider.token(form)
                    world.sterna.signal()
                    handler._say(status, json.dumps(answer).encode())
                    return True

                world.provider.faults = [kill]
                process = world.sterna.start("sync")
                world.sterna.finish(process)
                self.assertEqual(process.returncode, -signal.SIGKILL)
                self.assertEqual(world.tokens(), before)
                if rotates:     # the provider counts the old token as used: a person has to help
                    run = world.sterna.run("sync", expect=LOGIN)
                    self.assertIn("sterna auth acc", run.stderr)
                    world.log_in()
                world.sterna.sync()
                self.assertEqual(world.words(), 1)

    def test_a_half_written_file_is_nobodys(self):
        world = self.oauth()
        world.log_in()
        half = pathlib.Path(f"{world.file}.new")
        half.write_text('{"schema": 1, "access_')
        world.age(4000)
        world.sterna.sync()
        self.assertFalse(half.exists())

    def test_tokens_under_a_key_of_the_service_manager(self):
        world = self.oauth()
        credentials = pathlib.Path(world.dir, "credentials")
        credentials.mkdir()
        (credentials / "sterna-token-key").write_bytes(base64.b64encode(os.urandom(32)))
        world.sterna.extra_environment["CREDENTIALS_DIRECTORY"] = str(credentials)
        world.log_in()
        world.sterna.sync()
        self.assertEqual(world.words(), 1)
        text = world.file.read_text()
        for secret in world.provider.issued:
            self.assertNotIn(secret, text)
        self.assertTrue(world.sterna.command_json("auth", "acc", "--status")["encrypted"])
        del world.sterna.extra_environment["CREDENTIALS_DIRECTORY"]
        run = world.sterna.run("sync", expect=LOGIN)
        self.assertIn("sterna-token-key", run.stderr)
        # A login without the key is taken, and encrypted by the daemon that has it.
        world.log_in()
        self.assertIn(world.provider.issued[-1], world.file.read_text())
        world.sterna.extra_environment["CREDENTIALS_DIRECTORY"] = str(credentials)
        with Daemon(world.sterna) as daemon:
            daemon.wait(lambda: world.provider.issued[-1] not in world.file.read_text(),
                        "encryption")
            daemon.wait_at_rest("acc")

    def test_no_secret_is_ever_shown(self):
        world = self.oauth()
        seen = []

        def look(process):
            for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
                    seen.append((path.parent / "environ").read_bytes().decode(errors="replace"))
                except OSError:
                    pass
            return process

        process, url = world.start_auth("-vv")
        look(process)
        world.provider.visit(world.provider.consent(url))
        seen += world.finish(process)
        world.age(4000)
        with Daemon(world.sterna, "-vv") as daemon:
            daemon.wait_at_rest("acc")
            look(daemon.process)
            said = daemon.said()
        seen.append(said)
        world.provider.faults = ["error invalid_grant"]
        world.age(4000)
        for arguments in (("sync",), ("check",), ("status",), ("auth", "acc", "--status"),
                          ("history",)):
            run = world.sterna.run(*arguments, options=("-vv",), expect=None)
            seen += [run.stdout, run.stderr]
        for path in pathlib.Path(world.dir).rglob("*"):
            kept = path == world.file or path == pathlib.Path(world.sterna.config)
            if path.is_file() and not kept:
                seen.append(path.read_bytes().decode(errors="replace"))
        self.assertGreater(len(world.provider.issued), 3)
        for secret in [*world.provider.issued, CLIENT_SECRET]:
            for text in seen:
                self.assertNotIn(secret, text)

    @unless_sanitized
    def test_no_dump_of_a_daemon_holds_one(self):
        """Of tokens that it read, and of those that it renewed before it logged in."""
        need_dumps()
        for seconds in (0, 4000):
            world = self.oauth()
            world.log_in()
            world.age(seconds)
            keep_what_is_freed(world.sterna)
            with Daemon(world.sterna) as daemon:
                daemon.wait_at_rest("acc")
                octets = dump_of(daemon.process.pid, world.dir)
            self.assertIn(world.user.encode(), octets)
            self.assertEqual(len(world.provider.asked), 2 if seconds else 1)
            for secret in [*world.provider.issued, CLIENT_SECRET]:
                with self.subTest(secret[:12], age=seconds):
                    found = places(secret, octets)
                    self.assertFalse(found, f"a dump holds it {len(found)} times: {found}")


class DaemonTest(OAuthCase):
    def test_a_login_is_noticed_at_once(self):
        world = self.oauth()
        with Daemon(world.sterna) as daemon:
            daemon.wait_for_state("acc", "needs-auth")
            row = daemon.accounts()["acc"]
            self.assertIn("sterna auth acc", json.dumps(row) + world.sterna.run("status").stdout)
            world.log_in()
            daemon.wait_at_rest("acc", limit=10)
            self.assertEqual(world.words(), 1)
            self.assertEqual(daemon.said().count("nobody has logged in"), 1)

    def test_a_restart_needs_nobody(self):
        world = self.oauth()
        world.log_in()
        for _ in range(2):
            with Daemon(world.sterna) as daemon:
                daemon.wait_at_rest("acc")
        self.assertEqual(len(world.provider.asked), 1)

    def test_tokens_are_renewed_ahead_without_disturbing(self):
        world = self.oauth()
        world.provider.says_lifetime = 12
        world.log_in()
        with Daemon(world.sterna) as daemon:
            daemon.wait_at_rest("acc")
            asked = len(world.provider.asked)
            daemon.wait(lambda: len(world.provider.asked) >= asked + 2, "renewals")
            with daemon.connect() as control:
                life = control.ask("status")["accounts"][0]["life"]
            self.assertEqual(life["counters"]["logins"], 1)
            self.assertEqual(life["counters"]["reconnects"], {})

    def test_without_the_provider_it_is_waited(self):
        world = self.oauth()
        world.log_in()
        world.age(4000)
        before = world.tokens()
        world.provider.faults = ["503"] * 3
        with Daemon(world.sterna) as daemon:
            daemon.wait_for_state("acc", "offline")
            self.assertEqual(world.tokens(), before)
            daemon.wait_at_rest("acc", limit=60)

    def test_a_consent_that_is_gone_and_comes_back(self):
        world = self.oauth()
        world.log_in()
        world.age(4000)
        world.provider.revoke_all()
        with Daemon(world.sterna) as daemon:
            daemon.wait_for_state("acc", "needs-auth")
            world.log_in()
            daemon.wait_at_rest("acc", limit=10)

    def test_ctrl_c_ends_a_request_that_hangs(self):
        world = self.oauth()
        world.log_in()
        world.age(4000)
        world.provider.faults = ["hang"] * 4
        with Daemon(world.sterna) as daemon:
            daemon.wait(lambda: len(world.provider.asked) > 1, "a question")
            daemon.stop(limit=5)


if __name__ == "__main__":
    unittest.main()
