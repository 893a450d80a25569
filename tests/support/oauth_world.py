# SPDX-License-Identifier: Apache-2.0
"""The frame of the tests of OAuth 2.0: an account that logs in with tokens, a provider that gives
them, and a Dovecot that checks them."""
import atexit
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from tests.support.dovecot import Dovecot
from tests.support.identity_provider import DOVECOT, IdentityProvider, teach
from tests.support.maildir import Maildir
from tests.support.messages import message
from tests.support.sterna import DONE, Sterna, binary

KEY = b"shared with the mail server"
_servers = []


def server():
    if not _servers:
        dovecot = Dovecot(extra=DOVECOT)
        os.makedirs(dovecot.dir, exist_ok=True)
        teach(dovecot.dir, KEY)
        _servers.append(dovecot.start())
        atexit.register(dovecot.stop)
    return _servers[0]


class OAuthWorld:
    """An account `acc` that logs in with tokens of `provider`, and nobody who has logged in yet.
    `name` is the provider's host, where it is not an address."""

    def __init__(self, test, name=None, **oauth):
        self.test = test
        self.server = server()
        self.user = self.server.new_user()
        self.imap = self.server.client(self.user)
        test.addCleanup(self.imap.close)
        self.imap.append("INBOX", message("one"), ())
        self.imap.leave()
        self.provider = IdentityProvider(self.user, KEY, name=name)
        test.addCleanup(self.provider.close)
        self.dir = tempfile.mkdtemp(prefix="sterna-test-")
        test.addCleanup(shutil.rmtree, self.dir, True)
        self.mail = Maildir(f"{self.dir}/mail")
        self.sterna = Sterna(f"{self.dir}/sterna")
        for proxy in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            self.sterna.extra_environment[proxy] = ""
        for display in ("DISPLAY", "WAYLAND_DISPLAY"):
            self.sterna.extra_environment[display] = ""
        keys = self.provider.keys(**oauth)
        self.sterna.add_account(
            "acc", user=self.user, maildir=self.mail.root, host="localhost",
            port=self.server.tls_port, tls={"ca_file": self.server.ca},
            oauth={k: v for k, v in keys.items() if v is not None})

    # ---- logging in

    def start_auth(self, *options):
        """The command, and the address that it wants to be opened."""
        process = subprocess.Popen(
            [binary(), "-c", self.sterna.config, "auth", "acc", *options],
            env=self.sterna.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        self.test.addCleanup(process.kill)
        said = ""
        while not re.search(r"(https://\S+)\n", said):
            line = process.stderr.readline()
            if not line:
                break
            said += line
        found = re.search(r"^ +(https://\S+)\n", said, re.M)
        self.test.assertTrue(found, said)
        return process, found[1]

    def finish(self, process, expect=DONE, text=None):
        out, err = process.communicate(text, timeout=90)
        self.test.assertEqual(process.returncode, expect, out + err)
        return out, err

    def log_in(self, **expect):
        """As somebody with a browser."""
        process, url = self.start_auth()
        status, page = self.provider.visit(self.provider.consent(url))
        self.test.assertEqual(status, 200)
        self.test.assertNotIn("<script", page)
        return self.finish(process, **expect)

    # ---- what is kept

    @property
    def file(self):
        return pathlib.Path(self.sterna.state, "acc", "tokens")

    def tokens(self):
        return json.loads(self.file.read_text())

    def age(self, seconds):
        """So much time has passed for the access token."""
        tokens = self.tokens()
        tokens["issued_ms"] -= seconds * 1000
        tokens["expires_ms"] -= seconds * 1000
        self.file.write_text(json.dumps(tokens))

    def words(self):
        return len(self.mail.messages("INBOX"))
