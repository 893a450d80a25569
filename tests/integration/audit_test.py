# SPDX-License-Identifier: Apache-2.0
"""A base that lies is found although nothing changes, and mended without loss or a second copy."""
import os
import unittest

from tests.support.case import IntegrationCase, need_steps, over
from tests.support.dovecot import MAIN_PROFILES
from tests.support.maildir import digest_tree
from tests.support.messages import NOON, message
from tests.support.oracle import server_fingerprint

HOUR_MS = 3_600_000
# Servers without CONDSTORE are asked for all flags at every sync as it is.
WITH_MODSEQ = ("full", "condstore")


class AuditTest(IntegrationCase):
    def ready(self, world, count=6, **keys):
        uids = world.fill("INBOX", count, flags=("\\Seen",), **keys)
        world.fill("Work", 2, "w")
        world.sync()
        world.wait_for_stamp()
        return uids

    def later(self, world, hours=2):
        world.ask_state("UPDATE fact SET value = value + ? WHERE key = 'lived_ms'",
                        hours * HOUR_MS)

    def everything(self, world):
        return (server_fingerprint(world.imap),
                digest_tree(world.mail.root, times=False, skip=(".sterna",)))

    def audited(self, world, quiet=True):
        """Two hours later: what the server and the Maildir have is what they had."""
        before = self.everything(world)
        self.later(world)
        report = world.sync()
        if quiet:
            self.assertEqual(before, self.everything(world))
            for count in ("uploaded", "deleted_in", "deleted_out", "bodies_fetched", "held"):
                self.assertEqual(report[count], 0, count)
        world.assert_settled()
        run = world.sterna.run("verify", "--deep")
        self.assertIn("the same on both sides", run.stdout)
        return report

    def lie(self, world, change, *values):
        world.ask_state(f"UPDATE message SET {change}", *values)

    def doubts(self, world):
        return [row for (row,) in world.ask_state(
            "SELECT detail FROM history WHERE event = 'doubted'")]

    @over(MAIN_PROFILES)
    def test_a_sound_base_is_let_be(self, world):
        self.ready(world)
        self.audited(world)
        self.assertEqual(self.doubts(world), [])

    @over(WITH_MODSEQ)
    def test_flags_that_neither_side_has(self, world):
        uids = self.ready(world)
        self.lie(world, "flags = '\\Flagged' WHERE uid = ?", uids[1])
        self.audited(world)
        self.assertEqual(world.ask_state("SELECT flags FROM message WHERE uid = ?", uids[1])[0],
                         ("\\Seen",))

    @over(WITH_MODSEQ)
    def test_flags_that_the_server_changed_and_never_told(self, world):
        uids = self.ready(world)
        world.imap.store("INBOX", uids[1], "+", ["\\Flagged"])
        # As if that had been before the cursor, which may be the server's fault.
        world.ask_state("UPDATE mailbox SET highest_modseq = ? WHERE name = 'INBOX'",
                        world.imap.status("INBOX")["HIGHESTMODSEQ"])
        world.sync()
        self.later(world)
        world.sync()
        self.assertIn("\\Flagged", world.mail.find("INBOX", "m1@").flags)
        world.assert_settled()

    @over(WITH_MODSEQ)
    def test_flags_that_the_files_name_has_not(self, world):
        uids = self.ready(world)
        world.mail.add_letters(world.mail.find("INBOX", "m1@"), "F")
        world.sync()
        self.lie(world, "flags = '\\Seen' WHERE uid = ?", uids[1])
        self.audited(world)

    @over(WITH_MODSEQ)
    def test_a_row_that_is_missing(self, world):
        uids = self.ready(world)
        world.ask_state("DELETE FROM message WHERE uid = ? AND mailbox = "
                        "(SELECT id FROM mailbox WHERE name = 'INBOX')", uids[2])
        self.audited(world)
        self.assertEqual(len(world.ask_state("SELECT uid FROM message")), 8)

    @over(WITH_MODSEQ)
    def test_a_row_under_a_wrong_uid(self, world):
        uids = self.ready(world, count=7)
        world.imap.expunge("INBOX", uids[3])
        world.sync()
        world.wait_for_stamp()
        self.lie(world, "uid = ? WHERE uid = ? AND base_name LIKE '%U' || ? || '.%'",
                 uids[3], uids[2], uids[2])
        self.audited(world)

    @over(WITH_MODSEQ)
    def test_two_rows_that_trade_their_uids(self, world):
        uids = self.ready(world)
        inbox = "mailbox = (SELECT id FROM mailbox WHERE name = 'INBOX')"
        for old, new in ((uids[1], 9999), (uids[2], uids[1]), (9999, uids[2])):
            self.lie(world, f"uid = ? WHERE uid = ? AND {inbox}", new, old)
        self.audited(world)

    @over(WITH_MODSEQ)
    def test_a_row_of_no_message(self, world):
        uids = self.ready(world, count=7)
        [row] = world.ask_state("SELECT * FROM message WHERE uid = ? AND mailbox = (SELECT id FROM "
                                "mailbox WHERE name = 'INBOX')", uids[3])
        world.imap.expunge("INBOX", uids[3])
        world.sync()
        world.wait_for_stamp()
        world.ask_state(f"INSERT INTO message VALUES ({', '.join('?' * len(row))})", *row)
        self.audited(world)
        self.assertEqual(len(world.ask_state("SELECT uid FROM message")), 8)

    @over(WITH_MODSEQ)
    def test_a_wrong_digest_or_size(self, world):
        for lie in ("header_digest = zeroblob(32)", "body_digest = body_digest + 1",
                    "identity_size = identity_size + 5", "remote_size = remote_size + 5",
                    "size = size + 5", "mtime_ns = mtime_ns - 5000000000",
                    "internal_date = internal_date - 60"):
            with self.subTest(lie):
                world2 = self.world(world.profile)
                uids = self.ready(world2)
                self.lie(world2, f"{lie} WHERE uid = ?", uids[1])
                self.audited(world2)
                # It can be deleted and moved again, which takes a proof.
                world2.mail.delete(world2.mail.find("INBOX", "m1@"))
                world2.sync()
                self.assertEqual(world2.words_on_server("Trash"), ["m1"])

    def test_one_that_dies_on_the_way_is_mended_by_the_next(self):
        need_steps()
        for transaction in range(1, 7):
            with self.subTest(transaction):
                world = self.world()
                uids = self.ready(world)
                before = self.everything(world)
                self.lie(world, "header_digest = zeroblob(32) WHERE uid = ?", uids[1])
                self.later(world)
                world.mail.settle()
                world.imap.leave()
                world.sterna.die_at(f"store.committed:{transaction}", "sync")
                report = world.sync()
                self.assertEqual((report["uploaded"], report["bodies_fetched"]), (0, 0))
                self.assertEqual(before, self.everything(world))
                world.assert_settled()

    def test_flags_of_a_mailbox_that_is_only_pulled_stay_as_they_are_here(self):
        world = self.world(direction="pull")
        self.ready(world)
        world.mail.add_letters(world.mail.find("INBOX", "m1@"), "F")
        world.sync()
        before = self.everything(world)
        self.later(world)
        world.sync()
        self.assertEqual(before, self.everything(world))
        self.assertEqual(self.doubts(world), [])

    def damage(self, file):
        whole = file.read()
        stat = os.stat(file.path)
        with open(file.path, "r+b") as damaged:
            damaged.seek(len(whole) - 4)
            damaged.write(b"\0\0\0")
        os.utime(file.path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        return whole

    def test_where_no_two_agree_nothing_is_done(self):
        world = self.world()
        uids = self.ready(world)
        self.damage(world.mail.find("INBOX", "m1@"))
        self.lie(world, "body_digest = body_digest + 1 WHERE uid = ?", uids[1])
        before = self.everything(world)
        self.later(world)
        report = world.sync()
        self.assertIn("nothing tells what is right", report["stderr"])
        self.assertEqual(before, self.everything(world))
        self.assertEqual(world.undo_area(), [])

    def test_a_file_that_the_disk_damaged_is_fetched_again(self):
        world = self.world()
        self.ready(world)
        whole = self.damage(world.mail.find("INBOX", "m1@"))
        self.audited(world, quiet=False)
        self.assertEqual(world.mail.find("INBOX", "m1@").read(), whole)
        self.assertEqual(len(world.undo_area()), 1)
        self.assertEqual(world.words_on_server("Trash"), [])

    def test_an_edit_made_after_the_audit_looked_is_no_damage(self):
        world = self.world()
        self.ready(world)
        self.damage(world.mail.find("INBOX", "m1@"))
        done = []

        def edit(command):
            if b"BODY.PEEK[])" in command and not done:
                done.append(command)
                file = world.mail.find("INBOX", "m1@")
                world.mail.replace(file, message("m1", "written just now"))
        world.wire.on_command = edit
        self.later(world)
        world.sync()
        world.wire.on_command = None
        world.sync()
        self.assertTrue(done)
        self.assertIn(b"written just now", world.mail.find("INBOX", "m1@").read())
        self.assertTrue(any(b"written just now" in m.body for m in world.imap.fetch_all("INBOX")))
        world.assert_settled()

    def test_what_is_deleted_after_it_died_on_the_way_stays_deleted(self):
        need_steps()
        for side in ("here", "there"):
            with self.subTest(side):
                self.assertTrue(any([self.die_and_delete(side, n) for n in range(1, 6)]))

    def die_and_delete(self, side, transaction):
        world = self.world()
        self.ready(world)
        # Under a name that is not Sterna's.
        world.mail.deliver("INBOX", message("own"), "S")
        world.sync()
        world.wait_for_stamp()
        [[uid]] = world.ask_state("SELECT max(uid) FROM message WHERE mailbox = "
                                  "(SELECT id FROM mailbox WHERE name = 'INBOX')")
        self.lie(world, "header_digest = zeroblob(32) WHERE uid = ?", uid)
        self.later(world)
        world.mail.settle()
        world.imap.leave()
        world.sterna.die_at(f"store.committed:{transaction}", "sync")
        doubts = self.doubts(world)
        if not doubts:
            return False    # before the audit, or behind all: that is other tests' matter
        if side == "here":
            world.mail.delete(world.mail.find("INBOX", "own@"))
        else:
            world.imap.expunge("INBOX", uid)
        world.mail.settle()
        for _ in range(2):
            self.assertEqual(world.sync()["uploaded"], 0)
        self.assertNotIn("own", world.words_on_server("INBOX"))
        self.assertNotIn("own", world.words_local("INBOX"))
        return True

    @over(WITH_MODSEQ)
    def test_three_rows_that_trade_their_uids(self, world):
        uids = self.ready(world)
        inbox = "mailbox = (SELECT id FROM mailbox WHERE name = 'INBOX')"
        for old, new in ((uids[1], 9999), (uids[2], uids[1]), (uids[4], uids[2]), (9999, uids[4])):
            self.lie(world, f"uid = ? WHERE uid = ? AND {inbox}", new, old)
        self.audited(world)

    def test_a_server_that_hangs_up_at_one_mailbox_keeps_no_other_from_its_turn(self):
        world = self.world()
        uids = self.ready(world)
        world.wait_for_stamp("Work")
        self.lie(world, "flags = '\\Flagged' WHERE uid = ? AND base_name LIKE '%U' || uid || '.%'",
                 uids[1])
        before = world.ask_state("SELECT value FROM fact WHERE key = 'audit'")
        self.later(world)
        world.wire.cut_before(rb"SELECT \"?Work")
        report = world.sync()
        self.assertIn("mailbox Work: not audited", report["stderr"])
        self.assertEqual(world.ask_state("SELECT flags FROM message WHERE uid = ?", uids[1])[0],
                         ("\\Seen",))
        self.assertNotEqual(before, world.ask_state("SELECT value FROM fact WHERE key = 'audit'"))
        world.assert_settled()

    def test_a_message_that_is_not_told_hides_no_other(self):
        world = self.world()
        uids = self.ready(world)
        whole = self.damage(world.mail.find("INBOX", "m1@"))
        self.damage(world.mail.find("INBOX", "m3@"))
        self.lie(world, "header_digest = zeroblob(32) WHERE uid = ?", uids[2])
        world.wire.refuse_always(rb"UID FETCH %d .*BODY.PEEK\[\]" % uids[3], b"NO not this one")
        self.later(world)
        report = world.sync()
        self.assertIn("mailbox INBOX: not audited", report["stderr"])
        self.assertEqual(world.mail.find("INBOX", "m1@").read(), whole)
        self.assertEqual(self.doubts(world), ["the file holds something else"])
        world.sync()

    @over(("bare",))
    def test_a_flag_that_is_set_meanwhile_is_no_fault_of_the_base(self, world):
        uids = self.ready(world)
        done = []

        def flag(command):
            if b"INTERNALDATE" in command and not done:
                done.append(command)
                with world.server.client(world.user) as other:
                    other.store("INBOX", uids[1], "+", ["\\Flagged"])
        self.later(world)
        world.wire.on_command = flag
        world.sync()
        world.wire.on_command = None
        world.sync()
        self.assertTrue(done)
        self.assertEqual(self.doubts(world), [])
        self.assertIn("\\Flagged", world.mail.find("INBOX", "m1@").flags)

    def test_flags_that_wait_in_a_read_only_mailbox_stay(self):
        world = self.world()
        uids = self.ready(world)
        world.wire.lie(rb"READ-WRITE", b"READ-ONLY")
        world.imap.store("INBOX", uids[2], "+", ["\\Flagged"])   # so that it is looked at
        world.mail.add_letters(world.mail.find("INBOX", "m1@"), "F")
        world.sync()
        world.wait_for_stamp()
        self.later(world)
        world.sync()
        self.assertIn("\\Flagged", world.mail.find("INBOX", "m1@").flags)
        self.assertEqual(self.doubts(world), [])

    def test_a_large_file_is_read_and_ends_the_slice(self):
        world = self.world()
        self.ready(world, count=0)
        world.imap.append("INBOX", message("big", 250_000 * ("x" * 70 + "\n")), ["\\Seen"], NOON)
        world.fill("INBOX", 2, flags=("\\Seen",))
        world.sync()
        world.wait_for_stamp()
        for word, uid in (("big@", "2"), ("m0@", "1")):
            whole = self.damage(world.mail.find("INBOX", word))
            self.later(world, 1)
            world.sync()
            self.assertEqual(world.mail.find("INBOX", word).read(), whole)
            self.assertEqual(world.ask_state("SELECT value FROM fact WHERE key = 'audit'")[0][0]
                             .split()[2], uid)
        world.assert_settled()

    def test_every_mailbox_has_its_turn_whatever_its_size(self):
        world = self.world()
        self.ready(world)
        for i in range(9):
            world.fill(f"box{i}", 1, f"b{i}")
        world.sync()
        lied = world.ask_state("SELECT count(*) FROM message WHERE flags = ''")[0][0]
        self.assertGreater(lied, 9)
        for name in [f"box{i}" for i in range(9)] + ["INBOX", "Work"]:
            world.wait_for_stamp(name)
        self.lie(world, "flags = '\\Draft' WHERE flags = ''")
        for _ in range(4):
            self.later(world)
            world.sync()
        self.assertEqual(world.ask_state(
            "SELECT count(*) FROM message WHERE flags = '\\Draft'")[0][0], 0)
        world.assert_settled()

    def test_a_large_mailbox_is_audited_in_slices(self):
        world = self.world()
        world.imap.append_many("INBOX", [(message(f"m{i}"), (), NOON) for i in range(700)])
        world.sync()
        world.wait_for_stamp()
        self.lie(world, "flags = '\\Draft' WHERE uid = 700")
        self.later(world, 1)
        world.sync()
        self.assertEqual(world.ask_state("SELECT value FROM fact WHERE key = 'audit'")[0][0]
                         .split()[2], "501")
        self.later(world, 1)
        world.sync()
        self.assertEqual(world.ask_state("SELECT flags FROM message WHERE uid = 700"), [("",)])
        world.assert_settled()

    def test_within_the_hour_a_sync_asks_nothing(self):
        world = self.world()
        self.ready(world)
        self.audited(world)
        world.wire.forget()
        world.sync()
        self.assertEqual(world.wire.sent(rb"SELECT|FETCH"), [])


if __name__ == "__main__":
    unittest.main()
