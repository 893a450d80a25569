# SPDX-License-Identifier: Apache-2.0
"""How late the changes of a small account are, both ways, while another one's first sync of many
messages goes on, against the same without it."""
import contextlib
import os
import tempfile
import time

from tests.bench.latency import PAUSE_S, Account
from tests.bench.limits import FAIR_MS, p95
from tests.bench.living import MESSAGE, Living, until
from tests.bench.watchers import BareIdle
from tests.support.dovecot import Dovecot


def both_ways(account):
    """One event each way, in milliseconds. What goes out has another mailbox than what comes in, or
    the bare connection would be told of it, too."""
    time.sleep(PAUSE_S)
    return account.message_in() * 1000, account.message_out("Other") * 1000


def beside_first_syncs(account, daemon, big, port, options):
    """As many pairs as without them; each sync is another account's, with the same mail."""
    late, syncs = [], 0
    while len(late) < options.events:
        syncs += 1
        had, name = len(late), f"big{syncs}"
        new = f"{daemon.dir}/Mail/{name}/INBOX/new"
        daemon.add(name, big, "127.0.0.1", port)
        until(lambda: os.path.isdir(new) and os.listdir(new))
        began = time.monotonic()
        pair = both_ways(account)
        while len(os.listdir(new)) < options.messages:
            late.append(pair)
            pair = both_ways(account)
        print(f"{options.messages} messages in {time.monotonic() - began:.1f} s", flush=True)
        if len(late) == had:
            raise RuntimeError("no event fits beside so short a sync: more --messages")
    return late


def fairness(options, judge):
    with (Dovecot() as server, tempfile.TemporaryDirectory() as directory,
          contextlib.ExitStack() as at_end):
        os.chmod(directory, 0o755)
        small, big = server.new_user(), server.new_user()
        with server.client(big) as client:
            client.append_many("INBOX", ((MESSAGE + f"{i}\r\n".encode(), [], 1_700_000_000)
                                         for i in range(options.messages)))
        client = at_end.enter_context(server.client(small))
        client.create("Other")
        daemon = Living(directory, server.ca, [("small", small, "127.0.0.1", server.tls_port)])
        at_end.callback(daemon.stop)
        until(lambda: os.path.isdir(f"{directory}/Mail/small/Other/new"))
        bare = BareIdle(server.tls_port, server.ca, small)
        at_end.callback(bare.stop)
        account = Account(client, bare, f"{directory}/Mail/small")
        account.message_in()       # it watches by then
        alone = [both_ways(account) for _ in range(options.events)]
        beside = beside_first_syncs(account, daemon, big, server.tls_port, options)
        for way, without, along in zip(("in", "out"), zip(*alone), zip(*beside)):
            judge.times(f"{way}, alone", without)
            judge.times(f"{way}, beside it", along, p95(without) + FAIR_MS)
