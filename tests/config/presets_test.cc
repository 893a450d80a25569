// SPDX-License-Identifier: Apache-2.0
// The table of providers is sound, and has those that the configuration promises.
#include "sterna/config/presets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "sterna/base/bytes.h"
#include "sterna/base/loopback.h"
#include "sterna/config/mailboxes.h"
#include "support.h"

namespace sterna::config {
namespace {

TEST(Presets, ThePromisedOnesAreThere) {
  for (const std::string_view name :
       {"google", "microsoft", "yahoo", "icloud", "fastmail", "gmx", "mailbox.org", "posteo",
        "zoho", "proton-bridge", "dovecot", "aol", "web.de", "davmail", "yandex", "mail.ru", "163",
        "qq"}) {
    EXPECT_NE(find_preset(name), nullptr) << name;
  }
  EXPECT_EQ(find_preset("nobody"), nullptr);
  EXPECT_EQ(find_preset(""), nullptr);
}

TEST(Presets, DomainsFindTheirProvider) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"gmail.com", "google"},        {"googlemail.com", "google"}, {"hotmail.com", "microsoft"},
      {"ymail.com", "yahoo"},         {"aol.com", "aol"},           {"me.com", "icloud"},
      {"fastmail.fm", "fastmail"},    {"gmx.net", "gmx"},           {"gmx.com", "gmx.com"},
      {"web.de", "web.de"},           {"posteo.de", "posteo"},      {"proton.me", "proton-bridge"},
      {"MAILBOX.org", "mailbox.org"}, {"zohomail.in", "zoho.in"},
  };
  for (const auto& [domain, preset] : cases) {
    ASSERT_NE(preset_of_domain(domain), nullptr) << domain;
    EXPECT_EQ(preset_of_domain(domain)->name, preset);
  }
  for (const std::string_view domain : {"", " ", "example.org", "mail.gmail.com", "com"}) {
    EXPECT_EQ(preset_of_domain(domain), nullptr) << domain;
  }
}

TEST(Presets, EachRowIsSound) {
  std::set<std::string_view> names;
  std::set<std::string_view> domains;
  std::set<std::string_view> exchanges;
  for (const Preset& preset : presets()) {
    EXPECT_TRUE(names.insert(preset.name).second) << preset.name;
    EXPECT_GE(preset.connections, 1U);
    EXPECT_LE(preset.connections, 5U) << "leaves no room for other programs: " << preset.name;
    if (preset.mode == TlsMode::none) {
      EXPECT_TRUE(is_loopback_host(preset.host)) << preset.name;
    }
    if (preset.host.empty()) EXPECT_TRUE(preset.domains.empty()) << preset.name;
    EXPECT_FALSE(preset.title.empty()) << preset.name;
    if (preset.connections_allowed != 0) {
      EXPECT_LT(preset.connections, preset.connections_allowed) << preset.name;
    }
    if (preset.login != PresetLogin::password) {
      EXPECT_FALSE(preset.help.empty()) << "what is a newcomer to do? " << preset.name;
    }
    if (preset.login == PresetLogin::oauth) EXPECT_FALSE(preset.oauth.empty()) << preset.name;
    EXPECT_EQ(preset.help.empty(), preset.help_url.empty()) << preset.name;
    EXPECT_TRUE(preset.help_url.empty() || preset.help_url.starts_with("https://")) << preset.name;
    EXPECT_FALSE(preset.help.ends_with('.')) << "it is set in a sentence: " << preset.name;
    EXPECT_FALSE(preset.habit.ends_with('.')) << preset.name;
    for (const std::string_view domain : split(preset.mail_exchanges, ' ')) {
      if (!domain.empty()) EXPECT_TRUE(exchanges.insert(domain).second) << domain;
    }
    if (preset.domains.empty()) continue;
    for (const std::string_view domain : split(preset.domains, ' ')) {
      EXPECT_TRUE(domains.insert(domain).second) << domain;
      EXPECT_EQ(domain, ascii_lower(domain));
      EXPECT_TRUE(domain.contains('.')) << domain;
    }
  }
}

TEST(Presets, EachLoads) {
  for (const Preset& preset : presets()) {
    const Home home;
    std::string text = "[account.a]\nuser = \"u\"\npreset = \"" + std::string(preset.name) + "\"\n";
    if (preset.host.empty()) text += "host = \"h\"\n";
    const AccountConfig account = account_of(home, text);
    EXPECT_EQ(account.preset, preset.name);
    EXPECT_EQ(account.host, preset.host.empty() ? "h" : preset.host);
    EXPECT_EQ(account.port, preset.port);
    EXPECT_EQ(account.tls.mode, preset.mode);
    EXPECT_EQ(account.connections, preset.connections);
    EXPECT_EQ(account.mailboxes.size(), 1 + preset.excluded.size());
    EXPECT_EQ(account.roles.size(), preset.roles.size());
  }
}

// Calendars, and not the folders of mail that people call by such words.
TEST(Presets, MicrosoftLeavesCalendarsOutByNamesThatOnlyTheyHave) {
  for (const std::string preset : {"microsoft", "exchange"}) {
    const AccountConfig account =
        account_of("[account.a]\nuser = \"u\"\nhost = \"h\"\npreset = \"" + preset + "\"\n");
    for (const std::string name :
         {"Calendar", "Kalender", "Kalender/Feste", "Calendrier/Perso", "予定表", "Notes"}) {
      EXPECT_FALSE(includes(account, MailboxName(name))) << name;
    }
    for (const std::string name : {"INBOX", "Agenda", "Agenda/2026", "Note", "Taken", "Kalender2",
                                   "Notes/Work", "Archive/Kalender"}) {
      EXPECT_TRUE(includes(account, MailboxName(name))) << name;
    }
  }
}

TEST(Presets, MailExchangesFindWhoServesADomain) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"aspmx.l.google.com", "google"},
      {"ALT2.ASPMX.L.GOOGLE.COM", "google"},
      {"example-org.mail.protection.outlook.com", "microsoft"},
      {"in1-smtp.messagingengine.com", "fastmail"},
      {"mail.protonmail.ch", "proton-bridge"},
      {"mx.yandex.net", "yandex"},
      // Organisations, which are at hosts of their own.
      {"mx2.zoho.com", "zoho.pro"},
      {"mx.zoho.eu", "zoho.pro.eu"},
      {"mx.zoho.in", "zoho.pro.in"},
      {"mx3.zoho.com.au", "zoho.pro.com.au"},
      {"mx.zoho.jp", "zoho.pro.jp"},
  };
  for (const auto& [host, preset] : cases) {
    ASSERT_NE(preset_of_mail_exchange(host), nullptr) << host;
    EXPECT_EQ(preset_of_mail_exchange(host)->name, preset);
  }
  for (const std::string_view host :
       {"", "com", "mx.example.org", "notgoogle.com", "google.com.example.org"}) {
    EXPECT_EQ(preset_of_mail_exchange(host), nullptr) << host;
  }
}

TEST(Presets, ZohoHasOtherHostsForOrganisations) {
  EXPECT_EQ(preset_of_domain("zoho.com")->host, "imap.zoho.com");
  EXPECT_EQ(preset_of_mail_exchange("mx.zoho.com")->host, "imappro.zoho.com");
  EXPECT_EQ(preset_of_mail_exchange("mx.zoho.eu")->host, "imappro.zoho.eu");
  EXPECT_EQ(preset_of_host("imappro.zoho.com.au")->name, "zoho.pro.com.au");
}

TEST(Presets, HostsFindTheirProviderButForThisMachine) {
  ASSERT_NE(preset_of_host("IMAP.gmail.com"), nullptr);
  EXPECT_EQ(preset_of_host("imap.gmail.com")->name, "google");
  EXPECT_EQ(preset_of_host("127.0.0.1"), nullptr);
  EXPECT_EQ(preset_of_host(""), nullptr);
}

TEST(Presets, KnowWhoTakesNoPasswords) {
  EXPECT_FALSE(takes_passwords("outlook.office365.com"));
  EXPECT_FALSE(takes_passwords("Outlook.Office365.com"));
  EXPECT_TRUE(takes_passwords("imap.gmail.com"));
  EXPECT_TRUE(takes_passwords(""));
}

}  // namespace
}  // namespace sterna::config
