# SPDX-License-Identifier: Apache-2.0
"""A relay between Sterna and the server that understands just enough IMAP to be strict.

Dovecot hides a capability when asked to, but goes on serving it. The wire closes that gap: a
command that the profile does not offer is answered BAD and noted in `violations`, and response
codes, attributes and names of capabilities that belong to what is missing are taken out. It also
records every command, counts bytes, and breaks the line at a chosen place: before a command gets
through, after it was carried out but before its reply, or in the middle of a download.
"""
import re
import socket
import threading

from tests.support.door import Door

FORBIDDEN = {
    "QRESYNC": rb"\b(QRESYNC|VANISHED)\b",
    "CONDSTORE": rb"\b(CONDSTORE|CHANGEDSINCE|UNCHANGEDSINCE|HIGHESTMODSEQ|MODSEQ)\b",
    "UIDPLUS": rb"^UID EXPUNGE\b",
    "MOVE": rb"^(UID )?MOVE\b",
    "LIST-STATUS": rb"^LIST\b.*\bSTATUS\b",
    "LIST-EXTENDED": rb"^LIST (\(|.*\bRETURN\b)",
    "ESEARCH": rb"\bSEARCH RETURN\b",
    "UNSELECT": rb"^UNSELECT\b",
    "NAMESPACE": rb"^NAMESPACE\b",
    "ENABLE": rb"^ENABLE\b",
    "ID": rb"^ID\b",
    "IDLE": rb"^IDLE\b",
    "NOTIFY": rb"^NOTIFY\b",
    "SASL-IR": rb"^AUTHENTICATE \S+ \S",
    "SPECIAL-USE": rb"^LIST\b.*\bSPECIAL-USE\b",
    "CHILDREN": rb"^LIST\b.*\bRETURN \(.*\bCHILDREN\b",
    "STATUS=SIZE": rb"^(STATUS|LIST)\b.*\bSIZE\b",
    "BINARY": rb"\bBINARY\b|~\{",
    "COMPRESS=DEFLATE": rb"^COMPRESS\b",
}
_STRIPPED = {
    "UIDPLUS": (rb"\[(APPENDUID|COPYUID) [^\]]*\] ?", b""),
    "CONDSTORE": (rb"\[HIGHESTMODSEQ \d+\] ?", b""),
    "CHILDREN": (rb" ?\\Has(No)?Children", b""),
    "SPECIAL-USE": (rb" ?\\(Trash|Sent|Drafts|Junk|Archive|All|Flagged)\b", b""),
}
_HOLD_LIMIT_S = 20
_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r\n\Z")
_CAPABILITIES = re.compile(rb"(?:(?<=^\* )|(?<=\[))CAPABILITY ([^\]\r]*)")
_QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"')


class _Cut(Exception):
    """The line breaks here."""


class Wire:
    """with Wire(host, port, missing=("UIDPLUS",)) as wire: ... connect to 127.0.0.1:wire.port.

    `raw` relays bytes untouched and unread, for TLS.
    """

    def __init__(self, host, port, missing=(), raw=False):
        self._target = (host, port)
        self._raw = raw
        self._hidden = set(missing)
        self._missing = self._hidden | {"COMPRESS=DEFLATE"}
        self._lock = threading.Lock()
        self._sockets = []
        self._silent = set()          # clients that hear no more
        self.commands = []            # b"UID STORE 1 +FLAGS (\\Seen)", without the tag
        self.violations = []          # what was sent although the server does not offer it
        self.bytes_up = self.bytes_down = 0
        self.connections = 0
        self.on_command = None        # called with each command before it is passed on
        self._cut_before = []         # patterns
        self._lose_reply = []         # patterns
        self._refuse = []             # (pattern, answer)
        self._never_knew = []         # (pattern, answer)
        self._say_bye = []            # patterns
        self._together = None         # (pattern, how many are still awaited)
        self._held_in_vain = False
        self._arrived = threading.Event()
        self._arrived.set()
        self._cut_down = None         # bytes that still get through
        self._at_cut = None
        self._disguises = []          # (name on the server, name that Sterna sees)
        self._lies = []               # [pattern, replacement, times left]
        self._door = Door(self._relay)
        self.port = self._door.port

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._door.close()
        self.cut_now()

    # ---- what tests ask for; each happens once

    def cut_before(self, pattern):
        """The line breaks before the next command that matches reaches the server."""
        self._cut_before.append(re.compile(pattern))

    def lose_reply(self, pattern):
        """The server carries the next matching command out; its answer never arrives."""
        self._lose_reply.append(re.compile(pattern))

    def refuse(self, pattern, answer=b"NO [CANNOT] not today"):
        """The next matching command is answered like this and does not reach the server."""
        self._refuse.append((re.compile(pattern), answer))

    def refuse_always(self, pattern, answer=b"BAD unknown"):
        """So is every command that matches, whatever the server offers."""
        self._never_knew.append((re.compile(pattern), answer))

    def say_bye(self, pattern):
        """The next matching command is answered BYE and nothing else; the line stays open."""
        self._say_bye.append(re.compile(pattern))

    def hold_until_together(self, pattern, count):
        """From the next command that matches on no answer gets through until so many of them have
        come: they are in flight at one time. Where they do not come, it is unused."""
        self._together = (re.compile(pattern), count)
        self._held_in_vain = False

    def disguise(self, real, shown):
        """Lets Sterna see another mailbox name than the server has; both are wire names."""
        self._disguises.append((real, shown))
        self._disguises.sort(key=lambda pair: -len(pair[1]))    # one may be part of another

    def lie(self, pattern, replacement=b"", times=-1):
        """Lines of the server read like this to Sterna, so many times or always; without a
        replacement they are left out."""
        self._lies.append([re.compile(pattern), replacement, times])

    def be_honest(self):
        self._lies.clear()

    def cut_download_after(self, count, then=None):
        """The line breaks after so many more bytes from the server; `then` is called first."""
        self._cut_down = count
        self._at_cut = then

    def take_back_unused(self):
        """Forgets the orders to cut, to lose and to refuse that nothing came to; returns them."""
        with self._lock:
            unused = [("cut_before", pattern.pattern) for pattern in self._cut_before]
            unused += [("lose_reply", pattern.pattern) for pattern in self._lose_reply]
            unused += [("refuse", pattern.pattern) for pattern, _ in self._refuse]
            unused += [("say_bye", pattern.pattern) for pattern in self._say_bye]
            if self._cut_down is not None:
                unused.append(("cut_download_after", self._cut_down))
            if self._together:
                unused.append(("hold_until_together", self._together[0].pattern))
                self._together = None
            for orders in (self._cut_before, self._lose_reply, self._refuse, self._say_bye):
                orders.clear()
            self._cut_down = None
        return unused

    def cut_now(self):
        with self._lock:
            sockets, self._sockets = self._sockets, []
        for one in sockets:
            _shut(one)

    def fall_silent(self):
        """Lines that are there carry no answer any more, and nobody is told: as those of a machine
        that slept for long."""
        with self._lock:
            self._silent |= set(self._sockets)

    def sent(self, pattern):
        """Commands so far that match."""
        with self._lock:
            return [c for c in self.commands if re.search(pattern, c)]

    def forget(self):
        """Starts the record anew."""
        with self._lock:
            self.commands.clear()
            self.bytes_up = self.bytes_down = self.connections = 0

    # ---- relaying

    def _relay(self, client):
        try:
            server = socket.create_connection(self._target, 10)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._sockets += [client, server]
            self.connections += 1
        tags = _Tags()
        up, down = (_copy, _copy) if self._raw else (self._upwards, self._downwards)
        for pump, source, sink in ((up, client, server), (down, server, client)):
            threading.Thread(target=self._run, args=(pump, source, sink, tags),
                             daemon=True).start()

    def _run(self, pump, source, sink, tags):
        try:
            pump(source, sink, tags)
        except (OSError, ValueError):
            pass
        except _Cut:
            with self._lock:
                for one in (source, sink):
                    if one in self._sockets:
                        self._sockets.remove(one)
        _shut(source)
        _shut(sink)

    def _upwards(self, client, server, tags):
        file = client.makefile("rb", 1 << 16)
        while (line := file.readline()):
            pieces, literals, eager = [line], 0, 0
            while (found := _LITERAL.search(pieces[-1])):
                if found[2]:
                    eager += 1
                else:
                    client.sendall(b"+ OK\r\n")
                pieces[-1] = pieces[-1][:found.start()] + b"{%d+}\r\n" % int(found[1])
                pieces.append(file.read(int(found[1])))
                pieces.append(file.readline())
                literals += 1
            self._pass_up(pieces, literals, eager, client, server, tags)

    def _pass_up(self, pieces, literals, eager, client, server, tags):
        for real, shown in self._disguises:
            pieces[::2] = [piece.replace(shown, real) for piece in pieces[::2]]
        tag, _, text = b"".join(pieces[::2]).rstrip(b"\r\n").partition(b" ")
        with self._lock:
            self.commands.append(text)
            self.bytes_up += sum(map(len, pieces))
            self._count_together(text)
        if self.on_command:
            self.on_command(text)
        if _take(self._cut_before, text):
            raise _Cut
        if _take(self._lose_reply, text):
            tags.lost.add(tag)
        if _take(self._say_bye, text):
            client.sendall(b"* BYE going down\r\n")
            return
        answer = self._refusal(text)
        reason = self._violation(text, literals, eager)
        if reason:
            with self._lock:
                self.violations.append((reason, text[:120]))
            answer = b"BAD not offered: " + reason.encode()
        if not answer:
            if text:
                tags.sent(tag)
            server.sendall(b"".join(pieces))
        elif not tags.answer_later(tag + b" " + answer + b"\r\n"):
            client.sendall(tag + b" " + answer + b"\r\n")

    def _count_together(self, text):
        if self._held_in_vain or not self._together or not self._together[0].search(text):
            return
        pattern, count = self._together
        self._together = (pattern, count - 1) if count > 1 else None
        if self._together:
            self._arrived.clear()
        else:
            self._arrived.set()

    def _refusal(self, text):
        for entry in self._refuse:
            if entry[0].search(text):
                self._refuse.remove(entry)
                return entry[1]
        return next((answer for known, answer in self._never_knew if known.search(text)), None)

    def _violation(self, text, literals, eager):
        plain = _QUOTED.sub(b'""', text).upper()
        for name in self._missing:
            if name in FORBIDDEN and re.search(FORBIDDEN[name], plain):
                return name
        if "LITERAL+" in self._missing and eager:
            return "LITERAL+"
        if "MULTIAPPEND" in self._missing and plain.startswith(b"APPEND"):
            named = 1 if plain.startswith(b"APPEND {") else 0
            if literals - named > 1:
                return "MULTIAPPEND"
        return None

    def _downwards(self, server, client, tags):
        file = server.makefile("rb", 1 << 16)
        fresh = True
        while (line := file.readline()):
            found = _LITERAL.search(line)
            out = self._stripped(line) if fresh else line
            tag = line.split(b" ", 1)[0] if fresh else b""
            if tag in tags.lost:
                raise _Cut
            self._pass_down(out + tags.answered(tag), client)
            if found:
                left = int(found[1])
                while left:
                    data = file.read1(min(left, 1 << 16))
                    if not data:
                        return
                    left -= len(data)
                    self._pass_down(data, client)
            fresh = not found

    def _stripped(self, line):
        for real, shown in self._disguises:
            line = line.replace(real, shown)
        if b"CAPABILITY " in line:
            line = _CAPABILITIES.sub(self._offered, line)
        for name in self._missing:
            if name in _STRIPPED and (name not in ("CHILDREN", "SPECIAL-USE")
                                      or line.startswith((b"* LIST", b"* LSUB"))):
                line = re.sub(_STRIPPED[name][0], _STRIPPED[name][1], line)
        for entry in self._lies:
            if entry[2] != 0 and entry[0].search(line):
                entry[2] -= 1
                line = entry[0].sub(entry[1], line) if entry[1] else b""
        return line.replace(b"LIST ( ", b"LIST (")

    def _offered(self, said):
        return b"CAPABILITY " + b" ".join(
            word for word in said[1].split(b" ") if word.decode() not in self._hidden)

    def _pass_down(self, data, client):
        if not self._arrived.wait(_HOLD_LIMIT_S):
            self._held_in_vain = True
            self._arrived.set()
        with self._lock:
            if client in self._silent:
                return
            self.bytes_down += len(data)
            left = self._cut_down
            if left is not None:
                self._cut_down = max(0, left - len(data))
        if left is not None and left <= len(data):
            self._cut_down = None
            client.sendall(data[:left])
            if self._at_cut:
                self._at_cut()
            raise _Cut
        client.sendall(data)


class _Tags:
    """Of the commands of one connection. What is refused here is answered in its turn: a server
    takes up a SELECT when it has answered what came before."""

    def __init__(self):
        self.lost = set()       # whose answers never arrive
        self._lock = threading.Lock()
        self._open = {}         # tag: what is said behind its answer

    def sent(self, tag):
        with self._lock:
            self._open[tag] = b""

    def answer_later(self, line):
        """False where nothing is awaited."""
        with self._lock:
            if not self._open:
                return False
            self._open[next(reversed(self._open))] += line
            return True

    def answered(self, tag):
        """What follows this answer."""
        with self._lock:
            return self._open.pop(tag, b"")


def _copy(source, sink, _tags):
    while (data := source.recv(1 << 16)):
        sink.sendall(data)


def _take(patterns, text):
    for pattern in patterns:
        if pattern.search(text):
            patterns.remove(pattern)
            return True
    return False


def _shut(one):
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    one.close()
