# SPDX-License-Identifier: Apache-2.0
"""Servers that cannot be installed beside Dovecot (all provide imap-server), and so run from where
scripts/other-servers unpacked them: $STERNA_OTHER_SERVERS, else build/servers."""
import ctypes
import os
import signal
import socket
import ssl
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UNPACKED = os.environ.get("STERNA_OTHER_SERVERS", f"{ROOT}/build/servers")


def die_with_parent(number=signal.SIGKILL):
    """For what is started: it does not outlive who started it."""
    ctypes.CDLL(None).prctl(1, number)      # PR_SET_PDEATHSIG


def _greets(port, tls_ca):
    with socket.create_connection(("127.0.0.1", port), 5) as line:
        if not tls_ca:
            return line.recv(4).startswith(b"* OK")
        context = ssl.create_default_context(cafile=tls_ca)
        with context.wrap_socket(line, server_hostname="127.0.0.1") as inside:
            return inside.recv(4).startswith(b"* OK")


def answers(port, process, tls_ca=None, seconds=20):
    """Waits until the port greets; False if it does not in time, or the process ends."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if _greets(port, tls_ca):
                return True
        except OSError:
            pass
        time.sleep(0.02)
    return False
