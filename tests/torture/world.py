# SPDX-License-Identifier: Apache-2.0
"""What a round begins with: an account with mail, a Maildir, and a line between them."""
import os
import shutil
import tempfile
import time
from dataclasses import dataclass

from tests.support.case import server
from tests.support.dovecot import PROFILES
from tests.support.imap_client import ImapError
from tests.support.messages import local
from tests.support.wire import Wire
from tests.torture import judge
from tests.torture.ledger import PHONE, Ledger, Policy
from tests.torture.line import Line
from tests.torture.person import write
from tests.torture.phone import Phone
from tests.torture.reader import Reader

FILLING = (("INBOX", "m", 13), ("Work", "w", 5), ("Archive", "a", 5), ("Lists", "l", 2),
           ("Lists/dev", "d", 4), ("Drafts", "draft", 2), ("Trash", "t", 2), ("Quiet", "quiet", 3),
           ("Empty1", "", 0), ("Empty2", "", 0))
OTHER_FILE_SYSTEM = "/dev/shm"


@dataclass
class Place:
    """Where a tool runs, and what it talks to."""
    dir: str
    user: str
    port: int
    elsewhere: str | None = None

    @property
    def maildir(self):
        return f"{self.dir}/mail"


def other_file_system_is_there(directory):
    return (os.access(OTHER_FILE_SYSTEM, os.W_OK)
            and os.stat(OTHER_FILE_SYSTEM).st_dev != os.stat(directory).st_dev)


class World:
    def __init__(self, tool_class, dice, directory, profile, fresh=False, trash=True,
                 elsewhere=False, ledger=Ledger):
        self.dice = dice
        self.dir = directory
        self.has_trash = trash
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        self.dovecot = server()
        self.user = self.dovecot.new_user("torture")
        self.elsewhere = None
        if elsewhere and other_file_system_is_there(directory):
            self.elsewhere = tempfile.mkdtemp(prefix="sterna-", dir=OTHER_FILE_SYSTEM)
        # The wire holds Sterna to what the server offers; the line outside it counts and cuts.
        self.wire = None
        address = (self.dovecot.address(profile), self.dovecot.port)
        if tool_class.exact:
            self.wire = Wire(*address, PROFILES[profile])
            address = ("127.0.0.1", self.wire.port)
        self.line = Line(*address)
        place = Place(directory, self.user, self.line.port, self.elsewhere)
        self.tool = tool_class(place)
        self.ledger = ledger(Policy(
            trash=trash and tool_class.has_trash, moves="MOVE" not in PROFILES[profile],
            exact=tool_class.exact))
        self.phone = Phone(self.ledger, self.tool, fresh, self.dovecot, self.user)
        self.reader = Reader(self.ledger, self.tool, fresh, place.maildir)
        self._fill()
        if fresh:
            self._fill_both()

    def close(self):
        self.phone.close()
        self.line.close()
        if self.wire:
            self.wire.close()

    def remove(self):
        for path in (self.dir, self.dovecot.home(self.user)):
            shutil.rmtree(path, ignore_errors=True)
        if self.elsewhere:
            shutil.rmtree(self.elsewhere, ignore_errors=True)

    # ---- filling

    def _fill(self):
        imap = self.phone.imap
        for mailbox, kind, count in FILLING:
            if mailbox == "Trash" and not self.has_trash:
                continue
            if mailbox != "INBOX":
                imap.create(mailbox)
            box = self.ledger.add_box(mailbox)
            messages = [self._new(box, kind, number) for number in range(count)]
            if mailbox == "INBOX":
                messages += [self._new(box, "large", 0, True)]
                messages += [self._new(box, twin, 0) for twin in ("twinp", "twinr")] * 2
                for twin in ("twinp0", "twinr0"):
                    (copy,) = self.ledger.of(twin)
                    self.ledger.add_copy(twin, copy.content, box, PHONE, copy.flags)
            imap.append_many(mailbox, messages)

    def _new(self, box, kind, number, large=False):
        token = f"{kind}{number}" + (".0" if kind == "draft" else "")
        data, date = write(token, self.dice, token.split(".")[0], large)
        flags = ["\\Seen"] if self.dice.random() < 0.5 else []
        self.ledger.add_copy(token, judge.content_of(local(data)), box, PHONE,
                             {flag: True for flag in flags})
        return data, flags + (["\\Draft"] if kind == "draft" else []), date

    def _fill_both(self):
        """Before a first sync: mail here, and some that both sides have already."""
        for mailbox in ("INBOX", "Work"):
            self.reader.mail.create(mailbox)
        for number in range(4 if self.tool.pairs_what_both_have else 0):
            token = f"both{number}"
            data, date = write(token, self.dice)
            self.phone.imap.append("INBOX", data, [], date)
            self.reader.mail.deliver("INBOX", local(data), "", date)
            self.ledger.add_copy(token, judge.content_of(local(data)), self.ledger.box("INBOX"),
                                 "both", {})
        for _ in range(3):
            self.reader.do("write_mail", self.dice)

    # ---- looking

    def views(self):
        """What the server and the Maildir have."""
        for attempt in range(5):
            try:
                there = judge.view_of_server(self.phone.imap)
                break
            except ImapError:      # the server still does what a dead client asked for
                time.sleep(0.1 * (attempt + 1))
        else:
            there = judge.view_of_server(self.phone.imap)
        self.phone.imap.leave()
        return there, judge.view_of_maildir(self.reader.mail)

    def dump_server(self, directory):
        dump_server(self.phone.imap, directory)


def dump_server(imap, directory):
    """A file a message, for whoever has to find out."""
    for mailbox in imap.mailboxes():
        os.makedirs(f"{directory}/{mailbox}", exist_ok=True)
        for one in imap.fetch_all(mailbox):
            name = f"{one.uid}.{'.'.join(sorted(f.strip('$') for f in one.flags))}"
            with open(f"{directory}/{mailbox}/{name.replace(chr(92), '')}", "wb") as out:
                out.write(one.body)
