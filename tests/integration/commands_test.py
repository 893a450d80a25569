# SPDX-License-Identifier: Apache-2.0
"""What the commands say about a synced account, in words and in JSON."""
import contextlib
import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import termios
import time
import unittest

from tests.support.case import IntegrationCase
from tests.support.messages import NOON, local, message
from tests.support.sterna import BAD_CONFIG, DONE, FAILED, HELD, NETWORK, PARTLY, USAGE

QUIET = ("--no-input", "-q")
JSON = ("--no-input", "--json")


class CommandsTest(IntegrationCase):
    def filled(self, **keys):
        world = self.world(**keys)
        world.fill("INBOX", 5, flags=["\\Seen"])
        world.fill("Lists/開発", 3, "l")
        world.sync()
        return world

    def rows(self, run, name):
        """The objects of a listing: one a line, or an array in one object."""
        objects = run.objects()
        if len(objects) == 1 and isinstance(objects[0].get(name), list):
            return objects[0][name]
        return objects

    def json_rows(self, world, name, *arguments, expect=DONE):
        run = world.sterna.run(*arguments, expect=expect, options=("--no-input", "--json"))
        return self.rows(run, name)

    def test_version_and_help(self):
        world = self.world()
        self.assertRegex(world.sterna.run("--version").stdout, r"0\.1\.0")
        text = world.sterna.run("--help").stdout
        for command in ("sync", "check", "mailboxes", "verify", "status", "history", "held",
                        "adopt"):
            self.assertIn(command, text)
            self.assertTrue(world.sterna.run(command, "--help").stdout)

    def test_sync_reports_what_it_did(self):
        world = self.filled()
        world.fill("INBOX", 2, "theirs")
        world.mail.deliver("INBOX", local(message("ours")), "S", NOON)
        run = world.sterna.run("sync", options=("--no-input", "--json"))
        report = run.json()
        self.assertEqual(report["schema"], 1)
        (account,) = report["accounts"]
        self.assertEqual(account["name"], world.name)
        self.assertEqual(account["exit"], 0)
        for key, value in (("downloaded", 2), ("uploaded", 1), ("bodies_fetched", 2),
                           ("flags_in", 0), ("flags_out", 0), ("moved_in", 0), ("moved_out", 0),
                           ("deleted_in", 0), ("deleted_out", 0), ("held", 0),
                           ("quarantined", 0)):
            self.assertEqual(account[key], value, key)
        self.assertGreater(account["bytes_in"], 0)
        self.assertGreater(account["bytes_out"], 0)
        self.assertGreaterEqual(account["seconds"], 0)

    def test_a_mailbox_that_is_not_there_is_named(self):
        world = self.filled(mailboxes=["*", "!Junk"])
        world.imap.create("Junk")
        world.fill("INBOX", 1, "late")
        for command in (("sync",), ("sync", "--dry-run"), ("held", "restore"), ("held", "list")):
            for typed, said in (("nope", "no mailbox nope"), ("lists/開発", "Lists/開発?")):
                with self.subTest((*command, typed)):
                    run = world.sterna.run(*command, f"{world.name}/{typed}", expect=USAGE)
                    self.assertIn(said, run.stderr)
        self.assertIn("not synced",
                      world.sterna.run("sync", f"{world.name}/Junk", expect=USAGE).stderr)
        self.assertEqual(len(world.words_local("INBOX")), 5)
        (account,) = world.sterna.command_json("status")["accounts"]
        self.assertFalse(account["error"])
        world.sync(f"{world.name}/Lists")
        world.sync(f"{world.name}/INBOX")
        self.assertEqual(len(world.words_local("INBOX")), 6)

    def test_status(self):
        world = self.filled()
        report = world.sterna.command_json("status")
        self.assertEqual(report["schema"], 1)
        (account,) = report["accounts"]
        for key in ("name", "state", "last_sync", "pending", "held", "quarantined", "error",
                    "mailboxes"):
            self.assertIn(key, account)
        self.assertEqual((account["state"], account["held"]), ("stopped", 0))
        by_name = {box["name"]: box for box in account["mailboxes"]}
        self.assertEqual(by_name["INBOX"]["messages"], 5)
        self.assertEqual(by_name["Lists/開発"]["messages"], 3)
        self.assertTrue(os.path.isdir(by_name["Lists/開発"]["path"]))
        self.assertRegex(account["last_sync"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*Z$")
        self.assertIn(world.name, world.sterna.run("status").stdout)

    def test_each_mailbox_tells_its_last_sync(self):
        world = self.filled()

        def times():
            (account,) = world.sterna.command_json("status")["accounts"]
            return account["last_sync"], {b["name"]: b["last_sync"] for b in account["mailboxes"]}
        first, each = times()
        self.assertEqual(set(each.values()), {first})
        world.ask_state("UPDATE fact SET value = '1000' WHERE key = 'last_sync_ms'")
        world.sync(f"{world.name}/INBOX")
        later, each = times()
        self.assertEqual(each["INBOX"], later)
        self.assertEqual({each["Trash"], each["Lists/開発"]}, {"1970-01-01T00:00:01Z"})
        world.sync()
        last, each = times()
        self.assertEqual(set(each.values()), {last})
        facts = world.ask_state("SELECT key FROM fact")
        world.sync()
        self.assertEqual(world.ask_state("SELECT key FROM fact"), facts)

    def test_status_before_the_first_sync(self):
        world = self.world()
        (account,) = world.sterna.command_json("status")["accounts"]
        self.assertEqual(account["state"], "stopped")

    def test_mailboxes(self):
        world = self.filled(mailboxes=["*", "!Junk"])
        world.fill("Junk", 1, "j")
        rows = self.json_rows(world, "mailboxes", "mailboxes", world.name)
        by_name = {row["mailbox"]: row for row in rows}
        self.assertLessEqual({"INBOX", "Lists/開発", "Trash", "Junk"}, set(by_name))
        text = world.sterna.run("mailboxes", world.name).stdout
        for word in ("INBOX", "Lists/開発", "Junk"):
            self.assertIn(word, text)

    def test_verify_agrees_and_changes_nothing(self):
        world = self.filled()
        world.sterna.run("verify")
        world.sterna.run("verify", "--deep", world.name)
        world.assert_quiet()

    def test_verify_finds_every_kind_of_difference(self):
        for what, change in (
                ("a flag there", lambda w: w.imap.store("INBOX", w.imap.uids("INBOX")[0], "+",
                                                        ["\\Flagged"])),
                ("a message there", lambda w: w.fill("INBOX", 1, "late")),
                ("a message less there", lambda w: w.imap.expunge("INBOX",
                                                                  w.imap.uids("INBOX")[0])),
                ("a file", lambda w: w.mail.deliver("INBOX", local(message("x")), "S", NOON)),
                ("a file less", lambda w: w.mail.delete(w.mail.messages("INBOX")[0])),
                ("a flag here", lambda w: w.mail.add_letters(w.mail.messages("INBOX")[0], "F")),
                ("a mailbox there", lambda w: w.imap.create("More")),
                ("a mailbox here", lambda w: w.mail.create("More"))):
            with self.subTest(what):
                world = self.filled()
                change(world)
                run = world.sterna.run("verify", expect=FAILED)
                self.assertIn("INBOX" if "mailbox" not in what else "More", run.stdout)

    def test_verify_deep_finds_other_bytes(self):
        world = self.filled()
        found = world.mail.find("INBOX", "<m0@")
        content = found.read()
        with open(found.path, "r+b") as out:
            out.write(content.replace(b"words", b"swords"[:5]))
        os.utime(found.path, (found.mtime, found.mtime))
        world.sterna.run("verify", "--deep", expect=FAILED)

    def test_verify_of_a_server_that_cannot_be_reached(self):
        world = self.filled()
        world.sterna.set(world.name, port=1)
        world.sterna.run("verify", expect=NETWORK)

    def test_verify_that_compared_nothing_found_no_differences(self):
        world = self.world()
        run = world.sterna.run("verify", expect=PARTLY)
        self.assertIn("never synced", run.stderr)
        world.fill("INBOX", 1)
        world.sync()
        os.rename(world.mail.root, f"{world.dir}/elsewhere")
        run = world.sterna.run("verify", expect=HELD)
        self.assertIn("is its disk mounted?", run.stderr)
        self.assertIn("mount it", run.stderr)
        self.assertNotIn("adopt", run.stderr)

    def test_quiet_says_only_what_went_wrong(self):
        world = self.filled()
        for command in ("verify", "check"):
            with self.subTest(command):
                run = world.sterna.run(command, options=QUIET)
                self.assertEqual(run.stdout + run.stderr, "")
        world.fill("INBOX", 1, "late")
        run = world.sterna.run("verify", options=QUIET, expect=FAILED)
        self.assertIn("1 difference", run.stdout)
        world.sterna.set(world.name, password="wrong-wrong")
        run = world.sterna.run("check", options=QUIET, expect=(FAILED, 4))
        self.assertRegex(run.stdout, r"FAILED +login")
        self.assertNotIn(" ok ", run.stdout)

    def test_history_says_what_was_changed_on_which_side_and_why(self):
        world = self.filled()
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        world.imap.store("INBOX", world.imap.uids("INBOX")[1], "+", ["\\Flagged"])
        world.sync()
        rows = self.json_rows(world, "history", "history", world.name)
        self.assertGreaterEqual(len(rows), 10)
        for row in rows:
            for key in ("account", "mailbox", "uid", "path", "reason", "since"):
                self.assertIn(key, row)
        for row in rows:
            if row["uid"]:
                self.assertRegex(row["path"], r"/(cur|new)/[^/]+$")
        path = world.mail.find("INBOX", "<m1@").path
        one = self.json_rows(world, "history", "history", world.name, path)
        self.assertLess(len(one), len(rows))
        self.assertTrue(one)

    def test_history_names_the_file_below_the_change(self):
        world = self.filled()
        text = world.sterna.run("history", world.name).stdout
        self.assertIn(f"\n    {world.mail.find('INBOX', '<m0@').path}\n", text)
        self.assertNotRegex(text, r"mailbox created (.+?) (local|remote) +\1\n")

    def test_history_of_one_mailbox(self):
        world = self.filled()
        other = self.world(name="other", sterna=world.sterna)
        other.fill("INBOX", 2, "o")
        world.sterna.run("sync")
        rows = self.json_rows(world, "history", "history", f"{world.name}/INBOX")
        self.assertEqual({(row["account"], row["mailbox"]) for row in rows},
                         {(world.name, "INBOX")})
        self.assertEqual(rows, self.json_rows(world, "history", "history", world.name, "INBOX"))
        file = other.mail.find("INBOX", "<o0@").path
        self.assertEqual({row["account"] for row in
                          self.json_rows(world, "history", "history", file)}, {"other"})

    def test_history_of_one_message_wherever_it_went(self):
        world = self.filled()
        uid = world.imap.uid_of("INBOX", "m0@test.example")
        ids = world.imap.uids("INBOX")
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        world.imap.expunge("INBOX", ids[1])
        world.sync()
        for typed in ("<m0@test.example>", "m0@test.example"):
            rows = self.json_rows(world, "history", "history", typed)
            self.assertEqual([(row["mailbox"], row["event"]) for row in rows],
                             [("Trash", "downloaded"), ("INBOX", "moved to Trash"),
                              ("INBOX", "downloaded")], typed)
        rows = self.json_rows(world, "history", "history", world.name, "m1@test.example")
        self.assertEqual([row["event"] for row in rows], ["deleted", "downloaded"])
        for row in rows:
            self.assertTrue(row["reason"])
        of_uid = self.json_rows(world, "history", "history", f"{world.name}/INBOX", "--uid",
                                str(ids[1]))
        self.assertEqual(of_uid, rows)
        self.assertIn("nothing is known",
                      world.sterna.run("history", "<no@one>", expect=USAGE).stderr)
        world.sterna.run("history", world.name, "--uid", "1", expect=USAGE)

    def test_history_of_a_time(self):
        world = self.filled()
        rows = self.json_rows(world, "history", "history", world.name)
        self.assertEqual(self.json_rows(world, "history", "history", world.name, "--since", "1h"),
                         rows)
        self.assertEqual(self.json_rows(world, "history", "history", "--until", "1h"), [])
        world.ask_state("UPDATE history SET at_ms = 1767258012345 WHERE id = 3")
        self.assertEqual(len(self.json_rows(world, "history", "history", "--until",
                                            "2026-01-01T09:00Z")), 1)
        world.sterna.run("history", "--since", "yesterday", expect=USAGE)

    def test_history_has_the_reason_of_what_was_not_done(self):
        world = self.filled()
        world.mail.deliver("INBOX", local(message("refused")), "S", NOON)
        world.wire.refuse(rb"APPEND|refused", b"NO [CANNOT] not today")
        world.sync(expect=None, may_miss=True)
        [row] = [r for r in self.json_rows(world, "history", "history", world.name)
                 if r["event"] == "parked"]
        self.assertIn("not today", row["reason"])
        world.sterna.set(world.name, direction="pull")
        world.mail.deliver("INBOX", local(message("kept")), "S", NOON)
        world.sync(expect=None)
        rows = [r for r in self.json_rows(world, "history", "history", world.name)
                if r["event"] == "let be"]
        self.assertEqual(len(rows), 2)
        self.assertIn("pull", rows[0]["reason"])

    def test_history_of_what_is_not_there(self):
        world = self.filled()
        for words, said in (((world.name, "nosuch"), "nosuch"), ((f"{world.name}/nope",), "nope"),
                            ((world.name, "lists/開発"), "Lists/開発?"), (("nobody",), "nobody"),
                            ((f"{world.mail.root}/INBOX/cur/17.nobody",), "17.nobody")):
            with self.subTest(words):
                self.assertIn(said, world.sterna.run("history", *words, expect=USAGE).stderr)
        path = world.mail.deliver("INBOX", local(message("unsent")), "S", NOON)
        world.sterna.run("history", path)

    def test_history_of_files_and_folders(self):
        world = self.filled()
        wanted = self.json_rows(world, "history", "history", f"{world.name}/INBOX")
        self.assertTrue(wanted)
        folder = f"{world.mail.root}/INBOX"
        for path in (folder, folder + "/", folder + "/cur"):
            with self.subTest(path):
                self.assertEqual(self.json_rows(world, "history", "history", path), wanted)
        self.assertEqual(self.json_rows(world, "history", "history", world.mail.root),
                         self.json_rows(world, "history", "history", world.name))
        self.assertIn("/etc/passwd belongs to no account",
                      world.sterna.run("history", "/etc/passwd", expect=USAGE).stderr)
        found = world.mail.find("INBOX", "<m0@").path
        run = subprocess.run([os.environ["STERNA_BINARY"], "-c", world.sterna.config, "history",
                              os.path.basename(found)], cwd=os.path.dirname(found), check=False,
                             env=world.sterna.environment(), capture_output=True, text=True)
        self.assertEqual(run.returncode, DONE, run.stderr)
        self.assertIn("downloaded", run.stdout)

    def test_history_names_files(self):
        world = self.filled()
        world.mail.deliver("INBOX", local(message("in-new")), None, NOON)
        world.mail.deliver("INBOX", local(message("in-cur")), "", NOON)
        world.sync()
        rows = self.json_rows(world, "history", "history", world.name)
        files = [row for row in rows if row["event"] in ("downloaded", "uploaded")]
        self.assertEqual(len(files), 10)
        for row in files:
            self.assertTrue(os.path.isfile(row["path"]), row["path"])

    def test_check_says_what_works(self):
        world = self.filled()
        run = world.sterna.run("check")
        for word in ("login", "QRESYNC"):
            self.assertIn(word.lower(), run.stdout.lower())
        world.sterna.run("check", "--offline")
        world.sterna.set(world.name, password="wrong-wrong")
        run = world.sterna.run("check", expect=(FAILED, 4))
        self.assertNotIn("wrong-wrong", run.stdout + run.stderr)

    def test_check_says_where_it_got_to(self):
        world = self.world(transport="tls")
        self.assertRegex(world.sterna.run("check").stdout,
                         r"ok +DNS +localhost is at (127\.0\.0\.1|::1)\n *ok +TCP +localhost:\d+\n")

    def test_check_names_roles_that_lead_nowhere(self):
        world = self.filled()
        self.assertIn("trash = Trash", world.sterna.run("check").stdout)
        world.sterna.set(world.name, roles={"trash": "Nope"})
        run = world.sterna.run("check")
        self.assertRegex(run.stdout, r"warning +roles +roles.trash = Nope: the server has no")

    def test_check_says_where_there_is_no_trash(self):
        world = self.world(trash=False)
        self.assertRegex(world.sterna.run("check").stdout, r"warning +Trash +the server has none")

    def test_check_says_who_hears_of_changes(self):
        run = self.world().sterna.run("check")
        self.assertRegex(run.stdout, r"push +NOTIFY: sterna run hears of changes in all mailboxes")
        self.assertNotIn("polled", run.stdout)

    def test_what_is_held_in_a_disabled_account_is_not_decided(self):
        world = self.filled()
        world.fill("INBOX", 1, "late")
        world.sterna.set(world.name, enabled=False)
        for action in ("apply", "restore"):
            with self.subTest(action):
                run = world.sterna.run("held", action, world.name, expect=USAGE)
                self.assertIn(f"account {world.name} is disabled", run.stderr)
        self.assertEqual(len(world.words_local("INBOX")), 5)
        world.sterna.run("held", "list", world.name)

    def test_where_all_accounts_are_disabled_that_is_said(self):
        world = self.filled()
        world.sterna.set(world.name, enabled=False)
        for command in ("sync", "check", "verify"):
            with self.subTest(command):
                self.assertIn("all accounts are disabled", world.sterna.run(command).stderr)

    def test_every_json_is_one_schema_1(self):
        world = self.filled()
        for command in (("status",), ("mailboxes", world.name), ("history", world.name),
                        ("held", "list"), ("verify",), ("check",)):
            run = world.sterna.run(*command, options=("--no-input", "--json"))
            lines = [json.loads(line) for line in run.stdout.splitlines()] \
                if not run.stdout.startswith("{\n") else [json.loads(run.stdout)]
            for line in lines:
                self.assertEqual(line.get("schema"), 1, command)

    def test_what_fails_as_a_whole_is_an_object_too(self):
        world = self.filled()
        world.sterna.set(world.name, port=1)
        for command, exit_status in ((("mailboxes", world.name), NETWORK),
                                     (("mailboxes", "nobody"), USAGE),
                                     (("history", "nobody"), USAGE),
                                     (("held", "apply", "nobody"), USAGE),
                                     (("adopt", "nobody"), USAGE),
                                     (("sync", "nobody"), USAGE),
                                     (("sync", "--no-such-option"), USAGE),
                                     (("snyc",), USAGE)):
            with self.subTest(command):
                self.assert_one_error(world, command, exit_status)
        world.sterna.write_raw_config("nonsense = true\n")
        self.assert_one_error(world, ("status",), BAD_CONFIG)

    def assert_one_error(self, world, command, exit_status):
        run = world.sterna.run(*command, options=JSON, expect=exit_status)
        report = json.loads(run.stdout)
        self.assertEqual((report["schema"], report["exit"]), (1, exit_status))
        self.assertTrue(report["errors"][0]["message"])
        self.assertIn(report["errors"][0]["message"], run.stderr)

    @staticmethod
    def core_limit(path):
        with open(path, encoding="ascii") as limits:
            (line,) = [line for line in limits if line.startswith("Max core file size")]
        return line.split()[4]

    def test_no_core_is_ever_dumped(self):
        world = self.world(password=None, password_command=["sleep", "20"])
        world.sterna.before = ["sh", "-c", 'ulimit -S -c "$(ulimit -H -c)"; exec "$@"', "sh"]
        process = world.sterna.start("sync", options=("--no-input",))
        self.addCleanup(process.communicate)
        # Until it runs this is the shell, whose limit is as high as it may be. Of a process that is
        # not dumpable these files are root's.
        path = f"/proc/{process.pid}/limits"
        deadline = time.monotonic() + 30
        while (self.core_limit(path), os.stat(path).st_uid) != ("0", 0):
            self.assertLess(time.monotonic(), deadline, "a core may be written")
            time.sleep(0.01)
        process.send_signal(signal.SIGABRT)
        ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        self.assertEqual((ended.si_code, ended.si_status), (os.CLD_KILLED, signal.SIGABRT))

    def test_a_shell_that_allows_few_files_allows_many_mailboxes(self):
        world = self.world()
        world.sterna.before = ["sh", "-c", 'ulimit -S -n 64; exec "$@"', "sh"]
        for number in range(30):
            world.imap.create(f"box{number}")
        world.sync()
        self.assertIn("box29", world.mail.mailboxes())
        world.mail.deliver("box7", local(message("draft")), "S")
        self.assertEqual(world.sync()["uploaded"], 1)
        world.assert_settled()

    def test_no_secret_is_ever_shown(self):
        world = self.world(transport="direct")
        world.fill("INBOX", 2)
        run = world.sterna.run("sync", options=("-v", "-v", "--no-input"))
        self.assertNotIn("correct-horse", run.stdout + run.stderr)
        everything = b""
        for top, _, files in os.walk(world.sterna.state):
            for name in files:
                with open(os.path.join(top, name), "rb") as file:
                    everything += file.read()
        self.assertNotIn(b"correct-horse", everything)

    def test_a_closed_standard_stream_harms_nothing(self):
        world = self.filled()
        world.mail.settle()
        program = f"'{os.environ['STERNA_BINARY']}' -c '{world.sterna.config}'"
        for command, closed in (("sync", "<&-"), ("sync", "2>&-"), ("status", ">&-"),
                                ("sync", "<&- >&- 2>&-"), ("check", "<&- 2>&-")):
            with self.subTest(f"{command} {closed}"):
                run = subprocess.run(["sh", "-c", f"{program} {command} {closed}"],
                                     env=world.sterna.environment(), timeout=60, check=False,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                self.assertEqual(run.returncode, DONE)
        world.assert_settled()

    def test_a_full_output_is_a_failure(self):
        world = self.filled()
        for command in (["--help"], ["--version"], ["status"], ["help", "sync"]):
            with self.subTest(command), open("/dev/full", "w", encoding="ascii") as full:
                run = subprocess.run([os.environ["STERNA_BINARY"], "-c", world.sterna.config,
                                      *command], env=world.sterna.environment(), check=False,
                                     stdout=full, stderr=subprocess.PIPE)
                self.assertEqual(run.returncode, FAILED)
                self.assertIn(b"No space left", run.stderr)

    def test_a_dumb_terminal_is_not_drawn_on(self):
        for terminal in ("xterm", "dumb"):
            with self.subTest(terminal):
                world = self.filled()
                # The sync waits a second before it believes this, and shows where it is.
                world.mail.delete(world.mail.find("INBOX", "<m0@"))
                world.sterna.extra_environment = {"TERM": terminal}
                shown = self.on_terminal(world, "sync", stream="stderr")
                self.assertEqual("\x1b[K" in "".join(shown), terminal != "dumb", shown)

    def on_terminal(self, world, *arguments, columns=80, stream="stdout"):
        """What a command shows on a terminal so wide, line by line."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
        process = subprocess.Popen(
            [os.environ["STERNA_BINARY"], "-c", world.sterna.config, "--color", "never",
             *arguments], env=world.sterna.environment(), stdin=subprocess.DEVNULL,
            **{"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: theirs})
        os.close(theirs)
        shown = b""
        with open(ours, "rb", buffering=0) as terminal:
            # The end of the other side is an error here, not an empty read.
            with contextlib.suppress(OSError):
                while piece := terminal.read(65536):
                    shown += piece
        process.wait(60)
        return shown.decode().splitlines()

    def test_tables_fit_the_terminal(self):
        world = self.filled()
        world.mail.deliver("Lists/開発", local(message("unsent-and-with-a-long-path")), "S", NOON)
        (row,) = [line for line in self.on_terminal(world, "verify") if "…" in line]
        self.assertLessEqual(len(row) + row.count("開") + row.count("発"), 80)  # both are wide
        self.assertTrue(row.endswith(":2,S"), row)
        self.assertIn("/cur/", "".join(self.on_terminal(world, "history")))
        self.assertNotIn("…", world.sterna.run("verify", expect=FAILED).stdout)

    def test_colours_only_where_they_are_asked_for(self):
        world = self.filled()
        self.assertNotIn("\x1b", world.sterna.run("status").stdout)
        self.assertIn("\x1b", world.sterna.run("status", options=("--color", "always")).stdout)


if __name__ == "__main__":
    unittest.main()
