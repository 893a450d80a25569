// SPDX-License-Identifier: Apache-2.0
// Views of all mail (Gmail's All Mail, Proton's Labels) are excluded: they hold each message a
// second time. Roles stand only where a provider offers no SPECIAL-USE.
#include "presets.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "sterna/base/bytes.h"
#include "sterna/base/nearest.h"

namespace sterna::config {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kAllViews = {Role::all, Role::flagged, Role::important};
constexpr std::array kAllMail = {Role::all};

constexpr std::array kGoogleExcluded = {"[Gmail]/All Mail"sv,       "[Gmail]/Starred"sv,
                                        "[Gmail]/Important"sv,      "[Gmail]/Chats"sv,
                                        "[Google Mail]/All Mail"sv, "[Google Mail]/Starred"sv,
                                        "[Google Mail]/Important"sv};
// Items of these are no messages; their content cannot be had by IMAP.
constexpr std::array kMicrosoftExcluded = {
    "Calendar"sv, "Calendar/*"sv, "Contacts"sv,    "Contacts/*"sv,    "Tasks"sv,       "Tasks/*"sv,
    "Journal"sv,  "Notes"sv,      "Sync Issues"sv, "Sync Issues/*"sv, "RSS Feeds/*"sv,
};
constexpr std::array kProtonExcluded = {"All Mail"sv, "Starred"sv, "Labels"sv, "Labels/*"sv};

constexpr std::array kMicrosoftRoles = {PresetRole{Role::trash, "Deleted Items"},
                                        PresetRole{Role::sent, "Sent Items"},
                                        PresetRole{Role::drafts, "Drafts"}};
constexpr std::array kYahooRoles = {
    PresetRole{Role::trash, "Trash"}, PresetRole{Role::sent, "Sent"},
    PresetRole{Role::drafts, "Draft"}, PresetRole{Role::junk, "Bulk"},
    PresetRole{Role::archive, "Archive"}};
constexpr std::array kAppleRoles = {
    PresetRole{Role::trash, "Deleted Messages"}, PresetRole{Role::sent, "Sent Messages"},
    PresetRole{Role::drafts, "Drafts"}, PresetRole{Role::junk, "Junk"},
    PresetRole{Role::archive, "Archive"}};

constexpr std::array kPresets = {
    Preset{.name = "google",
           .host = "imap.gmail.com",
           .domains = "gmail.com googlemail.com",
           .excluded = kGoogleExcluded,
           .excluded_roles = kAllViews},
    Preset{.name = "microsoft",
           .host = "outlook.office365.com",
           .connections = 3,
           .takes_passwords = false,
           .domains =
               "outlook.com hotmail.com live.com msn.com outlook.de outlook.fr hotmail.co.uk "
               "hotmail.de hotmail.fr hotmail.it live.co.uk live.de live.fr live.nl",
           .excluded = kMicrosoftExcluded,
           .roles = kMicrosoftRoles},
    Preset{.name = "yahoo",
           .host = "imap.mail.yahoo.com",
           .connections = 2,
           .domains = "yahoo.com ymail.com rocketmail.com myyahoo.com yahoo.ca yahoo.co.in "
                      "yahoo.co.uk yahoo.com.au yahoo.com.br yahoo.de yahoo.es yahoo.fr yahoo.it",
           .roles = kYahooRoles},
    Preset{.name = "aol",
           .host = "imap.aol.com",
           .connections = 2,
           .domains = "aol.com aim.com",
           .roles = kYahooRoles},
    Preset{.name = "icloud",
           .host = "imap.mail.me.com",
           .connections = 3,
           .domains = "icloud.com me.com mac.com",
           .roles = kAppleRoles},
    Preset{.name = "fastmail",
           .host = "imap.fastmail.com",
           .domains =
               "fastmail.com fastmail.fm fastmail.net fastmail.org sent.com messagingengine.com",
           .excluded_roles = kAllMail},
    Preset{.name = "gmx",
           .host = "imap.gmx.net",
           .connections = 2,
           .domains = "gmx.de gmx.net gmx.at gmx.ch"},
    Preset{
        .name = "gmx.com", .host = "imap.gmx.com", .connections = 2, .domains = "gmx.com gmx.us"},
    Preset{.name = "web.de", .host = "imap.web.de", .connections = 2, .domains = "web.de"},
    Preset{.name = "mailbox.org", .host = "imap.mailbox.org", .domains = "mailbox.org"},
    Preset{.name = "posteo",
           .host = "posteo.de",
           .domains = "posteo.de posteo.net posteo.org posteo.eu posteo.at posteo.ch"},
    Preset{.name = "zoho",
           .host = "imap.zoho.com",
           .connections = 3,
           .domains = "zoho.com zohomail.com"},
    Preset{.name = "zoho.eu",
           .host = "imap.zoho.eu",
           .connections = 3,
           .domains = "zoho.eu zohomail.eu"},
    Preset{.name = "yandex",
           .host = "imap.yandex.com",
           .connections = 2,
           .domains = "yandex.com yandex.ru ya.ru"},
    Preset{.name = "mail.ru",
           .host = "imap.mail.ru",
           .connections = 2,
           .domains = "mail.ru bk.ru inbox.ru list.ru"},
    // One connection does not see at once what another one changed there.
    Preset{.name = "qq", .host = "imap.qq.com", .connections = 1, .domains = "qq.com foxmail.com"},
    Preset{.name = "163", .host = "imap.163.com", .connections = 2, .domains = "163.com"},
    Preset{.name = "126", .host = "imap.126.com", .connections = 2, .domains = "126.com"},
    Preset{.name = "yeah", .host = "imap.yeah.net", .connections = 2, .domains = "yeah.net"},
    // Programs on this machine that speak IMAP for a service which does not. The bridge has a
    // certificate of its own, to be given as tls.ca_file or tls.pin_sha256.
    Preset{.name = "proton-bridge",
           .host = "127.0.0.1",
           .port = 1143,
           .mode = TlsMode::starttls,
           .connections = 3,
           .domains = "proton.me protonmail.com pm.me",
           .excluded = kProtonExcluded,
           .excluded_roles = kAllViews},
    Preset{.name = "davmail",
           .host = "127.0.0.1",
           .port = 1143,
           .mode = TlsMode::none,
           .connections = 3,
           .excluded = kMicrosoftExcluded,
           .roles = kMicrosoftRoles},
    // Kinds of server, at a host that the user names.
    Preset{.name = "dovecot", .connections = 3},
    Preset{.name = "cyrus", .connections = 3},
    Preset{.name = "courier", .connections = 2},
    Preset{.name = "exchange",
           .connections = 3,
           .excluded = kMicrosoftExcluded,
           .roles = kMicrosoftRoles},
};

}  // namespace

std::span<const Preset> presets() {
  return kPresets;
}

namespace {

// As people call them.
constexpr std::array kOtherNames = {std::pair{"gmail"sv, "google"sv},
                                    std::pair{"outlook"sv, "microsoft"sv}};

std::string_view by_its_other_name(std::string_view name) {
  for (const auto& [other, proper] : kOtherNames)
    if (ascii_iequals(name, other)) return proper;
  return name;
}

}  // namespace

const Preset* find_preset(std::string_view name) {
  const auto it = std::ranges::find(kPresets, by_its_other_name(name), &Preset::name);
  return it == kPresets.end() ? nullptr : &*it;
}

const Preset* preset_of_domain(std::string_view domain) {
  const std::string wanted = ascii_lower(domain);
  const auto it = std::ranges::find_if(kPresets, [&wanted](const Preset& preset) {
    const std::vector<std::string_view> domains = split(preset.domains, ' ');
    return !preset.domains.empty() && std::ranges::find(domains, wanted) != domains.end();
  });
  return it == kPresets.end() ? nullptr : &*it;
}

bool takes_passwords(std::string_view host) {
  return std::ranges::none_of(kPresets, [host](const Preset& preset) {
    return !preset.takes_passwords && ascii_iequals(preset.host, host);
  });
}

std::string nearest_preset(std::string_view name) {
  std::vector<std::string> names;
  for (const Preset& preset : kPresets) names.emplace_back(preset.name);
  for (const auto& [other, proper] : kOtherNames) names.emplace_back(other);
  return nearest_name(name, names);
}

}  // namespace sterna::config
