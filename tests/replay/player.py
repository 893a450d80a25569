# SPDX-License-Identifier: Apache-2.0
"""Carries a script out in a real world, and asks the ledger at each rest whether both sides are as
they should be: what sim_world.cc does in the simulated one.

Exact moments are not the simulation's. A step with `at` is done when so many octets have come from
the server; a kill "at operation N" is one at a step of the order of effects, one "at millisecond N"
comes sooner here; where the power goes, the process is killed and the disk keeps all.
"""
import collections
import os
import shutil
import threading
import time
import traceback
from dataclasses import dataclass, field

from tests.replay.deed import Deed, token_of
from tests.replay.hands import LocalHand, RemoteHand
from tests.replay.ledger import Ledger, Trash, Wrong
from tests.replay.script import Step
from tests.replay.world import NOT_IDLE, UNREAL, RealWorld
from tests.support import oracle, sterna
from tests.support.maildir import digest_tree
from tests.support.messages import NOON
from tests.torture.blow import CUT, KILL_STEP, KILL_TIME, STOP, Blow, Falling
from tests.torture.line import DOWN, UP
from tests.torture.world import dump_server

QUIET_SYNCS_MAX = 16
IDLE_SYNCS_AT_REST = 5      # looks for an upload in doubt are made once a minute
LOOKS_MAX = 4               # a message that is just being moved may be seen nowhere
OCTETS_A_MS = 6           # of the simulated sync, which has a slow line
MS_FASTER = 5               # than a simulated sync is a real one
OPERATIONS_A_STEP = 4
# Of a sync that nothing befell; a mailbox that is held or fails is judged at rest.
ENDS = (sterna.DONE, sterna.FAILED, sterna.PARTLY, sterna.NETWORK, sterna.HELD)
TROUBLES = ("backup", "mount", "unmount", "server.renumber", "restore.maildir", "restore.state",
            "restore.machine")
NOT_PLAYED = ("power", "restore.server")


@dataclass
class Outcome:
    seed: int
    wrong: list                                                # [Wrong]
    left_out: collections.Counter = field(default_factory=collections.Counter)
    syncs: int = 0
    faults: collections.Counter = field(default_factory=collections.Counter)
    deeds: int = 0
    amid: int = 0           # of them, while a sync ran
    seconds: float = 0.0
    kept: str | None = None


class Player:
    def __init__(self, script, directory, keep_always=False):
        self.script = script
        self.keep_always = keep_always
        by_copy = "move" not in script.features
        self.ledger = Ledger(Trash("Trash", by_copy) if "trash" in script.features else None)
        self.story = []
        self.outcome = Outcome(script.seed, [])
        self.now_ms = NOON * 1000
        self._hands = threading.RLock()      # one deed at a time
        self._soon = []                      # deeds of the next sync
        self._backed_up = False
        self._mounted = True
        self._is_set_back = False            # since the last rest
        self._outputs = []
        self.world = RealWorld(script, directory)
        self.local = LocalHand(self, self.world.mail)
        self.remote = RemoteHand(self, self.world.connect)

    @property
    def now_s(self):
        return self.now_ms // 1000

    def tell(self, line):
        self.story.append(line)

    def found(self, kind, text):
        self.outcome.wrong.append(Wrong(kind, text))

    def leave_out(self, what):
        self.outcome.left_out[what] += 1

    # ---- what hands ask the state for

    def is_in_doubt(self, token):
        """Whether an upload of it is open in the state, and the server is not known to have it."""
        if not self.ledger.is_broken:
            return False
        open_ones = self.world.program.ask(
            "SELECT base_name FROM intent WHERE kind = 'upload' AND NOT stored")
        return bool({name for name, in open_ones} & set(self.local.bases_of(token)))

    def is_recorded(self, base):
        return not self.ledger.is_broken or bool(self.world.program.ask(
            "SELECT 1 FROM message WHERE base_name = ?", base))

    # ---- from the beginning to the end

    def run(self):
        began = time.monotonic()
        for feature in sorted(UNREAL.keys() & self.script.features):
            self.leave_out(UNREAL[feature])
        try:
            for step in self.script.steps:
                self.take(step)
                if self.outcome.wrong:
                    break
            if self.outcome.wrong or self.keep_always:
                self.outcome.kept = self.keep()
        finally:
            self.remote.close()
            self.world.close()
        if not self.outcome.kept:
            self.world.remove()
        self.outcome.seconds = time.monotonic() - began
        return self.outcome

    def take(self, step):
        if "at" in step.given:
            self._soon.append(step)
        elif step.what == "sync":
            self.sync(step)
        elif step.what == "wait":
            self.wait(step.number("ms"))
        elif step.what == "rest":
            self.rest(step)
        elif step.what in TROUBLES:
            self.tell(str(step))
            self.trouble(step)
        elif not self.act(step):
            self.leave_out(step.what)
            if step.what not in NOT_PLAYED:
                self.tell(f"left out: {step}")

    def act(self, step):
        who, _, what = step.what.partition(".")
        hand = {"local": self.local, "remote": self.remote}.get(who)
        if not hand or (hand is self.local and not self._mounted):
            return hand is not None
        with self._hands:
            self.outcome.deeds += 1
            try:
                return hand.act(what, Deed(step.id, step.number("dice")))
            except (FileNotFoundError, FileExistsError) as error:      # a sync was faster
                self.tell(f"not done: {step}: {error}")
                return True

    def wait(self, ms):
        self.now_ms += ms
        self.world.pass_time(ms)

    # ---- a sync and what befalls it

    def blow_of(self, step):
        """Steps that name several faults have the first of them."""
        octets = (DOWN, step.number("cut")) if step.id % 2 else (UP, step.number("cut") // 8)
        if "cut" in step.given:
            return Blow(CUT, direction=octets[0], octet=octets[1] + 1)
        for name in ("cancel", "kill", "power"):
            operations, ms = step.given.get(f"{name}_ops"), step.given.get(f"{name}_ms")
            if operations is None and ms is None:
                continue
            if name == "power":
                self.leave_out("power amid a sync (killed instead)")
            if name == "cancel":
                moment = ms if operations is None else operations * 2
                return Blow(STOP, direction=DOWN, octet=moment * OCTETS_A_MS + 1)
            if operations is not None:
                return Blow(KILL_STEP, step=f"any:{1 + operations // OPERATIONS_A_STEP}")
            return Blow(KILL_TIME, moment_s=ms / 1000 / MS_FASTER)
        return Blow()

    def plan_deeds(self, over):
        """Each once, when the line has come so far."""
        for step in self._soon:
            def act(_, step=step):
                try:
                    if not over.is_set():
                        self.outcome.amid += 1
                        self.act(step)
                except Exception:
                    self.found("harness", traceback.format_exc())
            self.world.line.at(DOWN, step.number("at") * OCTETS_A_MS + 1, act)
        self._soon = []

    def sync(self, step):
        """Its report, or None."""
        blow = self.blow_of(step)
        over = threading.Event()
        if blow != Blow() or self._soon:
            self.ledger.broken()
        self.world.mail.settle()
        self.remote.imap.leave()
        program, line = self.world.program, self.world.line
        self.tell(f"sync, {blow}")
        self.plan_deeds(over)
        falling = Falling(blow, program, line)
        falling.start()
        ran = falling.wait()
        over.set()
        line.wait_until_idle()
        line.forget()
        self.outcome.syncs += 1
        met = falling.met.is_set()
        self.outcome.faults[blow.kind if met or blow == Blow() else f"{blow.kind} (too late)"] += 1
        self._outputs.append((f"{step}, {blow}", ran))
        report = program.report_of(ran)
        if ran.hung:
            self.found("broke", "it did not end in time")
        elif not met and (ran.code not in ENDS or report is None):
            self.found("broke", f"ended with {ran.code}: {ran.output[-600:]}")
        if report:
            done = " ".join(f"{key}={report[key]}" for key in NOT_IDLE if report[key])
            self.tell(f"  {done or 'nothing to do'}")
            if not report["errors"] and not report["marker_held"] and blow == Blow():
                self.ledger.synced(report["held"] != 0 and self.holds_a_mailbox())
        else:
            self.tell(f"  ended with {ran.code}")
        self.look_for_all()
        return report

    def look_for_all(self):
        """The promise of every moment: what nobody deleted is somewhere."""
        for look in range(LOOKS_MAX):
            with self._hands:
                seen = self.everywhere()
                lost = [token for token in self.ledger.tokens()
                        if self.ledger.must_live(token) and token not in seen]
            if not lost:
                return
            time.sleep(0.1 * (look + 1))
        for token in lost:
            self.found("lost meanwhile", f"{token} is nowhere, after sync {self.outcome.syncs}")

    def everywhere(self):
        seen = {copy.token for copy in [*self.remote.copies(), *self.local.copies()]}
        seen.update(map(token_of, self.world.program.put_by()))
        unmounted = f"{self.world.dir}/mail.unmounted"
        for top, _, names in os.walk(unmounted):
            for name in names:
                with open(os.path.join(top, name), "rb") as file:
                    seen.add(token_of(file.read()))
        return seen

    # ---- what is held

    def held(self):
        return self.world.program.program.command_json("held", "list")["held"]

    def holds_a_mailbox(self):
        return any(one["kind"].startswith("mailbox_") for one in self.held())

    def decide_held(self, step):
        held = self.held()
        if self._is_set_back:
            self.remove_leftovers(held)
        for one in held:
            self.tell(f"  held: {one['kind']} {one['path']}: {one['reason']}")
        for mailbox in sorted({one["mailbox"] for one in held}):
            yes = self.decision_about([one for one in held if one["mailbox"] == mailbox], mailbox,
                                      Deed(step.id, self.script.seed))
            self.tell(f"held {'apply' if yes else 'restore'} in {mailbox}")
            self.world.program.answer(mailbox, yes)

    def tokens_of(self, held):
        """Of files that no row knows: base name -> token."""
        bases = [os.path.basename(one["path"]).partition(":")[0] for one in held
                 if one["kind"] in ("orphan", "resurrected")]
        return {base: self.local.token_of_base(base) for base in bases}

    def decision_about(self, held, mailbox, chance):
        """Of files that are held a person says whether the message was to go; the rest is as chance
        has it."""
        tokens = self.tokens_of(held).values()
        deleted = [token for token in tokens if self.ledger.is_removed(token)]
        if len(deleted) == len(tokens):
            if deleted:
                return True
            return not self._is_set_back and chance.rank(mailbox) % 2 == 0
        for token in deleted:
            self.ledger.left_open(token)
        return False

    def remove_leftovers(self, held):
        """A person deletes a file that is held while its message is elsewhere."""
        there = {copy.token for copy in self.remote.copies()}
        for base, token in self.tokens_of(held).items():
            if token in there:
                self.tell(f"local: leftover of {token} deleted")
                self.local.remove_base(base)

    # ---- when a part of the world is not what it was

    def trouble(self, step):
        if step.what in ("mount", "unmount"):
            self.mount(step.what == "mount")
            return
        if step.what == "backup":
            if self.world.has_marker():
                self.world.back_up()
                self._backed_up = True
            return
        if step.what == "server.renumber":
            mailbox = self.remote.pick_mailbox(Deed(step.id, step.number("dice")))
            self.remote.imap.leave()
            self.world.renumber(mailbox)
        elif not self._backed_up:
            return
        what = step.what.partition(".")[2]
        if what in ("maildir", "machine"):
            self.world.restore("mail")
            self.local.clean_up()
        if what in ("state", "machine"):
            self.world.restore("state")
        self._is_set_back = True
        seen = self.everywhere()
        self.ledger.set_back(self.local.copies(), self.remote.copies(), seen.__contains__)

    def mount(self, mounted):
        if "mail-apart" not in self.script.features or mounted == self._mounted \
                or not (mounted or self.world.has_marker()):
            return
        self._mounted = mounted
        if mounted:
            self.world.mount()
        else:
            self.world.unmount("mount-point" in self.script.features)

    # ---- at rest

    def rest(self, step):
        self.mount(True)
        idle = 0
        for number in range(QUIET_SYNCS_MAX):
            idle = idle + 1 if self.quiet_sync(Step((step.id << 8) + number + 1, "sync")) else 0
            if self.outcome.wrong or idle == IDLE_SYNCS_AT_REST:
                break
            # A folder that was replaced is frozen until a person says that it is right.
            if self._is_set_back and number == 2 and idle == 0:
                self.tell("adopt")
                self.world.program.program.run("adopt", "acc", expect=None)
            self.wait(66_000)
        if not self.outcome.wrong:
            self.judge(idle)

    def fingerprint(self):
        found = (oracle.server_fingerprint(self.remote.imap),
                 digest_tree(self.world.mail.root, times=False))
        self.remote.imap.leave()
        return found

    def quiet_sync(self, step):
        """True if it found nothing to do."""
        before = self.fingerprint()
        report = self.sync(step)
        if report is None:
            return False
        if report["marker_held"]:
            self.found("marker", "the marker is held")
        if report["held"] or report["errors"]:
            self.decide_held(step)
        return not any(report[key] for key in NOT_IDLE) and self.fingerprint() == before

    def judge(self, idle):
        if idle < IDLE_SYNCS_AT_REST:
            self.found("restless", "it does not come to rest")
        here = self.local.copies()
        self.outcome.wrong += self.ledger.check(here, self.remote.copies())
        if not self.outcome.wrong:      # dates, names of mailboxes and leftovers, too
            for line in oracle.differences(self.remote.imap, self.world.mail):
                self.found("apart", line)
            self.remote.imap.leave()
        if self.world.wire.violations:
            self.found("bad", f"not offered, and sent: {self.world.wire.violations[:3]}")
        if not self.outcome.wrong:
            self.ledger.settle(here)
            self._is_set_back = False
            self.tell("at rest")

    # ---- for whoever has to find out

    def keep(self):
        directory = self.world.dir
        with open(f"{directory}/script.txt", "w", encoding="utf-8") as out:
            out.write(str(self.script))
        with open(f"{directory}/story.txt", "w", encoding="utf-8") as out:
            out.write("\n".join([*(f"WRONG {one.kind}: {one.text}" for one in self.outcome.wrong),
                                 "", *self.story]) + "\n")
            for what, ran in self._outputs:
                out.write(f"\n=== {what}: exit {ran.code}\n{ran.output}\n")
        dump_server(self.remote.imap, f"{directory}/server")
        if self.world.elsewhere:
            shutil.copytree(self.world.elsewhere, f"{directory}/elsewhere", dirs_exist_ok=True)
            shutil.rmtree(self.world.elsewhere, ignore_errors=True)
        return directory


def play(job):
    """One script, in whatever process; a fault of the harness itself is told, too."""
    script, directory, keep_always = job
    try:
        return Player(script, f"{directory}/seed-{script.seed}", keep_always).run()
    except Exception:      # the others go on
        return Outcome(script.seed, [Wrong("harness", traceback.format_exc())])
