// SPDX-License-Identifier: Apache-2.0
// The account that sterna init writes down, as text. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/base/secret.h"
#include "sterna/config/presets.h"

namespace sterna::cli {

// Where the password is, from now on.
struct FromCommand {
  std::string command;  // for sh -c; "": not decided yet
};
struct FromFile {
  std::string path;
};
struct FromKeyring {};
struct ByOAuth {
  std::string provider;  // "": by the endpoints below
  std::string client_id;
  Secret client_secret;  // may be empty
  std::string authorize_url = {};
  std::string token_url = {};
  std::string device_url = {};
  std::string scope = {};
};
using DraftSecret = std::variant<FromCommand, FromFile, FromKeyring, ByOAuth>;

struct Draft {
  std::string name;
  std::string address;
  std::string user;                        // "": the address
  const config::Preset* preset = nullptr;  // what is known of the provider, if anything is
  bool preset_by_address = false;          // the address leads to it by itself
  std::string host;                        // "": the preset's
  std::uint16_t port = 993;
  config::TlsMode mode = config::TlsMode::implicit;
  std::vector<std::string> pins;
  std::string maildir;  // "": the usual one
  DraftSecret secret;
  std::string found_by;  // how the server was found, for a comment
};

// Of what the address, its domain or the preset are called: a name that no account of `taken` has.
std::string account_name(std::string_view domain, const std::vector<std::string>& taken);

// The attributes under which the keyring has the password.
std::vector<std::string> keyring_attributes(const std::string& account);

// [account.NAME] with its tables, and with comments; keys that say what would hold anyway are left
// out. Holds a client secret if the draft does.
WipedString toml_of(const Draft& draft);

// In quotes, as TOML has it.
std::string toml_string(std::string_view text);

// The pin in the hint of a certificate that cannot be verified; "" if there is none.
std::string pin_in(std::string_view hint);

}  // namespace sterna::cli
