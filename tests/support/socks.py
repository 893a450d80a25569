# SPDX-License-Identifier: Apache-2.0
"""A SOCKS 5 proxy (RFC 1928, RFC 1929) on loopback, whose answers a test can bend."""
import socket
import struct
import threading

from tests.support.door import Door

OK, REFUSED = 0, 5


class SocksProxy:
    """`login` is a pair of user and password, or None; `names` maps names to addresses, and is all
    that it can look up."""

    def __init__(self, names, login=None):
        self.names = names
        self.login = login
        self.asked = []           # (kind of address, host, port)
        self.logins = []
        self.answer = None        # octets instead of the answer to the request
        self.greeting = None      # octets instead of the answer to the greeting
        self._door = Door(self._welcome)
        self.port = self._door.port

    def close(self):
        self._door.close()

    def _welcome(self, client):
        threading.Thread(target=self._run, args=(client,), daemon=True).start()

    def _run(self, client):
        try:
            server = self._agree(client, client.makefile("rb", 0))
            if server:
                threading.Thread(target=self._pass_on, args=(server, client), daemon=True).start()
                self._pass_on(client, server)
        except (OSError, struct.error):
            pass
        finally:
            client.close()

    def _agree(self, client, file):
        _, count = file.read(2)
        methods = file.read(count)
        if self.greeting is not None:
            client.sendall(self.greeting)
            return None
        wanted = 2 if self.login else 0
        if wanted not in methods:
            client.sendall(b"\x05\xff")
            return None
        client.sendall(bytes((5, wanted)))
        if wanted == 2:
            file.read(1)
            given = tuple(file.read(file.read(1)[0]).decode() for _ in range(2))
            self.logins.append(given)
            client.sendall(b"\x01" + (b"\x00" if given == self.login else b"\x01"))
            if given != self.login:
                return None
        _, _, _, kind = file.read(4)
        host = file.read(file.read(1)[0]).decode() if kind == 3 else \
            socket.inet_ntop(*((socket.AF_INET, file.read(4)) if kind == 1
                               else (socket.AF_INET6, file.read(16))))
        port, = struct.unpack(">H", file.read(2))
        self.asked.append((kind, host, port))
        if self.answer is not None:
            client.sendall(self.answer)
            return None
        try:
            server = socket.create_connection((self.names.get(host, host if kind != 3 else ""),
                                               port))
        except OSError:
            client.sendall(bytes((5, 4 if kind == 3 else REFUSED, 0, 1)) + bytes(6))
            return None
        # A name in the answer, as some have it.
        client.sendall(bytes((5, OK, 0, 3, 4)) + b"here" + bytes(2))
        return server

    @staticmethod
    def _pass_on(one, other):
        try:
            while (octets := one.recv(1 << 16)):
                other.sendall(octets)
        except OSError:
            pass
        for end in (one, other):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
