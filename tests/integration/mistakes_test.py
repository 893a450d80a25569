# SPDX-License-Identifier: Apache-2.0
"""The mistakes that newcomers make, each made once: `sterna check` has one line that says what is
wrong, and one that says how to mend it.
"""
import os
import pathlib
import shutil
import subprocess
import threading

from tests.support.case import IntegrationCase, World, server
from tests.support.door import Door
from tests.support.dovecot import PASSWORD
from tests.support.scripted import ScriptedServer
from tests.support.sterna import BAD_CONFIG, DONE, FAILED, LOGIN, NETWORK

GMAIL_WANTS_AN_APP_PASSWORD = (b"NO [ALERT] Application-specific password required: "
                               b"https://support.google.com/accounts/answer/185833 (Failure)")
GMAIL_HAS_IMAP_SWITCHED_OFF = (b"NO [ALERT] Your account is not enabled for IMAP use. Please visit "
                               b"your Gmail settings page and enable your account for IMAP access. "
                               b"(Failure)")


class Refusing(ScriptedServer):
    """Answers each login with one line."""

    def __init__(self, answer):
        self.answer = answer
        super().__init__()

    def hook(self, session, tag, text):
        if not text.upper().startswith((b"LOGIN", b"AUTHENTICATE")):
            return False
        session.say(tag + b" " + self.answer)
        return True


class MistakesCase(IntegrationCase):
    def account(self, **keys):
        """An account that would be well but for `keys`."""
        self.box = World(self, transport="tls")
        self.box.sterna.set("acc", **keys)
        return self.box.sterna

    def failures(self, sterna, *arguments, expect=None, seconds=60):
        run = sterna.run("check", *arguments, expect=expect,
                         options=("--no-input", "--json"), timeout=seconds)
        self.assertNotEqual(run.code, DONE, run)
        checks = run.json()["accounts"][0]["checks"]
        return [line for line in checks if line["status"] == "failed"]

    def assert_says(self, sterna, what, detail, hint, expect=LOGIN, once=False, **keys):
        """One line fails, it says `detail`, and `hint` mends it. `once`: it takes long."""
        failed = self.failures(sterna, expect=expect, **keys)
        self.assertEqual([line["what"] for line in failed], [what], failed)
        self.assertRegex(failed[0]["detail"], detail)
        self.assertRegex(failed[0]["hint"] or "", hint)
        if not once:
            shown = sterna.run("check", expect=None).stdout
            self.assertRegex(shown, r"FAILED +" + what + r" .*\n +-> ")

    def scripted(self, answer):
        scripted = Refusing(answer)
        self.addCleanup(scripted.close)
        return self.account(host="127.0.0.1", port=scripted.port, tls={"mode": "none"})

    def greeter(self, greeting):
        """A server of something else, which speaks first."""
        def greet(client):
            client.sendall(greeting)
            threading.Thread(target=self._drain, args=(client,), daemon=True).start()
        door = Door(greet)
        self.addCleanup(door.close)
        return self.account(host="127.0.0.1", port=door.port, tls={"mode": "none"})

    @staticmethod
    def _drain(client):
        try:
            while client.recv(4096):
                client.sendall(b"500 what?\r\n")
        except OSError:
            pass
        client.close()


class ServerTest(MistakesCase):
    def test_01_a_host_that_nobody_knows(self):
        self.assert_says(self.account(host="imap.exmaple.invalid"), "DNS",
                         "imap.exmaple.invalid", "check host", expect=NETWORK)

    def test_02_a_port_at_which_nobody_listens(self):
        self.assert_says(self.account(port=1), "TCP", "refused", "check host, port",
                         expect=NETWORK)

    def test_03_tls_from_the_start_at_the_port_for_starttls(self):
        self.assert_says(self.account(port=server().port), "TLS", "before TLS began",
                         r'tls\.mode = "starttls"', expect=None)

    def test_04_starttls_at_the_port_for_tls_from_the_start(self):
        sterna = self.account(tls={"mode": "starttls", "ca_file": server().ca})
        self.assert_says(sterna, "greeting", "greeting", r'tls\.mode = "implicit"', expect=None,
                         once=True, seconds=120)

    def test_05_a_port_of_pop(self):
        self.assert_says(self.greeter(b"+OK Dovecot ready.\r\n"), "greeting",
                         r"\+OK Dovecot ready", r"POP3 server.*993", expect=None)

    def test_06_a_port_of_smtp(self):
        self.assert_says(self.greeter(b"220 mail.example.org ESMTP ready\r\n"), "greeting",
                         r"220 mail\.example\.org", r"SMTP server.*993", expect=None)

    def test_07_a_web_server(self):
        self.assert_says(self.greeter(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "greeting",
                         r"HTTP/1\.1 400", r"web server.*993", expect=None)

    def test_08_a_server_without_starttls(self):
        scripted = ScriptedServer()
        self.addCleanup(scripted.close)
        self.assert_says(self.account(host="127.0.0.1", port=scripted.port,
                                      tls={"mode": "starttls"}), "TLS", "STARTTLS", "993",
                         expect=None)

    def test_09_no_network_at_all(self):
        sterna = self.account(host="192.0.2.1")
        if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode:
            self.skipTest("unshare -n is not allowed here")
        sterna.before = ["unshare", "-n"]
        self.assert_says(sterna, "TCP", "unreachable", "network", expect=NETWORK)


class CertificateTest(MistakesCase):
    def test_10_an_authority_that_nobody_knows(self):
        sterna = self.account(tls={})
        self.assert_says(sterna, "TLS", "unknown issuer|self-signed",
                         r"tls\.ca_file|ca-certificates")

    def test_11_an_expired_certificate(self):
        sterna = self.account(host=server().certificate_address("expired"))
        self.assert_says(sterna, "TLS", r"expired on 2021-01-01", "administrator")

    def test_12_a_certificate_of_another_name(self):
        sterna = self.account(host=server().certificate_address("wronghost"))
        self.assert_says(sterna, "TLS", r"mail\.elsewhere\.example", "host name")

    def test_13_an_authority_that_cannot_be_read(self):
        sterna = self.account(tls={"ca_file": "/nowhere/ca.pem"})
        failed = self.failures(sterna)
        self.assertRegex(failed[0]["detail"], "/nowhere/ca.pem")
        self.assertRegex(failed[0]["hint"], "put the file there")


class LoginTest(MistakesCase):
    def test_14_a_wrong_password(self):
        self.assert_says(self.account(password="wrong"), "login", "refused the login",
                         "check user and password")

    def test_15_an_app_password_is_wanted(self):
        self.assert_says(self.scripted(GMAIL_WANTS_AN_APP_PASSWORD), "login",
                         "Application-specific password required", "app password")

    def test_16_imap_is_switched_off_at_the_provider(self):
        for answer in (GMAIL_HAS_IMAP_SWITCHED_OFF,
                       b"NO [AUTHENTICATIONFAILED] IMAP access is disabled for this account",
                       b"NO IMAP4 is not activated; see the settings of your web mail"):
            self.assert_says(self.scripted(answer), "login", "IMAP",
                             r"switch(ed)? .*IMAP.* on|IMAP access is switched off")

    def test_17_a_server_that_has_too_many_connections(self):
        self.assert_says(self.scripted(b"NO [LIMIT] Too many simultaneous connections"), "login",
                         "Too many simultaneous connections", "connections", expect=None)

    def test_18_a_password_file_that_is_not_there(self):
        sterna = self.account(password=None, password_file="/nowhere/secret")
        failed = self.failures(sterna, expect=LOGIN)
        self.assertEqual([line["what"] for line in failed], ["password"], failed)
        self.assertRegex(failed[0]["detail"], "/nowhere/secret: No such file")
        self.assertRegex(failed[0]["hint"], "write the password into the file")

    def test_19_a_password_file_that_others_may_read(self):
        secret = pathlib.Path(self.account().dir, "secret")
        secret.write_text(PASSWORD + "\n")
        secret.chmod(0o644)
        sterna = self.box.sterna
        sterna.set("acc", password=None, password_file=str(secret))
        run = sterna.run("check", expect=BAD_CONFIG)
        self.assertIn(f"chmod 600 {secret}", run.stderr)

    def test_20_a_command_that_fails(self):
        self.assert_says(self.account(password=None, password_command="echo no key >&2; exit 2"),
                         "password", "no key", "run that by hand")

    def test_21_a_command_that_is_not_there(self):
        self.assert_says(self.account(password=None, password_command=["pas", "show", "x"]),
                         "password", "pas: No such file", "run that by hand|PATH")

    def test_22_a_command_that_prints_nothing(self):
        self.assert_says(self.account(password=None, password_command="true"), "password",
                         "empty", "run that by hand")

    def test_23_a_command_that_waits_for_a_person(self):
        sterna = self.account(password=None, password_command="sleep 600")
        failed = self.failures(sterna, expect=LOGIN, seconds=180)
        self.assertEqual([line["what"] for line in failed], ["password"], failed)
        self.assertRegex(failed[0]["detail"], r"within \d+ s")
        self.assertRegex(failed[0]["hint"], "run that by hand")

    def test_24_no_password_at_all(self):
        self.assert_says(self.account(password=None), "password", "no password is configured",
                         r"password_command in \[account\.acc\]")


class FilesTest(MistakesCase):
    def test_25_a_maildir_that_may_not_be_written_to(self):
        sterna = self.account()
        os.makedirs(self.box.mail.root)
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        if os.geteuid() == 0:
            if not shutil.which("setpriv"):
                self.skipTest("setpriv is missing")
            sterna.program = shutil.copy(os.environ["STERNA_BINARY"], f"{self.box.dir}/program")
            os.chmod(self.box.dir, 0o755)
            for top, directories, files in os.walk(sterna.dir):
                for name in [top, *(os.path.join(top, n) for n in directories + files)]:
                    os.chown(name, 65534, 65534)
            sterna.before = nobody
        else:
            os.chmod(self.box.mail.root, 0o500)
            self.addCleanup(os.chmod, self.box.mail.root, 0o700)
        self.assert_says(sterna, "Maildir", "Permission denied", "chown, chmod", expect=None)

    def test_26_a_file_where_the_maildir_should_be(self):
        sterna = self.account()
        pathlib.Path(self.box.mail.root).write_text("mbox\n")
        failed = self.failures(sterna)
        self.assertEqual(failed[0]["what"], "Maildir")
        self.assertRegex(failed[0]["detail"], "no directory")
        self.assertRegex(failed[0]["hint"], "move it away")

    def test_27_a_maildir_within_another(self):
        sterna = self.account()
        sterna.add_account("other", user="u", host="h", password="p",
                           maildir=f"{self.box.mail.root}/within")
        run = sterna.run("check", expect=BAD_CONFIG)
        self.assertRegex(run.stderr, r"acc")
        self.assertRegex(run.stderr, r"inside|within")

    def test_28_a_disk_that_is_full(self):
        sterna = self.account()
        os.makedirs(self.box.mail.root)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs",
                                  self.box.mail.root], capture_output=True)
        if mounted.returncode:
            self.skipTest("mount is not allowed here")
        self.addCleanup(subprocess.run, ["umount", self.box.mail.root], check=True)
        self.assert_says(sterna, "space for mail", "free", "make room", expect=FAILED)

    def test_29_a_key_that_is_mistyped(self):
        sterna = self.account(pasword_file="x")
        run = sterna.run("check", expect=BAD_CONFIG)
        self.assertRegex(run.stderr, r"sterna\.toml:\d+:\d+: unknown key `pasword_file`")
        self.assertIn("did you mean `password_file`?", run.stderr)

    def test_30_no_configuration_yet(self):
        home = self.account().dir
        done = subprocess.run([os.environ["STERNA_BINARY"], "check"], capture_output=True,
                              text=True, env={"HOME": f"{home}/empty", "PATH": os.environ["PATH"]})
        self.assertEqual(done.returncode, BAD_CONFIG, done.stderr)
        self.assertIn("sterna init", done.stderr)

    def test_31_a_configuration_that_is_no_toml(self):
        sterna = self.account()
        sterna.write_raw_config('[account.a\naddress = "x"\n')
        run = sterna.run("check", expect=BAD_CONFIG)
        self.assertRegex(run.stderr, r"sterna\.toml:1:\d+")

    def test_32_an_account_that_is_switched_off(self):
        sterna = self.account(enabled=False)
        self.assertIn("all accounts are disabled (enabled = false)", sterna.run("check").stderr)

    def test_33_a_provider_known_by_name_that_is_none(self):
        run = self.account(preset="gmial").run("check", expect=BAD_CONFIG)
        self.assertIn("did you mean `gmail`?", run.stderr)

    def test_34_an_address_whose_provider_nobody_knows(self):
        sterna = self.account(host=None, address="ann@example.org", port=None)
        run = sterna.run("check", expect=BAD_CONFIG)
        self.assertRegex(run.stderr, "needs `host`: example.org is no provider")
        self.assertIn("sterna init", run.stderr)

    def test_35_oauth_without_a_client(self):
        sterna = self.account(password=None, address="ann@outlook.com", auth="oauth",
                              oauth={"provider": "microsoft"})
        run = sterna.run("check", expect=BAD_CONFIG)
        self.assertIn("client_id", run.stderr)
        self.assertIn("docs/oauth.md", run.stderr)

    def test_36_oauth_without_a_login(self):
        sterna = self.account(password=None, address="ann@outlook.com", auth="oauth",
                              oauth={"provider": "microsoft", "client_id": "x"})
        run = sterna.run("check", "--offline", expect=LOGIN)
        self.assertRegex(run.stdout, r"FAILED +OAuth 2\.0 .*\n +-> sterna auth acc")
