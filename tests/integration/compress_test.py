# SPDX-License-Identifier: Apache-2.0
"""COMPRESS where it pays: `auto` leaves a near server alone and compresses a far one; `yes` goes
without it where the server has none."""
import queue
import socket
import threading
import time
import unittest

from tests.support.case import IntegrationCase
from tests.support.door import Door
from tests.support.messages import NOON, local, message

ROUND_TRIP_S = 0.06     # well beyond the 20 ms from which on a server is far away


class FarRelay:
    """Holds every octet for half a round trip in each direction; counts connections that were told
    to compress."""

    def __init__(self, test, host, port):
        self._target = (host, port)
        self.compressed = 0
        self._sockets = []
        self._door = Door(self._relay)
        self.port = self._door.port
        test.addCleanup(self._close)

    def _close(self):
        self._door.close()
        for one in self._sockets:
            one.close()

    def _relay(self, client):
        time.sleep(ROUND_TRIP_S)        # the handshake of TCP
        server = socket.create_connection(self._target, 10)
        server.settimeout(None)
        self._sockets += [client, server]
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for source, sink, look in ((client, server, True), (server, client, False)):
            held = queue.Queue()
            threading.Thread(target=self._read, args=(source, held, look),
                             daemon=True).start()
            threading.Thread(target=self._send, args=(held, sink), daemon=True).start()

    def _read(self, source, held, look):
        data = b"-"
        while data:
            try:
                data = source.recv(1 << 16)
            except OSError:
                data = b""
            if look and b"COMPRESS DEFLATE" in data:
                self.compressed += 1
            held.put((time.monotonic() + ROUND_TRIP_S / 2, data))

    @staticmethod
    def _send(held, sink):
        while True:
            due, data = held.get()
            time.sleep(max(0, due - time.monotonic()))
            try:
                if not data:
                    sink.shutdown(socket.SHUT_WR)
                    return
                sink.sendall(data)
            except OSError:
                return


class CompressTest(IntegrationCase):
    def fill(self, world):
        """Enough that more than one connection fetches bodies."""
        for box in ("INBOX", "A", "B", "C"):
            if box != "INBOX":
                world.imap.create(box)
            world.imap.append_many(box, [(message(f"{box}{n}", "A line of words.\n" * 200), [],
                                          NOON + n) for n in range(300)])

    def behind(self, world):
        relay = FarRelay(self, world.server.address(), world.server.port)
        world.sterna.set("acc", host="127.0.0.1", port=relay.port, compress="auto")
        return relay

    def test_a_near_server_is_left_alone(self):
        for _ in range(3):      # a busy machine may look like a far server, not three times
            world = self.world(compress="auto")
            self.fill(world)
            world.sterna.run("sync")
            self.assertGreater(world.wire.connections, 1)
            if not world.wire.sent(rb"^COMPRESS"):
                return
        self.fail("COMPRESS on loopback")

    def test_a_far_server_is_compressed(self):
        world = self.world(transport="direct")
        relay = self.behind(world)
        self.fill(world)
        world.sync()
        self.assertGreater(relay.compressed, 0)
        world.assert_settled()

    def test_yes_goes_without_where_the_server_has_none_and_check_says_so(self):
        world = self.world("no-compress", compress="yes")
        world.fill("INBOX", 3)
        world.mail.deliver("INBOX", local(message("mine")), "S", NOON)
        report = world.sync()
        self.assertEqual((report["downloaded"], report["uploaded"], report["errors"]), (3, 1, []))
        self.assertEqual(world.wire.sent(rb"COMPRESS"), [])
        world.assert_settled()
        said = world.sterna.run("check").stdout
        self.assertIn("the server has no COMPRESS=DEFLATE", said)
        self.assertIn('leave out compress = "yes"', said)


if __name__ == "__main__":
    unittest.main()
