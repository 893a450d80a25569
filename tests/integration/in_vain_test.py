# SPDX-License-Identifier: Apache-2.0
"""What succeeds again and again and changes nothing: servers that answer OK and do nothing, and
programs that undo what a sync does here. It is parked, it stops nothing else, and no mail is
doubled; a user who changes his mind at each sync is left alone."""
import os
import re
import unittest

from tests.support.messages import NOON, local, message
from tests.support.scripted import ScriptedServer, ScriptedWorld
from tests.support.sterna import PARTLY


class InVainCase(unittest.TestCase):
    def start(self, server, **keys):
        server.fill(3)
        world = ScriptedWorld(self, server, **keys)
        world.sync()
        return world

    def sync(self, world, expect=0, times=1):
        """The reports of so many syncs, and what the last of them sent is all that sent() finds."""
        for _ in range(times):
            world.server.commands.clear()
            report = world.sync(expect=expect)
        return report

    def let_the_pause_pass(self, world):
        self.assertGreater(len(world.ask_state("SELECT * FROM failure")), 0)
        world.ask_state("UPDATE failure SET next_try_ms = 0")

    def parked(self, world):
        """Action and reason of each."""
        account = world.sterna.command_json("status")["accounts"][0]
        self.assertEqual(account["quarantined"], len(account["parked"]))
        return [(one["action"], one["reason"]) for one in account["parked"]]

    def assert_parked(self, world, action, *words):
        (found, reason), = self.parked(world)
        self.assertEqual(found, action)
        for word in words:
            self.assertIn(word, reason)

    def assert_new_mail_comes(self, world, *mailboxes):
        for name in mailboxes:
            world.server.fill(1, name)
        self.assertEqual(self.sync(world)["downloaded"], len(mailboxes))


class MoveTest(InVainCase):
    def move_one(self, server):
        server.fill(1, "Work")
        world = self.start(server)
        world.mail.move(world.mail.find("INBOX", "<INBOX-1@"), "Work")
        world.server.commands.clear()
        return world

    class Lying(ScriptedServer):
        lies = True

        def hook(self, session, tag, text):
            if not self.lies or not text.startswith(b"UID MOVE"):
                return False
            session.say(tag + b" OK done")
            return True

    def test_a_move_that_moves_nothing_is_parked(self):
        server = self.Lying()
        world = self.move_one(server)
        report = world.sync(expect=PARTLY)
        self.assertEqual(len(server.sent(rb"^UID MOVE")), 3)
        self.assertIn("moved on the server 3 times", str(report["errors"]))
        self.assertEqual(self.sync(world, times=2)["quarantined"], 1)
        self.assertEqual(server.sent(rb"^UID (MOVE|COPY)|^APPEND"), [])
        self.assert_parked(world, "move", "it is where it was", "did not say where it is")
        self.assert_new_mail_comes(world, "INBOX", "Work")
        self.let_the_pause_pass(world)
        self.sync(world, expect=PARTLY)
        self.assertEqual(len(server.sent(rb"^UID MOVE")), 1)
        self.assertEqual(self.sync(world)["quarantined"], 1)
        self.assertEqual(server.sent(rb"^UID MOVE"), [])

    def test_it_is_moved_once_the_server_does_it(self):
        server = self.Lying()
        world = self.move_one(server)
        world.sync(expect=PARTLY)
        server.lies = False
        self.let_the_pause_pass(world)
        self.assertEqual(world.sync()["moved_out"], 1)
        self.assertEqual(self.sync(world)["quarantined"], 0)
        self.assertEqual((len(server.messages()), len(server.messages("Work"))), (2, 2))

    def test_it_is_forgotten_when_the_file_is_back(self):
        world = self.move_one(self.Lying())
        world.sync(expect=PARTLY)
        world.mail.move(world.mail.find("Work", "<INBOX-1@"), "INBOX")
        self.assertEqual(self.sync(world)["quarantined"], 0)
        self.assertEqual(self.parked(world), [])

    def test_one_that_is_told_where_it_is_comes_back(self):
        class Boasting(ScriptedServer):
            def hook(self, session, tag, text):
                if not text.startswith(b"UID MOVE"):
                    return False
                session.say(b"* OK [COPYUID 7 1 9] moved", tag + b" OK done")
                return True

        server = Boasting()
        world = self.move_one(server)
        for _ in range(5):
            world.sync()
        self.assertEqual(len(server.sent(rb"^UID MOVE")), 1)
        self.assertEqual(len(world.mail.messages("INBOX")), 3)
        self.assertEqual(len(world.mail.messages("Work")), 1)

    def test_a_message_that_is_listed_and_unknown_to_fetch_is_parked(self):
        class Silent(ScriptedServer):
            def fetch_line(self, session, uid, items):
                if uid == 1 and b"RFC822.SIZE" in items:
                    return b"* OK I know nothing"
                return super().fetch_line(session, uid, items)

        world = self.move_one(Silent())
        self.sync(world, times=3)
        self.sync(world, expect=PARTLY)
        self.assert_parked(world, "move", "FETCH tells nothing")
        self.sync(world, times=2)
        self.assertEqual(world.server.sent(rb"^UID FETCH .*RFC822.SIZE"), [])


class FlagsTest(InVainCase):
    def read_two(self, server):
        world = self.start(server)
        for uid in (1, 2):
            world.mail.add_letters(world.mail.find("INBOX", f"<INBOX-{uid}@"), "S")
        return world

    def test_flags_of_a_message_that_search_denies_are_parked(self):
        class Denying(ScriptedServer):
            def on_uid_store(self, session, tag, text):
                flags = set(self.mailboxes[session.mailbox][1][0])
                super().on_uid_store(session, tag, text)
                self.mailboxes[session.mailbox][1][0] = flags

            def on_uid_search(self, session, tag, text):
                named = re.search(rb" UID ([\d:,*]+)", text[4:])
                if not named:
                    super().on_uid_search(session, tag, text)
                    return
                found = [b"%d" % u for u in self.uids(session, named[1]) if u != 1]
                told = b" ALL " + b",".join(found) if found else b""
                session.say(b'* ESEARCH (TAG "%s") UID%s' % (tag, told), tag + b" OK")

        server = Denying()
        world = self.read_two(server)
        report = self.sync(world, expect=PARTLY)
        self.assertEqual(report["flags_out"], 1)
        self.assertEqual(len(server.sent(rb"^UID STORE")), 3)
        self.assert_parked(world, "flags", "said to the server 3 times", "SEARCH")
        self.assertEqual(self.sync(world, times=3)["quarantined"], 1)
        self.assertEqual(server.sent(rb"^UID STORE"), [])
        self.let_the_pause_pass(world)
        self.sync(world, expect=PARTLY)
        self.assertEqual(len(server.sent(rb"^UID STORE")), 1)
        self.assert_new_mail_comes(world, "INBOX")

    def test_flags_that_do_not_stick_are_said_once(self):
        class Forgetful(ScriptedServer):
            def on_uid_store(self, session, tag, _text):
                session.say(tag + b" OK done")

        server = Forgetful()
        world = self.read_two(server)
        for _ in range(5):
            world.sync()
        self.assertEqual(len(server.sent(rb"^UID STORE")), 1)
        self.assertEqual(self.parked(world), [])

    def test_a_keyword_that_never_gets_its_letter_is_parked(self):
        server = ScriptedServer()
        world = self.start(server)
        lock = os.path.join(world.mail.folder("INBOX"), "dovecot-uidlist.lock")
        server.messages()[1][0].add(b"work")

        def sync_under_lock(expect=0):
            with open(lock, "w", encoding="ascii"):
                pass
            return world.sync(expect=expect)

        for _ in range(3):
            self.assertEqual(sync_under_lock()["flags_in"], 1)
        self.assertEqual(sync_under_lock(PARTLY)["flags_in"], 0)
        self.assert_parked(world, "flags_in", "set here 3 times")
        self.assertEqual(sync_under_lock()["flags_in"], 0)
        os.unlink(lock)
        self.let_the_pause_pass(world)
        self.assertEqual(world.sync()["flags_in"], 1)
        self.assertEqual(world.sync()["quarantined"], 0)
        self.assertIn("work", world.mail.find("INBOX", "<INBOX-1@").flags)


class DeleteTest(InVainCase):
    def test_a_message_that_is_listed_and_unknown_to_fetch_is_parked(self):
        class Silent(ScriptedServer):
            def fetch_line(self, session, uid, items):
                if uid == 1 and b"RFC822.SIZE" in items:
                    return b"* OK I know nothing"
                return super().fetch_line(session, uid, items)

        world = self.start(Silent())
        world.mail.delete(world.mail.find("INBOX", "<INBOX-1@"))
        self.sync(world, times=3)
        self.sync(world, expect=PARTLY)
        self.assert_parked(world, "delete", "it is there still", "FETCH tells nothing")
        self.sync(world, times=2)
        self.assertEqual(world.server.sent(rb"^UID FETCH .*RFC822.SIZE"), [])
        self.assert_new_mail_comes(world, "INBOX")

    class Hoarding(ScriptedServer):
        def _expunge(self, session, uids):
            pass

    def test_what_an_expunge_leaves_comes_back_once(self):
        server = self.Hoarding()
        world = self.start(server, local_delete="expunge")
        world.mail.delete(world.mail.find("INBOX", "<INBOX-1@"))
        for _ in range(5):
            world.sync()
        self.assertEqual(len(server.sent(rb"^UID EXPUNGE")), 1)
        self.assertEqual(len(world.mail.messages("INBOX")), 3)

    def test_what_a_move_to_the_trash_leaves_is_in_it_once(self):
        server = self.Hoarding()
        server.make("Trash")
        world = self.start(server, roles={"trash": "Trash"})
        world.mail.delete(world.mail.find("INBOX", "<INBOX-1@"))
        for _ in range(5):
            world.sync()
        self.assertEqual(len(server.messages("Trash")), 1)
        self.assertEqual(len(world.mail.messages("INBOX")), 3)

    # Without mod-sequences, too, the pass after it looks at what was to go.
    def test_an_expunge_of_what_is_flagged_is_parked_in_the_same_sync(self):
        server = self.Hoarding()
        world = self.start(server, expunge_flagged=True)
        world.mail.add_letters(world.mail.find("INBOX", "<INBOX-1@"), "T")
        self.sync(world, expect=PARTLY)
        self.assertEqual(len(server.sent(rb"^UID EXPUNGE")), 1)
        self.assertEqual(self.sync(world, times=3)["quarantined"], 1)
        self.assertEqual(server.sent(rb"^UID EXPUNGE"), [])


class DownloadTest(InVainCase):
    def test_a_message_that_is_listed_and_never_comes_is_parked(self):
        class Teasing(ScriptedServer):
            def fetch_line(self, session, uid, items):
                if uid == 2 and b"BODY.PEEK[]" in items:
                    return b"* OK not this one"
                return super().fetch_line(session, uid, items)

            def on_uid_search(self, session, tag, text):
                if b" UID 2" in text[4:]:
                    session.say(b'* ESEARCH (TAG "%s") UID' % tag, tag + b" OK")
                else:
                    super().on_uid_search(session, tag, text)

        server = Teasing()
        world = self.start(server)
        self.sync(world, times=2)
        self.assertEqual(len(server.sent(rb"^UID FETCH .*BODY")), 2)
        self.sync(world, expect=PARTLY)
        self.assert_parked(world, "download", "asked for 3 times", "neither FETCH nor SEARCH")
        self.assertEqual(self.sync(world, times=2)["quarantined"], 1)
        self.assertEqual(server.sent(rb"^UID FETCH .*BODY"), [])
        self.assert_new_mail_comes(world, "INBOX")

    # As a virus scanner may.
    def test_a_file_that_is_emptied_each_time_is_fetched_three_times(self):
        world = self.start(ScriptedServer())
        for _ in range(3):
            with open(world.mail.find("INBOX", "<INBOX-1@").path, "wb"):
                pass
            self.assertEqual(world.sync()["downloaded"], 1)
        with open(world.mail.find("INBOX", "<INBOX-1@").path, "wb"):
            pass
        self.assertEqual(world.sync(expect=PARTLY)["downloaded"], 0)
        self.assert_parked(world, "repair", "fetched anew 3 times")
        self.assertEqual(world.sync()["downloaded"], 0)
        self.assert_new_mail_comes(world, "INBOX")
        self.let_the_pause_pass(world)
        self.assertEqual(world.sync()["downloaded"], 1)
        self.assertEqual(world.sync()["quarantined"], 0)
        self.assertEqual(len(world.mail.find("INBOX", "<INBOX-1@").read().splitlines()), 5)


class AppendTest(InVainCase):
    def send_one(self, server):
        world = self.start(server)
        world.mail.deliver("INBOX", local(message("new")), "S", NOON)
        for _ in range(6):
            world.sync(expect=None)
            world.ask_state("UPDATE intent SET at_ms = at_ms - 600000")
        self.assertEqual(len(server.sent(rb"^APPEND")), 1)
        return world

    def test_what_is_stored_nowhere_is_sent_once_and_kept(self):
        class Swallowing(ScriptedServer):
            def on_append(self, session, tag, _text):
                session.say(tag + b" OK stored")

        world = self.send_one(Swallowing())
        self.assertEqual(world.sync(expect=None)["held"], 1)
        self.assertEqual(len(world.mail.messages("INBOX")), 4)

    def test_what_is_stored_under_a_uid_that_does_not_exist_is_sent_once_and_kept(self):
        class Boasting(ScriptedServer):
            def on_append(self, session, tag, _text):
                session.say(tag + b" OK [APPENDUID 7 %d] stored" % self.next_uid[b"INBOX"])

        world = self.send_one(Boasting())
        self.assertEqual(len(os.listdir(f"{world.sterna.state}/acc/undo")), 1)

    def test_what_a_filter_files_elsewhere_is_there_once(self):
        class Filing(ScriptedServer):
            def on_append(self, session, tag, text):
                uid = self.next_uid[b"INBOX"]
                self.make("Spam")
                self.add(b"Spam", text.partition(b"}\r\n")[2])
                session.say(tag + b" OK [APPENDUID 7 %d] stored" % uid)

        world = self.send_one(Filing())
        self.assertEqual(len(world.server.messages("Spam")), 1)
        self.assertEqual(len(world.mail.messages("Spam")), 1)


class MailboxTest(InVainCase):
    def test_a_mailbox_that_is_made_and_never_listed_is_parked(self):
        class Forgetful(ScriptedServer):
            lies = True

            def on_create(self, session, tag, text):
                if self.lies:
                    session.say(tag + b" OK made")
                else:
                    super().on_create(session, tag, text)

        server = Forgetful()
        world = self.start(server)
        world.mail.deliver("Neu", local(message("new")), "S", NOON)
        server.commands.clear()
        for _ in range(3):
            world.sync(expect=PARTLY)   # what was made cannot be opened
        self.assertEqual(len(server.sent(rb"^CREATE")), 3)
        self.sync(world, expect=PARTLY)
        self.assertEqual(server.sent(rb"^CREATE"), [])
        self.assert_parked(world, "create_mailbox", "the server does not list it")
        self.assertEqual(self.sync(world, times=2)["quarantined"], 1)
        self.assertEqual(server.sent(rb"^(CREATE|SELECT \"Neu)"), [])
        self.assert_new_mail_comes(world, "INBOX")
        self.assertEqual(len(world.mail.messages("Neu")), 1)
        server.lies = False
        self.let_the_pause_pass(world)
        world.sync(expect=None)
        self.assertEqual(self.sync(world)["quarantined"], 0)
        self.assertEqual(len(server.messages("Neu")), 1)


class UserTest(InVainCase):
    """Ten syncs in a row in which somebody does the same, or the opposite of before."""

    def assert_left_alone(self, report):
        self.assertEqual((report["quarantined"], report["held"], report["errors"]), (0, 0, []))

    def assert_done(self, world, count):
        """One sync carries over one thing of that kind, and minds nothing."""
        report = world.sync()
        self.assertEqual(report[count], 1)
        self.assert_left_alone(report)

    def test_a_flag_that_is_set_and_taken_away_in_turns(self):
        world = self.start(ScriptedServer())
        for number in range(10):
            letters = "S" if number % 2 == 0 else ""
            world.mail.set_letters(world.mail.find("INBOX", "<INBOX-1@"), letters)
            self.assert_done(world, "flags_out")
            self.assertEqual(b"\\Seen" in world.server.messages()[1][0], number % 2 == 0)

    def test_a_flag_that_is_set_and_taken_away_on_the_server(self):
        world = self.start(ScriptedServer())
        flags = world.server.messages()[1][0]
        for number in range(10):
            (flags.add if number % 2 == 0 else flags.discard)(b"\\Flagged")
            self.assert_done(world, "flags_in")

    def test_a_flag_that_is_set_here_and_taken_away_there(self):
        world = self.start(ScriptedServer())
        for _ in range(10):
            world.mail.add_letters(world.mail.find("INBOX", "<INBOX-1@"), "S")
            self.assert_done(world, "flags_out")
            world.server.messages()[1][0].discard(b"\\Seen")
            self.assert_done(world, "flags_in")

    def test_a_flag_that_is_taken_away_on_both_sides_and_set_here(self):
        world = self.start(ScriptedServer())
        for _ in range(10):
            world.mail.add_letters(world.mail.find("INBOX", "<INBOX-1@"), "S")
            self.assert_done(world, "flags_out")
            world.mail.set_letters(world.mail.find("INBOX", "<INBOX-1@"), "")
            world.server.messages()[1][0].discard(b"\\Seen")
            self.assert_left_alone(world.sync())

    def test_a_message_that_is_moved_to_and_fro(self):
        for capabilities in (ScriptedServer.capabilities,
                             ScriptedServer.capabilities.replace(b" MOVE", b"")):
            with self.subTest(capabilities):
                server = ScriptedServer()
                server.capabilities = capabilities
                server.make("Work")
                world = self.start(server)
                places = ["INBOX", "Work"]
                for _ in range(10):
                    world.mail.move(world.mail.find(places[0], "<INBOX-1@"), places[1])
                    self.assert_done(world, "moved_out")
                    places.reverse()

    def test_a_file_that_is_deleted_and_put_back(self):
        world = self.start(ScriptedServer(), local_delete="expunge")
        for _ in range(6):
            path = world.mail.deliver("INBOX", local(message("again")), "S", NOON, base="17.host")
            self.assert_done(world, "uploaded")
            os.unlink(path)
            self.assert_done(world, "deleted_out")

    def test_a_message_that_is_deleted_on_the_server_and_put_back_there(self):
        world = self.start(ScriptedServer())
        for _ in range(6):
            world.server.fill(1)
            self.assert_left_alone(world.sync())
            del world.server.messages()[max(world.server.messages())]
            self.assert_left_alone(world.sync())


if __name__ == "__main__":
    unittest.main()
