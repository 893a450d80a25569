# SPDX-License-Identifier: Apache-2.0
"""Runs the real program with a configuration of its own and reads what it says.

The program is named by STERNA_BINARY. Everything it writes stays below the directory given here.
"""
import json
import os
import resource
import signal
import subprocess
import threading
from dataclasses import dataclass

# Exit statuses of the contract.
DONE, FAILED, USAGE, PARTLY, LOGIN, NETWORK, HELD, LOCKED = 0, 1, 2, 3, 4, 5, 6, 11
BAD_CONFIG = 78


def binary():
    path = os.environ.get("STERNA_BINARY", "")
    if not os.access(path, os.X_OK):
        raise RuntimeError("STERNA_BINARY must name the program under test")
    return path


def _toml_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    if isinstance(value, dict):
        inner = ", ".join(f"{_toml_value(k)} = {_toml_value(v)}" for k, v in value.items())
        return "{ " + inner + " }"
    return str(value)


_TABLES = ("roles", "tls", "oauth")


def toml_account(name, keys):
    """[account.NAME] with its sub-tables; `rule` is a list of tables."""
    head = f'account."{name}"'
    lines = [f"[{head}]"]
    lines += [f"{k} = {_toml_value(v)}" for k, v in keys.items()
              if k not in _TABLES and k != "rule"]
    for table in _TABLES:
        if table in keys:
            lines.append(f"[{head}.{table}]")
            lines += [f"{k} = {_toml_value(v)}" for k, v in keys[table].items()]
    for rule in keys.get("rule", []):
        lines.append(f"[[{head}.rule]]")
        lines += [f"{k} = {_toml_value(v)}" for k, v in rule.items()]
    return "\n".join(lines) + "\n"


@dataclass
class Run:
    code: int
    stdout: str
    stderr: str

    def json(self):
        """The last JSON object of the output; a stream has one a line."""
        try:
            return json.loads(self.stdout)
        except json.JSONDecodeError:
            return json.loads(self.stdout.strip().splitlines()[-1])

    def objects(self):
        return [json.loads(line) for line in self.stdout.splitlines() if line.startswith("{")]

    def __str__(self):
        return f"exit {self.code}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


class Sterna:
    def __init__(self, directory):
        self.dir = directory
        self.config = f"{directory}/sterna.toml"
        self.state = f"{directory}/state"
        self.accounts = {}
        self.top = {}
        self.limits = {}          # of what is started: octets_max, files_max
        self.before = []          # a program that starts it
        self.extra_environment = {}
        self.program = None       # a copy of it, for whom cannot reach the one under test
        self._current = None
        self._started = threading.Event()
        os.makedirs(directory, exist_ok=True)

    def add_account(self, name, **keys):
        self.accounts[name] = {k: v for k, v in keys.items() if v is not None}
        self.write_config()

    def set(self, name, **keys):
        """Changes keys of an account; None takes one away."""
        for key, value in keys.items():
            if value is None:
                self.accounts[name].pop(key, None)
            else:
                self.accounts[name][key] = value
        self.write_config()

    def write_config(self):
        top = {"state_dir": self.state, **self.top}
        text = "".join(f"{k} = {_toml_value(v)}\n" for k, v in top.items())
        text += "".join("\n" + toml_account(name, keys) for name, keys in self.accounts.items())
        self.write_raw_config(text)

    def write_raw_config(self, text):
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(self.config, 0o600)

    def environment(self):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "STERNA_"))}
        return {**clean, "HOME": self.dir, "LC_ALL": "C.UTF-8", **self.extra_environment}

    def start(self, *arguments, options=()):
        self._started.clear()
        self._current = subprocess.Popen(
            [*self.before, self.program or binary(), "-c", self.config, *options, *arguments],
            env=self.environment(),
            preexec_fn=self._limit if any(self.limits.values()) else None,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, encoding="utf-8", errors="replace")
        self._started.set()
        return self._current

    def _limit(self):
        # Sanitizers reserve more memory than there is.
        sanitized = os.environ.get("STERNA_SANITIZED")
        octets = None if sanitized else self.limits.get("octets_max")
        files = self.limits.get("files_max")
        for kind, most in ((resource.RLIMIT_DATA, octets), (resource.RLIMIT_NOFILE, files)):
            if most:
                resource.setrlimit(kind, (most, most))

    def finish(self, process, timeout=300):
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            stdout, stderr = process.communicate()
            raise AssertionError(f"sterna did not end in {timeout} s\n"
                                 f"{Run(process.returncode, stdout, stderr)}") from None
        return Run(process.returncode, stdout, stderr)

    def run(self, *arguments, expect=DONE, options=("--no-input",), timeout=300):
        """Runs a command; `expect` is an exit status, several, or None for any but a crash."""
        run = self.finish(self.start(*arguments, options=options), timeout)
        allowed = (expect,) if isinstance(expect, int) else expect
        if run.code < 0 or (allowed is not None and run.code not in allowed):
            raise AssertionError(f"sterna {' '.join(arguments)}: expected exit {expect}, {run}")
        return run

    def die_at(self, step, *arguments):
        """Runs a command that is killed at that step of the order of effects, in a build that has
        steps; says how it ended."""
        before = self.extra_environment
        self.extra_environment = {**before, "STERNA_DIE_AT": step}
        try:
            return self.finish(self.start(*arguments))
        finally:
            self.extra_environment = before

    def command_json(self, *arguments, expect=DONE):
        return self.run(*arguments, expect=expect, options=("--no-input", "--json")).json()

    def sync(self, *targets, expect=DONE, timeout=300):
        """One sync. Returns the report of the only account, or all of them by name."""
        run = self.run("sync", *targets, expect=expect, options=("--no-input", "--json"),
                       timeout=timeout)
        reports = {a["name"]: a for a in run.json()["accounts"]}
        for report in reports.values():
            report["stderr"] = run.stderr
        return reports if len(self.accounts) > 1 else reports[next(iter(self.accounts))]

    def wait(self, timeout=60):
        """Until what was started last has ended; for other threads than the one in finish()."""
        self._started.wait(30)
        self._current.wait(timeout)

    def pid(self):
        """Of what was started last; as signal()."""
        self._started.wait(30)
        return self._current.pid

    def signal(self, number=signal.SIGKILL):
        """Sends a signal to what was started last; for threads that may be earlier than start()
        returns."""
        self._started.wait(30)
        self._current.send_signal(number)
