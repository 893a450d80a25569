// SPDX-License-Identifier: Apache-2.0
#include "keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace sterna::config {
namespace {

// Longer words are compared by their beginning: an unknown key may be as long as the file.
constexpr std::size_t kCompared = 64;

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

std::size_t edit_distance(std::string_view a, std::string_view b) {
  a = a.substr(0, kCompared);
  b = b.substr(0, kCompared);
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = a[i - 1] == b[j - 1];
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
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
