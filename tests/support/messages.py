# SPDX-License-Identifier: Apache-2.0
"""Small messages for tests: CRLF as on the wire, a Message-ID made from the given word."""
import email.utils

NOON = 1_735_732_800       # 2025-01-01 12:00 UTC; a server takes no date of the future
DAY = 86400


def message_id(word):
    return f"<{word}@test.example>"


def message(word, body="A few words.\n", subject=None, date=NOON):
    """A plain message that contains the word in its Message-ID, subject and nothing else."""
    text = (f"From: Ann Example <ann@example.org>\nTo: Bob Example <bob@example.org>\n"
            f"Subject: {subject or 'About ' + word}\n"
            f"Date: {email.utils.formatdate(date)}\nMessage-ID: {message_id(word)}\n"
            f"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{body}")
    return text.replace("\n", "\r\n").encode()


def local(data):
    """The same message with the line ends of a Maildir."""
    return data.replace(b"\r\n", b"\n")


def word_of(content):
    """The word in a message's Message-ID."""
    head = content.split(b"Message-ID: <", 1)
    return head[1].split(b"@", 1)[0].decode() if len(head) == 2 else repr(content[:40])
