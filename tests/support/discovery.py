# SPDX-License-Identifier: Apache-2.0
"""A DNS and a web of a test's own on loopback, for what `sterna init` asks.

Names() answers over UDP from a table, Web() over HTTPS under a certificate for the names that it is
given; every web server that the program looks for is connected to it (environment()).
"""
import http.server
import socket
import ssl
import struct
import threading

from tests.support import certificates

_TYPES = {"MX": 15, "SRV": 33}


def _name(dotted):
    labels = [label for label in dotted.split(".") if label]
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


def srv(priority, weight, port, target):
    """"." as the target says that the service is not offered."""
    return struct.pack("!HHH", priority, weight, port) + _name(target)


def mx(preference, host):
    return struct.pack("!H", preference) + _name(host)


class Names:
    """`records` has lists of answers by (name, type); `silent` answers nothing at all."""

    def __init__(self):
        self.records = {}
        self.asked = []
        self.silent = False
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.sendto(b"end", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self):
        while True:
            question, client = self._socket.recvfrom(4096)
            if question == b"end":
                return
            if not self.silent:
                self._socket.sendto(self._answer(question), client)

    def _answer(self, question):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode())
            at += 1 + question[at]
        end = at + 5
        kind = struct.unpack("!H", question[at + 1:at + 3])[0]
        name = ".".join(labels).lower()
        word = next((w for w, number in _TYPES.items() if number == kind), str(kind))
        self.asked.append((name, word))
        answers = self.records.get((name, word), [])
        known = any(name == owner for owner, _ in self.records)
        head = question[:2] + struct.pack("!HHHHH", 0x8180 if known else 0x8183, 1, len(answers),
                                          0, 0)
        body = b"".join(struct.pack("!HHHIH", 0xc00c, kind, 1, 60, len(data)) + data
                        for data in answers)
        return head + question[12:end] + body


class Web:
    """`pages` has (status, headers, body) by (host, path); `asked` what was asked, in order."""

    def __init__(self, tls_directory, names):
        certificates.issue(tls_directory, "web", [f"DNS:{name}" for name in names])
        self.pages = {}
        self.asked = []
        self.pause = threading.Event()      # cleared: nothing is answered
        self.pause.set()
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                host = self.headers.get("Host", "").split(":")[0]
                web.asked.append((host, self.path))
                web.pause.wait(60)
                status, headers, body = web.pages.get((host, self.path), (404, {}, b""))
                self.send_response(status)
                for key, value in {"Content-Length": len(body), **headers}.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass                        # a client that does not trust us, or went away

        self._server = Server(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{tls_directory}/web.pem", f"{tls_directory}/web.key")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True,
                                                  do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self):
        self.pause.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def environment(names, web, ca):
    """What makes the program ask these alone."""
    return {"STERNA_DISCOVERY_DNS": f"127.0.0.1:{names.port}",
            "STERNA_DISCOVERY_CONNECT_TO": f"::127.0.0.1:{web.port}",
            "SSL_CERT_FILE": ca}


def autoconfig(host, port, user="%EMAILADDRESS%", socket_type="SSL",
               authentications=("password-cleartext",)):
    methods = "".join(f"<authentication>{one}</authentication>" for one in authentications)
    return (f'<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="x">'
            f'<incomingServer type="imap"><hostname>{host}</hostname><port>{port}</port>'
            f"<socketType>{socket_type}</socketType><username>{user}</username>{methods}"
            f"</incomingServer></emailProvider></clientConfig>").encode()
