# SPDX-License-Identifier: Apache-2.0
"""Servers that ask to be left alone for a while."""
import contextlib
import time

from tests.support.scripted import ScriptedServer

HINT = b"Request is throttled. Suggested Backoff Time: %d milliseconds"
WAIT_MS = 3000


class Throttling(ScriptedServer):
    """Refuses commands that begin with `pattern` while it is busy; knows when anybody knocked."""

    pattern, answer = b"", b""

    def __init__(self):
        self.busy = False
        self.knocks = []
        self.sessions = []
        super().__init__()

    def greet(self, session):
        self.knocks.append(time.monotonic())
        self.sessions.append(session)
        super().greet(session)

    def cut_all(self):
        for session in self.sessions:
            with contextlib.suppress(OSError):
                session.end()

    def hook(self, session, tag, text):
        if not self.busy or not text.startswith(self.pattern):
            return super().hook(session, tag, text)
        if self.answer.startswith(b"BYE"):
            session.say(b"* " + self.answer)
            session.end()
        else:
            session.say(tag + b" " + self.answer)
        return True


class FiveMinutes(Throttling):
    """Long enough for whatever a test does meanwhile."""

    pattern, answer = b"AUTHENTICATE", b"NO [UNAVAILABLE] Busy, try again in 5 minutes"


class Idling(FiveMinutes):
    """Says BYE to those who listen."""

    capabilities = FiveMinutes.capabilities + b" IDLE"

    def greet(self, session):
        session.idle = None
        super().greet(session)

    def hook(self, session, tag, text):
        if text == b"IDLE":
            session.idle = tag
            session.say(b"+ idling")
        elif tag == b"DONE":
            session.say(session.idle + b" OK")
            session.idle = None
        else:
            return super().hook(session, tag, text)
        return True

    def idlers(self, mailbox):
        return [one for one in self.sessions if one.idle and one.mailbox == mailbox]

    def say_bye(self, mailbox, words):
        """To all who listen there; who looks around between two IDLEs is waited for."""
        end = time.monotonic() + 30
        while not (listening := self.idlers(mailbox)):
            if time.monotonic() > end:
                raise AssertionError(f"nobody listens to {mailbox} for 30 s")
            time.sleep(0.02)
        for session in listening:
            session.idle = None
            session.say(b"* BYE " + words)
            session.end()


class AmidChanges(Throttling):
    """Takes so many of the commands that match, and no more that day."""

    taken = 2
    answer = b"NO [THROTTLED] " + HINT % WAIT_MS

    def __init__(self, pattern):
        self.pattern = pattern
        super().__init__()

    def hook(self, session, tag, text):
        if self.busy and text.startswith(self.pattern) and self.taken > 0:
            self.taken -= 1
            return False
        return super().hook(session, tag, text)


class ThrottledMessage(ScriptedServer):
    """Cannot read one of its messages, and says so as it does when it is busy."""

    refused = True

    def on_uid_fetch(self, session, tag, text):
        asked = self.uids(session, text.split(b" ")[2])
        if not self.refused or b"BODY.PEEK[]" not in text or 3 not in asked:
            super().on_uid_fetch(session, tag, text)
            return
        session.say(tag + b" NO Server Unavailable. 15")
