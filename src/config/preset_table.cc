// SPDX-License-Identifier: Apache-2.0
// What is known of each provider: data alone, read by the compiler, so that a mistake in it stops
// the build, and a start costs nothing.
//
// Views of all mail (Gmail's All Mail, Proton's Labels) are excluded: they hold each message a
// second time. Roles stand only where a provider offers no SPECIAL-USE. Habits that go by what a
// server says of itself are in imap/quirks.cc. docs/configuration.md has the table for people.
#include "preset_table.h"

#include <array>

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

constexpr std::string_view kNeteaseHelp =
    "In the web mail's settings, under POP3/SMTP/IMAP, switch IMAP on and make an authorization "
    "code: it is the password";

constexpr std::array kPresets = {
    Preset{.name = "google",
           .title = "Gmail",
           .host = "imap.gmail.com",
           .connections_allowed = 15,
           .download_mb_a_day = 2500,
           .upload_mb_a_day = 500,
           .login = PresetLogin::app_password,
           .oauth = "google",
           .domains = "gmail.com googlemail.com",
           .mail_exchanges = "google.com googlemail.com",
           .excluded = kGoogleExcluded,
           .excluded_roles = kAllViews,
           .help = "Switch 2-step verification on, then make an app password: 16 letters",
           .help_url = "https://myaccount.google.com/apppasswords"},
    Preset{.name = "microsoft",
           .title = "Outlook and Microsoft 365",
           .host = "outlook.office365.com",
           .connections = 3,
           .connections_allowed = 20,
           .login = PresetLogin::oauth,
           .oauth = "microsoft",
           .domains =
               "outlook.com hotmail.com live.com msn.com outlook.de outlook.fr hotmail.co.uk "
               "hotmail.de hotmail.fr hotmail.it live.co.uk live.de live.fr live.nl outlook.es "
               "hotmail.es outlook.it live.it passport.com windowslive.com",
           .mail_exchanges = "outlook.com mx.microsoft",
           .excluded = kMicrosoftExcluded,
           .roles = kMicrosoftRoles,
           .help = "Register a public client of your own for OAuth 2.0, or get the id of one from "
                   "who runs the organisation",
           .help_url = "https://entra.microsoft.com"},
    Preset{.name = "exchange",
           .title = "Exchange on own machines",
           .connections = 3,
           .connections_allowed = 16,
           .excluded = kMicrosoftExcluded,
           .roles = kMicrosoftRoles},
    Preset{.name = "yahoo",
           .title = "Yahoo Mail",
           .host = "imap.mail.yahoo.com",
           .connections = 2,
           .connections_allowed = 5,
           .login = PresetLogin::app_password,
           .oauth = "yahoo",
           .domains = "yahoo.com ymail.com rocketmail.com myyahoo.com yahoo.ca yahoo.co.in "
                      "yahoo.co.uk yahoo.com.au yahoo.com.br yahoo.de yahoo.es yahoo.fr yahoo.it",
           .mail_exchanges = "yahoodns.net",
           .roles = kYahooRoles,
           .help = "Under account security, make an app password",
           .help_url = "https://login.yahoo.com/account/security"},
    Preset{.name = "aol",
           .title = "AOL Mail",
           .host = "imap.aol.com",
           .connections = 2,
           .connections_allowed = 5,
           .login = PresetLogin::app_password,
           .domains = "aol.com aim.com",
           .roles = kYahooRoles,
           .help = "Under account security, make an app password",
           .help_url = "https://login.aol.com/account/security"},
    Preset{.name = "icloud",
           .title = "iCloud Mail",
           .host = "imap.mail.me.com",
           .connections = 3,
           .connections_allowed = 5,
           .login = PresetLogin::app_password,
           .domains = "icloud.com me.com mac.com",
           .mail_exchanges = "icloud.com",
           .roles = kAppleRoles,
           .help = "Under sign-in and security, make an app-specific password",
           .help_url = "https://account.apple.com"},
    Preset{.name = "fastmail",
           .title = "Fastmail",
           .host = "imap.fastmail.com",
           .login = PresetLogin::app_password,
           .oauth = "fastmail",
           .domains =
               "fastmail.com fastmail.fm fastmail.net fastmail.org sent.com messagingengine.com",
           .mail_exchanges = "messagingengine.com",
           .excluded_roles = kAllMail,
           .help = "In the settings, under privacy and security, make an app password for IMAP",
           .help_url = "https://app.fastmail.com/settings/security"},
    Preset{.name = "gmx",
           .title = "GMX",
           .host = "imap.gmx.net",
           .connections = 2,
           .domains = "gmx.de gmx.net gmx.at gmx.ch",
           .mail_exchanges = "gmx.net",
           .help = "In the web mail's settings, under POP3 and IMAP, switch IMAP on; with "
                   "two-factor login, make an application-specific password",
           .help_url = "https://hilfe.gmx.net/pop-imap/"},
    Preset{.name = "gmx.com",
           .title = "GMX",
           .host = "imap.gmx.com",
           .connections = 2,
           .domains = "gmx.com gmx.us",
           .help = "In the web mail's settings, under POP3 and IMAP, switch IMAP on",
           .help_url = "https://support.gmx.com/pop-imap/"},
    Preset{.name = "web.de",
           .title = "WEB.DE",
           .host = "imap.web.de",
           .connections = 2,
           .domains = "web.de",
           .help = "In the web mail's settings, under POP3 and IMAP, switch IMAP on; with "
                   "two-factor login, make an application-specific password",
           .help_url = "https://hilfe.web.de/pop-imap/"},
    Preset{.name = "mailbox.org",
           .title = "mailbox.org",
           .host = "imap.mailbox.org",
           .domains = "mailbox.org",
           .mail_exchanges = "mailbox.org",
           .help = "With two-factor login, make an application password in the settings",
           .help_url = "https://kb.mailbox.org"},
    Preset{.name = "posteo",
           .title = "Posteo",
           .host = "posteo.de",
           .domains = "posteo.de posteo.net posteo.org posteo.eu posteo.at posteo.ch",
           .help = "With additional mailbox protection, make an app password in the settings",
           .help_url = "https://posteo.de/en/help"},
    Preset{.name = "zoho",
           .title = "Zoho Mail",
           .host = "imap.zoho.com",
           .connections = 3,
           .domains = "zoho.com zohomail.com",
           .mail_exchanges = "zoho.com",
           .help = "In the mail account's settings switch IMAP access on; with two-factor login, "
                   "make an application-specific password",
           .help_url = "https://accounts.zoho.com/home#security"},
    Preset{.name = "zoho.eu",
           .title = "Zoho Mail",
           .host = "imap.zoho.eu",
           .connections = 3,
           .domains = "zoho.eu zohomail.eu",
           .mail_exchanges = "zoho.eu",
           .help = "In the mail account's settings switch IMAP access on; with two-factor login, "
                   "make an application-specific password",
           .help_url = "https://accounts.zoho.eu/home#security"},
    Preset{.name = "yandex",
           .title = "Yandex Mail",
           .host = "imap.yandex.com",
           .connections = 2,
           .login = PresetLogin::app_password,
           .domains = "yandex.com yandex.ru ya.ru",
           .mail_exchanges = "yandex.net yandex.ru",
           .help = "In the settings, under email clients, allow IMAP, and make an app password",
           .help_url = "https://id.yandex.com/security/app-passwords"},
    Preset{.name = "mail.ru",
           .title = "Mail.ru",
           .host = "imap.mail.ru",
           .connections = 2,
           .login = PresetLogin::app_password,
           .domains = "mail.ru bk.ru inbox.ru list.ru internet.ru",
           .mail_exchanges = "mail.ru",
           .help = "Under security, make a password for external applications",
           .help_url = "https://account.mail.ru/user/2-step-auth/passwords"},
    // One connection does not see at once what another one changed there.
    Preset{.name = "qq",
           .title = "QQ Mail",
           .host = "imap.qq.com",
           .connections = 1,
           .login = PresetLogin::app_password,
           .domains = "qq.com foxmail.com",
           .help = "In the web mail's settings, under account, switch IMAP on and make an "
                   "authorization code: it is the password",
           .help_url = "https://mail.qq.com"},
    Preset{.name = "163",
           .title = "NetEase 163",
           .host = "imap.163.com",
           .connections = 2,
           .login = PresetLogin::app_password,
           .domains = "163.com",
           .help = kNeteaseHelp,
           .help_url = "https://mail.163.com"},
    Preset{.name = "126",
           .title = "NetEase 126",
           .host = "imap.126.com",
           .connections = 2,
           .login = PresetLogin::app_password,
           .domains = "126.com",
           .help = kNeteaseHelp,
           .help_url = "https://mail.126.com"},
    Preset{.name = "yeah",
           .title = "NetEase Yeah",
           .host = "imap.yeah.net",
           .connections = 2,
           .login = PresetLogin::app_password,
           .domains = "yeah.net",
           .help = kNeteaseHelp,
           .help_url = "https://mail.yeah.net"},
    // Programs on this machine that speak IMAP for a service which does not.
    Preset{.name = "proton-bridge",
           .title = "Proton Mail, through its Bridge",
           .host = "127.0.0.1",
           .port = 1143,
           .mode = TlsMode::starttls,
           .connections = 3,
           .login = PresetLogin::app_password,
           .own_certificate = true,
           .domains = "proton.me protonmail.com pm.me",
           .mail_exchanges = "protonmail.ch",
           .excluded = kProtonExcluded,
           .excluded_roles = kAllViews,
           .help = "Start Proton Mail Bridge on this machine: it shows a password of its own for "
                   "the mailbox",
           .help_url = "https://proton.me/mail/bridge"},
    Preset{.name = "davmail",
           .title = "Exchange, through DavMail",
           .host = "127.0.0.1",
           .port = 1143,
           .mode = TlsMode::none,
           .connections = 3,
           .excluded = kMicrosoftExcluded,
           .roles = kMicrosoftRoles,
           .help = "Start DavMail on this machine; the password is that of the Exchange account",
           .help_url = "https://davmail.sourceforge.net"},
    // Kinds of server, at a host that the user names.
    Preset{.name = "dovecot", .title = "Dovecot", .connections = 3, .connections_allowed = 10},
    Preset{.name = "cyrus", .title = "Cyrus", .connections = 3},
    Preset{.name = "courier", .title = "Courier", .connections = 2, .connections_allowed = 4},
};

}  // namespace

std::span<const Preset> preset_table() {
  return kPresets;
}

}  // namespace sterna::config
