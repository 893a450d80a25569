# SPDX-License-Identifier: Apache-2.0
"""A handful of what scripts/replay-seeds plays, and whether its oracle would see a synchronizer
that loses, doubles or marks a message."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from tests.replay import script
from tests.replay.player import Player, play
from tests.support.maildir import Maildir

SEEDS = (0, 4)      # first and count
PLAIN = "seed 1\nwith uidplus move\n1 remote.deliver dice=3\n2 rest\n"
BUSY = ("remote.make", "local.make", *["remote.deliver"] * 3, *["local.deliver"] * 3, "sync",
        "remote.flag", "local.flag", "local.flag", "remote.move", "local.move", "remote.flag",
        "local.remove", "remote.remove", "local.move", "remote.move", "rest")
DEED = re.compile(r"(local|remote): (t\d+|mailbox) .*$", re.M)


class ReplayTest(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="replay-")
        os.chmod(self.dir, 0o755)

    def tearDown(self):
        if os.path.isdir(self.dir) and not os.listdir(self.dir):      # else it is evidence
            os.rmdir(self.dir)

    def test_a_handful_without_violations(self):
        outcomes = [play((one, self.dir, False)) for one in script.of_seeds(*SEEDS)]
        self.assertEqual([(one.seed, one.wrong, one.kept) for one in outcomes if one.wrong], [])
        self.assertGreater(sum(one.deeds for one in outcomes), 0)

    def test_deeds_are_those_of_the_simulation(self):
        lines = [f"{number} {what}" + (f" dice={number + 10}" if "." in what else "")
                 for number, what in enumerate(BUSY, 1)]
        text = "\n".join(["seed 5", "with condstore move qresync uidplus", *lines])
        with open(f"{self.dir}/script", "w", encoding="ascii") as out:
            out.write(text)
        told = subprocess.run(
            [script.simulation(), "--gtest_filter=Seeds/*"], check=True, capture_output=True,
            text=True, env={**os.environ, "STERNA_SIM_LOG": "debug",
                            "STERNA_SIM_SCRIPT": f"{self.dir}/script"})
        os.unlink(f"{self.dir}/script")
        player = Player(script.parse(text)[0], f"{self.dir}/busy")
        self.assertEqual(player.run().wrong, [])
        deeds = [found[0] for found in map(DEED.search, player.story) if found]
        self.assertEqual(deeds, [line[0] for line in DEED.finditer(told.stdout + told.stderr)])
        self.assertGreater(len(deeds), len(BUSY) // 2)

    def test_what_a_careless_synchronizer_does_is_found(self):
        def lose(mail, one):
            mail.delete(one)

        def double(mail, one):
            mail.copy(one, "INBOX")

        def mark(mail, one):
            mail.add_letters(one, "F")
        for spoil, kinds in ((lose, {"lost", "lost meanwhile"}), (double, {"doubled"}),
                             (mark, {"flags"})):
            with self.subTest(spoil.__name__):
                player = Player(script.parse(PLAIN)[0], f"{self.dir}/spoilt")
                program, ended = player.world.program, player.world.program.wait
                spoilt = []

                def wait(program=program, ended=ended, spoil=spoil, spoilt=spoilt):
                    ran = ended()
                    mail = Maildir(program.place.maildir)
                    found = [one for name in mail.mailboxes() for one in mail.messages(name)]
                    if found and not spoilt:
                        spoilt.append(spoil(mail, found[0]))
                    return ran
                program.wait = wait
                outcome = player.run()
                self.assertTrue(kinds & {one.kind for one in outcome.wrong}, outcome.wrong)
                shutil.rmtree(outcome.kept)


if __name__ == "__main__":
    unittest.main()
