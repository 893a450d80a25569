# SPDX-License-Identifier: Apache-2.0
"""Files that share a base name, or may not be read: nothing is doubled, nothing blocked."""
import os
import shutil
import subprocess
import unittest

from tests.support.case import IntegrationCase, over
from tests.support.dovecot import MAIN_PROFILES
from tests.support.messages import NOON, local, message
from tests.support.sterna import DONE

HELD = 6
PARTLY = 3


def copy_as(message_file, directory, info):
    """A second file of that base beside it, or in another mailbox."""
    shutil.copy2(message_file.path, f"{directory}/cur/{message_file.base}:2,{info}")


class NamesakesTest(IntegrationCase):
    @over(MAIN_PROFILES)
    def test_a_copy_under_the_same_base_is_held_once_and_never_sent(self, world):
        world.fill("INBOX", 1, flags=["\\Seen"])
        world.sync()
        copy_as(world.mail.messages("INBOX")[0], world.mail.folder("INBOX"), "FS")
        for _ in range(3):
            report = world.sync(expect=HELD)
            self.assertEqual((report["uploaded"], report["held"]), (0, 1))
        self.assertEqual(world.words_on_server("INBOX"), ["m0"])
        self.assertEqual(len(world.mail.messages("INBOX")), 2)

    @over(MAIN_PROFILES)
    def test_one_that_was_named_before_the_line_went_is_held_as_well(self, world):
        world.fill("INBOX", 1, flags=["\\Seen"])
        world.sync()
        copy_as(world.mail.messages("INBOX")[0], world.mail.folder("INBOX"), "FS")
        world.fill("Work", 1, "w")
        world.wire.cut_before(rb"^UID FETCH|^SELECT")
        world.sync(expect=PARTLY)  # Work was made
        self.assertEqual(world.sync(expect=HELD)["uploaded"], 0)
        self.assertEqual(world.words_on_server("INBOX"), ["m0"])

    def test_one_that_is_wanted_is_sent_once(self):
        world = self.world()
        world.fill("INBOX", 1, flags=["\\Seen"])
        world.sync()
        copy_as(world.mail.messages("INBOX")[0], world.mail.folder("INBOX"), "FS")
        world.sync(expect=HELD)
        world.sterna.run("held", "restore")
        self.assertEqual(len(world.imap.uids("INBOX")), 2)
        self.assertEqual(world.sync()["uploaded"], 0)
        self.assertEqual(len(world.imap.uids("INBOX")), 2)
        world.assert_settled()

    def test_a_backup_copied_over_a_tree_whose_flags_moved_on(self):
        world = self.world()
        world.fill("INBOX", 6)
        world.sync()
        backup = shutil.copytree(f"{world.mail.folder('INBOX')}/cur", f"{world.dir}/backup")
        for found in world.mail.messages("INBOX")[:3]:
            world.mail.add_letters(found, "F")
        world.sync()
        subprocess.run(["cp", "-a", f"{backup}/.", f"{world.mail.folder('INBOX')}/cur/"],
                       check=True)
        for _ in range(2):
            world.sync(expect=(0, HELD))
        self.assertEqual(len(world.imap.uids("INBOX")), 6)
        self.assertLessEqual({f"m{n}" for n in range(6)}, set(world.words_local("INBOX")))

    def test_two_messages_that_share_a_base_are_two(self):
        world = self.world()
        world.sync()
        for letters, word in (("S", "one"), ("FS", "two")):
            world.mail.deliver("INBOX", local(message(word)), letters, NOON, base="17.same.host")
        self.assertEqual(world.sync()["uploaded"], 2)
        self.assertEqual(world.words_on_server("INBOX"), ["one", "two"])
        world.mail.delete(world.mail.find("INBOX", "<one@"))
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["two"])
        world.assert_settled()

    @over(MAIN_PROFILES)
    def test_a_file_that_follows_to_where_its_name_is_taken(self, world):
        for info in ("S", "FS"):
            with self.subTest(info=info):
                box = f"Work{info}"
                uid = world.fill("INBOX", 1, f"w{info}", flags=["\\Seen"])[0]
                world.imap.create(box)
                world.sync()
                world.mail.create(box)
                copy_as(world.mail.find("INBOX", f"<w{info}0@"), world.mail.folder(box), info)
                world.sync()
                world.imap.move("INBOX", [uid], box)
                world.sync()
                self.assertEqual(world.words_local(box), [f"w{info}0", f"w{info}0"])
                self.assertEqual(world.words_on_server(box), [f"w{info}0", f"w{info}0"])
                self.assertEqual(world.sync()["uploaded"], 0)
                world.assert_settled()

    def test_a_file_moved_beside_its_namesake(self):
        world = self.world()
        world.fill("INBOX", 2, flags=["\\Seen"])
        world.imap.create("Work")
        world.sync()
        world.mail.create("Work")
        moved = world.mail.find("INBOX", "<m0@")
        copy_as(moved, world.mail.folder("Work"), "FS")
        world.sync()
        os.rename(moved.path, f"{world.mail.folder('Work')}/cur/{moved.name}")
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["m1"])
        self.assertEqual(world.words_on_server("Work"), ["m0", "m0"])
        self.assertEqual(world.sync()["uploaded"], 0)
        world.assert_settled()


class DeniedTest(IntegrationCase):
    def test_a_file_that_may_not_be_read_is_told_and_blocks_no_deletion(self):
        if os.geteuid() != 0 or not shutil.which("setpriv"):
            self.skipTest("needs root, and setpriv, to be somebody else")
        world = self.world()
        world.fill("INBOX", 5)
        world.fill("Work", 5, "w")
        world.sync()
        secret = world.mail.deliver("Work", local(message("secret")), "S", NOON)
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        program = shutil.copy(os.environ["STERNA_BINARY"], f"{world.dir}/sterna-program")
        world.mail.settle()
        for top, directories, files in os.walk(world.dir):
            for name in [".", *directories, *files]:
                os.chown(os.path.join(top, name), 65534, 65534)
        os.chown(secret, 0, 0)
        os.chmod(secret, 0o600)
        os.chmod(world.dir, 0o755)

        def sync():
            return subprocess.run(
                ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, "-c",
                 world.sterna.config, "--no-input", "sync"], check=False,
                env=world.sterna.environment(), capture_output=True, text=True, timeout=120)

        done = sync()
        self.assertEqual(done.returncode, PARTLY, done.stderr)
        self.assertRegex(done.stderr, rf"Work.*{os.path.basename(secret)}.*[Pp]ermission")
        self.assertEqual(len(world.imap.uids("INBOX")), 4)
        # From then on status names it, and no sync fails for it.
        self.assertEqual(sync().returncode, DONE)
        status = world.sterna.run("status").stdout
        self.assertRegex(status, rf"Work, .*{os.path.basename(secret)}: read: .*[Pp]ermission")
        os.chown(secret, 65534, 65534)
        sync()
        self.assertEqual(world.words_on_server("Work")[0], "secret")
        self.assertNotIn("read", world.sterna.run("status").stdout)


if __name__ == "__main__":
    unittest.main()
