// SPDX-License-Identifier: Apache-2.0
#include "account.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "presets.h"
#include "sterna/base/bytes.h"
#include "sterna/base/nearest.h"

namespace sterna::config {
namespace {

constexpr std::size_t kNameOctetsMax = 64;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

void check_name(const std::string& name, Place place, Problems& problems) {
  const bool sound = !name.empty() && name.size() <= kNameOctetsMax && name != "." &&
                     name != ".." && std::ranges::all_of(name, is_name_character);
  if (sound) return;
  problems.add(
      place, fmt::format("`{}` cannot be the name of an account", printable(name, kNameOctetsMax)),
      "letters, digits, `.`, `_` and `-`, at most 64 of them");
}

std::string_view domain_of(std::string_view address) {
  const std::size_t at = address.rfind('@');
  return at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
}

// The preset that the table asks for by name or by domain. With a host given, nothing is looked up.
const Preset* choose_preset(const Fields& fields) {
  std::string name;
  if (fields.text("preset", name)) {
    const Preset* preset = find_preset(name);
    if (preset == nullptr) {
      const std::string_view near = nearest_preset(name);
      fields.refuse("preset", fmt::format("there is no preset `{}`", printable(name, 40)),
                    is_near(name, near) ? fmt::format("did you mean `{}`?", near)
                                        : "leave it out: the domain of `address` gives it");
    }
    return preset;
  }
  if (fields.find("host") != nullptr) return nullptr;
  const Node* address = fields.find("address");
  return address == nullptr ? nullptr : preset_of_domain(domain_of(address->text));
}

void apply(const Preset& preset, AccountConfig& account) {
  account.preset = preset.name;
  account.host = preset.host;
  account.port = preset.port;
  account.tls.mode = preset.mode;
  account.connections = preset.connections;
  for (const std::string_view pattern : preset.excluded) {
    account.mailboxes.push_back("!" + std::string(pattern));
  }
  account.excluded_roles.assign(preset.excluded_roles.begin(), preset.excluded_roles.end());
  for (const PresetRole& role : preset.roles) {
    account.roles[role.role] = MailboxName(std::string(role.mailbox));
  }
}

// A mode of the user's own choice comes with its usual port.
std::uint16_t default_port(const AccountConfig& account, const Preset* preset) {
  if (preset != nullptr && preset->mode == account.tls.mode) return preset->port;
  return account.tls.mode == TlsMode::implicit ? 993 : 143;
}

void complete_login(const Fields& fields, Place place, AccountConfig& account) {
  Problems& problems = fields.problems();
  if (fields.find("user") == nullptr) account.user = account.address;
  if (account.user.empty() && fields.find("user") == nullptr) {
    problems.add(place, fmt::format("account `{}` has neither `address` nor `user`", account.name));
  }
  if (account.host.empty() && fields.find("host") == nullptr && fields.find("address") == nullptr) {
    problems.add(place, fmt::format("account `{}` has neither `address` nor `host`", account.name));
  } else if (account.host.empty() && fields.find("host") == nullptr) {
    const std::string_view domain = domain_of(account.address);
    problems.add(place,
                 fmt::format("account `{}` needs `host`: {} is no provider that Sterna knows",
                             account.name, printable(domain, 80)));
  }
}

void check_plaintext(const Fields& fields, Place place, const AccountConfig& account) {
  const bool sound = account.tls.mode != TlsMode::none || account.allow_plaintext ||
                     account.host.empty() || is_loopback_host(account.host);
  if (sound) return;
  const Node* tls = fields.find("tls");
  const Member* mode = tls == nullptr ? nullptr : tls->find("mode");
  fields.problems().add(
      mode == nullptr ? place : mode->value.place,
      fmt::format("`tls.mode = \"none\"` would send everything in the clear to {}",
                  printable(account.host, 80)),
      "encrypt, or say allow_plaintext = true");
}

void complete_client_certificate(const Fields& fields, Place place, TlsConfig& tls) {
  if (tls.client_key.empty()) {
    tls.client_key = tls.client_cert;
  } else if (tls.client_cert.empty()) {
    fields.problems().add(place, "`tls.client_key` needs `tls.client_cert`");
  }
}

}  // namespace

Node over_defaults(const Node& defaults, const Node& own) {
  constexpr std::array kSecretKeys = {"password", "password_file", "password_command"};
  const bool own_secret = std::ranges::any_of(
      kSecretKeys, [&own](const char* key) { return own.find(key) != nullptr; });
  Node under = defaults;
  if (own_secret) {
    std::erase_if(under.members, [&](const Member& member) {
      return std::ranges::find(kSecretKeys, member.key) != kSecretKeys.end();
    });
  }
  return merged(under, own);
}

ReadAccount read_account(const std::string& name, Place place, const Node& table,
                         const Surroundings& surroundings, Problems& problems) {
  const Fields fields(table, Section::account, "", surroundings.home, problems);
  ReadAccount read{AccountConfig(), place, place};
  AccountConfig& account = read.config;
  account.name = name;
  check_name(name, place, problems);
  fields.check_keys();
  const Preset* preset = choose_preset(fields);
  if (preset != nullptr) apply(*preset, account);
  read_login(fields, account);
  read_mail(fields, account);
  if (fields.find("port") == nullptr) account.port = default_port(account, preset);
  if (const Node* maildir = fields.find("maildir")) {
    read.maildir_place = maildir->place;
  } else {
    account.maildir = surroundings.mail_root + "/" + name;
  }
  complete_login(fields, place, account);
  complete_client_certificate(fields, place, account.tls);
  check_plaintext(fields, place, account);
  return read;
}

void check_defaults(const Node& table, const Surroundings& surroundings, Problems& problems) {
  const Fields fields(table, Section::account, "", surroundings.home, problems);
  AccountConfig scratch;
  fields.check_keys();
  choose_preset(fields);
  read_login(fields, scratch);
  read_mail(fields, scratch);
}

}  // namespace sterna::config
