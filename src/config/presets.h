// SPDX-License-Identifier: Apache-2.0
// What is known of mail providers, as data: where their server is, and what is best not mirrored.
// Chosen by the domain of `address`, or by name. What a user writes always wins.
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

struct Preset {
  std::string_view name;
  std::string_view host = {};  // empty: the user's own server, so `host` is needed
  std::uint16_t port = 993;
  TlsMode mode = TlsMode::implicit;
  unsigned connections =
      4;  // far enough below what the provider allows to leave room for other programs
  bool takes_passwords = true;
  std::string_view domains = {};                    // separated by spaces, lower case
  std::span<const std::string_view> excluded = {};  // patterns, without the "!"
  std::span<const Role> excluded_roles = {};        // where names are translated, roles are not
  std::span<const PresetRole> roles = {};           // for servers without SPECIAL-USE
};

std::span<const Preset> presets();

// nullptr if there is none. The domain in any case.
const Preset* find_preset(std::string_view name);
const Preset* preset_of_domain(std::string_view domain);
// The known name that may be meant by an unknown one; "" if there is none.
std::string nearest_preset(std::string_view name);

}  // namespace sterna::config
