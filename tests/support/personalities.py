# SPDX-License-Identifier: Apache-2.0
"""Servers with the habits of providers, as their documentation and public reports have them: what
each offers, where its mailboxes are, what it does its own way, and its limits.

The one comment line beside a habit says what is reported. What a program must do about it is in
docs/imap.md, and whether it does so in tests/integration/providers_test.py.
"""
import hashlib
import re

from tests.support.personality import Personality, WithModseq
from tests.support.scripted import UIDVALIDITY, ScriptedServer


class GmailStore(ScriptedServer):
    """One store of messages, of which a mailbox shows those that have its label. What is sent again
    is not stored again: it gets the label, and the answer says where it is."""

    @staticmethod
    def number_of(octets):
        return int(hashlib.sha1(octets).hexdigest()[:15], 16)

    def fetch_line(self, session, uid, items):
        line = super().fetch_line(session, uid, items)
        if b"X-GM-MSGID" not in items:
            return line
        octets = self.mailboxes[session.mailbox][uid][1]
        return line[:-1] + b" X-GM-MSGID %d)" % self.number_of(octets)

    def find_octets(self, name, octets):
        return next((u for u, kept in self.mailboxes[name].items() if kept[1] == octets), None)

    def on_append(self, session, tag, text):
        name = self._argument(text)
        octets = text.partition(b"}\r\n")[2]
        if name not in self.mailboxes or (uid := self.find_octets(name, octets)) is None:
            super().on_append(session, tag, text)
        else:
            session.say(tag + b" OK [APPENDUID %d %d] there" % (UIDVALIDITY, uid))


class Gmail(GmailStore, WithModseq):
    provider, preset = "Gmail", "google"
    greeting = b"Gimap ready for requests from 127.0.0.1"
    # Before the login neither LITERAL- nor UIDPLUS nor CONDSTORE; never QRESYNC.
    before_login = (b"IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 SASL-IR "
                    b"AUTH=XOAUTH2 AUTH=PLAIN")
    capabilities = (b"IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 UIDPLUS "
                    b"ENABLE MOVE CONDSTORE ESEARCH UTF8=ACCEPT LIST-EXTENDED LIST-STATUS LITERAL- "
                    b"SPECIAL-USE APPENDLIMIT=35651584")
    # [Gmail] is no mailbox; what lies below it has names in the user's language.
    trash = "[Gmail]/Papierkorb"
    all_mail = b"[Gmail]/Alle Nachrichten"
    attributes = {b"[Gmail]": b"\\HasChildren \\Noselect", all_mail: b"\\All \\HasNoChildren",
                  b"[Gmail]/Papierkorb": b"\\HasNoChildren \\Trash"}
    # The sixteenth login is refused; lines that are dead count for a while.
    connections_allowed = 15
    too_many = b"NO [ALERT] Too many simultaneous connections. (Failure)"

    def __init__(self):
        super().__init__()
        self.make(self.all_mail.decode())

    def listed(self):
        return [(b"[Gmail]", self.attributes[b"[Gmail]"]), *super().listed()]

    def add(self, name, octets, flags=()):
        # All Mail holds everything but Trash; the flags of a message are the same under each label.
        known = self._entries(octets)
        uid = super().add(name, octets, flags)
        if known:
            known[0][0].update(flags)
            self.mailboxes[name][uid] = known[0]
        if name not in (self.all_mail, self.wire(self.trash)) \
                and self.find_octets(self.all_mail, octets) is None:
            self.add(self.all_mail, octets)
        return uid

    def _entries(self, octets):
        return [kept for held in self.mailboxes.values() for kept in held.values()
                if kept[1] == octets]

    def changed(self, name, uid):
        super().changed(name, uid)
        octets = self.mailboxes[name][uid][1]
        for other in self.mailboxes:
            same = self.find_octets(other, octets) if other != name else None
            if same is not None:
                super().changed(other, same)

    def copy_one(self, source, uid, target):
        octets = self.mailboxes[source][uid][1]
        there = self.find_octets(target, octets)
        return there if there is not None else super().copy_one(source, uid, target)

    def transfer(self, source, uids, target):
        new = super().transfer(source, uids, target)
        self._leave_labels(target, new)
        return new

    def on_uid_move(self, session, tag, text):
        super().on_uid_move(session, tag, text)
        target = self._argument(text.split(b" ", 2)[2])
        self._leave_labels(target, list(self.mailboxes[target]))

    def _leave_labels(self, target, uids):
        # What comes into Trash leaves all labels, and All Mail.
        if target != self.wire(self.trash):
            return
        for octets in [self.mailboxes[target][uid][1] for uid in uids]:
            for name in self.mailboxes:
                uid = self.find_octets(name, octets) if name != target else None
                if uid is not None:
                    self.take_out(name, uid)

    def after_store(self, session, uids):
        super().after_store(session, uids)
        # \Deleted is followed by EXPUNGE at once: the label goes, and the message is archived.
        marked = [u for u in uids if b"\\Deleted" in self.mailboxes[session.mailbox][u][0]]
        for uid in marked:
            self.mailboxes[session.mailbox][uid][0].discard(b"\\Deleted")
        self._expunge(session, marked)


class Exchange(Personality):
    provider, preset = "Exchange", "exchange"
    greeting = b"The Microsoft Exchange IMAP4 service is ready."
    before_login = b"IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS ID UNSELECT CHILDREN"
    # No CONDSTORE, no ESEARCH, no SPECIAL-USE, no ENABLE.
    capabilities = (b"IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT "
                    b"CHILDREN IDLE NAMESPACE LITERAL+")
    tells_at_login = False
    has_keywords = False        # PERMANENTFLAGS has no \*
    rewrites = True
    trash = "Deleted Items"
    connections_allowed = 16
    too_many = b"BAD User is authenticated but not connected."
    substitute = b"Subject: Retrieval using the IMAP4 protocol failed\r\n\r\nSee the message.\r\n"

    def __init__(self):
        super().__init__()
        # Calendar and contacts are listed; what is fetched of them is a text in their place.
        self.make("Calendar")
        self.add(b"Calendar", self.substitute)

    def kept_flags(self):
        return super().kept_flags() + b" $MDNSent"

    def fetch_line(self, session, uid, items):
        # RFC822.SIZE is what the message takes in the store.
        line = super().fetch_line(session, uid, items)
        return re.sub(rb"RFC822\.SIZE (\d+)", lambda m: b"RFC822.SIZE %d" % (3 * int(m[1])), line)

    def store(self, name, octets, flags):
        # MIME is rendered anew, and \Flagged given with APPEND is lost.
        head, _, body = octets.partition(b"\r\n\r\n")
        anew = head + b"\r\nX-MS-Exchange-Organization-SCL: -1\r\n\r\n" + body + b"\r\n"
        return self.add(name, anew, [f for f in flags if f != b"\\Flagged"])


class Yahoo(Personality):
    provider, preset = "Yahoo", "yahoo"
    greeting = b"IMAP4rev1 imapgate"
    before_login = (b"IMAP4rev1 ID NAMESPACE X-ID-ACLID UIDPLUS LITERAL+ CHILDREN "
                    b"XAPPLEPUSHSERVICE XYMHIGHESTMODSEQ AUTH=PLAIN AUTH=LOGIN AUTH=XOAUTH2")
    # Fewer than before the login; IDLE is refused.
    capabilities = (b"IMAP4rev1 ID MOVE NAMESPACE X-ID-ACLID UIDPLUS LITERAL+ XAPPLEPUSHSERVICE "
                    b"XYMHIGHESTMODSEQ")
    tells_at_login = False
    connections_allowed = 5
    too_many = b"NO [LIMIT] Too many connections"
    line_octets_max = 1000

    def __init__(self):
        super().__init__()
        self.short = set()      # sets that were answered in part

    def say_name(self, name):
        return super().say_name(b"Inbox" if name == b"INBOX" else name)

    def on_uid_search(self, session, tag, _text):
        # There is a space behind the numbers.
        uids = self.uids(session, b"1:*")
        session.say(b"* SEARCH " + b"".join(b"%d " % u for u in uids), tag + b" OK done")

    def on_uid_fetch(self, session, tag, text):
        # A range is answered without some of its messages; asked for again, they come.
        uids = self.uids(session, text.split(b" ")[2])
        if b"BODY.PEEK[]" in text and len(uids) > 2 and session.mailbox not in self.short:
            self.short.add(session.mailbox)
            uids = [uid for index, uid in enumerate(uids) if index % 3 != 1]
        for uid in uids:
            session.say(self.fetch_line(session, uid, text.upper()))
        session.say(tag + b" OK done")


class ICloud(WithModseq):
    provider, preset, host = "iCloud", "icloud", "imap.mail.me.com"
    greeting = b"iCloud ready"
    before_login = b"IMAP4rev1 XAPPLEPUSHSERVICE SASL-IR AUTH=ATOKEN AUTH=PLAIN"
    capabilities = (b"IMAP4rev1 XAPPLEPUSHSERVICE NAMESPACE UNSELECT IDLE ID ENABLE CONDSTORE "
                    b"QRESYNC ESEARCH UIDPLUS MOVE LITERAL+ CHILDREN")
    trash = "Deleted Messages"
    connections_allowed = 5

    def on_capability(self, session, tag, text):
        session.asked = getattr(session, "known", False)
        super().on_capability(session, tag, text)

    def fetch_line(self, session, uid, items):
        # A proxy edits what follows the word CAPABILITY, in messages, too, until it was asked.
        line = super().fetch_line(session, uid, items)
        asked = getattr(session, "asked", False)
        return line if asked else line.replace(b"CAPABILITY IMAP4", b"CAPABILITY XMAP4")

    def on_enable(self, session, tag, text):
        # ENABLED comes back empty.
        session.enabled = set(text.split()[1:])
        session.say(b"* ENABLED", tag + b" OK done")

    def vanished(self, name, since, _known):
        # VANISHED tells of messages that are there.
        return sorted(self.mailboxes[name])[:2] + super().vanished(name, since, _known)


class Courier(Personality):
    provider, preset = "Courier", "courier"
    greeting = b"Courier-IMAP ready. Copyright 1998-2018 Double Precision, Inc."
    before_login = b"IMAP4rev1 UIDPLUS CHILDREN NAMESPACE SORT QUOTA IDLE AUTH=PLAIN STARTTLS"
    # Neither MOVE nor ESEARCH, LIST-EXTENDED or CONDSTORE; only who asks is told.
    capabilities = b"IMAP4rev1 UIDPLUS CHILDREN NAMESPACE SORT QUOTA IDLE"
    tells_at_login = False
    # All mailboxes lie below INBOX.
    delimiter, prefix = b".", b"INBOX."
    # Four lines from one address.
    connections_allowed = 4
    too_many = b"NO Maximum number of connections from this address"
    line_octets_max = 16384

    def select_codes(self, name):
        # No UIDNEXT.
        return [line for line in super().select_codes(name) if b"UIDNEXT" not in line]


class Zimbra(WithModseq):
    provider = "Zimbra"
    greeting = b"mail.example.org Zimbra IMAP4rev1 server ready"
    before_login = b"IMAP4rev1 SASL-IR ID LITERAL+ AUTH=PLAIN"
    capabilities = (b"IMAP4rev1 ACL BINARY CATENATE CHILDREN CONDSTORE ENABLE ESEARCH ID IDLE "
                    b"LIST-EXTENDED LIST-STATUS LITERAL+ NAMESPACE QRESYNC QUOTA SASL-IR SEARCHRES "
                    b"SORT UIDPLUS UNSELECT WITHIN XLIST")

    def select_lines(self, session, name, text):
        # EXISTS comes several times, and counts up.
        lines = super().select_lines(session, name, text)
        exists = len(self.mailboxes[name])
        return [b"* %d EXISTS" % (exists // 3), b"* %d EXISTS" % (2 * exists // 3), *lines]

    def on_append(self, session, tag, text):
        # A keyword with a colon is refused.
        flags = re.search(rb" \(([^)]*)\)", text.partition(b"}\r\n")[0])
        if flags and b":" in flags[1]:
            session.say(tag + b" NO APPEND failed: invalid flag")
        else:
            super().on_append(session, tag, text)

    def on_uid_store(self, session, tag, text):
        if b":" in text.partition(b"(")[2]:
            session.say(tag + b" NO STORE failed: invalid flag")
        else:
            super().on_uid_store(session, tag, text)


class ProtonBridge(Personality):
    provider, preset = "Proton Bridge", "proton-bridge"
    greeting = b"Proton Mail Bridge 03.11.00 - gluon session ID 1"
    before_login = b"IMAP4rev1 ID IDLE STARTTLS AUTH=PLAIN"
    capabilities = b"IMAP4rev1 ID IDLE MOVE STARTTLS UIDPLUS UNSELECT"
    rewrites = True
    # Mailboxes of the user lie below Folders, labels below Labels; both are no mailboxes.
    work, below = "Folders/Work", "Folders/"
    attributes = {b"Trash": b"\\Noinferiors \\Trash", b"All Mail": b"\\All \\Noinferiors"}

    def __init__(self):
        self.validity = UIDVALIDITY
        super().__init__()
        for name in ("All Mail", "Labels/Important"):
            self.make(name)

    def listed(self):
        return [(b"Folders", b"\\Noselect"), (b"Labels", b"\\Noselect"), *super().listed()]

    def uidvalidity(self, _name):
        return self.validity

    def renumber(self):
        # An update of the bridge: each mailbox has another UIDVALIDITY, each message another UID.
        self.validity += 1
        for name, held in self.mailboxes.items():
            messages = [held[uid] for uid in sorted(held)]
            self.next_uid[name] = 100 + len(messages)
            self.mailboxes[name] = dict(enumerate(messages, 100))

    def on_create(self, session, tag, text):
        if self._argument(text).startswith((b"Folders/", b"Labels/")):
            super().on_create(session, tag, text)
        else:
            session.say(tag + b" NO operation not allowed")

    def on_uid_expunge(self, session, tag, _text):
        # Offered, and refused.
        session.say(tag + b" NO UID EXPUNGE is not supported")

    def on_append(self, session, tag, text):
        # What has no sender is no message.
        if b"\r\nFrom:" in text.partition(b"}")[2]:
            super().on_append(session, tag, text)
        else:
            session.say(tag + b" BAD invalid rfc5322 message")

    def store(self, name, octets, flags):
        # Stored encrypted, and written anew for whoever asks.
        head, _, body = octets.partition(b"\r\n\r\n")
        anew = head + b"\r\nX-Pm-Internal-Id: abc==\r\n\r\n" + body
        self.add(b"All Mail", anew, flags)
        return self.add(name, anew, flags)


class HMailServer(Personality):
    provider = "hMailServer"
    greeting = b"IMAPrev1"
    # IMAPrev1 is a slip of theirs that nobody else makes; there is neither UIDPLUS nor MOVE.
    before_login = b"IMAP4 IMAP4rev1 IMAPrev1 CHILDREN IDLE QUOTA SORT ACL NAMESPACE RIGHTS=texk"
    capabilities = before_login
    tells_at_login = False
    delimiter = b"."
    has_keywords = False

    def fetch_line(self, session, uid, items):
        # A wrong size.
        line = super().fetch_line(session, uid, items)
        return re.sub(rb"RFC822\.SIZE (\d+)", lambda m: b"RFC822.SIZE %d" % (int(m[1]) + 2), line)


class Domino(Personality):
    provider = "Domino"
    greeting = b"Domino IMAP4 Server Release 9.0.1 ready"
    before_login = b"IMAP4rev1 AUTH=PLAIN LITERAL+ NAMESPACE QUOTA UIDPLUS"
    capabilities = b"IMAP4rev1 LITERAL+ NAMESPACE QUOTA UIDPLUS"
    tells_at_login = False
    delimiter = b"\\"
    has_keywords = False

    def fetch_line(self, session, uid, items):
        # A date may be none.
        line = super().fetch_line(session, uid, items)
        dated = re.sub(rb'INTERNALDATE "[^"]*"', b'INTERNALDATE "00-Jan-0000 00:00:00 +0000"', line)
        return dated if uid % 2 else line


class NetEase(Personality):
    provider, preset, host = "163", "163", "imap.163.com"
    greeting = b"Coremail System IMap Server Ready(163com)"
    before_login = b"IMAP4rev1 XLIST SPECIAL-USE ID LITERAL+ STARTTLS UIDPLUS SASL-IR AUTH=PLAIN"
    # No IDLE.
    capabilities = b"IMAP4rev1 XLIST SPECIAL-USE ID LITERAL+ STARTTLS UIDPLUS SASL-IR"
    trash = "已删除"
    attributes = {b"&XfJSIJZk-": b"\\Trash"}
    has_keywords = False

    def hook(self, session, tag, text):
        # Nothing is selected before the client said what it is, with name and version.
        if text.startswith(b"ID "):
            session.introduced = b'"name"' in text and b'"version"' in text
        if text.startswith((b"SELECT", b"EXAMINE")) and not getattr(session, "introduced", False):
            session.say(tag + b" NO SELECT Unsafe Login. Please contact kefu@188.com for help")
            return True
        return super().hook(session, tag, text)

    def status_line(self, name, text):
        # Of a mailbox where nothing ever was, STATUS tells nothing.
        line = super().status_line(name, text)
        return line if self.next_uid[name] > 1 else line[:line.index(b"(")] + b"()"


class QQ(Personality):
    provider, preset, host = "QQ", "qq", "imap.qq.com"
    greeting = b"QQMail IMAP4Server ready"
    before_login = b"IMAP4 IMAP4rev1 ID AUTH=LOGIN NAMESPACE"
    # The login tells nothing; who asks hears of more.
    capabilities = (b"IMAP4 IMAP4rev1 XLIST MOVE IDLE XAPPLEPUSHSERVICE NAMESPACE CHILDREN ID "
                    b"UIDPLUS")
    tells_at_login = False
    trash, work, below = "Deleted Messages", "其他文件夹/Work", "其他文件夹/"
    # Sets must ascend.
    sets_ascend = True
    # Another line sees old flags: one for reading and writing.
    connections_allowed = 1

    def listed(self):
        return [(self.wire("其他文件夹"), b"\\NoSelect \\HasChildren"), *super().listed()]


class Yandex(Personality):
    provider, preset, host = "Yandex", "yandex", "imap.yandex.com"
    greeting = b"Yandex IMAP4rev1 at iva1 ready to talk"
    before_login = (b"IMAP4rev1 CHILDREN UNSELECT LITERAL+ NAMESPACE XLIST BINARY UIDPLUS ENABLE "
                    b"ID AUTH=PLAIN AUTH=XOAUTH2 IDLE MOVE")
    capabilities = before_login
    # Names in the user's language, separated by a bar; nothing lies below INBOX.
    delimiter = b"|"
    trash = "Удаленные"
    attributes = {b"INBOX": b"\\Marked \\NoInferiors",
                  b"&BCMENAQwBDsENQQ9BD0ESwQ1-": b"\\Unmarked \\HasNoChildren \\Trash"}

    def __init__(self):
        self.failing = 2        # searches of INBOX: in a row with others, and alone
        super().__init__()

    def on_uid_search(self, session, tag, text):
        # What is behind it fails now and then.
        if self.failing and session.mailbox == b"INBOX":
            self.failing -= 1
            session.say(tag + b" NO [UNAVAILABLE] UID SEARCH Backend error. sc=abc")
        else:
            super().on_uid_search(session, tag, text)

    def on_logout(self, session, _tag, _text):
        # BYE twice, and no tagged answer.
        session.say(b"* BYE see you", b"* BYE see you")
        session.end()


class James(WithModseq):
    provider = "James"
    greeting = b"JAMES IMAP4rev1 Server is ready"
    before_login = b"IMAP4rev1 LITERAL+ CHILDREN WITHIN SASL-IR AUTH=PLAIN"
    capabilities = (b"IMAP4rev1 LITERAL+ CHILDREN WITHIN NAMESPACE UIDPLUS UNSELECT IDLE ENABLE "
                    b"CONDSTORE QRESYNC MOVE SASL-IR")
    delimiter = b"."

    def vanished(self, name, since, _known):
        # VANISHED tells of all that was not looked at, also of what is there.
        there = sorted(self.mailboxes[name])
        return sorted({*there[:len(there) // 2], *super().vanished(name, since, _known)})


ALL = (Gmail, Exchange, Yahoo, ICloud, Courier, Zimbra, ProtonBridge, HMailServer, Domino, NetEase,
       QQ, Yandex, James)
