# SPDX-License-Identifier: Apache-2.0
"""neomutt, notmuch, mu and Dovecot work on one Maildir while Sterna syncs it with a server on which
a phone works. In the end all of them show the same, and every message is where the last one who
touched it put it, as often as it should be.
"""
import shutil
import threading
import unittest

from tests.support.case import IntegrationCase
from tests.support.readers import (DovecotReader, Mu, Neomutt, Notmuch, ReadersWorld,
                                   forget_program)

SEEN, FLAGGED, ANSWERED, DELETED = "\\Seen", "\\Flagged", "\\Answered", "\\Deleted"


def tearDownModule():
    forget_program()


class ReadersCase(IntegrationCase):
    NEEDS = ()

    def setUp(self):
        for name in self.NEEDS:
            if not shutil.which(name):
                self.skipTest(f"{name} is not installed")

    def filled(self, prefixes, root=None, **keys):
        """A world in step. Each prefix has ten messages in INBOX and two in Work; the phone's are
        called p, and have been read: neomutt 20220429 deletes a file that it sees in new/ and in
        cur/ because it is moved while it reads the one and then the other."""
        world = ReadersWorld(self, root, **keys)
        world.imap.create("Work")
        for prefix in ("p", *prefixes):
            for number in range(10):
                world.put("INBOX", f"{prefix}{number}", [SEEN] if prefix == "p" else [])
            for number in range(2):
                world.put("Work", f"{prefix}w{number}", [SEEN])
        world.sync()
        return world

    @staticmethod
    def phone(world):
        """What happens on the server meanwhile, to messages of its own."""
        imap = world.server.client(world.user)
        try:
            def uid(mailbox, word):
                return imap.uid_of(mailbox, f"<{word}@test.example>")
            imap.store("INBOX", uid("INBOX", "p00"), "+", [FLAGGED, "$Label1"])
            world.flagged("INBOX", "p00", [FLAGGED, "$Label1"])
            imap.move("INBOX", uid("INBOX", "p10"), "Work")
            world.moved("p10", "INBOX", "Work")
            imap.expunge("INBOX", uid("INBOX", "p20"))
            del world.ledger["INBOX"]["p20"]
            imap.create("Phone/New")
            imap.move("INBOX", uid("INBOX", "p30"), "Phone/New")
            world.moved("p30", "INBOX", "Phone/New")
            imap.store("INBOX", uid("INBOX", "p40"), "+", [ANSWERED])
            world.flagged("INBOX", "p40", [ANSWERED])
            imap.store("INBOX", uid("INBOX", "p00"), "-", [FLAGGED])
            world.flagged("INBOX", "p00", remove=[FLAGGED])
            imap.move("Work", uid("Work", "pw00"), "INBOX")
            world.moved("pw00", "Work", "INBOX")
        finally:
            imap.close()

    def work(self, world, *deeds):
        """All of them at the same time, and Sterna beside them."""
        problems = []

        def run(deed):
            try:
                deed(world)
            except Exception as problem:      # told below, in the test's own thread
                problems.append(problem)

        with world.syncing():
            threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        if problems:
            raise problems[0]
        world.come_to_rest()


# ---- what each of them does with its own messages

def neomutt_works(world, neomutt):
    def keys(word, pressed, mailbox="INBOX"):
        neomutt.act(mailbox, word, pressed)
    keys("m00", "<flag-message>")
    world.flagged("INBOX", "m00", [FLAGGED])
    keys("m10", "<display-message><exit>")
    world.flagged("INBOX", "m10", [SEEN])
    keys("m20", "<set-flag>r")
    world.flagged("INBOX", "m20", [SEEN, ANSWERED])
    neomutt.press("INBOX", "<tag-pattern>~i m30@ | ~i m40@<enter><tag-prefix><flag-message>"
                  "<untag-pattern>~A<enter><sync-mailbox><quit>")
    for word in ("m30", "m40"):
        world.flagged("INBOX", word, [FLAGGED])
    keys("m50", "<delete-message>")
    world.moved("m50", "INBOX", "Trash")
    keys("m60", f"<save-message>{neomutt.folder('Work')}<enter>")
    world.moved("m60", "INBOX", "Work")
    keys("m70", f"<save-message>{neomutt.folder('Mutt/New')}<enter>")
    world.moved("m70", "INBOX", "Mutt/New")
    world.may_be_in_trash.update(("m60", "m70"))
    keys("m80", f"<copy-message>{neomutt.folder('Work')}<enter>")
    world.ledger["Work"]["m80"] = set()
    keys("mw00", "<set-flag>N", "Work")
    world.flagged("Work", "mw00", remove=[SEEN])
    keys("m00", "<clear-flag>!")
    world.flagged("INBOX", "m00", remove=[FLAGGED])


def notmuch_works(world, notmuch):
    notmuch.new()
    notmuch.tag("n00", "+flagged")
    notmuch.tag("n10", "-unread", "+replied", "+todo")
    notmuch.tag("n20", "+passed")
    world.flagged("INBOX", "n00", [FLAGGED])
    world.flagged("INBOX", "n10", [SEEN, ANSWERED])
    world.flagged("INBOX", "n20", ["$Forwarded"])
    notmuch.mv("n30", "Work")
    world.moved("n30", "INBOX", "Work")
    notmuch.mv("n40", "Notmuch/New")
    world.moved("n40", "INBOX", "Notmuch/New")
    notmuch.file_away("n50", "Work")
    notmuch.file_away("n60", "Work", pause=2.0)
    for word in ("n50", "n60"):
        world.moved(word, "INBOX", "Work")
        world.may_be_in_trash.add(word)
    notmuch.rm("n70")
    world.moved("n70", "INBOX", "Trash")
    notmuch.tag("n00", "-flagged", "-unread")
    world.flagged("INBOX", "n00", [SEEN], [FLAGGED])
    notmuch.tag("nw00", "+unread")
    world.flagged("Work", "nw00", remove=[SEEN])


def mu_works(world, mu):
    mu.move("u00", "+F-N")
    world.flagged("INBOX", "u00", [FLAGGED])
    mu.move("u10", "+S-N")
    world.flagged("INBOX", "u10", [SEEN])
    mu.move("u20", "+R+S-N", "Work")
    world.moved("u20", "INBOX", "Work", add=[SEEN, ANSWERED])
    mu.move("u30", "+S-N", "Work")
    mu.move("u30", "+F", "INBOX")
    world.flagged("INBOX", "u30", [SEEN, FLAGGED])
    mu.move("u40", "+T+S-N", "Trash")
    world.moved("u40", "INBOX", "Trash", add=[SEEN, DELETED])
    mu.remove("u50")
    world.moved("u50", "INBOX", "Trash")
    mu.move("u00", "-F+S")
    world.flagged("INBOX", "u00", [SEEN], [FLAGGED])
    mu.move("uw00", "+P-N", "INBOX")
    world.moved("uw00", "Work", "INBOX", add=["$Forwarded"])


def dovecot_works(world, reader):
    imap = reader.imap
    imap.store("INBOX", reader.uid("INBOX", "d00"), "+", [SEEN, "$Work", "later"])
    world.flagged("INBOX", "d00", [SEEN, "$Work", "later"])
    imap.move("INBOX", reader.uid("INBOX", "d10"), "Work")
    world.moved("d10", "INBOX", "Work")
    imap.copy("INBOX", reader.uid("INBOX", "d20"), "Work")
    world.ledger["Work"]["d20"] = set()
    imap.expunge("INBOX", reader.uid("INBOX", "d30"))
    world.moved("d30", "INBOX", "Trash")
    imap.create("Dovecot")
    imap.move("INBOX", reader.uid("INBOX", "d40"), "Dovecot")
    world.moved("d40", "INBOX", "Dovecot")
    imap.store("INBOX", reader.uid("INBOX", "d00"), "-", ["$Work"])
    world.flagged("INBOX", "d00", remove=["$Work"])
    imap.move("Work", reader.uid("Work", "dw00"), "INBOX")
    world.moved("dw00", "Work", "INBOX")
    for letter in range(20):
        imap.store("Work", reader.uid("Work", "dw10"), "+", [f"label{letter}"])
        world.flagged("Work", "dw10", [f"label{letter}"])


class NeomuttTest(ReadersCase):
    NEEDS = ("neomutt",)

    def test_neomutt(self):
        world = self.filled("m")
        neomutt = Neomutt(world)
        self.work(world, self.phone, lambda w: neomutt_works(w, neomutt))
        neomutt.assert_agrees()
        world.assert_settled(ignore=("saved",))


class NotmuchTest(ReadersCase):
    NEEDS = ("notmuch",)

    def test_notmuch(self):
        world = self.filled("n")
        notmuch = Notmuch(world)
        self.work(world, self.phone, lambda w: notmuch_works(w, notmuch))
        notmuch.assert_agrees()
        world.assert_settled()


class MuTest(ReadersCase):
    NEEDS = ("mu",)

    def test_mu(self):
        world = self.filled("u")
        mu = Mu(world)
        self.work(world, self.phone, lambda w: mu_works(w, mu))
        mu.assert_agrees()
        world.assert_settled()


class DovecotTest(ReadersCase):
    def check(self, layout):
        reader = DovecotReader(self, layout)
        world = self.filled("d", reader.root, layout=layout, inbox="")
        self.work(world, self.phone, lambda w: dovecot_works(w, reader))
        reader.assert_agrees(world)
        world.assert_settled()

    def test_dovecot_in_layout_fs(self):
        self.check("fs")

    def test_dovecot_in_layout_maildir_plus_plus(self):
        self.check("maildir++")


class TogetherTest(ReadersCase):
    NEEDS = ("neomutt", "notmuch", "mu")

    def test_all_of_them_at_once(self):
        reader = DovecotReader(self, "fs")
        world = self.filled("mnud", reader.root, layout="fs", inbox="")
        reader.imap.select("INBOX")     # takes all that is new to cur, before others look at it
        neomutt, notmuch, mu = Neomutt(world), Notmuch(world), Mu(world)
        self.work(world, self.phone, lambda w: neomutt_works(w, neomutt),
                  lambda w: notmuch_works(w, notmuch), lambda w: mu_works(w, mu),
                  lambda w: dovecot_works(w, reader))
        for one in (neomutt, notmuch, mu):
            one.assert_agrees()
        reader.assert_agrees(world)
        world.assert_settled(ignore=("saved",))


if __name__ == "__main__":
    unittest.main()
