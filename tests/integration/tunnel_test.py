# SPDX-License-Identifier: Apache-2.0
"""Other ways to a server than a connection: a command that speaks IMAP, and a SOCKS proxy."""
import os
import subprocess
import sys
import time
import unittest

from tests.support.case import IntegrationCase, server
from tests.support.dovecot import PASSWORD
from tests.support.scripted import ScriptedServer, ScriptedWorld
from tests.support.sterna import BAD_CONFIG, FAILED, LOGIN, NETWORK
from tests.support.socks import SocksProxy

# Carries its standard input and output to a port, as ssh -W does, and says a word beside it.
_RELAY = """
import os, socket, sys, threading
line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
print("relay: here we go", file=sys.stderr, flush=True)
def up():
    while (octets := os.read(0, 65536)):
        line.sendall(octets)
    os._exit(0)
threading.Thread(target=up, daemon=True).start()
while (octets := line.recv(65536)):
    os.write(1, octets)
"""


class TunnelTest(IntegrationCase):
    def through(self, world, tunnel, **keys):
        world.sterna.set(world.name, host=None, port=None, tls=None, tunnel=tunnel, **keys)

    def relay(self, world):
        path = f"{world.dir}/relay.py"
        with open(path, "w", encoding="ascii") as out:
            out.write(_RELAY)
        return [sys.executable, path, str(server().port)]

    def test_a_relay_to_the_port(self):
        world = self.world(transport="direct")
        self.through(world, self.relay(world))
        world.fill("INBOX", 3)
        world.sync()
        world.assert_in_step()

    def test_imap_itself_which_needs_no_login(self):
        """As ssh would start it at the other end: it greets with PREAUTH. (Behind a pipe, since for
        root it takes a socket for inetd.)"""
        world = self.world(transport="direct")
        imap = f"doveadm -c {server().dir}/dovecot.conf exec imap -u {world.user}"
        self.through(world, f"{imap} | cat", password=None, user=world.user)
        world.fill("INBOX", 3)
        self.assertIn("PREAUTH", world.sterna.run("check").stdout)
        world.sync()
        world.assert_in_step()

    def test_a_command_for_the_shell(self):
        world = self.world(transport="direct")
        self.through(world, "exec " + " ".join(self.relay(world)))
        world.fill("INBOX", 1)
        world.sync()
        world.assert_in_step()

    def test_starttls_within(self):
        world = self.world(transport="direct")
        self.through(world, self.relay(world))
        world.sterna.set(world.name, host="localhost",
                         tls={"mode": "starttls", "ca_file": server().ca})
        self.assertIn("TLSv1.3", world.sterna.run("check").stdout)
        world.sync()

    def test_what_it_says_is_in_the_log_and_in_the_error(self):
        world = self.world(transport="direct")
        self.through(world, self.relay(world))
        run = world.sterna.run("sync", options=("-v",))
        self.assertIn("relay: here we go", run.stderr)
        self.assertNotIn("relay", world.sterna.run("sync").stderr)
        self.through(world, ["sh", "-c", "echo 'Permission \033[31mdenied' >&2; exit 255"])
        run = world.sterna.run("sync", expect=NETWORK)
        self.assertIn("it said last: Permission", run.stderr)
        self.assertIn("denied", run.stderr)
        self.assertNotIn("\033[31m", run.stderr)

    def test_a_command_that_is_not_there(self):
        world = self.world(transport="direct")
        self.through(world, ["/nowhere/ssh"])
        run = world.sterna.run("sync", expect=(FAILED, NETWORK, LOGIN))
        self.assertIn("/nowhere/ssh", run.stderr)
        self.assertIn("tunnel", run.stderr)

    def test_it_ends_with_the_connection(self):
        """One that talks much beside it is no trouble, and none is left, alive or not."""
        world = self.world(transport="direct")
        noisy = ["sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' 'n' >&2; exec \"$@\"", "noisy",
                 *self.relay(world)]
        self.through(world, noisy)
        world.fill("INBOX", 2)
        world.sync()
        world.assert_in_step()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            left = subprocess.run(["pgrep", "-f", f"{world.dir}/relay.py"], capture_output=True)
            if left.returncode != 0:
                return
            time.sleep(0.05)
        self.fail("the tunnel is still there")

    def test_a_login_skipped_by_whom_no_tunnel_leads_to(self):
        class Skipping(ScriptedServer):
            def greet(self, session):
                session.say(b"* PREAUTH [CAPABILITY %s] hello friend" % self.capabilities)

        skipping = Skipping()
        skipping.fill(2)
        world = ScriptedWorld(self, skipping)
        run = world.sterna.run("sync", expect=LOGIN)
        self.assertIn("PREAUTH", run.stderr)
        self.assertEqual(world.mail.mailboxes(), [])
        self.assertEqual(skipping.sent(rb"^(?!LOGOUT|CAPABILITY)"), [])

    def test_tunnel_and_proxy_exclude_each_other(self):
        world = self.world(transport="direct")
        self.through(world, ["true"], proxy="socks5h://127.0.0.1:1")
        self.assertIn("two ways", world.sterna.run("sync", expect=BAD_CONFIG).stderr)


class ProxyTest(IntegrationCase):
    def by(self, proxy, login="", **keys):
        self.addCleanup(proxy.close)
        world = self.world(transport="direct", allow_plaintext=True, **keys)
        world.sterna.set(world.name, proxy=f"socks5h://{login}127.0.0.1:{proxy.port}")
        return world

    def assert_fails(self, world, status, *words):
        run = world.sterna.run("sync", expect=status)
        for word in words:
            self.assertIn(word, run.stderr)
        return run

    def test_the_proxy_looks_up_the_name(self):
        """One that only it knows; TLS is checked for it all the same."""
        proxy = SocksProxy({"localhost": "127.0.0.1"})
        world = self.by(proxy)
        world.sterna.set(world.name, host="localhost", port=server().tls_port,
                         tls={"ca_file": server().ca})
        world.fill("INBOX", 3)
        world.sync()
        world.assert_in_step()
        self.assertEqual(proxy.asked[0], (3, "localhost", server().tls_port))

    def test_an_address_is_given_as_one(self):
        proxy = SocksProxy({})
        world = self.by(proxy)
        world.sync()
        self.assertEqual(proxy.asked[0], (1, "127.0.0.1", server().port))

    def test_a_login_of_its_own(self):
        proxy = SocksProxy({}, login=("ann@work", "p:w%d"))
        world = self.by(proxy, login="ann%40work:p%3Aw%25d@")
        world.sync()
        self.assertEqual(proxy.logins[0], ("ann@work", "p:w%d"))

    def test_a_refused_login(self):
        proxy = SocksProxy({}, login=("ann", "right"))
        run = self.assert_fails(self.by(proxy, login="ann:wr0ng@"), LOGIN, "proxy",
                                "refused user and password")
        self.assertNotIn("wr0ng", run.stderr + run.stdout)
        self.assert_fails(self.by(SocksProxy({}, login=("ann", "right"))), LOGIN,
                          "wants a user and a password")

    def test_a_name_that_it_does_not_know(self):
        world = self.by(SocksProxy({}))
        world.sterna.set(world.name, host="mail.example.org", tls={"mode": "none"})
        self.assert_fails(world, NETWORK, "proxy 127.0.0.1:", "name unknown")

    def test_a_port_where_nobody_listens(self):
        world = self.by(SocksProxy({}))
        world.sterna.set(world.name, port=1)
        self.assert_fails(world, NETWORK, "connection refused")

    def test_no_proxy_there(self):
        world = self.world(transport="direct", allow_plaintext=True)
        world.sterna.set(world.name, proxy="socks5h://127.0.0.1:1")
        self.assert_fails(world, NETWORK, "proxy 127.0.0.1:1", "refused")

    def test_answers_of_no_proxy(self):
        for octets in (b"HTTP/1.0 400 Bad Request\r\n\r\n", b"\x05\x07", b"\x04\x00", b"\x05"):
            proxy = SocksProxy({})
            proxy.greeting = octets
            with self.subTest(octets):
                self.assert_fails(self.by(proxy), (FAILED, NETWORK), "proxy 127.0.0.1:")

    def test_answers_to_the_request(self):
        for octets in (b"\x05\x02\x00\x01" + bytes(6), b"\x05\x63\x00\x01" + bytes(6),
                       b"\x05\x00\x00\x07" + bytes(6), b"\x05\x00\x00\x01\x00", b"",
                       b"* OK welcome\r\n"):
            proxy = SocksProxy({})
            proxy.answer = octets
            with self.subTest(octets):
                self.assert_fails(self.by(proxy), (FAILED, NETWORK), "proxy 127.0.0.1:")

    def test_a_file_with_its_password_is_closed_to_others(self):
        world = self.by(SocksProxy({}), login="ann:secret@")
        world.sterna.set(world.name, password=None, password_command=["echo", PASSWORD])
        os.chmod(world.sterna.config, 0o644)
        run = world.sterna.run("sync", expect=BAD_CONFIG)
        self.assertIn("chmod 600", run.stderr)
        self.assertNotIn("ann:secret", run.stderr)


if __name__ == "__main__":
    unittest.main()
