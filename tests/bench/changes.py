# SPDX-License-Identifier: Apache-2.0
"""What changes between two syncs, on either side, and whether the sides agree afterwards.

For every change there is the script of IMAP commands that the bare client sends for the same work.
"""
import os
import re
from collections import Counter

from tests.bench import corpus
from tests.support.imap_client import imap_date, uid_set
from tests.support.maildir import LETTERS

SHARE = 0.01
FETCH = "(UID FLAGS INTERNALDATE BODY.PEEK[])"
MESSAGE_ID = re.compile(rb"^message-id:\s*(<[^>\r\n]+>)", re.I | re.M)


def files(maildir, mailbox):
    for sub in ("cur", "new"):
        directory = f"{maildir}/{mailbox}/{sub}"
        if os.path.isdir(directory):
            for name in os.listdir(directory):
                if not name.startswith("."):
                    yield directory, name


# ---- changes

def server_flags(imap, mailboxes, dice):
    for mailbox in mailboxes:
        uids = imap.uids(mailbox)
        chosen = sorted(dice.sample(uids, max(1, round(len(uids) * SHARE)))) if uids else []
        for sign, flag, part in (("+", "\\Flagged", chosen[0::3]), ("-", "\\Seen", chosen[1::3]),
                                 ("+", "\\Answered", chosen[2::3])):
            if part:
                imap.store(mailbox, part, sign, [flag])


def local_flags(maildir, mailboxes, dice):
    for mailbox in mailboxes:
        found = sorted(files(maildir, mailbox))
        for directory, name in dice.sample(found, max(1, round(len(found) * SHARE))):
            base, _, letters = name.partition(":2,")
            changed = "".join(sorted(set(letters) ^ {dice.choice("SRF")}))
            os.rename(f"{directory}/{name}", f"{maildir}/{mailbox}/cur/{base}:2,{changed}")


def new_mail(seed, count=100):
    return list(corpus.generate(count, seed, [("INBOX", .6), ("Archive", .4)]))


def server_new(imap, seed):
    for mailbox in ("INBOX", "Archive"):
        imap.append_many(mailbox, [(m.data, m.flags, m.date) for m in new_mail(seed)
                                   if m.mailbox == mailbox])


def local_new(maildir, seed):
    for number, mail in enumerate(new_mail(seed)):
        name = f"{mail.date}.M{seed}P{os.getpid()}Q{number}.bench"
        with open(f"{maildir}/{mail.mailbox}/tmp/{name}", "wb") as out:
            out.write(mail.data.replace(b"\r\n", b"\n"))
        os.rename(f"{maildir}/{mail.mailbox}/tmp/{name}",
                  f"{maildir}/{mail.mailbox}/cur/{name}:2,S")


def local_deletions(maildir, dice, count=200):
    for mailbox, part in (("INBOX", count * 2 // 5), ("Archive", count - count * 2 // 5)):
        for directory, name in dice.sample(sorted(files(maildir, mailbox)), part):
            os.unlink(f"{directory}/{name}")


# ---- the same work as scripts for the bare client

def script_noop():
    return ('b LIST "" * RETURN (STATUS (MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ))\r\n').encode()


def script_pull(mailboxes):
    return "".join(f'c EXAMINE "{m}"\r\nd UID FETCH 1:* {FETCH}\r\n' for m in mailboxes).encode()


def script_flags_in(cursors):
    """Cursors: mailbox -> (UIDVALIDITY, HIGHESTMODSEQ) before the changes."""
    return ("b ENABLE QRESYNC\r\n" + "".join(
        f'c EXAMINE "{m}" (QRESYNC ({v} {s}))\r\n' for m, (v, s) in cursors.items())).encode()


def script_flags_out(imap, mailboxes, dice):
    lines = []
    for mailbox in mailboxes:
        uids = imap.uids(mailbox)
        chosen = sorted(dice.sample(uids, max(1, round(len(uids) * SHARE))))
        lines.append(f'c SELECT "{mailbox}"\r\n')
        lines += [f"c UID STORE {uid_set(part)} +FLAGS.SILENT ({flag})\r\n"
                  for flag, part in (("\\Flagged", chosen[0::3]), ("\\Seen", chosen[1::3]),
                                     ("\\Answered", chosen[2::3])) if part]
    return "".join(lines).encode()


def script_new_in(nexts):
    """Nexts: mailbox -> UIDNEXT before the messages arrived."""
    return "".join(f'c EXAMINE "{m}"\r\nd UID FETCH {n}:* {FETCH}\r\n'
                   for m, n in nexts.items()).encode()


def script_new_out(seed):
    return b"".join(f'c APPEND "{m.mailbox}" (\\Seen) {imap_date(m.date)} {{{len(m.data)}+}}\r\n'
                    .encode() + m.data + b"\r\n" for m in new_mail(seed))


def script_deletions_out(imap, dice, count=200):
    lines = []
    for mailbox, part in (("INBOX", count * 2 // 5), ("Archive", count - count * 2 // 5)):
        chosen = uid_set(sorted(dice.sample(imap.uids(mailbox), part)))
        lines.append(f'c SELECT "{mailbox}"\r\nc UID STORE {chosen} +FLAGS.SILENT (\\Deleted)\r\n'
                     f"c UID EXPUNGE {chosen}\r\n")
    return "".join(lines).encode()


# ---- agreement

KINDS = ("only on the server", "only local", "flags")


def disagreement(imap, maildir, mailboxes):
    """"" or how server and Maildir differ: messages by Message-ID, system flags. A message that is
    there twice counts twice."""
    letter = {flag.encode(): c for c, flag in LETTERS.items() if flag.startswith("\\")}
    totals = Counter()
    for mailbox in mailboxes:
        imap.examine(mailbox)
        far, near = Counter(), Counter()
        for line in imap.command("UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"):
            word, found = MESSAGE_ID.search(line), re.search(rb"FLAGS \(([^)]*)\)", line)
            if found:
                far[(word[1] if word else b"",
                     "".join(sorted(letter.get(f, "") for f in found[1].split())))] += 1
        for directory, name in files(maildir, mailbox):
            with open(f"{directory}/{name}", "rb") as file:
                word = MESSAGE_ID.search(file.read(8192))
            near[(word[1] if word else b"", "".join(
                sorted(c for c in name.partition(":2,")[2] if c in "SRFDT")))] += 1
        totals += differing(far, near)
    return ", ".join(f"{totals[what]} {what}" for what in KINDS) if totals else ""


def differing(far, near):
    """How many differ, by kind; both sides count (Message-ID, letters)."""
    there, here = _words(far), _words(near)
    only_server, only_local = (there - here).total(), (here - there).total()
    return +Counter(dict(zip(KINDS, (only_server, only_local,
                                     (far - near).total() - only_server))))


def _words(side):
    words = Counter()
    for (word, _), count in side.items():
        words[word] += count
    return words
