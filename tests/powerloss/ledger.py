# SPDX-License-Identifier: Apache-2.0
"""What a lost power may take back of what was done in the Maildir, beside what the ledger of the
kill rounds lets be.

A reader flushes nothing. What it did since the last sync that came to a good end may be gone with
the power, but for what the server shows by then: of that the synchronizer said that it was so, and
had to flush it first.
"""
from tests.torture.judge import places
from tests.torture.ledger import READER, Ledger

TAKEN_BACK = "what a reader did and nobody flushed went with the power"
MOVED_BY_HALF = "section 5: without MOVE, a move that dies, and a mailbox not at rest after it"


class PowerLedger(Ledger):
    def __init__(self, policy):
        super().__init__(policy)
        self.half_moved = set()   # copies that a server without MOVE may have twice
        self.flagged_at = {}      # (copy, flag) -> clock
        self.unsure_flags = set()
        self.taken_back = {}      # copy -> acts of the reader that may be undone, the last first
        self.unsent = set()       # copies that may be gone
        self.ruined = set()       # tokens of which a reader's file is not whole

    def set_flag(self, copy, side, flag, value):
        super().set_flag(copy, side, flag, value)
        self.flagged_at[id(copy), flag] = self.clock

    def _is_old(self, clock):
        return self.synced_between(clock, self.clock + 1)

    # ---- what the power took

    def lose_power(self, there, here):
        """`there` and `here`: the views of both sides right after it."""
        self.tick()
        server, files = places(there), places(here)
        for copy in self.copies:
            late = [act for act in copy.acts if not self._is_old(act.clock)]
            acts = [act for act in late if act.side == READER]
            if not self.policy.moves and any(act.target for act in acts):
                self.half_moved.add(id(copy))
            undone = self.taken_back.setdefault(id(copy), [])
            for act in reversed(acts):
                if self._is_carried_out(copy, act, late, server):
                    break
                if not any(act is one for one in undone):
                    undone.append(act)
            if copy.maker == READER and not self._is_old(copy.clock):
                self._look_for_new(copy, server, here, files)
            for flag in copy.flags:
                self._look_for_flag(copy, flag, there)
        for box in self.boxes:
            self._look_for_box(box, there, here)

    def half_made(self, there, here):
        """Folders that a reader may have to make whole."""
        return [box.name for box in self.boxes
                if box.maker == READER and box.name in here and box.name not in there]

    def _is_carried_out(self, copy, act, late, server):
        found = server.get(copy.token, [])
        if act.target:
            return any(name in act.target.names for name in found)
        was_there = copy.maker != READER or self._is_old(copy.clock)
        return (was_there and all(one.side == READER for one in late)
                and not any(name in one.source.names for one in late for name in found))

    def _look_for_new(self, copy, server, here, files):
        boxes = copy.been_in()
        names = {name for box in boxes for name in box.names}
        if names & set(server.get(copy.token, [])):
            return
        whole = any(message.token == copy.token and message.digest == copy.content.digest
                    for name in names for message in here.get(name, []))
        if not whole:
            self.unsent.add(id(copy))
            if any(message.token == copy.token or message.token.startswith("?")
                   for messages in here.values() for message in messages):
                self.ruined.add(copy.token)

    def _look_for_flag(self, copy, flag, there):
        late = not self._is_old(self.flagged_at.get((id(copy), flag), 0))
        if copy.flagged_by.get(flag) != READER or not late:
            return
        if not any(message.token == copy.token
                   and (flag in message.flags) == copy.flags[flag]
                   for messages in there.values() for message in messages):
            self.unsure_flags.add((id(copy), flag))

    def _look_for_box(self, box, there, here):
        name = box.name_among(here)
        if box.removed:
            box.removed = not (name in there and name in here)
        elif box.maker == READER and name is None and not box.name_among(there):
            box.removed = True
        elif box.renamer == READER and name and name != box.name and box.name not in there \
                and not self._is_old(box.renamed_at):
            del box.names[box.names.index(name) + 1:]

    def went(self):
        """Copies that both sides had, and that one side deleted, outside of the Trash."""
        for copy in self.copies:
            last = copy.acts[-1] if copy.acts else None
            if (last and not last.target and not last.half and self.was_settled(copy, last)
                    and len({act.side for act in copy.acts}) == 1
                    and len(self.of(copy.token)) == 1
                    and not any(box.is_trash for box in copy.been_in())):
                yield copy

    # ---- what may be in the end

    def _allowed(self, copy):
        found = super()._allowed(copy)
        acts = copy.acts
        undone = self.taken_back.get(id(copy), [])
        for count in range(1, len(undone) + 1):
            copy.acts = [act for act in acts if not any(act is one for one in undone[:count])]
            found += [(boxes, TAKEN_BACK) for boxes, _ in super()._allowed(copy)]
            copy.acts = acts
        bins = [box for box in self.boxes if box.is_trash]
        if id(copy) in self.half_moved:
            found += [((*boxes, box), MOVED_BY_HALF) for boxes, _ in found for box in bins]
        if id(copy) in self.unsent:
            found.append(((), TAKEN_BACK))
        return found

    def is_flag_sure(self, copy, flag):
        return (id(copy), flag) not in self.unsure_flags and super().is_flag_sure(copy, flag)

    def tokens(self):
        return [token for token in super().tokens() if token not in self.ruined]
