#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records the transcripts again, from the servers that are installed.

    python3 -m tests.transcripts.record [--server NAME]... [SCENARIO...]

Where a server's own race lets it answer in two ways, SCENARIO.or.txt has the rarer one, and is
left alone here.
"""
import argparse
import glob
import os
import sys

from tests.transcripts import normal, player, servers

HERE = os.path.dirname(os.path.abspath(__file__))


def scenarios():
    return sorted(os.path.basename(path)[:-4] for path in glob.glob(f"{HERE}/scenarios/*.txt"))


def recorded_path(server, scenario):
    return f"{HERE}/recorded/{server}/{scenario}.txt"


def recorded(server, scenario):
    """Each text that is known to come from this server: the usual one first."""
    path = recorded_path(server, scenario)
    texts = []
    for known in (path, path.replace(".txt", ".or.txt")):
        if os.path.exists(known):
            with open(known, encoding="ascii") as file:
                texts.append(file.read())
    return texts


def transcript(server, scenario):
    """The text of the scenario with the answers of this server."""
    one = player.Player(server)
    steps = one.play(player.read_steps(f"{HERE}/scenarios/{scenario}.txt"))
    lines = []
    for step in normal.normalise(steps, one.user):
        lines.append(step.text)
        lines += [f"S{step.connection}: {answer}" for answer in step.answers]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--server", action="append", choices=sorted(servers.SERVERS))
    parser.add_argument("scenario", nargs="*")
    options = parser.parse_args()
    for name in options.server or sorted(servers.SERVERS):
        kind = servers.SERVERS[name]
        if not kind.installed():
            print(f"{name}: not installed; scripts/other-servers unpacks Cyrus and Courier",
                  file=sys.stderr)
            continue
        os.makedirs(f"{HERE}/recorded/{name}", exist_ok=True)
        server = kind().start()
        try:
            for scenario in options.scenario or scenarios():
                text = transcript(server, scenario)
                if text in recorded(name, scenario):
                    continue
                with open(recorded_path(name, scenario), "w", encoding="ascii") as out:
                    out.write(text)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
