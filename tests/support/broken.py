# SPDX-License-Identifier: Apache-2.0
"""Worlds that were broken in the middle of a sync, and how they must heal.

An upload whose fate is unknown is looked for over a minute before it is sent again: between the
syncs that heal a world, that minute passes in its state.
"""
from tests.support.case import IntegrationCase
from tests.support.messages import NOON, local, message
from tests.support.sterna import DONE, NETWORK, PARTLY

CUT = (DONE, PARTLY, NETWORK)
SYNCS_MAX = 8
PASSES_S = 120


class BrokenCase(IntegrationCase):
    def setUp(self):
        self.broken = []       # (what was done, world, mailbox -> words it must have in the end)

    def busy(self, world, what, trash=("m16", "m17")):
        """A world in step, then with every kind of change on both sides."""
        uids = world.fill("INBOX", 30, flags=["\\Seen"])
        world.fill("Work", 10, "w")
        world.sync()
        world.fill("INBOX", 5, "theirs")
        world.imap.store("INBOX", uids[0:3], "+", ["\\Flagged"])
        world.imap.move("INBOX", uids[3:6], "Work")
        world.imap.expunge("INBOX", uids[6:8])
        for number in range(5):
            world.mail.deliver("INBOX", local(message(f"ours{number}")), "S", NOON)
        for number in range(10, 13):
            world.mail.set_letters(world.mail.find("INBOX", f"<m{number}@"), "FS")
        for number in range(13, 16):
            world.mail.move(world.mail.find("INBOX", f"<m{number}@"), "Work")
        for number in range(16, 18):
            world.mail.delete(world.mail.find("INBOX", f"<m{number}@"))
        expected = [f"m{n}" for n in range(30) if n not in (3, 4, 5, 6, 7, *range(13, 18))]
        self.expect(world, what, {
            "INBOX": sorted(expected + [f"theirs{n}" for n in range(5)]
                            + [f"ours{n}" for n in range(5)]),
            "Work": sorted([f"w{n}" for n in range(10)]
                           + [f"m{n}" for n in (3, 4, 5, 13, 14, 15)]),
            "Trash": [*trash],
        })

    def expect(self, world, what, mailboxes):
        self.broken.append((what, world, mailboxes))

    def assert_converged(self):
        """Syncs each broken world until it has what it must have, and then agrees with itself."""
        for what, world, mailboxes in self.broken:
            with self.subTest(what):
                for _ in range(SYNCS_MAX):
                    world.sync(expect=(DONE, PARTLY))
                    if self.found(world, mailboxes) == mailboxes:
                        break
                    world.pass_time(PASSES_S)
                self.assertEqual(self.found(world, mailboxes), mailboxes)
                world.sync(expect=(DONE, PARTLY))
                world.assert_settled()

    @staticmethod
    def found(world, mailboxes):
        return {mailbox: world.words_on_server(mailbox) for mailbox in mailboxes}
