# SPDX-License-Identifier: Apache-2.0
"""What goes wrong is named, gets its exit status, and harms nothing else."""
import os
import shutil
import subprocess
import unittest

from tests.support.case import IntegrationCase, server
from tests.support.dovecot import free_ports
from tests.support.messages import NOON, local, message
from tests.support.sterna import BAD_CONFIG, FAILED, HELD, LOGIN, NETWORK, PARTLY, USAGE
from tests.support.wire import Wire


class FailureCase(IntegrationCase):
    def assert_fails(self, world, status, *words):
        """The sync ends with this status and says these words and the account's name."""
        run = world.sterna.run("sync", expect=status)
        for word in (world.name, *words):
            self.assertIn(word.lower(), run.stderr.lower())
        self.assertNotIn("correct-horse", run.stderr + run.stdout)
        return run

    def with_neighbour(self, **keys):
        """A world that works, and one that does not, in one configuration."""
        good = self.world(name="good")
        good.fill("INBOX", 3)
        bad = self.world(name="bad", sterna=good.sterna, **keys)
        return good, bad

    def assert_only_the_neighbour(self, good, *words):
        run = good.sterna.run("sync", expect=PARTLY)
        for word in ("bad", *words):
            self.assertIn(word.lower(), run.stderr.lower())
        good.assert_in_step()


class LoginTest(FailureCase):
    def test_a_wrong_password(self):
        self.assert_fails(self.world(password="wrong-wrong"), LOGIN, "password")

    def test_a_wrong_password_over_tls_is_not_said_aloud(self):
        world = self.world(transport="tls", password="wr0ng-s3cret")
        run = self.assert_fails(world, LOGIN)
        self.assertNotIn("wr0ng-s3cret", run.stderr + run.stdout)

    def test_a_wrong_password_of_one_account_leaves_the_others_alone(self):
        good, _ = self.with_neighbour(password="wrong-wrong")
        self.assert_only_the_neighbour(good)

    def test_a_password_command(self):
        world = self.world(password=None,
                           password_command=["printf", "correct-horse\\nsecond line\\n"])
        world.fill("INBOX", 1)
        world.sync()
        world.sterna.set("acc", password_command="printf %s correct-horse")
        world.sync()
        world.assert_in_step()

    def test_a_password_command_that_fails(self):
        world = self.world()
        world.sterna.set("acc", password=None, password_command="echo locked >&2; exit 3")
        self.assert_fails(world, LOGIN, "password_command", "locked")

    def test_a_password_file(self):
        world = self.world()
        path = f"{world.dir}/secret"
        with open(path, "w", encoding="ascii") as out:
            out.write("correct-horse\n")
        os.chmod(path, 0o600)
        world.sterna.set("acc", password=None, password_file=path)
        world.fill("INBOX", 1)
        world.sync()
        world.assert_in_step()
        os.chmod(path, 0o644)
        self.assertIn(path, world.sterna.run("sync", expect=BAD_CONFIG).stderr)

    def test_login_by_the_login_command_and_by_plain(self):
        for auth in ("login", "plain"):
            world = self.world(auth=auth)
            world.fill("INBOX", 1)
            world.sync()
            world.assert_in_step()
            self.assertEqual(len(world.wire.sent(rb"^AUTHENTICATE PLAIN")),
                             len(world.wire.sent(rb"^(LOGIN|AUTHENTICATE)"))
                             if auth == "plain" else 0)


class TlsTest(FailureCase):
    def port_of(self, kind):
        """A server with another certificate, reached as localhost."""
        wire = Wire(server().certificate_address(kind), server().tls_port, raw=True)
        self.addCleanup(wire.close)
        return wire.port

    def behind(self, kind):
        return self.world(transport="tls", port=self.port_of(kind))

    def test_an_expired_certificate(self):
        self.assert_fails(self.behind("expired"), LOGIN, "expired")

    def test_a_certificate_of_another_host(self):
        self.assert_fails(self.behind("wronghost"), LOGIN, "localhost")

    def test_a_bad_certificate_leaves_the_other_account_alone(self):
        for kind, word in (("expired", "expired"), ("wronghost", "localhost")):
            good, bad = self.with_neighbour(transport="tls", port=self.port_of(kind))
            bad.fill("INBOX", 2, "b")
            self.assert_only_the_neighbour(good, "account bad: ", word)
            self.assertEqual(bad.words_local("INBOX"), [])

    def test_an_authority_that_nobody_knows(self):
        world = self.world(transport="tls", tls={})
        self.assert_fails(world, LOGIN, "certificate")

    def test_an_expired_certificate_after_starttls(self):
        wire = Wire(server().certificate_address("expired"), server().port, raw=True)
        self.addCleanup(wire.close)
        self.assert_fails(self.world(transport="starttls", port=wire.port), LOGIN, "expired")

    def test_a_pinned_key_is_trusted_and_another_is_not(self):
        pin = subprocess.run(
            "openssl x509 -in good.pem -pubkey -noout | openssl pkey -pubin -outform der"
            " | openssl dgst -sha256 -binary | base64", shell=True, check=True, text=True,
            capture_output=True, cwd=f"{server().dir}/tls").stdout.strip()
        world = self.world(transport="tls")
        tls = {"ca_file": server().ca, "pin_sha256": [pin]}
        world.sterna.set("acc", tls=tls)
        world.fill("INBOX", 1)
        world.sync()
        world.assert_in_step()
        world.sterna.set("acc", tls={**tls, "pin_sha256": ["A" * 43 + "="]})
        self.assert_fails(world, LOGIN)

    def test_starttls_that_the_server_does_not_offer_sends_no_password(self):
        world = self.world(tls={"mode": "starttls", "ca_file": server().ca})
        world.wire.disguise(b"STARTTLS", b"STARTLESS")
        self.assert_fails(world, NETWORK, "does not offer STARTTLS")
        self.assertEqual(world.wire.sent(rb"^(LOGIN|AUTHENTICATE)"), [])

    def test_tls_towards_a_port_that_speaks_plain_text_names_the_key(self):
        world = self.world(transport="tls", port=server().port)
        run = self.assert_fails(world, (NETWORK, FAILED), "tls.mode = \"starttls\"")
        self.assertNotIn(f"localhost:{server().port}: localhost", run.stderr)

    def test_plain_text_towards_another_machine_is_refused(self):
        world = self.world(host="mail.example.org", tls={"mode": "none"})
        run = world.sterna.run("sync", expect=BAD_CONFIG)
        self.assertIn("allow_plaintext", run.stderr)


class MissingFileTest(FailureCase):
    def assert_both_say(self, world, *words):
        """sync, check and check --offline name what is missing and the key, and nothing else."""
        for command in (("sync",), ("check",), ("check", "--offline")):
            with self.subTest(command):
                run = world.sterna.run(*command, expect=(LOGIN, PARTLY))
                text = run.stdout + run.stderr
                for word in words:
                    self.assertIn(word, text)
                self.assertNotIn("check the clock", text)
                self.assertNotIn("password command", text)

    def test_a_missing_authority(self):
        self.assert_both_say(self.world(transport="tls", tls={"ca_file": "/nowhere/ca.pem"}),
                             "/nowhere/ca.pem", "No such file", "tls")

    def test_a_missing_client_certificate(self):
        tls = {"ca_file": server().ca, "client_cert": "/nowhere/ann.pem"}
        self.assert_both_say(self.world(transport="tls", tls=tls),
                             "/nowhere/ann.pem", "No such file", "tls")

    def test_a_missing_password_file(self):
        self.assert_both_say(self.world(password=None, password_file="/nowhere/secret"),
                             "/nowhere/secret", "No such file", "password_file")

    def test_an_account_without_any_secret(self):
        self.assert_both_say(self.world(password=None), "no password is configured",
                             "set password_command in [account.acc]")

    def test_a_provider_that_takes_no_passwords(self):
        world = self.world()
        world.sterna.write_raw_config('[account.o]\naddress = "ann@outlook.com"\npassword = "p"\n'
                                      f'maildir = "{world.dir}/o"\n')
        run = world.sterna.run("check", "--offline", expect=(LOGIN, PARTLY))
        self.assertIn("OAuth 2.0", run.stdout)


class NetworkTest(FailureCase):
    def test_a_refused_connection(self):
        (port,) = free_ports(1)
        run = self.assert_fails(self.world(port=port), NETWORK, "refused")
        self.assertEqual(run.stderr.count(str(port)), 1, run.stderr)

    def test_a_refused_connection_leaves_the_other_account_alone(self):
        (port,) = free_ports(1)
        good, _ = self.with_neighbour(port=port)
        self.assert_only_the_neighbour(good, "refused")

    def test_a_host_that_does_not_exist(self):
        world = self.world(host="nowhere.invalid", tls={})
        self.assert_fails(world, NETWORK, "nowhere.invalid")

    def test_a_server_that_hangs_up_at_once(self):
        world = self.world()
        world.wire.cut_before(rb"^(LOGIN|AUTHENTICATE)")
        self.assert_fails(world, NETWORK)

    def test_a_bye_in_the_middle_ends_the_sync_at_once(self):
        world = self.world()
        world.sync()  # or the mailboxes that are made here are something done
        world.fill("INBOX", 3)
        world.wire.say_bye(rb"^SELECT")
        run = world.sterna.run("sync", expect=NETWORK, timeout=30)
        self.assertIn("going down", run.stderr)
        world.sync()
        world.assert_settled()

    def test_a_server_that_speaks_no_imap(self):
        world = self.world()
        world.wire.disguise(b"* OK", b"220 smtp.example ESMTP")
        self.assert_fails(world, FAILED, "cannot be understood: 220 smtp.example")


class RefusedQuestionTest(FailureCase):
    def test_a_search_that_is_refused_in_one_mailbox_leaves_the_others_alone(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.fill("Work", 3, "w")
        for _ in ("INBOX", "Trash", "Work", "INBOX alone"):
            world.wire.refuse(rb"^UID SEARCH", b"NO [SERVERBUG] backend error")
        report = world.sync(expect=PARTLY)
        self.assertIn("mailbox INBOX", str(report["errors"]))
        self.assertIn("backend error", str(report["errors"]))
        self.assertEqual(world.words_local("Work"), ["w0", "w1", "w2"])
        world.sync()
        world.assert_settled()

    def test_a_search_that_is_refused_proves_nothing_gone(self):
        world = self.world("plain")
        uids = world.fill("INBOX", 5)
        world.sync()
        world.imap.expunge("INBOX", uids[4])
        world.wire.lie(rb"^\* 2 FETCH .*\r\n")
        world.wire.refuse(rb"^UID SEARCH", b"NO [SERVERBUG] backend error")
        world.sync(expect=PARTLY)
        self.assertEqual(len(world.words_local("INBOX")), 5)
        world.wire.be_honest()
        world.sync()
        world.assert_settled()

    def test_a_server_that_does_not_know_its_own_esearch(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.fill("Work", 3, "w")
        world.wire.refuse(rb"RETURN \(ALL\)", b"BAD what is RETURN")
        world.sync()
        # Of the mailboxes that are asked about in a row: once each.
        self.assertEqual(len(world.wire.sent(rb"RETURN \(ALL\)")), 4)
        world.assert_settled()

    def test_a_server_that_does_not_know_its_own_extended_list(self):
        world = self.world()
        world.fill("INBOX", 3)
        world.fill("Work", 3, "w")
        world.wire.refuse(rb"^LIST .*RETURN", b"BAD what is RETURN")
        world.sync()
        self.assertEqual(len(world.wire.sent(rb"^LIST .*RETURN")), 1)
        self.assertTrue(world.wire.sent(rb"^STATUS"))
        world.assert_settled()


class DiskTest(FailureCase):
    def test_a_file_in_place_of_the_maildir(self):
        good, bad = self.with_neighbour()
        bad.fill("INBOX", 2)
        with open(bad.mail.root, "w", encoding="ascii") as out:
            out.write("in the way")
        self.assert_only_the_neighbour(good, bad.mail.root)

    def test_a_file_in_place_of_a_mailbox(self):
        world = self.world()
        world.fill("INBOX", 2)
        world.fill("Work", 2, "w")
        os.makedirs(world.mail.root)
        with open(f"{world.mail.root}/Work", "w", encoding="ascii") as out:
            out.write("in the way")
        self.assert_fails(world, PARTLY, "Work")
        self.assertEqual(world.words_local("INBOX"), ["m0", "m1"])
        os.unlink(f"{world.mail.root}/Work")
        world.sync()
        world.assert_settled()

    def test_a_mailbox_that_cannot_be_listed_deletes_nothing(self):
        world = self.world()
        world.fill("Work", 5, "w")
        world.sync()
        cur = f"{world.mail.root}/Work/cur"
        shutil.move(cur, f"{world.dir}/aside")
        with open(cur, "w", encoding="ascii") as out:
            out.write("in the way")
        run = world.sterna.run("sync", expect=HELD)
        self.assertIn("account acc: mailbox Work: ", run.stderr)
        self.assertEqual(len(world.words_on_server("Work")), 5)
        self.assertEqual(world.words_on_server("Trash"), [])
        os.unlink(cur)
        shutil.move(f"{world.dir}/aside", cur)
        world.sync()
        world.assert_settled()

    def locked_out_of(self, world, path):
        """Takes the rights to `path` away; returns what runs the program as an ordinary user."""
        if os.geteuid() == 0 and not shutil.which("setpriv"):
            self.skipTest("root reads everything, and there is no setpriv")
        program = shutil.copy(os.environ["STERNA_BINARY"], f"{world.dir}/sterna-program")
        drop = []
        if os.geteuid() == 0:
            for top, directories, files in os.walk(world.dir):
                for name in [".", *directories, *files]:
                    os.chown(os.path.join(top, name), 65534, 65534)
            drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        os.chmod(world.dir, 0o755)
        os.chmod(path, 0)
        self.addCleanup(os.chmod, path, 0o700)

        def run(*arguments):
            return subprocess.run(
                [*drop, program, "-c", world.sterna.config, "--no-input", *arguments],
                env=world.sterna.environment(), capture_output=True, text=True, timeout=120)
        return run

    def test_an_unreadable_mailbox_as_an_ordinary_user(self):
        world = self.world()
        world.fill("INBOX", 2)
        world.fill("Work", 3, "w")
        world.sync()
        run = self.locked_out_of(world, f"{world.mail.root}/Work/cur")
        done = run("sync")
        self.assertEqual(done.returncode, PARTLY, done.stderr)
        self.assertIn("Work", done.stderr)
        self.assertEqual(len(world.words_on_server("Work")), 3)
        checked = run("check", "--offline")
        self.assertEqual(checked.returncode, FAILED, checked.stdout)
        self.assertRegex(checked.stdout, r"FAILED +folders +Work: ")
        self.assertEqual(run("verify").returncode, PARTLY)  # no difference: it is not known

    def test_a_folder_that_cannot_be_entered_is_named(self):
        world = self.world()
        world.fill("INBOX", 2)
        world.fill("Work", 3, "w")
        world.sync()
        world.mail.delete(world.mail.find("INBOX", "<m0@"))
        locked = f"{world.mail.root}/Work"
        run = self.locked_out_of(world, locked)
        world.mail.settle()
        done = run("sync")
        self.assertEqual(done.returncode, PARTLY, done.stderr)
        for word in (world.name, "mailbox Work", locked, "chmod"):
            self.assertIn(word, done.stderr)
        self.assertEqual(done.stderr.count("cannot be read"), 1, done.stderr)
        self.assertEqual(len(world.words_on_server("Work")), 3)
        checked = run("check", "--offline")
        self.assertEqual(checked.returncode, FAILED, checked.stdout)
        self.assertIn(f"{locked} cannot be read", checked.stdout)

    def test_a_maildir_that_is_gone_is_told_by_check_as_by_sync(self):
        world = self.world()
        world.fill("INBOX", 2)
        world.sync()
        os.rename(world.mail.root, f"{world.dir}/elsewhere")
        synced = world.sterna.run("sync", expect=HELD)
        checked = world.sterna.run("check", "--offline", expect=HELD)
        status = world.sterna.run("status")
        for text in (synced.stderr, checked.stdout, status.stdout):
            self.assertIn("is not there; is its disk mounted?", text)
            self.assertIn("mount it; or, to begin anew, move ", text)
            self.assertNotIn("adopt", text)  # there is nothing to adopt
        os.rename(f"{world.dir}/elsewhere", world.mail.root)
        world.sterna.run("check", "--offline")

    def test_a_maildir_that_may_not_be_read_is_no_missing_one(self):
        world = self.world()
        world.fill("INBOX", 2)
        world.sync()
        run = self.locked_out_of(world, world.mail.root)
        checked = run("check", "--offline")
        self.assertEqual(checked.returncode, FAILED, checked.stdout)
        self.assertRegex(checked.stdout, r"FAILED +Maildir .*Permission denied")
        self.assertRegex(checked.stdout, r"skipped +marker")
        self.assertNotIn("move ", checked.stdout)

    def test_a_file_in_place_of_a_synced_maildir_is_no_missing_one(self):
        world = self.world()
        world.fill("INBOX", 2)
        world.sync()
        os.rename(world.mail.root, f"{world.dir}/elsewhere")
        with open(world.mail.root, "w", encoding="ascii") as out:
            out.write("in the way")
        synced = world.sterna.run("sync", expect=FAILED)
        checked = world.sterna.run("check", "--offline", expect=FAILED)
        verified = world.sterna.run("verify", expect=PARTLY)
        for text in (synced.stderr, checked.stdout, verified.stderr):
            self.assertIn(f"{world.mail.root} is no directory", text)
            self.assertIn("move it away, or name another place", text)
            self.assertNotIn("begin anew", text)
        os.unlink(world.mail.root)
        os.rename(f"{world.dir}/elsewhere", world.mail.root)
        world.sync()
        world.assert_settled()

    def test_a_state_that_may_not_be_read_is_no_missing_one(self):
        world = self.world()
        world.fill("INBOX", 2)
        world.sync()
        run = self.locked_out_of(world, f"{world.sterna.state}/{world.name}")
        for command in (("status",), ("history",), ("held", "list"), ("check", "--offline")):
            with self.subTest(command):
                done = run(*command)
                self.assertEqual(done.returncode, FAILED, done.stdout)
                self.assertRegex(done.stdout + done.stderr,
                                 rf"{world.sterna.state}/{world.name}.*Permission denied")

    def test_a_directory_among_the_messages_stops_nothing(self):
        world = self.world()
        world.fill("INBOX", 1)
        world.sync()
        os.mkdir(f"{world.mail.root}/INBOX/cur/17.dir.host:2,S")
        world.mail.deliver("INBOX", local(message("good")), "S", NOON)
        world.sync()
        self.assertEqual(world.words_on_server("INBOX"), ["good", "m0"])


class ConfigTest(FailureCase):
    def assert_refused(self, text, *words):
        world = self.world()
        world.sterna.write_raw_config(text)
        run = world.sterna.run("sync", expect=BAD_CONFIG)
        for word in words:
            self.assertIn(word, run.stderr)

    def test_an_unknown_key_is_named_with_its_place_and_the_nearest(self):
        self.assert_refused('[account.a]\nuser = "u"\nhost = "h.example"\npasword = "p"\n',
                            "sterna.toml", "4", "pasword", "password")

    def test_a_value_of_the_wrong_kind(self):
        self.assert_refused('[account.a]\nuser = "u"\nhost = "h.example"\nport = "many"\n',
                            "4", "port")

    def test_broken_toml(self):
        self.assert_refused('[account.a\nuser = "u"\n', "sterna.toml", "1")

    def test_two_sources_of_one_secret(self):
        self.assert_refused('[account.a]\nuser = "u"\nhost = "h.example"\npassword = "p"\n'
                            'password_command = "true"\n', "password", "password_command")

    def test_a_key_that_is_not_supported_yet_is_refused_as_such(self):
        self.assert_refused('[account.a]\nuser = "u"\nhost = "h.example"\npassword = "p"\n'
                            'max_size = "25M"\n', "max_size", "not supported")

    def test_a_secret_that_others_can_read(self):
        world = self.world()
        os.chmod(world.sterna.config, 0o644)
        world.sterna.run("sync", expect=BAD_CONFIG)

    def test_no_configuration_and_no_such_account(self):
        world = self.world()
        run = world.sterna.run("sync", "nobody", expect=USAGE)
        self.assertIn("there is no account nobody", run.stderr)
        os.unlink(world.sterna.config)
        run = world.sterna.run("sync", expect=BAD_CONFIG)
        self.assertIn("sterna.toml", run.stderr)

    def test_wrong_usage(self):
        world = self.world()
        world.sterna.run("frobnicate", expect=USAGE)
        world.sterna.run("sync", "--no-such-option", expect=USAGE)


if __name__ == "__main__":
    unittest.main()
