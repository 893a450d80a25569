# SPDX-License-Identifier: Apache-2.0
"""A small raw IMAP client, for changing a server and for looking at it.

It shares nothing with Sterna, neither code nor ideas: one command, one answer, everything in
memory. Mailbox names are ordinary strings here; modified UTF-7 (RFC 3501 section 5.1.3) stays
inside.
"""
import base64
import calendar
import email.utils
import re
import socket
import ssl
import time
from dataclasses import dataclass, field


@dataclass
class ServerMessage:
    uid: int
    flags: frozenset          # as the server spells them, without \Recent
    internaldate: int         # seconds since the epoch
    body: bytes = field(repr=False)


class ImapError(Exception):
    """A command was answered NO or BAD."""


def encode_name(name):
    """A mailbox name in modified UTF-7."""
    def shifted(run):
        packed = base64.b64encode(run.encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
        return "&" + packed.decode() + "-"
    out, run = "", ""
    for character in name:
        if " " <= character <= "~":
            out += (shifted(run) if run else "") + ("&-" if character == "&" else character)
            run = ""
        else:
            run += character
    return out + (shifted(run) if run else "")


def decode_name(wire):
    def opened(match):
        if not match[1]:
            return "&"
        packed = match[1].replace(",", "/")
        return base64.b64decode(packed + "=" * (-len(packed) % 4)).decode("utf-16-be")
    return re.sub("&([^-]*)-", opened, wire)


def quoted(text):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def imap_date(seconds):
    return time.strftime('"%d-%b-%Y %H:%M:%S +0000"', time.gmtime(seconds))


def parse_imap_date(text):
    day, clock, zone = text.strip().split(" ")
    parsed = email.utils.parsedate_tz(f"{day.replace('-', ' ')} {clock} {zone}")
    return calendar.timegm(parsed[:6] + (0, 0, 0)) - parsed[9]


_TOKEN = re.compile(rb'\s*(?:(\()|(\))|"((?:[^"\\]|\\.)*)"|\{(\d+)\}\r\n|([^\s()"]+))', re.S)


def parse_values(data):
    """The values of a response as nested lists of bytes; NIL stays b"NIL"."""
    stack, at = [[]], 0
    while at < len(data):
        match = _TOKEN.match(data, at)
        if not match:
            break
        at = match.end()
        if match[1]:
            stack.append([])
        elif match[2]:
            done = stack.pop()
            stack[-1].append(done)
        elif match[3] is not None:
            stack[-1].append(re.sub(rb"\\(.)", rb"\1", match[3]))
        elif match[4] is not None:
            stack[-1].append(data[at:at + int(match[4])])
            at += int(match[4])
        else:
            stack[-1].append(match[5])
    return stack[0]


class Imap:
    """`prefix` and `separator` are those of the server's namespace (RFC 2342); names here have
    neither the one nor the other, but "/"."""

    def __init__(self, host, port, user, password, tls_ca=None, prefix="", separator="/"):
        self._prefix, self.separator = prefix, separator
        self._socket = socket.create_connection((host, port), 60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls_ca:
            context = ssl.create_default_context(cafile=tls_ca)
            self._socket = context.wrap_socket(self._socket, server_hostname=host)
        self._file = self._socket.makefile("rb", 1 << 16)
        self._count = 0
        self.last = b""           # the tagged answer to the last command
        self.selected = None      # for changes; one that is only examined is no such
        self._open = False        # a mailbox is selected or examined
        self._capabilities = None
        self.greeting = self._file.readline()
        self.command(f"LOGIN {quoted(user)} {quoted(password)}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.command("LOGOUT")
        except (OSError, EOFError, ValueError, ImapError):
            pass
        self._file.close()
        self._socket.close()

    @property
    def capabilities(self):
        """What the server offers who is logged in."""
        if self._capabilities is None:
            (line,) = [line for line in self.command("CAPABILITY") if b"CAPABILITY" in line]
            self._capabilities = line.decode().split()[2:]
        return self._capabilities

    def command(self, *parts, literal=None):
        """Sends one command, with a literal at its end if there is one; returns the untagged
        responses, each with its literals."""
        self._count += 1
        tag = b"t%d " % self._count
        text = b"".join(p if isinstance(p, bytes) else p.encode() for p in parts)
        announced = b" {%d}" % len(literal) if literal is not None else b""
        self._socket.sendall(tag + text + announced + b"\r\n")
        untagged = []
        while True:
            try:
                line = self._response()
            except EOFError as closed:
                raise EOFError(f"{closed} after {untagged[-3:]} to {text[:80]!r}") from None
            if literal is not None and line.startswith(b"+"):
                self._socket.sendall(literal + b"\r\n")
                continue
            if line.startswith(tag):
                self.last = line
                if not line.startswith(tag + b"OK"):
                    raise ImapError(f"{text[:80]!r}: {line!r}")
                return untagged
            untagged.append(line)

    def _response(self):
        line = self._file.readline()
        if not line:
            raise EOFError("the server closed the connection")
        while (literal := re.search(rb"\{(\d+)\}\r\n\Z", line)):
            line += self._file.read(int(literal[1])) + self._file.readline()
        return line

    # ---- mailboxes

    def mailboxes(self):
        """Names of what can be selected."""
        names = []
        for line in self.command('LIST "" "*"'):
            if line.startswith(b"* LIST"):
                attributes, _, name = parse_values(line[len(b"* LIST"):])
                if b"\\noselect" not in [a.lower() for a in attributes]:
                    names.append(self._name(name.decode()))
        return sorted(names)

    def _wire(self, name):
        if name != "INBOX":
            name = self._prefix + name.replace("/", self.separator)
        return quoted(encode_name(name))

    def _name(self, wire):
        return decode_name(wire).removeprefix(self._prefix).replace(self.separator, "/")

    def create(self, name, use=None):
        """`use` is a special one (RFC 6154), where the server knows how to give it."""
        given = f" (USE ({use}))" if use and "CREATE-SPECIAL-USE" in self.capabilities else ""
        known = self.mailboxes()
        try:
            self.command("CREATE ", self._wire(name), given)
        except ImapError as refused:
            # Dovecot's CREATE loses to a session that opens what it has made in part: LIST tells
            # of the directory, SELECT fills it in, and then CREATE finds it there.
            if "[ALREADYEXISTS]" not in str(refused) or name in known:
                raise

    def delete(self, name):
        self.selected = None
        self.command("DELETE ", self._wire(name))

    def rename(self, old, new):
        self.command("RENAME ", self._wire(old), " ", self._wire(new))

    def subscribe(self, name):
        self.command("SUBSCRIBE ", self._wire(name))

    def unsubscribe(self, name):
        self.command("UNSUBSCRIBE ", self._wire(name))

    def subscribed(self):
        lines = self.command('LSUB "" "*"')
        return sorted(self._name(parse_values(line[len(b"* LSUB"):])[2].decode())
                      for line in lines if line.startswith(b"* LSUB"))

    def status(self, name):
        """MESSAGES, UIDNEXT, UIDVALIDITY and UNSEEN of a mailbox; HIGHESTMODSEQ if it has one."""
        items = "MESSAGES UIDNEXT UIDVALIDITY UNSEEN"
        if "CONDSTORE" in self.capabilities:
            items += " HIGHESTMODSEQ"
        for line in self.command("STATUS ", self._wire(name), f" ({items})"):
            if line.startswith(b"* STATUS"):
                values = parse_values(line[len(b"* STATUS"):])[1]
                return {k.decode(): int(v) for k, v in zip(values[::2], values[1::2])}
        raise ImapError("no STATUS line")

    def select(self, name):
        self._open = False
        self.command("SELECT ", self._wire(name))
        self.selected, self._open = name, True

    def examine(self, name):
        self._open = False
        self.command("EXAMINE ", self._wire(name))
        self.selected, self._open = None, True

    def leave(self):
        """Selects nothing: Dovecot hangs up on who has a mailbox open that another one deletes."""
        if self._open and "UNSELECT" in self.capabilities:
            self.command("UNSELECT")
        elif self._open:
            try:                  # one that cannot be opened leaves none open (RFC 3501 6.3.1)
                self.examine("no such mailbox")
            except ImapError:
                pass
        self.selected, self._open = None, False

    def _enter(self, name):
        if self.selected != name:
            self.select(name)
        else:
            self.command("NOOP")    # a session sees what others did only between its commands

    # ---- messages

    def append(self, name, data, flags=(), date=None):
        """Returns the new UID."""
        stamp = f" {imap_date(date)}" if date is not None else ""
        self.command("APPEND ", self._wire(name), f" ({' '.join(flags)}){stamp}",
                     literal=data)
        found = re.search(rb"APPENDUID \d+ (\d+)", self.last)
        return int(found[1]) if found else None

    def append_many(self, name, messages):
        """Messages as (data, flags, date), in few MULTIAPPENDs."""
        parts, size = [], 0

        def send():
            if parts:
                self.command("APPEND ", self._wire(name), *parts)
        for data, flags, date in messages:
            parts.append(f" ({' '.join(flags)}) {imap_date(date)} {{{len(data)}+}}\r\n".encode()
                         + data)
            size += len(data)
            if len(parts) >= 500 or size > 4 << 20:
                send()
                parts, size = [], 0
        send()

    def uids(self, name, criteria="ALL"):
        self._enter(name)
        found = []
        for line in self.command(f"UID SEARCH {criteria}"):
            if line.startswith(b"* SEARCH"):
                found += [int(uid) for uid in line.split()[2:]]
        return sorted(found)

    def uid_of(self, name, message_id):
        """The UID of the one message with this Message-ID."""
        (uid,) = self.uids(name, f"HEADER Message-ID {quoted(message_id)}")
        return uid

    def fetch_all(self, name, bodies=True):
        """All messages of a mailbox, in the order of UIDs; changes no flag."""
        self.examine(name)
        items = "(UID FLAGS INTERNALDATE BODY.PEEK[])" if bodies else "(UID FLAGS INTERNALDATE)"
        messages = []
        for line in self.command(f"UID FETCH 1:* {items}"):
            values = parse_values(line)
            if len(values) < 4 or values[2].upper() != b"FETCH":
                continue
            pairs = {k.upper(): v for k, v in zip(values[3][::2], values[3][1::2])}
            if b"INTERNALDATE" not in pairs:
                continue          # what somebody else changed meanwhile
            flags = frozenset(f.decode() for f in pairs[b"FLAGS"] if f.lower() != b"\\recent")
            messages.append(ServerMessage(
                int(pairs[b"UID"]), flags, parse_imap_date(pairs[b"INTERNALDATE"].decode()),
                pairs.get(b"BODY[]", b"")))
        return sorted(messages, key=lambda m: m.uid)

    def flags(self, name, uid):
        (flags,) = [m.flags for m in self.fetch_all(name, bodies=False) if m.uid == uid]
        return flags

    def store(self, name, uids, change, flags):
        """change is "+", "-" or "" (replace)."""
        self._enter(name)
        self.command(f"UID STORE {uid_set(uids)} {change}FLAGS.SILENT ({' '.join(flags)})")

    def move(self, name, uids, target):
        """Returns what the server said of it."""
        if "MOVE" not in self.capabilities:
            self.copy(name, uids, target)
            self.expunge(name, uids)
            return []
        self._enter(name)
        return self.command(f"UID MOVE {uid_set(uids)} ", self._wire(target))

    def copy(self, name, uids, target):
        self._enter(name)
        self.command(f"UID COPY {uid_set(uids)} ", self._wire(target))

    def expunge(self, name, uids):
        """Deletes these messages for good."""
        self.store(name, uids, "+", ["\\Deleted"])
        self.command(f"UID EXPUNGE {uid_set(uids)}")


def uid_set(uids):
    return ",".join(str(uid) for uid in ([uids] if isinstance(uids, int) else uids))
