# SPDX-License-Identifier: Apache-2.0
"""Where secrets come from, and that they go nowhere but to the server: a canary is looked for in
everything that Sterna says, writes, hands on and leaves in memory.
"""
import base64
import os
import shutil
import subprocess
import tempfile
import unittest

from tests.support.case import IntegrationCase
from tests.support.daemon import Daemon
from tests.support.dovecot import PASSWORD, Dovecot
from tests.support.imap_client import Imap
from tests.support.maildir import Maildir
from tests.support.messages import message
from tests.support.scripted import ScriptedServer, ScriptedWorld
from tests.support.sterna import BAD_CONFIG, LOGIN, Sterna

# PLAIN and LOGIN put it into base64, where it may begin at any of three places.
CANARY = "canary-7d1f0c2b9a64-sings-in-the-mine"


def spellings(secret):
    """The secret, and what it looks like within base64, whatever stands before it."""
    yield secret.encode()
    for before in range(3):
        text = base64.b64encode(b"x" * before + secret.encode())
        yield text[4 if before else 0:-4]


class SourcesTest(IntegrationCase):
    def script(self, world, name, text):
        path = f"{world.dir}/bin/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as out:
            out.write("#!/bin/sh\n" + text)
        os.chmod(path, 0o755)
        world.sterna.extra_environment["PATH"] = f"{world.dir}/bin:{os.environ['PATH']}"

    def test_a_credential_of_the_service_manager(self):
        world = self.world(transport="direct", password=None, credential="mail")
        os.makedirs(f"{world.dir}/credentials")
        with open(f"{world.dir}/credentials/mail", "w", encoding="ascii") as out:
            out.write(PASSWORD)
        os.chmod(f"{world.dir}/credentials/mail", 0o440)
        world.sterna.extra_environment["CREDENTIALS_DIRECTORY"] = f"{world.dir}/credentials"
        world.fill("INBOX", 1)
        world.sync()
        world.assert_in_step()

    def test_a_credential_that_is_not_there(self):
        world = self.world(transport="direct", password=None, credential="mail")
        run = world.sterna.run("sync", expect=LOGIN)
        self.assertIn("CREDENTIALS_DIRECTORY", run.stderr)
        self.assertIn("LoadCredentialEncrypted=mail:", run.stderr)
        world.sterna.extra_environment["CREDENTIALS_DIRECTORY"] = f"{world.dir}/sterna"
        run = world.sterna.run("sync", expect=LOGIN)
        self.assertIn("credential mail", run.stderr)
        self.assertIn("No such file", run.stderr)

    def test_the_keyring(self):
        world = self.world(transport="direct", password=None, keyring=True)
        self.script(world, "secret-tool",
                    'test "$*" = "lookup service sterna account acc" || exit 9\n'
                    f'printf %s "{PASSWORD}"\n')
        world.fill("INBOX", 1)
        world.sync()
        world.assert_in_step()

    def test_a_keyring_that_does_not_have_it(self):
        world = self.world(transport="direct", password=None, keyring=True)
        self.script(world, "secret-tool", "exit 1\n")
        run = world.sterna.run("sync", expect=LOGIN)
        self.assertIn("keyring: secret-tool ended with status 1", run.stderr)
        self.assertIn("secret-tool store --label='Mail of acc' service sterna account acc",
                      run.stderr)

    def test_no_keyring_tool(self):
        world = self.world(transport="direct", password=None, keyring=True)
        world.sterna.extra_environment["PATH"] = f"{world.dir}/nothing"
        self.assertIn("libsecret-tools", world.sterna.run("sync", expect=LOGIN).stderr)

    def test_two_of_them_are_a_mistake(self):
        world = self.world(transport="direct", keyring=True)
        self.assertIn("two sources", world.sterna.run("sync", expect=BAD_CONFIG).stderr)
        world.sterna.set(world.name, keyring=False)
        world.sync()

    def test_a_daemon_asks_again_for_what_it_could_not_have(self):
        world = self.world(transport="direct", password=None,
                           password_command=f"cat {self.id()}/nowhere")
        world.fill("INBOX", 1)
        with Daemon(world.sterna) as daemon:
            daemon.wait_for_state(world.name, "needs-secret")
            self.assertIn("password_command", daemon.accounts()[world.name]["error"])
            world.sterna.set(world.name, password_command=f"echo {PASSWORD}")
            daemon.reload()
            daemon.wait_at_rest(world.name)
        world.assert_in_step()

    def test_a_daemon_asks_again_by_itself(self):
        world = self.world(transport="direct", password=None)
        world.fill("INBOX", 1)
        flag = f"{world.dir}/unlocked"
        world.sterna.set(world.name,
                         password_command=f"test -e {flag} || exit 7; echo {PASSWORD}")
        with Daemon(world.sterna) as daemon:
            daemon.wait_for_state(world.name, "needs-secret")
            open(flag, "wb").close()
            daemon.wait_at_rest(world.name, limit=120)
        world.assert_in_step()


class CanaryTest(IntegrationCase):
    """One server for all: who knows the canary gets in."""
    server = None

    @classmethod
    def setUpClass(cls):
        cls.server = Dovecot(extra="auth_mechanisms = plain login cram-md5 scram-sha-256\n")
        cls.server.start()
        cls.addClassCleanup(cls.server.stop)
        path = f"{cls.server.dir}/dovecot.conf"
        with open(path, encoding="ascii") as file:
            text = file.read()
        with open(path, "w", encoding="ascii") as out:
            out.write(text.replace(f"password={PASSWORD}", f"password={CANARY}"))
        cls.server.pause()
        cls.server.resume()

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="sterna-test-")
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.user = self.server.new_user()
        self.sterna = Sterna(f"{self.dir}/sterna")
        self.mail = Maildir(f"{self.dir}/mail")
        self.told = []            # what was said, by whatever way

    def account(self, **keys):
        account = {"user": self.user, "password": CANARY, "maildir": self.mail.root,
                   "host": "localhost", "port": self.server.tls_port,
                   "tls": {"ca_file": self.server.ca}, **keys}
        self.sterna.add_account("acc", **account)

    def run_all(self, expect):
        for arguments in (("sync",), ("check",), ("status",), ("mailboxes", "acc"),
                          ("sync", "--dry-run"), ("history",), ("verify",)):
            for options in (("-vvv",), ("--json", "-vv")):
                run = self.sterna.run(*arguments, options=(*options, "--no-input"), expect=None)
                self.told += [run.stdout.encode(), run.stderr.encode()]
        self.sterna.run("sync", expect=expect)

    def assert_silent(self, what, octets):
        for spelling in spellings(CANARY):
            self.assertFalse(spelling in octets, f"{what} holds the canary as {spelling}")

    def assert_nothing_told(self):
        for octets in self.told:
            self.assert_silent("output", octets)
        for top, _, files in os.walk(self.dir):
            for name in files:
                path = os.path.join(top, name)
                if path in (self.sterna.config, f"{self.dir}/secret"):
                    continue
                with open(path, "rb") as file:
                    self.assert_silent(path, file.read())

    def test_the_search_finds_what_is_there(self):
        for before in ("", "\0user\0", "a", "bc"):
            octets = base64.b64encode(f"{before}{CANARY}".encode())
            self.assertTrue(any(spelling in octets for spelling in spellings(CANARY)), before)

    def test_no_command_tells_it(self):
        for auth in ("plain", "login", "cram-md5", "scram-sha-256"):
            with self.subTest(auth):
                self.account(auth=auth)
                self.run_all(expect=0)
        self.assert_nothing_told()

    def test_no_failing_login_tells_it(self):
        for auth in ("plain", "login", "cram-md5", "scram-sha-256"):
            with self.subTest(auth):
                self.account(auth=auth, password="x" + CANARY)
                self.run_all(expect=LOGIN)
        self.assert_nothing_told()

    def test_no_token_is_told(self):
        refusing = ScriptedServer()
        refusing.capabilities = b"IMAP4rev1 SASL-IR AUTH=XOAUTH2 AUTH=OAUTHBEARER"
        refusing.on_authenticate = lambda session, tag, text: session.say(
            tag + b" NO [AUTHENTICATIONFAILED] " + text[:4])
        world = ScriptedWorld(self, refusing)
        world.sterna.set("acc", auth="oauth", password=CANARY)
        self.sterna, self.dir = world.sterna, world.dir
        self.run_all(expect=LOGIN)
        self.assert_nothing_told()

    def daemon_with_hooks(self):
        hook = f"{self.dir}/hook"
        with open(hook, "w", encoding="ascii") as out:
            out.write(f"#!/bin/sh\n(env; cat; tr '\\0' '\\n' < /proc/self/environ) "
                      f">> {self.dir}/told-to-hooks\n")
        os.chmod(hook, 0o755)
        hooks = "".join(f'{name} = ["{hook}"]\n'
                        for name in ("after_change", "new_mail", "needs_auth", "error"))
        self.sterna.write_raw_config(
            f'state_dir = "{self.sterna.state}"\n[hooks]\ndebounce = "1s"\n{hooks}'
            '[log]\nlevel = "trace"\n' + self.config_of_account())
        return Daemon(self.sterna)

    def config_of_account(self):
        with open(self.sterna.config, encoding="utf-8") as file:
            return file.read().split("\n\n", 1)[1]

    def look_at_process(self, pid):
        for name in ("cmdline", "environ"):
            with open(f"/proc/{pid}/{name}", "rb") as file:
                self.assert_silent(name, file.read())

    def test_no_daemon_tells_it(self):
        self.account()
        with self.server_client() as imap, self.daemon_with_hooks() as daemon:
            daemon.wait_at_rest("acc")
            imap.append("INBOX", message("two"), (), 1_700_000_000)
            daemon.wait(lambda: os.path.exists(f"{self.dir}/told-to-hooks"), "a hook")
            self.look_at_process(daemon.process.pid)
            self.told.append(daemon.said().encode())
        self.assert_nothing_told()

    def server_client(self):
        return Imap("127.0.0.1", self.server.port, self.user, CANARY)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("gcore"), "needs root and gcore")
    @unittest.skipIf(os.environ.get("STERNA_SANITIZED"), "its shadow memory fills any disk")
    def test_no_dump_of_a_daemon_holds_it(self):
        """Even an administrator's: the password of the configuration lies where no dump looks, and
        nothing is left of its way to the server."""
        self.account(auth="scram-sha-256")
        with self.server_client() as imap, self.daemon_with_hooks() as daemon:
            imap.append("INBOX", message("one"), (), 1_700_000_000)
            daemon.wait_at_rest("acc")
            done = subprocess.run(["gcore", "-o", f"{self.dir}/core", str(daemon.process.pid)],
                                  capture_output=True, text=True, cwd=self.dir)
            core = f"{self.dir}/core.{daemon.process.pid}"
            self.assertTrue(os.path.exists(core), done.stdout + done.stderr)
            with open(core, "rb") as file:
                octets = file.read()
            self.assertIn(self.user.encode(), octets)
            self.assert_silent("core", octets)


if __name__ == "__main__":
    unittest.main()
