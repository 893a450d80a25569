# SPDX-License-Identifier: Apache-2.0
"""A port of loopback, and what is done with each client that comes to it."""
import contextlib
import socket
import threading


class Door:
    def __init__(self, on_client):
        self._on_client = on_client
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)       # or accept() would wait for ever
        # Its descriptor may be another's at once, whose clients the thread would take.
        self._thread.join()
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._on_client(client)
