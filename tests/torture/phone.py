# SPDX-License-Identifier: Apache-2.0
"""The person on the server's side, with a client of their own."""
import collections
import re

from tests.support.imap_client import ImapError, encode_name, quoted
from tests.torture.judge import token_of
from tests.torture.ledger import PHONE
from tests.torture.person import Person, write


class Phone(Person):
    side = PHONE

    def __init__(self, ledger, tool, fresh, server, user):
        super().__init__(ledger, tool, fresh)
        self.server, self.user = server, user
        self.imap = server.client(user)

    def close(self):
        self.imap.close()

    def do(self, deed, dice):
        try:
            return super().do(deed, dice)
        except (ImapError, EOFError, OSError) as error:
            self.ledger.tell(f"{self.side}: {deed} was refused: {str(error)[:100]}")
            self.imap.close()
            self.imap = self.server.client(self.user)
            return False
        finally:
            self.imap.leave()

    # ---- looking

    def mailboxes(self):
        return self.imap.mailboxes()

    def there(self, mailbox):
        """UID -> token."""
        self.imap.select(mailbox)
        lines = self.imap.command("UID FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        found = {}
        for line in lines:
            uid = re.search(rb"UID (\d+)", line)
            if b" FETCH " in line and uid:
                found[int(uid[1])] = token_of(line.partition(b"\r\n")[2])
        return found

    def index(self):
        found = collections.defaultdict(list)
        for mailbox in self.mailboxes():
            for uid, token in self.there(mailbox).items():
                found[token].append((mailbox, uid))
        return found

    # ---- messages

    def _append(self, mailbox, data, flags, date):
        self.imap.append(mailbox, data, flags, date)

    def may_rename(self, box):
        """Without MAILBOXID it is known again by its numbers and its mail (docs/safety.md,
        section 2)."""
        return super().may_rename(box) and all(
            self.ledger.is_quiet(one) for one in (box, *self.ledger.tree_of(box)))

    def arrive(self, dice, large=False):
        box = self.ledger.box(dice.choice(("INBOX", "INBOX", "INBOX", "Lists/dev")))
        name = self.name_of(box)
        if not name or not self.is_open(box):
            return None
        token, data, date = self.write(dice, "mail", large=large)
        flags = ["\\Seen"] if dice.random() < 0.3 else []
        self._append(name, data, flags, date)
        self.ledger.add_copy(token, self.content(data), self.ledger.box(name), PHONE,
                             {flag: True for flag in flags})
        return f"{token} arrives in {name}, {len(data)} octets"

    def arrive_large(self, dice):
        return self.arrive(dice, large=True)

    def flag(self, dice):
        flag = dice.choice(("\\Seen", "\\Seen", "\\Flagged", "\\Answered"))
        found = self.some(dice, lambda copy: self.may_flag(copy, flag))
        if not found or found[1].is_trash:
            return None
        copy, box, uid = found
        value = not copy.flags.get(flag, False)
        self.imap.select(box.name_among(self.mailboxes()))
        told = self.imap.command(f"UID STORE {uid} {'+' if value else '-'}FLAGS ({flag})")
        if not any(b"FETCH" in line and b"FLAGS" in line for line in told):
            return None
        self.ledger.set_flag(copy, PHONE, flag, value)
        return f"{copy.token} in {box.name}: {flag} {'set' if value else 'cleared'}"

    def _transfer(self, verb, source, uid, target):
        names = self.mailboxes()
        wire = quoted(encode_name(target.name_among(names)))
        self.imap.select(source.name_among(names))
        told = self.imap.command(f"UID {verb} {uid} ", wire)
        return any(b"COPYUID" in line for line in [*told, self.imap.last])

    def move(self, dice, target=None):
        found = self.some(dice, self.may_place)
        if not found or found[1].is_trash:
            return None
        copy, box, uid = found
        target = target or self.target(dice, box)
        if target is None or not self._transfer("MOVE", box, uid, target):
            return None
        self.ledger.move(copy, PHONE, box, target)
        return f"{copy.token} moved from {box.name} to {target.name}"

    def trash(self, dice):
        target = self.ledger.find_box("Trash")
        return self.move(dice, target) if target and self.name_of(target) else None

    def expunge(self, dice):
        found = self.some(dice, self.may_place)
        if not found:
            return None
        copy, box, uid = found
        return self._expunge(copy, box, uid)

    def _expunge(self, copy, box, uid):
        self.imap.select(box.name_among(self.mailboxes()))
        marked = self.imap.command(f"UID STORE {uid} +FLAGS (\\Deleted)")
        if not any(b"FETCH" in line and b"FLAGS" in line for line in marked):
            return None
        gone = self.imap.command(f"UID EXPUNGE {uid}")
        half = not any(b"EXPUNGE" in line or b"VANISHED" in line for line in gone)
        self.ledger.move(copy, PHONE, box, None, half)
        return f"{copy.token} expunged from {box.name}" + (" (half)" if half else "")

    def copy(self, dice):
        found = self.some(dice, lambda copy: self.ledger.is_settled(copy) and not copy.acts
                          and not copy.flagged_by and self.may_place(copy))
        if not found or found[1].is_trash:
            return None
        copy, box, uid = found
        target = self.target(dice, box)
        if target is None or not self._transfer("COPY", box, uid, target):
            return None
        self.ledger.add_copy(copy.token, copy.content, target, PHONE, copy.flags, copy)
        copy.frozen = True
        return f"{copy.token} copied from {box.name} to {target.name}"

    def delete_a_twin(self, dice):
        return self._of_twins(dice, "twinp")

    def _of_twins(self, dice, kind):
        twins = [copy for copy in self.ledger.copies
                 if copy.token.startswith(kind) and not copy.frozen and not copy.acts]
        if not twins:
            return None
        copy = dice.choice(twins)
        found = self.find(copy.token)
        if len(found) != 2:
            return None
        text = self._expunge(copy, self.ledger.box(found[0][0]), found[0][1])
        for other in self.ledger.of(copy.token):
            other.frozen = True
        return text

    # ---- drafts

    def save_draft(self, dice):
        token, data, date = self.write(dice, "draft")
        self._append("Drafts", data, ["\\Draft", "\\Seen"], date)
        self.ledger.add_copy(token, self.content(data), self.ledger.box("Drafts"), PHONE,
                             {"\\Seen": True})
        return f"{token} saved in Drafts"

    def save_draft_again(self, dice):
        found = self.some(dice, lambda copy: copy.token.startswith("draft") and not copy.acts and
                          (self.ledger.is_settled(copy) or copy.maker == PHONE))
        if not found:
            return None
        copy, box, uid = found
        word = copy.token.split(".")[0]
        token = f"{word}.{len(self.ledger.tokens())}there"
        data, date = write(token, dice, word)
        self._append("Drafts", data, ["\\Draft", "\\Seen"], date)
        self.ledger.add_copy(token, self.content(data), box, PHONE, {"\\Seen": True})
        self._expunge(copy, box, uid)
        return f"{copy.token} saved again as {token}"

    # ---- what only matters where EXPUNGE takes all that is marked

    def mark_deleted(self, dice):
        inbox = self.ledger.box("INBOX")
        found = self.some(dice, lambda copy: self.ledger.is_settled(copy) and not copy.acts
                          and copy.box is inbox and not copy.flagged_by)
        if not found:
            return None
        copy, box, uid = found
        self.imap.select(box.name)
        self.imap.command(f"UID STORE {uid} +FLAGS (\\Deleted)")
        copy.frozen = True
        return f"{copy.token} in {box.name} marked as deleted, and kept"

    # ---- mailboxes

    def new_folder(self, dice):
        name = self.new_box_name(dice)
        if name in self.mailboxes():
            return None
        self.imap.create(name)
        box = self.ledger.add_box(name, PHONE)
        token, data, date = self.write(dice, "filed")
        self._append(name, data, [], date)
        self.ledger.add_copy(token, self.content(data), box, PHONE, {})
        return f"mailbox {name} made, and {token} filed there"

    def rename_folder(self, dice):
        box, name = self.choose_to_rename(dice)
        if not box:
            return None
        old = box.name
        self.imap.rename(old, name)
        self.ledger.rename_box(box, name, PHONE)
        return f"mailbox {old} renamed to {name}"

    def remove_folder(self, dice):
        del dice
        box = self.ledger.box("Empty1")
        if box.removed or box.name not in self.mailboxes():
            return None
        self.imap.delete(box.name)
        box.removed = True
        return f"mailbox {box.name} removed"

    def renumber(self, dice):
        """The mailbox gets another UIDVALIDITY, and none that a mailbox is given soon."""
        del dice
        self.imap.leave()
        validity = self.imap.status("Quiet")["UIDVALIDITY"]
        self.server.doveadm("mailbox", "update", "--uid-validity", str(validity + 100_000),
                            "-u", self.user, "Quiet")
        return "mailbox Quiet has a new UIDVALIDITY"
