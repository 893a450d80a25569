# SPDX-License-Identifier: Apache-2.0
"""The quickstart's other half: a private Dovecot with sample mail, and two busy people.

    python3 -m tests.support.playground DIR        driven by scripts/quickstart over a pipe

It reads a word a line (fill, configure, server, local, files) and answers with lines of text, then
a line with a dot. When its input ends, so does the server: nothing can be left running.
"""
import os
import shutil
import sys
import tempfile
import time

from tests.support import sample_mail
from tests.support.dovecot import PASSWORD, Dovecot, reachable
from tests.support.maildir import Maildir
from tests.support.messages import local
from tests.support.sterna import toml_account

OWNERS = ("ann", "bob")


class Playground:
    def __init__(self, directory):
        self.dir = os.path.abspath(directory)
        self.aside = None
        place = f"{self.dir}/server"
        if not reachable(self.dir):
            self.aside = place = tempfile.mkdtemp(prefix="sterna-quickstart-")
        self.server = Dovecot(place).start()
        self.clients = {owner: self.server.client(owner) for owner in OWNERS}
        self.mail = {owner: Maildir(f"{self.dir}/mail/{owner}") for owner in OWNERS}

    def close(self):
        for client in self.clients.values():
            client.close()
        self.server.stop()
        if self.aside:
            shutil.rmtree(self.aside, ignore_errors=True)

    def fill(self):
        for owner, client in self.clients.items():
            groups = {}
            for sample in sample_mail.account(owner):
                groups.setdefault(sample.mailbox, []).append(
                    (sample.data, sample.flags, sample.date))
            for mailbox, messages in groups.items():
                if mailbox != "INBOX":
                    client.create(mailbox)
                client.append_many(mailbox, messages)
            total = sum(map(len, groups.values()))
            yield f"{owner}: {total} messages in {len(groups)} mailboxes"

    def configure(self):
        text = (f'# Two accounts on a private server; written by scripts/quickstart.\n'
                f'mail_root = "{self.dir}/mail"\nstate_dir = "{self.dir}/state"\n'
                f'control_socket = "{self.dir}/control.sock"\n')
        for owner in OWNERS:
            text += "\n" + toml_account(owner, {
                "address": f"{owner}@example.org", "user": owner, "host": "localhost",
                "port": self.server.tls_port, "password": PASSWORD,
                "tls": {"ca_file": f"{self.dir}/ca.pem"}})
        shutil.copy(self.server.ca, f"{self.dir}/ca.pem")
        with open(f"{self.dir}/sterna.toml", "w", encoding="utf-8") as out:
            os.fchmod(out.fileno(), 0o600)
            out.write(text)
        yield f"localhost:{self.server.tls_port}"

    def new_mail(self, owner, sender, subject, text):
        writer = sample_mail.Writer(owner)
        made = writer.envelope(sender, owner, subject)
        made.set_content(text)
        made["Date"] = "Thu, 01 Jan 2026 09:00:00 +0000"
        made["Message-ID"] = f"<{sender}.to.{owner}@mail.example.org>"
        return made.as_bytes(policy=sample_mail.SMTP)

    def change_server(self):
        """What ann does on her phone, and what others send."""
        ann, date = self.clients["ann"], sample_mail.EPOCH + 9 * 3600
        uids = ann.uids("INBOX")
        ann.append("INBOX", self.new_mail("ann", "yuki", "新年おめでとうございます 🎍",
                                          "今年もよろしくお願いします。\n"), [], date)
        yield "ann gets a message with a Japanese subject"
        ann.store("INBOX", uids[:2], "+", ["\\Flagged"])
        yield "ann flags 2 messages"
        ann.create("Reisen/Lofoten 2026")
        ann.move("INBOX", uids[2:5], "Reisen/Lofoten 2026")
        yield "ann moves 3 messages to a new mailbox, Reisen/Lofoten 2026"
        ann.expunge("Junk", ann.uids("Junk")[:2])
        yield "ann deletes 2 messages from Junk"
        bob = self.clients["bob"]
        bob.append("INBOX", self.new_mail("bob", "ann", "Sunday?", "The boat is free.\n"), [],
                   date)
        yield "bob gets a message"

    def change_local(self):
        """What a mail reader on this machine does: renames, new files, removed files."""
        ann, bob = self.mail["ann"], self.mail["bob"]
        unread = [m for m in ann.messages("INBOX") if "S" not in m.letters][:3]
        for found in unread:
            ann.add_letters(found, "S")
        yield f"ann reads {len(unread)} messages (their files are renamed)"
        ann.deliver("Drafts", local(self.new_mail("bob", "ann", "Re: Sunday?", "Yes!\n")), "DS",
                    sample_mail.EPOCH + 10 * 3600)
        yield "ann saves a draft (a new file)"
        ann.move(ann.messages("INBOX")[-1], "Семья")
        yield "ann moves a message to Семья (its file is moved)"
        ann.delete(ann.messages("Newsletters")[0])
        yield "ann deletes a newsletter (its file is removed)"
        bob.deliver("Projects/Website/Ideas", local(self.new_mail(
            "bob", "bob", "Note to self", "Ask Ann.\n")), "S", sample_mail.EPOCH + 11 * 3600)
        yield "bob files a note in a new folder, Projects/Website/Ideas"
        # A file of the last second may not be whole yet: it might become the newsletter, which
        # would wait for it.
        time.sleep(1.1)

    def files(self):
        for owner, mail in self.mail.items():
            boxes = mail.mailboxes()
            count = sum(len(mail.messages(box)) for box in boxes)
            yield f"{owner}: {count} files in {len(boxes)} folders"


def main():
    ground = Playground(sys.argv[1])
    acts = {"fill": ground.fill, "configure": ground.configure, "server": ground.change_server,
            "local": ground.change_local, "files": ground.files}
    try:
        for line in sys.stdin:
            for answer in acts[line.strip()]():
                print(answer)
            print(".", flush=True)
    finally:
        ground.close()


if __name__ == "__main__":
    main()
