# SPDX-License-Identifier: Apache-2.0
"""What keeps a server and a Maildir in step as it happens, beside Sterna's daemon: a watcher that
runs mbsync whenever something is told of either side, and InterIMAP, which looks by itself.

Each has `maildir`, the mailboxes in it as Sterna has them, and `stop()`. It is in step when it is
there.
"""
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time

from tests.bench import tools
from tests.support.dovecot import NOBODY, PASSWORD


class BareIdle:
    """When a connection that does nothing else is told of INBOX."""

    def __init__(self, port, ca, user, told=lambda line: None):
        self.seen = []      # of new messages
        self.told = told
        context = ssl.create_default_context(cafile=ca)
        self.line = context.wrap_socket(socket.create_connection(("127.0.0.1", port)),
                                        server_hostname="127.0.0.1")
        self.file = self.line.makefile("rb")
        self.file.readline()
        self.line.sendall(f"a LOGIN {user} {PASSWORD}\r\nb SELECT INBOX\r\n".encode())
        while not self.file.readline().startswith(b"b OK"):
            pass
        self.line.sendall(b"c IDLE\r\n")
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self):
        try:
            for line in self.file:
                if line.rstrip().endswith(b"EXISTS"):
                    self.seen.append(time.monotonic())
                if line.startswith(b"* ") and not line.startswith(b"* OK"):
                    self.told(line)
        except (OSError, ValueError):
            return

    def stop(self):
        self.line.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.line.close()


def environment_of(tool, place):
    return {"PATH": os.environ["PATH"], **tool.environment(place)}


def place_for(tool, directory, user, port):
    place = tools.Place(f"{directory}/{tool.name}", user, port)
    os.makedirs(place.maildir)
    tool.configure(place)
    return place


def change(path, *pairs):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for old, new in pairs:
        if old not in text:
            raise RuntimeError(f"{path} has no {old!r}")
        text = text.replace(old, new)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class WatchedMbsync:
    """One run at a time, and one more if something was told meanwhile."""
    name = "mbsync on notice"

    def __init__(self, directory, ca, user, port):
        self.tool = tools.Mbsync()
        self.place = place_for(self.tool, directory, user, port)
        self.maildir = self.place.maildir
        change(f"{self.place.dir}/mbsyncrc",
               ("Host 127.0.0.1\n", "Host localhost\n"),
               ("SSLType None\n", f"SSLType IMAPS\nCertificateFile {ca}\n"))
        self._sync()
        self.over = False
        self.told = threading.Event()
        self.idle = BareIdle(port, ca, user, lambda line: self.told.set())
        self.inotify = subprocess.Popen(
            ["inotifywait", "-qmr", "-e", "moved_to,moved_from,delete", "--format", "%f",
             "--exclude", r"/(tmp|\.mbsyncstate[^/]*)(/[^/]*)?$", self.maildir],
            stdout=subprocess.PIPE)
        self.threads = [threading.Thread(target=run) for run in (self._listen, self._run)]
        for thread in self.threads:
            thread.start()

    def _listen(self):
        for _ in self.inotify.stdout:
            self.told.set()

    def _sync(self):
        subprocess.run(self.tool.command(self.place), check=True,
                       env=environment_of(self.tool, self.place))

    def _run(self):
        while True:
            self.told.wait()
            self.told.clear()
            if self.over:
                return
            self._sync()

    def stop(self):
        self.over = True
        self.inotify.terminate()
        self.inotify.wait()
        self.idle.stop()
        self.told.set()
        for thread in self.threads:
            thread.join()
        self.inotify.stdout.close()


class WatchingInterimap:
    """Its other side is a Dovecot on the Maildir. It asks both once a second: with `--notify`
    Dovecot told it nothing."""
    name = "interimap --watch=1"

    def __init__(self, directory, ca, user, port):
        tool = tools.Interimap()
        self.place = place_for(tool, directory, user, port)
        self.maildir = self.place.maildir
        change(f"{self.place.dir}/interimap.conf",
               ("type = imap\nSTARTTLS = NO\n", f"type = imaps\nSSL_CAfile = {ca}\n"))
        env = environment_of(tool, self.place)
        command = tool.command(self.place)
        subprocess.run(command, check=True, env=env)
        self.log = open(f"{self.place.dir}/log", "wb")
        self.process = subprocess.Popen([*command, "--watch=1"], env=env, stdout=self.log,
                                        stderr=self.log)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        self.log.close()


PEERS = {"mbsync": WatchedMbsync, "interimap": WatchingInterimap}


def can_run(peer):
    if peer == "mbsync":
        return bool(shutil.which("mbsync") and shutil.which("inotifywait"))
    return bool(tools.Interimap().available())


def hand_over(path):
    """To the user as whom InterIMAP's Dovecot runs, where that is another one."""
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
