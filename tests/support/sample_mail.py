# SPDX-License-Identifier: Apache-2.0
"""Sample mail for the quickstart: two people's accounts, always the same to the byte.

Threads that answer one another, mailing lists, newsletters with HTML, receipts, attachments, and
subjects, names and mailboxes in several writing systems and old character sets.
"""
import base64
import email.message
import email.policy
import email.utils
import random
import struct
import textwrap
import zlib
from dataclasses import dataclass

SMTP = email.policy.SMTP.clone(max_line_length=998)
EPOCH = 1_767_225_600          # 2026-01-01 00:00 UTC; the mail is of the year before
DAY = 86400

PEOPLE = {
    "ann": "Ann Lindqvist <ann@example.org>",
    "bob": "Bob Okafor <bob@example.org>",
    "yuki": "山田 由紀 <yuki@example.jp>",
    "olga": "Ольга Петрова <olga@example.com>",
    "nikos": "Νίκος Παπαδόπουλος <nikos@example.gr>",
    "layla": "ليلى حداد <layla@example.net>",
    "jose": "José Núñez <jose@example.es>",
    "dev": "Maintainers <dev@lists.example.org>",
}
WORDS = ("about the boat we could take on Sunday if the wind stays as it is and everybody who said "
         "yes still can come; the key is with the neighbours, the sails are dry, and somebody "
         "should look at the engine before we leave because last time it took an hour").split()
SUBJECTS = ["Sunday on the water", "Minutes of the meeting", "Re-reading chapter four",
            "Broken link on the site", "Keys for the workshop", "Question about the invoice",
            "Photos from the harbour", "Plan for the spring", "A bug in the parser",
            "Your talk next month", "Lost umbrella", "Recipe you asked for"]
FOREIGN = [
    ("yuki", "来週の打ち合わせについて", "お疲れさまです。\n来週の打ち合わせは水曜日の十時からでよろしいでしょうか。\n"
     "資料は添付いたします。\n\n山田\n", "iso-2022-jp"),
    ("yuki", "旅行の写真 📷", "京都の写真を送ります。紅葉がとてもきれいでした。🍁\n", "utf-8"),
    ("olga", "Отчёт за третий квартал", "Добрый день!\nОтправляю отчёт, посмотрите, пожалуйста, "
     "до пятницы.\n\nОльга\n", "koi8-r"),
    ("olga", "Приглашение на день рождения 🎂", "Приходите в субботу в шесть часов вечера.\n",
     "utf-8"),
    ("nikos", "Το πρόγραμμα του ταξιδιού",
     "Καλημέρα,\nτο πλοίο φεύγει στις οκτώ το πρωί.\n\nΝίκος\n",
     "iso-8859-7"),
    ("layla", "ترجمة الفصل الثاني", "مرحبا،\nأرفقت ترجمة الفصل الثاني. أنتظر ملاحظاتك.\n\nليلى\n",
     "windows-1256"),
    ("jose", "¿Quedamos mañana?",
     "¡Hola!\nMañana a las nueve en la cafetería de siempre. Son 3 €.\n",
     "iso-8859-15"),
]
MAILBOXES = {
    "ann": {"INBOX": 64, "Archive/2024": 30, "Archive/2025": 36, "Sent": 28, "Drafts": 3,
            "Lists/dev": 34, "Lists/sailing": 18, "Newsletters": 14, "Receipts": 10,
            "Reisen/京都 2025": 8, "Семья": 9, "Ελλάδα/Καλοκαίρι": 7, "ترجمة": 6,
            "Photos 📷": 6, "Junk": 5, "Trash": 4},
    "bob": {"INBOX": 48, "Archive": 40, "Sent": 22, "Drafts": 2, "Lists/dev": 34,
            "Projects/Boat & Harbour": 12, "Projects/Website": 10, "家族": 6, "Trash": 3},
}


@dataclass
class Sample:
    mailbox: str
    flags: list
    date: int
    data: bytes          # CRLF, as on the wire


class Writer:
    """Writes one account's mail from seeded dice."""

    def __init__(self, owner):
        self.owner = owner
        self.dice = random.Random(f"sterna {owner}")
        self.serial = 0
        self.threads = []          # (subject, Message-IDs of the thread so far)

    def mailbox(self, name, count):
        first = EPOCH - 360 * DAY
        for date in sorted(self.dice.randrange(first, EPOCH) for _ in range(count)):
            yield Sample(name, self.flags(name), date, self.message(name, date))

    def flags(self, name):
        found = []
        if name in ("Sent", "Drafts") or name.startswith("Archive") or self.dice.random() < 0.7:
            found.append("\\Seen")
        if self.dice.random() < 0.2:
            found.append("\\Answered")
        if self.dice.random() < 0.08:
            found.append("\\Flagged")
        if self.dice.random() < 0.08:
            found.append(self.dice.choice(["work", "$Forwarded", "travel"]))
        if name == "Drafts":
            found.append("\\Draft")
        return found

    def message(self, name, date):
        if name.startswith("Lists/"):
            made = self.list_post(name)
        elif name in ("Newsletters", "Junk"):
            made = self.newsletter()
        elif name == "Receipts":
            made = self.receipt(date)
        elif not name.isascii() or self.dice.random() < 0.15:
            made = self.foreign(name)
        else:
            made = self.letter(name)
        made["Date"] = email.utils.formatdate(date)
        self.serial += 1
        word = f"{self.dice.getrandbits(48):012x}.{self.serial}@mail.example.org"
        made["Message-ID"] = f"<{word}>"
        if made["X-Thread"] is not None:
            self.threads[int(made["X-Thread"])][1].append(f"<{word}>")
            del made["X-Thread"]
        self.fix_boundaries(made)
        return made.as_bytes(policy=SMTP)

    def fix_boundaries(self, made):
        """The library's own boundaries are drawn from dice of its own."""
        for number, part in enumerate(made.walk()):
            if part.is_multipart():
                part.set_boundary(f"=_{self.owner}_{self.serial}_{number}")

    def envelope(self, sender, recipient, subject):
        made = email.message.EmailMessage()
        made["From"] = PEOPLE[sender]
        made["To"] = PEOPLE[recipient]
        made["Subject"] = subject
        return made

    def prose(self, paragraphs):
        lines = []
        for _ in range(paragraphs):
            start = self.dice.randrange(len(WORDS))
            words = (WORDS * 3)[start:start + self.dice.randrange(20, 60)]
            lines += textwrap.wrap(" ".join(words).capitalize() + ".", 72) + [""]
        return "\n".join(lines) + "\n"

    def letter(self, name):
        """A plain letter, half of them in a thread; one in six carries an attachment."""
        others = [p for p in ("ann", "bob", "jose", "nikos") if p != self.owner]
        other = self.dice.choice(others)
        sender, recipient = (self.owner, other) if name in ("Sent", "Drafts") else (other,
                                                                                  self.owner)
        answering = self.threads and self.dice.random() < 0.5
        thread = self.dice.randrange(len(self.threads)) if answering else len(self.threads)
        if not answering:
            self.threads.append((self.dice.choice(SUBJECTS), []))
        subject, known = self.threads[thread]
        made = self.envelope(sender, recipient, f"Re: {subject}" if known else subject)
        made["X-Thread"] = str(thread)
        if known:
            made["In-Reply-To"] = known[-1]
            made["References"] = " ".join(known[-6:])
        quote = f"{PEOPLE[recipient].split()[0]} wrote:\n> As you said.\n\n" if known else ""
        made.set_content(f"Hello,\n\n{quote}{self.prose(self.dice.randrange(1, 5))}-- \n"
                         f"{PEOPLE[sender].split()[0]}\n")
        if self.dice.random() < 0.17:
            self.attach(made)
        return made

    def attach(self, made):
        kind = self.dice.choice(["picture", "table", "invitation"])
        if kind == "picture":
            made.add_attachment(picture(self.dice), maintype="image", subtype="png",
                                filename="harbour.png")
        elif kind == "table":
            rows = "".join(f"{n};{self.dice.randrange(1000)};{self.dice.choice(WORDS)}\n"
                           for n in range(200))
            made.add_attachment(rows.encode(), maintype="text", subtype="csv",
                                filename="Übersicht.csv")
        else:
            made.add_attachment(
                b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1@example.org\r\n"
                b"DTSTART:20260301T090000Z\r\nSUMMARY:On the water\r\nEND:VEVENT\r\n"
                b"END:VCALENDAR\r\n", maintype="text", subtype="calendar",
                filename="invitation.ics")

    def foreign(self, name):
        sender, subject, text, charset = self.dice.choice(FOREIGN)
        made = self.envelope(sender, self.owner, subject)
        made.set_content(text * self.dice.randrange(1, 4), charset=charset)
        if "📷" in name:
            made.add_attachment(picture(self.dice), maintype="image", subtype="png",
                                filename="写真.png")
        return made

    def list_post(self, name):
        short = name.partition("/")[2]
        subject = self.dice.choice(["parser accepts a stray comma", "release candidate two",
                                    "weather for the weekend", "tests fail on big-endian",
                                    "proposal: shorter names", "who brings the charts?"])
        made = self.envelope(self.dice.choice(["jose", "nikos", "ann", "bob"]), "dev",
                             f"[{short}] {subject}")
        made["List-Id"] = f"<{short}.lists.example.org>"
        made["Precedence"] = "list"
        patch = ("--- a/parser.c\n+++ b/parser.c\n@@ -10,3 +10,3 @@\n-  if (c == ',')\n"
                 "+  if (c == ',' && depth > 0)\n") if self.dice.random() < 0.4 else ""
        made.set_content(self.prose(self.dice.randrange(1, 3)) + patch + "\n_______________\n"
                         f"{short} mailing list\n")
        return made

    def newsletter(self):
        issue = self.dice.randrange(10, 99)
        made = self.envelope("jose", self.owner, f"The Harbour Letter, issue {issue} ⚓")
        made["List-Unsubscribe"] = "<https://news.example.org/leave>"
        made.set_content(f"Issue {issue}\n\n{self.prose(3)}")
        rows = "".join(f"<tr><td>{self.dice.choice(WORDS)}</td><td>{n}</td></tr>"
                       for n in range(80))
        page = f"<html><body><h1>Issue {issue}</h1><table>{rows}</table></body></html>"
        made.add_alternative(page, subtype="html")
        return made

    def receipt(self, date):
        number = self.dice.randrange(10000, 99999)
        made = self.envelope("nikos", self.owner, f"Receipt {number}")
        made.set_content(f"Thank you for your order of {email.utils.formatdate(date)}.\n"
                         f"Total: {self.dice.randrange(5, 300)},90 €\n")
        body = base64.b64encode(self.dice.randbytes(6000))
        made.add_attachment(b"%PDF-1.4\n%" + body + b"\n%%EOF\n", maintype="application",
                            subtype="pdf", filename=f"receipt-{number}.pdf")
        return made


def picture(dice):
    """A small PNG of coloured stripes."""
    width, height = 48, 32
    rows = b"".join(b"\0" + dice.randbytes(3) * width for _ in range(height))

    def chunk(kind, data):
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0,
                                                             0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def account(owner):
    """All sample mail of "ann" or "bob", mailbox by mailbox."""
    writer = Writer(owner)
    for name, count in MAILBOXES[owner].items():
        yield from writer.mailbox(name, count)
