# SPDX-License-Identifier: Apache-2.0
"""A relay that counts octets and, at a chosen one, does something: cuts, kills, or lets people act.

It understands nothing of what passes. While an order is carried out, that direction stands still.
"""
import socket
import struct
import threading

from tests.support.door import Door

UP, DOWN = "up", "down"


class Pair:
    """The two ends of a connection."""

    def __init__(self, client, server):
        self.ends = (client, server)
        self.is_cut = False
        self._hard = False

    def cut(self, hard=False):
        """It ends; if `hard`, with RST, and what is on its way is lost.

        Both pumps are woken here and close the ends: a descriptor that another thread waits for
        would not be closed at all.
        """
        self.is_cut = True
        self._hard = self._hard or hard
        for one in self.ends:
            try:
                if self._hard:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                one.shutdown(socket.SHUT_RD if self._hard else socket.SHUT_RDWR)
            except OSError:
                pass

    def end(self):
        self.cut()
        for one in self.ends:
            one.close()


class Line:
    """Connect to 127.0.0.1:line.port. Octets are counted over all connections since forget()."""

    def __init__(self, host, port):
        self._target = (host, port)
        self._lock = threading.Lock()
        self._orders = {UP: [], DOWN: []}      # (octet, act), ascending
        self._pumps = 0
        self._idle = threading.Condition(self._lock)
        self._pairs = []
        self.passed = {UP: 0, DOWN: 0}
        self._door = Door(self._relay)
        self.port = self._door.port

    def close(self):
        self._door.close()
        self.cut_all()

    # ---- orders

    def at(self, direction, octet, act):
        """act(pair) is called when so many octets have passed that way; once."""
        with self._lock:
            self._orders[direction].append((octet, act))
            self._orders[direction].sort(key=lambda order: order[0])

    def forget(self):
        """Takes back what nothing came to, and counts anew. Returns how many orders there were."""
        with self._lock:
            left = sum(map(len, self._orders.values()))
            self._orders = {UP: [], DOWN: []}
            self.passed = {UP: 0, DOWN: 0}
        return left

    def cut_all(self, hard=False):
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            pair.cut(hard)

    def wait_until_idle(self, timeout=5):
        """Until every connection has ended, and every order with it."""
        with self._idle:
            self._idle.wait_for(lambda: self._pumps == 0, timeout)

    # ---- relaying

    def _relay(self, client):
        try:
            server = socket.create_connection(self._target, 10)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        pair = Pair(client, server)
        for one in pair.ends:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._pairs.append(pair)
            self._pumps += 2
        for direction, source, sink in ((UP, client, server), (DOWN, server, client)):
            threading.Thread(target=self._run, args=(direction, source, sink, pair),
                             daemon=True).start()

    def _run(self, direction, source, sink, pair):
        try:
            while (data := source.recv(1 << 14)):
                self._pass(direction, data, sink, pair)
        except OSError:
            pass
        pair.end()
        with self._idle:
            self._pumps -= 1
            if pair in self._pairs:
                self._pairs.remove(pair)
            self._idle.notify_all()

    def _pass(self, direction, data, sink, pair):
        while data:
            with self._lock:
                began, act, part = self.passed[direction], None, len(data)
                orders = self._orders[direction]
                if orders and orders[0][0] <= began + len(data):
                    octet, act = orders.pop(0)
                    part = max(0, octet - began)
                self.passed[direction] += part
            if part:
                sink.sendall(data[:part])
            if act:
                act(pair)
            if pair.is_cut:
                raise OSError("the line is cut")
            data = data[part:]
