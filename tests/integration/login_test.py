# SPDX-License-Identifier: Apache-2.0
"""Each way to log in, towards a real Dovecot."""
import base64
import hashlib
import hmac
import json
import os
import re
import shutil
import tempfile
import time
import unittest

from tests.support import certificates
from tests.support.case import IntegrationCase, leave_out
from tests.support.cyrus import GuardedCyrus
from tests.support.dovecot import PASSWORD, Dovecot
from tests.support.maildir import Maildir
from tests.support.messages import message
from tests.support.sterna import BAD_CONFIG, LOGIN, Sterna

TOKEN_KEY = b"a key that only this test knows, and its server"

# Tokens are signed with a secret; a name with "hashed" in it has a password that no challenge can
# be answered with.
_EXTRA = """\
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 external oauthbearer xoauth2
auth_ssl_username_from_cert = yes
ssl_ca = <{dir}/tls/ca.pem
ssl_verify_client_cert = yes
ssl_require_crl = no
ssl_cert_username_field = commonName
passdb {
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = {dir}/oauth2.conf
}
passdb {
  driver = static
  mechanisms = external
  args = nopassword
}
"""
_OAUTH2 = """\
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={dir}/keys/
username_attribute = sub
"""


def token_for(user, seconds=600):
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")
    now = int(time.time())
    claims = {"sub": user, "iat": now - 5, "nbf": now - 5, "exp": now + seconds}
    signed = b".".join((part(b'{"alg":"HS256","typ":"JWT"}'), part(json.dumps(claims).encode())))
    mac = hmac.new(TOKEN_KEY, signed, hashlib.sha256).digest()
    return (signed + b"." + part(mac)).decode()


class LoginCase(IntegrationCase):
    server = None
    extra = _EXTRA

    @classmethod
    def setUpClass(cls):
        directory = tempfile.mkdtemp(prefix="sterna-dovecot-")
        cls.addClassCleanup(shutil.rmtree, directory, True)
        os.makedirs(f"{directory}/keys/default/HS256")
        with open(f"{directory}/keys/default/HS256/default", "wb") as out:
            out.write(base64.b64encode(TOKEN_KEY))
        with open(f"{directory}/oauth2.conf", "w", encoding="ascii") as out:
            out.write(_OAUTH2.replace("{dir}", directory))
        cls.server = Dovecot(directory, extra=cls.extra).start()
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="sterna-test-")
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.user = self.server.new_user()
        self.sterna = Sterna(f"{self.dir}/sterna")
        self.mail = Maildir(f"{self.dir}/mail")
        with self.server.client(self.user) as imap:
            imap.append("INBOX", message("one"), (), 1_700_000_000)

    def account(self, tls=None, **keys):
        account = {"user": self.user, "password": PASSWORD, "maildir": self.mail.root,
                   "host": "localhost", "port": self.server.tls_port,
                   "tls": {"ca_file": self.server.ca, **(tls or {})}, **keys}
        self.sterna.add_account("acc", **account)

    def way_of_login(self):
        """What check says of it, behind the user's name."""
        run = self.sterna.run("check")
        found = re.search(r"login +\S+ with (.*)", run.stdout)
        self.assertIsNotNone(found, run)
        return found[1].strip()

    def assert_logs_in(self, how):
        self.assertEqual(self.way_of_login(), how)
        self.sterna.sync()
        self.assertEqual(len(self.mail.messages("INBOX")), 1)

    def assert_refused(self, *words):
        run = self.sterna.run("sync", expect=LOGIN)
        for word in words:
            self.assertIn(word, run.stderr)
        return run


class MechanismTest(LoginCase):
    def test_each_that_is_asked_for(self):
        for auth, how in (("auto", "AUTHENTICATE SCRAM-SHA-256"),
                          ("plain", "AUTHENTICATE PLAIN"),
                          ("login", "LOGIN"),
                          ("cram-md5", "AUTHENTICATE CRAM-MD5"),
                          ("scram-sha-1", "AUTHENTICATE SCRAM-SHA-1"),
                          ("scram-sha-256", "AUTHENTICATE SCRAM-SHA-256")):
            with self.subTest(auth):
                self.account(auth=auth)
                self.assert_logs_in(how)

    def test_a_wrong_password_by_each(self):
        for auth in ("plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256", "auto"):
            with self.subTest(auth):
                self.account(auth=auth, password="wr0ng-s3cret")
                run = self.assert_refused("refused the login")
                self.assertNotIn("wr0ng-s3cret", run.stderr + run.stdout)

    def test_a_password_beyond_ascii(self):
        self.account(auth="plain", password="corre\u0301ct")
        self.assert_refused("refused the login")

    def test_tokens(self):
        self.account(auth="oauth", password=token_for(self.user))
        self.assert_logs_in("AUTHENTICATE OAUTHBEARER")

    def test_a_token_that_has_expired(self):
        self.account(auth="oauth", password=token_for(self.user, seconds=-1))
        self.assert_refused("invalid_token", "sterna auth acc")

    def test_a_token_of_somebody_else(self):
        self.account(auth="oauth", password=token_for("somebody"))
        self.assert_refused("sterna auth acc")

    def test_an_expired_token_is_followed_by_a_new_one(self):
        for i, seconds in enumerate((-1, 600)):
            with open(f"{self.dir}/{i}", "w", encoding="ascii") as out:
                out.write(token_for(self.user, seconds))
        command = f"cd {self.dir}; [ -e 0 ] && mv 0 used && cat used || cat 1"
        self.account(auth="oauth", password=None, password_command=command)
        self.sterna.sync()
        self.assertEqual(len(self.mail.messages("INBOX")), 1)

    def test_over_starttls(self):
        self.account(tls={"mode": "starttls"}, port=self.server.port)
        self.assert_logs_in("AUTHENTICATE SCRAM-SHA-256")


class CertificateTest(LoginCase):
    def certificate(self, name):
        cert, key = certificates.make_client(f"{self.server.dir}/tls", name)
        return {"client_cert": cert, "client_key": key}

    def test_the_certificate_says_who(self):
        """No password is configured, and `user` is the address, so no identity is sent."""
        self.account(tls=self.certificate(self.user), auth="external", password=None,
                     address=f"{self.user}@example.org", user=None)
        self.assert_logs_in("AUTHENTICATE EXTERNAL")

    def test_an_identity_in_so_many_words(self):
        self.account(tls=self.certificate(self.user), auth="external", password=None)
        self.assert_logs_in("AUTHENTICATE EXTERNAL")

    def test_an_identity_that_is_not_the_certificates(self):
        self.account(tls=self.certificate("somebody"), auth="external", password=None)
        self.assert_refused("refused the login", "tls.client_cert")

    def test_after_starttls(self):
        self.account(tls={"mode": "starttls", **self.certificate(self.user)}, auth="external",
                     password=None, port=self.server.port)
        self.assert_logs_in("AUTHENTICATE EXTERNAL")

    def test_without_a_certificate_it_is_a_mistake_in_the_file(self):
        self.account(auth="external", password=None)
        run = self.sterna.run("check", "--offline", expect=BAD_CONFIG)
        self.assertIn("tls.client_cert", run.stderr)


class HashedPasswordTest(LoginCase):
    """The server offers what its form of the password cannot do."""
    extra = """\
auth_mechanisms = plain scram-sha-1 scram-sha-256
passdb {
  driver = passwd-file
  args = {dir}/users
}
"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The static one knows everybody's password in plain text.
        path = f"{cls.server.dir}/dovecot.conf"
        with open(path, encoding="ascii") as file:
            text = file.read()
        static = text[text.index("passdb {\n  driver = static"):]
        static = static[:static.index("}\n") + 2]
        with open(path, "w", encoding="ascii") as out:
            out.write(text.replace(static, "", 1))
        hashed = cls.server.doveadm("pw", "-s", "SHA512-CRYPT", "-p", PASSWORD).strip()
        with open(f"{cls.server.dir}/users", "w", encoding="ascii") as out:
            out.write("".join(f"user{i}:{hashed}\n" for i in range(1, 9)))
        os.chmod(f"{cls.server.dir}/users", 0o644)
        cls.server.pause()
        cls.server.resume()

    def setUp(self):
        super().setUp()
        self.account()

    def test_the_password_itself_follows_a_challenge_that_asked_for_nothing(self):
        self.assert_logs_in("AUTHENTICATE PLAIN")

    def test_what_is_asked_for_is_not_exchanged_for_less(self):
        self.account(auth="scram-sha-256")
        self.assert_refused("refused the login", "auth = \"plain\"")

    def test_a_wrong_password_is_shown_once(self):
        self.account(password="wr0ng-s3cret")
        before = self.server.log().count("Password mismatch")
        self.assert_refused("check user and password")
        self.assertLessEqual(self.server.log().count("Password mismatch") - before, 1)

    def test_not_over_an_open_line(self):
        self.account(host="127.0.0.1", port=self.server.port)
        self.sterna.set("acc", tls={"mode": "none"})
        self.assert_refused("refused the login")


class CyrusTest(IntegrationCase):
    """What `check` says of each mechanism; -PLUS needs tls-unique there, whatever the TLS."""
    everything = "PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 EXTERNAL"

    def setUp(self):
        if GuardedCyrus.lacks():
            leave_out(GuardedCyrus.lacks())

    def server(self, mechanisms=everything, versions="tls1_2 tls1_3"):
        cyrus = GuardedCyrus(mechanisms, versions)
        self.addCleanup(cyrus.stop)
        cyrus.add_user("ann")
        return cyrus.start()

    def way_of_login(self, cyrus, mode="starttls", expect=0, **keys):
        directory = tempfile.mkdtemp(prefix="sterna-test-")
        self.addCleanup(shutil.rmtree, directory, True)
        sterna = Sterna(f"{directory}/sterna")
        tls = {"mode": mode, "ca_file": cyrus.ca, **keys.pop("tls", {})}
        account = {"user": "ann", "password": PASSWORD, "maildir": f"{directory}/mail",
                   "host": "127.0.0.1", "port": cyrus.port, "tls": tls, **keys}
        sterna.add_account("acc", **account)
        run = sterna.run("check", expect=expect)
        found = re.search(r"login +(?:\S+ with )?(.*)", run.stdout)
        return found[1].strip()

    def test_each_mechanism(self):
        cyrus = self.server()
        for mode in ("starttls", "none"):
            for auth, how in (("plain", "PLAIN"), ("cram-md5", "CRAM-MD5"),
                              ("scram-sha-1", "SCRAM-SHA-1"), ("scram-sha-256", "SCRAM-SHA-256"),
                              ("auto", "SCRAM-SHA-256")):
                bound = "-PLUS" if mode == "starttls" and how.startswith("SCRAM") else ""
                with self.subTest(auth, mode=mode):
                    self.assertEqual(self.way_of_login(cyrus, mode, auth=auth),
                                     f"AUTHENTICATE {how}{bound}")
        self.assertEqual(self.way_of_login(cyrus, auth="login"), "LOGIN")

    def test_bound_with_either_version_of_tls(self):
        for versions in ("tls1_2", "tls1_3"):
            with self.subTest(versions):
                self.assertEqual(self.way_of_login(self.server(versions=versions)),
                                 "AUTHENTICATE SCRAM-SHA-256-PLUS")

    def test_a_certificate(self):
        cyrus = self.server()
        cert, key = certificates.make_client(cyrus.tls, "ann")
        tls = {"client_cert": cert, "client_key": key}
        self.assertEqual(self.way_of_login(cyrus, auth="external", password=None, tls=tls),
                         "AUTHENTICATE EXTERNAL")

    def test_a_wrong_password(self):
        cyrus = self.server()
        said = self.way_of_login(cyrus, expect=LOGIN, password="wr0ng")
        self.assertIn("refused the login", said)


if __name__ == "__main__":
    unittest.main()
