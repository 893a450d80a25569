# SPDX-License-Identifier: Apache-2.0
"""Are a server and a Maildir in step? Judged from the two alone, never from Sterna's state.

In step means: the same mailboxes, and in each the same multiset of (content, flags and keywords,
date). Content is compared after CRLF became LF; the date is INTERNALDATE here, mtime there.
"""
import collections
import hashlib
import os
import re

OWN_FIELDS = (b"Content-Length:", b"Lines:", b"Status:", b"X-Status:")


def _key(content, flags, date, ignore):
    text = content.replace(b"\r\n", b"\n")
    if "x-tuid" in ignore:        # the header line that mbsync adds to what it copies
        text = re.sub(rb"^X-TUID: [^\n]*\n", b"", text, count=1, flags=re.M)
    if "saved" in ignore:         # what a mail program adds to the header when it saves a message
        head, empty, body = text.partition(b"\n\n")
        text = b"\n".join(line for line in head.split(b"\n")
                          if not line.startswith(OWN_FIELDS)) + empty + body
    digest = hashlib.sha256(text).hexdigest()[:16]
    words = () if "flags" in ignore else tuple(sorted(flag.lower() for flag in flags))
    return digest, words, None if "date" in ignore else date


def server_state(imap, ignore=()):
    return {name: collections.Counter(_key(m.body, m.flags, m.internaldate, ignore)
                                      for m in imap.fetch_all(name))
            for name in imap.mailboxes()}


def local_state(maildir, ignore=()):
    return {name: collections.Counter(_key(m.read(), m.flags, m.mtime, ignore)
                                      for m in maildir.messages(name))
            for name in maildir.mailboxes()}


def differences(imap, maildir, ignore=(), skip=()):
    """Lines that say what differs; none if the two are in step."""
    remote, local = server_state(imap, ignore), local_state(maildir, ignore)
    lines = []
    for name in sorted(remote.keys() | local.keys()):
        if name in skip:
            continue
        if name not in local or name not in remote:
            side = "local" if name in local else "server"
            lines.append(f"{name!r}: a mailbox only on the {side} side")
            continue
        for side, extra in (("server", remote[name] - local[name]),
                            ("local", local[name] - remote[name])):
            lines += [f"{name!r}: only {side}: {count} x {key}" for key, count in extra.items()]
        left = os.listdir(os.path.join(maildir.folder(name), "tmp"))
        lines += [f"{name!r}: left in tmp: {entry}" for entry in left]
    return lines


def server_fingerprint(imap):
    """All of a server's state that a client can see, bodies left out: equal means untouched."""
    found = {}
    for name in imap.mailboxes():
        found[name] = (tuple(sorted(imap.status(name).items())),
                       tuple((m.uid, tuple(sorted(m.flags)), m.internaldate)
                             for m in imap.fetch_all(name, bodies=False)))
    return found
