# SPDX-License-Identifier: Apache-2.0
"""What a large Maildir may make the program hold, what bodies become files, and servers that do a
part of what they are asked. What a hostile server may cost is in hostile_amounts_test.
"""
import re
import unittest

from tests.support.messages import NOON, local, message
from tests.support.scripted import ScriptedServer, ScriptedWorld
from tests.support.sterna import PARTLY

MIB = 1 << 20
NO_BRAKE = {"share": 1.0, "at_least": 100_000}
BASE = 96 * MIB        # twice what the program itself needs


class HeldTest(unittest.TestCase):
    def test_an_upload_of_many_files_holds_few_octets(self):
        world = ScriptedWorld(self, ScriptedServer())
        world.sync()
        for number in range(2000):
            body = "a line of sixty-three octets, so that these come to 60 KB....\n" * 950
            world.mail.deliver("INBOX", local(message(f"m{number}", body)), "S", NOON + number)
        report = world.sync(octets_max=BASE, timeout=200)
        self.assertEqual(report["uploaded"], 2000)

    def test_an_upload_of_many_large_files_holds_few_descriptors(self):
        world = ScriptedWorld(self, ScriptedServer())
        world.sync()
        for number in range(120):
            body = "a line of sixty-three octets, so that these come to 300 KB...\n" * 5000
            world.mail.deliver("INBOX", local(message(f"m{number}", body)), "S", NOON + number)
        report = world.sync(files_max=64, timeout=200)
        self.assertEqual(report["uploaded"], 120)
        self.assertEqual(len(world.server.messages()), 120)


class BodyTest(unittest.TestCase):
    def test_a_body_that_is_sent_twice_is_one_file(self):
        class Twice(ScriptedServer):
            def fetch_line(self, session, uid, items):
                line = super().fetch_line(session, uid, items)
                return line + b"\r\n" + line if b"BODY.PEEK[]" in items and uid == 2 else line

        server = Twice()
        server.fill(3)
        world = ScriptedWorld(self, server)
        self.assertEqual(world.sync()["downloaded"], 3)
        self.assertEqual(len(world.mail.messages("INBOX")), 3)
        self.assertEqual(world.sync()["uploaded"], 0)

    def test_a_large_body_that_is_sent_twice_is_one_file(self):
        class Twice(ScriptedServer):
            def fetch_line(self, session, uid, items):
                line = super().fetch_line(session, uid, items)
                return line + b"\r\n" + line if b"BODY.PEEK[]" in items and uid == 2 else line

        server = Twice()
        server.fill(3, body=b"a line of some octets\r\n" * 60_000)
        world = ScriptedWorld(self, server)
        self.assertEqual(world.sync()["downloaded"], 3)
        self.assertEqual(len(world.mail.messages("INBOX")), 3)
        self.assertEqual(world.sync()["uploaded"], 0)

    def test_a_body_that_nobody_asked_for_is_no_file(self):
        class Generous(ScriptedServer):
            def fetch_line(self, session, uid, items):
                line = super().fetch_line(session, uid, items)
                if b"BODY.PEEK[]" in items and uid == 4:
                    line = super().fetch_line(session, 1, items) + b"\r\n" + line
                return line

        server = Generous()
        server.fill(3)
        world = ScriptedWorld(self, server)
        world.sync()
        server.fill(1)
        self.assertEqual(world.sync()["downloaded"], 1)
        self.assertEqual(len(world.mail.messages("INBOX")), 4)
        world.sync()


class Limiting(ScriptedServer):
    """Commands are done for 100 messages, the highest UIDs first (RFC 9738)."""

    capabilities = ScriptedServer.capabilities + b" MESSAGELIMIT=100"
    tells_where = True

    def limited(self, uids):
        if len(uids) <= 100:
            return uids, None
        done = uids[-100:]
        last = b" %d" % done[0] if self.tells_where else b""
        return done, b"[MESSAGELIMIT 100%s]" % last


class Changing(Limiting):
    """The same with CONDSTORE: each message has its UID, or what it was given since, as MODSEQ."""

    capabilities = Limiting.capabilities + b" CONDSTORE"

    def __init__(self):
        super().__init__()
        self.modseq = {}
        self.highest = 1000

    def status_line(self, name, text):
        line = super().status_line(name, text)
        return line[:-1] + b" HIGHESTMODSEQ %d)" % self.highest

    def on_select(self, session, tag, text):
        session.say(b"* OK [HIGHESTMODSEQ %d] ." % self.highest)
        super().on_select(session, tag, text)

    def on_uid_fetch(self, session, tag, text):
        since = re.search(rb"CHANGEDSINCE (\d+)", text)
        if not since:
            super().on_uid_fetch(session, tag, text)
            return
        uids = [uid for uid in self.uids(session, text.split(b" ")[2])
                if self.modseq.get(uid, uid) > int(since[1])]
        uids, code = self.limited(uids)
        for uid in uids:
            line = self.fetch_line(session, uid, b"")
            session.say(line[:-1] + b" MODSEQ (%d))" % self.modseq.get(uid, uid))
        self._tagged(session, tag, code)

    def flag_all(self):
        self.highest += 1000
        for uid, one in self.messages().items():
            one[0] = {b"\\Seen"}
            self.modseq[uid] = self.highest - 1


class MessageLimitTest(unittest.TestCase):
    def test_a_limited_mailbox_comes_whole(self):
        server = Limiting()
        server.fill(250)
        world = ScriptedWorld(self, server)
        self.assertEqual(world.sync()["downloaded"], 250)
        del server.messages()[7], server.messages()[200]
        self.assertEqual(world.sync()["deleted_in"], 2)
        self.assertEqual(len(world.mail.messages("INBOX")), 248)

    def test_a_server_that_does_not_say_where_it_stopped_proves_nothing(self):
        server = Limiting()
        server.tells_where = False
        server.fill(250)
        world = ScriptedWorld(self, server)
        report = world.sync(expect=PARTLY)
        self.assertIn("MESSAGELIMIT", str(report["errors"]))
        self.assertEqual(report["deleted_in"], 0)

    def test_verify_compares_a_limited_mailbox_whole(self):
        server = Limiting()
        server.fill(250)
        world = ScriptedWorld(self, server)
        world.sync()
        self.assertIn("the same on both sides", world.sterna.run("verify", "--deep").stdout)
        server.tells_where = False
        done = world.sterna.run("verify", expect=PARTLY)
        self.assertIn("mailbox INBOX: the server tells of a part", done.stderr)
        self.assertNotIn("the same on both sides", done.stdout)

    def test_flags_beyond_the_limit_are_seen(self):
        server = Changing()
        server.fill(250)
        world = ScriptedWorld(self, server)
        world.sync()
        server.flag_all()
        world.sync()
        self.assertEqual([m for m in world.mail.messages("INBOX") if "S" not in m.letters], [])

    def test_flags_that_are_not_told_leave_the_cursor_where_it_is(self):
        server = Changing()
        server.fill(250)
        world = ScriptedWorld(self, server)
        world.sync()
        server.tells_where = False
        server.flag_all()
        report = world.sync(expect=PARTLY)
        self.assertIn("MESSAGELIMIT", str(report["errors"]))
        server.tells_where = True
        world.sync()
        self.assertEqual([m for m in world.mail.messages("INBOX") if "S" not in m.letters], [])

    def test_flags_are_pushed_in_parts(self):
        server = Limiting()
        server.fill(250)
        world = ScriptedWorld(self, server)
        world.sync()
        for one in world.mail.messages("INBOX"):
            world.mail.add_letters(one, "S")
        world.sync()
        self.assertEqual([u for u, m in server.messages().items() if b"\\Seen" not in m[0]], [])

    def test_a_push_that_was_done_in_part_goes_on(self):
        class Stingy(Limiting):
            def limited(self, uids):
                if len(uids) <= 40:
                    return uids, None
                return uids[-40:], b"[MESSAGELIMIT 40 %d]" % uids[-40]

        server = Stingy()
        server.fill(90)
        world = ScriptedWorld(self, server)
        world.sync()
        for one in world.mail.messages("INBOX"):
            world.mail.add_letters(one, "S")
        world.sync()
        self.assertEqual([u for u, m in server.messages().items() if b"\\Seen" not in m[0]], [])

    def test_messages_are_moved_in_parts(self):
        server = Limiting()
        server.fill(250)
        server.make("Work")
        world = ScriptedWorld(self, server)
        world.sync()
        for one in world.mail.messages("INBOX"):
            world.mail.move(one, "Work")
        world.sync()
        self.assertEqual((len(server.messages()), len(server.messages("Work"))), (0, 250))
        self.assertEqual(len(world.mail.messages("Work")), 250)
        self.assertEqual(server.sent(rb"^APPEND"), [])

    def test_messages_are_removed_in_parts(self):
        server = Limiting()
        server.fill(250)
        server.make("Trash")
        world = ScriptedWorld(self, server, roles={"trash": "Trash"}, hold_deletions=NO_BRAKE)
        world.sync()
        for one in world.mail.messages("INBOX"):
            world.mail.delete(one)
        world.sync()
        self.assertEqual((len(server.messages()), len(server.messages("Trash"))), (0, 250))

    def test_what_a_partial_expunge_left_is_not_buried(self):
        class Stingy(Limiting):
            def limited(self, uids):
                if len(uids) <= 40:
                    return uids, None
                return uids[-40:], b"[MESSAGELIMIT 40 %d]" % uids[-40]

        server = Stingy()
        server.fill(90)
        world = ScriptedWorld(self, server, local_delete="expunge", hold_deletions=NO_BRAKE)
        world.sync()
        for one in world.mail.messages("INBOX"):
            world.mail.delete(one)
        world.sync(expect=PARTLY)
        report = world.sync(expect=(0, PARTLY))
        self.assertEqual(report["bodies_fetched"], 0)
        self.assertEqual(world.mail.messages("INBOX"), [])


if __name__ == "__main__":
    unittest.main()
