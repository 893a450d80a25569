// SPDX-License-Identifier: Apache-2.0
#include "sterna/config/presets.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "preset_table.h"
#include "sterna/base/bytes.h"
#include "sterna/base/loopback.h"
#include "sterna/base/nearest.h"

namespace sterna::config {
namespace {

using std::string_view_literals::operator""sv;

// As people call them.
constexpr std::array kOtherNames = {
    std::pair{"gmail"sv, "google"sv}, std::pair{"outlook"sv, "microsoft"sv},
    std::pair{"office365"sv, "microsoft"sv}, std::pair{"apple"sv, "icloud"sv},
    std::pair{"proton"sv, "proton-bridge"sv}};

std::string_view by_its_other_name(std::string_view name) {
  for (const auto& [other, proper] : kOtherNames)
    if (ascii_iequals(name, other)) return proper;
  return name;
}

template <class Predicate>
const Preset* find_if(Predicate predicate) {
  const auto table = preset_table();
  const auto it = std::ranges::find_if(table, predicate);
  return it == table.end() ? nullptr : &*it;
}

bool has_word(std::string_view words, std::string_view word) {
  const std::vector<std::string_view> all = split(words, ' ');
  return !word.empty() && std::ranges::find(all, word) != all.end();
}

}  // namespace

std::span<const Preset> presets() {
  return preset_table();
}

const Preset* find_preset(std::string_view name) {
  const std::string_view proper = by_its_other_name(name);
  return find_if([proper](const Preset& preset) { return preset.name == proper; });
}

const Preset* preset_of_domain(std::string_view domain) {
  const std::string wanted = ascii_lower(domain);
  return find_if([&wanted](const Preset& preset) { return has_word(preset.domains, wanted); });
}

const Preset* preset_of_host(std::string_view host) {
  if (host.empty() || is_loopback_host(host)) return nullptr;
  return find_if([host](const Preset& preset) { return ascii_iequals(preset.host, host); });
}

const Preset* preset_of_mail_exchange(std::string_view host) {
  std::string domain = ascii_lower(host);
  while (domain.contains('.')) {
    const Preset* preset = find_if(
        [&domain](const Preset& candidate) { return has_word(candidate.mail_exchanges, domain); });
    if (preset != nullptr) return preset;
    domain.erase(0, domain.find('.') + 1);
  }
  return nullptr;
}

bool takes_passwords(std::string_view host) {
  return find_if([host](const Preset& preset) {
           return preset.login == PresetLogin::oauth && ascii_iequals(preset.host, host);
         }) == nullptr;
}

std::string nearest_preset(std::string_view name) {
  std::vector<std::string> names;
  for (const Preset& preset : preset_table()) names.emplace_back(preset.name);
  for (const auto& [other, proper] : kOtherNames) names.emplace_back(other);
  return nearest_name(name, names);
}

}  // namespace sterna::config
