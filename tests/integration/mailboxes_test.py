# SPDX-License-Identifier: Apache-2.0
"""Mailboxes: created, deleted and renamed on either side, with names of every kind."""
import os
import unittest

from tests.support.case import IntegrationCase, over, trade
from tests.support.dovecot import MAIN_PROFILES
from tests.support.messages import NOON, local, message
from tests.support.sterna import FAILED, HELD, PARTLY

# Dovecot with mdbox takes all of these; so must a path.
HELL = ["two words", " leading", "trailing ", 'with "quotes"', "back\\slash", "100%", "a*b",
        "50% *", "a&b", "&", "&&-", "Входящие", "日本語/予定", "Ελλάδα", "عربي",
        "emoji 🗻🐦",
        "e\u0301 and é", ".leading dot", "dots..inside", "a.b", "cur", "new", "tmp", "x/cur/y",
        "INBOX/child", "inboxes", "#hash", "$HOME", "`id`", "-rf", "a;b|c", "'single'", "{3}",
        "NIL", "(parens)", "[brackets]", "semi:colon", "deep/er/and/deep/er/still", "COM1", "%41"]


class CreatedTest(IntegrationCase):
    @over(MAIN_PROFILES)
    def test_a_mailbox_made_on_the_server_appears_here(self, world):
        world.sync()
        world.imap.create("Empty")
        world.fill("Full/of/mail", 2)
        world.sync()
        self.assertEqual(world.mail.mailboxes(), world.imap.mailboxes())
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_a_mailbox_made_here_appears_on_the_server(self, world):
        world.sync()
        world.mail.create("Empty")
        world.mail.deliver("Full/of/mail", local(message("one")), "S", NOON)
        world.sync()
        self.assertIn("Empty", world.imap.mailboxes())
        self.assertEqual(world.words_on_server("Full/of/mail"), ["one"])
        world.assert_settled()

    def test_a_folder_that_is_renamed_while_its_mailbox_is_made_leaves_none_behind(self):
        world = self.world()
        world.sync()
        world.mail.deliver("NewFolder", local(message("one")), "S", NOON)

        def rename(command):
            if command.startswith(b"CREATE") and not os.path.isdir(world.mail.folder("Project")):
                world.mail.rename("NewFolder", "Project")
        world.wire.on_command = rename
        world.sync(expect=None)
        world.wire.on_command = None
        world.sync()
        self.assertEqual(world.imap.mailboxes(), ["INBOX", "Project", "Trash"])
        self.assertEqual(world.words_on_server("Project"), ["one"])
        world.assert_settled()

    def test_create_none_makes_no_mailbox_on_either_side(self):
        world = self.world(create="none")
        world.fill("INBOX", 1)
        world.sync()
        world.imap.create("Theirs")
        world.mail.create("Ours")
        world.sync()
        self.assertNotIn("Ours", world.imap.mailboxes())
        self.assertNotIn("Theirs", world.mail.mailboxes())

    def test_excluded_mailboxes_are_left_alone(self):
        world = self.world(mailboxes=["*", "!Junk", "!Archive/2%"])
        for name in ("Junk", "Archive", "Archive/2024", "Archive/Other"):
            world.fill(name, 1, name.replace("/", "."))
        world.sync()
        self.assertEqual(world.mail.mailboxes(), ["Archive", "Archive/Other", "INBOX", "Trash"])
        world.mail.deliver("Junk", local(message("mine")), "S", NOON)
        world.sync()
        self.assertEqual(world.words_on_server("Junk"), ["Junk0"])

    def test_a_renamed_local_place(self):
        world = self.world(rename={"Gesendet": "Sent Items"})
        world.fill("Sent Items", 2, "s")
        world.fill("Sent Items/2026", 1, "t")
        world.sync()
        self.assertEqual(world.words_local("Gesendet"), ["s0", "s1"])
        self.assertEqual(world.words_local("Gesendet/2026"), ["t0"])
        world.mail.deliver("Gesendet", local(message("mine")), "S", NOON)
        world.sync()
        self.assertEqual(world.words_on_server("Sent Items"), ["mine", "s0", "s1"])


class NamesTest(IntegrationCase):
    @over(MAIN_PROFILES)
    def test_names_from_hell_arrive_here(self, world):
        for number, name in enumerate(HELL):
            world.fill(name, 1, f"h{number}x")
        world.sync()
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_names_from_hell_arrive_on_the_server(self, world):
        world.sync()
        for number, name in enumerate(HELL):
            world.mail.deliver(name, local(message(f"h{number}")), "S", NOON)
        world.sync()
        for name in HELL:
            self.assertIn(name, world.imap.mailboxes())
        world.assert_settled()

    def test_a_name_of_dots_stays_inside_the_maildir(self):
        world = self.world()
        hostile = ("../../escaped", "..", "a/../../../b", "/etc/cron.d/x", "./.", "%2E%2E/x")
        for number, name in enumerate(hostile):
            world.fill(f"Harmless{number}", 1, f"h{number}x")
            world.wire.disguise(b"Harmless%d" % number, name.encode())
        world.sync()
        self.assertEqual(set(os.listdir(os.path.dirname(world.mail.root))), {"mail", "sterna"})
        self.assertFalse(os.path.exists("/etc/cron.d/x"))
        inside = b"".join(m.read() for box in world.mail.mailboxes()
                          for m in world.mail.messages(box))
        self.assertEqual(inside.count(b"Message-ID"), len(hostile))

    @over(MAIN_PROFILES)
    def test_names_that_differ_in_case_only_are_different_mailboxes(self, world):
        world.fill("Theirs/Work", 1, "a")
        world.fill("Theirs/work", 2, "b")
        world.fill("Theirs/WORK", 3, "c")
        for number, name in enumerate(("Ours/Work", "Ours/work", "Ours/WORK")):
            world.mail.deliver(name, local(message(f"d{number}")), "S", NOON)
        world.sync()
        self.assertEqual(world.words_local("Theirs/work"), ["b0", "b1"])
        self.assertEqual(world.words_on_server("Ours/WORK"), ["d2"])
        world.assert_settled()

    def test_a_control_byte_in_a_name_of_the_server(self):
        world = self.world()
        world.fill("bellX", 1, "b")         # Dovecot makes no such name, others have it
        world.wire.disguise(b"bellX", b"bell&AAc-")
        world.sync()
        self.assertEqual(world.words_local("bell\x07"), ["b0"])
        self.assertTrue(os.path.isdir(f"{world.mail.root}/bell%07/cur"))
        world.assert_quiet()

    def test_a_control_byte_in_a_name_here_is_refused_by_the_server_and_named(self):
        world = self.world()
        world.sync()
        world.mail.deliver("bell\x07", local(message("stays")), "S", NOON)
        world.mail.deliver("INBOX", local(message("goes")), "S", NOON)
        words = world.sync(expect=PARTLY)["stderr"]
        for part in ("account acc: mailbox bell\\x07: create it on the server: ",
                     "Control characters not allowed", "exclude it with `mailboxes`"):
            self.assertIn(part, words)
        self.assertNotIn("\x07", words)
        self.assertEqual(world.words_on_server("INBOX"), ["goes"])
        self.assertEqual(world.words_local("bell\x07"), ["stays"])

    def test_a_directory_that_is_not_utf_8_is_named_and_left_alone(self):
        world = self.world()
        world.sync()
        folder = os.fsencode(world.mail.root) + b"/caf\xe9"
        for sub in (b"cur", b"new", b"tmp"):
            os.makedirs(folder + b"/" + sub)
        with open(folder + b"/cur/1.x.host:2,S", "wb") as out:
            out.write(local(message("stays")))
        world.mail.deliver("INBOX", local(message("goes")), "S", NOON)
        words = world.sync(expect=PARTLY)["stderr"]
        self.assertIn('account acc: mailbox caf\\xe9: create it on the server: the server can have '
                      'no mailbox with "caf\\xe9" in its name\n  give the folder a name', words)
        self.assertEqual(world.words_on_server("INBOX"), ["goes"])
        self.assertEqual(world.imap.mailboxes(), ["INBOX", "Trash"])
        self.assertEqual(os.listdir(folder + b"/cur"), [b"1.x.host:2,S"])

    def test_a_folder_that_can_be_no_mailbox_is_shown_everywhere(self):
        for layout, folder in (("fs", "inbox"), ("maildir++", ".Sent.")):
            with self.subTest(layout):
                world = self.world(layout=layout)
                world.sync()
                for sub in ("cur", "new", "tmp"):
                    os.makedirs(f"{world.mail.root}/{folder}/{sub}")
                with open(f"{world.mail.root}/{folder}/cur/1.x.host:2,S", "wb") as out:
                    out.write(local(message("lost")))
                world.mail.create("Made")     # the Maildir is walked twice then
                words = world.sync()["stderr"]
                self.assertEqual(words.count("has a name that no mailbox can have"), 1, words)
                self.assertIn("rename the folder", words)
                checked = world.sterna.run("check", "--offline").stdout
                self.assertRegex(checked, rf"warning +folders .*/{folder} has a name")
                self.assertNotIn("all of them", checked)
                listed = world.sterna.run("mailboxes", "acc").stdout
                self.assertRegex(listed, rf"(?m)^{folder} .* 1 .* no +has a name .*rename")
                verified = world.sterna.run("verify", expect=FAILED).stdout
                self.assertRegex(verified, rf"acc/{folder} .*nothing in it is synced")
                os.rename(f"{world.mail.root}/{folder}",
                          f"{world.mail.root}/{folder.strip('.').replace('inbox', 'other')}"
                          if layout == "fs" else f"{world.mail.root}/.Sent")
                world.sync()
                world.sterna.run("verify")

    def test_a_name_longer_than_a_path_component(self):
        world = self.world()
        name = "長" * 90
        world.fill(name, 2, "long")
        world.sync()
        for entry in os.listdir(world.mail.root):
            self.assertLessEqual(len(os.fsencode(entry)), 255)
        (folder,) = [e for e in os.listdir(world.mail.root) if e.startswith("長")]
        files = [e for sub in ("cur", "new")
                 for e in os.listdir(f"{world.mail.root}/{folder}/{sub}")]
        self.assertEqual(len(files), 2)
        world.assert_quiet()
        world.fill(name, 1, "more")
        self.assertEqual(world.sync()["downloaded"], 1)

    def test_maildir_plus_plus(self):
        world = self.world(layout="maildir++")
        for name in ("INBOX", "Lists/dev", "日本語", "a & b"):
            world.fill(name, 2, name.encode().hex())
        world.sync()
        self.assertTrue(os.path.isdir(f"{world.mail.root}/.Lists.dev/cur"))
        self.assertTrue(os.path.isdir(f"{world.mail.root}/.&ZeVnLIqe-/cur"))
        world.mail.deliver("Lists/ours", local(message("mine")), "S", NOON)
        world.mail.move(world.mail.find("INBOX", "494e424f580@"), "Lists/dev")
        world.sync()
        self.assertEqual(world.words_on_server("Lists/ours"), ["mine"])
        world.assert_settled()

    def test_an_inbox_at_the_root(self):
        world = self.world(inbox="")
        world.fill("INBOX", 2)
        world.fill("Work", 1, "w")
        world.sync()
        self.assertEqual(len(os.listdir(f"{world.mail.root}/new")), 2)
        self.assertEqual(len(os.listdir(f"{world.mail.root}/Work/new")), 1)


class DeletedTest(IntegrationCase):
    @over(MAIN_PROFILES)
    def test_an_empty_mailbox_deleted_on_the_server_goes_here(self, world):
        world.imap.create("Gone")
        world.imap.create("Stays")
        world.sync()
        world.imap.delete("Gone")
        world.sync()
        world.sync()
        self.assertNotIn("Gone", world.mail.mailboxes())
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_an_empty_mailbox_deleted_here_goes_on_the_server(self, world):
        world.imap.create("Gone")
        world.sync()
        world.mail.remove("Gone")
        world.sync()
        world.sync()
        self.assertNotIn("Gone", world.imap.mailboxes())
        world.assert_settled()

    def assert_keeps(self, world, mailbox, lie):
        """The server has it, and a list with this lie lacks it: it stays here, and is synced."""
        world.imap.create(mailbox)
        world.sync()
        world.wire.lie(*lie)
        for _ in range(3):
            report = world.sync()
            self.assertIn(mailbox, world.mail.mailboxes())
        world.wire.be_honest()
        world.fill(mailbox, 2)
        world.sync()
        world.assert_settled()
        return report

    @over(MAIN_PROFILES)
    def test_a_list_with_a_line_that_cannot_be_read_proves_no_mailbox_gone(self, world):
        report = self.assert_keeps(world, "Empty", (rb'^(\* LIST .*) "?Empty"?', rb"\1 No Where"))
        self.assertIn("No Where", report["stderr"])
        self.assertIn("list of mailboxes", report["stderr"])

    @over(MAIN_PROFILES)
    def test_a_mailbox_that_the_list_leaves_out_and_status_knows_is_not_gone(self, world):
        report = self.assert_keeps(world, "Empty", (rb'^\* LIST .* "?Empty"?\r\n',))
        self.assertIn("Empty", report["stderr"])

    @over(MAIN_PROFILES)
    def test_a_full_mailbox_deleted_here_is_held(self, world):
        world.fill("Full", 3)
        world.sync()
        world.mail.remove("Full")
        report = world.sync(expect=6)
        self.assertGreater(report["held"], 0)
        self.assertEqual(world.words_on_server("Full"), ["m0", "m1", "m2"])

    @over(MAIN_PROFILES)
    def test_a_full_mailbox_deleted_on_the_server_is_held(self, world):
        world.fill("Full", 3)
        world.sync()
        world.imap.delete("Full")
        for _ in range(2):
            world.sync(expect=HELD)
        self.assertEqual(world.words_local("Full"), ["m0", "m1", "m2"])

    def test_new_mail_in_a_mailbox_that_the_other_side_deleted_keeps_it(self):
        world = self.world()
        world.imap.create("Theirs")
        world.imap.create("Ours")
        world.sync()
        world.imap.delete("Theirs")
        world.mail.deliver("Theirs", local(message("late")), "S", NOON)
        world.mail.remove("Ours")
        world.fill("Ours", 1, "late")
        for _ in range(3):
            world.sync()
        self.assertEqual(world.words_on_server("Theirs"), ["late"])
        self.assertEqual(world.words_local("Ours"), ["late0"])
        world.assert_settled()

    def test_old_and_new_mail_in_a_mailbox_that_the_other_side_deleted(self):
        world = self.world()
        world.fill("Theirs", 2, "old")
        world.sync()
        world.imap.delete("Theirs")
        world.mail.deliver("Theirs", local(message("late")), "S", NOON)
        for _ in range(2):
            world.sync(expect=HELD)
        self.assertEqual(world.words_local("Theirs"), ["late", "old0", "old1"])

    @over(MAIN_PROFILES)
    def test_a_mailbox_that_was_deleted_here_and_replaced_there(self, world):
        world.fill("Full", 3)
        world.sync()
        world.mail.remove("Full")
        world.imap.delete("Full")
        world.fill("Full", 1, "late")
        world.sync()
        self.assertEqual(world.words_local("Full"), ["late0"])
        world.assert_settled()

    def test_a_mailbox_deleted_above_one_that_stays(self):
        world = self.world()
        world.imap.create("Top")
        world.fill("Top/child", 1, "c")
        world.sync()
        world.imap.delete("Top")
        for _ in range(2):
            world.sync()
        self.assertNotIn("Top", world.mail.mailboxes())
        self.assertEqual(world.words_local("Top/child"), ["c0"])
        world.assert_quiet()

    def test_an_inbox_that_is_missing_here_deletes_nothing(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.sync()
        world.mail.remove("INBOX")
        world.sync(expect=HELD)
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1", "m2"])
        self.assertEqual(world.words_on_server("Trash"), [])


class RenamedTest(IntegrationCase):
    @over(MAIN_PROFILES)
    def test_a_mailbox_renamed_on_the_server_is_renamed_here(self, world):
        world.fill("Old", 3)
        world.fill("Old/child", 2, "c")
        world.sync()
        names = {m.name for m in world.mail.messages("Old")}
        world.imap.rename("Old", "Neu & schön")
        report = world.sync()
        report["bodies_fetched"] += world.sync()["bodies_fetched"]
        self.assertEqual(report["bodies_fetched"], 0)
        self.assertEqual({m.name for m in world.mail.messages("Neu & schön")}, names)
        self.assertNotIn("Old", world.mail.mailboxes())
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_a_mailbox_renamed_here_is_renamed_on_the_server(self, world):
        world.fill("Old", 3)
        world.fill("Old/child", 2, "c")
        world.sync()
        validity = world.imap.status("Old")["UIDVALIDITY"]
        world.mail.rename("Old", "Neu & schön")
        report = world.sync()
        self.assertEqual((report["uploaded"], report["deleted_out"]), (0, 0))
        self.assertEqual(world.imap.status("Neu & schön")["UIDVALIDITY"], validity)
        self.assertNotIn("Old", world.imap.mailboxes())
        world.sync()
        world.assert_settled()

    def test_renamed_and_filled_at_once(self):
        world = self.world()
        world.fill("Old", 3)
        world.sync()
        world.mail.rename("Old", "New")
        world.fill("Old", 1, "late")
        world.mail.deliver("New", local(message("mine")), "S", NOON)
        for _ in range(3):
            world.sync()
        words = world.words_on_server("New")
        self.assertEqual(words, sorted(["m0", "m1", "m2", "late0", "mine"]))
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_the_subscription_goes_along_with_a_renamed_folder(self, world):
        for name in ("Old", "Old/sub", "Stays"):
            world.imap.create(name)
            world.imap.subscribe(name)
        world.sync()
        world.mail.rename("Old", "New")
        world.sync()
        self.assertEqual(world.imap.mailboxes(), ["INBOX", "New", "New/sub", "Stays", "Trash"])
        self.assertEqual(world.imap.subscribed(), ["New", "New/sub", "Stays"])
        world.assert_settled()

    def test_two_mailboxes_trade_their_names_on_the_server(self):
        world = self.world()
        world.fill("A", 3, "a")
        world.fill("B", 2, "b")
        world.sync()
        trade(world.imap)
        for _ in range(3):
            world.sync()
        self.assertEqual(world.words_on_server("A"), ["b0", "b1"])
        self.assertEqual(world.words_on_server("B"), ["a0", "a1", "a2"])
        world.assert_in_step()

    @over(MAIN_PROFILES)
    def test_two_folders_trade_their_names_here(self, world):
        world.fill("A", 3, "a")
        world.fill("B", 2, "b")
        world.sync()
        trade(world.mail)
        for _ in range(3):
            world.sync()
        everything = sorted(world.words_on_server("A") + world.words_on_server("B"))
        self.assertEqual(everything, ["a0", "a1", "a2", "b0", "b1"])
        self.assertEqual(world.words_on_server("A"), ["b0", "b1"])
        self.assertEqual(world.imap.mailboxes(), ["A", "B", "INBOX", "Trash"])
        world.assert_settled()

    def test_a_trade_uploads_and_deletes_nothing(self):
        world = self.world()
        world.fill("A", 10, "a")
        world.fill("B", 1, "b")         # so few that A's directory would look like another one
        world.sync()
        trade(world.mail)
        report = world.sync()
        for count in ("uploaded", "downloaded", "moved_out", "moved_in", "deleted_out"):
            self.assertEqual(report[count], 0, count)
        self.assertEqual(world.words_on_server("A"), ["b0"])
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_three_folders_trade_their_names_here_with_children(self, world):
        for name in "ABC":
            world.fill(name, 2, name.lower())
            world.fill(f"{name}/sub", 1, f"{name.lower()}sub")
        world.sync()
        world.mail.rename("A", "X")
        world.mail.rename("C", "A")
        world.mail.rename("B", "C")
        world.mail.rename("X", "B")
        for _ in range(2):
            world.sync()
        self.assertEqual(world.words_on_server("B"), ["a0", "a1"])
        self.assertEqual(world.words_on_server("C"), ["b0", "b1"])
        self.assertEqual(world.words_on_server("A"), ["c0", "c1"])
        self.assertEqual(world.words_on_server("B/sub"), ["asub0"])
        self.assertEqual(world.words_on_server("A/sub"), ["csub0"])
        world.assert_settled()

    def test_folders_side_by_side_trade_their_names_with_children(self):
        world = self.world(layout="maildir++")
        for name in ("A", "B", "A/sub", "B/sub"):
            world.fill(name, 2, name.replace("/", "."))
        world.sync()
        for one, other in (("A", "B"), ("A/sub", "B/sub")):
            trade(world.mail, one, other)
        for _ in range(2):
            world.sync()
        self.assertEqual(world.words_on_server("A"), ["B0", "B1"])
        self.assertEqual(world.words_on_server("B/sub"), ["A.sub0", "A.sub1"])
        world.assert_settled()

    def test_a_folder_that_took_an_inode_over_is_no_renamed_one(self):
        world = self.world()
        world.fill("Old", 3)
        world.sync()
        for found in world.mail.messages("Old"):
            world.mail.delete(found)
        world.mail.rename("Old", "Other")
        world.mail.deliver("Other", local(message("mine")), "S", NOON)
        world.sync(expect=HELD)
        self.assertEqual(world.words_on_server("Old"), ["m0", "m1", "m2"])
        self.assertEqual(world.words_on_server("Other"), ["mine"])
        self.assertEqual(world.words_on_server("Trash"), [])


    def test_names_that_differ_in_case_alone_get_different_folders(self):
        # A second name of the marker makes this file system look like one that ignores case.
        world = self.world()
        world.sync()
        os.link(f"{world.mail.root}/.sterna", f"{world.mail.root}/.STERNA")
        for name in ("Work", "work", "Work/sub", "work/sub"):
            world.fill(name, 1, name.replace("/", "-"))
        world.sync()
        os.unlink(f"{world.mail.root}/.STERNA")
        found = [name for name in os.listdir(world.mail.root) if os.path.exists(
            f"{world.mail.root}/{name}/sub/cur")]
        self.assertEqual(len({name.lower() for name in found}), 2, found)
        world.assert_quiet()
        world.fill("work", 1, "more")
        world.sync()
        self.assertEqual(world.words_on_server("work"), ["more0", "work0"])
        self.assertEqual(len(world.mail.messages("Work")), 1)


class RefusedTest(IntegrationCase):
    """What the server refuses is named, with what can be done; it stops nothing else, and is not
    tried again at once."""

    def assert_named(self, run, *words):
        for word in words:
            self.assertIn(word, run["stderr"])

    def test_a_mailbox_that_the_server_does_not_create(self):
        for answer in (b"NO [CANNOT] no such names", b"NO [ALREADYEXISTS] in another case"):
            with self.subTest(answer):
                world = self.world()
                world.fill("INBOX", 1)
                world.sync()
                world.mail.deliver("Bad", local(message("stays")), "S", NOON)
                world.mail.deliver("INBOX", local(message("goes")), "S", NOON)
                world.wire.refuse(rb"^CREATE", answer)
                self.assert_named(world.sync(expect=PARTLY), "Bad", "exclude")
                self.assertEqual(world.words_on_server("INBOX"), ["goes", "m0"])
                self.assertEqual(world.words_local("Bad"), ["stays"])
                world.wire.forget()
                world.sync()
                self.assertEqual(world.wire.sent(rb"^CREATE"), [])
                (state,) = world.sterna.command_json("status")["accounts"]
                self.assertEqual(state["quarantined"], 1)
                status = world.sterna.run("status").stdout
                self.assertIn("1 mailbox could not be brought over and is tried again", status)
                self.assertIn("Bad", status)
                listed = world.sterna.run("mailboxes", "acc").stdout
                self.assertRegex(listed, r"(?m)^Bad .* parked +.*(no such names|another case)")
                world.mail.rename("Bad", "Good")
                world.sync()
                self.assertEqual(world.words_on_server("Good"), ["stays"])
                world.assert_settled()

    def test_a_mailbox_that_the_server_does_not_delete(self):
        world = self.world()
        world.imap.create("Gone")
        world.sync()
        world.mail.remove("Gone")
        world.wire.refuse(rb"^DELETE", b"NO [HASCHILDREN] there is mail below it")
        self.assert_named(world.sync(expect=PARTLY), "Gone", "delete it")
        world.wire.forget()
        world.sync()
        self.assertEqual(world.wire.sent(rb"^DELETE"), [])
        self.assertIn("Gone", world.imap.mailboxes())
        world.imap.delete("Gone")
        for _ in range(2):
            world.sync()
        world.assert_settled()

    def test_a_mailbox_that_the_server_does_not_rename(self):
        world = self.world()
        world.fill("Old", 2)
        world.fill("INBOX", 1, "i")
        world.sync()
        world.mail.rename("Old", "New")
        world.mail.deliver("INBOX", local(message("goes")), "S", NOON)
        world.wire.refuse(rb"^RENAME", b"NO [CANNOT] it has a role")
        self.assert_named(world.sync(expect=PARTLY), "Old", "New")
        self.assertEqual(world.words_on_server("INBOX"), ["goes", "i0"])
        world.wire.forget()
        world.sync()
        self.assertEqual(world.wire.sent(rb"^RENAME"), [])
        self.assertEqual(world.words_on_server("Old"), ["m0", "m1"])
        self.assertEqual(world.words_local("New"), ["m0", "m1"])
        world.mail.rename("New", "Old")
        world.sync()
        world.assert_settled()

    def test_a_trade_that_the_server_refuses_in_the_middle(self):
        world = self.world()
        world.fill("A", 3, "a")
        world.fill("B", 2, "b")
        world.sync()
        trade(world.mail)
        world.wire.refuse(rb'^RENAME "B" "A"')
        world.sync(expect=PARTLY)
        everything = [w for box in world.imap.mailboxes() for w in world.words_on_server(box)]
        self.assertEqual(sorted(everything), ["a0", "a1", "a2", "b0", "b1"])
        trade(world.mail)     # and back again
        for _ in range(2):
            world.sync()
        self.assertEqual(world.words_on_server("A"), ["a0", "a1", "a2"])
        world.assert_settled()


if __name__ == "__main__":
    unittest.main()
