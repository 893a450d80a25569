// SPDX-License-Identifier: Apache-2.0
// Every key of the contract is either taken or refused as unsupported, and none is ignored.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "config/document.h"
#include "config/keys.h"
#include "support.h"

namespace sterna::config {
namespace {

// Each key once, with a value that is not its default where there is another.
constexpr std::string_view kContract = R"(
mail_root = "~/Mail2"
state_dir = "~/state"
control_socket = "~/control.sock"

[account.full]
enabled = true
address = "ann@example.org"
user = "ann"
preset = "fastmail"
host = "imap.example.org"
port = 993
auth = "auto"
password_command = "pass show mail/ann"
maildir = "~/Mail2/ann"
layout = "fs"
inbox = "INBOX"
mailboxes = ["*", "!Spam", "!Archive/2%"]
rename = { Sent = "Sent Items" }
subscribed_only = false
tunnel = []
proxy = "socks5h://127.0.0.1:9050"
watch = ["INBOX"]
poll_interval = "5m"
connections = 4
direction = "both"
create = "both"
expunge_flagged = false
local_delete = "trash"
remote_delete = "delete"
max_size = "25M"
max_age = "180d"
max_messages = 1000
hold_deletions = { share = 0.3, at_least = 50, within = "1h" }
undo = "14d"
fsync = true
compress = "auto"
keyring = false
allow_plaintext = false

[account.full.roles]
trash = "Deleted Items"
sent = "Sent Items"
drafts = "Drafts"
junk = "Spam"
archive = "Archive"

[account.full.tls]
mode = "implicit"
ca_file = "/etc/ssl/my-ca.pem"
pin_sha256 = []
client_cert = "ann.pem"
client_key = "ann.key"
min_version = "1.2"

[account.full.oauth]
provider = "microsoft"
client_id = "..."
client_secret = "..."
tenant = "example.org"
scope = "mail"
authorize_url = "https://login.example.org/authorize"
token_url = "https://login.example.org/token"
device_url = "https://login.example.org/device"
revoke_url = "https://login.example.org/revoke"
redirect_uri = "org.example:/"
port = 8080
ca_file = "/etc/ssl/my-ca.pem"
token_command = ["my-token-helper"]

[[account.full.rule]]
match = ["Lists/*"]
direction = "pull"
max_age = "180d"

[hooks]
before_sync = "systemctl --user start tunnel"
after_change = ["notmuch", "new"]
new_mail = "notify-send Mail"
held = ["notify-send", "Held"]
needs_auth = ["notify-send", "Login"]
error = ["notify-send", "Error"]
debounce = "3s"
timeout = "1m"
[log]
level = "info"
[metrics]
textfile = "/var/lib/prometheus/node-exporter/sterna.prom"
)";

const std::set<std::string> kRefused = {"max_size", "max_age", "max_messages", "rule.max_age"};

// Not all of it goes together.
const std::set<std::string> kConflicts = {
    "two ways to log in: `password_command` and the table `oauth`",
    "two ways to log in: `keyring` and the table `oauth`",
    "`oauth.token_command` stands instead of a client of your own"};

TEST(Contract, WhatIsNotSupportedIsRefusedAndNothingElse) {
  const Home home;
  const auto loaded = home.load_text(kContract);
  ASSERT_FALSE(loaded);
  std::set<std::string> refused;
  for (const Problem& problem : loaded.error()) {
    if (kConflicts.contains(problem.message)) continue;
    EXPECT_THAT(problem.message,
                ::testing::EndsWith("` is not supported by this version of Sterna"));
    refused.insert(problem.message.substr(1, problem.message.rfind('`') - 1));
    EXPECT_GT(problem.line, 1U);
    EXPECT_GE(problem.column, 1U);
  }
  EXPECT_EQ(refused, kRefused);
}

TEST(Contract, EveryKeyOfTheTableIsInItOrASecret) {
  Problems problems;
  const auto file = problems.add_file("contract", "/");
  const auto root = parse_document(kContract, file, problems);
  ASSERT_TRUE(root);
  const Node& account = root->find("account")->value.find("full")->value;
  for (const Key& key : kKeys) {
    const Node* table = &account;
    if (key.section == Section::top) table = &*root;
    if (key.section == Section::log) table = &root->find("log")->value;
    if (key.section == Section::hooks) table = &root->find("hooks")->value;
    if (key.section == Section::metrics) table = &root->find("metrics")->value;
    if (key.section == Section::hold) table = &account.find("hold_deletions")->value;
    if (key.section == Section::roles) table = &account.find("roles")->value;
    if (key.section == Section::tls) table = &account.find("tls")->value;
    if (key.section == Section::oauth) table = &account.find("oauth")->value;
    if (key.section == Section::rule || key.section == Section::quirks) continue;
    static const std::set<std::string_view> kElsewhere = {"defaults", "password", "password_file",
                                                          "credential", "quirks"};
    const bool alias = key.section == Section::tls && key.name == "allow_plaintext";
    const bool there = table->find(key.name) != nullptr;
    EXPECT_TRUE(there || alias || kElsewhere.contains(key.name)) << key.name;
  }
}

// Drops each key of the account in turn, or gives it a value of a kind that no key takes: whatever
// is there is looked at.
TEST(Contract, NoKeyIsIgnored) {
  Problems problems;
  const auto file = problems.add_file("contract", "/");
  const auto root = parse_document(kContract, file, problems);
  ASSERT_TRUE(root);
  const Node& account = root->find("account")->value.find("full")->value;
  ASSERT_GT(account.members.size(), 30U);
  for (const Member& member : account.members) {
    const std::string line = member.key + " = 2001-01-01\n";
    const std::string text = "[account.a]\n" + line +
                             (member.key == "address" ? "" : "address = \"a@b\"\n") +
                             (member.key == "host" ? "" : "host = \"h\"\n");
    EXPECT_THAT(problems_of(text), ::testing::HasSubstr(member.key)) << line;
  }
}

}  // namespace
}  // namespace sterna::config
