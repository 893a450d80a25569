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
from tests.support.keyring import Keyring
from tests.support.maildir import Maildir
from tests.support.messages import message
from tests.support.scripted import ScriptedServer, ScriptedWorld
from tests.support.sterna import BAD_CONFIG, LOGIN, Sterna, binary
from tests.support.traces import (dump_of, keep_what_is_freed, make_witness, need_dumps, places,
                                  shown_by, unless_sanitized, write_program)

# PLAIN and LOGIN put it into base64, where it may begin at any of three places.
CANARY = "canary-7d1f0c2b9a64-sings-in-the-mine"
# A string that grows by the octet leaves shorter ones behind.
MOST_OF_IT = CANARY[:24]


class SourcesTest(IntegrationCase):
    def script(self, world, name, text):
        write_program(f"{world.dir}/bin/{name}", "#!/bin/sh\n" + text)
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

    def test_the_keyring_of_a_desktop(self):
        world = self.world(transport="direct", password=None, keyring=True)
        ring = Keyring(self)
        ring.start()
        world.sterna.extra_environment.update(ring.environment)
        self.assertIn("secret-tool store", world.sterna.run("sync", expect=LOGIN).stderr)
        ring.put(world.name, PASSWORD)
        world.fill("INBOX", 1)
        world.sync()
        world.assert_in_step()
        ring.stop()
        ring.start(locked=True)
        world.sterna.extra_environment.update(ring.environment)
        run = world.sterna.run("sync", expect=LOGIN)
        self.assertIn("the keyring has to be there and unlocked", run.stderr)

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


class CanaryCase(IntegrationCase):
    """One server for all: who knows the canary gets in."""
    server = None

    @classmethod
    def setUpClass(cls):
        cls.server = Dovecot(password=CANARY,
                             extra="auth_mechanisms = plain login cram-md5 scram-sha-256\n")
        cls.server.start()
        cls.addClassCleanup(cls.server.stop)

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

    def assert_silent(self, what, octets, canary=CANARY):
        found = places(canary, octets)
        self.assertFalse(found, f"{what} holds the canary {len(found)} times: {found}")

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

    def server_client(self):
        return Imap("127.0.0.1", self.server.port, self.user, CANARY)

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


class CanaryTest(CanaryCase):
    def test_the_search_finds_what_is_there(self):
        for before in ("", "\0user\0", "a", "bc"):
            octets = base64.b64encode(f"{before}{CANARY}".encode())
            self.assertEqual(len(places(CANARY, octets)), 1, before)
            self.assertEqual(len(places(CANARY, f"{before}{CANARY}".encode() * 2)), 2)

    def run_all(self, expect):
        for arguments in (("sync",), ("check",), ("status",), ("mailboxes", "acc"),
                          ("sync", "--dry-run"), ("history",), ("verify",)):
            for options in (("-vvv",), ("--json", "-vv")):
                run = self.sterna.run(*arguments, options=(*options, "--no-input"), expect=None)
                self.told += [run.stdout.encode(), run.stderr.encode()]
        self.sterna.run("sync", expect=expect)

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

    def test_no_daemon_tells_it(self):
        self.account()
        with self.server_client() as imap, self.daemon_with_hooks() as daemon:
            daemon.wait_at_rest("acc")
            imap.append("INBOX", message("two"), (), 1_700_000_000)
            daemon.wait(lambda: os.path.exists(f"{self.dir}/told-to-hooks"), "a hook")
            self.told.append(shown_by(daemon.process.pid))
            self.told.append(daemon.said().encode())
        self.assert_nothing_told()


class Watching(ScriptedServer):
    """It looks at the program while that waits for the answer to its login."""

    def __init__(self):
        super().__init__()
        self.program = None
        self.shown = []
        self.logins = []

    def on_authenticate(self, session, tag, text):
        self.logins.append(text)
        self.shown.append(shown_by(self.program.pid()))
        super().on_authenticate(session, tag, text)


class ProcessesTest(CanaryCase):
    """What anybody may see of a program that is running, and of those that it starts."""

    def setUp(self):
        super().setUp()
        self.seen = f"{self.dir}/seen"
        self.witness = make_witness(f"{self.dir}/bin/witness", self.seen)
        with open(f"{self.dir}/secret", "w", encoding="ascii") as out:
            out.write(CANARY)
        os.chmod(f"{self.dir}/secret", 0o600)

    def keyring(self):
        """A secret-tool that shows itself to the witness, and where to find it."""
        write_program(f"{self.dir}/bin/secret-tool", f"""\
#!/bin/sh
exec {self.witness} sh -c 'case $1 in store) cat > "$0" ;; *) cat "$0" ;; esac' \
  {self.dir}/secret "$@"
""")
        return {"PATH": f"{self.dir}/bin:{os.environ['PATH']}"}

    def assert_seen(self, *words):
        """The witness was there; what it saw counts as told."""
        with open(self.seen, "rb") as file:
            self.told.append(file.read())
        os.unlink(self.seen)
        for word in (b"PATH=", binary().encode(), *words):
            self.assertIn(word, self.told[-1])

    def test_a_command_that_logs_in_does_not_show_it(self):
        watching = Watching()
        world = ScriptedWorld(self, watching)
        watching.program = world.sterna
        world.sterna.set("acc", auth="plain", password=CANARY)
        self.sterna, self.dir = world.sterna, world.dir
        for arguments in (("sync",), ("sync", "--dry-run"), ("check",), ("mailboxes", "acc"),
                          ("verify", "--deep")):
            with self.subTest(arguments):
                watching.logins.clear()
                self.sterna.run(*arguments)
                self.assertTrue(watching.logins)
                for login in watching.logins:
                    self.assertTrue(places(CANARY, login), login)
                self.assertIn(arguments[0].encode(), watching.shown[-1])
        self.told += watching.shown
        self.assert_nothing_told()

    def test_what_a_command_starts_is_not_shown_it(self):
        """One password stands in the configuration while the others are asked for."""
        cat = [self.witness, "cat", f"{self.dir}/secret"]
        line = f"exec 3<>/dev/tcp/127.0.0.1/{self.server.port}; cat <&3 & exec cat >&3"
        self.sterna.extra_environment = self.keyring()
        self.account()
        for name, keys in (("array", {"password_command": cat}),
                           ("shell", {"password_command": " ".join(cat)}),
                           ("keyring", {"keyring": True}),
                           ("tunnel", {"tunnel": [self.witness, "bash", "-c", line],
                                       "host": None, "port": None, "tls": None})):
            given = {"password": CANARY if name == "tunnel" else None, **keys}
            self.sterna.add_account(name, user=self.server.new_user(),
                                    maildir=f"{self.dir}/{name}",
                                    **{"host": "localhost", "port": self.server.tls_port,
                                       "tls": {"ca_file": self.server.ca}, **given})
        for arguments in (("sync",), ("check",)):
            with self.subTest(arguments):
                run = self.sterna.run(*arguments, options=("-vv",))
                self.told += [run.stdout.encode(), run.stderr.encode()]
                self.assert_seen(arguments[0].encode(), b"lookup\0service\0sterna\0", b"/dev/tcp/",
                                 b"\0cat\0" + f"{self.dir}/secret".encode())
        with Daemon(self.sterna) as daemon:
            for name in self.sterna.accounts:
                daemon.wait_at_rest(name)
            self.told.append(shown_by(daemon.process.pid))
            self.assertIn(b"\0cat\0", self.told[-1])       # the tunnel's
        self.assert_seen(b"run", b"lookup\0service\0sterna\0")
        self.assert_nothing_told()

    def test_init_does_not_show_it(self):
        """Neither what it was given on its input, nor what it hands to the keyring."""
        home = f"{self.dir}/home"
        os.makedirs(home)
        os.unlink(f"{self.dir}/secret")
        self.sterna.extra_environment = {**self.keyring(), "HOME": home,
                                         "SSL_CERT_FILE": self.server.ca}
        ran = subprocess.run(
            [binary(), "--no-input", "-vv", "init", f"{self.user}@example.test", "--user",
             self.user, "--password-stdin", "--keep", "keyring", "--host", "localhost", "--port",
             str(self.server.tls_port)],
            input=CANARY + "\n", env=self.sterna.environment(), capture_output=True, text=True,
            timeout=60, check=False)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.told += [ran.stdout.encode(), ran.stderr.encode()]
        self.assert_seen(b"\0init\0", b"store\0--label=")
        with open(f"{self.dir}/secret", encoding="ascii") as file:
            self.assertEqual(file.read(), CANARY)
        self.assert_nothing_told()


@unless_sanitized
class DumpTest(CanaryCase):
    """Even an administrator's dump: the password of the configuration lies where none looks, and
    nothing is left of its way to the server."""

    def setUp(self):
        need_dumps()
        super().setUp()
        keep_what_is_freed(self.sterna)

    def dumped(self, **keys):
        """A daemon that has logged in and is at rest."""
        self.account(**keys)
        with self.server_client() as imap, self.daemon_with_hooks() as daemon:
            imap.append("INBOX", message("one"), (), 1_700_000_000)
            daemon.wait_at_rest("acc")
            octets = dump_of(daemon.process.pid, self.dir)
        self.assertIn(self.user.encode(), octets)
        return octets

    def test_no_dump_of_a_daemon_holds_it(self):
        for auth, profile in (("scram-sha-256", "full"), ("cram-md5", "full"), ("plain", "full"),
                              ("plain", "no-sasl-ir"), ("login", "full")):
            keys = {"auth": auth, "host": self.server.address(profile)}
            with self.subTest(auth, profile=profile):
                self.assert_silent("a dump", self.dumped(**keys), MOST_OF_IT)
            with self.subTest(auth, profile=profile, tls="none"):
                octets = self.dumped(**keys, tls={"mode": "none"}, port=self.server.port)
                self.assert_silent("a dump", octets, MOST_OF_IT)

    def test_what_was_freed_is_seen(self):
        """What the server said to ID, which nobody keeps."""
        self.assertIn(b"ID completed", self.dumped())


if __name__ == "__main__":
    unittest.main()
