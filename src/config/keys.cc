// SPDX-License-Identifier: Apache-2.0
#include "keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "sterna/base/nearest.h"

namespace sterna::config {
namespace {

std::string_view nearest(Section section, std::string_view name) {
  std::string_view best;
  std::size_t best_distance = SIZE_MAX;
  for (const Key& key : kKeys) {
    if (key.section != section || key.support == Support::no) continue;
    const std::size_t distance = edit_distance(name, key.name);
    if (distance < best_distance) {
      best = key.name;
      best_distance = distance;
    }
  }
  return best;
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
  const std::string_view near = nearest(section, name);
  const std::size_t distance = edit_distance(name, near);
  if (distance > 1) {
    const auto elsewhere =
        std::ranges::find_if(kKeys, [name](const Key& key) { return key.name == name; });
    if (elsewhere != kKeys.end()) {
      return fmt::format("`{}` belongs in {}", name, heading(elsewhere->section));
    }
  }
  const bool plausible = distance <= std::max<std::size_t>(2, name.size() / 3);
  return plausible ? fmt::format("did you mean `{}`?", near)
                   : fmt::format("the nearest known key is `{}`", near);
}

}  // namespace sterna::config
