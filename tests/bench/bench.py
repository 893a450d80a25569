# SPDX-License-Identifier: Apache-2.0
"""Measures Sterna, mbsync and interimap on identical work, beside the bare client, in one run.

    python3 -m tests.bench.bench [--sterna FILE] [--tools sterna,mbsync] [--groups core,big]
                                 [--reps 3] [--quick] [--work DIR]

Everything is on loopback, over plain TCP, with durable writes on the client's side. The tools take
turns within a repetition, so that a drift of the machine meets all of them. Old trees are put
aside, not deleted, while it measures: soon after a mass deletion, making files on ext4 is several
times slower, and would be counted as the tool's time.
"""
import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

from tests.bench import changes, corpus, tools
from tests.bench.meter import Meter
from tests.bench.report import Report
from tests.support.dovecot import PASSWORD, Dovecot, reachable
from tests.support.imap_client import Imap

CORE = [name for name, _ in corpus.MAILBOXES]
MANY = ["INBOX"] + [f"F{n // 20:02}/box{n:03}" for n in range(199)]
SETTLE_S = 1.1      # mbsync and Sterna wait out a second in which a Maildir changed: not measured


class Bench:
    def __init__(self, options, work):
        self.options, self.work = options, work
        self.sizes = {"core": 1000, "big": 5000} if options.quick else {"core": 10000, "big": 50000}
        self.meter = Meter(work)
        self.server = Dovecot(f"{work}/server").start()
        self.runs = []
        known = [tools.Sterna(options.sterna), tools.Mbsync(), tools.Interimap()]
        self.tools = [t for t in known if t.name in options.tools.split(",") and t.available()]

    def close(self):
        self.server.stop()

    # ---- mail stores

    def store(self, name, count, seed, **how):
        """A mail store on the server's side, made once and copied for every run."""
        path = f"{self.work}/stores/{name}{count}"
        if not os.path.exists(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            user = f"load{name}{count}"
            with Imap("127.0.0.1", self.server.port, user, PASSWORD) as imap:
                groups = {}
                for mail in corpus.generate(count, seed, **how):
                    groups.setdefault(mail.mailbox, []).append((mail.data, mail.flags, mail.date))
                for mailbox, messages in groups.items():
                    if mailbox != "INBOX":
                        imap.create(mailbox)
                    imap.append_many(mailbox, messages)
            subprocess.run(["cp", "-a", self.server.home(user), path], check=True)
        return path

    def core_store(self):
        return self.store("core", self.sizes["core"], 1)

    def rtt_store(self):
        return self.store("rtt", 1000, 2)

    def big_store(self):
        return self.store("big", self.sizes["big"], 3, mailboxes=[("INBOX", 1)], small=True)

    def many_store(self):
        shares = [(name, 1 / len(MANY)) for name in MANY]
        return self.store("many", 2000, 4, mailboxes=shares, small=True)

    def put_aside(self, path):
        if os.path.exists(path):
            os.makedirs(f"{self.work}/aside", exist_ok=True)
            os.rename(path, f"{self.work}/aside/{time.monotonic_ns()}")

    def place(self, name, group, store):
        """A fresh place for a tool, its user on the server filled from the store."""
        user = f"{name}{group}"
        place = tools.Place(f"{self.work}/client/{user}", user, self.server.port)
        self.put_aside(self.server.home(user))
        subprocess.run(["cp", "-a", store, self.server.home(user)], check=True)
        self.put_aside(place.dir)
        os.makedirs(place.maildir)
        return place

    def imap(self, place):
        return Imap("127.0.0.1", self.server.port, place.user, PASSWORD)

    # ---- one measured run

    def sync(self, tool, place, scenario, check=None, rtt=False):
        direct = place.port
        if rtt:
            with self.meter.relay(direct) as relay:
                place.port = relay.port
                tool.configure(place)
                run = self.meter.run(tool.command(place), tool.environment(place))
            run.update(relay.figures())
            place.port = direct
        else:
            tool.configure(place)
            run = self.meter.run(tool.command(place), tool.environment(place))
        if check and not run["rc"]:
            with self.imap(place) as imap:
                run["disagreement"] = changes.disagreement(imap, place.maildir, check)
        self.record(tool.name, scenario, run)

    def bare(self, place, scenario, script, store=False, rtt=False):
        path, out = f"{self.work}/script", f"{place.dir}/out"
        with open(path, "wb") as file:
            file.write(script + b"z LOGOUT\r\n")
        self.put_aside(out)
        keep = ["-o", out] if store else []

        def run(port):
            return self.meter.run([f"{self.meter.bin}/bare", *keep, str(port), place.user, PASSWORD,
                                   path])
        if rtt:
            with self.meter.relay(place.port) as relay:
                figures = run(relay.port)
            figures.update(relay.figures())
        else:
            figures = run(place.port)
        self.record("bare", scenario, figures)

    def record(self, tool, scenario, run):
        run.update(tool=tool, scenario=scenario)
        self.runs.append(run)
        trouble = run.get("disagreement") or (f"exit {run['rc']}" if run["rc"] else "")
        print(f"{tool:10} {scenario:5} {run['wall']:8.3f} s  {run['rss_kb'] / 1024:6.1f} MiB"
              f"  {trouble}", flush=True)
        if run.get("log"):
            print("    " + run["log"].replace("\n", "\n    "), flush=True)

    # ---- groups of scenarios

    def core(self, rep):
        for tool in self.tools:
            self.core_tool(tool, rep)
        self.core_bare(rep)

    def core_tool(self, tool, rep):
        place = self.place(tool.name, "core", self.core_store())
        dice, check = random.Random(100 + rep), CORE if rep == 0 else None
        self.sync(tool, place, "S1", CORE)
        time.sleep(2)
        for _ in range(3):
            self.sync(tool, place, "S2")
        with self.imap(place) as imap:
            changes.server_flags(imap, CORE, dice)
        self.sync(tool, place, "S3", check)
        time.sleep(SETTLE_S)
        changes.local_flags(place.maildir, CORE, dice)
        time.sleep(SETTLE_S)
        self.sync(tool, place, "S4", check)
        time.sleep(SETTLE_S)
        with self.imap(place) as imap:
            changes.server_new(imap, 1000)
        self.sync(tool, place, "S5", check)
        time.sleep(SETTLE_S)
        changes.local_new(place.maildir, 2000)
        time.sleep(SETTLE_S)
        self.sync(tool, place, "S6", check)
        time.sleep(SETTLE_S)
        changes.local_deletions(place.maildir, dice)
        time.sleep(SETTLE_S)
        self.sync(tool, place, "S7", CORE)

    def core_bare(self, rep):
        place, dice = self.place("bare", "core", self.core_store()), random.Random(100 + rep)
        self.bare(place, "S1", changes.script_pull(CORE), store=True)
        for _ in range(3):
            self.bare(place, "S2", changes.script_noop())
        with self.imap(place) as imap:
            status = {name: imap.status(name) for name in CORE}
            changes.server_flags(imap, CORE, dice)
            cursors = {n: (s["UIDVALIDITY"], s["HIGHESTMODSEQ"]) for n, s in status.items()}
            self.bare(place, "S3", changes.script_flags_in(cursors))
            self.bare(place, "S4", changes.script_flags_out(imap, CORE, dice))
            nexts = {n: imap.status(n)["UIDNEXT"] for n in ("INBOX", "Archive")}
            changes.server_new(imap, 1000)
            self.bare(place, "S5", changes.script_new_in(nexts), store=True)
            self.bare(place, "S6", changes.script_new_out(2000))
            self.bare(place, "S7", changes.script_deletions_out(imap, dice))

    def rtt(self, rep):
        for tool in self.tools:
            place = self.place(tool.name, "rtt", self.rtt_store())
            self.sync(tool, place, "S8a", CORE, rtt=True)
            time.sleep(2)
            self.sync(tool, place, "S8b", rtt=True)
            with self.imap(place) as imap:
                changes.server_flags(imap, CORE, random.Random(rep))
            self.sync(tool, place, "S8c", CORE, rtt=True)
        place = self.place("bare", "rtt", self.rtt_store())
        self.bare(place, "S8a", changes.script_pull(CORE), store=True, rtt=True)
        self.bare(place, "S8b", changes.script_noop(), rtt=True)
        with self.imap(place) as imap:
            status = {name: imap.status(name) for name in CORE}
            changes.server_flags(imap, CORE, random.Random(rep))
        cursors = {n: (s["UIDVALIDITY"], s["HIGHESTMODSEQ"]) for n, s in status.items()}
        self.bare(place, "S8c", changes.script_flags_in(cursors), rtt=True)

    def big(self, rep):
        for tool in self.tools:
            place = self.place(tool.name, "big", self.big_store())
            self.sync(tool, place, "S9a", ["INBOX"])
            time.sleep(2)
            for _ in range(3):
                self.sync(tool, place, "S9")
        place = self.place("bare", "big", self.big_store())
        self.bare(place, "S9a", changes.script_pull(["INBOX"]), store=True)
        for _ in range(3):
            self.bare(place, "S9", changes.script_noop())

    def many(self, rep):
        for tool in self.tools:
            place = self.place(tool.name, "many", self.many_store())
            self.sync(tool, place, "S10a", MANY if rep == 0 else None)
            time.sleep(2)
            for _ in range(3):
                self.sync(tool, place, "S10b")
            self.sync(tool, place, "S10", rtt=True)
        place = self.place("bare", "many", self.many_store())
        self.bare(place, "S10a", changes.script_pull(MANY), store=True)
        for _ in range(3):
            self.bare(place, "S10b", changes.script_noop())
        self.bare(place, "S10", changes.script_noop(), rtt=True)

    def measure(self):
        for group in self.options.groups.split(","):
            for rep in range(self.options.reps):
                getattr(self, group)(rep)
        return Report(self.runs, {k: f"{v:,}" for k, v in self.sizes.items()},
                      self.options.tools.split(","), self.options.groups.split(","),
                      self.options.quick)


def parse():
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Sterna beside its peers",
                                     allow_abbrev=False)
    parser.add_argument("--sterna", default="build/release/src/cli/sterna")
    parser.add_argument("--tools", default="sterna,mbsync,interimap")
    parser.add_argument("--groups", default="core,rtt,big,many")
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--quick", action="store_true",
                        help="a tenth of the messages, and no judgement")
    parser.add_argument("--work", default="build/bench")
    return parser.parse_args()


def main():
    options = parse()
    work = os.path.abspath(options.work)
    os.makedirs(work, exist_ok=True)
    aside = None
    if not reachable(work):
        aside = work = tempfile.mkdtemp(prefix="sterna-bench-")
        os.chmod(work, 0o755)
    bench = Bench(options, work)
    try:
        report = bench.measure()
    finally:
        bench.close()
        for leftover in ("aside", "client", "server") if not aside else (".",):
            shutil.rmtree(f"{work}/{leftover}", ignore_errors=True)
    os.makedirs(options.work, exist_ok=True)
    with open(f"{options.work}/runs.json", "w", encoding="utf-8") as out:
        json.dump(bench.runs, out, indent=1)
    versions = ", ".join(tool.version() for tool in bench.tools)
    text = f"{versions}; {options.reps} repetitions.\n\n{report.markdown()}"
    with open(f"{options.work}/report.md", "w", encoding="utf-8") as out:
        out.write(text)
    print("\n" + text)
    return 0 if report.passed() else 1


if __name__ == "__main__":
    sys.exit(main())
