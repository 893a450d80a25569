# SPDX-License-Identifier: Apache-2.0
"""The disk keeps what was flushed, and of the rest what a file system may keep; and a tree is made
so, with its inodes."""
import os
import random
import tempfile
import unittest

from tests.powerloss import recorder
from tests.powerloss.disk import ORDERED, STRICT, Disk, Mismatch, scan
from tests.powerloss.grave import Grave
from tests.powerloss.recorder import Call

TRIES = 200


def call(what, ino, directory=0, name="", other_directory=0, other="", number=0, data=b""):
    return Call(what, ino, directory, other_directory, number, name, other, data)


class DiskCase(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.top = f"{place.name}/top"
        for name in ("a", "b"):
            os.makedirs(f"{self.top}/{name}")
        self.write("a/old", b"old")
        self.grave = Grave(f"{place.name}/grave")
        self.grave.keep(self.top)
        self.a, self.b = (os.stat(f"{self.top}/{name}").st_ino for name in ("a", "b"))

    def write(self, path, content):
        with open(f"{self.top}/{path}", "wb") as out:
            out.write(content)
        return os.stat(f"{self.top}/{path}").st_ino

    def disk(self, mode=STRICT):
        return Disk(self.top, mode)

    def ino(self, path):
        return os.stat(f"{self.top}/{path}").st_ino

    def trees(self, disk):
        """All that may be left, as sets of (path, content)."""
        return {self.tree(disk.lose_power(random.Random(seed), lambda path: "")[0])
                for seed in range(TRIES)}

    def tree(self, image):
        def walk(directory, path):
            for name, ino in image.names[directory].items():
                if ino in image.contents:
                    yield f"{path}{name}", image.contents[ino]
                else:
                    yield from walk(ino, f"{path}{name}/")
        return frozenset(walk(os.stat(self.top).st_ino, ""))


class LosingTest(DiskCase):
    def test_a_new_file_needs_its_flush_and_that_of_its_directory(self):
        begun = [call(recorder.NAMELESS, 7), call(recorder.WRITTEN, 7, data=b"new")]
        named = call(recorder.LINKED, 7, self.a, "new")
        old = ("a/old", b"old")
        for flushed, least, most in (
                ([], 2, 9), ([call(recorder.FLUSHED, 7)], 2, 2),
                ([call(recorder.FLUSHED, 7), call(recorder.FLUSHED, self.a)], 1, 1)):
            for mode in (STRICT, ORDERED):
                disk = self.disk(mode)
                disk.play([*begun, *flushed[:1], named, *flushed[1:]])
                found = self.trees(disk)
                self.assertTrue(least <= len(found) <= most or mode == ORDERED, found)
                self.assertIn(frozenset({old, ("a/new", b"new")}), found)
                self.assertEqual(frozenset({old}) in found, len(flushed) < 2)
                self.assertEqual(frozenset({old, ("a/new", b"")}) in found, not flushed)

    def test_a_rename_happened_or_did_not(self):
        for mode in (STRICT, ORDERED):
            disk = self.disk(mode)
            disk.play([call(recorder.RENAMED, self.ino("a/old"), self.a, "old", self.b, "moved")])
            self.assertEqual(self.trees(disk), {frozenset({("a/old", b"old")}),
                                                frozenset({("b/moved", b"old")})})
            disk.play([call(recorder.FLUSHED, self.b)])
            self.assertEqual(self.trees(disk), {frozenset({("b/moved", b"old")})})

    def test_a_name_in_a_directory_that_has_none_is_lost_with_it(self):
        disk = self.disk()
        disk.play([call(recorder.MADE, 8, self.b, "c"), call(recorder.CREATED, 9, 8, "file"),
                   call(recorder.FLUSHED, 9), call(recorder.FLUSHED, 8)])
        self.assertIn(frozenset({("a/old", b"old")}), self.trees(disk))
        disk.play([call(recorder.FLUSHED, self.b)])
        self.assertEqual(self.trees(disk), {frozenset({("a/old", b"old"), ("b/c/file", b"")})})

    def test_names_are_kept_in_their_order_where_there_is_a_journal(self):
        made = [call(recorder.CREATED, 8, self.a, "first"),
                call(recorder.CREATED, 9, self.b, "second")]
        second_alone = frozenset({("a/old", b"old"), ("b/second", b"")})
        for mode in (STRICT, ORDERED):
            disk = self.disk(mode)
            disk.play(made)
            self.assertEqual(second_alone in self.trees(disk), mode == STRICT)
            disk.play([call(recorder.FLUSHED, self.b)])
            self.assertEqual(second_alone in self.trees(disk), mode == STRICT)

    def test_writes_within_a_file_are_there_or_not(self):
        disk = self.disk()
        old = self.ino("a/old")
        disk.play([call(recorder.WRITTEN, old, number=0, data=b"O"),
                   call(recorder.WRITTEN, old, number=3, data=b"er"),
                   call(recorder.SIZED, old, number=4)])
        found = {content for tree in self.trees(disk) for _, content in tree}
        self.assertLessEqual({b"old", b"Olde", b"Older"}, found)
        disk.play([call(recorder.FLUSHED, old)])
        self.assertEqual(self.trees(disk), {frozenset({("a/old", b"Olde")})})

    def test_a_flush_of_all_leaves_nothing_to_lose(self):
        disk = self.disk()
        disk.play([call(recorder.CREATED, 8, self.a, "new"),
                   call(recorder.WRITTEN, 8, data=b"new"), call(recorder.FLUSHED_ALL, 1)])
        self.assertEqual(disk.unflushed(), 0)
        self.assertEqual(len(self.trees(disk)), 1)


class MeetingTest(DiskCase):
    """What others do is found by looking."""

    def test_what_was_renamed_made_and_removed_may_be_lost(self):
        disk = self.disk()
        os.rename(f"{self.top}/a/old", f"{self.top}/b/old")
        os.makedirs(f"{self.top}/c/d")
        self.write("c/d/new", b"new")
        disk.meet()
        disk.check()
        found = self.trees(disk)
        self.assertIn(frozenset({("a/old", b"old")}), found)
        self.assertIn(frozenset({("b/old", b"old"), ("c/d/new", b"new")}), found)

    def test_what_takes_the_place_of_a_file_does_so_in_one_step(self):
        disk = self.disk()
        self.write("b/new", b"new")
        os.rename(f"{self.top}/b/new", f"{self.top}/a/old")
        disk.meet()
        self.assertTrue(all(dict(tree).keys() == {"a/old"} for tree in self.trees(disk)))

    def test_what_is_flushed_below_a_path_is_kept(self):
        disk = self.disk()
        self.write("a/new", b"new")
        self.write("b/new", b"new")
        disk.meet(flushed=[f"{self.top}/a"])
        self.assertTrue(all(("a/new", b"new") in tree for tree in self.trees(disk)))

    def test_what_went_past_the_recorder_is_noticed(self):
        for change in (lambda: self.write("a/old", b"other"), lambda: self.write("a/new", b"new"),
                       lambda: os.unlink(f"{self.top}/a/old")):
            disk = self.disk()
            change()
            with self.assertRaises(Mismatch):
                disk.check()


class GraveTest(DiskCase):
    def test_a_tree_comes_back_with_its_inodes(self):
        os.makedirs(f"{self.top}/c/d")
        self.write("c/d/file", b"file")
        self.grave.keep(self.top)
        before = scan(self.top)
        os.unlink(f"{self.top}/c/d/file")
        self.grave.remove_directory(f"{self.top}/c/d")
        os.rename(f"{self.top}/a", f"{self.top}/c/a")
        self.write("c/a/old", b"longer than it was")
        self.write("b/new", b"new")
        self.grave.put(self.top, before)
        self.assertEqual(scan(self.top), before)

    def test_what_stays_as_it_is_is_not_touched(self):
        old = os.stat(f"{self.top}/a")
        before = scan(self.top)
        self.write("b/new", b"new")
        self.grave.put(self.top, before)
        self.assertEqual(os.stat(f"{self.top}/a"), old)
        self.assertEqual(scan(self.top), before)


if __name__ == "__main__":
    unittest.main()
