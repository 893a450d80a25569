# SPDX-License-Identifier: Apache-2.0
"""SCRAM towards servers that no real one can be bent to: with channel binding, and where somebody
stands between or the server is not what it seems.
"""
import ssl
import unittest

from tests.support.scram import ScramServer
from tests.support.scripted import ScriptedWorld
from tests.support.sterna import FAILED, LOGIN

TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
BOUND, UNBOUND = b"SCRAM-SHA-256-PLUS", b"SCRAM-SHA-256"


class ScramCase(unittest.TestCase):
    def world(self, server, **keys):
        server.fill(2)
        world = ScriptedWorld(self, server)
        world.sterna.set("acc", **server.keys(), **keys)
        return world

    def assert_in(self, world, *logins):
        world.sync()
        self.assertEqual(len(world.mail.messages("INBOX")), 2)
        self.assertEqual(world.server.logins, list(logins))

    def assert_out(self, world, *words, expect=LOGIN):
        run = world.sterna.run("sync", expect=expect)
        for word in words:
            self.assertIn(word, run.stderr)
        self.assertEqual(world.mail.mailboxes(), [])
        self.assertEqual(len(world.server.logins), 1)


class BindingTest(ScramCase):
    def test_by_the_handshake(self):
        self.assert_in(self.world(ScramServer(self, TLS12)), (BOUND, b"p=tls-unique"))

    def test_by_the_certificate_where_the_handshake_could_be_shared(self):
        self.assert_in(self.world(ScramServer(self, TLS12, extended_master_secret=False)),
                       (BOUND, b"p=tls-server-end-point"))

    def test_a_server_that_knows_another_kind_only(self):
        """Python has no tls-exporter, which TLS 1.3 wants, and says so; nothing was shown yet."""
        self.assert_in(self.world(ScramServer(self, TLS13)), (BOUND, b"p=tls-exporter"),
                       (UNBOUND, b"n"))

    def test_without_tls_there_is_nothing_to_bind_to(self):
        self.assert_in(self.world(ScramServer(self)), (UNBOUND, b"n"))

    def test_a_server_that_binds_nothing_is_told_that_we_could(self):
        server = ScramServer(self, TLS13)
        server.binds = False
        server.capabilities = server.capabilities.replace(ScramServer.plus, b"")
        self.assert_in(self.world(server), (UNBOUND, b"y"))

    def test_a_relay_with_a_connection_of_its_own(self):
        """It shows the server's certificate's twin, and passes on everything else."""
        class Relayed(ScramServer):
            def binding(self, session, kind):
                return b"that of the relay's own connection"

        self.assert_out(self.world(Relayed(self, TLS12)), "channel-bindings-dont-match",
                        "stand between")

    def test_an_offer_that_was_taken_away(self):
        server = ScramServer(self, TLS13)
        server.capabilities = server.capabilities.replace(ScramServer.plus, b"")
        self.assert_out(self.world(server), "server-does-support-channel-binding",
                        "taken away")


class DistrustTest(ScramCase):
    """What the client finds out by itself ends the login, though PLAIN is offered, too."""

    def server(self, kind):
        server = kind(self, TLS12)
        server.capabilities = server.capabilities.replace(b"LOGINDISABLED", b"AUTH=PLAIN")
        return server

    def test_a_wrong_signature(self):
        class Impostor(ScramServer):
            def signature(self, octets):
                return octets[::-1]

        server = self.server(Impostor)
        self.assert_out(self.world(server), "signature is wrong", "stand between")
        self.assertEqual(server.regrets, [b"*"])

    def test_an_ok_without_a_signature(self):
        class Generous(ScramServer):
            def let_in(self, session, tag, signature):
                session.say(tag + b" OK come in")

        self.assert_out(self.world(self.server(Generous)), "without having proved")

    def test_an_ok_at_once(self):
        class Hasty(ScramServer):
            def opening(self, session, tag):
                session.say(tag + b" OK come in")
                return True

        self.assert_out(self.world(self.server(Hasty)), "without having proved")

    def test_numbers_of_iterations(self):
        for number, words in ((b"1", "1 times only"), (b"4095", "4095 times only"),
                              (b"2000001", "more than 2000000"), (b"9" * 30, "more than 2000000")):
            class Asking(ScramServer):
                iterations = number

            with self.subTest(number):
                self.assert_out(self.world(self.server(Asking)), words)

    def test_a_nonce_that_is_not_continued(self):
        for change in (lambda nonce: nonce, lambda nonce: b"x" + nonce, lambda nonce: nonce[:-1]):
            class Replaying(ScramServer):
                def continued(self, nonce, change=change):
                    return change(nonce)

            with self.subTest(change):
                self.assert_out(self.world(self.server(Replaying)), "our nonce")

    def test_a_message_that_makes_no_sense(self):
        for message in (b"", b"m=x,r=1,s=2,i=3", b"r=,s=,i=", b"\xff" * 9000):
            class Babbling(ScramServer):
                def first(self, nonce, salt, message=message):
                    return message

            with self.subTest(message[:20]):
                self.assert_out(self.world(self.server(Babbling)), "acc", expect=(FAILED, LOGIN))


class JudgedTest(ScramCase):
    def test_a_refusal_with_a_reason(self):
        self.assert_out(self.world(ScramServer(self), password="wr0ng"), "invalid-proof",
                        "check user and password")

    def test_a_refused_password_is_not_shown_in_another_way(self):
        server = ScramServer(self, TLS12)
        server.capabilities += b" AUTH=PLAIN"
        self.assert_out(self.world(server, password="wr0ng"), "invalid-proof")

    def test_many_iterations_are_done(self):
        class Slow(ScramServer):
            iterations = b"400000"

        self.assert_in(self.world(Slow(self, TLS12)), (BOUND, b"p=tls-unique"))


if __name__ == "__main__":
    unittest.main()
