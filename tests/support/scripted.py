# SPDX-License-Identifier: Apache-2.0
"""A small IMAP server whose every answer a test can bend, for what no real server does on demand:
limits, floods, wrong counts, refusals. Tests derive from it and override hook(), fetch_line() or
status_line(); everything else answers as RFC 3501 asks.
"""
import contextlib
import os
import re
import shutil
import socket
import sqlite3
import tempfile
import threading

from tests.support.door import Door
from tests.support.maildir import Maildir
from tests.support.messages import word_of
from tests.support.sterna import Sterna

UIDVALIDITY = 7
_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r\n\Z")
# The word of a command, or a set of messages, and the name behind it.
_NAME = re.compile(rb'\S+ (?:"((?:[^"\\]|\\.)*)"|\{(\d+)\+?\}\r\n|(\S+))', re.S)
_PLAIN = re.compile(rb'[ !#-\[\]-~]*')


def as_string(octets):
    """A name as a server says it: quoted where that can be."""
    if _PLAIN.fullmatch(octets):
        return b'"%s"' % octets
    return b"{%d}\r\n%s" % (len(octets), octets)


class Session:
    """One connection: where lines go, and which mailbox is selected."""

    def __init__(self, client):
        self.client = client
        self.file = client.makefile("rb", 1 << 16)
        self.mailbox = None

    def say(self, *lines):
        self.client.sendall(b"".join(line + b"\r\n" for line in lines))

    def end(self):
        self.client.shutdown(socket.SHUT_RDWR)


class ScriptedServer:
    capabilities = (b"IMAP4rev1 SASL-IR AUTH=PLAIN ENABLE UIDPLUS MOVE NAMESPACE UNSELECT LITERAL+ "
                    b"ESEARCH LIST-EXTENDED LIST-STATUS")
    permanent_flags = rb"\Seen \Flagged \Answered \Draft \Deleted \*"

    def __init__(self):
        self.commands = []        # without their tags
        self.connections = 0
        self.mailboxes = {}       # name -> {uid: [set of flags, octets]}
        self.next_uid = {}
        self.dates = {}           # octets -> INTERNALDATE, which goes along with every copy
        self.lock = threading.Lock()
        self.make("INBOX")
        self._door = Door(self._welcome)
        self.port = self._door.port

    def close(self):
        self._door.close()

    # ---- what tests say and ask

    def make(self, name):
        self.mailboxes.setdefault(name.encode(), {})
        self.next_uid.setdefault(name.encode(), 1)

    def fill(self, count, name="INBOX", body=b"words"):
        self.make(name)
        for _ in range(count):
            uid = self.next_uid[name.encode()]
            head = f"From: a@example.org\r\nMessage-ID: <{name}-{uid}@x>\r\nSubject: t\r\n\r\n"
            self.add(name.encode(), head.encode() + body + b"\r\n")

    def add(self, name, octets, flags=()):
        uid = self.next_uid[name]
        self.next_uid[name] = uid + 1
        self.mailboxes[name][uid] = [set(flags), octets]
        return uid

    def rename(self, old, new):
        """One mailbox, as another client does; UIDs and UIDVALIDITY stay."""
        for kept in (self.mailboxes, self.next_uid):
            kept[new.encode()] = kept.pop(old.encode())

    def messages(self, name="INBOX"):
        return self.mailboxes[name.encode()]

    def sent(self, pattern):
        return [c for c in self.commands if re.search(pattern, c)]

    # ---- what tests override

    def hook(self, session, tag, text):
        """Answers a command in another way; true if it did."""
        return False

    def greet(self, session):
        session.say(b"* OK [CAPABILITY %s] ready" % self.capabilities)

    def fetch_line(self, session, uid, items):
        mailbox = self.mailboxes[session.mailbox]
        flags, octets = mailbox[uid]
        told = [b"UID %d" % uid, b"FLAGS (%s)" % b" ".join(sorted(flags))]
        if b"INTERNALDATE" in items:
            date = self.dates.get(octets, b"01-Jan-2024 00:00:00 +0000")
            told.append(b'INTERNALDATE "%s"' % date)
        if b"RFC822.SIZE" in items:
            told.append(b"RFC822.SIZE %d" % len(octets))
        if b"BODY.PEEK[HEADER]" in items:
            header = octets[:octets.index(b"\r\n\r\n") + 4]
            told.append(b"BODY[HEADER] {%d}\r\n" % len(header) + header)
        if b"BODY.PEEK[]" in items:
            told.append(b"BODY[] {%d}\r\n" % len(octets) + octets)
        number = sorted(mailbox).index(uid) + 1
        return b"* %d FETCH (%s)" % (number, b" ".join(told))

    def status_line(self, name, _text):
        return b"* STATUS %s (MESSAGES %d UIDNEXT %d UIDVALIDITY %d UNSEEN 0)" % (
            as_string(name), len(self.mailboxes[name]), self.next_uid[name],
            self.uidvalidity(name))

    def uidvalidity(self, _name):
        return UIDVALIDITY

    def limited(self, uids):
        """Which of these a command is done for, and the code that says so, or None."""
        return uids, None

    # ---- the protocol

    def _welcome(self, client):
        self.connections += 1
        threading.Thread(target=self._run, args=(client,), daemon=True).start()

    def _run(self, client):
        session = Session(client)
        try:
            self.greet(session)
            while (command := self._read(session)):
                tag, _, text = command.partition(b" ")
                with self.lock:
                    self.commands.append(text)
                if not self.hook(session, tag, text):
                    self._answer(session, tag, text)
        except (OSError, ValueError):
            pass
        finally:
            client.close()

    @staticmethod
    def _read(session):
        line = out = session.file.readline()
        while (found := _LITERAL.search(line)):
            if not found[2]:
                session.say(b"+ ok")
            data = session.file.read(int(found[1]))
            if len(data) < int(found[1]):
                return b""
            line = session.file.readline()
            out += data + line
        return out.removesuffix(b"\r\n")

    def uids(self, session, text):
        """Those of the selected mailbox that a set like 1:3,7 or 5:* names."""
        wanted = []
        for part in text.split(b","):
            first, _, last = part.partition(b":")
            last = 2**32 - 1 if last == b"*" else int(last or first)
            wanted.append((int(first), last))
        return [uid for uid in sorted(self.mailboxes[session.mailbox])
                if any(first <= uid <= last for first, last in wanted)]

    def _answer(self, session, tag, text):
        words = text.upper().split(b" ")
        name = words[0] if words[0] != b"UID" else b"UID_" + words[1]
        answer = getattr(self, "on_" + name.decode().lower(), None)
        if name.startswith(b"UID_") and session.mailbox is None:
            session.say(tag + b" BAD no mailbox is selected")
        elif answer:
            answer(session, tag, text)
        else:
            session.say(tag + b" OK")

    @staticmethod
    def _argument(text):
        found = _NAME.match(text)
        if found[2]:
            return text[found.end():found.end() + int(found[2])]
        return re.sub(rb"\\(.)", rb"\1", found[1], flags=re.S) if found[1] is not None else found[3]

    def on_capability(self, session, tag, _text):
        session.say(b"* CAPABILITY " + self.capabilities, tag + b" OK")

    def on_authenticate(self, session, tag, _text):
        session.say(tag + b" OK [CAPABILITY %s] in" % self.capabilities)

    def on_namespace(self, session, tag, _text):
        session.say(b'* NAMESPACE (("" "/")) NIL NIL', tag + b" OK")

    def on_list(self, session, tag, text):
        for name in list(self.mailboxes):
            session.say(b'* LIST () "/" ' + as_string(name))
            if b"STATUS" in text:
                session.say(self.status_line(name, text))
        session.say(tag + b" OK")

    def on_status(self, session, tag, text):
        name = self._argument(text)
        if name not in self.mailboxes:
            session.say(tag + b" NO [NONEXISTENT] no such mailbox")
            return
        session.say(self.status_line(name, text), tag + b" OK")

    def on_create(self, session, tag, text):
        self.make(self._argument(text).decode())
        session.say(tag + b" OK")

    def on_rename(self, session, tag, text):
        first, _, second = text.partition(b" ")[2].partition(b" ")
        old, new = (self._argument(b"NAME " + part) for part in (first, second))
        for name in [n for n in self.mailboxes if n == old or n.startswith(old + b"/")]:
            self.rename(name.decode(), (new + name[len(old):]).decode())
        session.say(tag + b" OK")

    def on_delete(self, session, tag, text):
        name = self._argument(text)
        del self.mailboxes[name], self.next_uid[name]
        session.say(tag + b" OK")

    def on_select(self, session, tag, text):
        name = self._argument(text)
        if name not in self.mailboxes:
            session.say(tag + b" NO [NONEXISTENT] no such mailbox")
            return
        session.mailbox = name
        session.say(b"* FLAGS (\\Seen \\Deleted)",
                    b"* OK [PERMANENTFLAGS (%s)] kept" % self.permanent_flags,
                    b"* %d EXISTS" % len(self.mailboxes[name]),
                    b"* OK [UIDVALIDITY %d] valid" % self.uidvalidity(name),
                    b"* OK [UIDNEXT %d] next" % self.next_uid[name],
                    tag + b" OK [READ-WRITE] selected")

    on_examine = on_select

    def _tagged(self, session, tag, code):
        session.say(tag + b" OK " + (code + b" a part of it" if code else b"done"))

    def on_uid_search(self, session, tag, text):
        named = re.search(rb" UID ([\d:,*]+)", text[4:])
        uids = self.uids(session, named[1] if named else b"1:*")
        if b" DELETED" in text:
            uids = [u for u in uids if b"\\Deleted" in self.mailboxes[session.mailbox][u][0]]
        uids, code = self.limited(uids)
        if b"RETURN" in text:
            found = b" ALL " + b",".join(b"%d" % u for u in uids) if uids else b""
            session.say(b'* ESEARCH (TAG "%s") UID%s' % (tag, found))
        else:
            session.say(b" ".join([b"* SEARCH", *(b"%d" % u for u in uids)]))
        self._tagged(session, tag, code)

    def on_uid_fetch(self, session, tag, text):
        uids, code = self.limited(self.uids(session, text.split(b" ")[2]))
        for uid in uids:
            session.say(self.fetch_line(session, uid, text.upper()))
        self._tagged(session, tag, code)

    def on_uid_store(self, session, tag, text):
        uids, code = self.limited(self.uids(session, text.split(b" ")[2]))
        flags = set(text[text.rindex(b"(") + 1:text.rindex(b")")].split())
        for uid in uids:
            now = self.mailboxes[session.mailbox][uid][0]
            (now.update if b" +FLAGS" in text else now.difference_update)(flags)
        self._tagged(session, tag, code)

    def _copy(self, session, text, uids):
        target = self._argument(text.split(b" ", 2)[2])
        sources = self.mailboxes[session.mailbox]
        copies = [self.add(target, sources[u][1], sources[u][0]) for u in uids]
        return b"[COPYUID %d %s %s]" % (self.uidvalidity(target),
                                        b",".join(b"%d" % u for u in uids),
                                        b",".join(b"%d" % u for u in copies))

    def on_uid_copy(self, session, tag, text):
        uids = self.uids(session, text.split(b" ")[2])
        session.say(tag + b" OK " + self._copy(session, text, uids) + b" copied")

    def on_uid_move(self, session, tag, text):
        uids, code = self.limited(self.uids(session, text.split(b" ")[2]))
        session.say(b"* OK " + self._copy(session, text, uids) + b" moved")
        self._expunge(session, uids)
        self._tagged(session, tag, code)

    def _expunge(self, session, uids):
        mailbox = self.mailboxes[session.mailbox]
        for uid in uids:
            session.say(b"* %d EXPUNGE" % (sorted(mailbox).index(uid) + 1))
            del mailbox[uid]

    def on_uid_expunge(self, session, tag, text):
        mailbox = self.mailboxes[session.mailbox]
        uids = [u for u in self.uids(session, text.split(b" ")[2]) if b"\\Deleted" in mailbox[u][0]]
        uids, code = self.limited(uids)
        self._expunge(session, uids)
        self._tagged(session, tag, code)

    def on_append(self, session, tag, text):
        name = self._argument(text)
        head, _, octets = text.partition(b"}\r\n")
        flags = re.search(rb"\(([^)]*)\)", head)
        uid = self.add(name, octets, flags[1].split() if flags else ())
        session.say(tag + b" OK [APPENDUID %d %d] stored" % (self.uidvalidity(name), uid))

    def on_logout(self, session, tag, _text):
        session.say(b"* BYE", tag + b" OK")
        session.end()


class ScriptedWorld:
    """A Maildir, a state and the program, before a scripted server."""

    def __init__(self, test, server, **keys):
        self.test = test
        self.server = server
        test.addCleanup(server.close)
        self.dir = tempfile.mkdtemp(prefix="sterna-test-")
        test.addCleanup(shutil.rmtree, self.dir, True)
        self.mail = Maildir(f"{self.dir}/mail")
        self.sterna = Sterna(f"{self.dir}/sterna")
        self.sterna.add_account("acc", user="u", password="p", maildir=self.mail.root,
                                host="127.0.0.1", port=server.port, tls={"mode": "none"},
                                compress="no", **keys)

    def sync(self, expect=0, timeout=60, octets_max=None, files_max=None):
        """One sync; `octets_max` bounds the memory, `files_max` the descriptors."""
        if os.path.isdir(self.mail.root):
            self.mail.settle()
        self.sterna.limits = {"octets_max": octets_max, "files_max": files_max}
        return self.sterna.sync(expect=expect, timeout=timeout)

    def assert_settled(self):
        """The server and the Maildir hold the same, and another sync does nothing."""
        there = {name.decode(): sorted(octets for _, octets in kept.values())
                 for name, kept in self.server.mailboxes.items()}
        here = {name: sorted(m.read().replace(b"\n", b"\r\n") for m in self.mail.messages(name))
                for name in self.mail.mailboxes()}
        self.test.assertEqual(here, there)
        report = self.sync()
        for count in ("downloaded", "uploaded", "flags_in", "flags_out", "moved_in", "moved_out",
                      "deleted_in", "deleted_out", "bodies_fetched", "held", "quarantined"):
            self.test.assertEqual(report[count], 0, count)

    def words(self, name="INBOX"):
        """Which messages are here, by the word in their Message-ID, sorted."""
        return sorted(word_of(m.read()) for m in self.mail.messages(name))

    def ask_state(self, sql):
        """Rows of the base, or a change of it behind the program's back."""
        path = f"{self.sterna.state}/acc/state.db"
        with contextlib.closing(sqlite3.connect(path)) as state, state:
            return state.execute(sql).fetchall()
