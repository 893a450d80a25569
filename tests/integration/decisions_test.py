# SPDX-License-Identifier: Apache-2.0
"""Decisions about what is held, and how long they stand."""
import os
import unittest

from tests.support.case import IntegrationCase
from tests.support.dovecot import free_ports
from tests.support.messages import local, message
from tests.support.sterna import HELD


class OldDecisionsTest(IntegrationCase):
    """What was decided while no sync could run answers nothing that is asked later."""

    def decide_offline(self, world, action):
        port = world.sterna.accounts["acc"]["port"]
        (nowhere,) = free_ports(1)
        world.sterna.set("acc", port=nowhere)
        world.sterna.run("held", action, "acc", expect=None)
        world.sterna.set("acc", port=port)

    def facts(self, world, kind):
        return world.ask_state("SELECT key FROM fact WHERE key GLOB ?", kind + ":*")

    def test_a_yes_is_over_when_the_files_are_back(self):
        world = self.world()
        world.fill("INBOX", 100)
        world.sync()
        names = [found.path for found in world.mail.messages("INBOX")[:60]]
        away = f"{world.dir}/away"
        os.mkdir(away)
        for path in names:
            os.rename(path, f"{away}/{os.path.basename(path)}")
        self.assertEqual(world.sync(expect=HELD)["held"], 60)
        self.decide_offline(world, "apply")
        self.assertEqual(len(world.ask_state("SELECT * FROM approval")), 60)
        for path in names:
            os.rename(f"{away}/{os.path.basename(path)}", path)
        self.assertEqual(world.sync()["held"], 0)
        self.assertEqual(world.ask_state("SELECT * FROM approval"), [])
        for path in names:
            os.unlink(path)
        report = world.sync(expect=HELD)
        self.assertEqual((report["deleted_out"], report["held"]), (0, 60))
        self.assertEqual(len(world.imap.uids("INBOX")), 100)

    def test_a_yes_stays_for_what_is_still_gone(self):
        world = self.world()
        world.fill("INBOX", 100)
        world.sync()
        lost = world.mail.messages("INBOX")[:60]
        os.rename(lost[0].path, f"{world.dir}/kept")
        for found in lost[1:]:
            world.mail.delete(found)
        world.sync(expect=HELD)
        self.decide_offline(world, "apply")
        os.rename(f"{world.dir}/kept", lost[0].path)
        world.sync()
        self.assertEqual(len(world.imap.uids("Trash")), 59)
        self.assertEqual(len(world.imap.uids("INBOX")), 41)
        world.sync()
        self.assertEqual(world.ask_state("SELECT * FROM approval"), [])

    def strip(self, world):
        world.fill("INBOX", 100, flags=["\\Seen"])
        world.sync()
        names = [found.path for found in world.mail.messages("INBOX")[:60]]
        for path in names:
            os.rename(path, path.partition(":2,")[0])
        world.sync(expect=HELD)
        self.decide_offline(world, "restore")
        self.assertEqual(len(self.facts(world, "flags_restore")), 60)
        return names

    def test_flags_that_are_back_are_not_restored_once_more(self):
        world = self.world()
        names = self.strip(world)
        for path in names:
            os.rename(path.partition(":2,")[0], path)
        self.assertEqual(world.sync()["held"], 0)
        self.assertEqual(self.facts(world, "flags_restore"), [])
        world.mail.set_letters(world.mail.find("INBOX", "<m0@"), "F")
        world.sync()
        self.assertEqual(world.mail.find("INBOX", "<m0@").flags, {"\\Flagged"})
        self.assertEqual(world.imap.fetch_all("INBOX")[0].flags - {"\\Recent"}, {"\\Flagged"})

    def test_flags_that_were_changed_since_are_the_users(self):
        world = self.world()
        for number, path in enumerate(self.strip(world)):
            os.rename(path.partition(":2,")[0], path + "F" * (number == 0))
        world.mail.settle()
        stored = world.mail.messages("INBOX")[0]
        world.mail.set_letters(stored, "F")
        world.sync()
        self.assertEqual(world.mail.find("INBOX", "<m0@").flags, {"\\Flagged"})
        self.assertEqual(self.facts(world, "flags_restore"), [])

    def test_a_yes_to_an_orphan_is_over_when_it_is_gone(self):
        world = self.world()
        world.fill("INBOX", 2)
        world.sync()
        found = world.mail.messages("INBOX")[0]
        path = found.path.replace("U1.", "U900.")
        with open(path, "wb") as out:
            out.write(local(message("orphan")))
        self.assertEqual(world.sync(expect=HELD)["held"], 1)
        self.decide_offline(world, "apply")
        os.rename(path, f"{world.dir}/kept")
        world.sync()
        self.assertEqual(self.facts(world, "orphan_apply"), [])
        os.rename(f"{world.dir}/kept", path)
        world.sync(expect=HELD)
        self.assertTrue(os.path.exists(path))

    def test_an_orphan_is_named_by_its_message_id(self):
        world = self.world()
        world.fill("INBOX", 2)
        world.sync()
        path = world.mail.messages("INBOX")[0].path.replace("U1.", "U900.")
        for number, word in enumerate(("lost", "other")):
            with open(path.replace("U900.", f"U90{number}."), "wb") as out:
                out.write(local(message(word)))
        self.assertEqual(world.sync(expect=HELD)["held"], 2)
        run = world.sterna.run("held", "list", world.name, "lost@test.example", "--json")
        [line] = run.json()["held"]
        self.assertEqual((line["path"], line["message_id"]), (path, "<lost@test.example>"))
        run = world.sterna.run("held", "apply", world.name, "<lost@test.example>", expect=HELD)
        self.assertFalse(os.path.exists(path))
        self.assertTrue(os.path.exists(path.replace("U900.", "U901.")))

    def test_a_yes_to_an_orphan_is_none_to_its_name_elsewhere(self):
        world = self.world()
        world.fill("INBOX", 2)
        world.fill("Other", 1, "o")
        world.sync()
        found = world.mail.messages("INBOX")[0]
        path = found.path.replace("U1.", "U900.")
        with open(path, "wb") as out:
            out.write(local(message("orphan")))
        world.sync(expect=HELD)
        self.decide_offline(world, "apply")
        moved = os.path.join(world.mail.folder("Other"), "cur", os.path.basename(path))
        os.rename(path, moved)
        world.sync(expect=HELD)
        self.assertTrue(os.path.exists(moved))



if __name__ == "__main__":
    unittest.main()
