# SPDX-License-Identifier: Apache-2.0
"""The judge finds what it is for, and lets be what docs/safety.md lets be."""
import unittest

from tests.torture import judge, steps
from tests.torture.ledger import (COPIED_FIRST, IN_DOUBT, LATER_WINS, NOT_RECORDED, PHONE, READER,
                                  Content, Ledger, Policy)
from tests.torture.rounds import Summary
from tests.torture.round import Outcome

TEXT = b"Subject: About %s\n\nwords\n"


def found(token, *flags, damaged=False):
    content = TEXT % token.encode() + (b"" if not damaged else b"and more")
    return judge.Found(token, judge.digest_of(content), frozenset(flags))


class JudgeTest(unittest.TestCase):
    def setUp(self):
        self.begin()

    def begin(self, **policy):
        """Two messages in INBOX, which both sides have."""
        self.ledger = Ledger(Policy(**policy))
        for name in ("INBOX", "Work", "Archive", "Trash"):
            self.ledger.add_box(name)
        self.m, self.n = self.add("m"), self.add("n")
        self.sync()

    def box(self, name):
        return self.ledger.box(name)

    def add(self, token, mailbox="INBOX", maker=PHONE, **how):
        data = TEXT % token.encode()
        return self.ledger.add_copy(token, judge.content_of(data), self.box(mailbox), maker, {},
                                    **how)

    def sync(self):
        self.ledger.sync_ended_well(self.ledger.tick())

    def act(self, side, source, target, copy=None):
        self.ledger.move(copy or self.m, side, self.box(source), target and self.box(target))

    def judge(self, there, here=None):
        """Kinds of violations, where each side is {mailbox: "tokens"}."""
        views = []
        for side in (there, here if here is not None else there):
            view = {name: [] for name in ("INBOX", "Work", "Archive", "Trash")}
            view.update({name: [found(t) if isinstance(t, str) else t for t in tokens]
                         for name, tokens in side.items()})
            views.append(view)
        self.judgement = judge.Judgement(self.ledger, *views)
        return sorted({one.kind for one in self.judgement.violations})

    def assert_ends(self, *allowed):
        """The message m may be in each of these mailboxes ("": in none), and in no other."""
        for mailbox in ("INBOX", "Work", "Archive", "Trash", ""):
            side = {"INBOX": ["n"]}
            if mailbox:
                side[mailbox] = side.get(mailbox, []) + ["m"]
            kinds = self.judge(side)
            self.assertEqual(kinds == [], mailbox in allowed, (mailbox, kinds))

    # ---- what is no violation, and what is

    def test_nothing_happened(self):
        self.assertEqual(self.judge({"INBOX": ["m", "n"]}), [])

    def test_a_message_that_is_nowhere_is_lost(self):
        self.assertEqual(self.judge({"INBOX": ["n"]}), ["lost"])

    def test_a_message_that_one_side_lacks_is_missing(self):
        self.assertEqual(self.judge({"INBOX": ["m", "n"]}, {"INBOX": ["n"]}), ["missing"])

    def test_one_copy_more_is_doubled(self):
        self.assertEqual(self.judge({"INBOX": ["m", "m", "n"]}), ["doubled"])
        self.assertEqual(self.judge({"INBOX": ["m", "n"], "Work": ["m"]}), ["doubled"])
        self.assertEqual(self.judge({"INBOX": ["m", "n", "stranger"]}), ["doubled"])

    def test_other_octets_are_damage(self):
        self.assertEqual(self.judge({"INBOX": [found("m", damaged=True), "n"]}), ["damaged"])

    def test_what_a_tool_adds_to_the_header_and_the_ends_of_lines_are_not(self):
        self.assertEqual(judge.digest_of(b"A: b\nX-TUID: 123456789012\n\nwords\n"),
                         judge.digest_of(b"A: b\r\n\r\nwords\r\n"))
        self.assertNotEqual(judge.digest_of(b"A: b\n\nwords\n"), judge.digest_of(b"A: b\n\nwords"))

    def test_flags_that_were_set_are_on_both_sides(self):
        self.ledger.set_flag(self.m, READER, "\\Seen", True)
        self.assertEqual(self.judge({"INBOX": [found("m", "\\Seen"), "n"]}), [])
        self.assertEqual(self.judge({"INBOX": ["m", "n"]}), ["flags"])
        self.assertEqual(self.judge({"INBOX": [found("m", "\\Seen"), found("n", "\\Seen")]}),
                         ["flags"])

    def test_flags_that_nobody_judges_must_at_least_be_alike(self):
        self.assertEqual(self.judge({"INBOX": [found("m", "\\Draft"), "n"]},
                                    {"INBOX": ["m", "n"]}), ["apart"])

    def test_mailboxes(self):
        self.assertEqual(self.judge({"INBOX": ["m", "n"], "Stranger": []}), ["mailbox"])
        self.ledger.rename_box(self.box("Work"), "Works", READER)
        self.assertEqual(self.judge({"INBOX": ["m", "n"]}), ["mailbox"])

    def test_a_message_follows_its_mailbox(self):
        self.act(PHONE, "INBOX", "Work")
        self.ledger.rename_box(self.box("Work"), "Works", READER)
        views = [{"INBOX": [found("n")], "Works": [found("m")], "Archive": [], "Trash": []}] * 2
        self.assertEqual(judge.Judgement(self.ledger, *views).violations, [])

    def test_at_any_moment_what_nobody_deleted_is_whole_somewhere(self):
        whole, half = {"INBOX": [found("m"), found("n")]}, {"INBOX": [found("m", damaged=True)]}
        self.assertEqual(judge.vanished(self.ledger, [whole, {}]), [])
        self.assertEqual(judge.vanished(self.ledger, [half, {}]), ["m", "n"])
        self.assertEqual(judge.vanished(self.ledger, [half, {}], [TEXT % b"m"]), ["n"])
        self.act(PHONE, "INBOX", None)
        self.assertEqual(judge.vanished(self.ledger, [half, {}]), ["n"])

    # ---- one side did it

    def test_moves_and_deletions_of_one_side_arrive(self):
        for side, target, ends in ((PHONE, "Work", "Work"), (READER, "Work", "Work"),
                                   (PHONE, "Trash", "Trash"), (READER, "Trash", "Trash"),
                                   (PHONE, None, ""), (READER, None, "Trash")):
            with self.subTest(side=side, target=target):
                self.begin()
                self.act(side, "INBOX", target)
                self.assert_ends(ends)

    def test_a_deletion_here_is_for_good_where_there_is_no_trash(self):
        self.begin(trash=False)
        self.act(READER, "INBOX", None)
        self.assert_ends("")

    def test_of_a_chain_the_last_counts(self):
        self.act(READER, "INBOX", "Work")
        self.act(READER, "Work", "Archive")
        self.assert_ends("Archive")

    # ---- both did

    def both(self, there, here, **policy):
        self.begin(**policy)
        self.act(PHONE, "INBOX", there)
        self.act(READER, "INBOX", here)

    def test_conflicts_end_as_the_table_says(self):
        for there, here, ends in (
                ("Work", "Archive", ["Work"]), ("Work", "Work", ["Work"]),
                ("Trash", "Archive", ["Archive"]), ("Work", "Trash", ["Work"]),
                ("Work", None, ["Work"]), ("Trash", None, ["Trash"]), (None, "Work", ["Work"]),
                (None, "Trash", [""]), (None, None, ["", "Trash"])):
            with self.subTest(there=there, here=here):
                self.both(there, here)
                self.assert_ends(*ends)

    def test_after_a_sync_in_between_there_is_no_conflict(self):
        self.act(PHONE, "INBOX", "Work")
        self.sync()
        self.act(READER, "Work", None)
        self.assert_ends("Trash")

    def test_what_was_done_to_what_the_other_had_done_may_win(self):
        self.act(READER, "INBOX", "Archive")
        self.act(PHONE, "Archive", "Work")
        self.act(PHONE, "Work", "Trash")
        self.assert_ends("Archive", "Trash")
        self.assertEqual(self.judge({"INBOX": ["n"], "Trash": ["m"]}), [])
        self.assertEqual(set(self.judgement.rules), {LATER_WINS})

    def test_what_was_moved_and_moved_back_was_not_moved(self):
        self.act(PHONE, "INBOX", "Work")
        self.act(READER, "INBOX", "Archive")
        self.act(PHONE, "Work", "INBOX")
        self.assert_ends("INBOX", "Archive")

    def test_a_race_of_two_moves_doubles_only_without_move(self):
        doubled = {"INBOX": ["n"], "Work": ["m"], "Archive": ["m"]}
        self.both("Work", "Archive")
        self.assertEqual(self.judge(doubled), ["doubled"])
        self.both("Work", "Archive", moves=False)
        self.assertEqual(self.judge(doubled), [])

    def test_tools_that_know_no_moves_may_keep_both_and_lose_none(self):
        self.both("Work", "Archive", exact=False, trash=False)
        self.assertEqual(self.judge({"INBOX": ["n"], "Work": ["m"], "Archive": ["m"]}), [])
        self.assert_ends("Work", "Archive")
        self.both("Work", "Work", exact=False, trash=False)
        self.assertEqual(self.judge({"INBOX": ["n"], "Work": ["m", "m"]}), [])

    # ---- what a sync that died may have left unrecorded

    def test_what_was_placed_and_not_recorded_may_come_back(self):
        late = self.add("late")
        self.act(READER, "INBOX", None, late)
        self.assertEqual(self.judge({"INBOX": ["m", "n", "late"]}), [])
        self.assertEqual(set(self.judgement.rules), {NOT_RECORDED})
        self.assertEqual(self.judge({"INBOX": ["m", "n"]}), ["lost"])

    def test_an_upload_in_doubt_may_be_sent_again(self):
        own = self.add("own", maker=READER)
        self.act(PHONE, "INBOX", None, own)
        self.assertEqual(self.judge({"INBOX": ["m", "n", "own"]}), [])
        self.assertEqual(set(self.judgement.rules), {IN_DOUBT})
        self.assertEqual(self.judge({"INBOX": ["m", "n", "own", "own"]}), ["doubled"])

    # ---- copies

    def test_copies_are_counted(self):
        self.add("m", "Work", READER, sibling=self.m)
        self.assertEqual(self.judge({"INBOX": ["m", "n"], "Work": ["m"]}), [])
        self.assertEqual(self.judge({"INBOX": ["m", "n"]}), ["lost"])
        self.assertEqual(self.judge({"INBOX": ["m", "n"], "Work": ["m", "m"]}), ["doubled"])

    def test_a_copy_first_and_a_deletion_later_may_be_a_move(self):
        self.add("m", "Work", READER, sibling=self.m)
        self.act(READER, "INBOX", None)
        self.assertEqual(self.judge({"INBOX": ["n"], "Work": ["m"], "Trash": ["m"]}), [])
        self.assertEqual(self.judge({"INBOX": ["n"], "Work": ["m"]}), [])
        self.assertEqual(set(self.judgement.rules), {COPIED_FIRST})
        self.assertEqual(self.judge({"INBOX": ["m", "n"], "Work": ["m"]}), ["misplaced"])
        self.assertEqual(self.judge({"INBOX": ["n"]}), ["lost"])


class HarnessTest(unittest.TestCase):
    def test_every_step_has_a_way_that_leads_there(self):
        names = steps.names()
        self.assertGreater(len(names), 50)
        for name in names:
            self.assertIsInstance(steps.way_to(name), steps.Way, name)

    def test_the_summary_counts_rounds_and_not_messages(self):
        summary = Summary("tool 1")
        lost = [("lost", "a"), ("lost", "b"), ("flags", "c")]
        for number, violations in ((1, []), (2, lost)):
            summary.add(Outcome("", number, [("cut", "", True)], violations, {}, 0, 3, 1.0))
        text = "\n".join(summary.lines(False))
        self.assertIn("| lost | 1 |", text)
        self.assertIn("| any | 1 |", text)
        self.assertIn("| cut | 2 | 0 |", text)


if __name__ == "__main__":
    unittest.main()
