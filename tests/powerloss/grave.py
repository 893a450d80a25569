# SPDX-License-Identifier: Apache-2.0
"""Makes a tree what a power loss left, with the very inodes: Sterna knows files by them.

Whatever loses its name stays in the grave, a directory beside the tree, under its inode. What an
image has as it is, is not touched, so that the stamps of its directories stay as well.
"""
import contextlib
import os

from tests.powerloss.disk import MAPPED, scan


class Grave:
    def __init__(self, path):
        self.path = path
        os.makedirs(path)

    def _of(self, ino):
        return f"{self.path}/{ino}"

    def keep(self, top):
        """A second name for each file, before others remove the first one."""
        for directory, _, files in os.walk(top):
            for name in files:
                path = f"{directory}/{name}"
                with contextlib.suppress(FileExistsError):
                    os.link(path, self._of(os.stat(path).st_ino))

    def remove_directory(self, path):
        """rmdir(2); os.rename refuses nothing that has entries, so they are looked for."""
        if os.listdir(path):
            raise OSError(f"{path} is not empty")
        os.rename(path, self._of(os.stat(path).st_ino))

    def put(self, top, image):
        now = scan(top)
        root = os.stat(top).st_ino
        there, wanted = _places(now), _places(image)
        parent = dict(there)      # inode of a directory -> (directory or None for the grave, name)

        def path_of(ino):
            if ino == root:
                return top
            above, name = parent.get(ino, (None, ""))
            return self._of(ino) if above is None else f"{path_of(above)}/{name}"

        for ino, place in there.items():
            if wanted.get(ino) != place:
                os.rename(path_of(ino), self._of(ino))
                parent[ino] = (None, "")
        for directory in image.names:
            for entry in list(os.scandir(path_of(directory))):
                is_there = image.names[directory].get(entry.name) == entry.inode()
                if not is_there and entry.is_file(follow_symlinks=False):
                    os.unlink(entry.path)
        for ino, place in wanted.items():
            if there.get(ino) != place:
                above, name = place
                os.rename(self._of(ino), f"{path_of(above)}/{name}")
                parent[ino] = place
        for directory, names in image.names.items():
            for name, ino in names.items():
                if ino in image.contents:
                    self._put_file(f"{path_of(directory)}/{name}", ino, image.contents[ino])

    def _put_file(self, path, ino, content):
        with contextlib.suppress(FileExistsError):
            os.link(self._of(ino), path)
        if path.endswith(MAPPED):
            return
        before = os.stat(path)
        with open(path, "r+b") as file:
            if file.read() == content:
                return
            file.seek(0)
            file.truncate()
            file.write(content)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _places(image):
    return {ino: (directory, name) for directory, names in image.names.items()
            for name, ino in names.items() if ino in image.names}
