// SPDX-License-Identifier: Apache-2.0
// What tells two configurations apart, and what must not be told.
#include "sterna/config/same.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "tests/support/temp_dir.h"

namespace sterna::config {
namespace {

AccountConfig some_account() {
  AccountConfig account;
  account.name = "work";
  account.user = "ann";
  account.host = "mail.example.org";
  account.maildir = "/home/ann/Mail/work";
  return account;
}

std::string digest_with(const std::function<void(AccountConfig&)>& change) {
  AccountConfig account = some_account();
  change(account);
  return settings_digest(account);
}

TEST(SettingsDigest, IsTheSameForTheSame) {
  EXPECT_EQ(settings_digest(some_account()), settings_digest(some_account()));
  EXPECT_EQ(settings_digest(some_account()).size(), 64U);
}

TEST(SettingsDigest, IsAnotherForEachChange) {
  const std::vector<std::function<void(AccountConfig&)>> changes = {
      [](AccountConfig&) {},
      [](AccountConfig& account) { account.enabled = false; },
      [](AccountConfig& account) { account.user = "bob"; },
      [](AccountConfig& account) { account.port = 143; },
      [](AccountConfig& account) { account.auth = Auth::plain; },
      [](AccountConfig& account) { account.secret = Secret("hunter2"); },
      [](AccountConfig& account) { account.secret = PasswordFile{"/secret"}; },
      [](AccountConfig& account) { account.secret = PasswordFile{"/other"}; },
      [](AccountConfig& account) { account.secret = PasswordCredential{"work"}; },
      [](AccountConfig& account) { account.oauth.emplace(); },
      [](AccountConfig& account) { account.oauth.emplace().scope = "mail"; },
      [](AccountConfig& account) { account.oauth.emplace().extra = {{"prompt", "none"}}; },
      [](AccountConfig& account) { account.tls.mode = TlsMode::starttls; },
      [](AccountConfig& account) { account.tls.pins.emplace_back(); },
      [](AccountConfig& account) { account.tunnel = {"ssh", "host"}; },
      [](AccountConfig& account) { account.proxy.host = "proxy"; },
      [](AccountConfig& account) { account.watch = {"INBOX", "Lists"}; },
      [](AccountConfig& account) { account.watch = {"INBOXLists"}; },
      [](AccountConfig& account) { account.poll_interval = std::chrono::hours(1); },
      [](AccountConfig& account) { account.maildir = "/elsewhere"; },
      [](AccountConfig& account) { account.mailboxes = {"*", "!Spam"}; },
      [](AccountConfig& account) {
        account.rename = {{MailboxName("Sent"), MailboxName("Sent Items")}};
      },
      [](AccountConfig& account) { account.roles = {{Role::trash, MailboxName("Bin")}}; },
      [](AccountConfig& account) { account.quirks = {{"no_qresync", 1}}; },
      [](AccountConfig& account) { account.policy.direction = Direction::pull; },
      [](AccountConfig& account) { account.policy.hold.share = 0.5; },
      [](AccountConfig& account) { account.rules.push_back({.match = {"Lists*"}}); },
      [](AccountConfig& account) {
        account.rules.push_back({.match = {"Lists*"}, .direction = Direction::pull});
      },
      [](AccountConfig& account) {
        account.rules.push_back({.match = {"Lists*"}, .expunge_flagged = true});
      },
      [](AccountConfig& account) { account.fsync = false; }};
  std::map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const auto [it, is_new] = seen.emplace(digest_with(changes[i]), i);
    EXPECT_TRUE(is_new) << "change " << i << " is as " << it->second;
  }
}

TEST(SettingsDigest, SaysNothingOfASecretButThatItIsThere) {
  const auto password = [](const char* text) {
    return digest_with([text](AccountConfig& account) { account.secret = Secret(text); });
  };
  EXPECT_EQ(password("one"), password("two"));
  const auto command = [](const char* text) {
    return digest_with([text](AccountConfig& account) {
      account.secret = PasswordCommand{{"echo", text}};
      account.tunnel = {"sshpass", "-p", text};
      account.oauth.emplace().token_command = {"echo", text};
    });
  };
  EXPECT_EQ(command("one"), command("two"));
  const auto others = [](const char* text) {
    return digest_with([text](AccountConfig& account) {
      account.proxy.password = Secret(text);
      account.oauth.emplace().client_secret = Secret(text);
    });
  };
  EXPECT_EQ(others("one"), others("two"));
  EXPECT_NE(others("one"), others(""));
}

TEST(SameDirectory, FollowsLinksAsFarAsThereIsAnything) {
  const test::TempDir temporary;
  std::filesystem::create_directory(temporary / "one");
  std::filesystem::create_directory(temporary / "two");
  std::filesystem::create_directory_symlink(temporary / "one", temporary / "link");
  EXPECT_TRUE(same_directory("/nowhere/work", "/nowhere//work"));
  EXPECT_TRUE(same_directory(temporary / "one/work", temporary / "link/work"));
  EXPECT_TRUE(same_directory(temporary / "one", temporary / "two/../one"));
  EXPECT_FALSE(same_directory(temporary / "one/work", temporary / "two/work"));
  EXPECT_FALSE(same_directory(temporary / "one/work", temporary / "one/home"));
}

}  // namespace
}  // namespace sterna::config
