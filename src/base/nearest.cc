// SPDX-License-Identifier: Apache-2.0
#include "sterna/base/nearest.h"

#include <algorithm>
#include <utility>

#include "sterna/base/bytes.h"

namespace sterna {
namespace {

// Longer words are compared by their beginning: an unknown key may be as long as the file.
constexpr std::size_t kCompared = 64;

}  // namespace

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

bool is_near(std::string_view typed, std::string_view name) {
  const std::size_t distance = edit_distance(ascii_lower(typed), ascii_lower(name));
  // Of a short word at least half must be right: `qq` is near to every pair of letters else.
  return distance <= std::max<std::size_t>(2, typed.size() / 3) && 2 * distance <= typed.size();
}

std::string_view closest_name(std::string_view typed, std::span<const std::string_view> names) {
  const std::string lower = ascii_lower(typed);
  const auto closest = std::ranges::min_element(names, {}, [&lower](std::string_view name) {
    return edit_distance(lower, ascii_lower(name));
  });
  return closest == names.end() ? std::string_view() : *closest;
}

std::string nearest_name(std::string_view typed, const std::vector<std::string>& names) {
  const std::vector<std::string_view> all(names.begin(), names.end());
  const std::string_view closest = closest_name(typed, all);
  return is_near(typed, closest) ? std::string(closest) : std::string();
}

}  // namespace sterna
