# SPDX-License-Identifier: Apache-2.0
"""Newcomers, from nothing to mail in their Maildir by the README alone: what they type is what it
says, the program takes the time that it takes, and people the time that people take.

A person here types three keys a second, and needs five seconds to read what a command or a question
says and to decide. Whoever makes an app password or registers a client does that elsewhere.
"""
import base64
import json
import os
import pathlib
import re
import subprocess
import time
import unittest
import urllib.parse

from tests.integration.import_test import NOTHING, ImportCase, MbsyncCase, OfflineImapCase
from tests.integration.init_test import TerminalCase
from tests.support.dovecot import PASSWORD
from tests.support.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider
from tests.support.messages import message
from tests.support.personalities import Exchange, Gmail
from tests.support.sterna import DONE, binary

KEYS_A_SECOND = 3
SECONDS_TO_READ = 5
NEW, KNOWN = 180, 60  # seconds that a newcomer may need, and one who has a configuration already


class Stopwatch:
    """What the way costs, a step after the other."""

    def __init__(self):
        self.keys = self.steps = 0
        self.machine = 0.0

    def types(self, text):
        self.steps += 1
        self.keys += len(text)

    def runs(self, command, act):
        self.types(command + "\n")
        began = time.monotonic()
        result = act()
        self.machine += time.monotonic() - began
        return result

    @property
    def seconds(self):
        return self.machine + self.keys / KEYS_A_SECOND + self.steps * SECONDS_TO_READ

    def __str__(self):
        return (f"{self.seconds:.0f} s: {self.steps} commands and answers, {self.keys} keys, "
                f"{self.machine:.1f} s of the program")


class Microsoft(Exchange):
    """An Exchange that lets in who shows a token of the provider, and nobody else."""

    def __init__(self, provider):
        self.tokens = provider.issued
        super().__init__()

    def on_authenticate(self, session, tag, text):
        _, mechanism, shown = text.split(b" ")
        token = base64.b64decode(shown).partition(b"auth=Bearer ")[2].rstrip(b"\x01").decode()
        if mechanism == b"XOAUTH2" and token in self.tokens:
            super().on_authenticate(session, tag, text)
        else:
            session.say(tag + b" NO AUTHENTICATE failed.")

    def on_login(self, session, tag, _text):
        session.say(tag + b" NO LOGIN failed.")


def tell(test, who, watch, limit):
    print(f"{who}: {watch}", flush=True)
    test.assertLess(watch.seconds, limit, str(watch))


class NewAccountTest(TerminalCase):
    """At a terminal, with nothing but the address and the password."""

    def init(self, watch, arguments, answers, more=()):
        for _, typed in answers:
            watch.types(typed if isinstance(typed, str) else "")
        shown = watch.runs(f"sterna init {self.address}",
                           lambda: self.talk(["init", self.address, *arguments], answers,
                                             more=more))
        self.assertIn("Next: sterna sync", shown)
        return shown

    def sync(self, watch):
        watch.runs("sterna sync", lambda: self.sterna("sync"))

    def assert_has_mail(self, count):
        self.assertEqual(len(list(pathlib.Path(self.home, "Mail").rglob("INBOX/???/*"))), count)

    def test_a_server_of_ones_own(self):
        self.describe(user="%EMAILLOCALPART%")
        imap = self.server.client(self.user)
        self.addCleanup(imap.close)
        for number in range(300):
            imap.append("INBOX", message(f"{number}"))
        watch = Stopwatch()
        self.init(watch, [], [("Use it? [Y/n]", "\n"), ("Maildir [", "\n"), ("Choose [1]", "\n"),
                              ("Password (not shown)", PASSWORD + "\n"),
                              *self.service_question()])
        self.sync(watch)
        self.assert_has_mail(300)
        tell(self, "a server of one's own", watch, NEW)

    def test_gmail_with_an_app_password(self):
        server = Gmail()
        self.addCleanup(server.close)
        server.fill(300)
        watch = Stopwatch()
        # Where it is, and that loopback needs no TLS, is all that differs from ann@gmail.com.
        where = ["--preset", "gmail", "--host", "127.0.0.1", "--port", str(server.port), "--tls",
                 "none"]
        shown = self.init(watch, where, [("Maildir [", "\n"), ("Choose [1]", "\n"),
                                         ("Password (not shown)", "abcd efgh ijkl mnop\n"),
                                         *self.service_question()])
        self.assertIn("goes to the Trash, from all labels", shown)
        self.sync(watch)
        self.assert_has_mail(300)
        self.assertEqual(server.violations, [])
        tell(self, "Gmail, with an app password", watch, NEW)

    def test_microsoft_by_its_page_in_a_browser(self):
        provider = IdentityProvider()
        self.addCleanup(provider.close)
        provider.says_scope = "IMAP.AccessAsUser.All SMTP.Send"
        server = Microsoft(provider)
        self.addCleanup(server.close)
        server.fill(300)
        # Where server and provider are, and that loopback needs no TLS, is all that differs from
        # ann@outlook.com; scope, roles and what is left out are the preset's.
        where = ["--preset", "microsoft", "--host", "127.0.0.1", "--port", str(server.port),
                 "--tls", "none", "--authorize-url", provider.url("authorize"), "--token-url",
                 provider.url("token")]
        more = {"SSL_CERT_FILE": provider.ca, "DISPLAY": "", "WAYLAND_DISPLAY": "",
                "https_proxy": "", "HTTPS_PROXY": "", "all_proxy": "", "ALL_PROXY": ""}
        watch = Stopwatch()
        self.address = "ann@outlook.test"
        watch.types("ann@outlook.com\n" + PASSWORD + "\n")  # on the provider's page

        def log_in(shown):
            url = re.findall(r"^ +(https://\S+)\r?$", shown, re.M)[-1]
            self.assertIn("outlook.office.com/IMAP.AccessAsUser.All", urllib.parse.unquote(url))
            status, _ = provider.visit(provider.consent(url))
            self.assertEqual(status, 200)

        answers = [("Maildir [", "\n"), ("Client id", CLIENT_ID + "\n"),
                   ("Client secret", CLIENT_SECRET + "\n"), ("provider now? [Y/n]", "\n"),
                   ("Waiting for the browser", log_in), *self.service_question()]
        shown = self.init(watch, where, answers, more)
        self.assertIn("logged in at", shown)
        self.assertRegex(shown, r"Deleted Items +\(trash\)")
        self.assertRegex(shown, r"Calendar +\(left out\)")
        watch.runs("sterna sync", lambda: self.sterna("sync", more=more))
        self.assert_has_mail(300)
        self.assertEqual(server.sent(rb'^(SELECT|EXAMINE) "?Calendar'), [])
        self.assertEqual(server.violations, [])
        tell(self, "Microsoft, in a browser", watch, NEW)


class ComingOver(ImportCase):
    """With the other program's configuration, and the Maildir that it filled."""

    def come(self, tool, who):
        home = f"{self.w.dir}/home"
        self.settle()
        watch = Stopwatch()
        command = f"sterna import {tool} --write"
        watch.runs(command, lambda: self.shell(home, command))
        before = self.files(home)
        watch.runs("sterna sync", lambda: self.shell(home, "sterna sync --json > report"))
        self.assertEqual(self.files(home), before)
        (account,) = json.loads(pathlib.Path(home, "report").read_text())["accounts"]
        self.assertEqual([account[key] for key in NOTHING], [0] * len(NOTHING))
        tell(self, who, watch, KNOWN)

    def shell(self, home, command):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "STERNA_"))}
        done = subprocess.run(["sh", "-c", f'sterna() {{ "{binary()}" "$@"; }}\n{command}'],
                              env={**clean, "HOME": home}, cwd=home, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=120)
        self.assertEqual(done.returncode, DONE, done.stdout + done.stderr)

    def files(self, home):
        """But for the letters of keywords, which the other program did not write."""
        return sorted(str(p).partition(":2,")[0] for p in pathlib.Path(home, "Mail").rglob("*")
                      if p.parent.name in ("cur", "new") and p.is_file())


class FromMbsyncTest(ComingOver, MbsyncCase):
    def test_in_a_minute(self):
        self.configure("Path ~/Mail/\nInbox ~/Mail/INBOX\nSubFolders Verbatim\n")
        self.run_mbsync()
        self.come("mbsync", "from mbsync")


class FromOfflineImapTest(ComingOver, OfflineImapCase):
    def test_in_a_minute(self):
        self.configure()
        self.run_offlineimap()
        self.come("offlineimap", "from OfflineIMAP")


if __name__ == "__main__":
    unittest.main()
