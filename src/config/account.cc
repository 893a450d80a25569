// SPDX-License-Identifier: Apache-2.0
#include "account.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sterna/base/bytes.h"
#include "sterna/config/presets.h"

namespace sterna::config {
namespace {

constexpr std::size_t kNameOctetsMax = 64;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

bool check_name(const std::string& name, Place place, Problems& problems) {
  const bool sound = !name.empty() && name.size() <= kNameOctetsMax && name != "." &&
                     name != ".." && std::ranges::all_of(name, is_name_character);
  if (sound) return true;
  problems.add(
      place, fmt::format("`{}` cannot be the name of an account", printable(name, kNameOctetsMax)),
      "letters, digits, `.`, `_` and `-`, at most 64 of them");
  return false;
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
      const std::string near = nearest_preset(name);
      fields.refuse("preset", fmt::format("there is no preset `{}`", printable(name, 40)),
                    near.empty() ? "leave it out: the domain of `address` gives it"
                                 : fmt::format("did you mean `{}`?", near));
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
    account.preset_roles.insert(role.role);
  }
}

// A mode of the user's own choice comes with its usual port.
std::uint16_t default_port(const AccountConfig& account, const Preset* preset) {
  if (preset != nullptr && preset->mode == account.tls.mode) return preset->port;
  return account.tls.mode == TlsMode::implicit ? 993 : 143;
}

// A key that was refused has its own problem: what would follow from its absence is none.
void complete_login(const Fields& fields, Place place, AccountConfig& account) {
  const auto lacks = [&](const std::string& what, std::string hint = {}) {
    fields.problems().add(place, fmt::format("account `{}` {}", account.name, what),
                          std::move(hint));
  };
  const bool has_address = fields.find("address") != nullptr;
  if (fields.find("user") == nullptr) {
    account.user = account.address;
    if (!has_address) lacks("has neither `address` nor `user`");
  }
  if (!account.host.empty() || fields.find("host") != nullptr || fields.refused("preset")) return;
  if (!account.tunnel.empty()) {
    if (account.tls.mode != TlsMode::none) lacks("needs `host`, the name that TLS is checked for");
    return;
  }
  if (fields.refused("tunnel")) return;
  if (!account.preset.empty()) {
    lacks(fmt::format("needs `host`: the preset `{}` has none", account.preset));
  } else if (!has_address) {
    lacks("has neither `address` nor `host`");
  } else if (!fields.refused("address")) {
    lacks(fmt::format("needs `host`: {} is no provider that Sterna knows",
                      printable(domain_of(account.address), 80)),
          "sterna init --print " + printable(account.address, 200) + " looks for it");
  }
}

// A key of the table `tls`; nullptr where either is missing.
const Member* find_in_tls(const Fields& fields, std::string_view key) {
  const Node* tls = fields.find("tls");
  return tls == nullptr ? nullptr : tls->find(key);
}

void check_plaintext(const Fields& fields, Place place, const AccountConfig& account) {
  const bool sound = account.tls.mode != TlsMode::none || account.allow_plaintext ||
                     account.host.empty() || stays_on_this_machine(account) ||
                     !account.tunnel.empty();
  if (sound || fields.refused("host") || fields.refused("preset")) return;
  const Member* allow = find_in_tls(fields, "allow_plaintext");
  const bool allow_refused = allow != nullptr && fields.problems().any_at(allow->value.place);
  if (allow_refused || fields.refused("allow_plaintext")) return;
  const Member* mode = find_in_tls(fields, "mode");
  fields.problems().add(
      mode == nullptr ? place : mode->value.place,
      fmt::format("`tls.mode = \"none\"` would send everything in the clear to {}",
                  account.proxy.host.empty() ? printable(account.host, 80)
                                             : "the proxy " + printable(account.proxy.host, 80)),
      "encrypt, or say allow_plaintext = true");
}

void complete_client_certificate(const Fields& fields, Place place, TlsConfig& tls) {
  if (tls.client_key.empty()) {
    tls.client_key = tls.client_cert;
  } else if (find_in_tls(fields, "client_cert") == nullptr) {
    fields.problems().add(place, "`tls.client_key` needs `tls.client_cert`");
  }
}

void check_external(const Fields& fields, const AccountConfig& account) {
  if (account.auth != Auth::external) return;
  if (account.tls.client_cert.empty() && find_in_tls(fields, "client_cert") == nullptr) {
    fields.refuse("auth", "`auth = \"external\"` needs `tls.client_cert`",
                  "it shows the server a certificate instead of a password");
  } else if (account.tls.mode == TlsMode::none) {
    fields.refuse("auth", "`auth = \"external\"` needs TLS, not `tls.mode = \"none\"`");
  }
}

// Where the Maildir is, or "" where that cannot be known: what it is derived from was refused.
void complete_maildir(const Fields& fields, const std::string& mail_root, bool name_is_sound,
                      ReadAccount& read) {
  AccountConfig& account = read.config;
  if (fields.refused("enabled")) {  // it may be none that counts
    account.maildir.clear();
  } else if (const Node* maildir = fields.find("maildir")) {
    read.maildir_place = maildir->place;
  } else if (name_is_sound && !mail_root.empty()) {
    account.maildir = mail_root + "/" + account.name;
  }
}

}  // namespace

Node over_defaults(const Node& defaults, const Node& own) {
  const bool own_secret = std::ranges::any_of(
      kSecretKeys, [&own](std::string_view key) { return own.find(key) != nullptr; });
  Node under = defaults;
  const bool own_oauth = own.find("oauth") != nullptr;
  std::erase_if(under.members, [&](const Member& member) {
    const bool is_secret = std::ranges::find(kSecretKeys, member.key) != kSecretKeys.end();
    return is_secret ? own_secret || own_oauth : own_secret && member.key == "oauth";
  });
  return merged(under, own);
}

ReadAccount read_account(const std::string& name, Place place, const Node& table,
                         const Surroundings& surroundings, Problems& problems) {
  const Fields fields(table, Section::account, "", surroundings.home, problems);
  ReadAccount read{AccountConfig(), place, place};
  AccountConfig& account = read.config;
  account.name = name;
  const bool name_is_sound = check_name(name, place, problems);
  fields.check_keys();
  const Preset* preset = choose_preset(fields);
  if (preset != nullptr) apply(*preset, account);
  read_login(fields, account);
  read_oauth(fields, account);
  read_mail(fields, account);
  read_quirks(fields, account);
  if (fields.find("port") == nullptr) account.port = default_port(account, preset);
  complete_maildir(fields, surroundings.mail_root, name_is_sound, read);
  complete_login(fields, place, account);
  complete_client_certificate(fields, place, account.tls);
  check_external(fields, account);
  complete_oauth(fields, place, account);
  check_plaintext(fields, place, account);
  return read;
}

void check_defaults(const Node& table, const Surroundings& surroundings, Problems& problems) {
  const Fields fields(table, Section::account, "", surroundings.home, problems);
  AccountConfig scratch;
  fields.check_keys();
  choose_preset(fields);
  read_login(fields, scratch);
  read_oauth(fields, scratch);
  read_mail(fields, scratch);
  read_quirks(fields, scratch);
}

}  // namespace sterna::config
