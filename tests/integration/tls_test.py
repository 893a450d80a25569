# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a server's TLS is said in one line, with what mends it; what is right is used.
"""
import pathlib
import re
import ssl
import unittest

from tests.support import certificates
from tests.support.scram import ScramServer
from tests.support.scripted import ScriptedWorld
from tests.support.sterna import FAILED, LOGIN, NETWORK

TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
OTHER_PIN = "A" * 43 + "="


class TlsCase(unittest.TestCase):
    def world(self, kind="good", version=TLS13, host="127.0.0.1", **tls):
        server = ScramServer(self, version, kind=kind)
        server.fill(1)
        world = ScriptedWorld(self, server)
        self.ca = server.ca
        self.pin = certificates.pin_of(server.certificate)
        world.sterna.set("acc", host=host, tls={"ca_file": server.ca, **tls})
        return world

    def assert_in(self, world):
        world.sync()
        self.assertEqual(len(world.mail.messages("INBOX")), 1)

    def assert_out(self, world, *words, expect=LOGIN):
        """As sync says it, and as check does; nothing was said within."""
        for command in ("sync", "check"):
            run = world.sterna.run(command, expect=(expect, LOGIN, FAILED))
            for word in words:
                self.assertIn(word, run.stderr + run.stdout)
        self.assertEqual(world.server.commands, [])
        self.assertEqual(world.mail.mailboxes(), [])


class DiagnosisTest(TlsCase):
    def test_expired(self):
        self.assert_out(self.world("expired"), "expired on 2021-01-01", "administrator")

    def test_not_yet_valid(self):
        self.assert_out(self.world("future"), "not valid before 2090-01-01", "clock")

    def test_for_another_name(self):
        self.assert_out(self.world("wronghost"), "wanted 127.0.0.1",
                        "mail.elsewhere.example", "called by one of its names")

    def test_an_unknown_issuer_with_the_pin_that_would_trust_it(self):
        world = self.world()
        world.sterna.set("acc", tls={})
        self.assert_out(world, "unknown issuer", "Sterna test authority", "tls.ca_file",
                        f'tls.pin_sha256 = ["{self.pin}"]')
        world.sterna.set("acc", tls={"pin_sha256": [self.pin]})
        self.assert_in(world)

    def test_too_old_a_version(self):
        self.assert_out(self.world(version=TLS12, min_version="1.3"), "TLS", "version",
                        expect=NETWORK)


class LoadedTest(TlsCase):
    def test_a_sync_loads_nothing_that_only_other_commands_need(self):
        """Linked or by name, what it stands on included: HTTPS, XML, and Unicode where the
        password needs none."""
        world = self.world()
        world.sterna.extra_environment = {"LD_DEBUG": "files",
                                          "LD_DEBUG_OUTPUT": f"{world.sterna.dir}/loaded"}
        self.assert_in(world)
        traces = sorted(pathlib.Path(world.sterna.dir).glob("loaded.*"))
        text = "".join(path.read_text("utf-8", "replace") for path in traces)
        loaded = set(re.findall(r"file=(\w+)", text))
        self.assertIn("libssl", loaded)
        self.assertEqual(
            loaded & {"libcurl", "libexpat", "libidn", "libpsl", "libunistring"}, set())


class PinTest(TlsCase):
    def test_two_pins_while_a_key_is_replaced(self):
        world = self.world()
        world.sterna.set("acc", tls={"pin_sha256": [OTHER_PIN, self.pin]})
        self.assert_in(world)

    def test_a_pin_makes_up_for_a_certificate_that_has_expired(self):
        world = self.world("expired")
        world.sterna.set("acc", tls={"pin_sha256": [self.pin]})
        self.assert_in(world)

    def test_a_key_that_is_none_of_them(self):
        self.assert_out(self.world(pin_sha256=[OTHER_PIN]), "pin")


class ClientCertificateTest(TlsCase):
    def test_a_key_that_is_anothers(self):
        world = self.world()
        directory = self.ca.rsplit("/", 1)[0]
        cert, _ = certificates.make_client(directory, "ann")
        _, key = certificates.make_client(directory, "bob")
        world.sterna.set("acc", tls={"ca_file": self.ca, "client_cert": cert, "client_key": key})
        self.assert_out(world, "tls.client_key", key)


if __name__ == "__main__":
    unittest.main()
