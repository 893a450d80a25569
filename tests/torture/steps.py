# SPDX-License-Identifier: Apache-2.0
"""The named steps at which Sterna can be killed (include/sterna/base/step.h), and what leads there:
what kind of server, and which deeds of which side before the sync."""
import pathlib
import re
from dataclasses import dataclass

HEADER = pathlib.Path(__file__).parents[2] / "include/sterna/base/step.h"

ANY_PROFILE = ("full", "condstore", "no-uidplus-no-move", "bare")
WITH_UIDPLUS = ("full", "condstore")
WITHOUT_MOVE = WITHOUT_UIDPLUS = ("no-uidplus-no-move", "bare")


@dataclass(frozen=True)
class Way:
    phone: tuple = ()
    reader: tuple = ()
    profiles: tuple = ANY_PROFILE
    fresh: bool = False           # the sync that is killed is the first one
    trash: bool = True            # the server has a Trash
    elsewhere: bool = False       # the state is on another file system
    days: bool = False            # two days pass
    refuses: bytes = b""          # the command that the server refuses in that sync
    turns_max: int = 3            # it is met about so often in one sync


_ARRIVE = Way(phone=("arrive",) * 3)
_EXPUNGE = Way(phone=("expunge",) * 2, turns_max=2)
_WRITE = Way(reader=("write_mail",) * 3, turns_max=1)
_CHANGE = Way(phone=("flag", "move"), turns_max=1)
_MADE_HERE = Way(phone=("new_folder",), turns_max=1)
_GONE_HERE = Way(phone=("remove_folder",), turns_max=1)
_LAST_COPY = Way(reader=("delete",) * 2, trash=False, turns_max=2)

# By the whole name, else by what is before the dot.
_WAYS = {
    "store": Way(turns_max=12),
    "tree": Way(fresh=True, turns_max=1),
    "epoch": Way(turns_max=1),
    "plan": Way(turns_max=2),
    "cursors": Way(turns_max=2),
    "sync": Way(turns_max=1),
    "delivery": _ARRIVE,
    "download": Way(phone=("arrive", "arrive_large"), turns_max=2),
    "flags_in": Way(phone=("flag",) * 3, turns_max=2),
    "move_in": Way(phone=("move",) * 2, turns_max=2),
    "undo.copied": Way(phone=("expunge",) * 2, elsewhere=True, turns_max=2),
    "undo.moved": _EXPUNGE,
    "undo.fetched": _LAST_COPY,
    "undo.entered": _LAST_COPY,
    "local": _CHANGE,
    "delete_in": Way(phone=("expunge",) * 2, turns_max=1),
    "repair": Way(reader=("damage",), turns_max=1),
    "flags_out": Way(reader=("flag",) * 3, turns_max=2),
    "upload": _WRITE,
    "upload.learned": Way(reader=("write_mail",) * 3, profiles=WITH_UIDPLUS, days=True,
                          turns_max=1),
    "move_out": Way(reader=("move",) * 2, turns_max=1),
    "move_out.copied": Way(reader=("move",) * 2, profiles=WITHOUT_MOVE, turns_max=1),
    "delete_out": Way(reader=("delete",) * 2, turns_max=1),
    "delete_out.copied": Way(reader=("delete",) * 2, profiles=WITHOUT_MOVE, turns_max=1),
    "delete_out.unmarked": Way(reader=("delete",) * 2, profiles=WITH_UIDPLUS, trash=False,
                               refuses=rb"^UID EXPUNGE", turns_max=1),
    "expunge": Way(reader=("move", "delete"), profiles=WITHOUT_UIDPLUS, turns_max=2),
    "expunge.spared": Way(phone=("mark_deleted",), reader=("move_from_inbox",),
                          profiles=WITHOUT_UIDPLUS, turns_max=1),
    "expunge.restored": Way(phone=("mark_deleted",), reader=("move_from_inbox",),
                            profiles=WITHOUT_UIDPLUS, turns_max=1),
    "trim": Way(days=True, turns_max=1),
    "mailbox": _MADE_HERE,
    "mailbox.made_there": Way(reader=("new_folder",), turns_max=1),
    "unmailbox": _GONE_HERE,
    "unmailbox.gone_there": Way(reader=("remove_folder",), turns_max=1),
    "rename": Way(reader=("rename_folder",), turns_max=1),
    "rename.done_here": Way(phone=("rename_folder",), turns_max=1),
    "adoption": Way(phone=("renumber",), turns_max=1),
}


def names():
    return re.findall(r'^ +"([a-z_]+\.[a-z_]+)",', HEADER.read_text(encoding="utf-8"), re.M)


def way_to(name):
    return _WAYS.get(name) or _WAYS[name.partition(".")[0]]
