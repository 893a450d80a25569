# SPDX-License-Identifier: Apache-2.0
"""Logins with an access token (OAUTHBEARER, XOAUTH2): how a refusal ends, and what follows it."""
import base64
import json
import os
import re
import unittest

from tests.support.scripted import ScriptedServer, ScriptedWorld
from tests.support.sterna import FAILED, LOGIN, NETWORK


class TokenServer(ScriptedServer):
    """Lets in who shows `good`; says why it does not, as the mechanism has it."""
    mechanism = b"OAUTHBEARER"
    error = {"status": "invalid_token", "scope": "mail"}
    good = b"fresh"
    says_bye = False

    def __init__(self):
        self.capabilities = b"IMAP4rev1 SASL-IR LOGINDISABLED AUTH=" + self.mechanism
        self.shown = []
        self.regrets = []
        super().__init__()

    def greet(self, session):
        session.say(b"* OK [CAPABILITY %s] ready" % self.capabilities)

    def on_authenticate(self, session, tag, text):
        words = text.split(b" ")
        if len(words) < 3:
            session.say(b"+ ")
            words.append(session.file.readline().strip())
        message = base64.b64decode(words[2], validate=True)
        token = re.search(rb"auth=Bearer ([^\x01]*)\x01\x01$", message)[1]
        self.shown.append((words[1], message))
        if token == self.good:
            session.say(tag + b" OK [CAPABILITY %s] in" % self.capabilities)
            return
        session.say(b"+ " + base64.b64encode(json.dumps(self.error).encode()))
        self.regrets.append(session.file.readline())
        session.say(tag + b" NO [AUTHENTICATIONFAILED] no such luck")
        if self.says_bye:
            session.say(b"* BYE go away")
            session.end()


class Xoauth2Server(TokenServer):
    mechanism = b"XOAUTH2"
    error = {"status": "401", "schemes": "bearer", "scope": "mail"}


class TokensTest(unittest.TestCase):
    def world(self, server, *tokens):
        """A world whose command prints these tokens in turn, the last one again and again."""
        world = ScriptedWorld(self, server)
        for i, token in enumerate(tokens):
            with open(f"{world.dir}/{i}", "w", encoding="ascii") as out:
                out.write(token + "\n")
        script = f'n=$(cat "{world.dir}/n" 2>/dev/null || echo 0); cat "{world.dir}/$n"; ' \
                 f'n=$((n+1)); [ $n -lt {len(tokens)} ] || n=$((n-1)); echo $n > "{world.dir}/n"'
        world.sterna.set("acc", auth="oauth", password=None, password_command=script)
        return world

    def test_a_token_lets_in(self):
        for server in (TokenServer(), Xoauth2Server()):
            with self.subTest(server.mechanism):
                server.fill(2)
                world = self.world(server, "fresh")
                world.sync()
                self.assertEqual(len(world.mail.messages("INBOX")), 2)
                self.assertEqual(server.shown[0][0], server.mechanism)
        self.assertTrue(server.shown[0][1].startswith(b"user=u\x01auth=Bearer "))

    def test_without_sasl_ir_the_server_asks_first(self):
        server = TokenServer()
        server.capabilities = b"IMAP4rev1 AUTH=OAUTHBEARER"
        server.fill(1)
        world = self.world(server, "fresh")
        world.sync()
        self.assertEqual(server.sent(rb"^AUTHENTICATE"), [b"AUTHENTICATE OAUTHBEARER"])
        self.assertEqual(server.shown[0][1],
                         b"n,a=u,\x01host=127.0.0.1\x01port=%d\x01auth=Bearer fresh\x01\x01"
                         % server.port)

    def test_a_refused_token_is_renewed_once(self):
        for kind, regret in ((TokenServer, b"AQ==\r\n"), (Xoauth2Server, b"\r\n")):
            for bye in (False, True):
                with self.subTest(kind.mechanism, bye=bye):
                    server = kind()
                    server.says_bye = bye
                    server.fill(1)
                    world = self.world(server, "stale", "fresh")
                    world.sync()
                    self.assertEqual(server.regrets, [regret])
                    self.assertEqual(len(server.shown), 2)
                    self.assertEqual(len(world.mail.messages("INBOX")), 1)

    def test_a_server_that_wants_us_later_has_not_refused_the_token(self):
        class Later(TokenServer):
            def on_authenticate(self, session, tag, text):
                self.shown.append(text)
                session.say(tag + b" NO User is authenticated but not connected.")

        server = Later()
        world = self.world(server, "stale", "fresh")
        world.sterna.run("sync", expect=(FAILED, NETWORK))
        self.assertEqual(len(server.shown), 1)

    def test_two_refused_tokens_are_the_end(self):
        server = TokenServer()
        world = self.world(server, "stale", "old", "fresh")
        run = world.sterna.run("sync", expect=LOGIN)
        self.assertEqual(len(server.shown), 2)
        self.assertIn("sterna auth acc", run.stderr)
        self.assertIn("invalid_token", run.stderr)
        for token in ("stale", "old", "fresh"):
            self.assertNotIn(token, run.stderr + run.stdout)

    def test_the_same_token_is_not_shown_twice(self):
        server = TokenServer()
        world = self.world(server, "stale")
        run = world.sterna.run("sync", expect=LOGIN)
        self.assertEqual(len(server.shown), 1)
        self.assertIn("the same once more", run.stderr)

    def test_a_password_is_never_tried_twice(self):
        class Refusing(ScriptedServer):
            def on_authenticate(self, session, tag, _text):
                session.say(tag + b" NO [AUTHENTICATIONFAILED] no")

        server = Refusing()
        world = ScriptedWorld(self, server)
        world.sterna.run("sync", expect=LOGIN)
        self.assertEqual(len(server.sent(rb"^AUTHENTICATE")), 1)

    def test_a_token_is_not_shown_as_a_password(self):
        server = ScriptedServer()
        world = self.world(server, "fresh")
        run = world.sterna.run("sync", expect=LOGIN)
        self.assertEqual(server.sent(rb"^(AUTHENTICATE|LOGIN)"), [])
        self.assertIn("AUTH=PLAIN", run.stderr)

    def test_an_ok_after_an_error_counts_for_nothing(self):
        class Wavering(TokenServer):
            def on_authenticate(self, session, tag, _text):
                session.say(b"+ " + base64.b64encode(b'{"status":"400"}'))
                session.file.readline()
                session.say(tag + b" OK [CAPABILITY %s] in" % self.capabilities)

        server = Wavering()
        server.fill(1)
        world = self.world(server, "fresh")
        run = world.sterna.run("sync", expect=FAILED)
        self.assertIn("says OK all the same", run.stderr)
        self.assertFalse(os.path.exists(f"{world.mail.root}/INBOX"))

    def test_check_renews_and_names_the_way(self):
        server = Xoauth2Server()
        server.fill(1)
        world = self.world(server, "stale", "fresh")
        run = world.sterna.run("check")
        self.assertIn("AUTHENTICATE XOAUTH2", run.stdout)
        self.assertEqual(len(server.shown), 2)


if __name__ == "__main__":
    unittest.main()
