# SPDX-License-Identifier: Apache-2.0
"""Disks that are full, and directories that may not be read or written: named, and harmless."""
import contextlib
import ctypes
import os
import shutil
import subprocess
import unittest

from tests.support.case import IntegrationCase
from tests.support.dovecot import NOBODY
from tests.support.messages import NOON, local, message
from tests.support.sterna import DONE, FAILED, PARTLY

PAGE = 4096
STATE_FULL = "state.db: database or disk is full"


class FullDiskTest(IntegrationCase):
    def mount_tmpfs(self, path, size, remount=False):
        libc = ctypes.CDLL(None, use_errno=True)
        how = 32 if remount else 0       # MS_REMOUNT
        if libc.mount(b"none", path.encode(), b"tmpfs", how, f"size={size}".encode()) != 0:
            self.skipTest("a small file system needs the right to mount one")
        if not remount:
            self.addCleanup(libc.umount2, path.encode(), 2)

    def leave_pages(self, path, count):
        """A mounted file system gets so many pages more than it holds."""
        now = os.statvfs(path)
        used = (now.f_blocks - now.f_bfree) * now.f_bsize
        self.mount_tmpfs(path, used + count * PAGE, remount=True)

    def fill_up(self, path):
        """Nothing is left of a mounted file system."""
        with contextlib.suppress(OSError), open(f"{path}/filler", "ab", buffering=0) as out:
            while out.write(b"x" * PAGE):
                pass

    def test_a_full_maildir(self):
        world = self.world()
        os.makedirs(world.mail.root)
        self.mount_tmpfs(world.mail.root, "24m")
        world.fill("Work", 3, "w")
        world.sync()
        world.mail.add_letters(world.mail.find("Work", "<w0@"), "F")
        for number in range(40):
            body = ("y" * 75 + "\n") * 14000
            world.imap.append("INBOX", message(f"big{number}", body), [], NOON + number)
        report = world.sync(expect=PARTLY)
        self.assertRegex(report["stderr"], "account acc: mailbox INBOX: .*writing "
                         rf"{world.mail.root}/INBOX/tmp/\S+: No space left on device\n"
                         "  free some space")
        self.assertNotIn("mailbox Work", report["stderr"])
        for words in (world.words_local("Work"), world.words_on_server("Work")):
            self.assertEqual(words, ["w0", "w1", "w2"])
        self.assertIn("F", world.mail.find("Work", "<w0@").letters)
        complete = {m.body.replace(b"\r\n", b"\n") for m in world.imap.fetch_all("INBOX")}
        self.assertEqual(len(complete), 40)
        for found in world.mail.messages("INBOX"):
            self.assertIn(found.read(), complete)
        self.mount_tmpfs(world.mail.root, "100m", remount=True)
        world.pass_time(3600)
        world.sync()
        self.assertEqual(len(world.imap.uids("Work", "FLAGGED")), 1)
        world.assert_settled()

    def test_what_needs_no_room_goes_on(self):
        world = self.world()
        os.makedirs(world.mail.root)
        self.mount_tmpfs(world.mail.root, "40m")
        uids = world.fill("INBOX", 5)
        world.sync()
        filler = f"{world.mail.root}/filler"
        with open(filler, "wb") as out:
            out.write(b"x" * (30 << 20))      # less than the reserve is left
        world.fill("INBOX", 1, "new")
        world.imap.expunge("INBOX", [uids[4]])
        world.mail.add_letters(world.mail.find("INBOX", "<m0@"), "S")
        world.mail.deliver("INBOX", local(message("draft")), "S", NOON)
        world.mail.delete(world.mail.find("INBOX", "<m1@"))
        report = world.sync(expect=PARTLY)
        self.assertEqual(len(report["errors"]), 1, report["errors"])
        self.assertIn(f"free where the Maildir is, in {world.mail.root}; nothing is fetched",
                      report["stderr"])
        self.assertEqual(report["downloaded"], 0)
        self.assertEqual(world.imap.flags("INBOX", uids[0]), {"\\Seen"})
        self.assertEqual(world.words_on_server("INBOX"), ["draft", "m0", "m2", "m3", "new0"])
        self.assertEqual(world.words_on_server("Trash"), ["m1"])
        # It may be what was not fetched that left here.
        self.assertEqual(world.words_local("INBOX"), ["draft", "m0", "m2", "m3", "m4"])
        os.unlink(filler)
        world.sync()
        self.assertEqual(world.words_local("INBOX"), ["draft", "m0", "m2", "m3", "new0"])
        world.assert_settled()

    def test_without_any_room_flags_and_mail_leave(self):
        world = self.world()
        os.makedirs(world.mail.root)
        self.mount_tmpfs(world.mail.root, "40m")
        uids = world.fill("INBOX", 3)
        world.sync()
        world.mail.add_letters(world.mail.find("INBOX", "<m0@"), "S")
        world.mail.deliver("INBOX", local(message("draft")), "S", NOON)
        self.fill_up(world.mail.root)
        report = world.sync()
        self.assertIn("the Maildir's marker: writing", report["stderr"])
        self.assertIn("free some space", report["stderr"])
        self.assertEqual(world.imap.flags("INBOX", uids[0]), {"\\Seen"})
        self.assertEqual(world.words_on_server("INBOX"), ["draft", "m0", "m1", "m2"])
        # What removes needs the marker first.
        world.mail.delete(world.mail.find("INBOX", "<m1@"))
        self.fill_up(world.mail.root)
        report = world.sync(expect=FAILED)
        self.assertEqual(report["stderr"].count("the Maildir's marker: writing"), 1)
        self.assertEqual(world.words_on_server("INBOX"), ["draft", "m0", "m1", "m2"])
        os.unlink(f"{world.mail.root}/filler")
        world.sync()
        self.assertEqual(world.words_on_server("Trash"), ["m1"])
        world.assert_settled()

    def test_a_state_without_space(self):
        for size in ("64k", "128k", "256k"):
            with self.subTest(size):
                world = self.world()
                world.fill("INBOX", 20)
                os.makedirs(world.sterna.state)
                self.mount_tmpfs(world.sterna.state, size)
                run = world.sterna.run("sync", expect=(FAILED, PARTLY))  # the mailboxes may be made
                self.assertIn("account acc: ", run.stderr)
                # Too small for a database, or for what a sync would record.
                self.assertRegex(run.stderr, f"{STATE_FULL}|only .* free where the state is")
                self.assertIn("free some space", run.stderr)
                self.assertEqual(len(world.imap.uids("INBOX")), 20)
                self.mount_tmpfs(world.sterna.state, "50m", remount=True)
                world.sync()
                world.assert_settled()

    def test_a_state_that_is_full_is_said_once(self):
        world = self.world()
        world.fill("INBOX", 2)
        os.makedirs(world.sterna.state)
        self.mount_tmpfs(world.sterna.state, "50m")
        world.sync()
        world.imap.store("INBOX", world.imap.uids("INBOX"), "+", ["\\Seen"])
        self.fill_up(world.sterna.state)
        world.mail.settle()
        run = world.sterna.run("sync", expect=(FAILED, PARTLY))
        self.assertEqual(run.stderr.count("free"), 1, run.stderr)
        self.assertEqual(run.stderr.count("sterna: "), 1, run.stderr)

    def test_a_state_that_fills_up_while_it_uploads_doubles_nothing(self):
        sent = []
        for pages in (12, 24, 36):
            with self.subTest(pages=pages):
                world = self.world()
                os.makedirs(world.sterna.state)
                self.mount_tmpfs(world.sterna.state, "50m")
                world.sync()
                filled = []

                def fill(command, world=world, pages=pages, filled=filled):
                    if command.startswith(b"APPEND") and not filled:
                        filled.append(self.leave_pages(world.sterna.state, pages))

                world.wire.on_command = fill
                words = sorted(f"n{number}" for number in range(400))
                for word in words:
                    world.mail.deliver("INBOX", local(message(word)), "S", NOON)
                world.mail.settle()
                run = world.sterna.run("sync", expect=(FAILED, PARTLY))
                self.assertIn(STATE_FULL, run.stderr)
                sent.append(len(world.imap.uids("INBOX")))
                self.mount_tmpfs(world.sterna.state, "50m", remount=True)
                for _ in range(6):
                    world.sync(expect=(DONE, PARTLY))
                    if world.words_on_server("INBOX") == words:
                        break
                    world.pass_time(120)
                self.assertEqual(world.words_on_server("INBOX"), words)
                world.assert_settled()
        self.assertTrue(any(sent), "full before anything was sent: that proves nothing")


class ForbiddenTest(IntegrationCase):
    """As an ordinary user, from whom rights were taken."""

    def setUp(self):
        self.drop = []
        if os.geteuid() == 0:
            if not shutil.which("setpriv"):
                self.skipTest("root reads everything, and there is no setpriv")
            self.drop = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]

    def forbid(self, world, *paths, mode=0):
        """Gives the world to an ordinary user, and takes rights away from these paths in it."""
        shutil.copy(os.environ["STERNA_BINARY"], f"{world.dir}/sterna-program")
        if self.drop:
            for top, directories, files in os.walk(world.dir):
                for name in [".", *directories, *files]:
                    os.chown(os.path.join(top, name), NOBODY, NOBODY)
        os.chmod(world.dir, 0o755)
        world.mail.settle()
        for path in paths:
            os.chmod(path, mode)
            self.addCleanup(os.chmod, path, 0o700)

    def sync(self, world, expect, *words):
        done = subprocess.run(
            [*self.drop, f"{world.dir}/sterna-program", "-c", world.sterna.config, "--no-input",
             "sync"], env=world.sterna.environment(), capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, expect, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        return done.stderr

    def filled(self):
        world = self.world()
        world.fill("INBOX", 2)
        world.fill("Work", 3, "w")
        world.sync()
        return world

    def assert_unharmed(self, world):
        self.assertEqual(world.words_on_server("INBOX"), ["m0", "m1"])
        self.assertEqual(world.words_on_server("Work"), ["w0", "w1", "w2"])
        self.assertEqual(world.words_on_server("Trash"), [])

    def test_a_message_that_may_not_be_read_is_named_and_stops_nothing(self):
        world = self.filled()
        for word in ("good", "mine"):
            world.mail.deliver("INBOX", local(message(word)), "S", NOON)
        path = world.mail.find("INBOX", "<mine@").path
        self.forbid(world, path)
        self.sync(world, PARTLY, "account acc: mailbox INBOX", os.path.basename(path),
                  "Permission denied", "make the file readable for this user")
        self.assertEqual(world.words_on_server("INBOX"), ["good", "m0", "m1"])
        told = "1 message could not be brought over"
        self.assertIn(told, world.sterna.run("status").stdout)
        self.sync(world, DONE)
        os.chmod(path, 0o600)
        self.assertEqual(self.sync(world, DONE), "")
        self.assertEqual(world.words_on_server("INBOX"), ["good", "m0", "m1", "mine"])
        self.assertNotIn(told, world.sterna.run("status").stdout)
        world.assert_in_step()

    def test_a_mailbox_that_cannot_be_read_leaves_the_others_alone(self):
        world = self.filled()
        world.mail.add_letters(world.mail.find("INBOX", "<m0@"), "F")
        locked = f"{world.mail.root}/Work/cur"
        self.forbid(world, locked)
        words = self.sync(world, PARTLY, f"account acc: mailbox Work: opening {locked}: "
                          "Permission denied\n  give the user who runs Sterna the right")
        self.assertNotIn("mailbox INBOX", words)
        self.assertIn("acc: the last sync had errors: mailbox Work: ",
                      world.sterna.run("status").stdout)
        self.assertEqual(len(world.imap.uids("INBOX", "FLAGGED")), 1)
        self.assert_unharmed(world)
        os.chmod(locked, 0o700)
        world.mail.settle()
        self.assertEqual(self.sync(world, DONE), "")
        self.assertNotIn("had errors", world.sterna.run("status").stdout)
        world.assert_in_step()

    def test_a_maildir_that_cannot_be_read_stops_the_account(self):
        world = self.filled()
        self.forbid(world, world.mail.root)
        self.sync(world, FAILED,
                  f"account acc: the Maildir: opening {world.mail.root}: Permission denied\n"
                  "  give the user who runs Sterna the right")
        self.assert_unharmed(world)
        os.chmod(world.mail.root, 0o700)
        self.assertEqual(self.sync(world, DONE), "")
        self.assert_unharmed(world)
        world.assert_in_step()

    def test_a_read_only_mailbox_while_it_downloads(self):
        world = self.filled()
        world.fill("INBOX", 2, "late")
        world.fill("Work", 1, "late")
        locked = [f"{world.mail.root}/INBOX/{sub}" for sub in ("cur", "new", "tmp")]
        self.forbid(world, *locked, mode=0o500)
        words = self.sync(world, PARTLY)
        # What was tried, where, and how to mend it, which is said once.
        making = rf"making {world.mail.root}/INBOX/\w+/\S+: Permission denied"
        for uid in (3, 4):
            self.assertRegex(words, f"account acc: mailbox INBOX: download UID {uid}: {making}\n")
        self.assertEqual(words.count("give the user who runs Sterna the right"), 1, words)
        self.assertNotIn("mailbox Work", words)
        self.assertEqual(world.words_local("Work"), ["late0", "w0", "w1", "w2"])
        self.assertEqual(world.words_local("INBOX"), ["m0", "m1"])
        checked = subprocess.run(
            [*self.drop, f"{world.dir}/sterna-program", "-c", world.sterna.config, "check",
             "--offline"], env=world.sterna.environment(), capture_output=True, text=True,
            timeout=120)
        self.assertEqual(checked.returncode, FAILED, checked.stdout)
        self.assertRegex(checked.stdout,
                         r"FAILED +folders +INBOX: nothing may be written to cur, new, tmp")
        self.assertRegex(checked.stdout, rf"warning +parked +INBOX, UID 3: download: {making}")
        self.assertNotRegex(checked.stdout, r"folders +Work")
        for path in locked:
            os.chmod(path, 0o700)
        world.pass_time(3600)
        self.assertEqual(self.sync(world, DONE), "")
        self.assertEqual(world.words_local("INBOX"), ["late0", "late1", "m0", "m1"])
        world.assert_in_step()

    def test_a_read_only_maildir_while_it_downloads(self):
        world = self.filled()
        world.fill("INBOX", 2, "late")
        everything = [top for top, _, _ in os.walk(world.mail.root)]
        self.forbid(world, *everything, mode=0o500)
        self.sync(world, PARTLY, "account acc: mailbox INBOX: ", "Permission denied")
        self.assertEqual(len(world.words_on_server("INBOX")), 4)
        for path in everything:
            os.chmod(path, 0o700)
        world.pass_time(3600)
        self.assertEqual(self.sync(world, DONE), "")
        world.assert_in_step()


if __name__ == "__main__":
    unittest.main()
