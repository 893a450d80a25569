# SPDX-License-Identifier: Apache-2.0
"""One round: as a kill round, but the program is killed at a call to the file system, and what the
disk had not flushed by then is lost in one of the ways in which it may be."""
import glob
import os
import random
import shutil
import uuid

from tests.powerloss import recorder
from tests.powerloss.disk import MODES, Disk
from tests.powerloss.grave import Grave
from tests.powerloss.ledger import PowerLedger
from tests.torture import blow, judge, steps
from tests.torture.ledger import PHONE
from tests.torture.round import Round, Setting
from tests.torture.tools import Sterna
from tests.torture.world import World

QUIET_SYNCS = (0, 0, 0, 1, 2)     # that end well between the last peace and the lost power
CALLS_MAX = 400                   # of a sync, about
# An edit that a restart overtakes is kept beside its message, and a damaged file is another story
# (docs/safety.md, rule 13).
LEFT_OUT = ("save_draft", "save_draft_again", "damage", "renumber")


class PoweredSterna(Sterna):
    """Sterna on a disk that is watched from watch() to forget()."""

    def __init__(self, place):
        super().__init__(place)
        self.aside = f"{place.dir}.aside"
        shutil.rmtree(self.aside, ignore_errors=True)
        os.makedirs(self.aside)
        self.grave = Grave(f"{self.aside}/grave")
        self.disk = None
        self.die_at_call = 0
        self.count = 0            # of calls in the last run
        self._log = f"{self.aside}/calls"
        self._boot = f"{self.aside}/boot_id"
        self.restart()
        self.program.extra_environment.update(
            LD_PRELOAD=recorder.library(), POWER_BOOT_ID=self._boot)

    def restart(self):
        with open(self._boot, "w", encoding="ascii") as out:
            out.write(f"{uuid.uuid4()}\n")

    def watch(self, mode):
        self.grave.keep(self.place.dir)
        self.disk = Disk(self.place.dir, mode)

    def forget(self):
        self.disk = None

    def environment(self):
        found = super().environment()
        if self.disk:
            found.update(POWER_LOG=self._log, POWER_GRAVE=self.grave.path)
        if self.die_at_call:
            found["POWER_DIE_AT"] = str(self.die_at_call)
        return found

    def start(self, die_at=None):
        if self.disk:
            # What the tests do to the state is no matter of power.
            self.disk.meet(flushed=[self.program.dir])
            self.grave.keep(self.place.dir)
            if os.path.exists(self._log):
                os.unlink(self._log)
        super().start(die_at)

    def wait(self):
        ran = super().wait()
        if self.disk:
            calls = list(recorder.calls(self._log))
            self.count = len(calls)
            self.disk.play(calls)
            if ran.was_killed and not self.die_at_call:
                self.disk.meet()      # killed from outside, amid a call perhaps
            self.disk.check()
            self.grave.keep(self.place.dir)
        return ran

    def area_of(self, path):
        if path.startswith("/mail"):
            return "files" if path.rpartition("/")[2].count(".") > 1 else "folders"
        return "undo" if "/undo" in path else "state"

    def lose_power(self, dice):
        image, told = self.disk.lose_power(dice, self.area_of)
        self.grave.put(self.place.dir, image)
        self.restart()
        return told


def setting_of(seed, number, profiles, with_steps):
    dice = random.Random(f"{seed}/{number}/power")
    way, kind = steps.Way(), number % 5
    blows = [blow.Blow(blow.KILL_CALL, call=dice.randrange(1, CALLS_MAX))]
    if with_steps and kind in (1, 3):
        names = steps.names()
        name = names[(number // 5 * 2 + (kind == 3)) % len(names)]
        way = steps.way_to(name)
        blows = [blow.at_step(name, dice.randrange(1, way.turns_max + 1))]
    elif kind == 4:
        blows = [blow.Blow()]      # the sync ends, and then the power is lost
    if dice.random() < 0.25:      # and once more, with no peace in between
        blows.append(blow.Blow(blow.KILL_CALL, call=dice.randrange(1, CALLS_MAX)))
    possible = [one for one in profiles if one in way.profiles] or list(way.profiles)
    return Setting(seed, number, Sterna.name, dice.choice(possible),
                   fresh=way.fresh or (kind == 0 and dice.random() < 0.3),
                   trash=way.trash and dice.random() > 0.1, days=way.days, way=way, blows=blows)


class PowerRound(Round):
    def __init__(self, setting, directory, keep_always=False, forgets=None):
        super().__init__(setting, PoweredSterna, directory, keep_always)
        self.forgets = forgets

    def play(self):
        try:
            return super().play()
        finally:
            shutil.rmtree(f"{self.dir}.aside", ignore_errors=True)

    def make_world(self):
        setting = self.setting
        world = World(self.tool_class, self.dice("world"), self.dir, setting.profile,
                      setting.fresh, setting.trash, ledger=PowerLedger)
        world.reader.remove_directory = world.tool.grave.remove_directory
        return world

    def menu(self, side, calm):
        deeds = super().menu(side, calm)
        return {deed: weight for deed, weight in deeds.items()
                if deed not in LEFT_OUT or side == PHONE and "draft" in deed}

    def choose(self, dice, count, calm):
        """While a sync runs, only on the server: what others do to the disk is not recorded."""
        chosen = super().choose(dice, count, calm)
        return chosen if calm else [one for one in chosen if one[0] is self.world.phone]

    # ---- the power

    def turn(self, number, planned):
        dice = self.dice(f"power {number}")
        number *= 10      # for the syncs of this turn
        mode = dice.choice(MODES)
        self.tool.watch(mode)
        if self.forgets:
            self.tool.disk.forgets = self.forgets
        self.ledger.tell(f"--- the disk is watched, {mode}")
        try:
            if planned.kind != blow.KILL_STEP:
                for _ in range(dice.choice(QUIET_SYNCS)):
                    super().turn(number, blow.Blow())
                    number += 1
            if not self.violations:
                self.tool.die_at_call = planned.call
                super().turn(number, planned)
                self.tool.die_at_call = 0
            if not self.violations:
                self.lose_power(dice)
        finally:
            self.tool.die_at_call = 0
            self.tool.forget()

    def lose_power(self, dice):
        unflushed = self.tool.disk.unflushed()
        told = self.tool.lose_power(dice)
        self.finish_removal()
        there, here = self.views()
        self.ledger.tell(f"--- the power is lost after call {self.tool.count}: of {unflushed} "
                         f"unflushed, {told}")
        self.ledger.lose_power(there, here)
        for name in self.ledger.half_made(there, here):
            self.world.reader.mail.create(name)
        self.look_for_all()
        self.look_for_deleted(there, here)

    def finish_removal(self):
        """Of the folder that a reader removed, and of which the power brought back a part."""
        folder = self.world.reader.mail.folder("Empty2")
        box = self.ledger.box("Empty2")
        parts = os.listdir(folder) if os.path.isdir(folder) else ()
        if box.removed and box.name in self.world.phone.mailboxes() and not {
                "cur", "new", "tmp"}.issubset(parts):
            shutil.rmtree(folder, ignore_errors=True)

    def look_for_deleted(self, there, here):
        """What one side deleted, and the sync took from the other, can still be had (rule 7)."""
        kept = {(judge.token_of(one), judge.digest_of(one)) for one in self.tool.put_by()}
        on_sides = judge.places(there).keys() | judge.places(here).keys()
        for copy in self.ledger.went():
            if copy.token not in on_sides and (copy.token, copy.content.digest) not in kept:
                self.found("lost", f"{copy.token} was deleted, and is not in the undo area")

    def views(self):
        """Without what a reader wrote and the power cut."""
        ruined = self.ledger.ruined
        return tuple({mailbox: [one for one in messages if not (
            one.token in ruined or ruined and one.token.startswith("?"))]
            for mailbox, messages in view.items()} for view in super().views())

    def differences(self):
        """But for what a reader had not yet moved out of tmp."""
        found = [] if self.ledger.ruined else super().differences()
        return [line for line in found if "left in tmp" not in line or ".testhost" not in line]

    def token_at(self, path):
        """The path of a file that is held lacks its flags."""
        base = os.path.basename(path or "")
        folder = os.path.dirname(os.path.dirname(path or ""))
        for found in sorted(glob.glob(f"{glob.escape(folder)}/*/{glob.escape(base)}*")):
            if base and os.path.basename(found).partition(":2,")[0] == base:
                return super().token_at(found)
        return None

    def answer_to(self, mailbox, tokens, box):
        """What is held is a file; one of a message that the server has is not needed."""
        folder = self.world.reader.mail.folder(mailbox)
        if box and not box.removed and len(box.names) == 1 and not os.path.isdir(f"{folder}/cur"):
            self.found("missing", f"{mailbox} is not in the Maildir, and nobody removed it")
        there = judge.places(self.views()[0])
        if all(token and (token.startswith("?") or len(there.get(token, [])) >= len(
                self.ledger.of(token))) for token in tokens):
            return True
        return super().answer_to(mailbox, tokens, box)

    def keep(self):
        kept = super().keep()
        shutil.copy2(f"{self.tool.aside}/calls", f"{kept}/calls")
        return kept
