# SPDX-License-Identifier: Apache-2.0
"""Where sterna init leaves a password that was typed: with --print nowhere, and never over that of
another account without a word.
"""
import os
import pathlib
import re
import subprocess

from tests.integration.init_test import DOMAIN, TerminalCase
from tests.support.dovecot import PASSWORD
from tests.support.sterna import FAILED


class PasswordsCase(TerminalCase):
    def setUp(self):
        super().setUp()
        self.where = ("--host", "localhost", "--port", str(self.server.tls_port))
        self.kept = self.config / "passwords/example"

    def keep(self, password, mode=0o600):
        self.kept.parent.mkdir(parents=True)
        self.kept.write_text(password + "\n")
        self.kept.chmod(mode)

    def secret_tool(self):
        """A keyring that is a file; returns the environment that has it."""
        tool = pathlib.Path(self.home, "bin/secret-tool")
        tool.parent.mkdir()
        tool.write_text("#!/bin/sh\n"
                        f"kept={self.home}/keyring\n"
                        'case $1 in store) cat > "$kept";; *) cat "$kept";; esac\n')
        tool.chmod(0o755)
        return {"PATH": f"{tool.parent}:{os.environ['PATH']}"}.items()

    def do_as_told(self, said, more=()):
        """Runs the command that was said, and types the password."""
        command = re.search(r"^  (.*(?:umask|secret-tool).*)$", said, re.M)
        self.assertTrue(command, said)
        subprocess.run(["/bin/sh", "-c", command[1]], input=PASSWORD + "\n", text=True, check=True,
                       env=self.environment(**dict(more)))

    def assert_printed_works(self, printed, more=()):
        (self.config / "config.toml").parent.mkdir(parents=True, exist_ok=True)
        (self.config / "config.toml").write_text(printed)
        self.sterna("sync", more=more)


class PrintTest(PasswordsCase):
    def test_a_password_that_is_not_kept_is_said_to_be_missing_and_how_to_put_it_there(self):
        run = self.init("--password-stdin", *self.where, "--print", "--quiet")
        self.assert_nothing_written()
        self.assertIn(f'password_file = "{self.kept}"', run.stdout)
        self.assertIn("Nothing was written", run.stderr)
        self.assertNotIn(PASSWORD, run.stdout + run.stderr)
        self.do_as_told(run.stderr)
        self.assertEqual(self.mode(self.kept), 0o600)
        self.assertEqual(self.mode(self.kept.parent), 0o700)
        self.assert_printed_works(run.stdout)

    def test_so_it_is_with_the_keyring(self):
        path = self.secret_tool()
        run = self.init("--password-stdin", "--keep", "keyring", *self.where, "--print", more=path)
        self.assertFalse(os.path.exists(f"{self.home}/keyring"))
        self.assertIn("Nothing was written", run.stderr)
        self.assertNotIn(PASSWORD, run.stdout + run.stderr)
        self.do_as_told(run.stderr, more=path)
        self.assert_printed_works(run.stdout, more=path)

    def test_a_file_that_is_there_is_named_and_left_alone(self):
        self.keep("of another one")
        run = self.init("--password-stdin", *self.where, "--print")
        self.assertIn(f"{self.kept}, which is there already", run.stderr)
        self.assertEqual(self.kept.read_text(), "of another one\n")

    def test_what_is_not_typed_is_no_matter(self):
        run = self.init("--password-command", f"echo {PASSWORD}", *self.where, "--print")
        self.assertNotIn("Nothing was written", run.stderr)

    def test_a_terminal_is_not_told_that_it_would_be_kept(self):
        shown = self.talk(["init", self.address, "--user", self.user, *self.where, "--print"], [
            ("Maildir [", "\n"),
            ("Choose [1]", "1\n"),
            ("Password (not shown)", PASSWORD + "\n")])
        self.assertNotIn("; it is kept in", shown)
        self.assertIn("Nothing was written", shown)
        self.assert_nothing_written()


class LeftOverTest(PasswordsCase):
    """Of an account that was taken out of the configuration, the password is there still."""

    def test_it_is_named_before_anybody_is_asked(self):
        self.keep("of the one before")
        run = self.init("--password-stdin", "--host", "127.0.0.1", "--port", "1", expect=FAILED)
        self.assertIn(f"{self.kept} is there already", run.stderr)
        self.assertIn(f"rm {self.kept}", run.stderr)
        self.assertIn("--name", run.stderr)
        self.assertEqual(self.kept.read_text(), "of the one before\n")
        self.init("--password-stdin", *self.where, "--name", "other")

    def test_it_does_not_matter_where_the_password_comes_from_elsewhere(self):
        self.keep("of the one before")
        self.init("--password-command", f"echo {PASSWORD}", *self.where)
        self.assertEqual(self.kept.read_text(), "of the one before\n")

    def test_a_person_may_replace_it(self):
        self.keep("of the one before")
        self.talk(["init", self.address, "--user", self.user, *self.where], [
            ("Maildir [", "\n"),
            ("Choose [1]", "1\n"),
            ("Replace it? [y/N]", "y\n"),
            ("Password (not shown)", PASSWORD + "\n"),
            *self.service_question()])
        self.assertEqual(self.kept.read_text(), PASSWORD + "\n")
        self.assertEqual(self.mode(self.kept), 0o600)
        self.assertEqual([p.name for p in self.kept.parent.iterdir()], ["example"])
        self.sterna("sync")

    def test_or_choose_another_way(self):
        self.keep("of the one before")
        shown = self.talk(["init", self.address, "--user", self.user, *self.where], [
            ("Maildir [", "\n"),
            ("Choose [1]", "1\n"),
            ("Replace it? [y/N]", "\n"),
            ("Choose [1]", f"{self.number_of_the_command()}\n"),
            ("Command", f"echo {PASSWORD}\n"),
            *self.service_question()])
        self.assertIn("is there already", shown)
        self.assertEqual(self.kept.read_text(), "of the one before\n")
        self.sterna("sync")

    def test_one_that_an_account_reads_is_not_offered_to_be_replaced(self):
        self.keep(PASSWORD)
        for key in (f'password_file = "{self.kept}"',
                    'password_command = "cat ~/.config/sterna/passwords/example"'):
            (self.config / "config.toml").write_text(
                f'[account.mine]\naddress = "mine@{DOMAIN}"\nhost = "localhost"\n{key}\n')
            self.assert_is_not_offered()

    def test_nor_one_that_is_not_a_closed_file_of_ones_own(self):
        self.keep(PASSWORD, 0o644)
        self.assert_is_not_offered()

    def test_nor_one_beside_a_file_that_is_read_alone(self):
        self.keep(PASSWORD)
        self.assert_is_not_offered("-c", f"{self.config}/one-of-many.toml")

    def assert_is_not_offered(self, *options):
        shown = self.talk([*options, "init", self.address, "--user", self.user, *self.where], [
            ("Maildir [", "\n"),
            ("Choose [1]", "1\n"),
            ("Choose [1]", "\x04")], expect=130)
        self.assertIn("is there already", shown)
        self.assertNotIn("Replace it?", shown)
        self.assertEqual(self.kept.read_text(), PASSWORD + "\n")

    @staticmethod
    def number_of_the_command():
        tools = (os.path.join(at, "secret-tool") for at in os.environ["PATH"].split(":"))
        return 3 if any(os.access(tool, os.X_OK) for tool in tools) else 2
