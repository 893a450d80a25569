# SPDX-License-Identifier: Apache-2.0
"""`sterna auth` before a provider on loopback: ways to log in, and what is done with a login."""
import json
import os
import pathlib
import re
import signal
import socket
import stat
import time
import unittest
import urllib.parse

from tests.support.case import IntegrationCase
from tests.support.oauth_world import OAuthWorld
from tests.support.socks import SocksProxy
from tests.support.sterna import BAD_CONFIG, FAILED, LOGIN, NETWORK, PARTLY, USAGE


class OAuthCase(IntegrationCase):
    def oauth(self, **keys):
        return OAuthWorld(self, **keys)


class FlowTest(OAuthCase):
    def test_a_browser_logs_in_and_mail_comes(self):
        world = self.oauth()
        run = world.sterna.run("sync", expect=LOGIN)
        self.assertIn("nobody has logged in yet", run.stderr)
        self.assertIn("sterna auth acc", run.stderr)
        out, err = world.log_in()
        self.assertEqual(out, "")
        self.assertIn("acc: logged in", err)
        self.assertEqual(stat.S_IMODE(world.file.stat().st_mode), 0o600)
        world.sterna.sync()
        self.assertEqual(world.words(), 1)
        self.assertEqual(len(world.provider.asked), 1)

    def test_hits_that_are_not_the_answer_are_left_aside(self):
        world = self.oauth()
        process, url = world.start_auth()
        answer = world.provider.consent(url)
        base = answer[:answer.index("?")]
        self.assertEqual(world.provider.visit(base + "/favicon.ico")[0], 404)
        self.assertEqual(world.provider.visit(base)[0], 404)
        wrong = re.sub(r"state=[^&]*", "state=wrong", answer)
        self.assertEqual(world.provider.visit(wrong)[0], 400)
        silent = socket.create_connection(("127.0.0.1", urllib.parse.urlsplit(answer).port))
        self.addCleanup(silent.close)
        self.assertEqual(world.provider.visit(answer)[0], 200)
        _, err = world.finish(process)
        self.assertIn("another login", err)
        self.assertEqual(len(world.provider.asked), 1)

    def test_the_answer_may_come_by_ipv6(self):
        if not socket.has_ipv6 or not os.path.exists("/proc/net/if_inet6"):
            self.skipTest("no IPv6")
        world = self.oauth()
        process, url = world.start_auth()
        answer = world.provider.consent(url)
        self.assertEqual(world.provider.visit(answer, "::1")[0], 200)
        world.finish(process)

    def test_a_fixed_port_can_be_forwarded_and_may_be_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            world = self.oauth(port=port)
            run = world.sterna.run("auth", "acc", expect=FAILED)
            self.assertIn(f"port {port}", run.stderr)
            self.assertIn("oauth.port", run.stderr)
        process, url = world.start_auth()
        self.assertIn(urllib.parse.quote(f"http://127.0.0.1:{port}", ""), url)
        world.provider.visit(world.provider.consent(url))
        world.finish(process)

    def test_the_browser_of_the_desktop_is_opened(self):
        world = self.oauth()
        tools = pathlib.Path(world.dir, "bin")
        tools.mkdir()
        opener = tools / "xdg-open"
        opener.write_text(f'#!/bin/sh\nprintf %s "$1" > "{world.dir}/opened.new"\n'
                          f'mv "{world.dir}/opened.new" "{world.dir}/opened"\n')
        opener.chmod(0o755)
        world.sterna.extra_environment |= {"DISPLAY": ":0", "PATH": f"{tools}:{os.environ['PATH']}"}
        process, url = world.start_auth()
        opened = pathlib.Path(world.dir, "opened")
        for _ in range(200):
            if opened.exists():
                break
            time.sleep(0.05)
        self.assertEqual(opened.read_text(), url)
        process.send_signal(signal.SIGINT)
        world.finish(process, expect=130)

    def test_a_user_who_says_no(self):
        world = self.oauth()
        world.provider.denies = True
        _, err = world.log_in(expect=LOGIN)
        self.assertIn("access_denied: The user said no", err)
        self.assertFalse(world.file.exists())

    def test_what_is_pasted(self):
        for bare in (False, True):
            with self.subTest(bare=bare):
                world = self.oauth()
                process, url = world.start_auth("--paste")
                answer = world.provider.consent(url)
                code = urllib.parse.parse_qs(urllib.parse.urlsplit(answer).query)["code"][0]
                world.finish(process, text=(code if bare else answer) + "\n")
                world.sterna.sync()
                self.assertEqual(world.words(), 1)

    def test_what_is_pasted_wrongly(self):
        world = self.oauth()
        for wrong in ("", "https://127.0.0.1/", "http://127.0.0.1:1/?code=a&state=b"):
            process, _ = world.start_auth("--paste")
            world.finish(process, expect=USAGE, text=wrong + "\n")
        self.assertEqual(world.provider.asked, [])

    def test_a_redirect_of_ones_own_is_pasted(self):
        world = self.oauth(redirect_uri="https://localhost")
        process, url = world.start_auth()
        answer = world.provider.consent(url)
        self.assertTrue(answer.startswith("https://localhost?"))
        world.finish(process, text=answer + "\n")

    def test_a_device(self):
        world = self.oauth()
        world.provider.device_polls = ["authorization_pending"]
        run = world.sterna.run("auth", "acc", "--device")
        self.assertIn("enter the code WDJB-MJHT", run.stderr)
        self.assertIn("logged in", run.stderr)
        world.sterna.sync()
        self.assertEqual(world.words(), 1)
        self.assertEqual(len(world.provider.asked), 2)

    def test_a_device_that_is_refused(self):
        for error in ("access_denied", "expired_token"):
            with self.subTest(error):
                world = self.oauth()
                world.provider.device_polls = [error]
                run = world.sterna.run("auth", "acc", "--device", expect=LOGIN)
                self.assertIn(error, run.stderr)
                self.assertIn("WDJB-MJHT", run.stderr)

    def test_a_device_survives_a_busy_endpoint(self):
        world = self.oauth()
        world.provider.faults = ["503"]
        world.sterna.run("auth", "acc", "--device")
        self.assertEqual(len(world.provider.asked), 2)

    def test_a_provider_without_devices(self):
        world = self.oauth(device_url=None)
        run = world.sterna.run("auth", "acc", "--device", expect=USAGE)
        self.assertIn("--paste", run.stderr)

    def test_a_code_that_is_not_redeemed(self):
        def bad_verifier(world):
            for asked in world.provider._codes.values():
                asked["code_challenge"] = "another"

        def used(world):
            world.provider._codes.clear()

        for spoil, word in ((bad_verifier, "a wrong verifier"), (used, "no such code")):
            with self.subTest(word):
                world = self.oauth()
                process, url = world.start_auth()
                answer = world.provider.consent(url)
                spoil(world)
                world.provider.visit(answer)
                _, err = world.finish(process, expect=LOGIN)
                self.assertIn(word, err)
                self.assertFalse(world.file.exists())

    def test_a_token_endpoint_in_trouble(self):
        for fault, expect in (("500", NETWORK), ("close", NETWORK), ("html", FAILED),
                              ("huge", FAILED), ("nonsense", FAILED),
                              ("error invalid_client", LOGIN), ("retry 7", NETWORK)):
            with self.subTest(fault):
                world = self.oauth()
                world.provider.faults = [fault]
                _, err = world.log_in(expect=expect)
                self.assertFalse(world.file.exists())
                self.assertNotIn("Traceback", err)
                self.assertNotIn("code-", err)

    def test_an_authority_that_nobody_knows(self):
        world = self.oauth(ca_file=None)
        _, err = world.log_in(expect=LOGIN)
        self.assertIn("oauth.ca_file", err)
        world.sterna.extra_environment["SSL_CERT_FILE"] = world.provider.ca
        world.log_in()

    def test_lives_that_make_no_sense(self):
        for lifetime in (10**15, -5, 0, "3600", 1e300):
            with self.subTest(lifetime):
                world = self.oauth()
                world.provider.says_lifetime = lifetime
                world.log_in()
                world.sterna.sync()
                self.assertEqual(world.words(), 1)

    def test_without_a_refresh_token(self):
        world = self.oauth()
        world.provider.gives_refresh_token = False
        _, err = world.log_in()
        self.assertIn("no refresh token", err)
        world.sterna.sync()
        world.age(4000)
        run = world.sterna.run("sync", expect=LOGIN)
        self.assertIn("sterna auth acc", run.stderr)


    def test_a_scope_that_was_not_granted_is_named(self):
        imap, smtp = "https://mail.example/IMAP.All", "https://mail.example/SMTP.Send"
        world = self.oauth(scope=f"{imap} {smtp} offline_access")
        world.provider.says_scope = "smtp.send openid"
        _, err = world.log_in(expect=PARTLY)
        self.assertIn(f"did not grant {imap}:", err)
        self.assertIn("registered with that permission", err)
        self.assertIn("sterna auth acc", err)
        self.assertNotIn("acc: logged in at", err)
        self.assertRegex(world.sterna.run("auth", "acc", "--status").stdout,
                         rf"not granted +{re.escape(imap)}\n")
        self.assertIn(f"not granted: {imap}", world.sterna.run("check").stdout)
        run = world.sterna.run("auth", "acc", "--device", expect=PARTLY)
        self.assertIn(f"did not grant {imap}:", run.stderr)

    def test_scopes_are_known_again_however_they_are_told(self):
        world = self.oauth(scope="https://mail.example/IMAP.All https://mail.example/SMTP.Send "
                                 "offline_access")
        for told in ("smtp.send https://mail.example/imap.all", None):
            with self.subTest(told):
                world.provider.says_scope = told
                _, err = world.log_in()
                self.assertIn("acc: logged in", err)
                self.assertNotIn("not granted", world.sterna.run("auth", "acc", "--status").stdout)


class ProxyTest(OAuthCase):
    """The provider has a name that nobody but the proxy of the account can look up."""
    NAME = "login.invalid"

    def by_proxy(self):
        proxy = SocksProxy({self.NAME: "127.0.0.1", "localhost": "127.0.0.1"},
                           login=("ann@work", "p:w%41"))
        self.addCleanup(proxy.close)
        world = self.oauth(name=self.NAME)
        world.sterna.set("acc", proxy=f"socks5h://ann%40work:p%3Aw%2541@127.0.0.1:{proxy.port}")
        # Neither leads around it.
        world.sterna.extra_environment |= {"https_proxy": "http://127.0.0.1:1", "no_proxy": "*"}
        return world, proxy, (3, self.NAME, world.provider.port)

    def test_login_renewal_and_logout_go_by_the_proxy(self):
        world, proxy, provider = self.by_proxy()
        world.log_in()
        self.assertEqual(proxy.asked, [provider])
        world.age(4000)
        world.sterna.sync()
        self.assertEqual(world.words(), 1)
        self.assertEqual(proxy.asked.count(provider), 2)
        self.assertEqual(len(world.provider.asked), 2)
        refresh = world.tokens()["refresh_token"]
        world.sterna.run("auth", "acc", "--logout")
        self.assertEqual(world.provider.revoked, [refresh])
        self.assertEqual(proxy.asked.count(provider), 3)
        self.assertEqual(set(proxy.logins), {("ann@work", "p:w%41")})

    def test_a_device_goes_by_the_proxy(self):
        world, proxy, provider = self.by_proxy()
        world.sterna.run("auth", "acc", "--device")
        self.assertEqual(proxy.asked, [provider] * 2)

    def test_a_proxy_in_trouble_is_named(self):
        world, proxy, _ = self.by_proxy()
        proxy.names.clear()
        _, err = world.log_in(expect=NETWORK)
        self.assertIn(f"proxy 127.0.0.1:{proxy.port}: https://{self.NAME}:", err)
        world.sterna.set("acc", proxy=f"socks5h://ann:wr0ng@127.0.0.1:{proxy.port}")
        _, err = world.log_in(expect=LOGIN)
        self.assertIn(f"proxy 127.0.0.1:{proxy.port}: ", err)
        self.assertNotIn("wr0ng", err)
        world.sterna.set("acc", proxy="socks5h://127.0.0.1:1")
        _, err = world.log_in(expect=NETWORK)
        self.assertIn("proxy 127.0.0.1:1: ", err)
        self.assertIn("check `proxy`", err)
        self.assertEqual(world.provider.asked, [])


class ManageTest(OAuthCase):
    def test_status(self):
        world = self.oauth()
        told = world.sterna.command_json("auth", "acc", "--status", expect=LOGIN)
        self.assertFalse(told["logged_in"])
        world.log_in()
        told = world.sterna.command_json("auth", "acc", "--status")
        self.assertTrue(told["logged_in"] and told["valid"] and told["renewable"])
        self.assertEqual(told["user"], world.user)
        self.assertEqual(told["scope"], "mail offline")
        self.assertEqual(told["provider"], "127.0.0.1")
        self.assertFalse(told["encrypted"])
        run = world.sterna.run("auth", "acc", "--status")
        self.assertIn("logged in", run.stdout)
        for secret in world.provider.issued:
            self.assertNotIn(secret, run.stdout + json.dumps(told))

    def test_logout_revokes_and_forgets(self):
        world = self.oauth()
        world.log_in()
        refresh = world.tokens()["refresh_token"]
        world.sterna.run("auth", "acc", "--logout")
        self.assertEqual(world.provider.revoked, [refresh])
        self.assertFalse(world.file.exists())
        world.sterna.run("auth", "acc", "--status", expect=LOGIN)
        world.sterna.run("sync", expect=LOGIN)
        world.sterna.run("auth", "acc", "--logout")

    def test_logout_without_the_provider_forgets_and_says_so(self):
        world = self.oauth(revoke_url="https://127.0.0.1:1/revoke")
        world.log_in()
        run = world.sterna.run("auth", "acc", "--logout", expect=PARTLY)
        self.assertIn("not revoked", run.stderr)
        self.assertFalse(world.file.exists())

    def test_token_is_shared(self):
        world = self.oauth()
        world.log_in()
        first = world.sterna.run("auth", "acc", "--token").stdout
        self.assertEqual(first, world.tokens()["access_token"] + "\n")
        world.age(3000)
        second = world.sterna.run("auth", "acc", "--token").stdout
        self.assertNotEqual(first, second)
        self.assertEqual(len(world.provider.asked), 2)
        told = world.sterna.command_json("auth", "acc", "--token")
        self.assertEqual(told["access_token"] + "\n", second)

    def test_accounts_without_oauth(self):
        world = self.oauth()
        world.sterna.add_account("other", user="x", password="p", host="127.0.0.1",
                                 maildir=f"{world.dir}/other")
        run = world.sterna.run("auth", "other", expect=USAGE)
        self.assertIn("[account.other.oauth]", run.stderr)
        world.sterna.run("auth", "nobody", expect=USAGE)
        world.sterna.run("auth", "acc", "--token", "--status", expect=USAGE)

    def test_a_command_for_tokens(self):
        world = self.oauth()
        provider = world.provider
        token = pathlib.Path(world.dir, "token")
        token.write_text(provider._grant()["access_token"] + "\n")
        world.sterna.set("acc", oauth={"token_command": ["cat", str(token)]})
        world.sterna.sync()
        self.assertEqual(world.words(), 1)
        self.assertEqual(world.sterna.run("auth", "acc", "--token").stdout, token.read_text())
        world.sterna.run("auth", "acc", expect=USAGE)
        token.write_text("worn.out.token\n")
        run = world.sterna.run("sync", expect=LOGIN)
        self.assertIn("the same once more", run.stderr)
        self.assertNotIn("worn.out.token", run.stderr)
        token.unlink()
        run = world.sterna.run("sync", expect=LOGIN)
        self.assertIn("token_command", run.stderr)

    def test_check(self):
        world = self.oauth()
        run = world.sterna.run("check", expect=LOGIN)
        self.assertIn("nobody has logged in", run.stdout)
        world.log_in()
        run = world.sterna.run("check")
        self.assertRegex(run.stdout, r"OAuth 2\.0 .*127\.0\.0\.1, as ")
        os.chmod(world.file, 0o644)
        run = world.sterna.run("check", "--offline", expect=LOGIN)
        self.assertIn("chmod 600", run.stdout)

    def test_a_configuration_without_a_client_says_how_to_get_one(self):
        world = self.oauth(client_id=None, client_secret=None)
        run = world.sterna.run("auth", "acc", expect=BAD_CONFIG)
        self.assertIn("docs/oauth.md", run.stderr)


if __name__ == "__main__":
    unittest.main()
