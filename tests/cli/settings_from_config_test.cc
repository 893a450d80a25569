// SPDX-License-Identifier: Apache-2.0
#include "cli/settings_from_config.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "config/keys.h"
#include "sterna/base/bytes.h"
#include "sterna/imap/quirks.h"
#include "tests/support/temp_dir.h"

namespace sterna::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class SettingsFromConfig : public testing::Test {
 protected:
  SettingsFromConfig() {
    config_.state_dir = "/state";
    account_.name = "work";
    account_.user = "ann";
    account_.host = "imap.example.org";
    account_.maildir = "/mail/work";
    account_.inbox = "INBOX";
  }

  account::Settings settings() { return settings_from_config(config_, account_, loop_); }
  Result<Secret> password() { return loop_.run(settings().password()); }

  config::Config config_;
  config::AccountConfig account_;
  net::Loop loop_;
};

TEST_F(SettingsFromConfig, KeepsWhatIsTheSameInBoth) {
  account_.port = 1993;
  account_.connections = 7;
  account_.subscribed_only = true;
  account_.undo = std::chrono::seconds(5);
  account_.fsync = false;
  account_.roles[Role::trash] = MailboxName("Bin");
  account_.preset = "yahoo";
  account_.preset_roles = {Role::trash};
  const account::Settings made = settings();
  EXPECT_EQ(made.name, "work");
  EXPECT_EQ(made.user, "ann");
  EXPECT_EQ(made.endpoint.host, "imap.example.org");
  EXPECT_EQ(made.endpoint.port, 1993);
  EXPECT_EQ(made.connections, 7U);
  EXPECT_EQ(made.maildir, "/mail/work");
  EXPECT_EQ(made.state_dir, "/state/work");
  EXPECT_EQ(made.inbox, "INBOX");
  EXPECT_TRUE(made.subscribed_only);
  EXPECT_EQ(made.undo, std::chrono::seconds(5));
  EXPECT_FALSE(made.fsync);
  EXPECT_EQ(made.roles.at(Role::trash), MailboxName("Bin"));
  EXPECT_EQ(made.preset, "yahoo");
  EXPECT_EQ(made.preset_roles, std::set<Role>{Role::trash});
}

TEST_F(SettingsFromConfig, MapsEveryChoice) {
  account_.auth = config::Auth::login;
  account_.compress = config::Compress::no;
  account_.layout = config::Layout::maildirpp;
  account_.create = config::Create::remote;
  account_.tls.mode = config::TlsMode::starttls;
  const account::Settings made = settings();
  EXPECT_EQ(made.auth, auth::Preference::login);
  EXPECT_EQ(made.compress, account::Compress::no);
  EXPECT_EQ(made.layout, maildir::LayoutKind::maildir_plus_plus);
  EXPECT_EQ(made.create, sync::Create::remote);
  EXPECT_EQ(made.endpoint.tls_mode, io::TlsMode::starttls);
}

TEST_F(SettingsFromConfig, TlsGoesToTheEndpoint) {
  const Digest pin = sha256("key");
  account_.tls.ca_file = "/ca.pem";
  account_.tls.pins = {pin};
  account_.tls.client_cert = "/cert.pem";
  account_.tls.client_key = "/key.pem";
  account_.tls.min_version = config::TlsVersion::tls13;
  const io::TlsSettings tls = settings().endpoint.tls;
  EXPECT_EQ(tls.server_name, "imap.example.org");
  EXPECT_EQ(tls.ca_file, "/ca.pem");
  EXPECT_THAT(tls.pin_sha256, ElementsAre(base64_encode(pin.raw())));
  EXPECT_EQ(tls.client_cert_file, "/cert.pem");
  EXPECT_EQ(tls.client_key_file, "/key.pem");
  EXPECT_EQ(tls.min_version, "1.3");
}

TEST_F(SettingsFromConfig, PlaintextIsForLoopbackOrWhereItWasAskedFor) {
  EXPECT_FALSE(settings().allow_plaintext);
  account_.tls.mode = config::TlsMode::none;
  EXPECT_FALSE(settings().allow_plaintext);
  account_.host = "127.0.0.1";
  EXPECT_TRUE(settings().allow_plaintext);
  account_.host = "mail.example.org";
  account_.allow_plaintext = true;
  EXPECT_TRUE(settings().allow_plaintext);
  account_.tls.mode = config::TlsMode::starttls;
  EXPECT_FALSE(settings().allow_plaintext);
}

TEST_F(SettingsFromConfig, SelectionPolicyAndNamesAreThoseOfTheConfiguration) {
  account_.mailboxes = {"*", "!Spam"};
  account_.rename = {{MailboxName("Sent"), MailboxName("Sent Items")}};
  account_.policy.hold.at_least = 7;
  config::Rule rule;
  rule.match = {"Lists/*"};
  rule.direction = config::Direction::pull;
  rule.local_delete = config::LocalDelete::ignore;
  rule.remote_delete = config::RemoteDelete::ignore;
  rule.expunge_flagged = true;
  rule.hold_share = 0.9;
  rule.hold_within = std::chrono::seconds(60);
  account_.rules = {rule};

  account::Settings made = settings();
  account_ = {};  // the settings live on their own
  EXPECT_TRUE(made.includes(MailboxName("INBOX"), Role::inbox));
  EXPECT_FALSE(made.includes(MailboxName("Spam"), Role::junk));
  const account::MailboxPolicy plain = made.policy_for(MailboxName("INBOX"));
  EXPECT_EQ(plain.direction, sync::Direction::both);
  EXPECT_EQ(plain.local_delete, sync::LocalDelete::trash);
  EXPECT_EQ(plain.brake.at_least, 7U);
  const account::MailboxPolicy ruled = made.policy_for(MailboxName("Lists/dev"));
  EXPECT_EQ(ruled.direction, sync::Direction::pull);
  EXPECT_EQ(ruled.local_delete, sync::LocalDelete::ignore);
  EXPECT_EQ(ruled.remote_delete, sync::RemoteDelete::ignore);
  EXPECT_TRUE(ruled.expunge_flagged);
  EXPECT_EQ(ruled.brake.at_least, 7U);
  EXPECT_EQ(ruled.brake.share, 0.9);
  EXPECT_EQ(ruled.brake_within, std::chrono::seconds(60));
  EXPECT_EQ(*made.to_local(MailboxName("Sent Items/2025")), MailboxName("Sent/2025"));
  EXPECT_EQ(*made.to_remote(MailboxName("Sent")), MailboxName("Sent Items"));
}

TEST_F(SettingsFromConfig, TheOtherAccountsAreNeighbours) {
  config::AccountConfig other;
  other.name = "home";
  other.enabled = false;
  other.maildir = "/mail/home";
  other.layout = config::Layout::maildirpp;
  other.inbox = "";
  other.mailboxes = {"*", "!Spam"};
  other.rename = {{MailboxName("Sent"), MailboxName("Sent Items")}};
  config::Rule rule;
  rule.match = {"Lists/*"};
  rule.direction = config::Direction::pull;
  other.rules = {rule};
  config_.accounts = {other, account_};

  const account::Neighbours made = neighbours_from_config(config_);
  config_ = {};  // they live on their own
  ASSERT_EQ(made->size(), 2U);
  EXPECT_EQ(made->back().name, account_.name);
  const account::Neighbour& home = made->front();
  EXPECT_EQ(home.name, "home");
  EXPECT_FALSE(home.enabled);
  EXPECT_EQ(home.maildir, "/mail/home");
  EXPECT_EQ(home.state_dir, "/state/home");
  EXPECT_EQ(home.layout, maildir::LayoutKind::maildir_plus_plus);
  EXPECT_EQ(home.inbox, "");
  EXPECT_EQ(*home.to_remote(MailboxName("Sent")), MailboxName("Sent Items"));
  EXPECT_TRUE(home.sends(MailboxName("INBOX"), Role::none));
  EXPECT_FALSE(home.sends(MailboxName("Spam"), Role::none));
  EXPECT_FALSE(home.sends(MailboxName("Lists/dev"), Role::none));
}

TEST_F(SettingsFromConfig, AWrittenPasswordIsThePassword) {
  account_.secret = Secret("correct-horse");
  EXPECT_EQ(password()->reveal(), "correct-horse");
}

TEST_F(SettingsFromConfig, APasswordFileGivesItsFirstLine) {
  const test::TempDir directory;
  const std::string path = directory / "secret";
  std::ofstream(path) << "correct-horse\nsecond\n";
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  account_.secret = config::PasswordFile{path};
  EXPECT_EQ(password()->reveal(), "correct-horse");
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  const auto refused = password();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::secret);
}

TEST_F(SettingsFromConfig, APasswordCommandGivesTheFirstLineOfItsOutput) {
  account_.secret = config::PasswordCommand{{"printf", "correct-horse\\nsecond\\n"}};
  EXPECT_EQ(password()->reveal(), "correct-horse");
}

TEST_F(SettingsFromConfig, APasswordCommandThatFailsIsNamedWithItsComplaintOnly) {
  account_.secret =
      config::PasswordCommand{{"/bin/sh", "-c", "echo sekret; echo locked >&2; exit 3"}};
  const auto failed = password();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::secret);
  EXPECT_THAT(failed.error().describe(), HasSubstr("password_command"));
  EXPECT_THAT(failed.error().describe(), HasSubstr("locked"));
  EXPECT_THAT(failed.error().describe(), testing::Not(HasSubstr("sekret")));
}

TEST_F(SettingsFromConfig, APasswordCommandThatPrintsNothingGivesNoPassword) {
  account_.secret = config::PasswordCommand{{"true"}};
  const auto failed = password();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::secret);
}

TEST_F(SettingsFromConfig, WithoutASourceThereIsNoPassword) {
  const auto failed = password();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::secret);
  EXPECT_THAT(failed.error().hint(), HasSubstr("[account.work]"));
}

TEST_F(SettingsFromConfig, ADaemonWaitsTenSecondsForADeletionAndForNobodyElse) {
  account_.watch = {"INBOX", "Lists/*"};
  account_.poll_interval = std::chrono::minutes(7);
  const daemon::AccountSetup setup = daemon_setup_from_config(config_, account_, loop_);
  EXPECT_EQ(setup.settings.quiet, std::chrono::seconds(10));
  EXPECT_LE(setup.settings.settles, std::chrono::milliseconds(250));
  EXPECT_FALSE(setup.settings.waits_for_quiet);
  EXPECT_TRUE(setup.life.pushes(MailboxName("Lists/dev")));
  EXPECT_FALSE(setup.life.pushes(MailboxName("Sent")));
  EXPECT_EQ(setup.life.poll_interval, std::chrono::minutes(7));
}

TEST_F(SettingsFromConfig, ADaemonIsToldOfEachFileWhereAHookWantsIt) {
  EXPECT_FALSE(daemon_setup_from_config(config_, account_, loop_).life.tells_changes);
  config_.hooks.after_change = {"notmuch", "new"};
  EXPECT_TRUE(daemon_setup_from_config(config_, account_, loop_).life.tells_changes);
}

TEST(QuirkKeys, AreTheSwitchesOfTheEngineAndNoOthers) {
  std::vector<std::string_view> keys;
  for (const config::Key& key : config::kKeys)
    if (key.section == config::Section::quirks) keys.push_back(key.name);
  EXPECT_THAT(keys, testing::UnorderedElementsAreArray(imap::quirk_names()));
}

TEST_F(SettingsFromConfig, ARefusedLoginIsMendedByWhatTheProviderWants) {
  account_.host = "imap.gmail.com";
  EXPECT_THAT(settings().login_hint, HasSubstr("https://myaccount.google.com/apppasswords"));
  account_.host = "127.0.0.1";
  EXPECT_EQ(settings().login_hint, "");
  account_.preset = "proton-bridge";
  EXPECT_THAT(settings().login_hint, HasSubstr("Bridge"));
}

}  // namespace
}  // namespace sterna::cli
