# SPDX-License-Identifier: Apache-2.0
"""What all personalities of providers (personalities.py) have in common: a scripted server that is
strict about what it offers, has names below a prefix, counts its connections, and can end one in
the middle of an answer.

What a client sends although it was not offered, or against a limit, is answered BAD and noted in
`violations`.
"""
import re
import threading

from tests.support.imap_client import encode_name
from tests.support.messages import message
from tests.support.scripted import ScriptedServer, Session, as_string
from tests.support.wire import FORBIDDEN

_EAGER = re.compile(rb"\{(\d+)\+\}\r\n")
_SET = re.compile(rb"^UID (?:FETCH|STORE|COPY|MOVE|EXPUNGE) ([\d:,*]+)")


class _Recorded(Session):
    """The same line, of which nothing gets through: what was said is kept."""

    def __init__(self, session):      # pylint: disable=super-init-not-called
        self.__dict__.update(session.__dict__)
        self.said = b""

    def say(self, *lines):
        self.said += b"".join(line + b"\r\n" for line in lines)


class Personality(ScriptedServer):
    provider = ""
    preset = None               # of our configuration
    host = None                 # which the program takes it for, where the host tells the provider
    greeting = b"ready"
    before_login = b"IMAP4rev1 AUTH=PLAIN"
    capabilities = b"IMAP4rev1"
    tells_at_login = True       # the login's answer has the capabilities
    delimiter = b"/"
    prefix = b""                # of the personal namespace
    attributes = {}             # of mailboxes, by their name on the wire
    has_keywords = True         # \* is permanent
    connections_allowed = 100
    too_many = b"NO [LIMIT] Too many connections"
    line_octets_max = 8192
    sets_ascend = False         # a set in another order is refused
    rewrites = False            # what is stored is not what was sent

    # Where the user's things are, as people write names.
    work, trash, below = "Work", "Trash", ""

    def __init__(self):
        self.violations = []
        self.open_now = self.open_most = 0
        self.logins = 0
        self._counting = threading.Lock()
        self._cut = None
        super().__init__()
        for name in (self.work, self.trash):
            self.make_mailbox(name)

    # ---- the other client of the user

    def wire(self, name):
        """A name that people write, as it is on the wire."""
        if name == "INBOX":
            return b"INBOX"
        parts = (encode_name(part).encode() for part in name.split("/"))
        return self.prefix + self.delimiter.join(parts)

    def make_mailbox(self, name):
        self.make(self.wire(name).decode())

    def deliver(self, name, *words, flags=()):
        return [self.add(self.wire(name), message(word), flags) for word in words]

    def find(self, name, word):
        found = [uid for uid, kept in self.at(name).items() if b"<%s@" % word.encode() in kept[1]]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} of {word} in {name} of {self.provider}")
        return found[0]

    def at(self, name):
        return self.mailboxes[self.wire(name)]

    def flag(self, name, word, *flags):
        uid = self.find(name, word)
        self.at(name)[uid][0].update(flags)
        self.changed(self.wire(name), uid)

    def move(self, name, word, target):
        self.transfer(self.wire(name), [self.find(name, word)], self.wire(target))

    def delete(self, name, word):
        self.take_out(self.wire(name), self.find(name, word))

    def cut_amid(self, pattern):
        """The next command that matches is carried out, and half of its answer gets through."""
        self._cut = pattern

    def was_cut(self):
        return self._cut is None

    # ---- what personalities override beside the answers

    def changed(self, name, uid):
        """Flags of a message were changed, or it is new."""

    def take_out(self, name, uid):
        del self.mailboxes[name][uid]

    def transfer(self, source, uids, target):
        """Moves; returns the new UIDs."""
        new = []
        for uid in uids:
            new.append(self.copy_one(source, uid, target))
            self.take_out(source, uid)
        return new

    def copy_one(self, source, uid, target):
        flags, octets = self.mailboxes[source][uid]
        return self.add(target, octets, flags)

    def is_locked_out(self):
        return self.open_now > self.connections_allowed

    def offered(self, session):
        known = self.capabilities if getattr(session, "known", False) else self.before_login
        return set(known.split())

    # ---- strictness

    def _run(self, client):
        with self._counting:
            self.open_now += 1
            self.open_most = max(self.open_most, self.open_now)
        try:
            super()._run(client)
        except ValueError as error:      # ScriptedServer takes it for a client's mistake
            self.violations.append((repr(error), b""))
        finally:
            with self._counting:
                self.open_now -= 1

    def hook(self, session, tag, text):
        line = text.partition(b"\r\n")[0]
        why = self._objection(session, line, text)
        if why:
            self.violations.append((why, line))
            session.say(tag + b" BAD " + why.encode())
            return True
        if tag == b"DONE":
            session.say(session.idle_tag + b" OK idled")
            return True
        if self._cut and re.search(self._cut, line):
            self._cut = None
            recorded = _Recorded(session)
            self._answer(recorded, tag, text)
            session.client.sendall(recorded.said[:len(recorded.said) // 2])
            session.end()
            return True
        return False

    def _objection(self, session, line, text):
        offered = self.offered(session)
        for name, pattern in FORBIDDEN.items():
            if name.encode() not in offered and re.search(pattern, line):
                return f"{name} is not offered"
        for eager in _EAGER.finditer(text):
            if b"LITERAL+" not in offered and (
                    b"LITERAL-" not in offered or int(eager[1]) > 4096):
                return "a literal that was not asked for"
        if len(line) > self.line_octets_max:
            return "the line is too long"
        named = _SET.match(line)
        if self.sets_ascend and named:
            numbers = [int(n) for n in re.findall(rb"\d+", named[1])]
            if numbers != sorted(numbers):
                return "UID parameters!"
        return None

    # ---- the protocol

    @staticmethod
    def _argument(text):
        name = ScriptedServer._argument(text)
        return b"INBOX" if name.upper() == b"INBOX" else name

    def greet(self, session):
        session.say(b"* OK [CAPABILITY %s] %s" % (self.before_login, self.greeting))

    def on_authenticate(self, session, tag, text):
        words = text.split()
        for _ in range({b"LOGIN": 2}.get(words[1].upper(), 1) - (len(words) - 2)):
            session.say(b"+ ")
            session.file.readline()
        self.log_in(session, tag)

    def on_login(self, session, tag, _text):
        self.log_in(session, tag)

    def log_in(self, session, tag):
        self.logins += 1
        if self.is_locked_out():
            session.say(tag + b" " + self.too_many)
            return
        session.known = True
        told = b"[CAPABILITY %s] " % self.capabilities if self.tells_at_login else b""
        session.say(tag + b" OK " + told + b"logged in")

    def on_capability(self, session, tag, _text):
        session.say(b"* CAPABILITY " + b" ".join(sorted(self.offered(session))), tag + b" OK done")

    def on_namespace(self, session, tag, _text):
        mark = self.delimiter.replace(b"\\", b"\\\\")
        session.say(b'* NAMESPACE (("%s" "%s")) NIL NIL' % (self.prefix, mark), tag + b" OK done")

    def listed(self):
        """(name, attributes) of what LIST tells; parents that are no mailboxes with them."""
        return [(name, self.attributes.get(name, b"")) for name in list(self.mailboxes)]

    def on_list(self, session, tag, text):
        pattern = re.search(rb'^LIST (?:\([^)]*\) )?"" (?:"([^"]*)"|(\S+))', text)
        wanted = re.escape((pattern[1] or pattern[2] or b"") if pattern else b"*")
        wanted = wanted.replace(rb"\*", b".*").replace(b"%", b"[^%s]*" % re.escape(self.delimiter))
        mark = self.delimiter.replace(b"\\", b"\\\\")
        for name, attributes in self.listed():
            if not re.fullmatch(wanted, name):
                continue
            session.say(b'* LIST (%s) "%s" %s' % (attributes, mark, self.say_name(name)))
            if b"STATUS" in text and b"\\Noselect" not in attributes:
                session.say(self.status_line(name, text))
        session.say(tag + b" OK done")

    def say_name(self, name):
        return as_string(name)

    def status_line(self, name, text):
        line = super().status_line(name, text)
        return line.replace(as_string(name), self.say_name(name), 1)

    def on_create(self, session, tag, text):
        name = self._argument(text)
        if name in self.mailboxes:
            session.say(tag + b" NO [ALREADYEXISTS] it is there")
            return
        self.make(name.decode())
        session.say(tag + b" OK made")

    def kept_flags(self):
        system = rb"\Seen \Flagged \Answered \Draft \Deleted"
        return system + rb" \*" if self.has_keywords else system

    def select_codes(self, name):
        return [b"* OK [UIDVALIDITY %d] valid" % self.uidvalidity(name),
                b"* OK [UIDNEXT %d] next" % self.next_uid[name],
                b"* OK [PERMANENTFLAGS (%s)] kept" % self.kept_flags()]

    def select_lines(self, _session, name, _text):
        return [rb"* FLAGS (\Seen \Flagged \Answered \Draft \Deleted)",
                b"* %d EXISTS" % len(self.mailboxes[name]), b"* 0 RECENT",
                *self.select_codes(name)]

    def on_select(self, session, tag, text):
        name = self._argument(text)
        if name not in self.mailboxes:
            session.say(tag + b" NO [NONEXISTENT] no such mailbox")
            return
        session.mailbox = name
        mode = b"READ-ONLY" if text.startswith(b"EXAMINE") else b"READ-WRITE"
        session.say(*self.select_lines(session, name, text), tag + b" OK [%s] selected" % mode)

    on_examine = on_select

    def on_idle(self, session, tag, _text):
        session.idle_tag = tag
        session.say(b"+ idling")

    def gone_line(self, session, uid):
        """How the removal of a message is told, before it happens."""
        return b"* %d EXPUNGE" % (sorted(self.mailboxes[session.mailbox]).index(uid) + 1)

    def _expunge(self, session, uids):
        for uid in uids:
            session.say(self.gone_line(session, uid))
            self.take_out(session.mailbox, uid)

    def on_expunge(self, session, tag, _text):
        mailbox = self.mailboxes[session.mailbox]
        self._expunge(session, [u for u in sorted(mailbox) if b"\\Deleted" in mailbox[u][0]])
        session.say(tag + b" OK expunged")

    def on_uid_store(self, session, tag, text):
        super().on_uid_store(session, tag, text)
        self.after_store(session, self.uids(session, text.split(b" ")[2]))

    def after_store(self, session, uids):
        for uid in uids:
            flags = self.mailboxes[session.mailbox][uid][0]
            if not self.has_keywords:
                flags.difference_update([f for f in flags if not f.startswith(b"\\")])
            self.changed(session.mailbox, uid)

    def _copy(self, session, text, uids):
        target = self._argument(text.split(b" ", 2)[2])
        new = [self.copy_one(session.mailbox, uid, target) for uid in uids]
        if b"UIDPLUS" not in self.offered(session) or not uids:
            return b""
        said = [b",".join(b"%d" % u for u in some) for some in (uids, new)]
        return b"[COPYUID %d %s %s]" % (self.uidvalidity(target), *said)

    def on_uid_copy(self, session, tag, text):
        name = self._argument(text.split(b" ", 2)[2])
        if name not in self.mailboxes:
            session.say(tag + b" NO [TRYCREATE] no such mailbox")
            return
        super().on_uid_copy(session, tag, text)

    def store(self, name, octets, flags):
        """What an APPEND leaves; its UID."""
        return self.add(name, octets, flags)

    def on_append(self, session, tag, text):
        name = self._argument(text)
        if name not in self.mailboxes:
            session.say(tag + b" NO [TRYCREATE] no such mailbox")
            return
        head, _, octets = text.partition(b"}\r\n")
        flags = re.search(rb" \(([^)]*)\)", head)
        kept = [f for f in flags[1].split() if self.has_keywords or f.startswith(b"\\")] \
            if flags else []
        uid = self.store(name, octets, kept)
        date = re.search(rb' "([ \d]\d-[^"]*)"', head)
        if date:
            self.dates[self.mailboxes[name][uid][1]] = date[1]
        code = b"[APPENDUID %d %d] " % (self.uidvalidity(name), uid) \
            if b"UIDPLUS" in self.offered(session) else b""
        session.say(tag + b" OK " + code + b"stored")

    def add(self, name, octets, flags=()):
        uid = super().add(name, octets, flags)
        self.changed(name, uid)
        return uid


class WithModseq(Personality):
    """CONDSTORE (RFC 7162): each mailbox has a counter that grows with every change; and, where it
    is offered, QRESYNC."""

    def __init__(self):
        self.modseq = {}        # (name, UID) -> number
        self.highest = {}
        self.gone = {}          # name -> [(number, UID)]
        super().__init__()

    def _tick(self, name):
        self.highest[name] = self.highest.get(name, 100) + 1
        return self.highest[name]

    def changed(self, name, uid):
        self.modseq[name, uid] = self._tick(name)

    def take_out(self, name, uid):
        super().take_out(name, uid)
        self.gone.setdefault(name, []).append((self._tick(name), uid))

    def rename(self, old, new):
        super().rename(old, new)
        old, new = old.encode(), new.encode()
        self.highest[new] = self.highest.pop(old, 100)
        self.gone[new] = self.gone.pop(old, [])
        for name, uid in [key for key in self.modseq if key[0] == old]:
            self.modseq[new, uid] = self.modseq.pop((name, uid))

    def vanished(self, name, since, _known):
        """UIDs that QRESYNC calls gone since then."""
        return sorted(uid for when, uid in self.gone.get(name, ()) if when > since)

    def on_enable(self, session, tag, text):
        session.enabled = set(text.split()[1:])
        session.say(b"* ENABLED " + b" ".join(sorted(session.enabled)), tag + b" OK done")

    def status_line(self, name, text):
        line = super().status_line(name, text)
        asked = b"HIGHESTMODSEQ" in text
        return line[:-1] + b" HIGHESTMODSEQ %d)" % self.highest.get(name, 100) if asked else line

    def select_codes(self, name):
        return [*super().select_codes(name),
                b"* OK [HIGHESTMODSEQ %d]" % self.highest.get(name, 100)]

    def select_lines(self, session, name, text):
        lines = super().select_lines(session, name, text)
        resync = re.search(rb"QRESYNC \((\d+) (\d+)", text)
        if resync and int(resync[1]) == self.uidvalidity(name):
            lines += self._earlier(name, int(resync[2]), text)
            lines += [self.fetch_line(session, uid, b"MODSEQ")
                      for uid in self._changed_since(name, int(resync[2]))]
        return lines

    def _earlier(self, name, since, text):
        uids = self.vanished(name, since, text)
        said = b",".join(b"%d" % uid for uid in uids)
        return [b"* VANISHED (EARLIER) " + said] if uids else []

    def _changed_since(self, name, since):
        return [uid for uid in sorted(self.mailboxes[name]) if self.modseq[name, uid] > since]

    def fetch_line(self, session, uid, items):
        line = super().fetch_line(session, uid, items)
        if b"MODSEQ" not in items and b"CHANGEDSINCE" not in items:
            return line
        return line[:-1] + b" MODSEQ (%d))" % self.modseq[session.mailbox, uid]

    def on_uid_fetch(self, session, tag, text):
        since = re.search(rb"CHANGEDSINCE (\d+)( VANISHED)?", text)
        if not since:
            super().on_uid_fetch(session, tag, text)
            return
        name = session.mailbox
        if since[2]:
            session.say(*self._earlier(name, int(since[1]), text))
        some = set(self._changed_since(name, int(since[1])))
        for uid in self.uids(session, text.split(b" ")[2]):
            if uid in some:
                session.say(self.fetch_line(session, uid, text.upper()))
        session.say(tag + b" OK done")

    def gone_line(self, session, uid):
        if b"QRESYNC" in getattr(session, "enabled", ()):
            return b"* VANISHED %d" % uid
        return super().gone_line(session, uid)

    def on_uid_store(self, session, tag, text):
        before = re.search(rb"\(UNCHANGEDSINCE (\d+)\) ", text)
        uids = self.uids(session, text.split(b" ")[2])
        late = [uid for uid in uids
                if before and self.modseq[session.mailbox, uid] > int(before[1])]
        flags = set(text[text.rindex(b"(") + 1:text.rindex(b")")].split())
        done = [uid for uid in uids if uid not in late]
        for uid in done:
            now = self.mailboxes[session.mailbox][uid][0]
            (now.update if b" +FLAGS" in text else now.difference_update)(flags)
        self.after_store(session, done)
        for uid in done:
            if uid in self.mailboxes[session.mailbox]:
                session.say(self.fetch_line(session, uid, b"MODSEQ"))
        code = b"[MODIFIED %s] " % b",".join(b"%d" % u for u in late) if late else b""
        session.say(tag + b" OK " + code + b"stored")
