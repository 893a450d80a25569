# SPDX-License-Identifier: Apache-2.0
"""What a lost power may take back, and what it may not."""
import unittest

from tests.powerloss.ledger import PowerLedger
from tests.torture.judge import Found, Judgement, content_of, digest_of
from tests.torture.ledger import PHONE, READER, Policy

TEXT = b"Subject: About %s\n\nwords\n"


def found(token, *flags, octets=None):
    content = (TEXT % token.encode())[:octets]
    return Found(token if octets is None else "?" + repr(content), digest_of(content),
                 frozenset(flags))


class PowerLedgerTest(unittest.TestCase):
    def setUp(self):
        self.ledger = PowerLedger(Policy())
        self.inbox, self.work, self.trash = map(self.ledger.add_box, ("INBOX", "Work", "Trash"))
        self.m = self.add("m", PHONE)
        self.ledger.sync_ended_well(self.ledger.tick())

    def add(self, token, maker):
        return self.ledger.add_copy(token, content_of(TEXT % token.encode()), self.inbox, maker, {})

    def view(self, **boxes):
        return {name: list(boxes.get(name, ())) for name in ("INBOX", "Work", "Trash")}

    def kinds(self, **boxes):
        """Of violations if both sides are so in the end."""
        view = self.view(**boxes)
        return {one.kind for one in Judgement(self.ledger, view, view).violations}

    def test_a_move_that_the_server_did_not_see_may_be_taken_back(self):
        self.ledger.move(self.m, READER, self.inbox, self.work)
        before = self.view(INBOX=[found("m")])
        self.ledger.lose_power(before, before)
        self.assertEqual(self.kinds(INBOX=[found("m")]), set())
        self.assertEqual(self.kinds(Work=[found("m")]), set())
        self.assertEqual(self.kinds(), {"lost"})

    def test_one_that_the_server_shows_stays(self):
        self.ledger.move(self.m, READER, self.inbox, self.work)
        self.ledger.lose_power(self.view(Work=[found("m")]), self.view(INBOX=[found("m")]))
        self.assertEqual(self.kinds(INBOX=[found("m")]), {"misplaced"})
        self.assertEqual(self.kinds(Work=[found("m")]), set())

    def test_nor_is_one_that_a_sync_has_seen(self):
        self.ledger.move(self.m, READER, self.inbox, self.work)
        self.ledger.sync_ended_well(self.ledger.tick())
        before = self.view(INBOX=[found("m")])
        self.ledger.lose_power(before, before)
        self.assertEqual(self.kinds(INBOX=[found("m")]), {"misplaced"})

    def test_a_deletion_may_be_taken_back_until_the_server_shows_it(self):
        self.ledger.move(self.m, READER, self.inbox, None)
        before = self.view(INBOX=[found("m")])
        self.ledger.lose_power(before, before)
        self.assertEqual(self.kinds(INBOX=[found("m")]), set())
        self.ledger.taken_back.clear()
        self.ledger.lose_power(self.view(Trash=[found("m")]), before)
        self.assertEqual(self.kinds(INBOX=[found("m")]), {"misplaced"})

    def test_a_move_and_a_deletion_may_both_be_taken_back(self):
        self.ledger.move(self.m, READER, self.inbox, self.work)
        self.ledger.move(self.m, READER, self.work, None)
        before = self.view(INBOX=[found("m")])
        self.ledger.lose_power(before, before)
        for name in ("INBOX", "Work", "Trash"):
            self.assertEqual(self.kinds(**{name: [found("m")]}), set())

    def test_what_a_reader_wrote_may_go_unless_it_was_sent_or_kept(self):
        self.add("n", READER)
        m, n = found("m"), found("n")
        before = self.view(INBOX=[m])
        self.ledger.lose_power(self.view(INBOX=[m, n]), before)
        self.assertEqual(self.kinds(INBOX=[m]), {"lost"})
        self.ledger.lose_power(before, self.view(INBOX=[m, n]))
        self.assertEqual(self.kinds(INBOX=[m]), {"lost"})
        self.ledger.lose_power(before, before)
        self.assertEqual(self.kinds(INBOX=[m]), set())

    def test_of_a_wreck_nothing_is_said(self):
        self.add("n", READER)
        before = self.view(INBOX=[found("m")])
        self.ledger.lose_power(before, self.view(INBOX=[found("m"), found("n", octets=12)]))
        self.assertEqual(self.ledger.tokens(), ["m"])

    def test_a_flag_of_the_reader_may_go_until_the_server_has_it(self):
        self.ledger.set_flag(self.m, READER, "\\Seen", True)
        plain, seen = self.view(INBOX=[found("m")]), self.view(INBOX=[found("m", "\\Seen")])
        self.ledger.lose_power(seen, plain)
        self.assertEqual(self.kinds(INBOX=[found("m")]), {"flags"})
        self.ledger.lose_power(plain, plain)
        self.assertEqual(self.kinds(INBOX=[found("m")]), set())

    def test_a_name_of_a_folder_may_be_the_old_one_again(self):
        self.ledger.rename_box(self.work, "Done", READER)
        self.ledger.lose_power(self.view(), self.view())
        self.assertEqual(self.work.name, "Work")


if __name__ == "__main__":
    unittest.main()
