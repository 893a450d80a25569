# SPDX-License-Identifier: Apache-2.0
"""One round: a world, people who change both sides, a synchronizer that is struck down, and the
judgement once it was let run in peace. All of it follows from a seed and a number, as far as the
timing of three processes allows."""
import collections
import os
import random
import shutil
import threading
import time
from dataclasses import dataclass, field

from tests.support import oracle
from tests.torture import blow, judge, steps
from tests.torture.judge import Violation
from tests.torture.ledger import PHONE
from tests.torture.line import DOWN, UP
from tests.torture.world import World

SYNCS_MAX = 8            # in peace, until nothing is left to do
LOOKS_MAX = 4            # a message that is just being moved may be seen nowhere
PHONE_DEEDS = {"arrive": 6, "arrive_large": 1, "flag": 6, "move": 6, "trash": 3, "expunge": 3,
               "copy": 2, "save_draft": 1, "save_draft_again": 2, "delete_a_twin": 1,
               "new_folder": 2, "rename_folder": 2}
READER_DEEDS = {"write_mail": 6, "write_large": 1, "flag": 6, "move": 6, "trash": 1, "delete": 4,
                "copy": 2, "file_a_copy_first": 1, "delete_what_was_copied": 3, "save_draft": 2,
                "save_draft_again": 3, "delete_a_twin": 1, "new_folder": 2, "rename_folder": 2}
# Only while no sync runs.
CALM_PHONE_DEEDS = {"renumber": 1, "remove_folder": 1}
CALM_READER_DEEDS = {"remove_folder": 1, "damage": 1}


@dataclass
class Setting:
    """What is known of a round before it begins."""
    seed: int
    number: int
    tool: str
    profile: str
    fresh: bool = False
    trash: bool = True
    elsewhere: bool = False
    days: bool = False
    way: steps.Way = steps.Way()
    blows: list = field(default_factory=list)      # None: at random

    def __str__(self):
        words = [f"seed {self.seed}, round {self.number}, {self.tool}, profile {self.profile}"]
        words += [word for word, is_so in (
            ("first sync", self.fresh), ("no Trash", not self.trash),
            ("state on another file system", self.elsewhere)) if is_so]
        return ", ".join(words)


@dataclass
class Outcome:
    setting: str
    number: int
    blows: list                  # (kind, step, whether it met)
    violations: list             # (kind, text)
    rules: dict                  # by which allowance, how often
    asked: int                   # deletions that the user was asked about
    syncs: int
    seconds: float
    kept: str | None = None


def setting_of(seed, number, tool_class, profiles, with_steps):
    dice = random.Random(f"{seed}/{number}/setting")
    way, blows = steps.Way(), [None] * (1 + (dice.random() < 0.5) + (dice.random() < 0.25))
    if with_steps and number % 5 in (1, 3):
        names = steps.names()
        # In another order with each turn of the list, so that other rounds meet other steps.
        index = (number // 5) * 2 + (number % 5 == 3)
        order = random.Random(f"{seed}/{index // len(names)}").sample(names, len(names))
        name = order[index % len(names)]
        way = steps.way_to(name)
        blows[0] = blow.at_step(name, dice.randrange(1, way.turns_max + 1))
        if len(blows) == 1:
            blows.append(blows[0])      # it may not come in the first sync
    exact = tool_class.exact
    possible = [profile for profile in profiles if profile in way.profiles] or list(way.profiles)
    return Setting(
        seed, number, tool_class.name, dice.choice(possible),
        fresh=way.fresh or (blows[0] is None and dice.random() < 0.1),
        trash=way.trash and (not exact or dice.random() > 0.1 or "delete_out" in str(blows[0])),
        elsewhere=exact and (way.elsewhere or dice.random() < 0.1), days=way.days, way=way,
        blows=blows)


class Round:
    def __init__(self, setting, tool_class, directory, keep_always=False):
        self.setting = setting
        self.tool_class = tool_class
        self.dir = directory
        self.keep_always = keep_always
        self.hands = threading.Lock()      # one deed at a time
        self.outputs = []
        self.violations = []
        self.struck = []
        self.asked = self.syncs = 0

    def dice(self, what):
        return random.Random(f"{self.setting.seed}/{self.setting.number}/{what}")

    # ---- from the beginning to the end

    def play(self):
        began = time.monotonic()
        setting = self.setting
        self.world = self.make_world()
        self.ledger, self.tool = self.world.ledger, self.world.tool
        rules = collections.Counter()
        try:
            if not setting.fresh:
                self.settle("the beginning")
            for turn, one in enumerate(setting.blows):
                if not self.violations:
                    self.turn(turn, one)
            if not self.violations:
                self.settle("the end")
            if not self.violations:
                rules = self.judge()
            kept = self.keep() if self.violations or self.keep_always else None
        finally:
            self.world.close()
        if not kept:
            self.world.remove()
        return Outcome(str(setting), setting.number, self.struck,
                       [(one.kind, one.text) for one in self.violations], dict(rules),
                       self.asked, self.syncs, time.monotonic() - began, kept)

    def make_world(self):
        setting = self.setting
        return World(self.tool_class, self.dice("world"), self.dir, setting.profile,
                     setting.fresh, setting.trash, setting.elsewhere)

    def found(self, kind, text):
        self.violations.append(Violation(kind, text))
        self.ledger.tell(f"VIOLATION {kind}: {text}")

    # ---- people

    def menu(self, side, calm):
        deeds = dict(PHONE_DEEDS if side == PHONE else READER_DEEDS)
        if calm:
            deeds.update(CALM_PHONE_DEEDS if side == PHONE else CALM_READER_DEEDS)
        tool = self.tool_class
        for deed, is_claimed in (("rename_folder", tool.follows_renames),
                                 ("remove_folder", tool.removes_mailboxes),
                                 ("renumber", tool.exact), ("damage", tool.notices_content)):
            if not is_claimed or (self.setting.fresh and deed != "rename_folder"):
                deeds.pop(deed, None)
        return deeds

    def choose(self, dice, count, calm):
        """Deeds as (person, name, dice)."""
        chosen = []
        for _ in range(count):
            person = dice.choice((self.world.phone, self.world.reader))
            menu = self.menu(person.side, calm)
            (name,) = dice.choices(list(menu), list(menu.values()))
            chosen.append((person, name, random.Random(dice.random())))
        return chosen

    def act(self, person, name, dice):
        with self.hands:
            return person.do(name, dice)

    def prepare(self, turn):
        """What both sides do before a sync; first what leads to the step that is meant."""
        dice = self.dice(f"before {turn}")
        forced = [] if turn else (
            [(self.world.phone, name, random.Random(dice.random()))
             for name in self.setting.way.phone]
            + [(self.world.reader, name, random.Random(dice.random()))
               for name in self.setting.way.reader])
        count = dice.randrange(0, 9) if turn else dice.randrange(6, 21)
        deeds = forced + self.choose(dice, count, True)
        for deed in deeds:
            self.act(*deed)
        if self.setting.days and not turn:
            self.tool.pass_days()
            self.ledger.tell("two days pass")

    # ---- one sync that is struck

    def pending(self):
        """About how many octets are to be carried over, each way."""
        there, here = map(judge.places, self.views())
        sizes = {UP: 0, DOWN: 0}
        for copy in self.ledger.copies:
            if copy.token in there and copy.token not in here:
                sizes[DOWN] += copy.content.octets
            elif copy.token in here and copy.token not in there:
                sizes[UP] += copy.content.octets
        return sizes

    def turn(self, number, planned):
        self.prepare(number)
        dice = self.dice(f"turn {number}")
        if dice.random() < 0.9:
            self.world.reader.mail.settle()
        struck = planned or self.strike_at_random(dice)
        falling = blow.Falling(struck, self.tool, self.world.line)
        self.ledger.tell(f"--- sync {number + 1}, {struck}")
        before = self.ledger.tick()
        self.let_act_meanwhile(dice)
        refused = self.setting.way.refuses if planned else None
        if refused:
            self.world.wire.refuse(refused)
            self.ledger.tell(f"the server will refuse {refused.decode()}")
        falling.start()
        ran = falling.wait()
        self.end_acts()
        if refused:
            self.world.wire.take_back_unused()
        self.struck.append((struck.kind, struck.step, falling.met.is_set()))
        self.look_after(ran, struck, falling.met.is_set(), before)

    def strike_at_random(self, dice):
        kinds = [blow.KILL_TIME, blow.KILL_OCTET, blow.KILL_OCTET, blow.CUT, blow.CUT, blow.CUT]
        if dice.random() < 0.1:
            kinds = [blow.NOTHING]
        return blow.at_random(dice, self.tool.span_s, self.pending(), kinds)

    def let_act_meanwhile(self, dice):
        """Some deeds at octets, where the line stands still for them, some at moments."""
        self.over = threading.Event()
        self.late = []
        at_moments = []
        for deed in self.choose(dice, dice.randrange(0, 15), False):
            if dice.random() < 0.6:
                direction = dice.choice((UP, DOWN))
                octet = dice.randrange(1, blow.TALK[direction])
                order = [deed]
                self.late.append(order)
                self.world.line.at(direction, octet, lambda _, order=order: self.act_once(order))
            else:
                # Also while a sync waits for directories that do not come to rest.
                span_s = self.tool.span_s * dice.choice((1, 5))
                at_moments.append((dice.uniform(0, span_s), deed))
        self.hand = threading.Thread(target=self.act_at_moments, args=(sorted(
            at_moments, key=lambda one: one[0]),))
        self.hand.start()

    def act_once(self, order):
        if order and not self.over.is_set():
            self.act(*order.pop())

    def act_at_moments(self, deeds):
        began = time.monotonic()
        for moment, deed in deeds:
            if self.over.wait(max(0, began + moment - time.monotonic())):
                return
            self.act(*deed)

    def end_acts(self):
        self.over.set()
        self.hand.join()
        self.world.line.wait_until_idle()
        self.world.line.forget()

    def look_after(self, ran, struck, met, before):
        """Did it end as it may, and is everything still there?"""
        self.syncs += 1
        self.outputs.append((str(struck), ran))
        self.ledger.tell(f"--- ended with {ran.code}{'' if met else ', untouched'}")
        if ran.hung:
            self.found("broke", f"did not end in time: {struck}")
        elif not met or not struck.is_kill:
            allowed = self.tool.cut_short
            if ran.code < 0 or (allowed is not None and ran.code not in allowed):
                self.found("broke", f"ended with {ran.code}: {ran.output[-600:]}")
        there, here = self.look_for_all()
        if ran.code in self.tool.done and judge.same_places(there, here):
            self.ledger.sync_ended_well(before)

    def look_for_all(self):
        """The promise of every moment: what nobody deleted is whole somewhere."""
        for look in range(LOOKS_MAX):
            views = self.views()
            lost = judge.vanished(self.ledger, views, self.tool.put_by())
            if not lost:
                return views
            time.sleep(0.2 * (look + 1))
        for token in lost:
            self.found("lost", f"{token} is nowhere, after sync {self.syncs}")
        return views

    def views(self):
        with self.hands:
            return self.world.views()

    # ---- in peace

    def settle(self, when):
        for _ in range(SYNCS_MAX):
            self.tool.pass_time()
            self.world.reader.mail.settle()
            first = self.views()
            before = self.ledger.tick()
            self.tool.start()
            ran = self.tool.wait()
            self.world.line.wait_until_idle()
            self.syncs += 1
            self.outputs.append((f"in peace, {when}", ran))
            self.answer(ran)
            second = self.views()
            if ran.code not in self.tool.done or not judge.same_places(*second):
                continue
            self.ledger.sync_ended_well(before)
            if first == second:
                return
        self.explain_unrest(when, ran, second)

    def explain_unrest(self, when, ran, views):
        """Where the ledger says what is wrong, that is said; else that it does not come to rest."""
        if when != "the beginning":
            self.judge()
        if not self.violations:
            self.found("unrest", f"{when}: the last of {SYNCS_MAX} syncs ended with {ran.code}, "
                       f"both sides {'alike' if judge.same_places(*views) else 'apart'}: "
                       f"{ran.output[-600:]}")

    def answer(self, ran):
        """The user says what the ledger knows: yes, that was deleted, or no, it was not."""
        questions = collections.defaultdict(list)
        for mailbox, path in self.tool.questions(ran):
            questions[mailbox].append(path)
        for mailbox, paths in questions.items():
            self.asked += len(paths)
            tokens = [self.token_at(path) for path in paths]
            yes = self.answer_to(mailbox, tokens, self.ledger.find_box(mailbox))
            self.ledger.tell(f"asked about {tokens} in {mailbox}: {'yes' if yes else 'no'}")
            self.tool.answer(mailbox, yes)

    def answer_to(self, mailbox, tokens, box):
        if tokens == [None] and box:
            box.was_asked_about = True
            return box.name != mailbox or box.removed
        return all(token and self.ledger.may_be_gone(token) for token in tokens)

    def token_at(self, path):
        full = os.path.join(self.world.reader.mail.root, path or "")
        if not os.path.isfile(full):
            return None
        with open(full, "rb") as file:
            return judge.token_of(file.read())

    def judge(self):
        judgement = judge.Judgement(self.ledger, *self.views())
        for one in judgement.violations:
            self.found(one.kind, one.text)
        if self.tool.exact and not self.violations:
            for line in self.differences():
                self.found("apart", line)
        if self.world.wire and self.world.wire.violations:
            self.found("broke", f"not offered, and sent: {self.world.wire.violations[:3]}")
        return judgement.rules

    def differences(self):
        """Dates too, and nothing left in tmp."""
        return oracle.differences(self.world.phone.imap, self.world.reader.mail)

    # ---- for whoever has to find out

    def keep(self):
        with open(f"{self.dir}/story.txt", "w", encoding="utf-8") as out:
            out.write(f"{self.setting}\n\n" + "\n".join(map(str, self.violations)) + "\n\n")
            out.write("\n".join(self.ledger.story) + "\n")
            for what, ran in self.outputs:
                out.write(f"\n=== {what}: exit {ran.code}\n{ran.output}\n")
        self.world.dump_server(f"{self.dir}/server")
        if self.world.elsewhere:
            shutil.copytree(self.world.elsewhere, f"{self.dir}/elsewhere")
            shutil.rmtree(self.world.elsewhere, ignore_errors=True)
        return self.dir
