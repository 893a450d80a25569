// SPDX-License-Identifier: Apache-2.0
// Good configurations: what each key becomes, and what stands where it is left out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sterna/base/bytes.h"
#include "sterna/base/loopback.h"
#include "support.h"

namespace sterna::config {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string minimal(std::string_view more) {
  return std::string(kMinimal) + std::string(more);
}

TEST(Account, TheSmallestHasEveryDefault) {
  const Home home;
  const AccountConfig a = account_of(home, kMinimal);
  EXPECT_EQ(a.name, "a");
  EXPECT_TRUE(a.enabled);
  EXPECT_EQ(a.user, "ann@example.org");
  EXPECT_EQ(a.preset, "");
  EXPECT_EQ(a.host, "imap.example.org");
  EXPECT_EQ(a.port, 993);
  EXPECT_EQ(a.auth, Auth::automatic);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(a.secret));
  EXPECT_FALSE(a.allow_plaintext);
  EXPECT_EQ(a.tls.mode, TlsMode::implicit);
  EXPECT_EQ(a.tls.min_version, TlsVersion::tls12);
  EXPECT_THAT(a.watch, ElementsAre("INBOX"));
  EXPECT_EQ(a.poll_interval, 5min);
  EXPECT_EQ(a.connections, 4U);
  EXPECT_EQ(a.compress, Compress::automatic);
  EXPECT_EQ(a.maildir, home.at("Mail/a"));
  EXPECT_EQ(a.layout, Layout::fs);
  EXPECT_EQ(a.inbox, "INBOX");
  EXPECT_THAT(a.mailboxes, ElementsAre("*"));
  EXPECT_EQ(a.create, Create::both);
  EXPECT_EQ(a.policy, MailboxPolicy());
  EXPECT_EQ(a.policy.hold, (HoldPolicy{0.3, 50, 1h}));
  EXPECT_EQ(a.undo, 14 * 24h);
  EXPECT_TRUE(a.fsync);
}

TEST(Account, EveryKeyIsTaken) {
  const Home home;
  const AccountConfig a = account_of(home, R"(
[account.full]
enabled = false
address = "ann@example.org"
user = "ann"
host = "imap.example.org"
port = 1993
auth = "login"
password_command = ["pass", "show", "mail/ann"]
maildir = "~/elsewhere//ann/"
layout = "maildir++"
inbox = "Inbox"
mailboxes = ["*", "!Spam"]
rename = { Sent = "Sent Items", "Lists/dev" = "L/d" }
subscribed_only = true
watch = ["*", "!Lists/*"]
poll_interval = "10s"
connections = 2
direction = "pull"
create = "remote"
expunge_flagged = true
local_delete = "expunge"
remote_delete = "ignore"
hold_deletions = { share = 1, at_least = 7, within = "2d" }
undo = "0"
fsync = false
compress = "no"
allow_plaintext = true
[account.full.roles]
trash = "Deleted Items"
archive = "Old"
[account.full.tls]
mode = "starttls"
ca_file = "/etc/ssl/my-ca.pem"
pin_sha256 = ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="]
client_cert = "ann.pem"
client_key = "keys/ann.key"
min_version = "1.3"
[[account.full.rule]]
match = ["Lists/*"]
direction = "push"
)");
  EXPECT_FALSE(a.enabled);
  EXPECT_EQ(a.user, "ann");
  EXPECT_EQ(a.port, 1993);
  EXPECT_EQ(a.auth, Auth::login);
  EXPECT_THAT(std::get<PasswordCommand>(a.secret).argv, ElementsAre("pass", "show", "mail/ann"));
  EXPECT_EQ(a.maildir, home.at("elsewhere/ann"));
  EXPECT_EQ(a.layout, Layout::maildirpp);
  EXPECT_EQ(a.inbox, "Inbox");
  EXPECT_THAT(a.mailboxes, ElementsAre("*", "!Spam"));
  EXPECT_EQ(a.rename.at(MailboxName("Sent")).text(), "Sent Items");
  EXPECT_EQ(a.rename.at(MailboxName("Lists/dev")).text(), "L/d");
  EXPECT_TRUE(a.subscribed_only);
  EXPECT_THAT(a.watch, ElementsAre("*", "!Lists/*"));
  EXPECT_EQ(a.poll_interval, 10s);
  EXPECT_EQ(a.connections, 2U);
  EXPECT_EQ(a.create, Create::remote);
  EXPECT_EQ(a.policy, (MailboxPolicy{Direction::pull, LocalDelete::expunge, RemoteDelete::ignore,
                                     true, HoldPolicy{1.0, 7, 48h}}));
  EXPECT_EQ(a.undo, 0s);
  EXPECT_FALSE(a.fsync);
  EXPECT_EQ(a.compress, Compress::no);
  EXPECT_TRUE(a.allow_plaintext);
  EXPECT_EQ(a.roles.at(Role::trash).text(), "Deleted Items");
  EXPECT_EQ(a.roles.at(Role::archive).text(), "Old");
  EXPECT_EQ(a.tls.mode, TlsMode::starttls);
  EXPECT_EQ(a.tls.ca_file, "/etc/ssl/my-ca.pem");
  ASSERT_EQ(a.tls.pins.size(), 1U);
  EXPECT_EQ(a.tls.pins[0].hex(),
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  EXPECT_EQ(a.tls.client_cert, home.at("ann.pem"));
  EXPECT_EQ(a.tls.client_key, home.at("keys/ann.key"));
  EXPECT_EQ(a.tls.min_version, TlsVersion::tls13);
  ASSERT_EQ(a.rules.size(), 1U);
  EXPECT_EQ(a.rules[0].direction, Direction::push);
  EXPECT_FALSE(a.rules[0].local_delete);
}

TEST(Account, WithoutAnythingToWatchThereIsPolling) {
  EXPECT_THAT(account_of(std::string(kMinimal) + "watch = []\n").watch, IsEmpty());
}

TEST(Account, TheUserAloneWillDoWithAHost) {
  const AccountConfig a = account_of("[account.a]\nuser = \"ann\"\nhost = \"::1\"\n");
  EXPECT_EQ(a.user, "ann");
  EXPECT_EQ(a.address, "");
}

TEST(Account, AModeBringsItsUsualPort) {
  EXPECT_EQ(account_of(minimal("tls = { mode = \"starttls\" }\n")).port, 143);
  EXPECT_EQ(account_of(minimal("port = 1143\ntls = { mode = \"starttls\" }\n")).port, 1143);
}

TEST(Account, WithMaildirPlusPlusTheInboxIsTheRoot) {
  EXPECT_EQ(account_of(minimal("layout = \"maildir++\"\n")).inbox, "");
}

TEST(Account, AClientCertificateMayHoldItsKey) {
  const AccountConfig a = account_of(minimal("tls = { client_cert = \"/x/both.pem\" }\n"));
  EXPECT_EQ(a.tls.client_key, "/x/both.pem");
}

TEST(Account, PlaintextNeedsALoopbackAddressOrAWord) {
  for (const char* host : {"127.0.0.1", "127.8.9.10", "::1", "localhost", "LocalHost"}) {
    const AccountConfig a = account_of(std::string("[account.a]\nuser = \"u\"\nhost = \"") + host +
                                       "\"\ntls = { mode = \"none\" }\n");
    EXPECT_EQ(a.tls.mode, TlsMode::none) << host;
  }
  EXPECT_EQ(account_of(minimal("tls = { mode = \"none\", allow_plaintext = true }\n")).port, 143);
  EXPECT_TRUE(account_of(minimal("allow_plaintext = true\ntls.mode = \"none\"\n")).allow_plaintext);
}

TEST(Account, LoopbackBehindAProxyIsTheProxysOwn) {
  const std::string local = "host = \"127.0.0.1\"\nproxy = \"socks5h://proxy.example.org:1080\"\n";
  const auto config = [&](const char* more) {
    return "[account.a]\nuser = \"u\"\n" + local + more;
  };
  EXPECT_TRUE(account_of(config("allow_plaintext = true\ntls.mode = \"none\"\n")).allow_plaintext);
  EXPECT_FALSE(stays_on_this_machine(account_of(config(""))));
  const auto loaded = problems_of(config("tls.mode = \"none\"\n"));
  EXPECT_NE(loaded.find("in the clear to the proxy proxy.example.org"), std::string::npos)
      << loaded;
}

TEST(Account, LoopbackIsNotGuessed) {
  for (const char* host :
       {"128.0.0.1", "127.0.0.1.example.org", "localhost.example.org", "::2", "127.1", ""}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

TEST(Account, SecretsOfEveryKind) {
  const Home home;
  EXPECT_EQ(std::get<Secret>(account_of(minimal("password = \"hunter2\"\n")).secret).reveal(),
            "hunter2");
  EXPECT_EQ(
      std::get<PasswordFile>(account_of(home, minimal("password_file = \"pw\"\n")).secret).path,
      home.at("pw"));
  EXPECT_THAT(std::get<PasswordCommand>(
                  account_of(minimal("password_command = \"pass show x | head -1\"\n")).secret)
                  .argv,
              ElementsAre("/bin/sh", "-c", "pass show x | head -1"));
}

TEST(Account, DefaultsOfUnsupportedKeysAreHarmless) {
  const AccountConfig a = account_of(
      minimal("max_size = \"0\"\nmax_age = \"0\"\nmax_messages = 0\nproxy = \"\"\ntunnel = []\n"));
  EXPECT_EQ(a.name, "a");
  for (const std::string line : {"max_age = \"0d\"", "max_age = \"0s\"", "max_size = \"0M\"",
                                 "rule = [{ match = [\"x\"], max_age = \"0h\" }]"}) {
    EXPECT_EQ(account_of(minimal(line + "\n")).name, "a") << line;
  }
}

TEST(Account, ARuleMayOverrideAPartOfTheBrake) {
  const AccountConfig a = account_of(minimal(
      "[[account.a.rule]]\nmatch = [\"x\"]\nhold_deletions = { at_least = 9 }\nlocal_delete = "
      "\"ignore\"\nremote_delete = \"delete\"\nexpunge_flagged = true\n"));
  ASSERT_EQ(a.rules.size(), 1U);
  EXPECT_EQ(a.rules[0].hold_at_least, 9U);
  EXPECT_FALSE(a.rules[0].hold_share);
  EXPECT_FALSE(a.rules[0].hold_within);
  EXPECT_EQ(a.rules[0].local_delete, LocalDelete::ignore);
  EXPECT_EQ(a.rules[0].remote_delete, RemoteDelete::remove);
  EXPECT_EQ(a.rules[0].expunge_flagged, true);
}

TEST(Defaults, AreMergedKeyByKeyAndTheOwnKeyWins) {
  const AccountConfig a = account_of(R"(
[defaults]
connections = 2
fsync = false
mailboxes = ["*", "!Spam"]
hold_deletions = { share = 0.5, at_least = 10 }
tls = { min_version = "1.3", mode = "starttls" }
roles = { trash = "Bin" }
[account.a]
address = "ann@example.org"
host = "h"
connections = 3
mailboxes = ["INBOX"]
hold_deletions = { at_least = 99 }
[account.a.tls]
mode = "implicit"
)");
  EXPECT_EQ(a.connections, 3U);
  EXPECT_FALSE(a.fsync);
  EXPECT_THAT(a.mailboxes, ElementsAre("INBOX"));
  EXPECT_EQ(a.policy.hold, (HoldPolicy{0.5, 99, 1h}));
  EXPECT_EQ(a.tls.min_version, TlsVersion::tls13);
  EXPECT_EQ(a.tls.mode, TlsMode::implicit);
  EXPECT_EQ(a.roles.at(Role::trash).text(), "Bin");
}

TEST(Defaults, AnAccountsRulesReplaceThem) {
  const std::string defaults =
      "[[defaults.rule]]\nmatch = [\"x\"]\n[[defaults.rule]]\nmatch = [\"y\"]\n";
  const std::string own = "[[account.a.rule]]\nmatch = [\"z\"]\n";
  EXPECT_EQ(account_of(defaults + minimal("")).rules.size(), 2U);
  const AccountConfig a = account_of(defaults + minimal(own));
  ASSERT_EQ(a.rules.size(), 1U);
  EXPECT_THAT(a.rules[0].match, ElementsAre("z"));
}

TEST(Defaults, AnOwnSourceOfThePasswordDisplacesTheirs) {
  const AccountConfig a =
      account_of("[defaults]\npassword_command = \"x\"\n" + minimal("password_file = \"/pw\"\n"));
  EXPECT_EQ(std::get<PasswordFile>(a.secret).path, "/pw");
}

TEST(Preset, IsKnownByTheNameOfItsService) {
  const std::string address = "[account.a]\naddress = \"ann@example.org\"\n";
  EXPECT_EQ(account_of(address + "preset = \"gmail\"\n").preset, "google");
  EXPECT_EQ(account_of(address + "preset = \"outlook\"\n").preset, "microsoft");
}

TEST(Preset, TheDomainGivesIt) {
  const AccountConfig a = account_of("[account.a]\naddress = \"ann@GMail.com\"\n");
  EXPECT_EQ(a.preset, "google");
  EXPECT_EQ(a.host, "imap.gmail.com");
  EXPECT_EQ(a.user, "ann@GMail.com");
  EXPECT_THAT(a.mailboxes, ::testing::Contains("![Gmail]/All Mail"));
  EXPECT_THAT(a.excluded_roles, ElementsAre(Role::all, Role::flagged, Role::important));
}

TEST(Preset, WithAHostNothingIsLookedUp) {
  const AccountConfig a = account_of("[account.a]\naddress = \"ann@gmail.com\"\nhost = \"h\"\n");
  EXPECT_EQ(a.preset, "");
  EXPECT_EQ(a.host, "h");
  EXPECT_THAT(a.mailboxes, ElementsAre("*"));
}

TEST(Preset, ByNameGoesWithAHost) {
  const AccountConfig a = account_of(
      "[account.a]\naddress = \"ann@example.org\"\nhost = \"mail\"\npreset = \"proton-bridge\"\n");
  EXPECT_EQ(a.host, "mail");
  EXPECT_EQ(a.port, 1143);
  EXPECT_EQ(a.tls.mode, TlsMode::starttls);
}

TEST(Preset, WhatTheUserWritesWins) {
  const AccountConfig a = account_of(
      "[account.a]\naddress = \"ann@yahoo.com\"\nconnections = 1\nport = 1\nmailboxes = "
      "[\"*\"]\n[account.a.roles]\njunk = \"J\"\n");
  EXPECT_EQ(a.connections, 1U);
  EXPECT_EQ(a.port, 1);
  EXPECT_EQ(a.roles.at(Role::junk).text(), "J");
  EXPECT_EQ(a.roles.at(Role::drafts).text(), "Draft");
  EXPECT_THAT(a.preset_roles, ElementsAre(Role::trash, Role::sent, Role::drafts, Role::archive));
}

TEST(Preset, AListOfMailboxesReplacesItsExclusions) {
  const AccountConfig a =
      account_of("[account.a]\naddress = \"ann@gmail.com\"\nmailboxes = [\"*\"]\n");
  EXPECT_THAT(a.mailboxes, ElementsAre("*"));
  EXPECT_THAT(a.excluded_roles, IsEmpty());
}

TEST(Preset, AModeOfTheUsersOwnBringsItsUsualPort) {
  const AccountConfig a =
      account_of("[account.a]\naddress = \"a@proton.me\"\ntls = { mode = \"implicit\" }\n");
  EXPECT_EQ(a.host, "127.0.0.1");
  EXPECT_EQ(a.port, 993);
}

}  // namespace
}  // namespace sterna::config
