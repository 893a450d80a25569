# SPDX-License-Identifier: Apache-2.0
"""Plays a scenario against a server and writes down what it answers.

A scenario is a text file, one step a line; each begins with an empty account:

    # a comment
    C1: SELECT "INBOX"      connection 1 sends a command, and its answer is awaited
    open C1                 connects without logging in; a connection that no step opened is opened
                            and logged in by its first command
    keep NAME = WHAT C1     the last uidvalidity or highestmodseq that connection 1 was told
    listen C1               what comes to connection 1 unasked, for a while

In a command, {NAME} is what was kept, {p} what the names of mailboxes begin with, {/} what
separates their levels, {user} and {password} the login, {message N} a literal of a small message,
{message+ N} the same without waiting for the server (RFC 7888), {nothing} an empty literal.

A transcript has the same lines and below each command the answers, "S1: " before each. A tag is
"tag"; "closed" is the end of a connection.
"""
import re
import time
from dataclasses import dataclass, field

LISTEN_SECONDS = 1.5
_STEP = re.compile(r"(?:(C(\d)): (.*)|(open|listen) C(\d)|keep (\w+) = (\w+) C(\d))")
_LITERAL = re.compile(r"\{(message|message\+|nothing)(?: (\d+))?\}")
_TOLD = {
    "uidvalidity": re.compile(rb"UIDVALIDITY (\d+)"),
    "highestmodseq": re.compile(rb"HIGHESTMODSEQ (\d+)|MODSEQ \((\d+)\)"),
}


@dataclass
class Step:
    text: str                      # as in the scenario
    connection: int = 0
    command: str = ""              # of a step that sends one
    mailbox: str = ""              # that the answers are about, if they do not name one
    answers: list = field(default_factory=list)


def message(number):
    return (f"From: Ann <ann@example.org>\r\nSubject: About {number}\r\n"
            f"Message-ID: <{number}@example.org>\r\n\r\nText {number}\r\n").encode()


def read_steps(path):
    with open(path, encoding="ascii") as file:
        lines = file.read().splitlines()
    steps = [Step(line) for line in lines if line and not line.startswith(("#", "S"))]
    for step in steps:
        found = _STEP.fullmatch(step.text)
        if not found:
            raise ValueError(f"{path}: {step.text}")
        step.connection = int(found[2] or found[5] or found[8])
        step.command = found[3] or ""
    return steps


class Player:
    def __init__(self, server):
        self._server, self._user = server, server.new_user()
        self._lines = {}
        self._selected = {}
        self._told = {}
        self._kept = {"p": server.prefix, "/": server.separator, "user": self._user,
                      "password": server.password}
        self._tags = 0
        self._has_dated = False         # the command before
        self._tag = {}

    @property
    def user(self):
        return self._user

    def play(self, steps):
        try:
            for step in steps:
                self._one(step)
        finally:
            for line in self._lines.values():
                line.close()
        return steps

    def _one(self, step):
        kind = step.text.split()[0]
        number = step.connection
        if kind == "open":
            step.answers.append(self._open(number))
        elif kind == "keep":
            _, name, _, what, _ = step.text.split()
            self._kept[name] = self._told.get((number, what), "1")
        elif kind == "listen":
            step.answers += self._hear(number)
        else:
            if number not in self._lines:
                self._open(number)
                if not self._server.preauthenticated:
                    self._command(number, f'LOGIN "{self._user}" "{self._server.password}"')
            # Behind the login, at which Cyrus dates INBOX. What comes next, too: Courier dates it
            # when it is first looked into.
            dates = step.command.startswith(("CREATE", "RENAME"))
            if self._server.dated and (dates or self._has_dated):
                time.sleep(2.05)
            self._has_dated = dates
            step.answers += self._command(number, self._fill(step.command))
        for answer in step.answers:
            self._notice(number, answer)
        step.mailbox = self._mailbox_of(step)

    def _fill(self, text):
        for name, value in self._kept.items():
            text = text.replace("{" + name + "}", value)
        return text

    def _notice(self, number, answer):
        for what, pattern in _TOLD.items():
            for found in pattern.finditer(answer):
                self._told[(number, what)] = (found[1] or found[2]).decode()

    # The mailbox whose UIDVALIDITY or mod-sequences an answer has that names no mailbox.
    def _mailbox_of(self, step):
        command = self._fill(step.command)
        name = command.split(" ")[0]
        if name in ("SELECT", "EXAMINE") and '"' in command:
            self._selected[step.connection] = command.split('"')[1]
        return self._selected.get(step.connection, "").lower()

    def _open(self, number):
        self._lines[number] = line = self._server.connect(self._user)
        while True:
            answer = line.response()
            if not answer or not answer.startswith(b"* OK [ALERT]"):
                return answer

    def _hear(self, number):
        answers = []
        deadline = time.monotonic() + LISTEN_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            answer = self._lines[number].response(left)
            if answer:
                answers.append(answer)
            elif self._lines[number].closed:
                return answers + [b"closed"]
        return answers

    # Octets between the literals of the command; each but the last waits for "+".
    def _parts(self, text):
        at = 0
        part = b""
        for found in _LITERAL.finditer(text):
            octets = message(int(found[2])) if found[2] else b""
            waits = not found[1].endswith("+")
            part += text[at:found.start()].encode()
            part += b"{%d%s}\r\n" % (len(octets), b"" if waits else b"+")
            at = found.end()
            if waits:
                yield part
                part = b""
            part += octets
        yield part + text[at:].encode() + b"\r\n"

    def _command(self, number, text):
        line = self._lines[number]
        begin = b""
        if text != "DONE":  # which ends the command before it
            self._tags += 1
            begin = self._tag[number] = b"t%d " % self._tags
        answers = []
        parts = list(self._parts(text))
        for i, part in enumerate(parts):
            line.send((begin if i == 0 else b"") + part)
            waits = i + 1 < len(parts) or text == "IDLE"
            answer = self._until(line, self._tag[number], waits, answers)
            if not answer.startswith(b"+"):
                break
        return answers

    @staticmethod
    def _until(line, tag, waits, answers):
        while True:
            answer = line.response()
            if not answer:
                answers.append(b"closed" if line.closed else b"silence")
                return b""
            tagged = answer.startswith(tag)
            answers.append(b"tag " + answer[len(tag):] if tagged else answer)
            if tagged or (waits and answer.startswith(b"+")):
                return answer
