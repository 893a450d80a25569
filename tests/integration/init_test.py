# SPDX-License-Identifier: Apache-2.0
"""sterna init, with a DNS, a web and a Dovecot on loopback: what is found and by whose word, what
is written and what never is, without a terminal and at one.
"""
import os
import pathlib
import pty
import re
import select
import shutil
import stat
import subprocess
import tempfile
import time

from tests.support.case import IntegrationCase, server
from tests.support.discovery import Names, Web, autoconfig, environment, mx, srv
from tests.support.dovecot import PASSWORD
from tests.support.keyring import Keyring
from tests.support.messages import message
from tests.support.sterna import (BAD_CONFIG, DONE, FAILED, LOGIN, NETWORK, USAGE, Run, binary)

DOMAIN = "example.test"
OWN = (f"autoconfig.{DOMAIN}", "/mail/config-v1.1.xml")
WELL_KNOWN = (DOMAIN, "/.well-known/autoconfig/mail/config-v1.1.xml")
EXCHANGE = ("autoconfig.provider.test", "/mail/config-v1.1.xml")
DATABASE = ("database.test", f"/v1/{DOMAIN}")


class InitCase(IntegrationCase):
    def setUp(self):
        self.server = server()
        self.home = tempfile.mkdtemp(prefix="sterna-init-test-")
        self.addCleanup(shutil.rmtree, self.home, True)
        self.names = Names()
        self.addCleanup(self.names.close)
        self.web = Web(f"{self.server.dir}/tls",
                       [OWN[0], DOMAIN, EXCHANGE[0], DATABASE[0]])
        self.addCleanup(self.web.close)
        self.user = self.server.new_user("init")
        self.address = f"{self.user}@{DOMAIN}"
        self.config = pathlib.Path(self.home, ".config/sterna")

    def environment(self, **more):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "STERNA_"))}
        return {**clean, "HOME": self.home, "LC_ALL": "C.UTF-8", "TERM": "xterm",
                "STERNA_DISCOVERY_DATABASE": "https://database.test/v1/",
                **environment(self.names, self.web, self.server.ca), **more}

    def sterna(self, *arguments, given="", expect=DONE, more=()):
        done = subprocess.run([binary(), "--no-input", *arguments], input=given,
                              capture_output=True, text=True, timeout=120,
                              env=self.environment(**dict(more)))
        run = Run(done.returncode, done.stdout, done.stderr)
        if expect is not None and run.code != expect:
            self.fail(f"sterna {' '.join(arguments)}: expected {expect}, {run}")
        return run

    def init(self, *arguments, given=PASSWORD + "\n", **keys):
        return self.sterna("init", self.address, "--user", self.user, *arguments, given=given,
                           **keys)

    def describe(self, page=OWN, **keys):
        """The web describes this Dovecot on a page."""
        self.web.pages[page] = (200, {"Content-Type": "text/xml"},
                                autoconfig("localhost", self.server.tls_port, **keys))

    def assert_nothing_written(self):
        self.assertFalse(self.config.exists(), list(self.config.rglob("*")))

    def mode(self, path):
        return stat.S_IMODE(os.stat(path).st_mode)


class FindTest(InitCase):
    def test_the_domains_own_word_is_taken_and_the_account_syncs(self):
        self.describe(user="%EMAILLOCALPART%")
        imap = self.server.client(self.user)
        self.addCleanup(imap.close)
        imap.append("INBOX", message("hello"))
        run = self.sterna("init", self.address, "--password-stdin", given=PASSWORD + "\n")
        self.assertIn(f"autoconfig: https://{OWN[0]}{OWN[1]}", run.stderr)
        self.assertIn("localhost, port", run.stderr)
        self.assertIn("INBOX", run.stderr)
        self.assertEqual(run.stdout, "")
        written = self.config / "config.toml"
        self.assertEqual(self.mode(written), 0o600)
        password = self.config / "passwords/example"
        self.assertEqual(self.mode(password), 0o600)
        self.assertEqual(password.read_text(), PASSWORD + "\n")
        self.assertNotIn(PASSWORD, written.read_text() + run.stderr)
        self.sterna("sync")
        self.assertEqual(len(list(pathlib.Path(self.home, "Mail/example/INBOX").glob("???/*"))), 1)

    def test_that_there_is_no_trash_is_said(self):
        self.describe(user="%EMAILLOCALPART%")
        none = "Trash: the server has none: what is deleted here is kept in the undo area"
        try_it = ("init", self.address, "--password-stdin", "--print")
        self.assertIn(none, self.sterna(*try_it, given=PASSWORD + "\n").stderr)
        imap = self.server.client(self.user)
        self.addCleanup(imap.close)
        imap.create("Trash")
        self.assertNotIn(none, self.sterna(*try_it, given=PASSWORD + "\n").stderr)

    def test_the_address_is_told_to_nobody(self):
        self.names.records[DOMAIN, "MX"] = [mx(10, "mx1.provider.test")]
        self.init("--password-stdin", "--database", expect=FAILED)
        self.assertIn(OWN, self.web.asked)
        self.assertIn(DATABASE, self.web.asked)
        self.assertIn(EXCHANGE, self.web.asked)
        for host, path in self.web.asked:
            self.assertNotIn(self.user, host + path)

    def test_the_well_known_page_serves_as_well_and_redirects_are_followed(self):
        self.web.pages[WELL_KNOWN] = (301, {"Location": f"https://{OWN[0]}/elsewhere"}, b"")
        self.describe((OWN[0], "/elsewhere"))
        run = self.init("--password-stdin")
        self.assertIn(f"https://{DOMAIN}/.well-known", run.stderr)

    def test_a_redirect_to_plain_http_leads_nowhere(self):
        self.web.pages[OWN] = (301, {"Location": f"http://{OWN[0]}/elsewhere"}, b"")
        self.describe((OWN[0], "/elsewhere"))
        run = self.init("--password-stdin", expect=FAILED)
        self.assertIn("answered 301", run.stderr)
        self.assertIn("--host", run.stderr)
        self.assert_nothing_written()

    def test_a_plain_server_and_a_flood_are_not_taken(self):
        for page, said in ((autoconfig("localhost", 143, socket_type="plain"), "plain"),
                           (b"<clientConfig>" + b" " * 1_000_000, "more than"),
                           (b'<!DOCTYPE x [<!ENTITY a "b">]><clientConfig/>', "document type"),
                           (b"<html>welcome</html>", "no <clientConfig>")):
            self.web.pages[OWN] = (200, {}, page)
            run = self.init("--password-stdin", expect=FAILED)
            self.assertIn(said, run.stderr)
            self.assert_nothing_written()

    def test_a_page_under_another_certificate_is_not_read(self):
        self.address = f"{self.user}@elsewhere.test"
        self.web.pages["autoconfig.elsewhere.test", OWN[1]] = (
            200, {}, autoconfig("localhost", self.server.tls_port))
        run = self.init("--password-stdin", expect=FAILED)
        self.assertEqual(self.web.asked, [])
        self.assertIn("https://autoconfig.elsewhere.test/mail/config-v1.1.xml: ", run.stderr)

    def test_service_records_name_a_foreign_host_only_with_consent(self):
        self.names.records[f"_imaps._tcp.{DOMAIN}", "SRV"] = [
            srv(0, 1, self.server.tls_port, "localhost")]
        run = self.init("--password-stdin", expect=LOGIN)
        self.assertIn(f"localhost is not within {DOMAIN}", run.stderr)
        self.assertIn(f"--host localhost --port {self.server.tls_port}", run.stderr)
        self.assert_nothing_written()
        self.init("--password-stdin", "--host", "localhost", "--port",
                  str(self.server.tls_port))
        self.assertTrue((self.config / "config.toml").exists())

    def test_a_service_that_is_not_offered_is_said_to_be_none(self):
        self.names.records[f"_imaps._tcp.{DOMAIN}", "SRV"] = [srv(0, 0, 0, ".")]
        run = self.init("--password-stdin", expect=FAILED)
        self.assertIn("says that it is not offered", run.stderr)

    def test_a_known_provider_is_seen_by_the_mail_exchange(self):
        self.names.records[DOMAIN, "MX"] = [mx(20, "mx.example.test"),
                                            mx(10, "aspmx.l.google.com")]
        run = self.init("--password-stdin", expect=LOGIN)
        self.assertIn("imap.gmail.com", run.stderr)
        self.assertIn("--preset google", run.stderr)
        printed = self.init("--password-command", "pass show x", "--preset", "google",
                            "--no-test", "--print")
        self.assertIn('preset = "google"', printed.stdout)
        self.assertNotIn("host =", printed.stdout)
        self.assertIn("https://myaccount.google.com/apppasswords", printed.stderr)

    def test_the_web_of_the_mail_exchange_needs_consent(self):
        self.names.records[DOMAIN, "MX"] = [mx(10, "mx1.provider.test")]
        self.describe(EXCHANGE)
        run = self.init("--password-stdin", expect=LOGIN)
        self.assertIn("autoconfig of the mail exchange", run.stderr)

    def test_the_central_database_is_asked_only_when_wanted(self):
        self.describe(DATABASE)
        self.init("--password-stdin", expect=FAILED)
        self.assertNotIn(DATABASE, self.web.asked)
        run = self.init("--password-stdin", "--database", expect=LOGIN)
        self.assertIn("central database: https://database.test/v1/", run.stderr)

    def test_silence_on_all_sides_ends_soon(self):
        self.names.silent = True
        self.web.pause.clear()
        began = time.monotonic()
        run = self.init("--password-stdin", expect=FAILED)
        self.assertLess(time.monotonic() - began, 25)
        self.assertIn(f"no mail server was found for {DOMAIN}", run.stderr)

    def test_nothing_is_asked_of_anybody_where_a_host_is_given(self):
        self.init("--password-stdin", "--host", "localhost", "--port", str(self.server.tls_port))
        self.assertEqual((self.web.asked, self.names.asked), ([], []))

    def test_nor_for_a_provider_that_is_known(self):
        self.address = "ann@gmail.com"
        run = self.sterna("init", self.address, "--password-command", "pass show x", "--offline")
        text = (self.config / "config.toml").read_text()
        self.assertIn('address = "ann@gmail.com"', text)
        self.assertNotIn("host", text)
        self.assertIn("2500 MB", run.stderr)
        self.assertEqual((self.web.asked, self.names.asked), ([], []))


class WriteTest(InitCase):
    def setUp(self):
        super().setUp()
        self.where = ("--host", "localhost", "--port", str(self.server.tls_port))

    def test_a_wrong_password_writes_nothing(self):
        run = self.init("--password-stdin", *self.where, given="wrong\n", expect=LOGIN)
        self.assertIn("refused the login", run.stderr)
        self.assertNotIn("wrong\n", run.stderr)
        self.assert_nothing_written()

    def test_a_certificate_that_nobody_knows_writes_nothing_and_names_the_pin(self):
        run = self.init("--password-stdin", *self.where, expect=LOGIN,
                        more={"SSL_CERT_FILE": "/dev/null"}.items())
        self.assert_nothing_written()
        self.assertRegex(run.stderr, "certificate|authorities|SSL_CERT_FILE")

    def test_a_second_account_gets_a_file_beside_the_first(self):
        self.init("--password-stdin", *self.where)
        other = f"other@{DOMAIN}"
        self.sterna("init", other, "--user", self.server.new_user(), "--password-stdin",
                    *self.where, given=PASSWORD + "\n")
        self.assertEqual(sorted(p.name for p in self.config.iterdir()),
                         ["config.d", "config.toml", "passwords"])
        self.assertIn('[account.example-2]',
                      (self.config / "config.d/example-2.toml").read_text())
        self.sterna("sync")

    def test_an_account_that_is_there_is_left_alone(self):
        self.init("--password-stdin", *self.where)
        before = (self.config / "config.toml").read_bytes()
        for options in ((), ("--name", "example")):
            run = self.init("--password-stdin", *self.where, *options, expect=FAILED)
            self.assertIn("already", run.stderr)
            self.assertIn("sterna check example", run.stderr)
        self.assertEqual((self.config / "config.toml").read_bytes(), before)

    def test_a_configuration_with_mistakes_is_said_to_have_them(self):
        self.config.mkdir(parents=True)
        (self.config / "config.toml").write_text("[account.a]\nhots = 1\n")
        run = self.init("--password-stdin", *self.where, expect=BAD_CONFIG)
        self.assertIn("config.toml:2", run.stderr)

    def test_a_maildir_within_another_is_refused_before_anything_is_written(self):
        self.init("--password-stdin", *self.where, "--maildir", f"{self.home}/Mail")
        run = self.sterna("init", f"other@{DOMAIN}", "--password-stdin", *self.where,
                          "--maildir", f"{self.home}/Mail/within", given=PASSWORD + "\n",
                          expect=BAD_CONFIG)
        self.assertIn("config.d/example-2.toml", run.stderr)
        self.assertNotIn("sterna-init-new", run.stderr)
        self.assertFalse((self.config / "config.d").exists())

    def test_print_writes_nothing_and_says_everything_else_on_stderr(self):
        run = self.init("--password-command", f"echo {PASSWORD}", *self.where, "--print")
        self.assertTrue(run.stdout.startswith("# "), run.stdout)
        self.assertIn(f'password_command = "echo {PASSWORD}"', run.stdout)
        self.assertIn("logged in", run.stderr)
        self.assert_nothing_written()

    def test_a_file_that_is_read_alone_is_made_and_never_changed(self):
        own = f"{self.home}/own.toml"
        self.init("--password-command", f"echo {PASSWORD}", *self.where, "-c", own)
        self.assertEqual(self.mode(own), 0o600)
        before = pathlib.Path(own).read_bytes()
        run = self.sterna("init", f"b@{DOMAIN}", "--password-command", "true", *self.where,
                          "-c", own, expect=FAILED)
        self.assertIn("--print", run.stderr)
        self.assertEqual(pathlib.Path(own).read_bytes(), before)

    def test_a_password_file_of_ones_own_is_named_and_must_be_closed_to_others(self):
        own = pathlib.Path(self.home, "secret")
        own.write_text(PASSWORD + "\n")
        own.chmod(0o644)
        run = self.init("--password-file", str(own), *self.where, expect=BAD_CONFIG)
        self.assertIn("chmod 600", run.stderr)
        own.chmod(0o600)
        self.init("--password-file", str(own), *self.where)
        self.assertIn(f'password_file = "{own}"', (self.config / "config.toml").read_text())

    def test_the_keyring_gets_the_password_on_its_input_and_gives_it_back(self):
        tool = pathlib.Path(self.home, "bin/secret-tool")
        tool.parent.mkdir()
        tool.write_text("#!/bin/sh\n"
                        f'echo "$@" >> {self.home}/asked\n'
                        f"kept={self.home}/kept\n"
                        'case $1 in store) cat > "$kept";; *) cat "$kept";; esac\n')
        tool.chmod(0o755)
        path = {"PATH": f"{tool.parent}:{os.environ['PATH']}"}.items()
        run = self.init("--password-stdin", "--keep", "keyring", *self.where, more=path)
        asked = pathlib.Path(self.home, "asked").read_text()
        self.assertIn("store --label=", asked)
        self.assertIn("service sterna account example", asked)
        self.assertNotIn(PASSWORD, asked + run.stderr + run.stdout)
        self.assertFalse((self.config / "passwords").exists())
        self.sterna("sync", more=path)

    def test_the_keyring_of_a_desktop_gets_it(self):
        ring = Keyring(self)
        ring.start()
        self.init("--password-stdin", "--keep", "keyring", *self.where,
                  more=ring.environment.items())
        self.assertFalse((self.config / "passwords").exists())
        self.sterna("sync", more=ring.environment.items())

    def test_starttls_and_a_port_of_ones_own_are_written(self):
        self.init("--password-stdin", "--host", "localhost", "--port", str(self.server.port),
                  "--tls", "starttls")
        text = (self.config / "config.toml").read_text()
        self.assertIn(f"port = {self.server.port}", text)
        self.assertIn('mode = "starttls"', text)
        self.sterna("sync")

    def test_the_answer_as_json(self):
        run = self.init("--password-stdin", *self.where, "--json")
        self.assertEqual(run.json()["account"], "example")
        self.assertEqual(run.json()["file"], str(self.config / "config.toml"))

    def test_who_takes_oauth_alone_gets_a_client_and_the_command_that_comes_next(self):
        secret = pathlib.Path(self.home, "client-secret")
        secret.write_text("canary-of-the-client\n")
        secret.chmod(0o600)
        run = self.sterna("init", "ann@outlook.com", "--client-id", "0123-id",
                          "--client-secret-file", str(secret))
        self.assertIn("sterna auth outlook", run.stderr)
        self.assertNotIn("canary", run.stderr)
        written = self.config / "config.toml"
        self.assertEqual(self.mode(written), 0o600)
        for line in ('auth = "oauth"', 'provider = "microsoft"', 'client_id = "0123-id"',
                     'client_secret = "canary-of-the-client"'):
            self.assertIn(line, written.read_text())
        self.assertIn("sterna auth outlook", self.sterna("check", "--offline", expect=LOGIN).stdout)

    def test_what_is_missing_is_said_with_its_option(self):
        for arguments, said, status in (
                (("init",), "mail address is missing", USAGE),
                (("init", "ann"), "no mail address", USAGE),
                (("init", "ann@b\u00fccher.test"), "xn--", USAGE),
                (("init", self.address, *self.where), "--password-command", LOGIN),
                (("init", "ann@outlook.com"), "--client-id", LOGIN),
                (("init", self.address, "--preset", "gmial"), "did you mean gmail", USAGE),
                (("init", self.address, "--host", "a b"), "no host name", USAGE),
                (("init", self.address, "--auth", "magic"), "--auth", USAGE),
                (("init", self.address, "--password-stdin", "--password-file", "x"),
                 "more than one source", USAGE)):
            with self.subTest(arguments=arguments):
                run = self.sterna(*arguments, expect=status)
                self.assertIn(said, run.stderr)
        self.assert_nothing_written()

    def test_a_host_that_does_not_answer_is_the_networks_matter(self):
        run = self.init("--password-stdin", "--host", "127.0.0.1", "--port", "1",
                        expect=NETWORK)
        self.assertIn("127.0.0.1:1", run.stderr)
        self.assert_nothing_written()


class TerminalCase(InitCase):
    """One who sits at a terminal, and answers what is asked."""

    def talk(self, arguments, answers, expect=DONE, more=()):
        """Each answer is (what is asked, what is typed, or what is done with what was shown).
        Returns all that was shown."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(binary(), [binary(), *arguments], self.environment(**dict(more)))
        shown, waiting, deadline = "", list(answers), time.monotonic() + 60
        seen = 0
        while time.monotonic() < deadline:
            if select.select([terminal], [], [], 0.1)[0]:
                try:
                    data = os.read(terminal, 4096)
                except OSError:
                    break
                if not data:
                    break
                shown += data.decode(errors="replace")
            if waiting and waiting[0][0] in shown[seen:]:
                seen = len(shown)
                answer = waiting.pop(0)[1]
                if callable(answer):
                    answer(shown)
                else:
                    os.write(terminal, answer.encode())
        else:
            os.kill(pid, 9)
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
        self.assertEqual(waiting, [], f"never asked; shown:\n{shown}")
        self.assertEqual(os.waitstatus_to_exitcode(status), expect, shown)
        return shown

    def service_question(self):
        there = os.path.exists("/run/systemd/system") and shutil.which("systemctl")
        return [("service of systemd", "\n")] if there else []


class TerminalTest(TerminalCase):
    def test_a_newcomer_answers_five_questions_and_has_mail(self):
        self.describe()
        shown = self.talk(["init", self.address, "--user", self.user], [
            ("Use it? [Y/n]", "\n"),
            ("Maildir [", "\n"),
            ("Choose [1]", "1\n"),
            ("Password (not shown)", PASSWORD + "\n"),
            *self.service_question()])
        self.assertNotIn(PASSWORD, shown)
        self.assertIn("logged in", shown)
        self.assertIn("sterna sync", shown)
        self.sterna("sync")

    def test_a_mistyped_password_is_asked_for_again(self):
        shown = self.talk(["init", self.address, "--user", self.user, "--host", "localhost",
                           "--port", str(self.server.tls_port)], [
            ("Maildir [", f"{self.home}/elsewhere\n"),
            ("Choose [1]", "\n"),
            ("Password (not shown)", "wrong-horse\n"),
            ("User [", "\n"),
            ("Password (not shown)", PASSWORD + "\n"),
            *self.service_question()])
        self.assertIn("refused the login", shown)
        self.assertNotIn("wrong-horse", shown)
        self.assertIn("elsewhere", (self.config / "config.toml").read_text())

    def test_a_foreign_host_is_asked_about_and_a_no_leads_to_the_question_for_the_host(self):
        self.names.records[f"_imaps._tcp.{DOMAIN}", "SRV"] = [srv(0, 1, 993, "evil.test")]
        shown = self.talk(["init", self.address, "--user", self.user, "--port",
                           str(self.server.tls_port)], [
            ("Is it your provider's? [y/N]", "\n"),
            ("IMAP server", "localhost\n"),
            ("Maildir [", "\n"),
            ("Choose [1]", "\n"),
            ("Password (not shown)", PASSWORD + "\n"),
            *self.service_question()])
        self.assertIn("evil.test is not within", shown)
        self.assertNotIn("evil.test", (self.config / "config.toml").read_text())

    def test_the_key_of_a_self_made_certificate_is_shown_and_trusted_on_the_users_word(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=none", "-keyout",
                        f"{self.home}/none.key", "-out", f"{self.home}/none.pem"],
                       capture_output=True, check=True)
        shown = self.talk(["init", self.address, "--user", self.user, "--host", "localhost",
                           "--port", str(self.server.tls_port)], [
            ("Maildir [", "\n"),
            ("Choose [1]", "\n"),
            ("Password (not shown)", PASSWORD + "\n"),
            ("no other? [y/N]", "y\n"),
            *self.service_question()], more={"SSL_CERT_FILE": f"{self.home}/none.pem"}.items())
        pin = re.search(r"key is (\S{44})\.", shown)[1]
        self.assertIn(f'pin_sha256 = ["{pin}"]', (self.config / "config.toml").read_text())
        self.sterna("sync", more={"SSL_CERT_FILE": f"{self.home}/none.pem"}.items())

    def test_the_end_of_the_input_ends_it_and_writes_nothing(self):
        self.talk(["init", self.address, "--host", "localhost"], [("Maildir [", "\x04")],
                  expect=130)
        self.assert_nothing_written()

    def test_an_interrupt_at_the_password_gives_the_echo_back(self):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        import termios
        process = subprocess.Popen([binary(), "init", self.address, "--host", "localhost"],
                                   stdin=slave, stdout=slave, stderr=slave,
                                   env=self.environment())
        shown = ""
        for question, answer in (("Maildir [", b"\n"), ("Choose [1]", b"\n"),
                                 ("Password (not shown)", None)):
            while question not in shown:
                shown += os.read(master, 4096).decode()
            if answer:
                os.write(master, answer)
        deadline = time.monotonic() + 10
        while termios.tcgetattr(slave)[3] & termios.ECHO and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertFalse(termios.tcgetattr(slave)[3] & termios.ECHO)
        process.terminate()
        self.assertLess(process.wait(10), 0)
        self.assertTrue(termios.tcgetattr(slave)[3] & termios.ECHO)
