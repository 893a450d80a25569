# SPDX-License-Identifier: Apache-2.0
"""The ledger finds a message that is lost, doubled, undead, misplaced or misflagged, and lets be
what people did; scripts are read as they are printed, and their dice are the simulation's."""
import unittest

from tests.replay import script
from tests.replay.deed import Deed, Dice, token_of
from tests.replay.ledger import LOCAL, NO_TOKEN, REMOTE, Copy, Ledger, Trash


def copy(token="m", mailbox="INBOX", *flags, octets=b"words"):
    return Copy(token, mailbox, frozenset(flags), octets)


class LedgerTest(unittest.TestCase):
    def setUp(self):
        self.ledger = Ledger()
        self.ledger.settle([copy("m"), copy("n", "Work", "\\Seen")])
        self.n = copy("n", "Work", "\\Seen")

    def kinds(self, here, there=None):
        """Of what is wrong if this is in both places, or this here and that there."""
        there = here if there is None else there
        return {one.kind for one in self.ledger.check([*here, self.n], [*there, self.n])}

    def test_what_nobody_touched_is_right(self):
        self.assertEqual(self.kinds([copy()]), set())

    def test_one_that_is_lost(self):
        self.assertEqual(self.kinds([]), {"lost"})
        self.assertEqual(self.kinds([copy()], []), {"lost"})
        self.assertEqual(self.kinds([], [copy()]), {"lost"})

    def test_one_that_is_doubled(self):
        self.assertEqual(self.kinds([copy()] * 2), {"doubled"})
        self.assertEqual(self.kinds([copy()], [copy()] * 2), {"doubled"})

    def test_one_that_is_undead(self):
        self.ledger.deleted(LOCAL, "m")
        self.assertEqual(self.kinds([]), set())
        self.assertEqual(self.kinds([copy()]), {"undead"})
        self.ledger.settle([self.n])
        self.assertEqual(self.kinds([copy()]), {"undead"})
        self.assertEqual(self.kinds([copy(NO_TOKEN)]), set())

    def test_one_that_the_policy_puts_into_the_trash(self):
        self.ledger = Ledger(Trash("Trash"))
        self.ledger.settle([copy("m"), self.n])
        self.ledger.removed("m", "INBOX")
        self.assertEqual(self.kinds([copy("m", "Trash")]), set())
        self.assertEqual(self.kinds([copy("m")]), {"misplaced"})
        self.assertEqual(self.kinds([]), {"lost"})
        self.assertEqual(self.kinds([copy("m"), copy("m", "Trash")]), {"doubled"})
        self.ledger.flagged(REMOTE, "m", "\\Seen", True)
        self.assertEqual(self.kinds([copy("m", "INBOX", "\\Seen")]), set())
        self.ledger.settle([copy("m", "Trash"), self.n])
        self.ledger.removed("m", "Trash")
        self.assertEqual(self.kinds([]), set())
        self.assertEqual(self.kinds([copy("m", "Trash")]), {"undead"})

    def test_without_move_a_broken_sync_may_leave_a_second_one_in_the_trash(self):
        self.ledger = Ledger(Trash("Trash", by_copy=True))
        self.ledger.settle([copy("m"), self.n])
        self.ledger.moved(LOCAL, "m", "Lists")
        self.ledger.removed("m", "Lists")
        twice = [copy("m", "Trash")] * 2
        self.assertEqual(self.kinds(twice), {"doubled"})
        self.ledger.broken()
        self.assertEqual(self.kinds(twice), set())

    def test_one_with_a_wrong_flag(self):
        self.assertEqual(self.kinds([copy("m", "INBOX", "work")]), {"flags"})
        self.assertEqual(self.kinds([copy()], [copy("m", "INBOX", "\\Draft")]), {"flags"})
        self.ledger.flagged(REMOTE, "m", "\\Seen", True)
        self.assertEqual(self.kinds([copy("m", "INBOX", "\\Seen")]), set())
        self.assertEqual(self.kinds([copy()]), {"flags"})

    def test_flags_of_both_are_merged(self):
        self.ledger.flagged(REMOTE, "m", "\\Seen", True)
        self.ledger.flagged(LOCAL, "m", "work", True)
        self.assertEqual(self.kinds([copy("m", "INBOX", "\\Seen", "work")]), set())
        self.assertEqual(self.kinds([copy("m", "INBOX", "work")]), {"flags"})

    def test_a_flag_that_is_switched_back_while_a_sync_dies_may_be_either(self):
        for on in (True, False):
            self.ledger.flagged(LOCAL, "m", "\\Seen", on)
        self.assertEqual(self.kinds([copy("m", "INBOX", "\\Seen")]), {"flags"})
        self.ledger.broken()
        self.assertEqual(self.kinds([copy("m", "INBOX", "\\Seen")]), set())

    def test_one_that_is_misplaced_or_apart(self):
        self.assertEqual(self.kinds([copy("m", "Work")]), {"misplaced"})
        self.assertEqual(self.kinds([copy("m", "Work")], [copy()]), {"apart"})
        self.ledger.moved(LOCAL, "m", "Work")
        self.assertEqual(self.kinds([copy("m", "Work")]), set())
        self.assertEqual(self.kinds([copy()]), {"misplaced"})
        self.ledger.moved(REMOTE, "m", "Old")      # both did: they only have to agree
        self.assertEqual(self.kinds([copy("m", "Old")]), set())

    def test_other_octets(self):
        self.assertEqual(self.kinds([copy()], [copy(octets=b"other")]), {"octets"})

    def test_deleted_on_one_side_and_changed_on_the_other_only_has_to_agree(self):
        self.ledger.deleted(LOCAL, "m")
        self.ledger.flagged(REMOTE, "m", "\\Seen", True)
        self.assertEqual(self.kinds([]), set())
        self.assertEqual(self.kinds([copy("m", "INBOX", "\\Seen")]), set())
        self.assertEqual(self.kinds([copy()], []), {"doubled"})

    def test_one_that_is_born_lives_with_what_it_was_given(self):
        self.ledger.born(LOCAL, "p", "Work", frozenset({"work"}))
        self.assertTrue(self.ledger.must_live("p"))
        self.assertEqual(self.kinds([copy(), copy("p", "Work", "work")]), set())
        self.assertEqual(self.kinds([copy(), copy("p", "Work")]), {"flags"})
        self.assertEqual(self.kinds([copy()]), {"lost"})

    def test_what_a_backup_has_is_there_once_and_what_is_nowhere_is_forgotten(self):
        self.ledger.deleted(LOCAL, "n")
        self.ledger.set_back([copy("old")], [], lambda token: token != "m")
        self.assertFalse(self.ledger.knows("m"))
        self.assertEqual(self.kinds([copy("old", "Work", "\\Seen")]), set())
        self.assertEqual(self.kinds([]), {"lost"})
        self.assertEqual(self.kinds([copy("old")] * 2), {"doubled"})

    def test_a_move_after_a_backup_may_leave_one_in_two_places(self):
        self.ledger.set_back([copy()], [copy()], lambda token: True)
        self.ledger.moved(LOCAL, "m", "Work")
        self.assertEqual(self.kinds([copy(), copy("m", "Work")]), set())
        self.assertEqual(self.kinds([copy()] * 2, [copy()]), {"doubled"})

    def test_so_may_one_after_a_sync_that_holds_a_mailbox_which_a_backup_lacks(self):
        for side, holds, found in ((LOCAL, True, set()), (LOCAL, False, {"doubled"}),
                                   (REMOTE, True, {"doubled"})):
            self.setUp()
            self.ledger.set_back([copy()], [copy()], lambda token: True)
            self.ledger.synced(holds)
            self.ledger.moved(side, "m", "Work")
            self.assertEqual(self.kinds([copy(), copy("m", "Work")]), found)


class ScriptTest(unittest.TestCase):
    TEXT = ("seed 17\nwith coarse uidplus\n1 local.deliver dice=4711\n3 sync kill_ops=41\n"
            "4 local.a-deed\n")

    def test_it_is_read_as_it_is_printed(self):
        noise = "[ RUN      ] Seeds/Simulation\n"
        one, other = script.parse(noise + self.TEXT + noise + "\nseed 18\nwith\n1 rest\n")
        self.assertEqual(str(one), self.TEXT)
        self.assertEqual(one.features, {"coarse", "uidplus"})
        self.assertEqual(one.steps[1].number("kill_ops"), 41)
        self.assertEqual((other.seed, len(other.steps)), (18, 1))

    def test_the_dice_are_those_of_the_simulation(self):
        """The first numbers of SplitMix64 from 1234567, as its author has them."""
        dice = Dice(1234567)
        self.assertEqual([dice.next() for _ in range(3)],
                         [6457827717110365317, 3203168211198807973, 9817491932198370423])

    def test_a_choice_stays_when_others_are_gone(self):
        deed = Deed(5, 4711)
        names = ["INBOX", "m1", "m2", "Lists/m3"]
        first = deed.pick(names)
        for gone in set(names) - {first}:
            self.assertEqual(deed.pick([name for name in names if name != gone]), first)

    def test_a_message_has_its_token_whole_or_none(self):
        text = Deed(5, 4711).message()
        self.assertEqual(token_of(text), "t5")
        self.assertEqual(token_of(text.partition(b"X-Token: ")[0] + b"X-Token: t"), NO_TOKEN)
        self.assertEqual(token_of(b""), NO_TOKEN)


if __name__ == "__main__":
    unittest.main()
