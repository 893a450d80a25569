# SPDX-License-Identifier: Apache-2.0
"""A message that is moved to another account: the server that had it keeps it until the other one
has it, whatever keeps the other one from it, and whichever account is synced first."""
import os
import shutil
import unittest

from tests.support import oracle
from tests.support.case import IntegrationCase
from tests.support.daemon import Daemon
from tests.support.dovecot import free_ports
from tests.support.maildir import digest_tree
from tests.support.sterna import DONE, HELD, NETWORK, PARTLY

COUNTS = ("downloaded", "uploaded", "flags_in", "flags_out", "moved_in", "moved_out", "deleted_in",
          "deleted_out", "bodies_fetched", "held", "quarantined")


def carry(found, world, mailbox="INBOX", name=None):
    """A reader moves a file there: the same name, or a new one, as a path below the mailbox."""
    world.mail.create(mailbox)
    path = os.path.join(world.mail.folder(mailbox), name or f"{found.place}/{found.name}")
    os.rename(found.path, path)
    return path


class BetweenCase(IntegrationCase):
    def accounts(self, count=3, profile="full", **keys):
        """Two accounts of one configuration, in step; `keys` are the second one's."""
        one = self.world(profile, name="one")
        two = self.world(profile, name="two", sterna=one.sterna, **keys)
        one.fill("INBOX", count)
        two.fill("INBOX", 1, "their")
        two.imap.create("Archive")
        for _ in range(2):
            self.sync(one, two)
        return one, two

    def sync(self, one, two, *targets, expect=DONE):
        """Of both accounts, or of those that are named."""
        for world in (one, two):
            if os.path.isdir(world.mail.root):
                world.mail.settle()
            world.imap.leave()
        reports = one.sterna.sync(*targets, expect=expect)
        for world in (one, two):
            self.assertEqual(world.wire.violations, [])
            world.assert_orders_used()
        return reports

    def held(self, one):
        """(kind, reason) of what is held in the first account."""
        listed = one.sterna.command_json("held", "list", "one")["held"]
        return [(row["kind"], row["reason"]) for row in listed]

    def m0(self, world):
        return world.mail.find("INBOX", "<m0@")

    def assert_kept(self, one):
        self.assertEqual(one.words_on_server("INBOX"), ["m0", "m1", "m2"])
        self.assertEqual(one.words_on_server("Trash"), [])

    def assert_moved(self, one, two, mailbox="INBOX", others=("their0",), saved=()):
        """Once in each place that it should be in, and both accounts are at rest."""
        self.sync(one, two)     # what went to the Trash is fetched
        self.assertEqual(one.words_on_server("INBOX"), ["m1", "m2"])
        self.assertEqual(one.words_on_server("Trash"), ["m0"])
        self.assertEqual(two.words_on_server(mailbox), sorted(["m0", *others]))
        self.assertEqual(two.words_local(mailbox), sorted(["m0", *others]))
        one.assert_in_step()
        two.assert_in_step(ignore=saved)
        self.assert_at_rest(one, two)

    def assert_at_rest(self, *worlds):
        def look():
            return [(oracle.server_fingerprint(world.imap),
                     digest_tree(world.mail.root, times=False)) for world in worlds]
        before = look()
        reports = self.sync(*worlds)
        self.assertEqual(look(), before)
        for name, report in reports.items():
            self.assertEqual({c: report[c] for c in COUNTS if report[c]}, {}, name)


class OrdinaryTest(BetweenCase):
    """The other account has only to be synced."""

    def follow(self, one, two, **expected):
        """The first account alone keeps the message; the second one takes it; then it goes."""
        report = self.sync(one, two, "one")["one"]
        self.assertEqual((report["deleted_out"], report["held"]), (0, 0))
        self.assert_kept(one)
        self.assertEqual(self.sync(one, two, "one")["one"]["deleted_out"], 0)
        self.assertEqual(self.sync(one, two, "two")["two"]["uploaded"], 1)
        self.assertEqual(self.sync(one, two, "one")["one"]["deleted_out"], 1)
        self.assert_moved(one, two, **expected)

    def test_under_its_name(self):
        for profile in ("full", "bare"):
            with self.subTest(profile):
                one, two = self.accounts(profile=profile)
                carry(self.m0(one), two)
                self.follow(one, two)

    def test_what_waits_is_told(self):
        one, two = self.accounts()
        carry(self.m0(one), two)
        for world in (one, two):
            world.mail.settle()
        plan = one.sterna.run("sync", "one", "--dry-run").stdout
        self.assertRegex(plan, r"INBOX +wait +1 +deleted here; ")
        self.assertNotRegex(plan, "delete (in|out)")
        [line] = self.sync(one, two, "one")["one"]["waiting"]
        self.assertEqual((line["mailbox"], line["count"]), ("INBOX", 1))
        self.assertIn("two", line["reason"])

        def pending():
            return [a["pending"] for a in one.sterna.command_json("status")["accounts"]]
        self.assertEqual(pending(), [1, 0])
        one.wire.cut_before(rb"^ID")
        self.sync(one, two, "one", expect=NETWORK)
        self.assertEqual(pending(), [1, 0])
        self.assertEqual(self.sync(one, two, "two")["two"]["uploaded"], 1)
        self.assertEqual(self.sync(one, two, "one")["one"]["waiting"], [])
        self.assertEqual(pending(), [0, 0])

    def test_under_a_new_name_with_other_flags(self):
        one, two = self.accounts()
        carry(self.m0(one), two, name="cur/1700000000.R1.mutt:2,FS")
        self.follow(one, two)
        self.assertEqual(self.m0(two).flags, {"\\Flagged", "\\Seen"})

    def test_as_a_mail_program_saves_it(self):
        one, two = self.accounts()
        two.mail.save(self.m0(one), "INBOX")
        self.follow(one, two)

    def test_into_a_mailbox_of_the_other_layout(self):
        one, two = self.accounts(layout="maildir++")
        carry(self.m0(one), two, "Archive")
        self.follow(one, two, mailbox="Archive", others=())

    def test_copied_first_and_deleted_when_the_copy_was_sent(self):
        one, two = self.accounts()
        found = self.m0(one)
        shutil.copy2(found.path, os.path.join(two.mail.folder("INBOX"), "cur", found.base + ":2,S"))
        self.sync(one, two)
        self.assert_kept(one)
        one.mail.delete(found)
        self.assertEqual(self.sync(one, two, "one")["one"]["deleted_out"], 1)
        self.assert_moved(one, two)

    def test_copied_and_deleted_before_the_copy_was_sent(self):
        one, two = self.accounts()
        found = self.m0(one)
        shutil.copy2(found.path, os.path.join(two.mail.folder("INBOX"), "cur", "1.afew:2,S"))
        one.mail.delete(found)
        self.follow(one, two)

    def test_two_syncs_of_both_are_enough(self):
        one, two = self.accounts()
        carry(self.m0(one), two)
        first = self.sync(one, two)
        self.assertEqual(first["two"]["uploaded"], 1)
        second = self.sync(one, two)
        self.assertEqual(first["one"]["deleted_out"] + second["one"]["deleted_out"], 1)
        self.assertEqual(first["one"]["held"] + second["one"]["held"], 0)
        self.assert_moved(one, two)

    def test_there_and_back_again(self):
        one, two = self.accounts()
        carry(self.m0(one), two)
        for _ in range(2):
            self.sync(one, two)
        carry(self.m0(two), one)
        self.assertEqual(self.sync(one, two, "two")["two"]["deleted_out"], 0)
        for _ in range(3):
            self.sync(one, two)
        self.assertEqual(one.words_on_server("INBOX"), ["m0", "m1", "m2"])
        self.assertEqual(two.words_on_server("INBOX"), ["their0"])
        self.assertEqual(two.words_on_server("Trash"), ["m0"])
        self.assert_at_rest(one, two)

    def test_what_is_deleted_at_the_same_time_is_not_kept(self):
        one, two = self.accounts()
        carry(self.m0(one), two)
        one.mail.delete(one.mail.find("INBOX", "<m1@"))
        self.assertEqual(self.sync(one, two, "one")["one"]["deleted_out"], 1)
        self.assertEqual(one.words_on_server("INBOX"), ["m0", "m2"])
        self.assertEqual(one.words_on_server("Trash"), ["m1"])

    def test_mail_of_its_own_in_the_other_account_keeps_nothing(self):
        one, two = self.accounts()
        two.mail.deliver("INBOX", self.m0(one).read().replace(b"<m0@", b"<n0@"), "S")
        one.mail.delete(self.m0(one))
        self.assertEqual(self.sync(one, two, "one")["one"]["deleted_out"], 1)

    def test_a_copy_that_both_servers_had_before_keeps_nothing(self):
        one, two = self.accounts()
        two.imap.append("INBOX", one.imap.fetch_all("INBOX")[0].body, [], self.m0(one).mtime)
        self.sync(one, two)
        one.mail.delete(self.m0(one))
        self.assertEqual(self.sync(one, two, "one")["one"]["deleted_out"], 1)


class AwayTest(BetweenCase):
    """The other account cannot take it now."""

    def test_while_its_server_is_away(self):
        one, two = self.accounts()
        (nowhere,) = free_ports(1)
        one.sterna.set("two", port=nowhere)
        carry(self.m0(one), two)
        for _ in range(2):
            report = self.sync(one, two, expect=(PARTLY, NETWORK))["one"]
            self.assertEqual((report["deleted_out"], report["held"]), (0, 0))
        self.assert_kept(one)
        one.sterna.set("two", port=two.wire.port)
        for _ in range(2):
            self.sync(one, two)
        self.assert_moved(one, two)

    def refused(self):
        one, two = self.accounts()
        two.wire.refuse(rb"^APPEND", b"NO [OVERQUOTA] the mailbox is full")
        carry(self.m0(one), two)
        self.sync(one, two, "two", expect=(PARTLY, 1))
        return one, two

    def test_while_its_server_refuses_it(self):
        one, two = self.refused()
        self.assertEqual(self.sync(one, two, "one", expect=HELD)["one"]["held"], 1)
        self.assert_kept(one)
        ((kind, reason),) = self.held(one)
        self.assertEqual(kind, "moved_away")
        self.assertIn("account two has " + self.m0(two).path, reason)
        self.assertIn("mailbox is full", reason)
        two.pass_time(3600)
        self.assertEqual(self.sync(one, two, "two")["two"]["uploaded"], 1)
        report = self.sync(one, two, "one")["one"]
        self.assertEqual((report["deleted_out"], report["held"]), (1, 0))
        self.assert_moved(one, two)

    def test_while_its_maildir_is_not_there(self):
        one, two = self.accounts()
        os.rename(two.mail.root, two.mail.root + ".away")
        one.mail.delete(self.m0(one))
        self.assertEqual(self.sync(one, two, "one", expect=HELD)["one"]["held"], 1)
        self.assert_kept(one)
        ((kind, reason),) = self.held(one)
        self.assertEqual(kind, "moved_away")
        self.assertIn("account two", reason)
        os.rename(two.mail.root + ".away", two.mail.root)
        report = self.sync(one, two, "one")["one"]
        self.assertEqual((report["deleted_out"], report["held"]), (1, 0))

    def test_one_that_never_was_there_is_in_nobodys_way(self):
        one = self.world(name="one")
        two = self.world(name="two", sterna=one.sterna)
        one.fill("INBOX", 3)
        self.sync(one, two, "one")
        one.mail.delete(self.m0(one))
        self.assertEqual(self.sync(one, two, "one")["one"]["deleted_out"], 1)
        self.assertFalse(os.path.exists(two.mail.root))


class AloneTest(BetweenCase):
    """A daemon of one account: somebody else keeps the other one, or nobody does now."""

    def test_an_account_that_it_does_not_keep_is_not_switched_off(self):
        one, two = self.accounts()
        with Daemon(one.sterna, accounts=("one",)) as daemon:
            daemon.wait_at_rest("one")
            carry(self.m0(one), two)

            def reasons():
                report = one.sterna.sync("one")["one"]
                self.assertEqual((report["deleted_out"], report["held"]), (0, 0))
                return [line["reason"] for line in report["waiting"]]
            daemon.wait(lambda: "account two" in str(reasons()), "word of the other account")
        self.assertEqual(self.sync(one, two, "two")["two"]["uploaded"], 1)
        self.assert_moved(one, two)

    def test_where_its_maildir_is_away_a_person_decides(self):
        one, two = self.accounts()
        with Daemon(one.sterna, accounts=("one",)) as daemon:
            daemon.wait_at_rest("one")
            os.rename(two.mail.root, two.mail.root + ".away")
            one.mail.delete(self.m0(one))
            daemon.wait(lambda: daemon.accounts()["one"]["held"] == 1, "question")
            self.assert_kept(one)
            self.assertRegex(daemon.said(), r"error account=one 1 change waits for a decision "
                             r"\(sterna held list one\)")
            os.rename(two.mail.root + ".away", two.mail.root)


class NeverTest(BetweenCase):
    """The other account is not going to take it: the user decides."""

    def assert_held(self, one, two, text):
        report = self.sync(one, two, "one", expect=HELD)["one"]
        self.assertEqual((report["deleted_out"], report["held"]), (0, 1))
        self.assert_kept(one)
        ((kind, reason),) = self.held(one)
        self.assertEqual(kind, "moved_away")
        self.assertIn(text, reason)

    def pull_only(self):
        one, two = self.accounts()
        one.sterna.set("two", direction="pull")
        carry(self.m0(one), two)
        return one, two

    def test_a_pull_only_account(self):
        one, two = self.pull_only()
        self.assert_held(one, two, "its settings keep the file here")
        # Looked at, and left alone for good: that its state has settled the mailbox hides nothing.
        for _ in range(2):
            self.sync(one, two, "two")
        self.assert_held(one, two, "its settings keep the file here")
        one.sterna.set("two", direction="both")
        self.assertEqual(self.sync(one, two, "two")["two"]["uploaded"], 0)
        self.assert_held(one, two, "its settings keep the file here")

    def test_a_mailbox_that_is_excluded_there(self):
        one, two = self.accounts(mailboxes=["*", "!Archive"])
        path = carry(self.m0(one), two, "Archive")
        self.assert_held(one, two, path)
        self.sync(one, two, "two")
        self.assert_held(one, two, "its settings keep the file here")

    def test_a_disabled_account(self):
        one, two = self.accounts()
        one.sterna.set("two", enabled=False)
        carry(self.m0(one), two)
        self.assert_held(one, two, "disabled")

    def test_the_user_lets_it_go(self):
        one, two = self.pull_only()
        self.assert_held(one, two, "its settings keep the file here")
        one.sterna.run("held", "apply", "one")
        self.assertEqual(one.words_on_server("INBOX"), ["m1", "m2"])
        self.assertEqual(one.words_on_server("Trash"), ["m0"])
        self.assertEqual(self.held(one), [])
        self.assertEqual(two.words_local("INBOX"), ["m0", "their0"])
        self.assertEqual(one.ask_state("SELECT * FROM approval"), [])
        self.assertEqual(one.ask_state("SELECT * FROM fact WHERE key GLOB 'elsewhere_*'"), [])

    def test_the_user_takes_it_back(self):
        one, two = self.pull_only()
        self.assert_held(one, two, "its settings keep the file here")
        one.sterna.run("held", "restore", "one")
        self.assertEqual(one.words_local("INBOX"), ["m0", "m1", "m2"])
        self.assert_kept(one)
        self.assertEqual(self.sync(one, two, "one")["one"]["held"], 0)

    def test_a_file_that_goes_from_there_keeps_nothing_any_more(self):
        one, two = self.pull_only()
        self.assert_held(one, two, "its settings keep the file here")
        two.mail.delete(self.m0(two))
        report = self.sync(one, two, "one")["one"]
        self.assertEqual((report["deleted_out"], report["held"]), (1, 0))

    def test_a_yes_to_many_deletions_is_no_yes_to_what_the_other_account_has_not_sent(self):
        one, two = self.accounts(count=80)
        for found in one.mail.messages("INBOX")[:60]:
            carry(found, two)
        self.assertEqual(self.sync(one, two, "one", expect=HELD)["one"]["held"], 60)
        self.assertEqual({kind for kind, _ in self.held(one)}, {"delete_remote"})
        one.sterna.run("held", "apply", "one")
        self.assertEqual(len(one.imap.uids("INBOX")), 80)
        self.assertEqual(self.sync(one, two, "two")["two"]["uploaded"], 60)
        self.assertEqual(self.sync(one, two, "one")["one"]["deleted_out"], 60)
        self.assertEqual(len(one.imap.uids("INBOX")), 20)
        self.assertEqual(len(two.imap.uids("INBOX")), 61)


if __name__ == "__main__":
    unittest.main()
