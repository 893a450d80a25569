# SPDX-License-Identifier: Apache-2.0
"""A server whose mailboxes all lie below INBOX and are separated by dots (RFC 2342), as Courier and
many a Dovecot have it: names here have neither the prefix nor the dots.
"""
import unittest

from tests.support.case import IntegrationCase, trade
from tests.support.messages import NOON, local, message
from tests.support.scripted import ScriptedServer, ScriptedWorld, as_string
from tests.support.sterna import PARTLY


class NamespaceTest(IntegrationCase):
    def world(self, profile="full", **keys):
        return super().world(profile, storage="courier", **keys)

    def test_the_server_of_these_tests_has_the_prefix(self):
        world = self.world()
        world.fill("Work/Old", 1)
        names = b"".join(world.imap.command('LIST "" "*"'))
        self.assertIn(b"INBOX.Work.Old", names)
        self.assertIn(b'(("INBOX." "."))', b"".join(world.imap.command("NAMESPACE")))

    def fill_some(self, world):
        world.fill("INBOX", 2, "i")
        world.fill("Work", 2, "w")
        world.fill("Work/Old/2023", 1, "o")
        world.fill("Entwürfe", 1, "e")

    def test_mailboxes_come_down_without_prefix_and_dots(self):
        world = self.world()
        self.fill_some(world)
        self.assertEqual(world.sync()["downloaded"], 6)
        self.assertEqual(world.mail.mailboxes(),
                         ["Entwürfe", "INBOX", "Trash", "Work", "Work/Old/2023"])
        world.assert_settled()

    def test_where_nobody_tells_of_the_prefix_all_lie_below_inbox(self):
        world = self.world("no-namespace")
        self.fill_some(world)
        world.sync()
        self.assertEqual(world.mail.mailboxes(), ["INBOX", "INBOX/Entwürfe", "INBOX/Trash",
                                                  "INBOX/Work", "INBOX/Work/Old/2023"])
        world.mail.deliver("INBOX/Ours/Deep", local(message("one")), "S", NOON)
        world.sync()
        self.assertEqual(world.words_on_server("Ours/Deep"), ["one"])
        world.assert_quiet()

    def test_nested_mailboxes_are_made_from_both_sides(self):
        world = self.world()
        world.sync()
        world.imap.create("Theirs/Deep")
        world.mail.create("Ours")
        world.mail.deliver("Ours/Deep/Er", local(message("one")), "S", NOON)
        world.sync()
        self.assertEqual(world.words_on_server("Ours/Deep/Er"), ["one"])
        self.assertIn("Theirs/Deep", world.mail.mailboxes())
        self.assertEqual([c for c in world.wire.sent(rb"^CREATE") if b"INBOX." not in c], [])
        world.sync()
        world.assert_settled()

    def test_a_child_of_inbox(self):
        world = self.world()
        world.fill("INBOX", 1)
        world.sync()
        world.mail.deliver("INBOX/Ours", local(message("one")), "S", NOON)
        world.sync()
        self.assertIn(b"INBOX.INBOX.Ours", b"".join(world.imap.command('LIST "" "*"')))
        world.fill("INBOX/Theirs", 1, "t")
        world.sync()
        self.assertEqual(world.words_on_server("INBOX/Ours"), ["one"])
        self.assertEqual(world.words_local("INBOX/Theirs"), ["t0"])
        world.assert_settled()

    def test_mail_moves_between_them(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.fill("Work/Old", 1, "w")
        world.sync()
        world.mail.move(world.mail.find("INBOX", "<m0@"), "Work/Old")
        world.imap.move("INBOX", world.imap.uid_of("INBOX", "<m1@test.example>"), "Work/Old")
        report = world.sync()
        self.assertEqual((report["bodies_fetched"], report["uploaded"]), (0, 0))
        self.assertEqual(world.words_on_server("Work/Old"), ["m0", "m1", "w0"])
        world.mail.delete(world.mail.find("INBOX", "<m2@"))
        world.sync()
        self.assertEqual(world.words_on_server("Trash"), ["m2"])
        world.sync()
        world.assert_settled()

    def test_renames_from_both_sides(self):
        world = self.world()
        world.fill("Work", 2, "w")
        world.fill("Work/Old", 2, "o")
        world.fill("Home", 3, "h")
        world.sync()
        world.mail.rename("Work", "Job")
        world.imap.rename("Home", "Private/Home")
        report = world.sync()
        self.assertEqual((report["bodies_fetched"], report["uploaded"]), (0, 0))
        self.assertEqual(world.words_on_server("Job/Old"), ["o0", "o1"])
        self.assertEqual(world.words_local("Private/Home"), ["h0", "h1", "h2"])
        self.assertNotIn("Work", world.imap.mailboxes())
        self.assertNotIn("Home", world.mail.mailboxes())
        world.sync()
        world.assert_settled()

    def test_two_mailboxes_trade_names(self):
        for side in ("mail", "imap"):
            with self.subTest(side):
                world = self.world()
                world.fill("A", 2, "a")
                world.fill("B", 3, "b")
                world.sync()
                trade(getattr(world, side))
                world.sync()
                world.sync()
                self.assertEqual(world.words_local("A"), ["b0", "b1", "b2"])
                self.assertEqual(world.words_on_server("B"), ["a0", "a1"])
                world.assert_settled()

    def test_deletions_of_empty_mailboxes_from_both_sides(self):
        world = self.world()
        for name in ("Ours", "Theirs", "Ours too/Deep"):
            world.imap.create(name)
        world.sync()
        world.mail.remove("Ours")
        world.mail.remove("Ours too/Deep")
        world.imap.delete("Theirs")
        for _ in range(3):
            world.sync()
        self.assertEqual([n for n in world.imap.mailboxes() if n != "Trash"], ["INBOX"])
        self.assertEqual([n for n in world.mail.mailboxes() if n != "Trash"], ["INBOX"])
        world.assert_settled()

    def test_patterns_and_roles_are_written_without_prefix_and_dots(self):
        world = self.world("no-special-use", mailboxes=["*", "!Lists/%"],
                           roles={"trash": "Bin/Deep"}, trash=False)
        world.imap.create("Bin/Deep")
        world.fill("INBOX", 2)
        world.fill("Lists/dev", 1, "l")
        world.sync()
        self.assertNotIn("Lists/dev", world.mail.mailboxes())
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        world.sync()
        self.assertEqual(world.words_on_server("Bin/Deep"), ["m0"])

    def test_a_name_with_a_dot_cannot_be_made_and_stops_nothing(self):
        world = self.world()
        world.sync()
        world.mail.deliver("v1.2", local(message("one")), "S", NOON)
        world.mail.deliver("Fine", local(message("two")), "S", NOON)
        report = world.sync(expect=PARTLY)
        self.assertIn("v1.2", str(report["errors"]))
        self.assertEqual(world.words_on_server("Fine"), ["two"])
        self.assertEqual(world.words_local("v1.2"), ["one"])
        self.assertNotIn("v1", world.imap.mailboxes())


class SharedTest(unittest.TestCase):
    """Cyrus without altnamespace: ours lie below INBOX, and what has no prefix is shared."""

    class Cyrus(ScriptedServer):
        def on_namespace(self, session, tag, _text):
            session.say(b'* NAMESPACE (("INBOX/" "/")) (("user/" "/")) (("" "/"))', tag + b" OK")

    def setUp(self):
        self.server = self.Cyrus()
        for name in ("INBOX", "INBOX/Work", "announce", "user/bob"):
            self.server.fill(2, name)
        self.server.make("INBOX/Trash")
        self.world = ScriptedWorld(self, self.server, roles={"trash": "Trash"})

    def test_what_others_have_is_left_out(self):
        self.assertEqual(self.world.sync()["downloaded"], 4)
        self.assertEqual(self.world.mail.mailboxes(), ["INBOX", "Trash", "Work"])
        self.assertEqual(self.server.sent(rb"^(SELECT|EXAMINE|STATUS) .*(announce|bob)"), [])
        run = self.world.sterna.run("mailboxes", "acc")
        self.assertIn("Work", run.stdout)

    def test_a_folder_of_the_same_name_is_another_mailbox(self):
        self.world.sync()
        self.world.mail.deliver("announce", local(message("mine")), "S", NOON)
        self.world.sync()
        self.assertEqual(len(self.server.messages("INBOX/announce")), 1)
        listed = self.world.sterna.run("mailboxes", "acc", options=("--no-input", "--json"))
        told = [o for o in listed.json()["mailboxes"] if o["mailbox"] == "announce"]
        self.assertEqual([(o["included"], o["messages_remote"]) for o in told], [(True, 1)])
        self.world.mail.delete(self.world.mail.messages("announce")[0])
        self.world.sync()
        self.assertEqual(len(self.server.messages("announce")), 2)
        self.assertEqual(len(self.server.messages("INBOX/Trash")), 1)


class SharedBelowTest(unittest.TestCase):
    class Dovecot(ScriptedServer):
        def on_namespace(self, session, tag, _text):
            session.say(b'* NAMESPACE (("" "/")) NIL (("Shared/" "/"))', tag + b" OK")

    def test_a_folder_with_the_name_of_a_shared_mailbox_is_not_made_there(self):
        server = self.Dovecot()
        server.fill(1)
        world = ScriptedWorld(self, server)
        world.sync()
        world.mail.deliver("Shared/x", local(message("mine")), "S", NOON)
        errors = str(world.sync(expect=PARTLY)["errors"])
        self.assertIn("Shared/x", errors)
        self.assertIn("rename", errors)
        self.assertEqual(server.sent(rb"^CREATE"), [])
        self.assertEqual(len(world.mail.messages("Shared/x")), 1)


class FlatInboxTest(unittest.TestCase):
    """No NAMESPACE, and INBOX comes first: what nothing can lie below has no delimiter."""

    class Flat(ScriptedServer):
        capabilities = ScriptedServer.capabilities.replace(b" NAMESPACE", b"")
        delimiter = b'"/"'

        def on_list(self, session, tag, text):
            for name in list(self.mailboxes):
                delimiter = b"NIL" if name == b"INBOX" else self.delimiter
                session.say(b'* LIST () %s ' % delimiter + as_string(name))
            session.say(tag + b" OK")

    def start(self, delimiter):
        server = self.Flat()
        server.delimiter = delimiter
        server.fill(1)
        server.fill(1, "Work")
        world = ScriptedWorld(self, server)
        world.sync()
        world.mail.deliver("A/B/C", local(message("deep")), "S", NOON)
        return world

    def test_a_nested_mailbox_is_made(self):
        world = self.start(b'"/"')
        world.sync()
        self.assertEqual(len(world.server.messages("A/B/C")), 1)

    def test_where_there_is_no_hierarchy_the_folder_is_named(self):
        world = self.start(b"NIL")
        errors = str(world.sync(expect=PARTLY)["errors"])
        self.assertIn("A/B/C", errors)
        self.assertIn("give the folder a name", errors)


if __name__ == "__main__":
    unittest.main()
