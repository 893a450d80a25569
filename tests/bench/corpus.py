# SPDX-License-Identifier: Apache-2.0
"""Deterministic mail in realistic sizes.

The same seed always gives the same messages, flags and dates. Text parts are log-normal with a
median of 6 KB; one message in eight carries a base64 attachment (median 60 KB, up to 4 MB).
"""
import base64
import random
import time
from dataclasses import dataclass

# Mailbox, share of all messages.
MAILBOXES = [("INBOX", .40), ("Archive", .50), ("Sent", .04), ("Lists/a", .02), ("Lists/b", .015),
             ("Junk", .01), ("Drafts", .005), ("Trash", .01)]
END = 1_795_219_200          # 2026-11-21 00:00 UTC
SPAN_S = 5 * 365 * 86400
KEYWORDS = ["$Forwarded", "$Label1", "work", "NonJunk"]
WORDS = ("the of and to in that is was he for it with as his on be at by had not are but from or "
         "have an they which one you were her all she there would their we him been has when who "
         "meeting report server invoice schedule attached regards please review update project "
         "budget release patch branch deadline customer order delivery account contract").split()
NAMES = "Ana Ben Dario Elif Farid Grace Hugo Iris Kim Lena Milo Nora Owen Pia".split()
DOMAINS = "example.com example.org example.net mail.example lists.example".split()


@dataclass
class Mail:
    mailbox: str
    flags: list
    date: int
    data: bytes


class Pools:
    """Text and base64 lines to cut bodies from, built once."""

    def __init__(self):
        dice = random.Random(7)
        lines, size = [], 0
        while size < 1_500_000:
            line = " ".join(dice.choices(WORDS, k=dice.randint(6, 13)))[:76]
            lines.append("" if dice.random() < .15 else line)
            size += len(lines[-1]) + 2
        self.text = "\r\n".join(lines).encode()
        self.base64 = base64.encodebytes(dice.randbytes(6_000_000)).replace(b"\n", b"\r\n")


def cut(pool, dice, size):
    """Whole lines from the pool, about `size` bytes."""
    size = min(size, len(pool) - 200)
    start = pool.find(b"\r\n", dice.randrange(0, len(pool) - size - 100)) + 2
    stop = pool.rfind(b"\r\n", start, start + size + 2)
    return pool[start:stop if stop > start else start + size] + b"\r\n"


def rfc_date(seconds):
    return time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(seconds))


def headers(dice, serial, seed, date, mailbox):
    domain = dice.choice(DOMAINS)
    sender, recipient = dice.choice(NAMES), dice.choice(NAMES)
    lines = [f"Received: from mx{k}.{domain} (mx{k}.{domain} [192.0.2.{dice.randrange(256)}])\r\n"
             f"\tby mail{k}.example with ESMTPS id {dice.getrandbits(60):x}\r\n"
             f"\tfor <user@example.com>; {rfc_date(date + k)}" for k in range(dice.randint(1, 4))]
    if dice.random() < .7:
        signature = base64.b64encode(dice.randbytes(192)).decode()
        folded = "\r\n\t ".join(signature[i:i + 70] for i in range(0, len(signature), 70))
        lines.append(f"DKIM-Signature: v=1; a=rsa-sha256; d={domain}; s=s1;\r\n\tb={folded}")
    lines += [f"From: {sender} Example <{sender.lower()}@{domain}>",
              f"To: {recipient} Example <{recipient.lower()}@{domain}>",
              "Subject: " + " ".join(dice.choices(WORDS, k=dice.randint(2, 9))).capitalize(),
              f"Date: {rfc_date(date)}",
              f"Message-ID: <{seed}.{serial}.{dice.getrandbits(64):016x}@{domain}>",
              "MIME-Version: 1.0"]
    if dice.random() < .5:
        lines.append(f"References: <{dice.getrandbits(64):x}@{domain}>")
    if mailbox.startswith("Lists/"):
        lines.append(f"List-Id: <{mailbox[6:]}.lists.example>")
    return lines


def message(dice, pools, serial, seed, date, mailbox, small):
    lines = headers(dice, serial, seed, date, mailbox)
    size = dice.randint(200, 1500) if small else int(min(dice.lognormvariate(8.75, 1.1), 400_000))
    body = cut(pools.text, dice, max(size, 80))
    if not small and dice.random() < .125:
        boundary = f"=_{dice.getrandbits(80):020x}"
        attached = cut(pools.base64, dice, int(min(dice.lognormvariate(11, 1.4), 4_000_000)))
        lines.append(f'Content-Type: multipart/mixed; boundary="{boundary}"')
        body = (f"--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n".encode() + body
                + f"\r\n--{boundary}\r\nContent-Type: application/octet-stream\r\n"
                  f"Content-Transfer-Encoding: base64\r\n\r\n".encode()
                + attached + f"--{boundary}--\r\n".encode())
    else:
        lines.append("Content-Type: text/plain; charset=utf-8")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def flags(dice, mailbox):
    found = ["\\Seen"] if dice.random() < .7 or mailbox in ("Sent", "Archive") else []
    if dice.random() < .15:
        found.append("\\Answered")
    if dice.random() < .04:
        found.append("\\Flagged")
    if mailbox == "Drafts":
        found.append("\\Draft")
    if dice.random() < .05:
        found.append(dice.choice(KEYWORDS))
    return found


def generate(count, seed, mailboxes=None, small=False):
    """Mail, mailbox by mailbox, each in the order of dates."""
    dice, pools = random.Random(seed), Pools()
    mailboxes = mailboxes or MAILBOXES
    serial, left = 0, count
    for number, (mailbox, share) in enumerate(mailboxes):
        here = left if number == len(mailboxes) - 1 else min(left, round(count * share))
        left -= here
        for date in sorted(dice.randrange(END - SPAN_S, END) for _ in range(here)):
            yield Mail(mailbox, flags(dice, mailbox), date,
                       message(dice, pools, serial, seed, date, mailbox, small))
            serial += 1
