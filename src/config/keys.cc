// SPDX-License-Identifier: Apache-2.0
#include "keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sterna/base/bytes.h"
#include "sterna/base/nearest.h"

namespace sterna::config {
namespace {

// Every section has keys.
const Key& closest(Section section, std::string_view name) {
  std::vector<std::string_view> names;
  for (const Key& key : kKeys) {
    if (key.section == section) names.push_back(key.name);
  }
  return *find_key(section, closest_name(name, names));
}

// Who mends the spelling should not learn only then that the key is of no use.
std::string_view note(const Key& key) {
  return key.support == Support::yes ? "" : " (not supported by this version)";
}

}  // namespace

const Key* find_key(Section section, std::string_view name) {
  const auto it = std::ranges::find_if(
      kKeys, [&](const Key& key) { return key.section == section && key.name == name; });
  return it == kKeys.end() ? nullptr : &*it;
}

std::string_view heading(Section section) {
  constexpr std::string_view kHeadings[] = {"the top of the file",  "[log]",
                                            "[account.NAME]",       "[account.NAME.hold_deletions]",
                                            "[account.NAME.roles]", "[account.NAME.tls]",
                                            "[[account.NAME.rule]]"};
  return kHeadings[static_cast<std::size_t>(section)];
}

std::string hint_for_unknown(Section section, std::string_view name) {
  const Key& near = closest(section, name);
  if (edit_distance(ascii_lower(name), near.name) > 1) {
    const auto elsewhere =
        std::ranges::find_if(kKeys, [name](const Key& key) { return key.name == name; });
    if (elsewhere != kKeys.end()) {
      return fmt::format("`{}` belongs in {}{}", name, heading(elsewhere->section),
                         note(*elsewhere));
    }
  }
  return is_near(name, near.name)
             ? fmt::format("did you mean `{}`?{}", near.name, note(near))
             : fmt::format("the nearest known key is `{}`{}", near.name, note(near));
}

}  // namespace sterna::config
