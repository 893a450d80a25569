# SPDX-License-Identifier: Apache-2.0
"""What accounts cost while nothing happens, and how late new mail to any of them is then.

Each wake-up of the daemon is held against what its server heard and said in the same second, which
Dovecot writes down (rawlog_dir): a wake-up beside which there is nothing has no explanation.
"""
import collections
import glob
import os
import random
import resource
import tempfile
import time

from tests.bench.limits import IDLE, NEW_MAIL_MS
from tests.bench.living import MESSAGE, Living, until
from tests.support import dovecot
from tests.support.dovecot import Dovecot

RAWLOG = "rawlog_dir = {dir}/rawlog\n"
SECOND = 1.0


def raise_limits():
    for name, value in (("max_user_instances", 65535), ("max_user_watches", 4_000_000)):
        try:
            with open(f"/proc/sys/fs/inotify/{name}", "w", encoding="ascii") as file:
                file.write(str(value))
        except OSError as error:
            print(f"fs.inotify.{name} stays as it is: {error}")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def wake_ups(daemon, seconds):
    """How many there were in which second: its end, and their number."""
    found, before = [], daemon.wake_ups()
    end = time.time() + seconds
    while time.time() < end:
        time.sleep(SECOND)
        now = daemon.wake_ups()
        if now > before:
            found.append((time.time(), now - before))
        before = now
    return found


def overheard(server, began):
    """When something was said on any line since then, and how often each cause was."""
    times, words = [], collections.Counter()
    for path in glob.glob(f"{server.dir}/rawlog/*"):
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = [line.split() for line in file]
        lines = [line for line in lines if float(line[0]) >= began]
        times += [float(line[0]) for line in lines]
        words.update(word for line in lines for word in line[1:4] if word == "Still"
                     or word in ("DONE", "LIST") and path.endswith(".in"))
    return sorted(times), {
        "the server says that it is still there": words["Still"],
        "all mailboxes are asked for, which ends an IDLE": words["LIST"],
        "an IDLE is renewed": words["DONE"] - words["LIST"]}


def unexplained(wakes, times):
    """Wake-ups in seconds in which no line was used."""
    return sum(count for end, count in wakes
               if not any(end - 2 * SECOND <= when <= end + SECOND for when in times))


def idle(daemon, server, accounts, seconds, judge):
    promised = IDLE.get(accounts, {})
    if not promised:
        print(f"{accounts} accounts have no limit: {', '.join(map(str, IDLE))} have")
    cpu, began = daemon.cpu_s(), time.time()
    wakes = wake_ups(daemon, seconds)
    used = daemon.cpu_s() - cpu
    print(f"idle for {seconds} s: {used:.3f} s of CPU", flush=True)
    judge.figure("CPU an hour", used / seconds * 3600, promised.get("cpu_s"), "s")
    judge.figure("resident", daemon.memory_mib()["VmRSS"], promised.get("mib"), "MiB")
    times, causes = overheard(server, began)
    each = accounts * seconds / 60
    judge.figure("wake-ups an account and minute", sum(count for _, count in wakes) / each, None,
                 "")
    for cause, count in causes.items():
        judge.figure(f"  {cause}", count / each, None, "")
    judge.figure("  without a word on any line", unexplained(wakes, times),
                 promised.get("unexplained"), "in all")


def new_mail(daemon, server, users, events, judge):
    late = []
    for i in random.Random(1).sample(range(len(users)), min(events, len(users))):
        with server.client(users[i]) as client:
            client.append("INBOX", MESSAGE)
        sent, new = time.monotonic(), f"{daemon.dir}/Mail/a{i}/INBOX/new"
        late.append((until(lambda new=new: os.listdir(new)) - sent) * 1000)
    judge.times("new mail", late, NEW_MAIL_MS)


def many(options, judge):
    raise_limits()
    # pylint: disable=protected-access
    dovecot._CONFIG = (dovecot._CONFIG.replace("process_limit = 1000", "process_limit = 5000")
                       .replace("client_limit = 4000", "client_limit = 20000")
                       .replace("client_limit = 8000", "client_limit = 40000"))
    accounts = options.accounts
    with Dovecot(extra=RAWLOG) as server, tempfile.TemporaryDirectory() as directory:
        os.mkdir(f"{server.dir}/rawlog")
        server.give(f"{server.dir}/rawlog")
        users = [server.new_user() for _ in range(accounts)]
        host, began = server.address(options.profile), time.monotonic()
        print(f"profile {options.profile}; every account empty")
        daemon = Living(directory, server.ca, [(f"a{i}", user, host, server.tls_port)
                                               for i, user in enumerate(users)])
        inboxes = [f"{directory}/Mail/a{i}/INBOX/new" for i in range(accounts)]
        until(lambda: all(map(os.path.isdir, inboxes)), 600, 0.2)
        print(f"{accounts} accounts in step after {time.monotonic() - began:.1f} s, "
              f"{daemon.cpu_s():.1f} s of CPU, {daemon.memory_mib()} MiB", flush=True)
        time.sleep(10)
        print("states:", dict(collections.Counter(one["state"] for one in daemon.status())))
        time.sleep(1)
        idle(daemon, server, accounts, options.idle, judge)
        new_mail(daemon, server, users, options.events, judge)
        judge.figure("resident at the end", daemon.memory_mib()["VmRSS"],
                     IDLE.get(accounts, {}).get("mib"), "MiB")
        print(f"{daemon.memory_mib()} MiB; stopped in {daemon.stop():.2f} s")
