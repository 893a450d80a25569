# SPDX-License-Identifier: Apache-2.0
"""Power losses, many of them.

    python3 -m tests.powerloss.rounds --rounds 1000 --seed 1 [--jobs 2]
    python3 -m tests.powerloss.rounds --seed 1 --round 17       that one alone, its trees kept

Sterna is STERNA_BINARY. Each round that finds a violation says its number and its story, and leaves
its trees below --keep. Exit 1 if any did.
"""
import sys

from tests.powerloss import recorder
from tests.powerloss.round import PowerRound, setting_of
from tests.torture import rounds
from tests.torture.tools import Sterna


def options_of(arguments):
    parser = rounds.parser_of("power-loss", __doc__)
    parser.add_argument("--forget", default="", help="a kind of flush that does nothing, for "
                        "whoever wants to see a violation: " + ", ".join(FLUSHES))
    options = rounds.parsed(parser, arguments)
    if options.forget and options.forget not in FLUSHES:
        parser.error(f"no such flush: {options.forget}")
    if not Sterna.available():
        parser.error("Sterna is not there; it is named by STERNA_BINARY")
    if not recorder.compiler():
        parser.error("needs a C compiler")
    return options


def _is_file(disk, ino, path):
    return ino in disk.files and (not path or path.startswith("/mail/"))


def _is_directory(disk, ino, path):
    return ino in disk.names and path.startswith("/mail")


# Kinds of flushes that can be made to do nothing, by disk, inode and path.
FLUSHES = {
    # A file has no name yet when Sterna flushes what it wrote.
    "message": lambda *of: _is_file(*of) and (not of[2] or of[2].rpartition(":")[0]
                                              .endswith(".sterna")),
    "theirs": lambda *of: _is_file(*of) and bool(of[2]) and ".sterna" not in of[2],
    "place": lambda *of: _is_directory(*of) and of[2].endswith(("/cur", "/new")),
    "folder": lambda *of: _is_directory(*of) and not of[2].endswith(("/cur", "/new")),
    "base": lambda disk, ino, path: "/state.db" in path,
    "undo": lambda disk, ino, path: "/undo" in path,
}


def forgets(kind):
    """For Disk: whether the flush of this inode does nothing."""
    if not kind:
        return None
    return lambda disk, ino: ino is not None and FLUSHES[kind](disk, ino, disk.path_of(ino) or "")


def play(job):
    """One round, in whatever process; a fault of the harness itself is told, too."""
    seed, number, profiles, with_steps, keep, keep_always, kind = job
    setting = setting_of(seed, number, profiles, with_steps)
    try:
        return PowerRound(setting, f"{keep}/power-{seed}-{number}", keep_always,
                          forgets(kind)).play()
    except Exception:      # the other rounds go on
        return rounds.fault_of_harness(setting, number)


def main(arguments=None):
    options = options_of(arguments)
    with_steps = Sterna.has_steps()
    summary = rounds.Summary(Sterna.version())
    with rounds.kept_in(options.keep, "power-loss") as keep:
        jobs = [(options.seed, number, options.profiles, with_steps, keep,
                 options.round is not None, options.forget)
                for number in rounds.numbers_of(options)]
        for outcome in rounds.outcomes(play, jobs, options.jobs):
            summary.add(outcome)
            rounds.tell(outcome)
    print("\n".join(summary.lines(with_steps)))
    return 1 if summary.violated else 0


if __name__ == "__main__":
    sys.exit(main())
