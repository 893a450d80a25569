// SPDX-License-Identifier: Apache-2.0
// What is known of mail providers, as data (src/config/preset_table.cc): where their server is, how
// one logs in, what is best not mirrored, and what a newcomer has to know. Chosen by the domain of
// `address`, or by name. What a user writes always wins.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sterna/config/config.h"

namespace sterna::config {

struct PresetRole {
  Role role;
  std::string_view mailbox;
};

// What the provider wants to see at a login from a program.
enum class PresetLogin : std::uint8_t {
  password,      // the account's own
  app_password,  // one that is made for this program alone
  oauth,         // OAuth 2.0, and nothing else
};

struct Preset {
  std::string_view name;
  std::string_view title;      // as people call it: "Gmail"
  std::string_view host = {};  // empty: the user's own server, so `host` is needed
  std::uint16_t port = 993;
  TlsMode mode = TlsMode::implicit;
  // Far enough below what the provider allows to leave room for other programs.
  unsigned connections = 4;
  unsigned connections_allowed = 0;  // by the provider, for all programs together; 0: not known
  // What the provider lets be fetched in a day, in MB (10^6 octets); 0: not known. Kept to by
  // imap::Quirks.
  unsigned download_mb_a_day = 0;
  PresetLogin login = PresetLogin::password;
  std::string_view oauth = {};           // provider in [account.NAME.oauth]; empty: none
  std::string_view domains = {};         // of addresses; separated by spaces, lower case
  std::string_view mail_exchanges = {};  // domains of MX hosts that show a customer's own domain
  std::span<const std::string_view> excluded = {};  // patterns, without the "!"
  std::span<const Role> excluded_roles = {};        // where names are translated, roles are not
  std::span<const PresetRole> roles = {};           // for servers without SPECIAL-USE
  std::string_view habit = {};     // what may surprise whoever syncs it; a sentence
  std::string_view help = {};      // what is to be done before a program may log in; a sentence
  std::string_view help_url = {};  // the provider's page for it
};

std::span<const Preset> presets();

// nullptr if there is none. Domains in any case.
const Preset* find_preset(std::string_view name);
const Preset* preset_of_domain(std::string_view domain);
const Preset* preset_of_host(std::string_view host);  // the IMAP server of one
// The host that an MX record names, or a domain above it.
const Preset* preset_of_mail_exchange(std::string_view host);
// The known name that may be meant by an unknown one; "" if there is none.
std::string nearest_preset(std::string_view name);

}  // namespace sterna::config
