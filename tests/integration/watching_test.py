# SPDX-License-Identifier: Apache-2.0
"""What inotify tells a daemon of its Maildir, and what that makes of it."""
import os
import time

from tests.integration.daemon_test import DaemonCase
from tests.support.daemon import Daemon
from tests.support.messages import NOON, local, message


class OwnWritesTest(DaemonCase):
    def setUp(self):
        self.watched = self.world(poll_interval="1h")
        self.watched.fill("INBOX", 3)

    def come_to_rest(self, daemon):
        """How many syncs there were, when for two seconds none was added."""
        seen = [self.syncs(daemon), time.monotonic()]

        def rests():
            now = self.syncs(daemon)
            if now != seen[0]:
                seen[:] = [now, time.monotonic()]
            return time.monotonic() > seen[1] + 2
        daemon.wait(rests, "rest")
        return seen[0]

    def test_cause_no_further_sync(self):
        world = self.watched
        with Daemon(world.sterna) as daemon:
            daemon.wait_in_step(world)
            uid = max(world.imap.uids("INBOX"))

            def expunge():
                world.imap.select("INBOX")
                world.imap.command(f"UID EXPUNGE {uid}")
            deeds = {
                "a message there": lambda: world.imap.append("INBOX", message("n"), [], NOON),
                "a flag there": lambda: world.imap.store("INBOX", [uid], "+", ["\\Deleted"]),
                "a deletion there": expunge,
            }
            for what, deed in deeds.items():
                with self.subTest(what):
                    before = self.come_to_rest(daemon)
                    deed()
                    world.imap.leave()
                    daemon.wait(lambda before=before: self.syncs(daemon) > before, "sync")
                    self.assertEqual(self.come_to_rest(daemon), before + 1, daemon.said())
                    daemon.wait_in_step(world)

    def test_what_others_do_with_a_message_that_came_is_brought_over(self):
        world = self.watched
        with Daemon(world.sterna) as daemon:
            daemon.wait_in_step(world)
            for number in range(10):
                word = f"new{number}"
                world.imap.append("INBOX", message(word), [], NOON)
                daemon.wait(lambda word=word: word in world.words_local("INBOX"), "message")
                world.mail.set_letters(world.mail.find("INBOX", word), "S")
                daemon.wait_in_step(world, 5)


class FoldersTest(DaemonCase):
    def test_one_that_is_renamed_and_made_anew_is_watched(self):
        world, daemon = self.living(poll_interval="1h")
        for name in ("Archive", "Archive/deep"):
            world.mail.deliver(name, local(message(f"old {name[-4:]}")), "S")
        daemon.wait_in_step(world)
        root = world.mail.root
        os.rename(f"{root}/Archive", f"{root}/Archive-2025")
        for name in ("Archive", "Archive/deep"):
            world.mail.create(name)
        daemon.wait(lambda: {"Archive", "Archive-2025", "Archive/deep", "Archive-2025/deep"} <=
                    set(world.imap.mailboxes()), "four mailboxes", 20)
        daemon.wait_in_step(world)
        for name in ("Archive", "Archive/deep", "Archive-2025"):
            with self.subTest(name):
                world.mail.deliver(name, local(message("fresh")), "S")
                daemon.wait_in_step(world, 5)
                self.assertIn("fresh", world.words_on_server(name))
