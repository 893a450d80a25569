// SPDX-License-Identifier: Apache-2.0
// What sterna init writes down is short, sound, and says again what it was told.
#include "cli/init_draft.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "cli/init_files.h"
#include "sterna/config/load.h"
#include "tests/support/temp_dir.h"

namespace sterna::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Draft draft() {
  Draft draft;
  draft.name = "example";
  draft.address = "ann@example.org";
  draft.host = "imap.example.org";
  draft.found_by = "autoconfig";
  draft.secret = FromCommand{"pass show mail/ann"};
  return draft;
}

config::AccountConfig loaded(const Draft& draft) {
  const sterna::test::TempDir directory;
  const std::string path = directory / "c.toml";
  std::ofstream(path) << toml_of(draft);
  ::chmod(path.c_str(), 0600);
  config::LoadOptions options;
  options.file = path;
  auto config = config::load(options);
  EXPECT_TRUE(config) << config.error().describe() << "\n" << toml_of(draft);
  return config ? *config->account(draft.name) : config::AccountConfig();
}

TEST(Draft, OfAnOrdinaryServerHasAHostAndTheWayToThePassword) {
  const WipedString text = toml_of(draft());
  EXPECT_THAT(text, AllOf(HasSubstr("host = \"imap.example.org\"\n"),
                          HasSubstr("password_command = \"pass show mail/ann\"\n")));
  for (const char* key : {"port", "user", "tls", "preset", "maildir"})
    EXPECT_THAT(text, Not(HasSubstr(std::string("\n") + key + " ="))) << key;
  const config::AccountConfig account = loaded(draft());
  EXPECT_EQ(account.user, "ann@example.org");
  EXPECT_EQ(account.port, 993);
}

TEST(Draft, OfAKnownProviderHasNoMoreThanTheAddress) {
  Draft gmail = draft();
  gmail.address = "ann@gmail.com";
  gmail.preset = config::find_preset("google");
  gmail.preset_by_address = true;
  gmail.host.clear();
  EXPECT_THAT(toml_of(gmail), Not(HasSubstr("preset =")));
  EXPECT_EQ(loaded(gmail).host, "imap.gmail.com");
  gmail.address = "ann@example.org";
  gmail.preset_by_address = false;
  EXPECT_THAT(toml_of(gmail), HasSubstr("preset = \"google\""));
  EXPECT_EQ(loaded(gmail).host, "imap.gmail.com");
}

TEST(Draft, OfEachPresetLoads) {
  for (const config::Preset& preset : config::presets()) {
    Draft one = draft();
    one.preset = &preset;
    one.host = preset.host.empty() ? "imap.example.org" : "";
    one.port = preset.port;
    one.mode = preset.mode;
    const config::AccountConfig account = loaded(one);
    EXPECT_EQ(account.preset, preset.name);
    EXPECT_EQ(account.port, preset.port) << preset.name;
    EXPECT_EQ(account.tls.mode, preset.mode) << preset.name;
  }
}

TEST(Draft, KeepsPortModeUserPinAndPlace) {
  Draft own = draft();
  own.name = "a.b";
  own.user = "o\"ne\\";
  own.port = 10143;
  own.mode = config::TlsMode::starttls;
  own.pins = {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="};
  own.maildir = "/srv/mail/\xc3\xa4";
  own.secret = FromFile{"/srv/secret"};
  const config::AccountConfig account = loaded(own);
  EXPECT_EQ(account.user, own.user);
  EXPECT_EQ(account.port, 10143);
  EXPECT_EQ(account.tls.mode, config::TlsMode::starttls);
  EXPECT_EQ(account.tls.pins.size(), 1U);
  EXPECT_EQ(account.maildir, own.maildir);
  EXPECT_EQ(std::get<config::PasswordFile>(account.secret).path, "/srv/secret");
}

TEST(Draft, AsksTheKeyringByACommandWithoutAShell) {
  Draft own = draft();
  own.secret = FromKeyring{};
  EXPECT_EQ(std::get<config::PasswordCommand>(loaded(own).secret).argv,
            (config::Command{"secret-tool", "lookup", "service", "sterna", "account", "example"}));
}

TEST(Draft, EndpointsOfYourOwnLeaveAKnownProviderItsScope) {
  Draft own = draft();
  own.preset = config::find_preset("microsoft");
  ByOAuth client{"microsoft", "an-id", Secret()};
  client.authorize_url = "https://login.example.org/authorize";
  client.token_url = "https://login.example.org/token";
  own.secret = std::move(client);
  const config::AccountConfig account = loaded(own);
  ASSERT_TRUE(account.oauth);
  EXPECT_EQ(account.oauth->token_url, "https://login.example.org/token");
  EXPECT_THAT(account.oauth->scope, HasSubstr("IMAP.AccessAsUser.All"));
}

TEST(Draft, WhatWasFoundCannotEndTheComment) {
  Draft own = draft();
  own.found_by = "https://x/\n[account.evil]\nuser = \"u\"";
  EXPECT_THAT(toml_of(own), Not(HasSubstr("\n[account.evil]")));
}

TEST(Name, IsOfTheDomainAndOfNoOther) {
  EXPECT_EQ(account_name("example.org", {}), "example");
  EXPECT_EQ(account_name("example.org", {"example", "example-2"}), "example-3");
  EXPECT_EQ(account_name("", {}), "mail");
  EXPECT_EQ(account_name(std::string(300, 'a'), {}).size(), 60U);
}

TEST(Pin, IsFoundInTheHintAlone) {
  const std::string pin = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  EXPECT_EQ(pin_in("set tls.ca_file, or tls.pin_sha256 = [\"" + pin + "\"]"), pin);
  EXPECT_EQ(pin_in("set tls.pin_sha256"), "");
  EXPECT_EQ(pin_in("tls.pin_sha256 = [\"short\"]"), "");
}

TEST(NewFile, IsClosedToOthersAndNeverTakesThePlaceOfOne) {
  const sterna::test::TempDir directory;
  const std::string path = directory / "a/b/c.toml";
  ASSERT_TRUE(write_new_file(path, "text"));
  struct stat about{};
  ASSERT_EQ(::stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  ASSERT_EQ(::stat((directory / "a/b").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0700U);
  const Status again = write_new_file(path, "other");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), ErrorCode::exists);
}

TEST(LoadWith, NamesFilesAsTheyAreAndNotAsTheyAreTried) {
  const sterna::test::TempDir directory;
  config::ConfigPlace place;
  place.directory = directory / "sterna";
  place.files = {directory / "sterna/config.toml"};
  const std::string account = "[account.a]\nuser = \"u\"\nhost = \"h\"\n";
  ASSERT_TRUE(write_new_file(place.files.front(), account));
  const std::string path = directory / "sterna/config.d/b.toml";
  const auto twice = load_with({}, place, path, account);
  ASSERT_FALSE(twice);
  EXPECT_THAT(
      twice.error().describe(),
      AllOf(HasSubstr(path + ":1"), HasSubstr("already set in " + place.files.front() + ":1")));
}

}  // namespace
}  // namespace sterna::cli
